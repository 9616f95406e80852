//! A device opened its session: tie it to what caused it, hand it what waits.

use crate::api::{SessionRequest, SessionResponse};
use crate::domain::Sequence;
use crate::port::{AgentKey, MachineError, StoreError};

use super::Ports;

/// Why a session is not opened.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The bootstrap token is wrong, used or too old. One word for all three.
    #[error("the bootstrap token is not valid")]
    Token,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No randomness.
    #[error(transparent)]
    Machine(#[from] MachineError),
    /// A stored action cannot be written as a message.
    #[error("action {sequence} cannot be signed: {reason}")]
    Unsignable {
        /// Its number.
        sequence: Sequence,
        /// Why.
        reason: String,
    },
}

/// Opens a session for an authenticated device. `entry` is how it came in, as in `POST /agent/v1/session`.
///
/// # Errors
/// [`SessionError`].
pub async fn open(
    _ports: &Ports,
    _key: &AgentKey,
    _request: SessionRequest,
    _entry: &str,
) -> Result<SessionResponse, SessionError> {
    Err(SessionError::Token)
}

/// The signed text of one open action, for a device that followed a `url()` marker.
///
/// # Errors
/// [`SessionError`].
pub async fn text_of(
    _ports: &Ports,
    _key: &AgentKey,
    _sequence: Sequence,
) -> Result<Option<String>, SessionError> {
    Err(SessionError::Token)
}
