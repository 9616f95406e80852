use serde_json::Value;

use super::Fault;
use super::scene::{ABROAD, DESK, HERE, INDIRECT, MOBILE, OFFLINE, Phone, Scene, TEXT_ONLY, THERE};

/// What the demo performs, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Notify,
    Invite,
    InviteRelayed,
    SmsLock,
    Forgery,
    Backup,
    Find,
    LockThere,
    OutOfReach,
    Audit,
}

/// How a step went that is as it should be.
pub(super) struct Told {
    pub(super) detail: String,
    pub(super) commands: Vec<String>,
}

impl Step {
    pub(super) const ALL: [Self; 10] = [
        Self::Notify,
        Self::Invite,
        Self::InviteRelayed,
        Self::SmsLock,
        Self::Forgery,
        Self::Backup,
        Self::Find,
        Self::LockThere,
        Self::OutOfReach,
        Self::Audit,
    ];

    pub(super) const fn id(self) -> &'static str {
        match self {
            Self::Notify => "notify",
            Self::Invite => "invite",
            Self::InviteRelayed => "invite-relayed",
            Self::SmsLock => "sms-lock",
            Self::Forgery => "forgery",
            Self::Backup => "backup",
            Self::Find => "find",
            Self::LockThere => "lock-there",
            Self::OutOfReach => "out-of-reach",
            Self::Audit => "audit",
        }
    }

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Notify => "NOTIFY",
            Self::Invite => "INVITE",
            Self::InviteRelayed => "INVITE, relayed",
            Self::SmsLock => "SMS lock",
            Self::Forgery => "forgery",
            Self::Backup => "backup",
            Self::Find => "find by IMEI",
            Self::LockThere => "lock over there",
            Self::OutOfReach => "out of reach",
            Self::Audit => "audit",
        }
    }

    /// The requirements that the step shows at work.
    pub(super) const fn requirements(self) -> &'static [&'static str] {
        match self {
            Self::Notify => &["A1", "B1", "B5", "B6", "B7", "B8", "F1"],
            Self::Invite => &["A2", "A3", "A6"],
            Self::InviteRelayed => &["A4", "A5"],
            Self::SmsLock => &["C1", "C2", "C4", "C6", "C7", "C8", "F6"],
            Self::Forgery => &["C3", "C13"],
            Self::Backup => &["C9"],
            Self::Find => &["E1", "E3"],
            Self::LockThere => &["E4"],
            Self::OutOfReach => &["F3"],
            Self::Audit => &["F7"],
        }
    }

    pub(super) async fn perform(self, scene: &mut Scene) -> Result<Told, Fault> {
        match self {
            Self::Notify => notify(scene).await,
            Self::Invite => invite(scene).await,
            Self::InviteRelayed => invite_relayed(scene).await,
            Self::SmsLock => sms_lock(scene).await,
            Self::Forgery => super::forgery::forgery(scene).await,
            Self::Backup => super::backup::backup(scene).await,
            Self::Find => find(scene).await,
            Self::LockThere => lock_there(scene).await,
            Self::OutOfReach => out_of_reach(scene).await,
            Self::Audit => audit(scene).await,
        }
    }
}

/// A text at a JSON pointer; empty when it is not there.
pub(super) fn text<'a>(document: &'a Value, pointer: &str) -> &'a str {
    document
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// Fails with what was found when `holds` is false.
pub(super) fn check(holds: bool, what: &str, found: &Value) -> Result<(), Fault> {
    if holds {
        Ok(())
    } else {
        let found: String = found.to_string().chars().take(400).collect();
        Err(Fault::new(format!("{what}; found {found}")))
    }
}

/// Calls a phone and gives the rung that reached it.
async fn call(scene: &Scene, phone: &Phone, flags: &[&str]) -> Result<(Value, String), Fault> {
    let mut args = vec!["call", phone.name];
    args.extend_from_slice(flags);
    let (document, typed) = scene.ask(HERE, &args).await?;
    check(
        text(&document, "/state") == "called-back",
        "the device did not call back",
        &document,
    )?;
    let rung = document
        .pointer("/rungs")
        .and_then(Value::as_array)
        .and_then(|rungs| rungs.iter().find(|r| text(r, "/state") == "accepted"))
        .cloned()
        .unwrap_or_default();
    check(!rung.is_null(), "no rung was accepted", &document)?;
    Ok((rung, typed))
}

async fn notify(scene: &mut Scene) -> Result<Told, Fault> {
    let (rung, typed) = call(scene, &DESK, &[]).await?;
    check(
        text(&rung, "/bearer") == "sip-direct",
        "it was not reached directly",
        &rung,
    )?;
    Ok(Told {
        detail: "desk phone told by SIP, called home".to_owned(),
        commands: vec![typed],
    })
}

async fn invite(scene: &mut Scene) -> Result<Told, Fault> {
    let (rung, typed) = call(scene, &MOBILE, &["--invite"]).await?;
    check(
        text(&rung, "/bearer") == "sip-direct",
        "it was not reached directly",
        &rung,
    )?;
    check(sent(&rung, "INVITE"), "no INVITE was sent", &rung)?;
    Ok(Told {
        detail: "phone notified by INVITE, ACK and BYE".to_owned(),
        commands: vec![typed],
    })
}

async fn invite_relayed(scene: &mut Scene) -> Result<Told, Fault> {
    let (rung, typed) = call(scene, &INDIRECT, &["--invite"]).await?;
    check(
        text(&rung, "/bearer") == "sip-proxy",
        "it was not reached through the router",
        &rung,
    )?;
    check(sent(&rung, "INVITE"), "no INVITE was sent", &rung)?;
    Ok(Told {
        detail: "box behind the home router called home".to_owned(),
        commands: vec![typed],
    })
}

