//! A device answered, by XML or by text message.

use serde_json::json;

use crate::api::{ActionResult as Answer, ActionView};
use crate::domain::{
    ActionKind, ActionState, AuditDraft, Bearer, Msisdn, Sequence, ShortId, Timestamp,
};
use crate::port::{
    ActionFilter, AgentKey, DeviceFilter, EventDraft, EventFilter, MachineError, PageOf, Recorded,
    ResultDraft, Stamp, Step, StoreError,
};
use crate::sms::{ActionResult, InvalidReply, InvalidResult, Nonce, Reply, ReplyStatus, SmsKeys};

use super::{Ports, backup, message, session};

/// Subject of the event that ties a nonce of a text signed by hand to its actions.
pub(super) const NONCE_SUBJECT: &str = "nonce:";

/// Why an answer is not taken.
#[derive(Debug, thiserror::Error)]
pub enum ResultError {
    /// It is no result document.
    #[error(transparent)]
    Document(#[from] InvalidResult),
    /// It is no reply.
    #[error(transparent)]
    Reply(#[from] InvalidReply),
    /// A text message from a number that no enrolled device has, or whose token is wrong. The same word for both.
    #[error("no device with the number {0} signed this")]
    Unauthenticated(String),
    /// A reply to nothing that was asked.
    #[error("nothing was asked with the nonce {0}")]
    UnknownNonce(Nonce),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No randomness.
    #[error(transparent)]
    Machine(#[from] MachineError),
}

/// Takes a result document from an authenticated device. A repeat changes nothing and is fine.
///
/// # Errors
/// [`ResultError`].
pub async fn take(
    ports: &Ports,
    key: &AgentKey,
    session: Option<ShortId>,
    xml: &[u8],
) -> Result<Recorded, ResultError> {
    let result = ActionResult::from_xml(xml)?;
    let xml = String::from_utf8_lossy(xml).into_owned();
    let within = session
        .or(result.session().copied())
        .map(|s| format!(" in session {s}"))
        .unwrap_or_default();
    record(ports, key, &result, xml, Bearer::Session, &within).await
}

/// Takes a `KMR` reply that came as a text message from `from`: the token authenticates it, and with it the number.
///
/// # Errors
/// [`ResultError`].
pub async fn take_reply(
    ports: &Ports,
    from: &Msisdn,
    text: &[u8],
) -> Result<Vec<Recorded>, ResultError> {
    let reply = Reply::parse(text)?;
    let key = signer(ports, from, &reply).await?;
    let now = ports.now();
    let asked = asked_with(ports, &key, &reply).await?;
    let mut recorded = Vec::with_capacity(asked.len());
    for (view, status) in asked.iter().zip(reply.statuses()) {
        let Some(view) = view else { continue };
        let result = ActionResult::from_reply(view.sequence, &view.action, status, now);
        recorded.push(record(ports, &key, &result, String::new(), Bearer::Sms, "").await?);
        called_home(ports, &key, view, status, now).await?;
    }
    // A reply that somebody caught and sends again, from wherever, shows nothing.
    if recorded.iter().any(|r| matches!(r, Recorded::First(_))) {
        trust_number(ports, &key, from, now).await?;
    }
    Ok(recorded)
}

async fn record(
    ports: &Ports,
    key: &AgentKey,
    result: &ActionResult,
    xml: String,
    via: Bearer,
    within: &str,
) -> Result<Recorded, ResultError> {
    let now = ports.now();
    let state = ActionState::from(result.status());
    let code = result.code().map_or_else(
        || match state {
            ActionState::Done => "ok".to_owned(),
            _ => result.status().to_string(),
        },
        str::to_owned,
    );
    let words = format!(
        "{} number {}: {} ({code}){within}",
        result.action(),
        result.sequence(),
        result.status()
    );
    let stamp = stamp(key, result, &words, &xml, via, now);
    let draft = ResultDraft {
        device: key.device,
        epoch: key.epoch,
        sequence: result.sequence(),
        result: Answer {
            state,
            code,
            at: result.at(),
            fields: result.fields(),
            xml,
        },
        via,
        at: now,
    };
    Step::ResultReceived.reached();
    let recorded = ports.results.record_result(draft, stamp).await?;
    Step::ResultStored.reached();
    let line = match &recorded {
        Recorded::First(view) => {
            if view.action.kind() == Some(ActionKind::Backup) && state == ActionState::Done {
                backup::complete(ports, view, now).await?;
            }
            words
        }
        Recorded::Repeat(_) => format!("{words}; a repeat, nothing changed"),
        Recorded::Unknown => format!("{words}; no such action in this epoch"),
    };
    ports
        .device_log
        .heard(key.device, now, "result", &line)
        .await?;
    Ok(recorded)
}

/// What goes into the store with the result: the message for third parties (requirement C13), and for what locks or
/// destroys an entry of the trail.
fn stamp(
    key: &AgentKey,
    result: &ActionResult,
    words: &str,
    xml: &str,
    via: Bearer,
    at: Timestamp,
) -> Stamp {
    let destructive = matches!(result.action(), "lck" | "ulk" | "wip" | "rst");
    Stamp {
        audit: destructive.then(|| AuditDraft {
            at,
            actor: format!("device:{}", key.device),
            event: "action.result".to_owned(),
            subject: format!("device:{}", key.device),
            detail: words.to_owned(),
            correlation: String::new(),
        }),
        idempotency: None,
        events: vec![EventDraft {
            at,
            kind: "message.received".to_owned(),
            subject: format!("device:{}", key.device),
            device: Some(key.device),
            data: json!({
                "message": "result",
                "via": via,
                "sequence": result.sequence(),
                "action": result.action(),
                "status": result.status().to_string(),
                "code": result.code(),
                "content": xml,
            }),
        }],
    }
}

/// The device that has the number and signed the reply.
async fn signer(ports: &Ports, from: &Msisdn, reply: &Reply) -> Result<AgentKey, ResultError> {
    let filter = DeviceFilter {
        number: Some(from.clone()),
        ..DeviceFilter::default()
    };
    let devices = ports.devices.devices(filter, PageOf::default()).await?;
    for device in devices.items {
        let key = ports
            .enrolments
            .agent_by_identity(Some(device.id), Vec::new())
            .await?;
        if let Some(key) = key
            && reply.verify(&SmsKeys::derive(&key.secret)).is_ok()
        {
            return Ok(key);
        }
    }
    Err(ResultError::Unauthenticated(from.masked()))
}

/// The actions that were asked for with the reply's nonce, in the order of its statuses.
async fn asked_with(
    ports: &Ports,
    key: &AgentKey,
    reply: &Reply,
) -> Result<Vec<Option<ActionView>>, ResultError> {
    let nonce = reply.nonce();
    let filter = ActionFilter {
        device: Some(key.device),
        ..ActionFilter::default()
    };
    let page = PageOf {
        cursor: None,
        limit: 1_000,
    };
    let recent = ports.actions.actions(filter, page).await?.items;
    let count = reply.statuses().len();
    let secret = message::nonce_key(&key.secret);
    let first = recent
        .iter()
        .filter(|a| a.epoch == key.epoch)
        .flat_map(|a| first_of(a.sequence, count))
        .find(|first| message::reply_nonce(&secret, *first, count) == nonce);
    if let Some(first) = first {
        return in_row(ports, key, first, count, &recent).await;
    }
    // A text that was signed by hand, with a nonce of the signer's choice.
    let filter = EventFilter {
        subject: Some(format!("{NONCE_SUBJECT}{nonce}")),
        device: Some(key.device.to_string()),
        ..EventFilter::default()
    };
    let signed = ports.events.events(filter, 1).await?;
    let first = signed
        .first()
        .and_then(|event| event.data.get("sequence")?.as_str()?.parse().ok())
        .ok_or(ResultError::UnknownNonce(nonce))?;
    in_row(ports, key, first, count, &recent).await
}

/// Where a message of `count` actions with this one in it may begin: here, or with numbers before it that were given
/// up and of which nobody may know (`nop()` stood for them).
fn first_of(sequence: Sequence, count: usize) -> impl Iterator<Item = Sequence> {
    let most = u32::try_from(count).unwrap_or(1).max(1);
    (0..most).filter_map(move |before| sequence.value().checked_sub(before).map(Sequence::new))
}

/// The actions of a message in order; those that nobody knows are passed over.
async fn in_row(
    ports: &Ports,
    key: &AgentKey,
    first: Sequence,
    count: usize,
    recent: &[ActionView],
) -> Result<Vec<Option<ActionView>>, ResultError> {
    let mut views = Vec::with_capacity(count);
    let mut next = Some(first);
    for _ in 0..count {
        let Some(sequence) = next else { break };
        let mut own = recent.iter().filter(|a| a.epoch == key.epoch);
        views.push(match own.find(|a| a.sequence == sequence) {
            Some(view) => Some(view.clone()),
            None => session::by_sequence(ports, key, sequence).await?,
        });
        next = sequence.next();
    }
    Ok(views)
}

/// A number from which a signed reply came is the device's (requirement C7).
async fn trust_number(
    ports: &Ports,
    key: &AgentKey,
    from: &Msisdn,
    now: Timestamp,
) -> Result<(), ResultError> {
    let Some(mut device) = ports.devices.device(key.device).await? else {
        return Ok(());
    };
    let Some(slot) = device
        .numbers
        .iter_mut()
        .find(|n| n.number == *from && n.verified_at.is_none())
    else {
        return Ok(());
    };
    slot.verified_at = Some(now);
    slot.asked_at = None;
    slot.wrong_codes = 0;
    let stamp = Stamp {
        audit: Some(AuditDraft {
            at: now,
            actor: format!("device:{}", key.device),
            event: "number.verified".to_owned(),
            subject: format!("device:{}", key.device),
            detail: format!("{} by a signed reply", from.masked()),
            correlation: String::new(),
        }),
        ..Stamp::default()
    };
    match ports.devices.save_device(device, stamp).await {
        // Edited at the same moment: the next reply verifies it.
        Ok(_) | Err(StoreError::Version { .. }) => Ok(()),
        Err(other) => Err(other.into()),
    }
}

/// A device without a data path calls home by answering `cal()`.
async fn called_home(
    ports: &Ports,
    key: &AgentKey,
    view: &ActionView,
    status: &ReplyStatus,
    now: Timestamp,
) -> Result<(), ResultError> {
    if view.action.kind() != Some(ActionKind::CallHome) || !matches!(status, ReplyStatus::Ok(_)) {
        return Ok(());
    }
    if let Some(request) = view.action.param(1) {
        let id = ports.new_id()?;
        session::tie_named(ports, key.device, request, id, "SMS reply", now).await?;
    }
    Ok(())
}
