use std::collections::BTreeMap;

use serde_json::Value;

use super::Fault;
use super::scene::{DESK, HERE, MOBILE, Phone, Scene};
use super::steps::{Told, check, text};

/// Backs one phone up, restores it to another, backs that one up, and compares.
pub(super) async fn backup(scene: &Scene) -> Result<Told, Fault> {
    let (first, made) = back_up(scene, &DESK).await?;
    let id = text(&first, "/id").to_owned();
    let (document, restored) = scene
        .ask(
            HERE,
            &[
                "backup",
                "restore",
                &id,
                "--to",
                MOBILE.name,
                "--yes",
                "--accept-risk",
                "data-loss",
                "--reason",
                "demo",
                "--wait",
                "--timeout",
                "30s",
            ],
        )
        .await?;
    check(
        text(&document, "/state") == "done",
        "the restore was not confirmed",
        &document,
    )?;
    let (second, _) = back_up(scene, &MOBILE).await?;
    let (wanted, found) = (items(&first), items(&second));
    for (path, digest) in &wanted {
        if found.get(path) != Some(digest) {
            return Err(Fault::new(format!(
                "{path} is not the same on the phone it was restored to"
            )));
        }
    }
    let entries = |kind: &str| -> u64 {
        let all = first
            .pointer("/items")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        let of_kind = all.iter().filter(|i| text(i, "/path").starts_with(kind));
        of_kind
            .filter_map(|i| i.pointer("/entries").and_then(Value::as_u64))
            .sum()
    };
    let detail = format!(
        "{} contacts, {} documents, restored and compared",
        entries("contacts/"),
        entries("documents/")
    );
    check(
        entries("contacts/") > 0 && entries("documents/") > 0,
        "there was nothing in the backup",
        &first,
    )?;
    Ok(Told {
        detail,
        commands: vec![made, restored],
    })
}

async fn back_up(scene: &Scene, phone: &Phone) -> Result<(Value, String), Fault> {
    let (document, typed) = scene
        .ask(
            HERE,
            &["backup", "create", phone.name, "--wait", "--timeout", "30s"],
        )
        .await?;
    check(
        text(&document, "/state") == "done",
        "the backup was not confirmed",
        &document,
    )?;
    let (list, _) = scene.ask(HERE, &["backup", "list", phone.name]).await?;
    let id = text(&list, "/items/0/id").to_owned();
    let (backup, _) = scene.ask(HERE, &["backup", "show", &id]).await?;
    check(
        !text(&backup, "/completed_at").is_empty(),
        "the backup is not whole",
        &backup,
    )?;
    Ok((backup, typed))
}

fn items(backup: &Value) -> BTreeMap<String, String> {
    let all = backup
        .pointer("/items")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    all.iter()
        .map(|i| (text(i, "/path").to_owned(), text(i, "/sha256").to_owned()))
        .collect()
}
