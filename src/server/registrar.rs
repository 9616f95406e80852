//! SIP requests that come in: the registrar of the devices (requirements A1, A5, B1, B2).
//!
//! `sip::Registrar` and `sip::Notifier` decide; here is only what they are to know and what
//! becomes of their decisions. A device registers its own address with its own password,
//! directly or through a proxy (RFC 3327 Path). A proxy, which is an enrolled device itself,
//! may also register for a device that names it in its attribute `sip-proxy`.
//!
//! ## Deviations
//!
//! * RFC 3261 §10.3: two devices that a proxy registers under one address of record are two
//!   entries here, told apart by instance or MAC; the answer lists the contacts of one.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use data_encoding::HEXLOWER;
use tokio::sync::Mutex;

use crate::api::Device;
use crate::domain::{Binding, DeviceId, Identity, ShortId, Timestamp};
use crate::flow::deliver;
use crate::port::{
    AgentKey, Bindings, Clock, DeviceFilter, Enrolments, PageOf, SipHandler, StoreError,
};
use crate::sip::digest::{NonceSource, Verifier};
use crate::sip::{
    Applicant, Decision, InboundRequest, Instance, Method, Notifier, Registrar, RegistrarLimits,
    Reply, SipUri, SubscribeDecision, Transport, contact_me,
};

use super::endpoint::Endpoint;

/// A challenge can be answered this long.
const NONCE_LIFE: Duration = Duration::from_secs(300);
const ALLOW: &str = "REGISTER, SUBSCRIBE, OPTIONS";
/// Attribute of a device: agent id or registry id of the proxy that may register for it.
const SIP_PROXY: &str = "sip-proxy";

/// Locks that the addresses of record share.
const TURNS: usize = 64;

