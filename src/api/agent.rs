use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::api::RouteTag;
use crate::domain::{
    DeviceId, EnrolmentCode, Identity, Msisdn, PushAddress, Sequence, ShortId, SystemId, Timestamp,
};

/// A device's first words (`POST /agent/v1/enrol`), the only unsigned ones.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct EnrolRequest {
    /// Which customer's server.
    pub system_id: SystemId,
    /// The one-time code.
    pub code: EnrolmentCode,
    /// The id that the device made.
    pub device_id: DeviceId,
    /// The secret that the device made, 64 hexadecimal digits. Sent this once.
    pub secret: String,
    /// What it is.
    pub identities: Vec<Identity>,
    /// Numbers that it knows of itself.
    #[serde(default)]
    pub numbers: Vec<Msisdn>,
    /// Name that it proposes.
    #[serde(default)]
    pub name: Option<String>,
    /// Model.
    #[serde(default)]
    pub model: Option<String>,
    /// False when it has no data path after enrolment.
    #[serde(default = "yes")]
    pub has_data: bool,
    /// Further facts about it.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
    /// Proof when the identity was enrolled before: HMAC-SHA-256 under the *old* secret's key "http"
    /// over the new device id's text, 64 hexadecimal digits.
    #[serde(default)]
    pub proof: Option<String>,
}

const fn yes() -> bool {
    true
}

impl std::fmt::Debug for EnrolRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EnrolRequest({}, …)", self.device_id)
    }
}

/// The proof that a device which enrols again is the one that enrolled before: over its new id, under the key "http" of
/// its old secret, as 64 hexadecimal digits.
#[must_use]
pub fn enrolment_proof(old_key: &[u8; 32], new_id: DeviceId) -> String {
    HEXLOWER.encode(&proof_mac(old_key, new_id).finalize().into_bytes())
}

/// Checks an [`enrolment_proof`], in constant time.
#[must_use]
pub fn verify_proof(old_key: &[u8; 32], new_id: DeviceId, proof: &[u8]) -> bool {
    proof_mac(old_key, new_id).verify_slice(proof).is_ok()
}

fn proof_mac(old_key: &[u8; 32], new_id: DeviceId) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(old_key).expect("HMAC takes keys of any length");
    mac.update(new_id.to_string().as_bytes());
    mac
}

/// What the device is to know from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct EnrolResponse {
    /// The registry's id of the device.
    pub device: ShortId,
    /// Enrolment epoch; sequence numbers start at 1 in each.
    pub epoch: u32,
    /// Name of the server.
    pub server: String,
    /// SIP registrar, as in `sip:127.0.0.1:5060`; absent when the server runs none.
    pub sip_registrar: Option<String>,
    /// The same over TLS, as in `sip:127.0.0.1:5061;transport=tls`; absent when the server has no door for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sips_registrar: Option<String>,
    /// Address of record to register, as in `sip:dev_01h…@callhome`.
    pub aor: Option<String>,
    /// Hosts that the device may be called back to (requirement B7).
    pub trusted_servers: Vec<String>,
    /// Number that text messages come from, when one is set.
    pub sms_sender: Option<String>,
}

/// A device opens its session (`POST /agent/v1/session`, signed).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct SessionRequest {
    /// The request id of the notification that caused it; absent for a periodic one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// One-time token of a bootstrap INVITE; absent otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bootstrap_token: Option<String>,
    /// Highest sequence number below which everything was run.
    #[serde(default)]
    pub contiguous: Sequence,
    /// Numbers that the device is asking for: a successor came and these did not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Sequence>,
    /// The functional component that the notification named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// What the notification wanted spoken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api: Option<String>,
}

/// What the server has for the device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct SessionResponse {
    /// The session's id; results carry it.
    pub session: ShortId,
    /// Signed action strings, in order; the same octets that an SMS would carry.
    pub actions: Vec<AgentAction>,
}

/// One signed message for the device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct AgentAction {
    /// The signed action string.
    pub text: String,
}

/// A device tells its address by HTTPS (requirement A1) (`PUT /agent/v1/registration`, signed).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct RegisterRequest {
    /// Direct or indirect; the server guesses from the address when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<RouteTag>,
    /// SIP URI at which it listens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// SIP URI of its proxy; empty when it is behind none; what was known of it stays when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    /// Numbers, best first.
    #[serde(default)]
    pub numbers: Vec<Msisdn>,
    /// Where push services reach it now; what was known of it stays when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub push: Option<Vec<PushAddress>>,
    /// False when it has no data path from now on.
    #[serde(default = "yes")]
    pub has_data: bool,
}

/// The code that the device's user typed, to verify a number (`POST /agent/v1/numbers`, signed).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct NumberCode {
    /// The number to which it was sent.
    pub number: Msisdn,
    /// Six digits.
    pub code: String,
}

impl std::fmt::Debug for NumberCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NumberCode({}, …)", self.number.masked())
    }
}

/// A device reports something it refused (`POST /agent/v1/report`, signed).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct AgentReport {
    /// What it refused.
    pub kind: ReportKind,
    /// When, by the device's clock.
    pub at: Timestamp,
    /// How many like it since the last report.
    pub count: u32,
    /// Over what it came, as in `sms` or `sip`.
    pub bearer: String,
    /// What it looked like, for people; no secrets.
    pub detail: String,
}

/// What a device refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ReportKind {
    /// The token was wrong: forged or altered.
    WrongToken,
    /// The version was lower than the one it enrolled with.
    Downgrade,
    /// The text could not be read.
    Unreadable,
    /// A server not on its list asked to be called.
    UntrustedServer,
    /// A message of an earlier epoch or a repeat of a SIP bootstrap.
    Replay,
    /// An action was not taken because too many results wait: it has to be sent again.
    Full,
}

/// Answer to an upload of a backup item (`PUT /agent/v1/backups/{id}/{kind}/{name}`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct BackupReceipt {
    /// The backup.
    pub backup: ShortId,
    /// Kind and name of the item.
    pub path: String,
    /// SHA-256 of what the server stored, 64 hexadecimal digits.
    pub sha256: String,
    /// Size in bytes.
    pub size_bytes: u64,
}
