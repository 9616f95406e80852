//! The callback ladder: climb until the device has called home.

use crate::api::{CallbackRequest, CallbackView};
use crate::domain::ShortId;

use super::{ActError, Caller, IdempotencyKey, Ports};

/// A callback that was stored and is to be climbed by [`climb`].
#[derive(Debug, Clone)]
pub struct Climb {
    /// As it was stored.
    pub view: CallbackView,
    /// What was asked for.
    pub request: CallbackRequest,
}

/// Stores a callback.
///
/// # Errors
/// [`ActError`].
pub async fn begin(
    _ports: &Ports,
    _request: CallbackRequest,
    _by: Caller,
    _idempotency: Option<IdempotencyKey>,
) -> Result<Climb, ActError> {
    Err(ActError::Unusable("not yet".to_owned()))
}

/// Climbs the ladder until the device has called or the time is up, publishing each rung as it happens.
///
/// # Errors
/// [`ActError`] when the store failed.
pub async fn climb(_ports: &Ports, _climb: Climb) -> Result<CallbackView, ActError> {
    Err(ActError::Unusable("not yet".to_owned()))
}

/// Callbacks that were under way when the endpoint stopped. They are not climbed again, only watched to their end.
///
/// # Errors
/// [`ActError`] when the store failed.
pub async fn unfinished(_ports: &Ports) -> Result<Vec<ShortId>, ActError> {
    Err(ActError::Unusable("not yet".to_owned()))
}

/// Waits for the end of a callback that nobody climbs any more, and expires it.
///
/// # Errors
/// [`ActError`] when the store failed.
pub async fn watch(_ports: &Ports, _id: ShortId) -> Result<CallbackView, ActError> {
    Err(ActError::Unusable("not yet".to_owned()))
}
