use std::collections::HashMap;
use std::future::pending;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection::Heard;
use super::connections::{Connections, Sent, Told};
use super::default_reply;
use super::doors::{canonical, for_socket};
use crate::port::{SipHandler, task};
use crate::sip::endpoint::{Attempt, Endpoint, Event, ExchangeId, ServerKey, Transmit};
use crate::sip::{Hop, InboundRequest, OutboundRequest, Patience, Reply, SipReport, Transport};

/// What a driver is told to do.
pub(super) enum Command {
    /// Send a request.
    Send(Box<Sending>),
    /// Give up connections to `peer` from another address than `ours`.
    Leave { peer: IpAddr, ours: IpAddr },
}

/// A request that a caller wants sent.
pub(super) struct Sending {
    pub(super) request: OutboundRequest,
    pub(super) first: Attempt,
    pub(super) others: Vec<Attempt>,
    pub(super) patience: Patience,
    pub(super) done: oneshot::Sender<SipReport>,
}

/// What a handler decided.
type Answer = (ServerKey, Reply);

/// Requests that handlers work on at once; above that, 503.
const AT_WORK: usize = 4096;
/// Datagrams taken in one go before timers and callers get their turn.
const BATCH: usize = 128;
/// And octets: long datagrams take long to read.
const BATCH_OCTETS: usize = 128 * 1024;
/// No UDP datagram is longer.
const LONGEST: usize = 65_536;

/// The parts of a driver that its link makes.
pub(super) struct DriverParts {
    pub(super) endpoint: Endpoint,
    pub(super) socket: UdpSocket,
    pub(super) local: SocketAddr,
    pub(super) only: Option<SocketAddr>,
    pub(super) handler: Option<Arc<dyn SipHandler>>,
    pub(super) inbox: mpsc::Receiver<Command>,
    pub(super) connections: Connections,
    pub(super) heard: mpsc::Receiver<Heard>,
    pub(super) stop: CancellationToken,
}

/// The task that owns sockets and endpoint.
pub(super) struct Driver {
    endpoint: Endpoint,
    socket: UdpSocket,
    local: SocketAddr,
    only: Option<SocketAddr>,
    handler: Option<Arc<dyn SipHandler>>,
    inbox: mpsc::Receiver<Command>,
    connections: Connections,
    heard: mpsc::Receiver<Heard>,
    answer: mpsc::UnboundedSender<Answer>,
    answers: mpsc::UnboundedReceiver<Answer>,
    waiting: HashMap<ExchangeId, oneshot::Sender<SipReport>>,
    handlers: TaskTracker,
    stop: CancellationToken,
    start: Instant,
}

impl Driver {
    pub(super) fn new(parts: DriverParts) -> Self {
        let (answer, answers) = mpsc::unbounded_channel();
        Self {
            endpoint: parts.endpoint,
            socket: parts.socket,
            local: parts.local,
            only: parts.only,
            handler: parts.handler,
            inbox: parts.inbox,
            connections: parts.connections,
            heard: parts.heard,
            // Bounded by AT_WORK: each handler answers once.
            answer,
            answers,
            waiting: HashMap::new(),
            handlers: TaskTracker::new(),
            stop: parts.stop,
            start: Instant::now(),
        }
    }

    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// Runs until the link is closed; handlers at work get their answers out first.
    pub(super) async fn run(mut self) {
        let mut buffer = vec![0; LONGEST];
        let mut stopping = false;
        // More datagrams wait than were taken in one turn.
        let mut crowded = false;
        while !(stopping && self.handlers.is_empty() && self.answers.is_empty()) {
            let due = self.endpoint.next_timeout().map(|at| self.start + at);
            let timer = async {
                match due {
                    Some(at) => sleep_until(at).await,
                    None => pending().await,
                }
            };
            tokio::select! {
                biased;
                () = self.stop.cancelled(), if !stopping => {
                    stopping = true;
                    self.handlers.close();
                    self.waiting.clear();
                }
                Some((key, reply)) = self.answers.recv() => {
                    self.endpoint.reply(self.start.elapsed(), &key, &reply);
                }
                () = self.handlers.wait(), if stopping => {}
                () = timer => self.endpoint.handle_timeout(self.start.elapsed()),
                ready = self.socket.ready(Interest::READABLE | Interest::ERROR) => match ready {
                    Ok(ready) => {
                        if ready.is_error() {
                            self.notice_error();
                        }
                        if ready.is_readable() {
                            crowded = self.receive(&mut buffer);
                        }
                        // Datagrams may come without end: connections and callers have their turn all the same.
                        self.listen_to_some();
                        if !stopping {
                            self.begin_some();
                        }
                    }
                    Err(error) => tracing::warn!(%error, "the SIP socket cannot be read"),
                },
                Some(heard) = self.heard.recv() => {
                    self.listen(heard);
                    // What is there already is taken in the same turn.
                    self.listen_to_some();
                    if !stopping {
                        self.begin_some();
                    }
                }
                Some(command) = self.inbox.recv(), if !stopping => self.begin(command),
            }
            self.handle_events();
            self.transmit().await;
            if std::mem::take(&mut crowded) {
                // Whoever we have just woken runs on this thread, and not before we let it.
                tokio::task::yield_now().await;
            }
        }
    }

    fn listen_to_some(&mut self) {
        for _ in 0..BATCH {
            let Ok(heard) = self.heard.try_recv() else {
                return;
            };
            self.listen(heard);
        }
    }

    fn begin_some(&mut self) {
        for _ in 0..BATCH {
            let Ok(command) = self.inbox.try_recv() else {
                return;
            };
            self.begin(command);
        }
    }

