//! Many transactions on one clock and no socket.
//!
//! Messages and requests go in with the time; what is to be sent ([`Transmit`]), what
//! happened ([`Event`]) and when to come back ([`Endpoint::next_timeout`]) come out.
//! Time is a `Duration` since any fixed moment.
//!
//! | file | holds |
//! |---|---|
//! | `client`, `server` | transactions of either side: keys, messages, effects of the machines |
//! | `exchange` | what one outbound request goes through: challenges, ringing, CANCEL, outcome |
//! | `legs` | the dialogs that an answered INVITE makes: ACK and BYE |
//! | `proofs` | what a request was asked to prove, and the answers |
//! | `carriers` | which connection carried which request, and what the network refuses |
//! | `attempts` | the places where a request is tried, one after the other |
//! | `compose` | the messages themselves |
//! | `timer_queue` | what is due when |

mod attempts;
mod carriers;
mod client;
mod compose;
mod exchange;
mod legs;
mod proofs;
mod server;
mod timer_queue;

#[cfg(test)]
mod attempts_tests;
#[cfg(test)]
mod dialog_tests;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

pub use self::attempts::Attempt;
use self::client::{Client, ClientKey};
use self::exchange::Exchange;
use self::server::Server;
use self::timer_queue::TimerQueue;
use super::id_source::IdSource;
use super::inbound::InboundRequest;
use super::outcome::SipReport;
use super::request::{OutboundRequest, Patience};
use super::timer::{Timer, Timers};
use super::transaction::{ClientInput, ServerInput};
use super::transport::{Hop, Transport};
use super::wire::{InvalidMessage, Message};

/// Names one outbound request from [`Endpoint::send`] to [`Event::Finished`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ExchangeId(u64);

/// Names one inbound request from [`Event::Request`] to [`Endpoint::reply`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServerKey(Arc<str>);

/// Names the request in a [`Transmit`], for [`Endpoint::carried`] and [`Endpoint::refused`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequestKey(ClientKey);

/// A message to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmit {
    /// Where to.
    pub to: Hop,
    /// Who has to be there: a connection may be opened to that name. Without one, only an open connection serves.
    pub name: Option<Arc<str>>,
    /// Where an answer goes when the connection that its request came over is gone, and who has to be there
    /// (RFC 3261 §18.2.2).
    pub otherwise: Option<(Hop, Arc<str>)>,
    /// The request that it is a copy of; none for answers and ACK.
    pub request: Option<RequestKey>,
    /// What.
    pub bytes: Arc<[u8]>,
}

/// Something that the user of the endpoint has to know.
#[derive(Debug)]
pub enum Event {
    /// An outbound request came to its end.
    Finished(ExchangeId, Box<SipReport>),
    /// A new request came in and wants one [`Endpoint::reply`].
    Request(ServerKey, Box<InboundRequest>),
    /// The caller took an INVITE back; it was answered 487 already.
    Cancelled(ServerKey),
}

/// A keep-alive that wants an answer (RFC 5626 §3.5.1).
pub const PING: &[u8] = b"\r\n\r\n";
/// Its answer, which is shorter: nobody is flooded by it.
const PONG: &[u8] = b"\r\n";

/// What a timer is for.
#[derive(Debug)]
enum Due {
    Client(ClientKey, Timer),
    Server(ServerKey, Timer),
    Exchange(ExchangeId, Wait),
    /// A transaction at a place that was left.
    Forget(ClientKey),
}

/// The waits of an exchange that are not transaction timers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wait {
    /// The caller's patience.
    Answer,
    /// The phone rings for a person.
    Ring,
    /// This place of several was given its share of the caller's patience.
    Share(usize),
    /// A forked INVITE was answered; further legs may be.
    Legs,
    /// A cancelled INVITE never got its final answer (RFC 3261 §9.1).
    Forget,
}

