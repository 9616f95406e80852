use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::api::{SigningKey, VerifyingKey};
use crate::domain::{EnrolmentCode, ShortId, SystemId, Timestamp};
use crate::flow::{Home, Ports};
use crate::net::tls::Acquaintances;
use crate::port::{
    ActionQueue, ActionResults, Actions, AuditTrail, Backups, Bindings, Callbacks, Clock,
    Customers, DeviceLog, Devices, Enrolments, Entropy, Events, Housekeeping, LookUps,
    MachineError, Mailer, Operators, Peers, Pins, PushService, Sealer, SipSender, SmsGateway,
    SmsLedger, Subscriptions, Surveyor, Templates, Tokens, Webhooks,
};
use crate::sms::CallFields;

use super::customers::Customer;
use super::identity::{NonceMemory, PasswordDesk};
use super::metrics::Metrics;
use super::notifier::{Notifier, Subscribed};
use super::reacher::Reacher;
use super::throttle::Throttles;

/// Whether the endpoint stays up by itself or lives inside one command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// `callhome serve`.
    Serve,
    /// Inside another command, for as long as it runs.
    Embedded,
}

/// A gateway that calls in.
#[derive(Clone)]
pub struct GatewayDoor {
    /// Its name.
    pub name: String,
    /// SHA-256 of the secret in its callback addresses.
    pub secret_digest: [u8; 32],
    /// Its words.
    pub fields: CallFields,
}

/// A peer that calls in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerTrust {
    /// Its name.
    pub name: String,
    /// Its public key.
    pub key: VerifyingKey,
}

/// What an endpoint is told about itself.
#[derive(Clone)]
pub struct Settings {
    /// Its system id.
    pub system_id: SystemId,
    /// How it runs.
    pub mode: Mode,
    /// Its folder, for the copy that `server/backup` makes and the first admin's code.
    pub data_dir: PathBuf,
    /// Certificate of its authority (PEM), given to devices in invitations.
    pub ca_pem: String,
    /// When its certificate ends, which is renewed while it runs.
    pub certificate_expires_at: Option<tokio::sync::watch::Receiver<Timestamp>>,
    /// SIP registrar as devices reach it, as in `sip:127.0.0.1:5060`; `None` while it does not listen.
    pub sip: Option<String>,
    /// The same over TLS, as in `sip:127.0.0.1:5061;transport=tls`; `None` while it has no door for it.
    pub sips: Option<String>,
    /// Domain of the devices' addresses of record.
    pub sip_domain: String,
    /// Hosts that devices may be called back to, besides the one in `https`.
    pub trusted_servers: Vec<String>,
    /// Number that text messages come from.
    pub sms_sender: Option<String>,
    /// Gateways that call in.
    pub gateway_doors: Vec<GatewayDoor>,
    /// Peers that call in.
    pub peer_trust: Vec<PeerTrust>,
    /// Servers that may register their system ids here.
    pub customers: Vec<Customer>,
    /// The authorities of the peers.
    pub acquaintances: Arc<Acquaintances>,
    /// Signs audit checkpoints.
    pub signing_key: Arc<SigningKey>,
}

/// All parts of an endpoint; whoever starts one picks them.
pub struct Parts {
    /// What it is told about itself.
    pub settings: Settings,
    /// What the flows are handed.
    pub ports: Ports,
    /// Where devices are now.
    pub bindings: Arc<dyn Bindings>,
    /// What devices subscribed to.
    pub subscriptions: Arc<dyn Subscriptions>,
    /// Kept PINs.
    pub pins: Arc<dyn Pins>,
    /// Operators.
    pub operators: Arc<dyn Operators>,
    /// Sessions and service tokens.
    pub tokens: Arc<dyn Tokens>,
    /// Saved lists of actions.
    pub templates: Arc<dyn Templates>,
    /// Customers by their system ids.
    pub customers: Arc<dyn Customers>,
    /// What the store knows of itself.
    pub housekeeping: Arc<dyn Housekeeping>,
    /// Third parties that are told of messages.
    pub webhooks: Option<Arc<dyn Webhooks>>,
    /// Sends letters.
    pub mailer: Option<Arc<dyn Mailer>>,
}

/// The machine that an endpoint runs on.
#[derive(Clone)]
pub struct Machine {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Random bytes.
    pub entropy: Arc<dyn Entropy>,
    /// Sealing of secrets.
    pub sealer: Arc<dyn Sealer>,
}

/// Over what an endpoint reaches others.
#[derive(Clone, Default)]
pub struct Bearers {
    /// SIP.
    pub sip: Option<Arc<dyn SipSender>>,
    /// Looks at the ways to SIP addresses.
    pub surveyor: Option<Arc<dyn Surveyor>>,
    /// Who is asked for addresses that the registry does not have.
    pub look_ups: LookUps,
    /// Text message gateways, best first.
    pub gateways: Vec<Arc<dyn SmsGateway>>,
    /// Push services.
    pub push: Vec<Arc<dyn PushService>>,
    /// Peers.
    pub peers: Option<Arc<dyn Peers>>,
    /// Third parties that are told of messages.
    pub webhooks: Option<Arc<dyn Webhooks>>,
    /// A mail server.
    pub mailer: Option<Arc<dyn Mailer>>,
}

