//! Send a text message that belongs to no action.

use std::sync::Arc;

use crate::port::{BearerError, OutboundSms, SmsAccepted, SmsGateway, routes};

use super::Ports;

/// Sends through the gateway with this name, or through the first that takes it: those with the longest prefix of
/// the number first. One that may have it ends the search, so that nobody gets it twice.
///
/// # Errors
/// What the last gateway said; [`BearerError::Unusable`] when there is none for the number.
pub async fn send(
    ports: &Ports,
    name: Option<&str>,
    sms: OutboundSms,
) -> Result<(Arc<dyn SmsGateway>, SmsAccepted), BearerError> {
    let fitting = match name {
        Some(name) => ports
            .gateways
            .iter()
            .filter(|g| g.name() == name)
            .cloned()
            .collect(),
        None => routes(&ports.gateways, &sms.to),
    };
    let mut last = BearerError::Unusable(format!("no gateway serves {}", sms.to.masked()));
    for gateway in fitting {
        match gateway.send(sms.clone()).await {
            Ok(accepted) => return Ok((gateway, accepted)),
            Err(uncertain @ BearerError::Uncertain { .. }) => return Err(uncertain),
            Err(error) => last = error,
        }
    }
    Err(last)
}
