use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::api::ProbeReport;
use crate::flow::probe::probe_address;
use crate::host::{OsEntropy, SystemClock};
use crate::net::sip_link::{OnceError, Outlook, request_once};
use crate::net::survey::Survey;
use crate::port::{BearerError, Entropy as _, SipSender};
use crate::sip::{OutboundRequest, Patience, SipReport, SipUri};

/// Probes a SIP address from sockets of its own.
pub(super) struct AddressProbe {
    uri: SipUri,
    route: Vec<SipUri>,
    outlook: Arc<Outlook>,
    survey: Survey,
}

impl AddressProbe {
    /// Of this address, over this route.
    pub(super) fn new(uri: SipUri, route: Vec<SipUri>, outlook: Arc<Outlook>) -> Self {
        let survey = Survey::new(Outlook::clone(&outlook));
        Self {
            uri,
            route,
            outlook,
            survey,
        }
    }

    /// Probes it once.
    pub(super) async fn probe(&self) -> ProbeReport {
        let sender = Sender(&self.outlook);
        probe_address(&sender, &self.survey, &SystemClock, &self.uri, &self.route).await
    }
}

/// Sends each request from a socket of its own: a closed port is told at once.
struct Sender<'a>(&'a Outlook);

#[async_trait]
impl SipSender for Sender<'_> {
    async fn send(
        &self,
        request: OutboundRequest,
        timeout: Duration,
    ) -> Result<SipReport, BearerError> {
        let mut seed = [0; 32];
        OsEntropy
            .fill(&mut seed)
            .map_err(|e| BearerError::Unusable(e.to_string()))?;
        request_once(request, Patience::of(timeout), seed, self.0)
            .await
            .map_err(|error| match error {
                OnceError::Bearer(error) => error,
                other => BearerError::Unusable(other.to_string()),
            })
    }
}
