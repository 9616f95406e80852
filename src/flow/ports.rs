use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use crate::domain::{Bearer, ShortId, Timestamp};
use crate::port::{
    ActionQueue, ActionResults, Actions, AuditTrail, Backups, Callbacks, Clock, DeviceLog, Devices,
    Enrolments, Entropy, Events, LookUps, MachineError, Peers, PushService, Sealer, SipSender,
    SmsGateway, SmsLedger, Surveyor,
};

/// What the flows of one endpoint are handed: a bundle of ports, cheap to clone.
///
/// Each flow uses the few that it names; the bundle only spares callers to pick.
#[derive(Clone)]
pub struct Ports {
    /// The time for what is written down.
    pub clock: Arc<dyn Clock>,
    /// Random bytes for ids, nonces and jitter.
    pub entropy: Arc<dyn Entropy>,
    /// Seals bootstrap tokens.
    pub sealer: Arc<dyn Sealer>,
    /// The registry.
    pub devices: Arc<dyn Devices>,
    /// Keys of enrolled devices.
    pub enrolments: Arc<dyn Enrolments>,
    /// What was heard of devices.
    pub device_log: Arc<dyn DeviceLog>,
    /// Actions, the operators' side.
    pub actions: Arc<dyn Actions>,
    /// Actions, the dispatcher's side.
    pub queue: Arc<dyn ActionQueue>,
    /// Actions, the devices' side.
    pub results: Arc<dyn ActionResults>,
    /// Callbacks.
    pub callbacks: Arc<dyn Callbacks>,
    /// Events that no write makes by itself.
    pub events: Arc<dyn Events>,
    /// Backups.
    pub backups: Arc<dyn Backups>,
    /// Segments of text messages and their receipts.
    pub texts: Arc<dyn SmsLedger>,
    /// The audit trail, for entries that go with no write.
    pub audit: Arc<dyn AuditTrail>,
    /// SIP; absent when the endpoint has no SIP socket.
    pub sip: Option<Arc<dyn SipSender>>,
    /// Looks at the ways to SIP addresses; absent when nobody does.
    pub surveyor: Option<Arc<dyn Surveyor>>,
    /// Who is asked for addresses that the registry does not have.
    pub look_ups: LookUps,
    /// Text message gateways, best first.
    pub gateways: Vec<Arc<dyn SmsGateway>>,
    /// Push services.
    pub push: Vec<Arc<dyn PushService>>,
    /// The other servers; absent without federation.
    pub peers: Option<Arc<dyn Peers>>,
    /// The endpoint itself.
    pub home: Arc<Home>,
    /// Wakes ladders whose device has called.
    pub arrivals: Arc<Arrivals>,
}

/// What a device must know to call this endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    /// Name of the server in the federation.
    pub name: String,
    /// Where devices reach it over HTTPS; absent while it does not listen.
    pub https: Option<PublicAddress>,
    /// SHA-256 of the CA certificate (DER), 64 hexadecimal digits, for bootstrap payloads.
    pub certificate_pin: Option<String>,
    /// Most segments of a signed text before it is replaced by a link; 1 to 255, usually 1.
    pub max_segments: u32,
    /// How often a way is tried before another one is.
    pub tries: Tries,
}

/// How often in a row a way that takes an action is tried without an answer before the next one is (requirement C4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tries {
    /// By SIP.
    pub sip: u32,
    /// By push message.
    pub push: u32,
    /// By text message, each gateway.
    pub sms: u32,
}

impl Default for Tries {
    fn default() -> Self {
        Self {
            sip: 1,
            push: 1,
            sms: 3,
        }
    }
}

impl Tries {
    /// Over a bearer, at least once.
    pub(super) fn over(&self, bearer: Bearer) -> u32 {
        match bearer {
            Bearer::SipDirect | Bearer::SipProxy => self.sip,
            Bearer::Push => self.push,
            Bearer::Sms => self.sms,
            Bearer::Session => 1,
        }
        .max(1)
    }
}

/// Host and port under which devices reach the endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicAddress {
    /// Name or address, IPv6 without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
}

/// Who asks, and under which correlation id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Caller {
    /// The operator's name.
    pub operator: String,
    /// Correlation id; empty when there is none.
    pub correlation: String,
}

