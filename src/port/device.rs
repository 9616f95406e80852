use async_trait::async_trait;

use crate::api::{
    AgentReport, BackupReceipt, EnrolRequest, EnrolResponse, NumberCode, RegisterRequest,
    SessionRequest, SessionResponse,
};
use crate::domain::{Sequence, ShortId};

/// Why the management endpoint could not be used by a device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DoorError {
    /// It could not be reached; try again later.
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    /// It does not know this device, or the signature is wrong.
    #[error("the server refuses this device: {0}")]
    Refused(String),
    /// It answered something that cannot be used.
    #[error("the server's answer cannot be used: {0}")]
    Unusable(String),
}

/// The device's way to its management endpoint (`/agent/v1`), authenticated and signed.
#[async_trait]
pub trait Door: Send + Sync {
    /// Enrols.
    async fn enrol(&self, request: EnrolRequest) -> Result<EnrolResponse, DoorError>;

    /// Tells address, proxy, numbers.
    async fn register(&self, request: RegisterRequest) -> Result<(), DoorError>;

    /// Hands in the code that its user typed to verify a number; false when it is not right.
    async fn confirm_number(&self, typed: NumberCode) -> Result<bool, DoorError>;

    /// Opens a session and takes what is waiting.
    async fn session(&self, request: SessionRequest) -> Result<SessionResponse, DoorError>;

    /// Opens a session at an address that a trusted server named in its call, as in
    /// `https://192.0.2.7:8443/agent/v1/session`. An application server that is no management endpoint takes the
    /// call without opening a session of ours: `None`.
    async fn session_at(
        &self,
        url: &str,
        request: SessionRequest,
    ) -> Result<Option<SessionResponse>, DoorError>;

    /// Hands in a result document.
    async fn result(
        &self,
        session: Option<ShortId>,
        sequence: Sequence,
        xml: &str,
    ) -> Result<(), DoorError>;

    /// Uploads an item of a backup.
    async fn upload(
        &self,
        backup: ShortId,
        path: &str,
        entries: u32,
        content: Vec<u8>,
    ) -> Result<BackupReceipt, DoorError>;

    /// Downloads from a link that an action carried (restore, fetched action); relative links go to the endpoint, signed.
    async fn download(&self, link: &str) -> Result<Vec<u8>, DoorError>;

    /// Reports what was refused.
    async fn report(&self, report: AgentReport) -> Result<(), DoorError>;
}

/// Calls web addresses with GET, as an SMS centre does to hand over messages and receipts.
#[async_trait]
pub trait WebCaller: Send + Sync {
    /// Calls an address; gives the HTTP status.
    ///
    /// # Errors
    /// [`DoorError::Unreachable`] when nobody answered, [`DoorError::Unusable`] when the address is none.
    async fn call(&self, url: &str) -> Result<u16, DoorError>;
}

/// Keeps a device's state over restarts.
#[async_trait]
pub trait AgentState: Send + Sync {
    /// All devices that were saved, as name and state.
    async fn load(&self) -> Result<Vec<(String, Vec<u8>)>, super::MachineError>;

    /// Saves a device's state; durable when it returns.
    async fn save(&self, name: &str, state: Vec<u8>) -> Result<(), super::MachineError>;
}
