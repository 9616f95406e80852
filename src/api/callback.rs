use serde::{Deserialize, Serialize};

use crate::domain::{Bearer, RelayForm, ShortId, Timestamp};

/// Asks that a device call home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
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
    /// The asker's own id of this request, which the device's call will carry; the callback's id when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Whom to call; this server when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Contact>,
    /// Try again whenever the device registers, until the time is up. Otherwise the ladder is climbed once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub keep_trying: bool,
    /// How a device behind a proxy is reached, `route` or `encapsulate`; as the proxy registered when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relay: Option<RelayForm>,
    /// The server that is to reach the device; whichever holds its binding when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
}

impl CallbackRequest {
    /// Asks one device to call this server, over whatever reaches it.
    #[must_use]
    pub fn of(device: ShortId) -> Self {
        Self {
            device,
            ladder: None,
            invite: false,
            rung_timeout_ms: None,
            deadline_ms: None,
            reason: None,
            request_id: None,
            contact: None,
            keep_trying: false,
            relay: None,
            server: None,
        }
    }
}

/// The application server that a device is to call, and when (requirements B4 and B6). All of it reaches the device
/// as it stands here; everything may be left out. Without an address the device calls the one configured on it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// Host name or address, IPv6 in brackets, without port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Its port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Path of the URL to call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Which functional component of the device is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// Not to be called before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// Not to be called after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Timestamp>,
    /// `http` or `https`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// What is spoken over it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api: Option<String>,
    /// Other `host:port` to try, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<String>,
    /// Further parts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
}

/// A part of a request that this version does not know; it is passed on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Part {
    /// Its label, one word.
    pub name: String,
    /// Its value, one line.
    pub value: String,
}

/// An application server says that a device has called it (`POST /api/v1/callbacks/{id}/called-back`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct CallReport {
    /// How the call came in, as in `POST /provision`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
}

/// A callback and how far it has got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
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
    /// The server that reaches the device.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub server: String,
    /// What was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<CallbackRequest>,
}

impl CallbackView {
    /// The id that the device's call carries: the asker's, else the callback's own.
    #[must_use]
    pub fn request_id(&self) -> String {
        let asked = self.request.as_ref().and_then(|r| r.request_id.clone());
        asked.unwrap_or_else(|| self.id.to_string())
    }

    /// Whom the device is to call, when that is not this server.
    #[must_use]
    pub fn contact(&self) -> Option<&Contact> {
        self.request.as_ref().and_then(|r| r.contact.as_ref())
    }

    /// Whether it has not ended.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(
            self.state,
            CallbackState::Pending | CallbackState::Delivered
        )
    }
}

/// How far a callback has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
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