/// Answers SIP requests for an endpoint. It is made before the endpoint, because the socket it answers on is one of
/// the endpoint's parts; [`SipDoor::attach`] closes the circle.
pub struct SipDoor {
    registrar: Registrar,
    notifier: Notifier,
    domain: String,
    enrolments: Arc<dyn Enrolments>,
    bindings: Arc<dyn Bindings>,
    clock: Arc<dyn Clock>,
    endpoint: OnceLock<Endpoint>,
    turns: [Mutex<()>; TURNS],
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
            registrar: Registrar::new(verifier.clone(), RegistrarLimits::default()),
            notifier: Notifier::new(verifier, RegistrarLimits::default()),
            domain: domain.to_owned(),
            enrolments,
            bindings,
            clock,
            endpoint: OnceLock::new(),
            turns: std::array::from_fn(|_| Mutex::new(())),
        }
    }

    /// Tells the door whose it is: from then on what waits for a device is sent when the device registers.
    pub fn attach(&self, endpoint: &Endpoint) {
        // A second call changes nothing: a door belongs to one endpoint.
        drop(self.endpoint.set(endpoint.clone()));
    }

    /// The enrolled device whose user name a digest answer claims.
    async fn signer(&self, user: Option<&str>) -> Result<Option<AgentKey>, StoreError> {
        match user.map(str::parse::<DeviceId>) {
            Some(Ok(id)) => self.enrolments.agent(id).await,
            _ => Ok(None),
        }
    }

    async fn register(&self, request: &InboundRequest) -> Result<Reply, StoreError> {
        let now = self.clock.now();
        let named = match Registrar::address_of_record(request) {
            Ok(aor) => aor,
            Err(reply) => return Ok(reply),
        };
        let user = self.registrar.claimed_user(request);
        let signer = self.signer(user.as_deref()).await?;
        let subject = match &signer {
            Some(signer) => self.subject(signer, &named, request).await?,
            None => None,
        };
        let applicant = user.map(|user| Applicant {
            user,
            password: signer.as_ref().map(|a| a.secret.sip_password()),
            registers_others: subject.is_some(),
        });
        let user = match &subject {
            Some(subject) => subject.user.clone(),
            None => named.user().unwrap_or_default().to_owned(),
        };
        // Whatever host the device put there: one address of record for each device.
        let aor = format!("sip:{user}@{}", self.domain);
        // What is decided on is what is stored still when the decision is: one at a time.
        let _turn = self.turns[turn_of(&aor)].lock().await;
        let current = match &signer {
            Some(_) => self.bindings.bindings(&aor).await?,
            // Nobody whom we know: there is nothing to decide on, and strangers do not keep the store busy.
            None => Vec::new(),
        };
        let known = current.clone();
        match self
            .registrar
            .decide(request, applicant.as_ref(), current, now)
        {
            Decision::Refused(reply) => Ok(reply),
            Decision::Registered {
                bindings, reply, ..
            } => {
                let own = signer.map(|agent| agent.device);
                if let Some(device) = subject.map(|s| s.device).or(own) {
                    self.keep(device, aor, bindings, &known, now).await?;
                }
                Ok(reply)
            }
        }
    }

    /// The other device that `signer` registers for, if that device lets it.
    async fn subject(
        &self,
        signer: &AgentKey,
        named: &SipUri,
        request: &InboundRequest,
    ) -> Result<Option<Subject>, StoreError> {
        let user = named.user().unwrap_or_default();
        let Some(endpoint) = self.endpoint.get() else {
            return Ok(None);
        };
        if user == signer.agent_id.to_string() {
            return Ok(None);
        }
        let Some(device) = self.named(endpoint, user, request).await? else {
            return Ok(None);
        };
        let names = device.attributes.get(SIP_PROXY).map(String::as_str);
        let own = [signer.agent_id.to_string(), signer.device.to_string()];
        let allowed = names.is_some_and(|name| own.iter().any(|id| id == name.trim()));
        Ok(allowed.then(|| Subject {
            device: device.id,
            user: match device.agent_id {
                Some(agent) => agent.to_string(),
                None => device.id.to_string(),
            },
        }))
    }

    /// The device that a REGISTER is for: by its agent id, by the instance of its contact, by an identity as user name.
    async fn named(
        &self,
        endpoint: &Endpoint,
        user: &str,
        request: &InboundRequest,
    ) -> Result<Option<Device>, StoreError> {
        let devices = &endpoint.ports().devices;
        let instance = request
            .message
            .list("Contact")
            .first()
            .and_then(|contact| Instance::of(contact));
        let by_name = user.parse::<DeviceId>().ok();
        let by_instance = instance.as_ref().and_then(Instance::agent);
        if let Some(agent) = by_name.or(by_instance) {
            return match self.enrolments.agent(agent).await? {
                Some(key) => devices.device(key.device).await,
                None => Ok(None),
            };
        }
        let named = [
            instance.as_ref().and_then(Instance::identity),
            user.parse().ok().map(Identity::Imei),
            format!("mac:{user}").parse().ok(),
            format!("serial:{user}").parse().ok(),
        ];
        for identity in named.into_iter().flatten() {
            let filter = DeviceFilter {
                identity: Some(identity),
                ..DeviceFilter::default()
            };
            let page = devices.devices(filter, PageOf::default()).await?;
            if let Some(device) = page.items.into_iter().next() {
                return Ok(Some(device));
            }
        }
        Ok(None)
    }

    async fn keep(
        &self,
        device: ShortId,
        aor: String,
        mut bindings: Vec<Binding>,
        known: &[Binding],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        for binding in &mut bindings {
            binding.aor.clone_from(&aor);
        }
        let there = !bindings.is_empty();
        let anew = bindings.iter().any(|one| is_news(one, known, now));
        self.bindings
            .save_bindings(device, &aor, bindings, now)
            .await?;
        let Some(endpoint) = self.endpoint.get().filter(|_| there) else {
            return Ok(());
        };
        let ports = endpoint.ports();
        let hurried = match anew {
            true => deliver::device_appeared(ports, device).await,
            false => deliver::device_refreshed(ports, device).await,
        };
        if let Err(error) = hurried {
            tracing::warn!(device.id = %device, %error, "what waits for a device could not be hurried");
        }
        Ok(())
    }

    /// Requirement B2: a device subscribes to the state of its own callbacks.
    async fn subscribe(
        &self,
        endpoint: &Endpoint,
        request: &InboundRequest,
    ) -> Result<Reply, StoreError> {
        let now = self.clock.now();
        let user = self.notifier.claimed_user(request);
        let signer = self.signer(user.as_deref()).await?;
        let applicant = user.map(|user| Applicant {
            user,
            password: signer.as_ref().map(|a| a.secret.sip_password()),
            registers_others: false,
        });
        let notifier = endpoint.notifier();
        let current = Notifier::key(request).and_then(|key| notifier.find(&key));
        let tag = HEXLOWER.encode(&endpoint.random::<8>()?);
        let contact = self.contact(endpoint, request);
        match self
            .notifier
            .decide(request, applicant.as_ref(), current, (&tag, &contact), now)
        {
            SubscribeDecision::Refused(reply) => Ok(reply),
            SubscribeDecision::Subscribed {
                subscription,
                reply,
            } => {
                let Some(signer) = signer else {
                    return Ok(Reply::new(403));
                };
                let key = subscription.key();
                notifier.keep(signer.device, *subscription).await?;
                notifier.tell_soon(endpoint, key);
                Ok(reply)
            }
        }
    }

    /// Where requests in a subscription's dialog reach us.
    fn contact(&self, endpoint: &Endpoint, request: &InboundRequest) -> SipUri {
        let settings = endpoint.settings();
        let (public, transport) = match request.transport {
            Transport::Udp => (&settings.sip, None),
            Transport::Tls => (&settings.sips, Some("tls")),
            other => (&settings.sip, Some(other.as_str())),
        };
        let public = public.as_deref().and_then(|uri| uri.parse().ok());
        let uri: SipUri = public.unwrap_or_else(|| SipUri::at("", request.local));
        match transport {
            // What follows comes on the connection that is there.
            Some(transport) => uri.with_param("transport", Some(transport)),
            None => uri,
        }
    }
}

