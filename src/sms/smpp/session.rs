use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::status::{Remedy, Status};
use super::wire::{Bind, Frame, MAX_PDU, Pdu, ShortMessage};

/// Names a submission among those of one sender; chosen by whoever submits.
pub type Ticket = u64;

/// How a sender behaves.
#[derive(Clone)]
pub struct EsmeSettings {
    /// In which direction messages go.
    pub bind: Bind,
    /// Who.
    pub system_id: String,
    /// The password.
    pub password: String,
    /// Kind of account.
    pub system_type: String,
    /// PDUs that may be unanswered at once.
    pub window: usize,
    /// Messages a second at most.
    pub per_second: Option<u32>,
    /// Silence after which the other side is asked whether it is there.
    pub enquire: Duration,
    /// How long an answer may take.
    pub answer: Duration,
}

/// What a session wants done, or tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Write these octets.
    Write(Vec<u8>),
    /// The centre let us in.
    Bound,
    /// It did not.
    NotBound(Status),
    /// It took a message.
    Taken {
        /// Which.
        ticket: Ticket,
        /// Its id of it.
        id: String,
        /// Whether the sender was told before that nobody knows.
        late: bool,
    },
    /// It did not take a message, and would not later.
    Refused {
        /// Which.
        ticket: Ticket,
        /// Why.
        status: Status,
        /// Whether the sender was told before that nobody knows.
        late: bool,
    },
    /// A message was not sent before its time ended; nobody over there has it.
    NotSent {
        /// Which.
        ticket: Ticket,
        /// Why the centre did not take it when it was tried.
        status: Option<Status>,
    },
    /// A message was sent and not answered: nobody knows.
    Unknown {
        /// Which.
        ticket: Ticket,
    },
    /// A message from a phone, or a receipt, to be answered with [`Esme::answer`] once it is kept.
    Deliver {
        /// To answer with.
        sequence: u32,
        /// The message.
        message: Box<ShortMessage>,
    },
    /// Close the connection; why.
    Close(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// There is no connection.
    Away,
    /// Asked to be let in, then.
    Binding(Duration),
    /// Let in.
    Bound,
    /// Nothing is sent any more.
    Leaving,
    /// Nothing is said any more: the connection is to be closed.
    Over,
}

struct Waiting {
    ticket: Ticket,
    message: ShortMessage,
    /// Not sent after this.
    until: Duration,
    /// Tries that ended in an error over there.
    failures: u32,
    status: Option<Status>,
}

struct InFlight {
    waiting: Waiting,
    sent: Duration,
}

/// Late answers that are still recognised.
const MAX_LATE: usize = 10_000;
/// Tries of a message that fails inside the centre.
const TRIES: u32 = 3;
/// Before such a try.
const TRY_AGAIN: Duration = Duration::from_secs(1);
/// Turns under the throughput limit that may be made up for.
const MADE_UP: Duration = Duration::from_millis(20);
/// The first pause after being throttled; it doubles …
const SHORTEST_PAUSE: Duration = Duration::from_millis(250);
/// … up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A sender's end of SMPP sessions, one connection after the other.
///
/// Octets and the time go in, octets and events come out of [`Esme::poll`]. Messages wait in it for a window, for
/// their turn under the throughput limit, while the centre throttles, and while there is no connection; what was on
/// the wire when a connection ended is unknown and not sent again. Time is a `Duration` since any fixed moment.
pub struct Esme {
    settings: EsmeSettings,
    state: State,
    sequence: u32,
    buffer: Vec<u8>,
    /// What waits for its turn, in order.
    queue: VecDeque<Waiting>,
    /// What failed over there and waits for another try: never many.
    failed: Vec<(Duration, Waiting)>,
    /// Nothing that waits ends before this.
    first_end: Option<Duration>,
    in_flight: HashMap<u32, InFlight>,
    /// Unanswered in time, by sequence number, for answers that come later.
    late: HashMap<u32, Ticket>,
    heard: Duration,
    enquired: Option<(u32, Duration)>,
    throttled_until: Duration,
    pause: Duration,
    /// When the next message may go under the throughput limit.
    next_turn: Duration,
    out: VecDeque<Output>,
}

impl Esme {
    /// A sender without a connection.
    #[must_use]
    pub fn new(settings: EsmeSettings) -> Self {
        Self {
            settings,
            state: State::Away,
            sequence: 0,
            buffer: Vec::new(),
            queue: VecDeque::new(),
            failed: Vec::new(),
            first_end: None,
            in_flight: HashMap::new(),
            late: HashMap::new(),
            heard: Duration::ZERO,
            enquired: None,
            throttled_until: Duration::ZERO,
            pause: SHORTEST_PAUSE,
            next_turn: Duration::ZERO,
            out: VecDeque::new(),
        }
    }