impl PublicAddress {
    /// `https://host:port`, IPv6 in brackets, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://{}", self.host_port())
    }

    /// `host:port`, IPv6 in brackets.
    #[must_use]
    pub fn host_port(&self) -> String {
        format!("{}:{}", self.uri_host(), self.port)
    }

    /// The host as it stands in a URI, IPv6 in brackets.
    #[must_use]
    pub fn uri_host(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        }
    }
}

impl Ports {
    /// The time now.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A new short id.
    pub(super) fn new_id(&self) -> Result<ShortId, MachineError> {
        let mut bytes = [0; 5];
        self.entropy.fill(&mut bytes)?;
        Ok(ShortId::from_random(bytes))
    }

    /// Whether this endpoint could use a bearer at all.
    pub(super) fn has_bearer(&self, bearer: Bearer) -> bool {
        match bearer {
            Bearer::Session => true,
            Bearer::SipDirect | Bearer::SipProxy => self.sip.is_some(),
            Bearer::Push => !self.push.is_empty(),
            Bearer::Sms => !self.gateways.is_empty(),
        }
    }
}

/// Ladders that wait for their device's session, by request id, and those that wait for its registration.
#[derive(Debug, Default)]
pub struct Arrivals {
    waiting: Mutex<HashMap<ShortId, watch::Sender<bool>>>,
    looking: Mutex<HashMap<ShortId, watch::Sender<()>>>,
}

/// Registrations of one device from some moment on; leaving scope gives it up.
#[derive(Debug)]
pub(super) struct Appearances<'a> {
    arrivals: &'a Arrivals,
    device: ShortId,
    seen: watch::Receiver<()>,
}

impl Appearances<'_> {
    /// Waits until the device registers; any number of times since the last look are one.
    pub(super) async fn next(&mut self) {
        if self.seen.changed().await.is_err() {
            // The sender is in the map for as long as this place is.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Appearances<'_> {
    fn drop(&mut self) {
        let mut looking = self.arrivals.looking();
        let last = |bell: &watch::Sender<()>| bell.receiver_count() <= 1;
        if looking.get(&self.device).is_some_and(last) {
            looking.remove(&self.device);
        }
    }
}

/// A place in [`Arrivals`]; leaving scope gives it up.
#[derive(Debug)]
pub(super) struct Awaited<'a> {
    arrivals: &'a Arrivals,
    id: ShortId,
    bell: watch::Receiver<bool>,
}

impl Arrivals {
    /// Begins to listen for one request id.
    pub(super) fn listen(&self, id: ShortId) -> Awaited<'_> {
        let bell = self
            .lock()
            .entry(id)
            .or_insert_with(|| watch::Sender::new(false))
            .subscribe();
        Awaited {
            arrivals: self,
            id,
            bell,
        }
    }

    /// Begins to look out for one device's registrations.
    pub(super) fn appearances(&self, device: ShortId) -> Appearances<'_> {
        let seen = self
            .looking()
            .entry(device)
            .or_insert_with(|| watch::Sender::new(()))
            .subscribe();
        Appearances {
            arrivals: self,
            device,
            seen,
        }
    }

    /// A device has registered.
    pub(super) fn appeared(&self, device: ShortId) {
        // Nobody may be waiting.
        if let Some(bell) = self.looking().get(&device) {
            bell.send_replace(());
        }
    }

    /// Wakes whoever listens for it; nobody may.
    pub(super) fn announce(&self, id: ShortId) {
        if let Some(bell) = self.lock().get(&id) {
            bell.send_replace(true);
        }
    }

    fn looking(&self) -> MutexGuard<'_, HashMap<ShortId, watch::Sender<()>>> {
        self.looking.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ShortId, watch::Sender<bool>>> {
        // The map is whole after every statement, so a panic elsewhere leaves nothing to fear.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Awaited<'_> {
    /// Waits until it is announced, or `end`; whether it was.
    pub(super) async fn arrived_by(&mut self, end: Instant) -> bool {
        timeout_at(end, self.arrived()).await.is_ok()
    }

    /// Waits until it is announced.
    pub(super) async fn arrived(&mut self) {
        if self.bell.wait_for(|rung| *rung).await.is_err() {
            // The sender is in the map for as long as this place is.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Awaited<'_> {
    fn drop(&mut self) {
        let mut waiting = self.arrivals.lock();
        // The last one takes the bell along.
        if waiting
            .get(&self.id)
            .is_some_and(|bell| bell.receiver_count() <= 1)
        {
            waiting.remove(&self.id);
        }
    }
}