/// Whether a binding says more than that the device is where it was: what waits for it has its own clock.
fn is_news(binding: &Binding, known: &[Binding], now: Timestamp) -> bool {
    let place = |b: &Binding| {
        let (contact, instance) = (b.contact.clone(), b.instance.clone());
        (
            contact,
            instance,
            b.path.clone(),
            b.received,
            b.call_id.clone(),
        )
    };
    let here = place(binding);
    !known
        .iter()
        .any(|before| before.expires_at > now && place(before) == here)
}

/// Which of the locks an address of record takes.
fn turn_of(aor: &str) -> usize {
    let mut hasher = DefaultHasher::new();
    aor.hash(&mut hasher);
    usize::try_from(hasher.finish() % TURNS as u64).unwrap_or(0)
}

/// A device that somebody else registers.
struct Subject {
    device: ShortId,
    user: String,
}

#[async_trait]
impl SipHandler for SipDoor {
    async fn handle(&self, request: InboundRequest) -> Reply {
        if let Some(endpoint) = self.endpoint.get() {
            endpoint.metrics().sip_requests.up();
        }
        let method = request.method();
        let done = if method == Method::REGISTER {
            self.register(&request).await
        } else if method == Method::SUBSCRIBE
            && let Some(endpoint) = self.endpoint.get()
        {
            self.subscribe(endpoint, &request).await
        } else {
            let known = method == Method::OPTIONS;
            Ok(Reply::new(if known { 200 } else { 405 })
                .with_header("Allow", ALLOW)
                .with_header("Allow-Events", contact_me::EVENT))
        };
        done.unwrap_or_else(|error| {
            tracing::error!(%error, "a SIP request could not be served by the store");
            Reply::new(503).with_header("Retry-After", "5")
        })
    }
}
