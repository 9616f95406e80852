use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{Bearer, ShortId, Timestamp};

/// Asks that a device call home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CallbackRequest {
    /// The device, by the registry's id.
    pub device: ShortId,
    /// Rungs to climb, in order; all that the device has when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ladder: Option<Vec<Bearer>>,
    /// Send the bootstrap or notification INVITE (A3) instead of NOTIFY (B5) on SIP rungs.
    #[serde(default)]
    pub invite: bool,
    /// Milliseconds that each SIP rung may take to answer; 4,000 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rung_timeout_ms: Option<u64>,
    /// Milliseconds until the whole callback expires; 60,000 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<u64>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A callback and how far it has got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CallbackView {
    /// The request id that the device's session carries.
    pub id: ShortId,
    /// The device.
    pub device: ShortId,
    /// The device's name.
    pub device_name: String,
    /// How far it has got.
    pub state: CallbackState,
    /// Who asked.
    pub operator: String,
    /// When.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// The rungs as they were climbed.
    #[serde(default)]
    pub rungs: Vec<Rung>,
    /// The session that the device opened for it.
    pub session: Option<SessionView>,
}

/// How far a callback has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CallbackState {
    /// Being sent.
    Pending,
    /// A bearer took it; the device has not called yet.
    Delivered,
    /// The device opened its session with this request id.
    CalledBack,
    /// Its time ran out.
    Expired,
}

/// One rung of the ladder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Rung {
    /// Over what.
    pub bearer: Bearer,
    /// Where to, as in `sip:eriksson@10.4.7.31:5060` or `+14…37 through kannel-1`.
    pub target: String,
    /// How it stands.
    pub state: RungState,
    /// What came of it, as in `200 OK` or `no answer after 4.0 s`; empty while trying.
    pub outcome: String,
    /// Milliseconds from the start of the rung to its outcome.
    pub elapsed_ms: u64,
    /// The messages that crossed, for `-v`.
    #[serde(default)]
    pub messages: Vec<LadderLine>,
}

/// How a rung stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RungState {
    /// Under way.
    Trying,
    /// The bearer took it.
    Accepted,
    /// It did not get through, for the reason in `outcome`.
    Missed,
}

/// One message of a ladder picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LadderLine {
    /// Milliseconds since the callback began.
    pub at_ms: u64,
    /// Who sent it.
    pub from: String,
    /// Who got it.
    pub to: String,
    /// First line in short, as in `NOTIFY` or `200 OK`.
    pub text: String,
}

/// The session that a device opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionView {
    /// The session's id.
    pub id: ShortId,
    /// When it was opened.
    pub at: Timestamp,
    /// Milliseconds from the callback's start.
    pub elapsed_ms: u64,
    /// How it came in, as in `POST /agent/v1/session` or `SMS reply`.
    pub entry: String,
}