    /// There is a connection: asks to be let in.
    pub fn connected(&mut self, now: Duration) {
        self.buffer.clear();
        self.late.clear();
        self.enquired = None;
        self.heard = now;
        // Sequence numbers start anew with each session (§5.1.4).
        self.sequence = 0;
        self.state = State::Binding(now);
        let pdu = Pdu::Bind {
            bind: self.settings.bind,
            system_id: self.settings.system_id.clone(),
            password: self.settings.password.clone(),
            system_type: self.settings.system_type.clone(),
            address_range: String::new(),
        };
        self.request(&pdu);
    }

    /// The connection is gone: what was unanswered is unknown, what waits goes on waiting.
    pub fn disconnected(&mut self) {
        self.state = State::Away;
        self.buffer.clear();
        let mut cut: Vec<(u32, InFlight)> = self.in_flight.drain().collect();
        cut.sort_unstable_by_key(|(sequence, _)| *sequence);
        for (_, unanswered) in cut {
            self.out.push_back(Output::Unknown {
                ticket: unanswered.waiting.ticket,
            });
        }
    }

    /// Queues a message, to be sent before `until`.
    pub fn submit(&mut self, ticket: Ticket, message: ShortMessage, until: Duration) {
        self.note_end(until);
        self.queue.push_back(Waiting {
            ticket,
            message,
            until,
            failures: 0,
            status: None,
        });
    }

    /// Takes a message back that was not sent; false when it is too late for that.
    pub fn withdraw(&mut self, ticket: Ticket) -> bool {
        let (before, _) = self.load();
        self.queue.retain(|w| w.ticket != ticket);
        self.failed.retain(|(_, w)| w.ticket != ticket);
        self.load().0 < before
    }

    /// Answers a message of the centre; `status` is [`Status::OK`] when it is kept.
    pub fn answer(&mut self, sequence: u32, status: Status) {
        if matches!(self.state, State::Bound | State::Leaving) {
            self.respond(sequence, status, &Pdu::DeliverResp);
        }
    }

    /// Asks to end the session in good order.
    pub fn leave(&mut self, now: Duration) {
        if self.state == State::Bound {
            self.state = State::Leaving;
            self.heard = now;
            self.request(&Pdu::Unbind);
        } else {
            self.close("left");
        }
    }

    /// Asks whether the centre is there, whatever it said last.
    pub fn enquire(&mut self, now: Duration) {
        if self.state == State::Bound && self.enquired.is_none() {
            let sequence = self.request(&Pdu::EnquireLink);
            self.enquired = Some((sequence, now));
        }
    }

    /// Whether the centre let us in.
    #[must_use]
    pub fn is_bound(&self) -> bool {
        self.state == State::Bound
    }

    /// When the centre was heard last.
    #[must_use]
    pub const fn heard_at(&self) -> Duration {
        self.heard
    }

    /// Messages that wait, and those that are unanswered.
    #[must_use]
    pub fn load(&self) -> (usize, usize) {
        (self.queue.len() + self.failed.len(), self.in_flight.len())
    }

    /// Takes what came over the connection.
    pub fn receive(&mut self, now: Duration, octets: &[u8]) {
        self.heard = now;
        self.buffer.extend_from_slice(octets);
        loop {
            let length = match Frame::length(&self.buffer) {
                Ok(Some(length)) if length <= self.buffer.len() => length,
                Ok(_) => break,
                Err(error) => {
                    // §3.3: where the next PDU begins cannot be known any more.
                    let refusal = Frame::refusal(0x8000_0000, 0, Status::COMMAND_LENGTH);
                    self.out.push_back(Output::Write(refusal));
                    self.buffer.clear();
                    return self.close(&error.to_string());
                }
            };
            let rest = self.buffer.split_off(length);
            let whole = std::mem::replace(&mut self.buffer, rest);
            match Frame::read(&whole) {
                Ok(frame) => self.take(now, frame),
                Err(error) => return self.close(&error.to_string()),
            }
        }
        debug_assert!(self.buffer.len() <= MAX_PDU);
    }

    /// The next thing to do; asked until there is none, after every other call and when [`Esme::wake_at`] comes.
    pub fn poll(&mut self, now: Duration) -> Option<Output> {
        if self.out.is_empty() {
            self.time_out(now);
            self.send(now);
        }
        self.out.pop_front()
    }