/// Whether a rung's ladder shows a request with this method.
fn sent(rung: &Value, method: &str) -> bool {
    rung.pointer("/messages")
        .and_then(Value::as_array)
        .is_some_and(|m| m.iter().any(|line| text(line, "/text").starts_with(method)))
}

async fn sms_lock(scene: &mut Scene) -> Result<Told, Fault> {
    let lock = [
        "device",
        "lock",
        TEXT_ONLY.name,
        "--yes",
        "--accept-risk",
        "lock",
        "--reason",
        "demo: lost on a train",
        "--wait",
        "--timeout",
        "30s",
    ];
    let (document, typed) = scene.ask(HERE, &lock).await?;
    check(
        text(&document, "/state") == "done",
        "the lock was not confirmed",
        &document,
    )?;
    let over_sms = document
        .pointer("/attempts")
        .and_then(Value::as_array)
        .is_some_and(|a| a.iter().any(|attempt| text(attempt, "/bearer") == "sms"));
    check(over_sms, "it did not go over SMS", &document)?;
    let (pins, revealed) = scene.ask(HERE, &["device", "pin", TEXT_ONLY.name]).await?;
    let pin = pins
        .pointer("/items/0/pin")
        .and_then(Value::as_str)
        .unwrap_or_default();
    check(pin.len() == 6, "no PIN was kept", &Value::Null)?;
    let (device, _) = scene.ask(HERE, &["device", "show", TEXT_ONLY.name]).await?;
    check(
        device.pointer("/lock/locked") == Some(&Value::Bool(true)),
        "the registry does not say locked",
        &device,
    )?;
    // A second lock of a locked phone is refused.
    let again = [
        "device",
        "lock",
        TEXT_ONLY.name,
        "--yes",
        "--accept-risk",
        "lock",
        "--reason",
        "again",
    ];
    scene.at(HERE, &again).await?.expect(15)?;
    let masked = format!("{}••••{}", &pin[..1], &pin[5..]);
    Ok(Told {
        detail: format!("phone without data locked, PIN {masked} kept"),
        commands: vec![typed, revealed],
    })
}

async fn find(scene: &mut Scene) -> Result<Told, Fault> {
    let (document, typed) = scene.ask(HERE, &["find", ABROAD.imei]).await?;
    let found = document
        .pointer("/found")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    check(
        found.len() == 1,
        "it was not found at exactly one server",
        &document,
    )?;
    check(
        text(&document, "/found/0/server") == THERE,
        "it was found at the wrong server",
        &document,
    )?;
    Ok(Told {
        detail: format!("found at {THERE}, which alone knew it"),
        commands: vec![typed],
    })
}

async fn lock_there(scene: &mut Scene) -> Result<Told, Fault> {
    let ticket = "INC-4471";
    let lock = [
        "device",
        "lock",
        ABROAD.imei,
        "--yes",
        "--accept-risk",
        "lock",
        "--reason",
        "demo: stolen abroad",
        "--ticket",
        ticket,
        "--wait",
        "--timeout",
        "30s",
    ];
    let (document, typed) = scene.ask(HERE, &lock).await?;
    check(
        text(&document, "/state") == "done",
        "the lock was not confirmed",
        &document,
    )?;
    for server in [HERE, THERE] {
        let ran = scene
            .at(server, &["audit", "list", "-o", "json"])
            .await?
            .expect(0)?;
        if !ran.stdout.contains(ticket) {
            return Err(Fault::new(format!(
                "the audit trail of {server} does not know the ticket {ticket}"
            )));
        }
    }
    let (device, _) = scene.ask(THERE, &["device", "show", ABROAD.imei]).await?;
    check(
        device.pointer("/lock/locked") == Some(&Value::Bool(true)),
        "the other server does not say locked",
        &device,
    )?;
    Ok(Told {
        detail: "through that server, both audit trails agree".to_owned(),
        commands: vec![typed],
    })
}

async fn out_of_reach(scene: &mut Scene) -> Result<Told, Fault> {
    // A device that is out of reach is what the probe was asked to find out: exit 12.
    let probe = ["probe", OFFLINE.name, "-o", "json"];
    let ran = scene.at(HERE, &probe).await?.expect(12)?;
    let (document, typed) = (ran.json()?, ran.typed);
    check(
        document.pointer("/reachable") == Some(&Value::Bool(false)),
        "a phone that is off was called reachable",
        &document,
    )?;
    let verdict = text(&document, "/verdict");
    check(
        !verdict.is_empty() && !text(&document, "/next/0").is_empty(),
        "no verdict or nothing to do next",
        &document,
    )?;
    Ok(Told {
        detail: "tablet switched off: why, and what to do next".to_owned(),
        commands: vec![typed],
    })
}

async fn audit(scene: &mut Scene) -> Result<Told, Fault> {
    let mut entries = 0;
    let mut commands = Vec::new();
    for server in [HERE, THERE] {
        let (verdict, typed) = scene.ask(server, &["audit", "verify"]).await?;
        check(
            verdict.pointer("/intact") == Some(&Value::Bool(true)),
            "the trail is not intact",
            &verdict,
        )?;
        entries += verdict
            .pointer("/entries")
            .and_then(Value::as_u64)
            .unwrap_or(0);
        commands.push(typed);
    }
    check(entries > 0, "the trails are empty", &Value::Null)?;
    Ok(Told {
        detail: format!("{entries} entries on both servers, chains intact"),
        commands,
    })
}
