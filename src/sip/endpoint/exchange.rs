use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::attempts::{Attempt, Failed};
use super::client::ClientKey;
use super::proofs::Proofs;
use super::{Due, Endpoint, Event, ExchangeId, Wait, compose};
use crate::sip::digest::challenges;
use crate::sip::id_source::IdSource;
use crate::sip::ladder::{Direction, LadderStep};
use crate::sip::method::Method;
use crate::sip::outcome::{SipAnswer, SipAttempt, SipOutcome, SipReport};
use crate::sip::request::{OutboundRequest, Patience};
use crate::sip::transport::Hop;
use crate::sip::wire::Message;

/// Which of an exchange's transactions speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The request itself.
    Main,
    /// The CANCEL of an INVITE.
    Cancel,
    /// The BYE after a 2xx.
    Bye,
}

/// How far taking back an INVITE has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cancel {
    No,
    /// As soon as a provisional answer allows it (RFC 3261 §9.1).
    Wanted,
    Sent,
}

/// One outbound request from its first copy to its outcome.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) request: OutboundRequest,
    /// Where it is tried now.
    pub(super) attempt: Attempt,
    /// Where it is tried next.
    pub(super) others: VecDeque<Attempt>,
    /// Where it was tried, the present place last.
    pub(super) tried: Vec<SipAttempt>,
    /// Whether anything came back from the present place.
    pub(super) heard: bool,
    pub(super) call_id: String,
    pub(super) from_tag: String,
    pub(super) cseq: u32,
    /// What was challenged.
    pub(super) proofs: Proofs,
    /// Transactions that are still known.
    pub(super) live: usize,
    pub(super) patience: Patience,
    pub(super) started: Duration,
    pub(super) main: Option<ClientKey>,
    ringing: bool,
    cancel: Cancel,
    /// To tags of the legs that a forked INVITE rings at.
    pub(super) legs: HashSet<String>,
    /// ACKs by the To tag of the 2xx: one for each leg that answered.
    pub(super) acks: HashMap<String, (Hop, Arc<[u8]>)>,
    /// BYEs without answer so far, with what each was asked to prove.
    pub(super) byes: HashMap<ClientKey, Proofs>,
    pub(super) came_from: Hop,
    pub(super) outcome: Option<(SipOutcome, Duration)>,
    pub(super) failure: String,
    pub(super) answer: Option<SipAnswer>,
    ladder: Vec<LadderStep>,
    reported: bool,
}

impl Exchange {
    pub(super) fn new(
        now: Duration,
        request: OutboundRequest,
        first: Attempt,
        others: Vec<Attempt>,
        patience: Patience,
        ids: &mut IdSource,
    ) -> Self {
        let (call_id, from_tag, cseq) = match &request.dialog {
            Some(dialog) => (
                dialog.call_id.clone(),
                dialog.local_tag.clone(),
                dialog.sequence.saturating_sub(1),
            ),
            None => (format!("{}@callhome", ids.word()), ids.tag(), 0),
        };
        Self {
            request,
            came_from: first.target.hop(),
            attempt: first,
            others: others.into(),
            tried: Vec::new(),
            heard: false,
            call_id,
            from_tag,
            cseq,
            proofs: Proofs::default(),
            live: 0,
            patience,
            started: now,
            main: None,
            ringing: false,
            cancel: Cancel::No,
            legs: HashSet::new(),
            acks: HashMap::new(),
            byes: HashMap::new(),
            outcome: None,
            failure: String::new(),
            answer: None,
            ladder: Vec::new(),
            reported: false,
        }
    }

    /// Whether nothing more can come of it.
    pub(super) fn is_over(&self) -> bool {
        self.reported && self.live == 0
    }

    pub(super) fn note_failure(&mut self, detail: &str) {
        self.failure = detail.to_owned();
    }

    pub(super) fn note_sent(&mut self, now: Duration, to: Hop, line: &str, again: bool) {
        self.note(now, Direction::Sent, to, line.to_owned(), again);
    }

    pub(super) fn note_received(&mut self, now: Duration, from: Hop, message: &Message) {
        self.came_from = from;
        self.note(now, Direction::Received, from, message.first_line(), false);
        self.capture(|| message.to_bytes().into());
    }

    fn note(&mut self, now: Duration, direction: Direction, peer: Hop, line: String, again: bool) {
        // Once told, nobody looks any more.
        if !self.reported {
            self.ladder.push(LadderStep {
                at: now.saturating_sub(self.started),
                direction,
                peer: peer.address,
                transport: peer.transport,
                line,
                again,
                octets: None,
            });
        }
    }

