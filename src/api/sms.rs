use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{Msisdn, Risk, Sequence, ShortId};

/// Asks the endpoint to sign an action string; the device's secret never leaves it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SmsSignResponse {
    /// The signed text.
    pub text: String,
    /// Number of its first action.
    pub sequence: Sequence,
    /// The actions that were stored for it.
    pub actions: Vec<ShortId>,
}

/// Asks the endpoint whether a signed text is genuine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SmsVerifyRequest {
    /// The device whose secret should have signed it.
    pub device: ShortId,
    /// The signed text.
    pub text: String,
}

/// Whether it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SmsVerifyResponse {
    /// True when the token matches.
    pub genuine: bool,
    /// Why not, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

/// Sends a text through one of the server's gateways.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SmsSendRequest {
    /// Where to.
    pub to: Msisdn,
    /// What.
    pub text: String,
    /// Which gateway; the first one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<String>,
    /// Risks that were accepted, when the text is a destructive action string.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accept_risk: Vec<Risk>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What the gateway said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SmsSendResponse {
    /// The gateway that took it.
    pub gateway: String,
    /// Its words.
    pub answer: String,
    /// Its id of the message, when it gave one.
    pub reference: Option<String>,
    /// How many segments it needs.
    pub segments: u32,
}
