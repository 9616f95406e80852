//! Many transactions on one clock and no socket.
//!
//! Datagrams and requests go in with the time; what is to be sent ([`Transmit`]), what
//! happened ([`Event`]) and when to come back ([`Endpoint::next_timeout`]) come out.
//! Time is a `Duration` since any fixed moment.
//!
//! | file | holds |
//! |---|---|
//! | `client`, `server` | transactions of either side: keys, messages, effects of the machines |
//! | `exchange` | what one outbound request goes through: challenges, ringing, CANCEL, ACK, BYE, outcome |
//! | `compose` | the messages themselves |
//! | `timer_queue` | what is due when |

mod client;
mod compose;
mod exchange;
mod server;
mod timer_queue;

#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

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
use super::wire::{InvalidMessage, Message};

/// Names one outbound request from [`Endpoint::send`] to [`Event::Finished`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ExchangeId(u64);

/// Names one inbound request from [`Event::Request`] to [`Endpoint::reply`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServerKey(Arc<str>);

/// A datagram to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmit {
    /// Where to.
    pub to: SocketAddr,
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

/// What a timer is for.
#[derive(Debug)]
enum Due {
    Client(ClientKey, Timer),
    Server(ServerKey, Timer),
    Exchange(ExchangeId, Wait),
}

/// The waits of an exchange that are not transaction timers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wait {
    /// The caller's patience.
    Answer,
    /// The phone rings for a person.
    Ring,
    /// A cancelled INVITE never got its final answer (RFC 3261 §9.1).
    Forget,
}

/// Both sides of SIP at one socket; see the module's page.
#[derive(Debug)]
pub struct Endpoint {
    timers: Timers,
    ids: IdSource,
    queue: TimerQueue<Due>,
    clients: HashMap<ClientKey, Client>,
    servers: HashMap<ServerKey, Server>,
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
            servers: HashMap::new(),
            accepted: HashMap::new(),
            exchanges: HashMap::new(),
            last_exchange: 0,
            transmits: VecDeque::new(),
            events: VecDeque::new(),
            discarded: 0,
        }
    }

    /// Begins an outbound request to `to`, sent from our address `local`.
    pub fn send(
        &mut self,
        now: Duration,
        request: OutboundRequest,
        to: SocketAddr,
        local: SocketAddr,
        patience: Patience,
    ) -> ExchangeId {
        self.last_exchange += 1;
        let id = ExchangeId(self.last_exchange);
        let exchange = Exchange::new(now, request, to, local, patience, &mut self.ids);
        self.exchanges.insert(id, exchange);
        self.queue
            .add(now + patience.answer, Due::Exchange(id, Wait::Answer));
        self.send_main(now, id);
        id
    }

    /// Takes a datagram that came from `source` to our address `local`.
    ///
    /// Keep-alives are ignored, and what is no SIP message is only counted: an answer could be abused.
    pub fn receive(
        &mut self,
        now: Duration,
        source: SocketAddr,
        local: SocketAddr,
        datagram: &[u8],
    ) {
        match Message::parse(datagram) {
            Ok(message) if message.code().is_some() => {
                self.receive_response(now, source, &message);
            }
            Ok(message) => self.receive_request(now, source, local, message),
            Err(InvalidMessage::Empty) => {}
            Err(_) => self.discarded += 1,
        }
    }

    /// Takes note that the network refused what went to `to`.
    pub fn transport_failed(&mut self, now: Duration, to: SocketAddr, detail: &str) {
        let hit: Vec<ClientKey> = self
            .clients
            .iter()
            .filter(|(_, client)| client.to == to)
            .map(|(key, _)| key.clone())
            .collect();
        for key in hit {
            if let Some(exchange) = self
                .clients
                .get(&key)
                .and_then(|c| self.exchanges.get_mut(&c.exchange))
            {
                exchange.note_failure(detail);
            }
            self.step_client(now, &key, ClientInput::TransportFailed, None);
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