/// Both sides of SIP at one set of sockets; see the module's page.
#[derive(Debug)]
pub struct Endpoint {
    timers: Timers,
    ids: IdSource,
    queue: TimerQueue<Due>,
    clients: HashMap<ClientKey, Client>,
    /// Requests among them by the connection that carries them.
    carried: HashMap<u64, HashSet<ClientKey>>,
    servers: HashMap<ServerKey, Server>,
    /// INVITEs among them that came over UDP.
    invites: usize,
    /// Octets of their requests.
    kept: usize,
    /// INVITEs answered with 2xx, by dialog: their ACK has a branch of its own.
    accepted: HashMap<String, ServerKey>,
    exchanges: HashMap<ExchangeId, Exchange>,
    last_exchange: u64,
    transmits: VecDeque<Transmit>,
    events: VecDeque<Event>,
    discarded: u64,
}

impl Endpoint {
    /// An endpoint with nothing under way.
    #[must_use]
    pub fn new(timers: Timers, ids: IdSource) -> Self {
        Self {
            timers,
            ids,
            queue: TimerQueue::new(),
            clients: HashMap::new(),
            carried: HashMap::new(),
            servers: HashMap::new(),
            invites: 0,
            kept: 0,
            accepted: HashMap::new(),
            exchanges: HashMap::new(),
            last_exchange: 0,
            transmits: VecDeque::new(),
            events: VecDeque::new(),
            discarded: 0,
        }
    }

    /// Begins an outbound request, which is tried at `first` and, when that fails, at the others (RFC 3263 §4.3).
    pub fn send(
        &mut self,
        now: Duration,
        request: OutboundRequest,
        first: Attempt,
        others: Vec<Attempt>,
        patience: Patience,
    ) -> ExchangeId {
        self.last_exchange += 1;
        let id = ExchangeId(self.last_exchange);
        let exchange = Exchange::new(now, request, first, others, patience, &mut self.ids);
        self.exchanges.insert(id, exchange);
        self.queue
            .add(now + patience.answer, Due::Exchange(id, Wait::Answer));
        self.begin_attempt(now, id);
        id
    }

    /// Takes a message that came from `source` to our address `local`: a datagram, or what was cut out of a stream.
    ///
    /// A keep-alive is answered, so that a device behind NAT keeps its way and knows it. What is no SIP message is only counted: an answer could be abused.
    pub fn receive(&mut self, now: Duration, source: Hop, local: SocketAddr, datagram: &[u8]) {
        if datagram == PING {
            // Streams and WebSockets keep themselves alive below this floor.
            if source.transport == Transport::Udp {
                self.transmits.push_back(Transmit {
                    to: source,
                    name: None,
                    otherwise: None,
                    request: None,
                    bytes: Arc::from(PONG),
                });
            }
            return;
        }
        match Message::parse(datagram) {
            Ok(message) if message.code().is_some() => {
                self.receive_response(now, source, &message);
            }
            Ok(message) => self.receive_request(now, source, local, message, datagram.len()),
            Err(InvalidMessage::Empty) => {}
            Err(_) => self.discarded += 1,
        }
    }

    /// Runs every timer that is due at `now`.
    pub fn handle_timeout(&mut self, now: Duration) {
        while let Some(due) = self.queue.pop_due(now) {
            match due {
                Due::Client(key, timer) => {
                    self.step_client(now, &key, ClientInput::Timer(timer), None);
                }
                Due::Server(key, timer) => self.step_server(now, &key, ServerInput::Timer(timer)),
                Due::Exchange(id, wait) => self.waited(now, id, wait),
                Due::Forget(key) => self.forget_client(&key),
            }
        }
    }

    /// When [`Endpoint::handle_timeout`] is to be called next.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Duration> {
        self.queue.next_at()
    }

    /// The next datagram to send.
    pub fn next_transmit(&mut self) -> Option<Transmit> {
        self.transmits.pop_front()
    }

    /// The next thing that happened.
    pub fn next_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// How many datagrams were no SIP message, or an answer to nothing.
    #[must_use]
    pub fn discarded(&self) -> u64 {
        self.discarded
    }

    /// How many transactions are alive, both sides.
    #[must_use]
    pub fn transactions(&self) -> usize {
        self.clients.len() + self.servers.len()
    }
}
