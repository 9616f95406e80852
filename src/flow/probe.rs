//! Why a device cannot be reached.

use crate::api::ProbeReport;
use crate::domain::ShortId;

use super::{ActError, Ports};

/// Runs all checks side by side and draws the conclusion.
///
/// # Errors
/// [`ActError`] when there is no such device or the store failed.
pub async fn probe(_ports: &Ports, _device: ShortId) -> Result<ProbeReport, ActError> {
    Err(ActError::Unusable("not yet".to_owned()))
}
