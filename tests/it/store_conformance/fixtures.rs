use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use callhome::api::{Device, DeviceNumber, LockState};
use callhome::domain::{Action, AuditDraft, DeviceId, DeviceSecret, Sequence, ShortId, Timestamp};
use callhome::port::{EnrolmentDraft, Enrolments, NewAction, Precondition, Stamp};

/// An instant of the test's own time, in seconds.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000 + seconds * 1000)
}

fn number() -> u64 {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    NUMBER.fetch_add(1, Ordering::Relaxed)
}

pub(crate) fn short_id() -> ShortId {
    let n = number().to_be_bytes();
    ShortId::from_random([n[3], n[4], n[5], n[6], n[7]])
}

pub(crate) fn digest(text: &str) -> [u8; 32] {
    <sha2::Sha256 as sha2::Digest>::digest(text.as_bytes()).into()
}

/// A stamp with an audit entry for `event`.
pub(crate) fn stamp(event: &str) -> Stamp {
    Stamp {
        audit: Some(AuditDraft {
            at: at(0),
            actor: "operator:anna".into(),
            event: event.into(),
            subject: String::new(),
            detail: String::new(),
            correlation: String::new(),
        }),
        ..Stamp::default()
    }
}

/// A device that nobody enrolled yet, with identities of its own.
pub(crate) fn device(name: &str) -> Device {
    let n = number();
    Device {
        id: short_id(),
        server: "west".into(),
        name: name.into(),
        owner: None,
        model: None,
        identities: vec![format!("serial:SN{n:08}").parse().expect("identity")],
        numbers: vec![DeviceNumber::new(
            format!("+1408555{n:04}").parse().expect("number"),
        )],
        agent_id: None,
        epoch: 0,
        enrolled_at: None,
        tag: None,
        proxy: None,
        push: Vec::new(),
        has_data: true,
        lock: LockState::default(),
        bindings: Vec::new(),
        last_heard: None,
        open_actions: 0,
        attributes: BTreeMap::new(),
        version: 0,
    }
}

pub(crate) fn draft(device: Device, code: &str) -> EnrolmentDraft {
    let n = number().to_be_bytes();
    let mut id = [0; 16];
    id[8..].copy_from_slice(&n);
    EnrolmentDraft {
        code_digest: digest(code),
        agent_id: DeviceId::from_random(id),
        secret: DeviceSecret::from_bytes(digest(&format!("secret {n:?}"))),
        device,
        proven: false,
        at: at(0),
    }
}

/// A device that was let in.
pub(crate) async fn enrolled(store: &impl Enrolments, name: &str) -> Device {
    let code = format!("code {}", number());
    store
        .invite(vec![digest(&code)], None, None, at(3600), Stamp::default())
        .await
        .expect("invited");
    store
        .enrol(draft(device(name), &code), Stamp::default())
        .await
        .expect("stored")
        .expect("let in")
        .device
}

/// An order for a device, due at once.
pub(crate) fn order(device: &Device, action: &str) -> NewAction {
    NewAction {
        id: short_id(),
        device: device.id,
        action: action.parse::<Action>().expect("action"),
        sequence: None,
        operator: "anna".into(),
        reason: Some("lost".into()),
        ticket: Some("T-1".into()),
        via: None,
        at: at(10),
        expires_at: at(1000),
        due_at: Some(at(10)),
        by_hand: false,
        preconditions: Vec::new(),
        escrow: None,
    }
}

fn pin(_: &DeviceSecret, sequence: Sequence) -> String {
    format!("{:06}", 735_000 + sequence.value())
}

/// An order to lock, with the rules that go with it.
pub(crate) fn lock_order(device: &Device) -> NewAction {
    NewAction {
        preconditions: vec![
            Precondition::NotLocked,
            Precondition::NoneOpen(vec!["lck".into()]),
        ],
        escrow: Some(pin),
        ..order(device, "lck(Please%20call%20IT)")
    }
}