    /// When [`Esme::poll`] is to be asked next although nothing happened.
    #[must_use]
    pub fn wake_at(&self) -> Option<Duration> {
        let answers = self.in_flight.values().map(|f| f.sent);
        let session = match self.state {
            State::Away | State::Over => None,
            State::Binding(since) => Some(since + self.settings.answer),
            State::Leaving => Some(self.heard + self.settings.answer),
            State::Bound => Some(match self.enquired {
                Some((_, since)) => since + self.settings.answer,
                None => self.heard + self.settings.enquire,
            }),
        };
        let turn = (self.state == State::Bound && self.in_flight.len() < self.window())
            .then(|| match self.queue.is_empty() {
                false => Some(Duration::ZERO),
                true => self.failed.iter().map(|(from, _)| *from).min(),
            })
            .flatten()
            .map(|first| first.max(self.next_turn).max(self.throttled_until));
        answers
            .map(|sent| sent + self.settings.answer)
            .chain(session)
            .chain(self.first_end)
            .chain(turn)
            .min()
    }

    fn window(&self) -> usize {
        match self.settings.bind {
            Bind::Receiver => 0,
            Bind::Transmitter | Bind::Transceiver => self.settings.window.max(1),
        }
    }

    fn take(&mut self, now: Duration, frame: Frame) {
        let Frame {
            command,
            status,
            sequence,
            pdu,
        } = frame;
        let response = command & 0x8000_0000 != 0;
        let pdu = match pdu {
            Ok(pdu) => pdu,
            Err(_) if command == 0x8000_0004 && !status.is_ok() => {
                // A refusal counts whatever stands behind it.
                Pdu::SubmitResp { id: String::new() }
            }
            Err(error) if response => return self.close(&error.to_string()),
            Err(_) => {
                let refusal = command | 0x8000_0000;
                let octets = Frame::refusal(refusal, sequence, Status::COMMAND_LENGTH);
                return self.out.push_back(Output::Write(octets));
            }
        };
        match pdu {
            Pdu::BindResp { .. } if matches!(self.state, State::Binding(_)) => {
                if status.is_ok() {
                    self.state = State::Bound;
                    self.out.push_back(Output::Bound);
                } else {
                    self.out.push_back(Output::NotBound(status));
                    self.close(&status.to_string());
                }
            }
            Pdu::SubmitResp { id } => self.answered(now, sequence, status, id),
            Pdu::GenericNack => {
                let refused = if status.is_ok() {
                    Status::COMMAND_ID
                } else {
                    status
                };
                if matches!(self.state, State::Binding(_)) {
                    self.out.push_back(Output::NotBound(refused));
                    return self.close(&refused.to_string());
                }
                self.answered(now, sequence, refused, String::new());
            }
            Pdu::Deliver(message) if self.state == State::Bound => {
                self.out.push_back(Output::Deliver { sequence, message });
            }
            Pdu::Deliver(_) => self.respond(sequence, Status::BIND_STATE, &Pdu::DeliverResp),
            Pdu::EnquireLink => self.respond(sequence, Status::OK, &Pdu::EnquireLinkResp),
            Pdu::EnquireLinkResp => self.enquired = None,
            Pdu::Unbind => {
                self.respond(sequence, Status::OK, &Pdu::UnbindResp);
                self.close("the centre ended the session");
            }
            Pdu::UnbindResp => self.close("left"),
            Pdu::DeliverResp | Pdu::BindResp { .. } => {}
            Pdu::Bind { .. } | Pdu::Submit(_) | Pdu::Other(_) => {
                if !response {
                    let octets = Frame::refusal(0x8000_0000, sequence, Status::COMMAND_ID);
                    self.out.push_back(Output::Write(octets));
                }
            }
        }
    }

    fn answered(&mut self, now: Duration, sequence: u32, status: Status, id: String) {
        let Some(InFlight { mut waiting, .. }) = self.in_flight.remove(&sequence) else {
            if let Some(ticket) = self.late.remove(&sequence) {
                self.out.push_back(match status.is_ok() {
                    true => Output::Taken {
                        ticket,
                        id,
                        late: true,
                    },
                    false => Output::Refused {
                        ticket,
                        status,
                        late: true,
                    },
                });
            }
            return;
        };
        let ticket = waiting.ticket;
        match status.remedy() {
            Remedy::None => {
                self.pause = SHORTEST_PAUSE;
                self.out.push_back(Output::Taken {
                    ticket,
                    id,
                    late: false,
                });
            }
            Remedy::SlowDown => {
                // Several refusals of one window are one.
                if now >= self.throttled_until {
                    self.throttled_until = now + self.pause;
                    self.pause = (self.pause * 2).min(LONGEST_PAUSE);
                }
                waiting.status = Some(status);
                self.note_end(waiting.until);
                // The message as it was, with its wish for a receipt, before those that came later.
                self.queue.push_front(waiting);
            }
            Remedy::Again if waiting.failures + 1 < TRIES => {
                waiting.failures += 1;
                let from = now + TRY_AGAIN * waiting.failures;
                waiting.status = Some(status);
                self.note_end(waiting.until);
                self.failed.push((from, waiting));
            }
            Remedy::Again | Remedy::Final => self.out.push_back(Output::Refused {
                ticket,
                status,
                late: false,
            }),
        }
    }

