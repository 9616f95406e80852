//! SIP requests that come in: the registrar of the devices (requirements A1, A5, B1).
//!
//! `sip::Registrar` decides; here is only what it is to know and what becomes of its
//! decision. A device registers its own address with its own password, directly or through
//! a proxy (RFC 3327 Path); nobody registers for another.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;

use crate::domain::{Binding, DeviceId, Timestamp};
use crate::flow::deliver;
use crate::port::{AgentKey, Bindings, Clock, Enrolments, SipHandler, StoreError};
use crate::sip::digest::{NonceSource, Verifier};
use crate::sip::{Applicant, Decision, InboundRequest, Method, Registrar, RegistrarLimits, Reply};

use super::endpoint::Endpoint;

/// A challenge can be answered this long.
const NONCE_LIFE: Duration = Duration::from_secs(300);
const ALLOW: &str = "REGISTER, OPTIONS";

/// Answers SIP requests for an endpoint. It is made before the endpoint, because the socket it answers on is one of
/// the endpoint's parts; [`SipDoor::attach`] closes the circle.
pub struct SipDoor {
    registrar: Registrar,
    domain: String,
    enrolments: Arc<dyn Enrolments>,
    bindings: Arc<dyn Bindings>,
    clock: Arc<dyn Clock>,
    endpoint: OnceLock<Endpoint>,
}

impl SipDoor {
    /// A door for the addresses of record of `domain`; `nonce_key` are 32 random bytes.
    #[must_use]
    pub fn new(
        domain: &str,
        nonce_key: [u8; 32],
        enrolments: Arc<dyn Enrolments>,
        bindings: Arc<dyn Bindings>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let verifier = Verifier::new(domain, NonceSource::new(nonce_key, NONCE_LIFE));
        Self {
            registrar: Registrar::new(verifier, RegistrarLimits::default()),
            domain: domain.to_owned(),
            enrolments,
            bindings,
            clock,
            endpoint: OnceLock::new(),
        }
    }

    /// Tells the door whose it is: from then on what waits for a device is sent when the device registers.
    pub fn attach(&self, endpoint: &Endpoint) {
        // A second call changes nothing: a door belongs to one endpoint.
        drop(self.endpoint.set(endpoint.clone()));
    }

    async fn register(&self, request: &InboundRequest) -> Result<Reply, StoreError> {
        let now = self.clock.now();
        let named = match Registrar::address_of_record(request) {
            Ok(aor) => aor,
            Err(reply) => return Ok(reply),
        };
        let user = self.registrar.claimed_user(request);
        let agent = match user.as_deref().map(str::parse::<DeviceId>) {
            Some(Ok(id)) => self.enrolments.agent(id).await?,
            _ => None,
        };
        let applicant = user.map(|user| Applicant {
            user,
            password: agent.as_ref().map(|a| a.secret.sip_password()),
            registers_others: false,
        });
        // Whatever host the device put there: one address of record for each device.
        let aor = format!("sip:{}@{}", named.user().unwrap_or_default(), self.domain);
        let current = self.bindings.bindings(&aor).await?;
        match self
            .registrar
            .decide(request, applicant.as_ref(), current, now)
        {
            Decision::Refused(reply) => Ok(reply),
            Decision::Registered {
                bindings, reply, ..
            } => {
                if let Some(agent) = agent {
                    self.keep(&agent, aor, bindings, now).await?;
                }
                Ok(reply)
            }
        }
    }

    async fn keep(
        &self,
        agent: &AgentKey,
        aor: String,
        mut bindings: Vec<Binding>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        for binding in &mut bindings {
            binding.aor.clone_from(&aor);
        }
        let appeared = !bindings.is_empty();
        self.bindings
            .save_bindings(agent.device, &aor, bindings, now)
            .await?;
        if let (true, Some(endpoint)) = (appeared, self.endpoint.get())
            && let Err(error) = deliver::device_appeared(endpoint.ports(), agent.device).await
        {
            tracing::warn!(device.id = %agent.device, %error, "what waits for a device could not be hurried");
        }
        Ok(())
    }
}

#[async_trait]
impl SipHandler for SipDoor {
    async fn handle(&self, request: InboundRequest) -> Reply {
        if let Some(endpoint) = self.endpoint.get() {
            endpoint.metrics().sip_requests.up();
        }
        let method = request.method();
        if method == Method::REGISTER {
            return self.register(&request).await.unwrap_or_else(|error| {
                tracing::error!(%error, "a registration could not be stored");
                Reply::new(503).with_header("Retry-After", "5")
            });
        }
        let known = method == Method::OPTIONS;
        Reply::new(if known { 200 } else { 405 }).with_header("Allow", ALLOW)
    }
}
