//! Lock a device wherever it is managed.

use crate::api::ActionView;
use crate::domain::{Consent, Identity};

use super::{ActError, Caller, IdempotencyKey, Ports};

/// A lock.
#[derive(Debug, Clone)]
pub struct LockOrder {
    /// Which device.
    pub identity: Identity,
    /// Text for the lock screen; empty for none.
    pub message: String,
    /// Why.
    pub reason: Option<String>,
    /// Ticket.
    pub ticket: Option<String>,
    /// So that a repeat does nothing twice.
    pub idempotency: Option<IdempotencyKey>,
}

/// Finds the server that holds the device and has it locked there. Harm needs [`Consent`], by value.
///
/// # Errors
/// [`ActError`].
pub async fn lock(
    _ports: &Ports,
    _order: LockOrder,
    _consent: Consent,
    _by: Caller,
) -> Result<ActionView, ActError> {
    Err(ActError::Unusable("not yet".to_owned()))
}
