//! A device answered, by XML or by text message.

use crate::domain::{Msisdn, ShortId};
use crate::port::{AgentKey, MachineError, Recorded, StoreError};

use super::Ports;

/// Why an answer is not taken.
#[derive(Debug, thiserror::Error)]
pub enum ResultError {
    /// It cannot be read.
    #[error("this is not a result: {0}")]
    Unreadable(String),
    /// A text message from a number that no device has, or whose token is wrong.
    #[error("{0}")]
    Unauthenticated(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No randomness.
    #[error(transparent)]
    Machine(#[from] MachineError),
}

/// Takes a result document from an authenticated device. A repeat changes nothing and is fine.
///
/// # Errors
/// [`ResultError`].
pub async fn take(
    _ports: &Ports,
    _key: &AgentKey,
    _session: Option<ShortId>,
    _xml: &[u8],
) -> Result<Recorded, ResultError> {
    Err(ResultError::Unreadable("not yet".to_owned()))
}

/// Takes a `KMR` reply that came as a text message from `from`: the token authenticates it.
///
/// # Errors
/// [`ResultError`].
pub async fn take_reply(
    _ports: &Ports,
    _from: &Msisdn,
    _text: &[u8],
) -> Result<Vec<Recorded>, ResultError> {
    Err(ResultError::Unreadable("not yet".to_owned()))
}
