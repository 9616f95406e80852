//! A device answered, by XML or by text message.

use serde_json::json;

use crate::api::{ActionResult as Answer, ActionView};
use crate::domain::{ActionKind, ActionState, AuditDraft, Bearer, ShortId, Timestamp};
use crate::port::{
    AgentKey, EventDraft, MachineError, Recorded, ResultDraft, Stamp, Step, StoreError,
};
use crate::sms::{ActionResult, InvalidReply, InvalidResult, Nonce};

use super::{Ports, backup, session};

pub use super::reply::take_reply;

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
    /// A reply came with this nonce before.
    #[error("a reply with the nonce {nonce} came before, at {at}: this one is a replay")]
    ReusedNonce {
        /// The nonce.
        nonce: Nonce,
        /// When the first came.
        at: Timestamp,
    },
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

pub(super) async fn record(
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
        action: result.action().to_owned(),
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
    // First the backup, then the result: what is cut off in between is sent again by the device and completes both.
    if state == ActionState::Done && result.action() == "bak" {
        let asked = session::by_sequence(ports, key, result.sequence()).await?;
        let backup = |v: &ActionView| v.action.kind() == Some(ActionKind::Backup);
        let open = asked.filter(|v| backup(v) && !v.state.is_final());
        if let Some(view) = open {
            backup::complete(ports, &view, now).await?;
        }
    }
    let recorded = ports.results.record_result(draft, stamp).await?;
    Step::ResultStored.reached();
    let line = match &recorded {
        Recorded::First(_) => words,
        Recorded::Repeat(_) => format!("{words}; a repeat, nothing changed"),
        Recorded::Other(view) => format!(
            "{words}; under this number {} was asked for, which is {}",
            view.action.name(),
            view.state
        ),
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