    fn begin(&mut self, command: Command) {
        let now = self.now();
        let Sending {
            request,
            first,
            others,
            patience,
            done,
        } = match command {
            Command::Send(sending) => *sending,
            Command::Leave { peer, ours } => {
                for id in self.connections.leave(peer, ours) {
                    let detail = "this machine has another address now";
                    self.endpoint.connection_lost(now, id, detail);
                }
                return;
            }
        };
        let id = self.endpoint.send(now, request, first, others, patience);
        self.waiting.insert(id, done);
    }

    /// Takes the datagrams that are there; whether there may be more.
    fn receive(&mut self, buffer: &mut [u8]) -> bool {
        let mut octets = 0;
        for _ in 0..BATCH {
            if octets >= BATCH_OCTETS {
                return true;
            }
            match self.socket.try_recv_from(buffer) {
                Ok((length, source)) => {
                    octets += length;
                    let now = self.now();
                    let source = Hop::udp(canonical(source));
                    self.endpoint
                        .receive(now, source, self.local, &buffer[..length]);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
                Err(error) => {
                    self.network_said(self.only, &error);
                    return true;
                }
            }
        }
        true
    }

    /// A connection says something.
    fn listen(&mut self, heard: Heard) {
        let now = self.now();
        match self.connections.hear(heard) {
            Told::Message {
                source,
                local,
                octets,
            } => self.endpoint.receive(now, source, local, &octets),
            Told::Closed { id, detail } => self.endpoint.connection_lost(now, id, &detail),
            Told::Nothing => {}
        }
    }

    /// An ICMP error waits at the socket; taking it clears the readiness.
    fn notice_error(&mut self) {
        let waiting = self.socket.try_io(Interest::ERROR, || {
            let error = self.socket.take_error()?;
            error.ok_or_else(|| io::ErrorKind::WouldBlock.into())
        });
        if let Ok(error) = waiting {
            self.network_said(self.only, &error);
        }
    }

    /// An ICMP error came back: nothing gets to that address.
    fn network_said(&mut self, to: Option<SocketAddr>, error: &io::Error) {
        let Some(to) = to else {
            tracing::debug!(%error, "the network refused a SIP datagram");
            return;
        };
        let (now, detail) = (self.now(), refusal(to, error));
        self.endpoint.destination_failed(now, Hop::udp(to), &detail);
    }

    async fn transmit(&mut self) {
        while let Some(transmit) = self.endpoint.next_transmit() {
            if transmit.to.transport != Transport::Udp {
                self.transmit_over_a_connection(transmit);
                continue;
            }
            let Transmit {
                to, request, bytes, ..
            } = transmit;
            let address = for_socket(self.local, to.address);
            let sent = match self.only {
                // A connected socket reports the peer's refusals only for plain sends.
                Some(only) if only == to.address => self.socket.send(&bytes).await,
                Some(_) => {
                    // The next place of several: its refusals are to be told, too.
                    self.only = Some(to.address);
                    match self.socket.connect(address).await {
                        Ok(()) => self.socket.send(&bytes).await,
                        Err(error) => Err(error),
                    }
                }
                None => self.socket.send_to(&bytes, address).await,
            };
            if let Err(error) = sent {
                if is_of_destination(&error) {
                    self.network_said(Some(to.address), &error);
                } else if let Some(request) = request {
                    // Too long, say: others to the same place are none the worse for it.
                    let detail = refusal(to.address, &error);
                    self.endpoint
                        .refused(self.start.elapsed(), &request, &detail);
                }
                self.handle_events();
            }
        }
    }

    fn transmit_over_a_connection(&mut self, transmit: Transmit) {
        let now = self.now();
        let request = transmit.request.clone();
        let Sent { over, lost } = self.connections.send(transmit);
        match (over, request) {
            (Ok(id), Some(request)) => self.endpoint.carried(&request, id),
            (Err(detail), Some(request)) => self.endpoint.refused(now, &request, &detail),
            (_, None) => {}
        }
        if let Some((id, detail)) = lost {
            self.endpoint.connection_lost(now, id, &detail);
        }
        self.handle_events();
    }

    fn handle_events(&mut self) {
        while let Some(event) = self.endpoint.next_event() {
            match event {
                Event::Finished(id, report) => {
                    if let Some(done) = self.waiting.remove(&id) {
                        // A caller that left does not want it any more.
                        let _gone = done.send(*report);
                    }
                }
                Event::Request(key, request) => self.hand_over(key, request),
                Event::Cancelled(_) => {}
            }
        }
    }

    fn hand_over(&mut self, key: ServerKey, request: Box<InboundRequest>) {
        let now = self.now();
        let Some(handler) = self.handler.clone() else {
            let reply = default_reply(request.method().as_str());
            self.endpoint.reply(now, &key, &reply);
            return;
        };
        if self.handlers.len() >= AT_WORK || self.handlers.is_closed() {
            let reply = Reply::new(503).with_header("Retry-After", "5");
            self.endpoint.reply(now, &key, &reply);
            return;
        }
        let answer = self.answer.clone();
        self.handlers.spawn(task(async move {
            let reply = handler.handle(*request).await;
            // The driver is gone only after the link was closed.
            let _closed = answer.send((key, reply));
        }));
    }
}

/// Whether an error of one datagram says that none gets there.
fn is_of_destination(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
    )
}

/// Why a datagram does not get there, in words.
fn refusal(to: SocketAddr, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => format!("nobody listens on udp {to}"),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            format!("no route to {to}")
        }
        _ => format!("the network refused what was sent to {to}: {error}"),
    }
}
