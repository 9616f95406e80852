//! SIP over sockets: drives `sip::endpoint` over UDP, TCP, TLS and, as a client, WebSocket.
//!
//! One task owns the endpoint, the UDP socket and the list of connections; each connection
//! has a task of its own that cuts its stream into messages. Callers and handlers talk to
//! the driver through channels, so there is no lock. One link serves a single command as
//! well as a server or ten thousand simulated devices: inbound requests go to one handler,
//! which tells devices apart by the user of the request URI.
//!
//! | file | holds |
//! |---|---|
//! | `driver` | the task: sockets in, endpoint, sockets out |
//! | `sockets` | what a link and a pipe stand on: doors and connections |
//! | `doors` | the UDP socket and the listeners |
//! | `connections`, `connection` | which connection a message goes out on; one connection |
//! | `pipe` | the sockets without transactions, for a stateless proxy |
//! | `place` | where we are, as devices have to know |
//! | `redirect` | what a 3xx asks for (RFC 3261 §8.1.3.4) |
//! | `once` | one request from a socket of its own |

mod connection;
mod connections;
mod doors;
mod driver;
mod once;
mod pipe;
mod place;
mod redirect;
mod sockets;

#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::driver::{Command, Driver, DriverParts, Sending};
pub use self::once::{OnceError, Outlook, Preview, preview, request_once};
pub use self::pipe::SipPipe;
use self::redirect::Redirects;
use self::sockets::Sockets;
use super::dns::Resolver;
use super::tls::ClientTls;
use crate::port::{BearerError, SipHandler, SipSender, task};
use crate::sip::endpoint::{Attempt, Endpoint};
use crate::sip::{
    Hop, IdSource, LocateError, Located, OutboundRequest, Patience, Reply, SipOutcome, SipReport,
    Target, Timers, Transport,
};

/// How a link is opened.
#[derive(Clone)]
pub struct LinkOptions {
    /// Address to bind; port 0 lets the system choose.
    pub bind: SocketAddr,
    /// Talk to this address only. A closed port is then noticed at once instead of as silence.
    pub only: Option<SocketAddr>,
    /// Timers of the transactions.
    pub timers: Timers,
    /// 32 random bytes for branches and tags.
    pub seed: [u8; 32],
    /// Answers requests; without one they get 405, OPTIONS 200.
    pub handler: Option<Arc<dyn SipHandler>>,
    /// Socket buffer to ask for, each way, in bytes; the system may give less.
    pub buffer_bytes: usize,
    /// Whether TCP connections are taken, too, at the same port.
    pub streams: bool,
    /// How many connections others may have open at once; one address gets a part of them.
    pub guests: usize,
    /// Where TLS connections are taken, and with what certificate.
    pub tls_door: Option<(SocketAddr, Arc<rustls::ServerConfig>)>,
    /// Whom we trust when we connect by TLS.
    pub tls: ClientTls,
    /// Who finds names.
    pub resolver: Arc<Resolver>,
    /// After how long of our silence a connection that we opened gets a keep-alive (RFC 5626 §4.4.1).
    pub keep_alive: Duration,
}

impl LinkOptions {
    /// A link on `bind` with standard timers, no handler and 4 MiB of buffers.
    #[must_use]
    pub fn new(bind: SocketAddr, seed: [u8; 32]) -> Self {
        Self {
            bind,
            only: None,
            timers: Timers::default(),
            seed,
            handler: None,
            buffer_bytes: 4 << 20,
            streams: false,
            guests: GUESTS,
            tls_door: None,
            tls: ClientTls::system(),
            resolver: Arc::new(Resolver::system()),
            keep_alive: KEEP_ALIVE,
        }
    }

    /// Has this answer the requests that come in.
    #[must_use]
    pub fn with_handler(self, handler: Arc<dyn SipHandler>) -> Self {
        Self {
            handler: Some(handler),
            ..self
        }
    }
}

