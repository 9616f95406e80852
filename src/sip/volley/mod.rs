//! One request to very many targets, at a rate.
//!
//! The client half of RFC 3261 §17.1.2 for bulk runs: no message is kept, each copy is
//! written anew from a [`Template`] and a slot of a few hundred bytes. Like the endpoint
//! it opens no socket and knows no clock: targets, datagrams and time go in; datagrams,
//! [`VolleyEnd`]s and the time to come back go out.
//!
//! Copies count against the rate like first sends. When both wait they take turns, so
//! that neither do silent devices starve the others, nor the others the repair of a loss.
//! Who is challenged comes before both: it is there and waits.
//!
//! Names are no longer than they must be to be unguessable: a datagram of up to 645 bytes takes little more than half
//! the room of a longer one in a Linux socket's buffer, so the peer's may hold 166 of them and not 92.
//!
//! | file | holds |
//! |---|---|
//! | `template` | the request with gaps |
//! | `slot` | one target on its way, its challenges included |
//! | `spaces` | what proxies asked before, answered ahead |
//! | `glance` | reading a plain answer fast |
//! | `wheel` | the one timer structure |
//! | `pace` | the rate |
//!
//! ## Deviations
//!
//! | rule | what we do instead, and why |
//! |---|---|
//! | RFC 3261 §17.1.2.2: Completed lasts T4 | the slot is given back with the final answer; further copies of it fit no branch and are dropped, which is all that Completed does |
//! | RFC 3261 §17.1.2.2: timer E fires by itself | a copy may wait for the rate; after a long wait the pause to the next one is counted from when it was sent |

mod glance;
mod pace;
mod slot;
mod spaces;
mod template;
mod wheel;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use self::glance::glance;
use self::pace::Pace;
use self::slot::{Names, Slot};
use self::spaces::Spaces;
pub use self::template::Template;
use self::template::read_branch;
use self::wheel::Wheel;
use super::id_source::IdSource;
use super::outcome::SipOutcome;
use super::request::Credentials;
use super::timer::{Timer, Timers};
use super::transaction::{Class, ClientInput, Effect};
use super::wire::Message;

/// How a volley is sent.
#[derive(Debug)]
pub struct VolleyPlan {
    /// What is sent.
    pub template: Template,
    /// What challenges are answered with.
    pub credentials: Option<Credentials>,
    /// Timers of the transactions.
    pub timers: Timers,
    /// How long a target may stay silent; never more than 64 × T1 for one transaction.
    pub patience: Duration,
    /// Messages a second, copies included; `None` is as fast as it goes.
    pub rate: Option<f64>,
    /// How many targets may be on their way at once.
    pub jobs: usize,
}

/// One target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolleyTarget {
    /// What the caller knows it by.
    pub index: u32,
    /// Where the datagram goes.
    pub to: SocketAddr,
    /// Our address as the target sees it.
    pub local: SocketAddr,
    /// Request URI.
    pub uri: Box<str>,
}

/// How it ended with one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolleyEnd {
    /// As in [`VolleyTarget`].
    pub index: u32,
    /// The target's URI.
    pub uri: Box<str>,
    /// How.
    pub outcome: SipOutcome,
    /// From the first send to the end.
    pub elapsed: Duration,
    /// How many messages were sent again by a timer.
    pub copies: u32,
}

/// What has happened so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VolleyCounts {
    /// Targets that were begun.
    pub begun: u64,
    /// Messages sent, copies and answers to challenges included.
    pub sent: u64,
    /// Messages sent again by a timer.
    pub copies: u64,
    /// Targets on their way.
    pub open: u64,
    /// Datagrams that were no answer to anything open.
    pub discarded: u64,
}

/// Names a slot as it was when the name was made; who came later into the slot has another key.
type Handle = (u32, u64);

/// Many targets on their way; see the module's page.
#[derive(Debug)]
pub struct Volley {
    plan: VolleyPlan,
    names: Names,
    spaces: Spaces,
    slots: Vec<Option<Slot>>,
    free: Vec<u32>,
    wheel: Wheel<Handle>,
    pace: Pace,
    /// Targets that wait to be begun.
    fresh: VecDeque<VolleyTarget>,
    /// Slots whose copy is due.
    again: VecDeque<Handle>,
    /// Slots whose challenge is answered.
    challenged: VecDeque<Handle>,
    fresh_has_turn: bool,
    ends: Vec<VolleyEnd>,
    counts: VolleyCounts,
    local: (SocketAddr, String),
}

impl Volley {
    /// A volley with nothing under way.
    #[must_use]
    pub fn new(plan: VolleyPlan, ids: IdSource) -> Self {
        let nowhere = SocketAddr::from(([0, 0, 0, 0], 0));
        Self {
            pace: Pace::new(plan.rate),
            plan,
            names: Names::new(ids),
            spaces: Spaces::default(),
            slots: Vec::new(),
            free: Vec::new(),
            wheel: Wheel::new(),
            fresh: VecDeque::new(),
            again: VecDeque::new(),
            challenged: VecDeque::new(),
            fresh_has_turn: true,
            ends: Vec::new(),
            counts: VolleyCounts::default(),
            local: (nowhere, nowhere.to_string()),
        }
    }

