use serde::{Deserialize, Serialize};

use crate::domain::{Msisdn, Risk, Sequence, ShortId, Timestamp};

/// Asks the endpoint to sign an action string; the device's secret never leaves it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct SmsSignRequest {
    /// The device, by the registry's id.
    pub device: ShortId,
    /// Unsigned action string, as `sms compose` prints it. When its sequence is absent or 00000000 the server reserves one.
    pub text: String,
    /// Risks that were accepted; destructive actions need theirs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accept_risk: Vec<Risk>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A signed action string.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct SmsSignResponse {
    /// The signed text.
    pub text: String,
    /// Number of its first action.
    pub sequence: Sequence,
    /// The actions that were stored for it.
    pub actions: Vec<ShortId>,
}

/// Asks the endpoint whether a signed text is genuine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct SmsVerifyRequest {
    /// The device whose secret should have signed it.
    pub device: ShortId,
    /// The signed text.
    pub text: String,
}

/// Whether it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct SmsVerifyResponse {
    /// True when the token matches.
    pub genuine: bool,
    /// Why not, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

/// Sends a text through one of the server's gateways.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct SmsSendRequest {
    /// Where to.
    pub to: Msisdn,
    /// What.
    pub text: String,
    /// Which gateway; the first one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<String>,
    /// Shown at once and not kept.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub flash: bool,
    /// Seconds for which the centre keeps trying.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validity_s: Option<u64>,
    /// Seconds that the centre waits before it begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deferred_s: Option<u64>,
    /// Priority, 0 to 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<u8>,
    /// Destination port, for an application on the phone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_port: Option<u16>,
    /// Source port; 0 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_port: Option<u16>,
    /// Octets to send instead of the text, in hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub octets: Option<String>,
    /// Risks that were accepted, when the text is a destructive action string.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accept_risk: Vec<Risk>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A gateway of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct SmsGatewayView {
    /// Its name.
    pub name: String,
    /// How and where it is spoken to.
    pub description: String,
    /// Numbers that it serves, as in `+1408`; all when empty.
    pub prefixes: Vec<String>,
}

/// How a gateway is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct SmsGatewayHealth {
    /// Its name.
    pub name: String,
    /// Whether it could take a message now.
    pub ready: bool,
    /// In words.
    pub detail: String,
}

/// What is known of a text message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct SmsStatus {
    /// Its id.
    pub id: ShortId,
    /// Every time it was sent, oldest first.
    pub sends: Vec<SmsSending>,
}

/// One sending of a text message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct SmsSending {
    /// Through which gateway.
    pub gateway: String,
    /// `pending`, `delivered` when all segments are, `failed` when one will never arrive.
    pub state: String,
    /// Segments that it took.
    pub total: u8,
    /// Those that the gateway has.
    pub segments: Vec<SmsSegmentView>,
}

/// One segment of a text message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct SmsSegmentView {
    /// Which, from 1.
    pub number: u8,
    /// The gateway's id of it.
    pub id: Option<String>,
    /// What became of it, in words; absent when nothing was heard.
    pub outcome: Option<String>,
    /// The gateway's words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reply: String,
    /// When it changed last.
    pub at: Timestamp,
}

/// What the gateway said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct SmsSendResponse {
    /// Our id of it, for `sms status`.
    pub id: ShortId,
    /// The gateway that took it.
    pub gateway: String,
    /// Its words.
    pub answer: String,
    /// Its id of the message, when it gave one.
    pub reference: Option<String>,
    /// How many segments it needs.
    pub segments: u32,
}
