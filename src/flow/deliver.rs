//! One try of one action over the bearers that the device has.

use crate::api::ActionView;
use crate::domain::ShortId;
use crate::port::Claimed;

use super::{ActError, Ports};

/// Tries a claimed action once and records what came of it and when to try next. Takes up to 15 s: claim with a longer lease.
///
/// # Errors
/// [`ActError`] when the store failed; the lease then runs out and the action is claimed again.
pub async fn deliver(_ports: &Ports, _claimed: Claimed) -> Result<ActionView, ActError> {
    Err(ActError::Unusable("not yet".to_owned()))
}

/// Makes the open actions of a device due now, because it has just appeared (a new binding).
///
/// # Errors
/// [`ActError`] when the store failed.
pub async fn device_appeared(_ports: &Ports, _device: ShortId) -> Result<(), ActError> {
    Err(ActError::Unusable("not yet".to_owned()))
}
