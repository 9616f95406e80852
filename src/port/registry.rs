use async_trait::async_trait;

use crate::api::{Device, DeviceLogLine, Page};
use crate::domain::{
    Binding, DeviceId, DeviceSecret, Identity, Msisdn, Sequence, ShortId, Subscription, Timestamp,
};

use super::{Stamp, StoreError};

/// Which page of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageOf {
    /// Cursor of the page before; `None` for the first.
    pub cursor: Option<String>,
    /// Most items, 1 to 1,000; 100 when 0.
    pub limit: u32,
}

/// Which devices. Fields that are `None` do not restrict; those given must all hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeviceFilter {
    /// Exactly this identity.
    pub identity: Option<Identity>,
    /// Exactly this number, among any of the device's.
    pub number: Option<Msisdn>,
    /// Name or owner, compared without case; or a serial number.
    pub word: Option<String>,
    /// A part of name, owner, model, identity or number, without case.
    pub contains: Option<String>,
    /// Locked or not.
    pub locked: Option<bool>,
    /// Heard from before this moment, or never.
    pub silent_since: Option<Timestamp>,
}

/// The registry of devices.
#[async_trait]
pub trait Devices: Send + Sync {
    /// The device with this registry id.
    async fn device(&self, id: ShortId) -> Result<Option<Device>, StoreError>;

    /// The devices that fit, ordered by name, then id.
    async fn devices(&self, filter: DeviceFilter, page: PageOf)
    -> Result<Page<Device>, StoreError>;

    /// Adds (`version` 0) or changes a device. The stored version must be `device.version`; the answer has it one higher.
    ///
    /// Keeps of the stored row what only other methods change: bindings, lock, epoch, agent id, enrolment, last heard.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when an identity belongs to another device, [`StoreError::Version`] when it was
    /// changed meanwhile, [`StoreError::NotFound`] when a device to change is gone.
    async fn save_device(&self, device: Device, stamp: Stamp) -> Result<Device, StoreError>;

    /// Removes a device with all that hangs on it but the audit trail.
    async fn delete_device(&self, id: ShortId, stamp: Stamp) -> Result<(), StoreError>;
}

/// What is known of a device by which it is authenticated.
#[derive(Debug, Clone)]
pub struct AgentKey {
    /// Registry id.
    pub device: ShortId,
    /// The agent's public id.
    pub agent_id: DeviceId,
    /// Enrolment epoch.
    pub epoch: u32,
    /// Its secret.
    pub secret: DeviceSecret,
    /// The number that its next action gets.
    pub next: Sequence,
    /// It has had no session since the store was made of a copy.
    pub restored: bool,
}

/// A device that wants in.
#[derive(Debug, Clone)]
pub struct EnrolmentDraft {
    /// SHA-256 of the enrolment code's text without the hyphen, lower case.
    pub code_digest: [u8; 32],
    /// The id that it made.
    pub agent_id: DeviceId,
    /// The secret that it made.
    pub secret: DeviceSecret,
    /// The device as the registry would show it: identities, numbers, name, model, attributes, `has_data`.
    pub device: Device,
    /// True when the caller verified a proof under the old secret (see [`Enrolments::agent_by_identity`]).
    pub proven: bool,
    /// Now.
    pub at: Timestamp,
}

/// An enrolment that was let in.
#[derive(Debug, Clone)]
pub struct Enrolment {
    /// The device as it is now registered, with its new epoch.
    pub device: Device,
    /// True when an identity was enrolled before.
    pub again: bool,
}

/// Why an enrolment was turned down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnrolmentRefusal {
    /// The code is unknown, used or too old. One word for all three.
    Code,
    /// The identity is enrolled and the proof is missing or wrong.
    Proof,
    /// Its identities belong to two different devices.
    Identity,
}

/// How devices get in.
#[async_trait]
pub trait Enrolments: Send + Sync {
    /// Stores digests of one-time codes; `device` restricts them to one registry entry. A code that was sent to a
    /// `number` by text message verifies it when a device comes with the code.
    async fn invite(
        &self,
        digests: Vec<[u8; 32]>,
        device: Option<ShortId>,
        number: Option<Msisdn>,
        expires_at: Timestamp,
        stamp: Stamp,
    ) -> Result<(), StoreError>;

    /// Uses up a code and enrols: finds the registry entry by identity or makes one, stores the sealed secret,
    /// starts a new epoch at sequence 1, and cancels open destructive actions of the old epoch; all or nothing.
    /// An operator's approval stands in for a proof (`invite` for that very device gives it).
    ///
    /// A device whose answer was lost asks again with the same code, id and secret, and gets the same answer.
    async fn enrol(
        &self,
        draft: EnrolmentDraft,
        stamp: Stamp,
    ) -> Result<Result<Enrolment, EnrolmentRefusal>, StoreError>;

    /// The keys of the agent with this public id.
    async fn agent(&self, agent_id: DeviceId) -> Result<Option<AgentKey>, StoreError>;

    /// The keys of an enrolled registry entry, by id, or by any of the identities given.
    async fn agent_by_identity(
        &self,
        device: Option<ShortId>,
        identities: Vec<Identity>,
    ) -> Result<Option<AgentKey>, StoreError>;
}

/// SIP bindings; addresses of record are `sip:` + agent id + `@` + domain.
#[async_trait]
pub trait Bindings: Send + Sync {
    /// The bindings of an address of record, also those past their end.
    async fn bindings(&self, aor: &str) -> Result<Vec<Binding>, StoreError>;

    /// Replaces all bindings of an address of record and ties them to a device; also marks it heard from.
    async fn save_bindings(
        &self,
        device: ShortId,
        aor: &str,
        bindings: Vec<Binding>,
        at: Timestamp,
    ) -> Result<(), StoreError>;
}

/// Subscriptions of devices to event packages (RFC 6665).
#[async_trait]
pub trait Subscriptions: Send + Sync {
    /// All that are stored, with their devices, also those past their end.
    async fn subscriptions(&self) -> Result<Vec<(ShortId, Subscription)>, StoreError>;

    /// Adds one or replaces that with its key.
    async fn save_subscription(
        &self,
        device: ShortId,
        subscription: Subscription,
    ) -> Result<(), StoreError>;

    /// Removes one, by [`Subscription::key`]; none may be there.
    async fn delete_subscription(&self, key: &str) -> Result<(), StoreError>;
}

/// What was heard from and of a device.
#[async_trait]
pub trait DeviceLog: Send + Sync {
    /// Notes that a device was heard from at `at`, and a line of its log when `text` is not empty.
    async fn heard(
        &self,
        device: ShortId,
        at: Timestamp,
        kind: &str,
        text: &str,
    ) -> Result<(), StoreError>;

    /// Lines of a device's log, newest first.
    async fn log(&self, device: ShortId, page: PageOf) -> Result<Page<DeviceLogLine>, StoreError>;

    /// Stores what a device told by HTTPS: tag, contact, proxy, numbers, data path (requirement A1).
    async fn register(
        &self,
        device: ShortId,
        told: crate::api::RegisterRequest,
        at: Timestamp,
    ) -> Result<Device, StoreError>;
}