impl Parts {
    /// Parts over one store that plays all roles.
    pub fn over<S>(
        store: &Arc<S>,
        settings: Settings,
        home: Home,
        machine: Machine,
        bearers: Bearers,
    ) -> Self
    where
        S: Devices
            + Enrolments
            + Bindings
            + Subscriptions
            + DeviceLog
            + Actions
            + Pins
            + ActionQueue
            + ActionResults
            + Callbacks
            + Events
            + Backups
            + AuditTrail
            + SmsLedger
            + Operators
            + Tokens
            + Templates
            + Customers
            + Housekeeping
            + 'static,
    {
        Self {
            settings,
            ports: Ports {
                clock: machine.clock,
                entropy: machine.entropy,
                sealer: machine.sealer,
                devices: Arc::clone(store) as _,
                enrolments: Arc::clone(store) as _,
                device_log: Arc::clone(store) as _,
                actions: Arc::clone(store) as _,
                queue: Arc::clone(store) as _,
                results: Arc::clone(store) as _,
                callbacks: Arc::clone(store) as _,
                events: Arc::clone(store) as _,
                backups: Arc::clone(store) as _,
                texts: Arc::clone(store) as _,
                audit: Arc::clone(store) as _,
                sip: bearers.sip,
                surveyor: bearers.surveyor,
                look_ups: bearers.look_ups,
                gateways: bearers.gateways,
                push: bearers.push,
                peers: bearers.peers,
                home: Arc::new(home),
                arrivals: Arc::default(),
            },
            bindings: Arc::clone(store) as _,
            subscriptions: Arc::clone(store) as _,
            pins: Arc::clone(store) as _,
            operators: Arc::clone(store) as _,
            tokens: Arc::clone(store) as _,
            templates: Arc::clone(store) as _,
            customers: Arc::clone(store) as _,
            housekeeping: Arc::clone(store) as _,
            webhooks: bearers.webhooks,
            mailer: bearers.mailer,
        }
    }
}

/// An endpoint: its parts and what it remembers while it runs. Cheap to clone.
#[derive(Clone)]
pub struct Endpoint(Arc<Inner>);

struct Inner {
    parts: Parts,
    started_at: Timestamp,
    metrics: Metrics,
    nonces: NonceMemory,
    passwords: PasswordDesk,
    throttles: Throttles,
    reacher: Reacher,
    notifier: Arc<Notifier>,
    long_messages: Mutex<()>,
    stop: CancellationToken,
}

impl Endpoint {
    /// Puts an endpoint together.
    #[must_use]
    pub fn new(mut parts: Parts) -> Self {
        let started_at = parts.ports.clock.now();
        let link = parts.ports.sip.take();
        let notifier = Notifier::new(Arc::clone(&parts.subscriptions), link.clone());
        let notifier = Arc::new(notifier);
        parts.ports.sip = link.map(|link| {
            Arc::new(Subscribed {
                link,
                notifier: Arc::clone(&notifier),
                clock: Arc::clone(&parts.ports.clock),
                entropy: Arc::clone(&parts.ports.entropy),
            }) as _
        });
        Self(Arc::new(Inner {
            parts,
            started_at,
            metrics: Metrics::default(),
            nonces: NonceMemory::default(),
            passwords: PasswordDesk::default(),
            throttles: Throttles::default(),
            reacher: Reacher::default(),
            notifier,
            long_messages: Mutex::default(),
            stop: CancellationToken::new(),
        }))
    }

    /// What it was told about itself.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.parts.settings
    }

    /// What the flows are handed.
    #[must_use]
    pub fn ports(&self) -> &Ports {
        &self.0.parts.ports
    }

    /// All its parts.
    #[must_use]
    pub fn parts(&self) -> &Parts {
        &self.0.parts
    }

    /// Its name in the federation.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.parts.ports.home.name
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.parts.ports.clock.now()
    }

    pub(super) fn started_at(&self) -> Timestamp {
        self.0.started_at
    }

    pub(super) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    pub(super) fn nonces(&self) -> &NonceMemory {
        &self.0.nonces
    }

    pub(super) fn passwords(&self) -> &PasswordDesk {
        &self.0.passwords
    }

    pub(super) fn throttles(&self) -> &Throttles {
        &self.0.throttles
    }

    pub(super) fn reacher(&self) -> &Reacher {
        &self.0.reacher
    }

    pub(super) fn notifier(&self) -> &Notifier {
        &self.0.notifier
    }

    /// Held while a part of a phone's long message is taken.
    pub(super) fn long_messages(&self) -> &Mutex<()> {
        &self.0.long_messages
    }

    /// Cancelled when the endpoint stops: streams end, tasks finish.
    pub(super) fn stopping(&self) -> &CancellationToken {
        &self.0.stop
    }

    /// Random bytes.
    pub(super) fn random<const N: usize>(&self) -> Result<[u8; N], MachineError> {
        let mut bytes = [0; N];
        self.0.parts.ports.entropy.fill(&mut bytes)?;
        Ok(bytes)
    }

    /// A new short id.
    pub(super) fn new_id(&self) -> Result<ShortId, MachineError> {
        self.random().map(ShortId::from_random)
    }

    /// A new one-time code.
    pub(super) fn new_code(&self) -> Result<EnrolmentCode, MachineError> {
        self.random().map(EnrolmentCode::from_random)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({})", self.name())
    }
}
