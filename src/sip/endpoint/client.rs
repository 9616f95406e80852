use std::sync::Arc;
use std::time::Duration;

use super::exchange::Role;
use super::{Due, Endpoint, ExchangeId, RequestKey, Transmit, compose};
use crate::sip::method::Method;
use crate::sip::transaction::{Class, ClientInput, ClientInvite, ClientOther, Effect};
use crate::sip::transport::Hop;
use crate::sip::wire::Message;

/// Branch and method of the request (RFC 3261 §17.1.3).
pub(super) type ClientKey = Arc<str>;

/// One client transaction.
#[derive(Debug)]
pub(super) struct Client {
    machine: Machine,
    /// The request, from which CANCEL and ACK are made.
    pub(super) request: Message,
    bytes: Arc<[u8]>,
    pub(super) to: Hop,
    /// Who has to be at the other end of a connection.
    pub(super) name: Arc<str>,
    pub(super) exchange: ExchangeId,
    /// The connection that carried it.
    pub(super) carrier: Option<u64>,
    role: Role,
    /// The caller has gone: nothing is sent again, but answers are still understood.
    pub(super) muted: bool,
}

#[derive(Debug)]
enum Machine {
    Invite(ClientInvite),
    Other(ClientOther),
}

impl Machine {
    fn step(&mut self, input: ClientInput) -> Vec<Effect> {
        match self {
            Self::Invite(machine) => machine.step(input),
            Self::Other(machine) => machine.step(input),
        }
    }
}

impl Client {
    /// Whether it is an INVITE.
    pub(super) fn is_invite(&self) -> bool {
        matches!(self.machine, Machine::Invite(_))
    }

    /// Whether it is an INVITE that may be cancelled now.
    pub(super) fn can_be_cancelled(&self) -> bool {
        matches!(&self.machine, Machine::Invite(machine) if machine.is_proceeding())
    }
}

fn key_of(message: &Message) -> Option<ClientKey> {
    let via = message.top_via()?;
    let method = message.cseq()?.method;
    Some(format!("{} {method}", via.branch()?).into())
}

impl Endpoint {
    /// Sends a request in a transaction of its own.
    pub(super) fn begin_client(
        &mut self,
        now: Duration,
        exchange: ExchangeId,
        role: Role,
        request: Message,
        to: (Hop, Arc<str>),
    ) -> Option<ClientKey> {
        let key = key_of(&request)?;
        let (to, name) = to;
        let reliable = to.transport.is_reliable();
        let machine = if request.method() == Some(Method::INVITE) {
            Machine::Invite(ClientInvite::new(self.timers, reliable))
        } else {
            Machine::Other(ClientOther::new(self.timers, reliable))
        };
        let client = Client {
            machine,
            bytes: request.to_bytes().into(),
            request,
            to,
            name,
            exchange,
            carrier: None,
            role,
            muted: false,
        };
        self.clients.insert(key.clone(), client);
        if let Some(exchange) = self.exchanges.get_mut(&exchange) {
            exchange.live += 1;
        }
        self.step_client(now, &key, ClientInput::Begin, None);
        Some(key)
    }

    pub(super) fn receive_response(&mut self, now: Duration, source: Hop, message: &Message) {
        // A response with several Vias was not meant for us (RFC 3261 §8.1.3.3).
        let key = key_of(message).filter(|_| message.list("Via").len() == 1);
        let Some((key, client)) = key.and_then(|k| self.clients.get(&k).map(|c| (k, c))) else {
            self.discarded += 1;
            return;
        };
        let (id, left) = (client.exchange, self.is_left(&key));
        if let Some(exchange) = self.exchanges.get_mut(&id) {
            exchange.note_received(now, source, message);
            exchange.heard |= !left;
        }
        let class = Class::of(message.code().unwrap_or(100));
        self.step_client(now, &key, ClientInput::Answer(class), Some(message));
    }

    /// Steps a machine and does what it says.
    pub(super) fn step_client(
        &mut self,
        now: Duration,
        key: &ClientKey,
        input: ClientInput,
        message: Option<&Message>,
    ) {
        let left = self.is_left(key);
        let Some(client) = self.clients.get_mut(key) else {
            return;
        };
        let (id, role) = (client.exchange, client.role);
        for effect in client.machine.step(input) {
            match effect {
                Effect::Send | Effect::Repeat => self.transmit_client(now, key, effect),
                Effect::Start(timer, pause) => {
                    self.queue.add(now + pause, Due::Client(key.clone(), timer));
                }
                Effect::Acknowledge => self.acknowledge_refusal(now, key, message),
                Effect::Deliver => match message {
                    Some(message) if left => self.answered_where_left(now, key, message),
                    Some(message) => self.answered(now, id, role, key, message),
                    None => {}
                },
                Effect::TimedOut | Effect::Failed if left => {}
                Effect::TimedOut => self.unanswered(now, id, role, key),
                Effect::Failed => self.refused_by_network(now, id, role, key),
                Effect::End => self.forget_client(key),
            }
        }
    }

    /// Whether it is a request at a place that its exchange has left, or one that was sent again with an answer to a
    /// challenge.
    fn is_left(&self, key: &ClientKey) -> bool {
        let client = self.clients.get(key).filter(|c| c.role == Role::Main);
        let exchange = client.and_then(|c| self.exchanges.get(&c.exchange));
        let main = exchange.and_then(|e| e.main.as_ref());
        main.is_some_and(|main| main != key)
    }

    /// Whether a request with this branch and method was sent.
    pub(super) fn is_under_way(&self, request: &Message) -> bool {
        key_of(request).is_some_and(|key| self.clients.contains_key(&key))
    }

    /// Drops a transaction, and its exchange when that is over.
    pub(super) fn forget_client(&mut self, key: &ClientKey) {
        let Some(client) = self.clients.remove(key) else {
            return;
        };
        self.not_carried(key, client.carrier);
        if let Some(exchange) = self.exchanges.get_mut(&client.exchange) {
            exchange.live = exchange.live.saturating_sub(1);
            if exchange.is_over() {
                self.exchanges.remove(&client.exchange);
            }
        }
    }

    fn transmit_client(&mut self, now: Duration, key: &ClientKey, effect: Effect) {
        let Some(client) = self.clients.get(key) else {
            return;
        };
        let again = effect == Effect::Repeat;
        if client.muted && again {
            return;
        }
        if let Some(exchange) = self.exchanges.get_mut(&client.exchange) {
            exchange.note_sent(now, client.to, &client.request.first_line(), again);
            exchange.capture(|| client.bytes.clone());
        }
        self.transmits.push_back(Transmit {
            to: client.to,
            name: Some(client.name.clone()),
            otherwise: None,
            request: Some(RequestKey(key.clone())),
            bytes: client.bytes.clone(),
        });
    }

    /// ACK of a refusal: same branch, To with the tag of the answer (RFC 3261 §17.1.1.3).
    fn acknowledge_refusal(&mut self, now: Duration, key: &ClientKey, answer: Option<&Message>) {
        let (Some(client), Some(answer)) = (self.clients.get(key), answer) else {
            return;
        };
        let ack = compose::within_transaction(&client.request, Method::ACK, answer.header("To"));
        if let Some(exchange) = self.exchanges.get_mut(&client.exchange) {
            exchange.note_sent(now, client.to, &ack.first_line(), false);
        }
        self.transmits.push_back(Transmit {
            to: client.to,
            name: Some(client.name.clone()),
            otherwise: None,
            request: None,
            bytes: ack.to_bytes().into(),
        });
    }
}
