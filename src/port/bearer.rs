use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::api::{
    ActionRequest, ActionView, CallbackRequest, CallbackView, Device, Event, PeerStatus, PinView,
};
use crate::domain::{Imei, Msisdn, ShortId};
use crate::sip::{Hop, InboundRequest, OutboundRequest, Reply, SipReport, SipUri, Transport};
use crate::sms::SendOptions;

/// Why a bearer could not be used at all. What the other side answered is no error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BearerError {
    /// The other side was not heard or could not be connected to.
    #[error("no answer from {0}")]
    Unreachable(String),
    /// It refused: wrong password, blocked number, text too long.
    #[error("refused by {target}: {reason}")]
    Refused {
        /// Who.
        target: String,
        /// Its words.
        reason: String,
    },
    /// It was sent, and nothing says whether it was taken: sending it again elsewhere could double it.
    #[error("sent to {target}, and it is not known whether it has it: {reason}")]
    Uncertain {
        /// Whom.
        target: String,
        /// What happened.
        reason: String,
    },
    /// The request makes no sense for this bearer, as a target without an address.
    #[error("{0}")]
    Unusable(String),
}

/// Sends SIP requests from this machine's socket.
#[async_trait]
pub trait SipSender: Send + Sync {
    /// Sends a request to where its route set or request URI points, answers challenges, waits for the outcome at most
    /// `timeout`, and tells every message that crossed.
    ///
    /// # Errors
    /// [`BearerError::Unusable`] when there is no address to send to; silence and refusal are outcomes in the report.
    async fn send(
        &self,
        request: OutboundRequest,
        timeout: Duration,
    ) -> Result<SipReport, BearerError>;
}

/// The SIP socket of devices: it also knows where they are.
#[async_trait]
pub trait SipPlace: SipSender {
    /// Whether the address may change while the socket is open.
    fn moves(&self) -> bool;

    /// Our address towards a hop, asked of the system anew; `None` when nothing leads there. Connections from an
    /// address that is not ours any more are given up.
    async fn faced_by(&self, hop: &SipUri) -> Option<SocketAddr>;

    /// How many connections that we had opened were lost so far; waits until it is more than `known`.
    async fn lost_since(&self, known: u64) -> u64;
}

/// Whole SIP messages in and out, for a proxy that keeps no transactions.
#[async_trait]
pub trait SipWire: Send + Sync {
    /// Where it listens for a transport, if it does.
    fn address(&self, transport: Transport) -> Option<SocketAddr>;

    /// The next message, and from where it came; `None` once it is closed.
    async fn next(&self) -> Option<(Hop, Vec<u8>)>;

    /// Hands a message to the network. Over a connection it goes on the one that is there; with a `name`, which the
    /// other end then has to prove over TLS, one is opened where there is none.
    ///
    /// # Errors
    /// [`BearerError::Unreachable`] when it cannot go out.
    async fn send(&self, to: Hop, name: Option<&str>, octets: Vec<u8>) -> Result<(), BearerError>;

    /// Closes sockets and connections.
    async fn close(&self);
}

/// Answers SIP requests that come in: the registrar of a server, the phones of a simulation.
#[async_trait]
pub trait SipHandler: Send + Sync {
    /// Decides the final answer to one request. Repeated copies never come here, nor do ACK and CANCEL.
    async fn handle(&self, request: InboundRequest) -> Reply;
}

/// A text message to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboundSms {
    /// Where to.
    pub to: Msisdn,
    /// What.
    pub text: String,
    /// Our id of it, for receipts.
    pub reference: ShortId,
    /// How.
    pub options: SendOptions,
}

impl OutboundSms {
    /// An ordinary text.
    #[must_use]
    pub fn text(to: Msisdn, text: impl Into<String>, reference: ShortId) -> Self {
        Self {
            to,
            text: text.into(),
            reference,
            options: SendOptions::default(),
        }
    }
}

/// How a gateway is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GatewayHealth {
    /// Whether it could take a message now.
    pub ready: bool,
    /// In words, as in `bound as transceiver since 3 h` or `answers in 12 ms`.
    pub detail: String,
}

/// What a gateway said when it took a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmsAccepted {
    /// Its words.
    pub answer: String,
    /// Its id of the message.
    pub reference: Option<String>,
}

/// Sends text messages.
#[async_trait]
pub trait SmsGateway: Send + Sync {
    /// The name under which it was configured.
    fn name(&self) -> &str;

    /// How well it fits a number: the length of the longest of its prefixes that the number has, 0 when it serves
    /// all numbers; `None` when it does not serve this one.
    fn fit(&self, _to: &Msisdn) -> Option<usize> {
        Some(0)
    }

