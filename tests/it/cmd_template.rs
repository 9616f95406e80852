//! Saved lists of actions: saved by an engineer, run by the helpdesk.

use serde_json::Value;

use crate::support::command::Home;

const IMEI: &str = "358931104120070";

fn with_phone() -> (Home, [crate::support::command::Running; 2]) {
    let home = Home::new();
    let server = home.start("server", &["serve"], "ready:");
    let phone = home.start("phone", &["agent", "run", "--imei", IMEI], "ready");
    (home, [server, phone])
}

#[test]
fn a_saved_list_is_filled_in_confirmed_once_and_done_in_order() {
    let (home, _running) = with_phone();
    home.ok(&[
        "sms",
        "template",
        "save",
        "lost-phone",
        "msg(Call%20{number})",
        "lck({message})",
        "rng(5)",
        "--about",
        "lost or stolen",
    ]);
    let run = [
        "sms",
        "template",
        "run",
        "lost-phone",
        IMEI,
        "--set",
        "number=+358 9 1",
        "--set",
        "message=Call us) wip(all",
        "--wait",
        "--timeout",
        "60s",
        "--idempotency-key",
        "inc-4471",
    ];
    // Nobody is there to confirm, and nothing was accepted: nothing is done.
    let refused = home.run(&run);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert_eq!(
        home.json(&["action", "list"])["items"],
        Value::Array(vec![])
    );

    let mut sure = run.to_vec();
    sure.extend(["--yes", "--accept-risk", "lock", "--reason", "stolen"]);
    let done = home.json(&sure);
    let told = |document: &Value| -> Vec<(String, String, String)> {
        let items = document["items"].as_array().expect("a list").iter();
        let text = |v: &Value| v.as_str().expect("text").to_owned();
        items
            .map(|a| (text(&a["sequence"]), text(&a["action"]), text(&a["state"])))
            .collect()
    };
    let line = |n: &str, action: &str| (n.to_owned(), action.to_owned(), "done".to_owned());
    let expected = [
        line("00000001", "msg(Call%20%2B358%209%201)"),
        line("00000002", "lck(Call%20us%29%20wip%28all)"),
        line("00000003", "rng(5)"),
    ];
    assert_eq!(told(&done), expected);
    // The same once more under the same key is the same, though a second lock would be refused.
    assert_eq!(told(&home.json(&sure)), expected);
    let device = home.json(&["device", "show", IMEI]);
    assert_eq!(device["lock"]["locked"], true);
    // A new run would lock what is locked: nothing of it is asked for.
    let mut again = sure.clone();
    let key = again
        .iter()
        .position(|a| *a == "inc-4471")
        .expect("the key");
    again[key] = "inc-4472";
    let again = home.run(&again);
    assert_eq!(again.code, 15, "{}", again.stderr);
    assert!(again.stderr.contains("locked"), "{}", again.stderr);
    let actions = home.json(&["action", "list"]);
    assert_eq!(actions["items"].as_array().expect("a list").len(), 3);
    // One entry of the trail for each, all of the one request.
    let trail = home.json(&["audit", "list", "--limit", "100"]);
    let items = trail["items"].as_array().expect("a list");
    let made = items.iter().filter(|e| e["event"] == "action.create");
    assert_eq!(made.count(), 3);
}

#[test]
fn saved_lists_are_listed_shown_checked_and_removed() {
    let home = Home::new();
    let mut told = String::new();
    let mut tell = |args: &[&str]| {
        let ran = home.run(args);
        told.push_str(&format!("{}\n{}\n", args.join(" "), ran.shown(&home)));
    };
    tell(&["sms", "template", "list"]);
    tell(&[
        "sms",
        "template",
        "save",
        "hello",
        "msg(Call%20{number})",
        "rng({time})",
        "--about",
        "say hello",
    ]);
    tell(&["sms", "template", "list"]);
    tell(&["sms", "template", "show", "hello", "-o", "json"]);
    tell(&["sms", "template", "show", "goodbye"]);
    tell(&["sms", "template", "save", "Bad Name", "aud()"]);
    tell(&["sms", "template", "save", "bad", "lck({message)"]);
    tell(&["sms", "template", "save", "bad", "num(0011223344556677)"]);
    home.ok(&["device", "add", IMEI, "--name", "Nokia G42"]);
    tell(&["sms", "template", "run", "hello", IMEI]);
    tell(&[
        "sms",
        "template",
        "run",
        "hello",
        IMEI,
        "--set",
        "number=1",
        "--set",
        "time=5",
        "--set",
        "colour=red",
    ]);
    tell(&["sms", "template", "delete", "hello"]);
    tell(&["sms", "template", "delete", "hello"]);
    insta::assert_snapshot!(told);
}

#[test]
fn a_lock_that_is_only_signed_says_that_the_phone_knows_nothing_of_it() {
    let (home, _running) = with_phone();
    let sign = |text| ["sms", "sign", "--device", IMEI, text];
    let sure = ["--yes", "--accept-risk", "lock", "--reason", "stolen"];
    let lock = sign("KME 2.00 ........ lck()");
    let signed = home.run(&[&lock[..], &sure].concat());
    assert_eq!(signed.code, 0, "{}", signed.stderr);
    assert!(
        signed.stdout.starts_with("KME 2.00 00000001 "),
        "{}",
        signed.stdout
    );
    for part in [
        "Signed, not sent",
        "callhome sms send",
        "callhome device lock",
    ] {
        assert!(signed.stderr.contains(part), "{part}: {}", signed.stderr);
    }
    // What harms nobody needs no such word.
    let asks = home.run(&sign("KME 2.00 ........ aud()"));
    assert_eq!(asks.code, 0, "{}", asks.stderr);
    assert!(!asks.stderr.contains("not sent"), "{}", asks.stderr);
    // The clerk sees it where actions are seen.
    let open = home.json(&["action", "list"]);
    let open = open["items"].as_array().expect("a list");
    assert!(
        open.iter()
            .all(|a| a["by_hand"] == true && a["state"] == "pending"),
        "{open:?}"
    );
}