/// Why a link cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The address is taken or not ours.
    #[error("cannot listen for SIP on {transport} {address}: {source}")]
    Bind {
        /// UDP, TCP or TLS.
        transport: Transport,
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

/// Sockets that speak SIP. Clones share it; it ends with [`SipLink::close`] or the last clone.
#[derive(Clone)]
pub struct SipLink {
    shared: Arc<Shared>,
}

struct Shared {
    commands: mpsc::Sender<Command>,
    local: SocketAddr,
    tls_local: Option<SocketAddr>,
    alias: bool,
    buffers: (usize, usize),
    resolver: Arc<Resolver>,
    /// The numbers that the weights of SRV records want; nobody gains by guessing them.
    lots: AtomicU64,
    /// Which of our addresses faces which peer, when the socket is bound to all.
    facing: Mutex<HashMap<IpAddr, Facing>>,
    /// How many connections that we had opened were lost.
    lost: watch::Receiver<u64>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// One of our addresses, and when the system was asked for it.
#[derive(Clone, Copy)]
struct Facing {
    ours: IpAddr,
    at: Instant,
}

/// For how long the system's word is taken on which of our addresses faces a peer: addresses and routes change.
const FACING: Duration = Duration::from_secs(30);
/// Connections that others open, unless told otherwise.
const GUESTS: usize = 20_000;
/// Requests that wait for the driver; more than this make callers wait.
const COMMANDS: usize = 1024;
/// From one lot to the next.
const LOT: u64 = 0x9e37_79b9_7f4a_7c15;
/// Between keep-alives, unless told otherwise (RFC 5626 §4.4.1: 95 to 120 s).
const KEEP_ALIVE: Duration = Duration::from_secs(100);
/// How long `close` waits for handlers that are still at work.
const GRACE: Duration = Duration::from_secs(2);

impl SipLink {
    /// Binds the sockets and starts the driver on the current runtime.
    ///
    /// # Errors
    /// [`LinkError::Bind`].
    pub fn open(options: LinkOptions) -> Result<Self, LinkError> {
        let sockets = Sockets::open(&options)?;
        let (commands, inbox) = mpsc::channel(COMMANDS);
        let (stop, tasks) = (sockets.stop.clone(), sockets.tasks);
        let alias = options.tls.shows_certificate() && sockets.tls_local.is_some();
        let driver = Driver::new(DriverParts {
            endpoint: Endpoint::new(options.timers, IdSource::from_random(options.seed)),
            socket: sockets.udp,
            local: sockets.bound,
            only: options.only,
            handler: options.handler,
            inbox,
            connections: sockets.connections,
            heard: sockets.heard,
            stop: sockets.stop,
        });
        tasks.spawn(task(driver.run()));
        let lots = options.seed.iter().fold(1u64, |lots, byte| {
            lots.rotate_left(5) ^ u64::from(*byte).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        });
        Ok(Self {
            shared: Arc::new(Shared {
                commands,
                local: sockets.local,
                tls_local: sockets.tls_local,
                alias,
                buffers: sockets.buffers,
                resolver: options.resolver,
                lots: AtomicU64::new(lots),
                facing: Mutex::default(),
                lost: sockets.lost,
                stop,
                tasks,
            }),
        })
    }

    /// The address that was bound, with the port that the system chose.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.shared.local
    }

    /// The address at which TLS connections are taken, if they are.
    #[must_use]
    pub fn tls_addr(&self) -> Option<SocketAddr> {
        self.shared.tls_local
    }

    /// Receive and send buffer that the system gave, in bytes.
    #[must_use]
    pub fn buffer_bytes(&self) -> (usize, usize) {
        self.shared.buffers
    }

    /// Our address as `peer` sees it when nothing translates it: what Via and Contact say.
    ///
    /// # Errors
    /// What the system says when there is no route to `peer`.
    pub async fn address_towards(&self, peer: SocketAddr) -> std::io::Result<SocketAddr> {
        let local = self.shared.local;
        if !local.ip().is_unspecified() && local.is_ipv4() == peer.is_ipv4() {
            return Ok(local);
        }
        let known = {
            let facing = self.shared.facing.lock();
            let facing = facing.unwrap_or_else(PoisonError::into_inner);
            facing.get(&peer.ip()).copied()
        };
        let ip = match known {
            Some(known) if known.at.elapsed() < FACING => known.ours,
            _ => self.face(peer).await?,
        };
        Ok(SocketAddr::new(ip, local.port()))
    }

    /// Sends a request, answers challenges, goes where a 3xx points, and waits for the outcome.
    ///
    /// # Errors
    /// [`BearerError::Unusable`] for transports that we do not speak and when the link is closed;
    /// everything that the network or the peer says is in the report.
    pub async fn request(
        &self,
        request: OutboundRequest,
        patience: Patience,
    ) -> Result<SipReport, BearerError> {
        let places = match self.locate(&request).await {
            Ok(places) => places,
            Err(error) => return not_located(error),
        };
        self.request_at(request, places, patience).await
    }

    /// Sends a request to places that were found already.
    async fn request_at(
        &self,
        request: OutboundRequest,
        places: Vec<Located>,
        patience: Patience,
    ) -> Result<SipReport, BearerError> {
        let begun = Instant::now();
        let stays = request.stays;
        let mut redirects = Redirects::new(&request);
        let mut report = self.try_places(request, places, patience).await?;
        while !stays && let Some(next) = redirects.follow(&report) {
            let left = Patience {
                answer: patience.answer.saturating_sub(begun.elapsed()),
                ..patience
            };
            let offset = begun.elapsed();
            let further = match self.locate(&next).await {
                Ok(places) => self.try_places(next, places, left).await?,
                Err(error) => not_located(error)?,
            };
            report = redirect::joined(report, further, offset);
        }
        Ok(report)
    }

    async fn try_places(
        &self,
        request: OutboundRequest,
        places: Vec<Located>,
        patience: Patience,
    ) -> Result<SipReport, BearerError> {
        let mut attempts = match self.attempts(places).await {
            Ok(attempts) => attempts,
            Err(detail) => {
                let outcome = SipOutcome::TransportError { detail };
                return Ok(SipReport::new(outcome, Duration::ZERO));
            }
        };
        let first = attempts.remove(0);
        let (done, outcome) = oneshot::channel();
        let command = Command::Send(Box::new(Sending {
            request,
            first,
            others: attempts,
            patience,
            done,
        }));
        let closed = || BearerError::Unusable("the SIP socket is closed".to_owned());
        self.shared
            .commands
            .send(command)
            .await
            .map_err(|_| closed())?;
        outcome.await.map_err(|_| closed())
    }

    /// Where a request may go, best place first.
    ///
    /// # Errors
    /// [`LocateError`].
    pub async fn locate(&self, request: &OutboundRequest) -> Result<Vec<Located>, LocateError> {
        let lot = self.shared.lots.fetch_add(LOT, Ordering::Relaxed);
        locate(&self.shared.resolver, request, lot).await
    }

    /// The places with our addresses towards them, at least one.
    async fn attempts(&self, places: Vec<Located>) -> Result<Vec<Attempt>, String> {
        let (mut attempts, mut refusal) = (Vec::new(), String::new());
        for place in places {
            match self.attempt(place).await {
                Ok(attempt) => attempts.push(attempt),
                Err(error) => refusal = error,
            }
        }
        if attempts.is_empty() {
            return Err(refusal);
        }
        Ok(attempts)
    }

    /// A place with our address towards it.
    async fn attempt(&self, place: Located) -> Result<Attempt, String> {
        let (ours, to) = (self.shared.local, place.address);
        let both = ours.is_ipv6() && ours.ip().is_unspecified();
        if ours.is_ipv4() != to.is_ipv4() && !both && place.transport == Transport::Udp {
            let family = if ours.is_ipv4() { "IPv4" } else { "IPv6" };
            return Err(format!("{} has no {family} address", place.name));
        }
        let local = self.address_towards(to).await;
        let mut local = local.map_err(|error| format!("no route to {to}: {error}"))?;
        if let (true, Some(door)) = (place.transport.is_secure(), self.shared.tls_local) {
            local.set_port(door.port());
        }
        let alias = self.shared.alias && place.transport == Transport::Tls;
        Ok(Attempt {
            alias,
            ..Attempt::new(place, local)
        })
    }

    /// Stops taking messages, waits shortly for handlers at work, and ends the driver.
    pub async fn close(&self) {
        self.shared.stop.cancel();
        self.shared.tasks.close();
        // A handler that takes longer is abandoned: its answer has no socket any more.
        let _late = tokio::time::timeout(GRACE, self.shared.tasks.wait()).await;
    }
}

#[async_trait]
impl SipSender for SipLink {
    async fn send(
        &self,
        request: OutboundRequest,
        timeout: Duration,
    ) -> Result<SipReport, BearerError> {
        self.request(request, Patience::of(timeout)).await
    }
}

fn not_located(error: LocateError) -> Result<SipReport, BearerError> {
    match error {
        LocateError::Transport(error) => Err(BearerError::Unusable(error.to_string())),
        error => {
            let detail = error.to_string();
            let outcome = SipOutcome::TransportError { detail };
            Ok(SipReport::new(outcome, Duration::ZERO))
        }
    }
}

/// Where a request may go, best place first.
async fn locate(
    resolver: &Resolver,
    request: &OutboundRequest,
    lot: u64,
) -> Result<Vec<Located>, LocateError> {
    let hop = request.next_hop();
    let Target::Address(address) = request.target else {
        return resolver.locate(hop, lot).await;
    };
    let usual = if hop.is_secure() {
        Transport::Tls
    } else {
        Transport::Udp
    };
    let transport = Transport::asked_by(hop)?.unwrap_or(usual);
    Ok(vec![Located {
        name: hop.host().into(),
        ..Located::given(Hop::new(transport, address), "this address was given")
    }])
}

/// What a link without handler answers: it is alive, and that is all.
fn default_reply(method: &str) -> Reply {
    let reply = match method {
        "OPTIONS" => Reply::ok(),
        "BYE" => Reply::new(481),
        _ => Reply::new(405),
    };
    reply.with_header("Allow", "OPTIONS")
}