    /// Adds a target; it is begun when rate and jobs allow.
    pub fn offer(&mut self, target: VolleyTarget) {
        self.fresh.push_back(target);
    }

    /// How many targets wait to be begun.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.fresh.len()
    }

    /// Begins no more; gives back the targets that are left out.
    pub fn stop(&mut self) -> Vec<VolleyTarget> {
        self.fresh.drain(..).collect()
    }

    /// Whether nothing is waiting or on its way.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.fresh.is_empty() && self.counts.open == 0
    }

    /// What has happened so far.
    #[must_use]
    pub const fn counts(&self) -> VolleyCounts {
        self.counts
    }

    /// Appends the targets that came to their end since it was asked last.
    pub fn take_ends(&mut self, into: &mut Vec<VolleyEnd>) {
        into.append(&mut self.ends);
    }

    /// Takes a datagram that came in.
    pub fn receive(&mut self, now: Duration, bytes: &[u8]) {
        if let Some(seen) = glance(bytes) {
            if matches!(seen.code, 401 | 407) && self.plan.credentials.is_some() {
                self.receive_message(now, bytes);
            } else {
                let slot = self.slot_of(seen.branch, seen.method);
                self.answered(now, slot, seen.code, seen.reason, None);
            }
        } else {
            self.receive_message(now, bytes);
        }
    }

    fn receive_message(&mut self, now: Duration, bytes: &[u8]) {
        let slot = Message::parse(bytes).ok().and_then(|message| {
            // A response with several Vias was not meant for us (RFC 3261 §8.1.3.3).
            let via = message
                .top_via()
                .filter(|_| message.list("Via").len() == 1)?;
            let slot = self.slot_of(via.branch()?, message.cseq()?.method.as_str())?;
            Some((slot, message.code()?, message))
        });
        match slot {
            Some((slot, code, message)) => {
                let reason = message.reason().unwrap_or_default().to_owned();
                self.answered(now, Some(slot), code, &reason, Some(&message));
            }
            None => self.counts.discarded += 1,
        }
    }

    fn slot_of(&self, branch: &str, method: &str) -> Option<u32> {
        let (slot, key) = read_branch(branch)?;
        let there = self.slots.get(slot as usize)?.as_ref()?;
        (there.key == key && method == self.plan.template.method().as_str()).then_some(slot)
    }

    fn answered(
        &mut self,
        now: Duration,
        index: Option<u32>,
        code: u16,
        reason: &str,
        message: Option<&Message>,
    ) {
        let Some((index, slot)) = index.and_then(|i| {
            let slot = self.slots.get_mut(i as usize)?.as_mut()?;
            Some((i, slot))
        }) else {
            self.counts.discarded += 1;
            return;
        };
        let effects = slot.machine.step(ClientInput::Answer(Class::of(code)));
        if code < 200 || !effects.contains(&Effect::Deliver) {
            return;
        }
        if !matches!(code, 401 | 407) {
            slot.went_through(&mut self.spaces);
        } else if let Some(message) = message
            && slot.answer_challenge(message, &self.plan, &mut self.spaces, &mut self.names.ids)
        {
            slot.renew(now, self.plan.timers, &mut self.names);
            self.challenged.push_back((index, slot.key));
            return;
        }
        self.end(now, index, SipOutcome::from_answer(code, reason));
    }

    /// The network refused the datagram that began with `head`, as it was sent.
    pub fn transport_failed(&mut self, now: Duration, head: &[u8], detail: &str) {
        const MARK: &[u8] = b"branch=";
        let branch = head
            .windows(MARK.len())
            .position(|w| w == MARK)
            .map(|at| &head[at + MARK.len()..])
            .and_then(|rest| std::str::from_utf8(rest.get(..31)?).ok());
        let method = self.plan.template.method().as_str();
        let Some(index) = branch.and_then(|b| self.slot_of(b, method)) else {
            return;
        };
        let refused = self.slots[index as usize].as_mut().is_some_and(|s| {
            s.machine
                .step(ClientInput::TransportFailed)
                .contains(&Effect::Failed)
        });
        if refused {
            let detail = detail.to_owned();
            self.end(now, index, SipOutcome::TransportError { detail });
        }
    }

    /// Does what is due: copies queue up for the rate, and who was silent for too long ends.
    pub fn handle_timeout(&mut self, now: Duration) {
        self.pace.refill(now);
        let mut due = Vec::new();
        self.wheel.fire(now, |handle| due.push(handle));
        for (index, key) in due {
            if self.expired(now, index, key) {
                continue;
            }
            if self.slot(index, key).is_some() {
                self.again.push_back((index, key));
            }
        }
    }

    fn slot(&mut self, index: u32, key: u64) -> Option<&mut Slot> {
        let slot = self.slots.get_mut(index as usize)?.as_mut()?;
        (slot.key == key).then_some(slot)
    }

    /// Ends a slot whose time is over.
    fn expired(&mut self, now: Duration, index: u32, key: u64) -> bool {
        let over = self.slot(index, key).is_some_and(|slot| {
            now >= slot.deadline
                && slot
                    .machine
                    .step(Timer::F.into())
                    .contains(&Effect::TimedOut)
        });
        if over {
            self.end(now, index, SipOutcome::NoAnswer);
        }
        over
    }

    fn end(&mut self, now: Duration, index: u32, outcome: SipOutcome) {
        let Some(slot) = self.slots.get_mut(index as usize).and_then(Option::take) else {
            return;
        };
        self.free.push(index);
        self.counts.open -= 1;
        self.ends.push(VolleyEnd {
            index: slot.target.index,
            uri: slot.target.uri,
            outcome,
            elapsed: now.saturating_sub(slot.started),
            copies: slot.copies,
        });
    }

    /// Appends the next datagram to `into` and says where to; `None` when there is none or the rate allows none now.
    pub fn next_transmit(&mut self, now: Duration, into: &mut Vec<u8>) -> Option<SocketAddr> {
        self.drop_stale(now);
        let may_begin = !self.fresh.is_empty() && self.counts.open < self.plan.jobs as u64;
        if self.challenged.is_empty() && self.again.is_empty() && !may_begin {
            self.pace.rest();
            return None;
        }
        if !self.pace.take() {
            return None;
        }
        if let Some((index, _)) = self.challenged.pop_front() {
            return self.send(now, index, ClientInput::Begin, into);
        }
        let copy = !(self.again.is_empty() || may_begin && self.fresh_has_turn);
        self.fresh_has_turn = copy;
        if copy {
            let (index, _) = self.again.pop_front()?;
            return self.send(now, index, Timer::E.into(), into);
        }
        let target = self.fresh.pop_front()?;
        let index = self.begin(now, target);
        self.send(now, index, ClientInput::Begin, into)
    }

    /// Takes those from the front of the queues that were answered or ended meanwhile: they cost nothing.
    fn drop_stale(&mut self, now: Duration) {
        while let Some((index, key)) = self.challenged.front().copied()
            && (self.expired(now, index, key) || self.slot(index, key).is_none())
        {
            self.challenged.pop_front();
        }
        while let Some((index, key)) = self.again.front().copied()
            && (self.expired(now, index, key) || self.slot(index, key).is_none())
        {
            self.again.pop_front();
        }
    }

    fn begin(&mut self, now: Duration, target: VolleyTarget) -> u32 {
        let mut slot = Slot::new(now, target, &self.plan, &mut self.names);
        slot.answer_ahead(&self.plan, &mut self.spaces, &mut self.names.ids);
        self.counts.begun += 1;
        self.counts.open += 1;
        match self.free.pop() {
            Some(index) => {
                self.slots[index as usize] = Some(slot);
                index
            }
            None => {
                self.slots.push(Some(slot));
                u32::try_from(self.slots.len() - 1).expect("slots are bounded by the jobs")
            }
        }
    }

    /// Writes a slot's message, first or again, and starts the timer that its machine asks for.
    fn send(
        &mut self,
        now: Duration,
        index: u32,
        input: ClientInput,
        into: &mut Vec<u8>,
    ) -> Option<SocketAddr> {
        let slot = self.slots.get_mut(index as usize)?.as_mut()?;
        for effect in slot.machine.step(input) {
            match effect {
                Effect::Repeat => {
                    slot.copies += 1;
                    self.counts.copies += 1;
                }
                Effect::Start(Timer::E, pause) => {
                    // From when it was due: small delays must not add up. A copy that waited long for the rate counts from now.
                    let late = now.saturating_sub(slot.due);
                    let from = if late < pause / 2 { slot.due } else { now };
                    // One timer for each slot: the end, when it comes before the next copy.
                    slot.due = (from + pause).min(slot.deadline);
                    self.wheel.add(slot.due, (index, slot.key));
                }
                _ => {}
            }
        }
        if self.local.0 != slot.target.local {
            self.local = (slot.target.local, slot.target.local.to_string());
        }
        self.plan
            .template
            .write(&slot.filling(index, &self.local.1), into);
        self.counts.sent += 1;
        Some(slot.target.to)
    }

    /// When to come back at the latest, if nothing comes in before.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Duration> {
        let may_begin = !self.fresh.is_empty() && self.counts.open < self.plan.jobs as u64;
        let wants_to_send = may_begin || !self.again.is_empty() || !self.challenged.is_empty();
        let send_at = wants_to_send.then(|| self.pace.next_at());
        match (send_at, self.wheel.next_at()) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }
}
