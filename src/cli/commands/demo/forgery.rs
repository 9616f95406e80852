use std::time::Duration;

use serde_json::Value;

use super::Fault;
use super::scene::{HERE, MOBILE, Scene};
use super::steps::{Told, check, text};

/// How long a text message may take to be refused and reported.
const PATIENCE: Duration = Duration::from_secs(15);

/// Sends a phone a genuine message twice, then an altered and a forged one: it acts once and reports the two.
pub(super) async fn forgery(scene: &Scene) -> Result<Told, Fault> {
    let compose = scene
        .stage()
        .run(&["sms", "compose", "msg(Hello from IT)"])
        .await?
        .expect(0)?;
    let sign = [
        "--data-dir",
        HERE,
        "sms",
        "sign",
        "--device",
        MOBILE.name,
        "-o",
        "json",
    ];
    let signed = scene
        .stage()
        .run_with(&sign, Some(&compose.stdout))
        .await?
        .expect(0)?;
    let document = signed.json()?;
    let genuine = text(&document, "/text").to_owned();
    let sequence = text(&document, "/sequence").to_owned();
    check(
        !genuine.is_empty() && !sequence.is_empty(),
        "the server signed nothing",
        &document,
    )?;

    let sent = scene.text(&MOBILE, &genuine, &[]).await?;
    let done = |list: &Value| {
        let all = list.pointer("/items").and_then(Value::as_array);
        all.is_some_and(|all| {
            all.iter()
                .any(|a| text(a, "/sequence") == sequence && text(a, "/state") == "done")
        })
    };
    let list = ["action", "list", "--device", MOBILE.name];
    wait_for(scene, &list, done, "the genuine message had no effect").await?;
    let shown_before = shown(scene).await?;
    scene.text(&MOBILE, &genuine, &[]).await?;

    let harm = [
        "--yes",
        "--accept-risk",
        "lock",
        "--reason",
        "demo: forgery",
    ];
    let altered = genuine.replacen("Hello", "Hallo", 1);
    scene.text(&MOBILE, &altered, &[]).await?;
    let forged = "KME 2.00 7fffffff 0123456789abcdef lck(Gotcha)";
    scene.text(&MOBILE, forged, &harm).await?;
    let downgraded = "KME 1.00 7ffffffe 0123456789abcdef lck(Gotcha)";
    scene.text(&MOBILE, downgraded, &harm).await?;

    wait_for(
        scene,
        &["device", "log", MOBILE.name],
        |log| refusals(log) >= 1,
        "nothing that was refused was reported",
    )
    .await?;
    let shown_after = shown(scene).await?;
    if shown_after != shown_before {
        return Err(Fault::new(format!(
            "a refused message had an effect: {shown_before} became {shown_after}"
        )));
    }
    Ok(Told {
        detail: "altered, forged, downgraded SMS refused; replay harmless".to_owned(),
        commands: vec![compose.typed, signed.typed, sent.typed],
    })
}

/// What the phone has done so far, by the server's book: ended actions and the lock.
async fn shown(scene: &Scene) -> Result<String, Fault> {
    let (device, _) = scene.ask(HERE, &["device", "show", MOBILE.name]).await?;
    let (actions, _) = scene
        .ask(HERE, &["action", "list", "--device", MOBILE.name])
        .await?;
    let done = actions
        .pointer("/items")
        .and_then(Value::as_array)
        .map_or(0, |items| {
            items.iter().filter(|a| text(a, "/state") == "done").count()
        });
    Ok(format!(
        "{done} done, lock {}",
        device.pointer("/lock/action").unwrap_or(&Value::Null)
    ))
}

/// Lines of a device's log that report something refused.
fn refusals(log: &Value) -> usize {
    let lines = log
        .pointer("/items")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    lines
        .iter()
        .filter(|l| text(l, "/kind").starts_with("report."))
        .count()
}

/// Asks until the answer is as it should be.
async fn wait_for(
    scene: &Scene,
    args: &[&str],
    holds: impl Fn(&Value) -> bool,
    fault: &str,
) -> Result<(), Fault> {
    let until = tokio::time::Instant::now() + PATIENCE;
    loop {
        let (document, _) = scene.ask(HERE, args).await?;
        if holds(&document) {
            return Ok(());
        }
        if tokio::time::Instant::now() > until {
            return check(false, fault, &document);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
