use crate::api::{ActionRequest, ActionView};
use crate::domain::{Bearer, Consent, ShortId};

use super::{ActError, Caller, Ports};

/// A client's idempotency key with the digest of what it asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The key, with the operator's name before it.
    pub key: String,
    /// SHA-256 of method, path and body.
    pub digest: [u8; 32],
}

/// Asks that a device do something.
#[derive(Debug, Clone)]
pub struct ActOrder {
    /// What, and which device.
    pub request: ActionRequest,
    /// Who asks.
    pub operator: String,
    /// The risks that were accepted.
    pub consent: Option<Consent>,
    /// So that a repeat does nothing twice.
    pub idempotency: Option<IdempotencyKey>,
    /// Correlation id; empty when there is none.
    pub correlation: String,
}

/// Has a device do something: checks, reserves its number, keeps the PIN of a lock, and queues it.
/// For a device that a peer holds, the peer does all that.
///
/// # Errors
/// [`ActError`]; nothing was stored or sent.
pub async fn create(_ports: &Ports, _order: ActOrder) -> Result<ActionView, ActError> {
    Err(ActError::Unusable("not yet".to_owned()))
}

/// Withdraws an action of which nothing was sent.
///
/// # Errors
/// [`ActError::Conflict`] when something was.
pub async fn cancel(_ports: &Ports, _id: ShortId, _by: Caller) -> Result<ActionView, ActError> {
    Err(ActError::Unusable("not yet".to_owned()))
}

/// Tries an open action again now, over one bearer if one is named.
///
/// # Errors
/// [`ActError::Conflict`] when it has ended.
pub async fn retry(
    _ports: &Ports,
    _id: ShortId,
    _via: Option<Bearer>,
    _by: Caller,
) -> Result<ActionView, ActError> {
    Err(ActError::Unusable("not yet".to_owned()))
}
