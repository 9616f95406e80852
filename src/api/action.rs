use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::LadderLine;
use crate::domain::{Action, ActionState, Bearer, Risk, Sequence, ShortId, Timestamp};

/// Asks that a device do something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct ActionRequest {
    /// The device, by the registry's id (of the server that holds it).
    pub device: ShortId,
    /// What to do, as in `lck(Please%20call%20IT)`.
    pub action: Action,
    /// Name of the peer that holds the device; absent when it is this server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// Why, for the audit trails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Ticket in the helpdesk's system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// Risks that were accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accept_risk: Vec<Risk>,
    /// Only over this bearer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<Bearer>,
    /// Seconds after which an action that nothing was sent of expires; 7 days when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_s: Option<u64>,
}

/// Asks that a device do several things in order: all of them are asked for, with numbers that follow each other, or none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct ActionsRequest {
    /// The device, by the registry's id.
    pub device: ShortId,
    /// What to do, 1 to 16, as in `lck(Please%20call%20IT)`.
    pub actions: Vec<Action>,
    /// Why, for the audit trail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Ticket in the helpdesk's system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// Risks that were accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accept_risk: Vec<Risk>,
    /// Only over this bearer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<Bearer>,
    /// Seconds after which those that nothing was sent of expire; 7 days when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_s: Option<u64>,
}

/// An action and how far it has got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct ActionView {
    /// Its id.
    pub id: ShortId,
    /// The device.
    pub device: ShortId,
    /// The device's name when the action was made.
    pub device_name: String,
    /// Name of the server that holds the device.
    pub server: String,
    /// What to do.
    pub action: Action,
    /// Its number on the device.
    pub sequence: Sequence,
    /// The enrolment epoch that it belongs to.
    pub epoch: u32,
    /// How far it has got.
    pub state: ActionState,
    /// Sent, no result, and past its deadline: not heard, which is not *failed*.
    #[serde(default)]
    pub unconfirmed: bool,
    /// Who asked.
    pub operator: String,
    /// Why.
    pub reason: Option<String>,
    /// Ticket.
    pub ticket: Option<String>,
    /// Only over this bearer.
    pub via: Option<Bearer>,
    /// It was signed to be sent by hand: only that text carries it, the server does not send it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub by_hand: bool,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
    /// When it is tried next; absent when there is nothing left to try.
    pub next_try_at: Option<Timestamp>,
    /// When it expires, unless its content has left by then; it is not sent after that.
    pub expires_at: Timestamp,
    /// Every send, in order.
    #[serde(default)]
    pub attempts: Vec<Attempt>,
    /// What the device answered.
    pub result: Option<ActionResult>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// One send of an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Attempt {
    /// When.
    pub at: Timestamp,
    /// Over what.
    pub bearer: Bearer,
    /// Where to: a SIP URI or a gateway's name.
    pub target: String,
    /// What came of it, as in `200 OK`, `no answer after 4.0 s`, `accepted by kannel-1`.
    pub outcome: String,
    /// Whether the bearer took it.
    pub accepted: bool,
    /// Why this way, when the try before went another: as in `after 3 tries by text message without an answer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
    /// The messages that crossed, times from the start of this send; tokens are masked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<LadderLine>,
}

/// What a device answered to an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct ActionResult {
    /// How it ended on the device.
    pub state: ActionState,
    /// Machine-readable code, as in `ok`, `no-such-file`, `wrong-epoch`.
    pub code: String,
    /// When, by the device's clock.
    pub at: Timestamp,
    /// Payload by name, flattened, as in `latitude` or `contacts`.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    /// The result document as it came; empty for results over SMS.
    #[serde(default)]
    pub xml: String,
}
