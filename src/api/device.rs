use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::{Binding, DeviceId, Identity, Msisdn, PushAddress, ShortId, Timestamp};

/// A device in the registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Device {
    /// The registry's id; never changes.
    pub id: ShortId,
    /// Name of the server that manages it.
    pub server: String,
    /// Name shown to people.
    pub name: String,
    /// Who uses it.
    pub owner: Option<String>,
    /// Model, as in `Nokia G42`.
    pub model: Option<String>,
    /// Immutable identities; at least one, never shared with another device.
    pub identities: Vec<Identity>,
    /// Telephone numbers, best first.
    pub numbers: Vec<DeviceNumber>,
    /// The agent's own public id once enrolled.
    pub agent_id: Option<DeviceId>,
    /// Enrolment epoch: 0 before the first enrolment, one more with each.
    pub epoch: u32,
    /// When it enrolled last.
    pub enrolled_at: Option<Timestamp>,
    /// Whether it said how it is reached (requirement A4).
    pub tag: Option<RouteTag>,
    /// SIP URI of the proxy in front of it.
    pub proxy: Option<String>,
    /// Where push services reach its application.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub push: Vec<PushAddress>,
    /// False when the device said that it has no data path: it is reached and answers by SMS.
    pub has_data: bool,
    /// Whether it is locked, as far as the server knows.
    pub lock: LockState,
    /// Current SIP bindings.
    #[serde(default)]
    pub bindings: Vec<Binding>,
    /// When anything was heard from it last.
    pub last_heard: Option<Timestamp>,
    /// Actions that have not ended.
    #[serde(default)]
    pub open_actions: u32,
    /// Further facts, as `sku`, `os`, `site`.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
    /// Grows by one with each edit; the `ETag`.
    pub version: u64,
}

/// A number of a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct DeviceNumber {
    /// The number.
    pub number: Msisdn,
    /// When it was verified; until then nothing destructive goes there.
    pub verified_at: Option<Timestamp>,
    /// When its verification was begun, while there is no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<Timestamp>,
    /// Wrong codes that were typed since.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub wrong_codes: u32,
}

impl DeviceNumber {
    /// A number of which nothing is known yet.
    #[must_use]
    pub const fn new(number: Msisdn) -> Self {
        Self {
            number,
            verified_at: None,
            asked_at: None,
            wrong_codes: 0,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands references")]
const fn is_zero(n: &u32) -> bool {
    *n == 0
}

/// How a device is reached by SIP (requirement A4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum RouteTag {
    /// At its own address.
    Direct,
    /// Through its proxy.
    Indirect,
}

/// Whether a device is locked, as its results told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct LockState {
    /// Locked by the last confirmed result.
    pub locked: bool,
    /// Since when.
    pub since: Option<Timestamp>,
    /// The operator who asked for it.
    pub by: Option<String>,
    /// The ticket that was given.
    pub ticket: Option<String>,
    /// The action that locked it; its PIN opens the phone.
    pub action: Option<ShortId>,
}

/// What is needed to add a device by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct NewDevice {
    /// Name shown to people; made from the first identity when empty.
    #[serde(default)]
    pub name: String,
    /// Who uses it.
    #[serde(default)]
    pub owner: Option<String>,
    /// Model.
    #[serde(default)]
    pub model: Option<String>,
    /// At least one identity.
    pub identities: Vec<Identity>,
    /// Numbers, best first; each still to be verified.
    #[serde(default)]
    pub numbers: Vec<Msisdn>,
    /// Further facts.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
}

/// A change to a device; absent fields stay as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct DeviceEdit {
    /// New name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// New owner; an empty text removes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// New model; an empty text removes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// New list of numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numbers: Option<Vec<Msisdn>>,
    /// New list of push addresses, as in `fcm:dGVzdC10b2tlbg`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub push: Option<Vec<PushAddress>>,
    /// Facts to set; an empty value removes one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
}

/// Begins the verification of a device's number.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct NumberQuestion {
    /// Which; the first that is not verified when absent. One that is not known is added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<Msisdn>,
    /// Has the device's user type a code; otherwise the device answers by itself.
    #[serde(default)]
    pub by_user: bool,
}

/// The PIN that unlocks a device by hand. Each reveal is audited.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct PinView {
    /// The lock action whose PIN it is.
    pub action: ShortId,
    /// Six digits.
    pub pin: String,
    /// When the lock was asked for.
    pub created_at: Timestamp,
}

impl std::fmt::Debug for PinView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PinView({}, …)", self.action)
    }
}

/// One line of a device's log on the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct DeviceLogLine {
    /// Grows; the cursor.
    pub id: u64,
    /// When.
    pub at: Timestamp,
    /// What kind of thing, as in `session`, `result`, `sip.register`, `sms.in`, `report.forged`.
    pub kind: String,
    /// What happened, for people; no secrets.
    pub text: String,
}

/// Has the server send a phone an event of its vendor (`POST /api/v1/devices/{id}/event`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct PhoneEventRequest {
    /// The `Event` value, as in `check-sync;reboot=true`.
    pub event: String,
    /// Milliseconds that the phone may take to answer; 10,000 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
}

/// What the phone said to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct PhoneEventReport {
    /// The contact that it was sent to.
    pub target: String,
    /// The event.
    pub event: String,
    /// Whether the phone took it (2xx).
    pub delivered: bool,
    /// The phone's final answer; absent when nothing came.
    pub code: Option<u16>,
    /// The same in words, as in `200 OK`, `no answer`.
    pub outcome: String,
    /// How long it took.
    pub elapsed_ms: u64,
}