    /// Keeps the octets of the step noted last, when the request is to be captured.
    pub(super) fn capture(&mut self, octets: impl FnOnce() -> Arc<[u8]>) {
        if self.request.captured
            && let Some(step) = self.ladder.last_mut()
        {
            step.octets = Some(octets());
        }
    }

    pub(super) fn is_invite(&self) -> bool {
        self.request.method == Method::INVITE
    }

    /// Whether the caller was told or nobody wants it any more.
    pub(super) fn is_given_up(&self) -> bool {
        self.reported || self.outcome.is_some() || self.cancel != Cancel::No
    }

    /// Whether legs of a forked INVITE were heard that did not answer yet.
    pub(super) fn has_open_legs(&self) -> bool {
        self.legs.iter().any(|tag| !self.acks.contains_key(tag))
    }

    pub(super) fn settle(&mut self, now: Duration, outcome: SipOutcome) {
        if self.outcome.is_none() {
            self.outcome = Some((outcome, now));
        }
    }
}

impl Endpoint {
    /// Sends the exchange's request in a new transaction.
    pub(super) fn send_main(&mut self, now: Duration, id: ExchangeId) {
        let Some(exchange) = self.exchanges.get_mut(&id) else {
            return;
        };
        exchange.cseq += 1;
        let mut message = compose::request(exchange, &mut self.ids);
        if exchange.move_to_tcp(message.to_bytes().len()) {
            exchange.note_attempt();
            message = compose::request(exchange, &mut self.ids);
        }
        let target = &exchange.attempt.target;
        let to = (target.hop(), target.name.clone());
        let key = self.begin_client(now, id, Role::Main, message, to);
        if let Some(exchange) = self.exchanges.get_mut(&id) {
            exchange.main = key;
        }
    }

    /// An answer was handed up by a transaction.
    pub(super) fn answered(
        &mut self,
        now: Duration,
        id: ExchangeId,
        role: Role,
        key: &ClientKey,
        answer: &Message,
    ) {
        let code = answer.code().unwrap_or_default();
        let challenged = matches!(code, 401 | 407);
        if role == Role::Main && challenged && self.answer_challenge(id, answer) {
            self.send_main(now, id);
            return;
        }
        if role == Role::Bye && challenged && self.bye_again(now, id, key, answer) {
            return;
        }
        if role == Role::Main && code == 503 {
            let why = answer.reason().unwrap_or_default();
            if self.try_next(now, id, &format!("503 {why}"), Failed::Said503) {
                return;
            }
        }
        let Some(exchange) = self.exchanges.get_mut(&id) else {
            return;
        };
        match (role, code) {
            (Role::Cancel, _) | (Role::Bye, 100..200) => {}
            (Role::Bye, _) => self.ended_leg(now, id, key),
            (Role::Main, 100..200) => self.progress(now, id, answer),
            (Role::Main, 200..300) if exchange.is_invite() => {
                self.accepted(now, id, key, answer);
            }
            (Role::Main, _) => {
                let taken_back = code == 487 && exchange.cancel != Cancel::No;
                let outcome = match (taken_back, exchange.ringing) {
                    (true, true) => SipOutcome::Ringing,
                    (true, false) => SipOutcome::NoAnswer,
                    _ => SipOutcome::from_answer(code, answer.reason().unwrap_or_default()),
                };
                exchange.answer = Some(to_answer(answer));
                exchange.settle(now, outcome);
                self.report(id);
            }
        }
    }

    fn progress(&mut self, now: Duration, id: ExchangeId, answer: &Message) {
        let code = answer.code().unwrap_or(100);
        let Some(exchange) = self.exchanges.get_mut(&id) else {
            return;
        };
        if !exchange.is_invite() {
            return;
        }
        if code > 100
            && let Some(tag) = answer.to().and_then(|t| t.tag().map(str::to_owned))
        {
            exchange.legs.insert(tag);
        }
        if exchange.cancel == Cancel::Wanted {
            self.send_cancel(now, id);
        } else if matches!(code, 180 | 183) && !exchange.ringing {
            exchange.ringing = true;
            let ring = exchange.patience.ring;
            self.queue.add(now + ring, Due::Exchange(id, Wait::Ring));
        }
    }

    /// Answers what a 401 or 407 asks, unless the same was answered before or we have no password.
    fn answer_challenge(&mut self, id: ExchangeId, answer: &Message) -> bool {
        let Some(exchange) = self.exchanges.get_mut(&id) else {
            return false;
        };
        if exchange.request.credentials.is_none()
            || exchange.reported
            || exchange.cancel != Cancel::No
        {
            return false;
        }
        exchange.proofs.take(challenges(answer))
    }

