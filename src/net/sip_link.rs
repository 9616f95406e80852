//! SIP over UDP: drives `sip::endpoint` on one socket.
//!
//! One task owns the endpoint and the socket; callers and handlers talk to it through
//! channels, so there is no lock. One link serves a single command as well as a server
//! or ten thousand simulated devices: inbound requests go to one handler, which tells
//! devices apart by the user of the request URI.

mod driver;
mod once;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::driver::{Command, Driver};
pub use self::once::{OnceError, Preview, preview, request_once};
use super::dns::{ResolveError, resolve};
use crate::port::{BearerError, SipHandler, SipSender};
use crate::sip::endpoint::Endpoint;
use crate::sip::{
    IdSource, OutboundRequest, Patience, Reply, SipOutcome, SipReport, Target, Timers,
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
    #[error("cannot listen for SIP on udp {address}: {source}")]
    Bind {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

/// A UDP socket that speaks SIP. Clones share it; it ends with [`SipLink::close`] or the last clone.
#[derive(Clone)]
pub struct SipLink {
    shared: Arc<Shared>,
}

struct Shared {
    commands: mpsc::Sender<Command>,
    local: SocketAddr,
    buffers: (usize, usize),
    /// Which of our addresses faces which peer, when the socket is bound to all.
    facing: Mutex<HashMap<IpAddr, IpAddr>>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Requests that wait for the driver; more than this make callers wait.
const COMMANDS: usize = 1024;
/// How long `close` waits for handlers that are still at work.
const GRACE: Duration = Duration::from_secs(2);

fn open_socket(options: &LinkOptions) -> std::io::Result<(UdpSocket, (usize, usize))> {
    let domain = Domain::for_address(options.bind);
    let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
    // Less than asked for is no error: what the system gave is read back and shown.
    let _refused = socket.set_recv_buffer_size(options.buffer_bytes).is_err();
    let _refused = socket.set_send_buffer_size(options.buffer_bytes).is_err();
    let buffers = (socket.recv_buffer_size()?, socket.send_buffer_size()?);
    socket.set_nonblocking(true)?;
    socket.bind(&options.bind.into())?;
    if let Some(only) = options.only {
        socket.connect(&only.into())?;
    }
    Ok((UdpSocket::from_std(socket.into())?, buffers))
}

impl SipLink {
    /// Binds the socket and starts the driver on the current runtime.
    ///
    /// # Errors
    /// [`LinkError::Bind`].
    pub fn open(options: LinkOptions) -> Result<Self, LinkError> {
        let bind_error = |source| LinkError::Bind {
            address: options.bind,
            source,
        };
        let (socket, buffers) = open_socket(&options).map_err(bind_error)?;
        let local = socket.local_addr().map_err(bind_error)?;
        let (commands, inbox) = mpsc::channel(COMMANDS);
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let endpoint = Endpoint::new(options.timers, IdSource::from_random(options.seed));
        let driver = Driver::new(endpoint, socket, local, &options, inbox, stop.clone());
        tasks.spawn(driver.run());
        Ok(Self {
            shared: Arc::new(Shared {
                commands,
                local,
                buffers,
                facing: Mutex::default(),
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
        if !local.ip().is_unspecified() {
            return Ok(local);
        }
        let known = {
            let facing = self.shared.facing.lock();
            let facing = facing.unwrap_or_else(PoisonError::into_inner);
            facing.get(&peer.ip()).copied()
        };
        let ip = match known {
            Some(ip) => ip,
            None => {
                // Connecting a UDP socket sends nothing: it only asks for the route.
                let probe = UdpSocket::bind(SocketAddr::new(local.ip(), 0)).await?;
                probe.connect(peer).await?;
                let ip = probe.local_addr()?.ip();
                let facing = self.shared.facing.lock();
                let mut facing = facing.unwrap_or_else(PoisonError::into_inner);
                facing.insert(peer.ip(), ip);
                ip
            }
        };
        Ok(SocketAddr::new(ip, local.port()))
    }

    /// Sends a request, answers challenges and waits for its outcome.
    ///
    /// # Errors
    /// [`BearerError::Unusable`] for transports other than UDP and when the link is closed;
    /// everything that the network or the peer says is in the report.
    pub async fn request(
        &self,
        request: OutboundRequest,
        patience: Patience,
    ) -> Result<SipReport, BearerError> {
        let hop = request.next_hop();
        let transport = hop.params().value("transport").unwrap_or("udp");
        if hop.is_secure() || !transport.eq_ignore_ascii_case("udp") {
            return Err(BearerError::Unusable(format!(
                "{hop} asks for another transport than UDP, which this version cannot do yet"
            )));
        }
        let failed = |error: String| {
            let outcome = SipOutcome::TransportError { detail: error };
            Ok(SipReport::new(outcome, Duration::ZERO))
        };
        let to = match self.next_address(&request).await {
            Ok(to) => to,
            Err(error) => return failed(error.to_string()),
        };
        let local = match self.address_towards(to).await {
            Ok(local) => local,
            Err(error) => return failed(format!("no route to {to}: {error}")),
        };
        let (done, outcome) = oneshot::channel();
        let command = Command {
            request: Box::new(request),
            to,
            local,
            patience,
            done,
        };
        let closed = || BearerError::Unusable("the SIP socket is closed".to_owned());
        self.shared
            .commands
            .send(command)
            .await
            .map_err(|_| closed())?;
        outcome.await.map_err(|_| closed())
    }

    async fn next_address(&self, request: &OutboundRequest) -> Result<SocketAddr, ResolveError> {
        match request.target {
            Target::Address(address) => Ok(address),
            Target::ByUri => resolve(request.next_hop(), self.shared.local).await,
        }
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

/// What a link without handler answers: it is alive, and that is all.
fn default_reply(method: &str) -> Reply {
    let reply = match method {
        "OPTIONS" => Reply::ok(),
        "BYE" => Reply::new(481),
        _ => Reply::new(405),
    };
    reply.with_header("Allow", "OPTIONS")
}