    /// Hands a message to the gateway.
    ///
    /// # Errors
    /// [`BearerError`]; nothing was sent but for [`BearerError::Uncertain`].
    async fn send(&self, sms: OutboundSms) -> Result<SmsAccepted, BearerError>;

    /// How and where it is spoken to, in words without secrets, and the prefixes of numbers that it serves.
    fn describe(&self) -> (String, Vec<String>) {
        (String::new(), Vec::new())
    }

    /// Asks the other side whether it is there; no message is sent.
    ///
    /// # Errors
    /// [`BearerError`] when it is not.
    async fn check(&self) -> Result<GatewayHealth, BearerError> {
        Err(BearerError::Unusable(format!(
            "{} cannot be asked",
            self.name()
        )))
    }
}

/// The gateways that serve a number, best first: those with the longest fitting prefix, else in their order.
#[must_use]
pub fn routes(gateways: &[Arc<dyn SmsGateway>], to: &Msisdn) -> Vec<Arc<dyn SmsGateway>> {
    let mut fitting: Vec<_> = gateways
        .iter()
        .filter_map(|gateway| Some((gateway.fit(to)?, Arc::clone(gateway))))
        .collect();
    fitting.sort_by_key(|(fit, _)| std::cmp::Reverse(*fit));
    fitting.into_iter().map(|(_, gateway)| gateway).collect()
}

/// Why a peer did not serve.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeerError {
    /// It was not heard in time or could not be connected to.
    #[error("{0}")]
    Silent(String),
    /// It refused, or could not be authenticated, or its answer made no sense.
    #[error("{0}")]
    Refused(String),
    /// It answered with a problem that is the asking operator's to know.
    #[error(transparent)]
    Problem(#[from] Box<crate::api::Problem>),
}

/// An action for a device that a peer holds, with who asks.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RemoteAction {
    /// The action; `device` is the peer's registry id, `server` the peer's name.
    pub request: ActionRequest,
    /// The operator at the asking server.
    pub operator: String,
    /// Idempotency key.
    pub key: String,
}

/// A callback of a device that a peer holds, with who asks.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RemoteCallback {
    /// The request; `device` is the peer's registry id.
    pub request: CallbackRequest,
    /// The operator at the asking server.
    pub operator: String,
    /// Idempotency key.
    pub key: String,
}

/// A look at the PINs of a device that a peer holds, with who looks.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RemotePins {
    /// The peer's registry id of the device.
    pub device: ShortId,
    /// The operator at the asking server.
    pub operator: String,
    /// Why.
    pub reason: Option<String>,
    /// Ticket in the helpdesk's system.
    pub ticket: Option<String>,
}

/// The other servers of the federation (mutual TLS, signed requests).
#[async_trait]
pub trait Peers: Send + Sync {
    /// The configured peers.
    fn peers(&self) -> Vec<PeerStatus>;

    /// Asks one peer whether it holds the device.
    async fn find(
        &self,
        peer: &str,
        imei: Imei,
        deadline: Duration,
    ) -> Result<Option<Device>, PeerError>;

    /// Has a peer act on a device that it holds, after authenticating each other afresh.
    async fn act(&self, peer: &str, action: RemoteAction) -> Result<ActionView, PeerError>;

    /// How an action at a peer goes on.
    async fn action(&self, peer: &str, id: ShortId) -> Result<ActionView, PeerError>;

    /// Has a peer ask a device that it holds to call, after authenticating each other afresh.
    async fn call(&self, peer: &str, callback: RemoteCallback) -> Result<CallbackView, PeerError>;

    /// Has a peer reveal the PINs of the locks that this server asked it for, after authenticating each other afresh.
    async fn pins(&self, peer: &str, look: RemotePins) -> Result<Vec<PinView>, PeerError>;

    /// How a callback at a peer goes on.
    async fn callback(&self, peer: &str, id: ShortId) -> Result<CallbackView, PeerError>;
}

/// Asks after the health of an application server.
#[async_trait]
pub trait HealthCheck: Send + Sync {
    /// Asks once.
    ///
    /// # Errors
    /// Why it counts as ill, in words.
    async fn check(&self) -> Result<(), String>;
}

/// Tells third parties (requirement C13), in the form of Standard Webhooks.
#[async_trait]
pub trait Webhooks: Send + Sync {
    /// How many addresses are configured.
    fn targets(&self) -> usize;

    /// Delivers one event to one of the addresses, if it wants its kind; retries are the implementation's.
    ///
    /// # Errors
    /// [`BearerError`] when the address did not take it after all retries.
    async fn deliver(&self, target: usize, event: &Event) -> Result<(), BearerError>;
}
