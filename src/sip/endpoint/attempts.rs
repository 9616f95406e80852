use std::net::SocketAddr;
use std::time::Duration;

use super::client::ClientKey;
use super::exchange::{Exchange, Role};
use super::{Due, Endpoint, ExchangeId, Wait, compose};
use crate::sip::locate::Located;
use crate::sip::method::Method;
use crate::sip::outcome::SipAttempt;
use crate::sip::transport::{Hop, Transport};
use crate::sip::wire::Message;

/// One place where a request may be tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The place.
    pub target: Located,
    /// Our address as it is seen from there.
    pub local: SocketAddr,
    /// Whether the other end may use the connection for its own requests (RFC 5923): we listen there and prove it.
    pub alias: bool,
    /// Over UDP: whether a large request may move to TCP (RFC 3261 §18.1.1).
    pub may_grow: bool,
    /// Only for when the network refused the attempt before it.
    pub fallback: bool,
}

impl Attempt {
    /// A try at `target` from our address `local`.
    #[must_use]
    pub fn new(target: Located, local: SocketAddr) -> Self {
        Self {
            target,
            local,
            alias: false,
            may_grow: true,
            fallback: false,
        }
    }

    /// A try at a UDP address that somebody named outright.
    #[must_use]
    pub fn udp(to: SocketAddr, local: SocketAddr) -> Self {
        Self::new(Located::given(Hop::udp(to), "given"), local)
    }
}

/// How a try failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failed {
    /// The network refused.
    ByNetwork,
    /// Nothing came back.
    Silent,
    /// 503: another server may do (RFC 3263 §4.3).
    Said503,
}

/// Larger requests do not go over UDP where the path's MTU is not known (RFC 3261 §18.1.1).
const LARGE: usize = 1300;
/// No place of several is given less.
const LEAST_SHARE: Duration = Duration::from_secs(2);

impl Exchange {
    /// Makes the present place, which is UDP, a TCP one when the request is too large; UDP stays for when TCP is refused.
    pub(super) fn move_to_tcp(&mut self, size: usize) -> bool {
        let target = &self.attempt.target;
        if target.transport != Transport::Udp || !self.attempt.may_grow || size <= LARGE {
            return false;
        }
        let mut tcp = self.attempt.clone();
        tcp.target.transport = Transport::Tcp;
        tcp.target.why = format!(
            "{}; {size} bytes are too many for a datagram, so TCP",
            target.why
        );
        let mut udp = std::mem::replace(&mut self.attempt, tcp);
        udp.may_grow = false;
        udp.fallback = true;
        udp.target.why = format!(
            "{}; TCP was refused, so a datagram after all",
            udp.target.why
        );
        self.others.push_front(udp);
        // Nothing was sent to the UDP one yet.
        self.tried.pop();
        true
    }

    pub(super) fn note_attempt(&mut self) {
        self.tried.push(SipAttempt::at(&self.attempt.target));
    }
}

impl Endpoint {
    /// Sends the request to the exchange's present place.
    pub(super) fn begin_attempt(&mut self, now: Duration, id: ExchangeId) {
        let Some(exchange) = self.exchanges.get_mut(&id) else {
            return;
        };
        exchange.heard = false;
        exchange.legs.clear();
        exchange.proofs.forget();
        exchange.note_attempt();
        self.send_main(now, id);
        let Some(exchange) = self.exchanges.get_mut(&id) else {
            return;
        };
        if !exchange.others.is_empty() {
            let left = (exchange.started + exchange.patience.answer).saturating_sub(now);
            let places = u32::try_from(exchange.others.len()).unwrap_or(u32::MAX - 1) + 1;
            let share = (left / places).max(LEAST_SHARE);
            let wait = Wait::Share(exchange.tried.len());
            self.queue.add(now + share, Due::Exchange(id, wait));
        }
    }

    /// Goes on to the next place, if there is one and somebody still waits.
    pub(super) fn try_next(
        &mut self,
        now: Duration,
        id: ExchangeId,
        why: &str,
        failed: Failed,
    ) -> bool {
        let Some(exchange) = self.exchanges.get_mut(&id) else {
            return false;
        };
        if exchange.is_given_up() {
            return false;
        }
        if failed != Failed::ByNetwork {
            exchange.others.retain(|other| !other.fallback);
        }
        let Some(next) = exchange.others.pop_front() else {
            return false;
        };
        if let Some(last) = exchange.tried.last_mut() {
            last.failed = Some(why.to_owned());
        }
        exchange.attempt = next;
        self.begin_attempt(now, id);
        true
    }

    /// A silent place had its share of the caller's patience: the next one gets its own.
    pub(super) fn share_is_over(&mut self, now: Duration, id: ExchangeId, tried: usize) {
        let Some(exchange) = self.exchanges.get_mut(&id) else {
            return;
        };
        if exchange.heard || exchange.tried.len() != tried {
            return;
        }
        let silent = exchange.main.clone();
        if self.try_next(now, id, "no answer", Failed::Silent)
            && let Some(silent) = silent
        {
            self.leave(now, silent);
        }
    }

    /// Nobody waits for that place any more. An INVITE may ring there all the same: its answers are still understood.
    fn leave(&mut self, now: Duration, left: ClientKey) {
        match self.clients.get_mut(&left) {
            Some(client) if client.is_invite() => {
                client.muted = true;
                // As long as a final answer may take after a CANCEL (RFC 3261 §9.1).
                let forget = now + self.timers.patience();
                self.queue.add(forget, Due::Forget(left));
            }
            _ => self.forget_client(&left),
        }
    }

    /// An answer to an INVITE at a place that was left: whatever rings there is to stop.
    pub(super) fn answered_where_left(&mut self, now: Duration, key: &ClientKey, answer: &Message) {
        let Some(client) = self.clients.get(key).filter(|client| client.is_invite()) else {
            return;
        };
        let id = client.exchange;
        match answer.code().unwrap_or_default() {
            100..200 => {
                let to = (client.to, client.name.clone());
                let cancel = compose::within_transaction(&client.request, Method::CANCEL, None);
                // The CANCEL has the same branch: a further provisional answer finds it sent.
                if !self.is_under_way(&cancel) {
                    self.begin_client(now, id, Role::Cancel, cancel, to);
                }
            }
            200..300 => self.accepted(now, id, key, answer),
            _ => {}
        }
    }
}
