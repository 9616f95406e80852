use std::collections::HashMap;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{LinkOptions, default_reply};
use crate::port::SipHandler;
use crate::sip::endpoint::{Endpoint, Event, ExchangeId, ServerKey, Transmit};
use crate::sip::{InboundRequest, OutboundRequest, Patience, Reply, SipReport};

/// A request that a caller wants sent.
pub(super) struct Command {
    pub(super) request: Box<OutboundRequest>,
    pub(super) to: SocketAddr,
    pub(super) local: SocketAddr,
    pub(super) patience: Patience,
    pub(super) done: oneshot::Sender<SipReport>,
}

/// What a handler decided.
type Answer = (ServerKey, Reply);

/// Requests that handlers work on at once; above that, 503.
const AT_WORK: usize = 4096;
/// Datagrams taken in one go before timers and callers get their turn.
const BATCH: usize = 128;
/// No UDP datagram is longer.
const LONGEST: usize = 65_536;

/// The task that owns socket and endpoint.
pub(super) struct Driver {
    endpoint: Endpoint,
    socket: UdpSocket,
    local: SocketAddr,
    only: Option<SocketAddr>,
    handler: Option<Arc<dyn SipHandler>>,
    inbox: mpsc::Receiver<Command>,
    answer: mpsc::UnboundedSender<Answer>,
    answers: mpsc::UnboundedReceiver<Answer>,
    waiting: HashMap<ExchangeId, oneshot::Sender<SipReport>>,
    handlers: TaskTracker,
    stop: CancellationToken,
    start: Instant,
}

impl Driver {
    pub(super) fn new(
        endpoint: Endpoint,
        socket: UdpSocket,
        local: SocketAddr,
        options: &LinkOptions,
        inbox: mpsc::Receiver<Command>,
        stop: CancellationToken,
    ) -> Self {
        let (answer, answers) = mpsc::unbounded_channel();
        Self {
            endpoint,
            socket,
            local,
            only: options.only,
            handler: options.handler.clone(),
            inbox,
            // Bounded by AT_WORK: each handler answers once.
            answer,
            answers,
            waiting: HashMap::new(),
            handlers: TaskTracker::new(),
            stop,
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
                            self.receive(&mut buffer);
                        }
                    }
                    Err(error) => tracing::warn!(%error, "the SIP socket cannot be read"),
                },
                Some(command) = self.inbox.recv(), if !stopping => self.begin(command),
            }
            self.handle_events();
            self.transmit().await;
        }
    }

    fn begin(&mut self, command: Command) {
        let now = self.now();
        let Command {
            request,
            to,
            local,
            patience,
            done,
        } = command;
        let id = self.endpoint.send(now, *request, to, local, patience);
        self.waiting.insert(id, done);
    }

    fn receive(&mut self, buffer: &mut [u8]) {
        for _ in 0..BATCH {
            match self.socket.try_recv_from(buffer) {
                Ok((length, source)) => {
                    let now = self.now();
                    self.endpoint
                        .receive(now, source, self.local, &buffer[..length]);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) => {
                    self.network_said(self.only, &error);
                    return;
                }
            }
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

    /// An ICMP error came back, or a datagram could not leave.
    fn network_said(&mut self, to: Option<SocketAddr>, error: &io::Error) {
        let Some(to) = to else {
            tracing::debug!(%error, "the network refused a SIP datagram");
            return;
        };
        let detail = match error.kind() {
            io::ErrorKind::ConnectionRefused => format!("nobody listens on udp {to}"),
            io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
                format!("no route to {to}")
            }
            _ => format!("the network refused what was sent to {to}: {error}"),
        };
        let now = self.now();
        self.endpoint.transport_failed(now, to, &detail);
    }

    async fn transmit(&mut self) {
        while let Some(Transmit { to, bytes }) = self.endpoint.next_transmit() {
            let sent = match self.only {
                // A connected socket reports the peer's refusals only for plain sends.
                Some(only) if only == to => self.socket.send(&bytes).await,
                _ => self.socket.send_to(&bytes, to).await,
            };
            if let Err(error) = sent {
                self.network_said(Some(to), &error);
                self.handle_events();
            }
        }
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
        self.handlers.spawn(async move {
            let reply = handler.handle(*request).await;
            // The driver is gone only after the link was closed.
            let _closed = answer.send((key, reply));
        });
    }
}