    fn send_cancel(&mut self, now: Duration, id: ExchangeId) {
        let Some(exchange) = self.exchanges.get_mut(&id) else {
            return;
        };
        let Some(client) = exchange.main.as_ref().and_then(|key| self.clients.get(key)) else {
            return;
        };
        exchange.cancel = Cancel::Sent;
        let to = (client.to, client.name.clone());
        let cancel = compose::within_transaction(&client.request, Method::CANCEL, None);
        self.begin_client(now, id, Role::Cancel, cancel, to);
        let forget = now + self.timers.patience();
        self.queue.add(forget, Due::Exchange(id, Wait::Forget));
    }

    /// A transaction ended without an answer.
    pub(super) fn unanswered(
        &mut self,
        now: Duration,
        id: ExchangeId,
        role: Role,
        key: &ClientKey,
    ) {
        match role {
            Role::Cancel => {}
            Role::Bye => self.ended_leg(now, id, key),
            Role::Main => {
                if self.try_next(now, id, "no answer", Failed::Silent) {
                    return;
                }
                let Some(exchange) = self.exchanges.get_mut(&id) else {
                    return;
                };
                exchange.settle(now, SipOutcome::NoAnswer);
                self.report(id);
            }
        }
    }

    /// The network refused a message.
    pub(super) fn refused_by_network(
        &mut self,
        now: Duration,
        id: ExchangeId,
        role: Role,
        key: &ClientKey,
    ) {
        let Some(exchange) = self.exchanges.get_mut(&id) else {
            return;
        };
        let detail = exchange.failure.clone();
        match role {
            Role::Cancel => {}
            Role::Bye => self.ended_leg(now, id, key),
            Role::Main if self.try_next(now, id, &detail, Failed::ByNetwork) => {}
            Role::Main => {
                if let Some(exchange) = self.exchanges.get_mut(&id) {
                    exchange.settle(now, SipOutcome::TransportError { detail });
                }
                self.report(id);
            }
        }
    }

    /// One of the exchange's own waits is over.
    pub(super) fn waited(&mut self, now: Duration, id: ExchangeId, wait: Wait) {
        let Some(exchange) = self.exchanges.get_mut(&id) else {
            return;
        };
        let main = exchange.main.clone();
        match wait {
            Wait::Ring if exchange.outcome.is_none() && exchange.cancel == Cancel::No => {
                self.send_cancel(now, id);
            }
            Wait::Answer if !exchange.reported => {
                let untold = exchange.outcome.is_none();
                let outcome = if exchange.ringing {
                    SipOutcome::Ringing
                } else {
                    SipOutcome::NoAnswer
                };
                exchange.settle(now, outcome);
                if untold && exchange.is_invite() {
                    self.take_back(now, id);
                } else if untold && let Some(key) = main {
                    self.forget_client(&key);
                }
                self.report(id);
            }
            Wait::Forget => {
                if let Some(key) = main {
                    self.forget_client(&key);
                }
            }
            Wait::Share(tried) => self.share_is_over(now, id, tried),
            Wait::Legs => self.report(id),
            Wait::Ring | Wait::Answer => {}
        }
    }

    /// Nobody waits for the INVITE any more: cancel it now or as soon as that is allowed.
    fn take_back(&mut self, now: Duration, id: ExchangeId) {
        let Some(exchange) = self.exchanges.get_mut(&id) else {
            return;
        };
        if exchange.cancel != Cancel::No {
            return;
        }
        exchange.cancel = Cancel::Wanted;
        let Some(client) = exchange
            .main
            .as_ref()
            .and_then(|key| self.clients.get_mut(key))
        else {
            return;
        };
        client.muted = true;
        if client.can_be_cancelled() {
            self.send_cancel(now, id);
        }
    }

    /// Tells the outcome, once.
    pub(super) fn report(&mut self, id: ExchangeId) {
        let Some(exchange) = self.exchanges.get_mut(&id) else {
            return;
        };
        if exchange.reported {
            return;
        }
        let Some((outcome, at)) = exchange.outcome.clone() else {
            return;
        };
        exchange.reported = true;
        let report = SipReport {
            outcome,
            elapsed: at.saturating_sub(exchange.started),
            answer: exchange.answer.take(),
            ladder: std::mem::take(&mut exchange.ladder),
            attempts: std::mem::take(&mut exchange.tried),
        };
        if exchange.is_over() {
            self.exchanges.remove(&id);
        }
        self.events.push_back(Event::Finished(id, Box::new(report)));
    }
}

pub(super) fn to_answer(message: &Message) -> SipAnswer {
    SipAnswer {
        code: message.code().unwrap_or_default(),
        reason: message.reason().unwrap_or_default().to_owned(),
        headers: message
            .fields()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        body: message.body().to_vec(),
    }
}