    fn time_out(&mut self, now: Duration) {
        if self.first_end.is_some_and(|end| end <= now) {
            self.give_back(now);
        }
        let answer = self.settings.answer;
        let mut silent: Vec<u32> = self
            .in_flight
            .iter()
            .filter(|(_, f)| f.sent + answer <= now)
            .map(|(sequence, _)| *sequence)
            .collect();
        silent.sort_unstable();
        for sequence in silent {
            if let Some(unanswered) = self.in_flight.remove(&sequence) {
                let ticket = unanswered.waiting.ticket;
                if self.late.len() < MAX_LATE {
                    self.late.insert(sequence, ticket);
                }
                self.out.push_back(Output::Unknown { ticket });
            }
        }
        match self.state {
            State::Binding(since) if since + answer <= now => {
                self.close("the centre did not answer the bind");
            }
            State::Leaving if self.heard + answer <= now => self.close("left"),
            State::Bound => match self.enquired {
                Some((_, since)) if self.heard > since => self.enquired = None,
                Some((_, since)) if since + answer <= now => {
                    self.close("the centre is silent");
                }
                None if self.heard + self.settings.enquire <= now => self.enquire(now),
                Some(_) | None => {}
            },
            State::Away | State::Over | State::Binding(_) | State::Leaving => {}
        }
    }

    /// Those that wait and whose time is over.
    fn give_back(&mut self, now: Duration) {
        let mut ended = Vec::new();
        let mut stays = |w: &Waiting| {
            let over = w.until <= now;
            if over {
                ended.push((w.ticket, w.status));
            }
            !over
        };
        self.queue.retain(&mut stays);
        self.failed.retain(|(_, w)| stays(w));
        for (ticket, status) in ended {
            self.out.push_back(Output::NotSent { ticket, status });
        }
        let failed = self.failed.iter().map(|(_, w)| w.until);
        self.first_end = self.queue.iter().map(|w| w.until).chain(failed).min();
    }

    /// Something waits that ends then. What waits is looked through only when one of them may have ended.
    fn note_end(&mut self, until: Duration) {
        let first = self.first_end.map_or(until, |first| first.min(until));
        self.first_end = Some(first);
    }

    fn send(&mut self, now: Duration) {
        for (_, waiting) in self.failed.extract_if(.., |(from, _)| *from <= now) {
            self.queue.push_back(waiting);
        }
        while self.state == State::Bound
            && self.in_flight.len() < self.window()
            && self.throttled_until <= now
            && self.next_turn <= now
        {
            let Some(waiting) = self.queue.pop_front() else {
                return;
            };
            let pdu = Pdu::Submit(Box::new(waiting.message.clone()));
            let sequence = self.next_sequence();
            match Frame::write(sequence, Status::OK, &pdu) {
                Ok(octets) => {
                    if let Some(rate) = self.settings.per_second.filter(|r| *r > 0) {
                        // Turns that a late timer missed are made up for, a few of them.
                        let earliest = now.saturating_sub(MADE_UP);
                        self.next_turn =
                            self.next_turn.max(earliest) + Duration::from_secs(1) / rate;
                    }
                    self.out.push_back(Output::Write(octets));
                    let sent = InFlight { waiting, sent: now };
                    self.in_flight.insert(sequence, sent);
                }
                Err(_) => self.out.push_back(Output::Refused {
                    ticket: waiting.ticket,
                    status: Status::MESSAGE_LENGTH,
                    late: false,
                }),
            }
        }
    }

    fn next_sequence(&mut self) -> u32 {
        // §5.1.4: 1 to 7FFFFFFF.
        self.sequence = if self.sequence >= 0x7fff_ffff {
            1
        } else {
            self.sequence + 1
        };
        self.sequence
    }

    fn request(&mut self, pdu: &Pdu) -> u32 {
        let sequence = self.next_sequence();
        match Frame::write(sequence, Status::OK, pdu) {
            Ok(octets) => self.out.push_back(Output::Write(octets)),
            // Only a bind has fields that may not fit.
            Err(error) => self.close(&error.to_string()),
        }
        sequence
    }

    fn respond(&mut self, sequence: u32, status: Status, pdu: &Pdu) {
        if let Ok(octets) = Frame::write(sequence, status, pdu) {
            self.out.push_back(Output::Write(octets));
        }
    }

    fn close(&mut self, why: &str) {
        if self.state != State::Over {
            self.state = State::Over;
            self.out.push_back(Output::Close(why.to_owned()));
        }
    }
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
