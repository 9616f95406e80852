//! Sign an action string without sending it; check one.

use crate::api::{SmsSignRequest, SmsSignResponse, SmsVerifyRequest, SmsVerifyResponse};
use crate::domain::Consent;

use super::{ActError, Caller, Ports};

/// Reserves numbers for the actions of an unsigned text, stores them (not to be sent by the server), and signs it.
///
/// # Errors
/// [`ActError`].
pub async fn sign(
    _ports: &Ports,
    _request: SmsSignRequest,
    _consent: Option<Consent>,
    _by: Caller,
) -> Result<SmsSignResponse, ActError> {
    Err(ActError::Unusable("not yet".to_owned()))
}

/// Says whether a signed text is genuine for a device.
///
/// # Errors
/// [`ActError`].
pub async fn verify(
    _ports: &Ports,
    _request: SmsVerifyRequest,
) -> Result<SmsVerifyResponse, ActError> {
    Err(ActError::Unusable("not yet".to_owned()))
}
