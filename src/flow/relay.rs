//! Sends a request to a device behind a proxy in the form that the proxy registered.

use std::time::Duration;

use data_encoding::HEXLOWER;

use crate::port::{BearerError, Entropy, SipSender};
use crate::sip::{
    OutboundRequest, SipReport, SipUri, Transport, answering, encapsulated, wants_outer,
};

/// Challenges of the device that are answered, stale nonces included.
const MOST_ATTEMPTS: u32 = 3;

/// Sends `request`; when its first hop wants outer messages, inside of one. A challenge of the device behind is
/// answered inside, too: the proxy knows no secret.
///
/// # Errors
/// [`BearerError`].
pub async fn send(
    sip: &dyn SipSender,
    entropy: &dyn Entropy,
    request: OutboundRequest,
    timeout: Duration,
) -> Result<SipReport, BearerError> {
    let Some(desk) = request.route.first().and_then(wants_outer) else {
        return sip.send(request, timeout).await;
    };
    let mut inner = request;
    let mut attempts = 1;
    loop {
        let unusable = |e: &dyn std::fmt::Display| BearerError::Unusable(e.to_string());
        let mut word = [0; 10];
        entropy.fill(&mut word).map_err(|e| unusable(&e))?;
        let word = HEXLOWER.encode(&word);
        let outer = encapsulated(&inner, &desk, &word).map_err(|e| unusable(&e))?;
        // Over a connection the proxy has one door, and knows its desk behind it.
        let outer = match inner.route.first() {
            Some(hop) if is_stream(hop) => outer.via_route(vec![hop.clone()]),
            _ => outer,
        };
        let report = sip.send(outer, timeout).await?;
        let again = report
            .answer
            .as_ref()
            .filter(|_| report.outcome.code() == Some(401) && attempts < MOST_ATTEMPTS)
            .and_then(|answer| answering(&inner, answer, &word));
        match again {
            Some(answered) => inner = answered,
            None => return Ok(report),
        }
        attempts += 1;
    }
}

fn is_stream(hop: &SipUri) -> bool {
    let named = Transport::asked_by(hop).ok().flatten();
    hop.is_secure() || named.is_some_and(Transport::is_reliable)
}
