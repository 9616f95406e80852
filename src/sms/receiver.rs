use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{ActionResult, Nonce, ReplyStatus, ResultStatus, TokenFault, Verified};
use crate::domain::{Action, ActionKind, Sequence, Timestamp};

/// The most numbers that are taken out of order, above the contiguous ones.
const MAX_AHEAD: usize = 1024;

/// The most replies by text message that wait for results.
const MAX_REPLIES: usize = 32;

/// Places for results that are kept for what must not wait: locks and wipes, and the action that those behind it wait for.
const SPARE: usize = 64;

/// The most results that are kept after a reply by text message told them, where nothing ever says that it arrived.
const MAX_TOLD: usize = 4096;

/// Replies that are remembered, so that a repeated message is answered again and a nonce serves one message only.
const MAX_ANSWERED: usize = 64;

/// How patient a receiver is, and how much it remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceiverSettings {
    /// How long a gap may stay before the missing actions are asked for; default 60 s.
    pub hold_for: Duration,
    /// The shortest time between two reports of discarded messages; default 60 s.
    pub report_every: Duration,
    /// The most actions held at once; default 256.
    pub max_held: usize,
    /// Results kept for repeats after the server has them; default 512.
    pub max_results: usize,
    /// The most results that wait for the server. What would make more is not taken: the server sends it again
    /// (requirement C6); default 512.
    pub max_unsent: usize,
    /// Replies by text message are all that it can answer with; default false.
    pub text_only: bool,
}

/// The device's side of the sequence: which action runs now, waits, was answered, or is not believed.
///
/// A machine without I/O: it takes verified messages and the time, and says what to do. Every
/// number runs at most once, whatever is lost, repeated or reordered; actions that do not
/// destroy run in the order of their numbers.
///
/// Use: feed each message to [`Receiver::receive`], **store the state**, act on the decisions; after
/// each [`Decision::Run`] call [`Receiver::finish`] and store its effect together with the state.
/// After a restart act on [`Receiver::resume`] first: it repeats what was started and not stored
/// as finished. Call [`Receiver::poll`] at [`Receiver::poll_timeout`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receiver {
    #[serde(skip)]
    settings: ReceiverSettings,
    epoch: u32,
    /// Every number up to this one is taken.
    highest: Sequence,
    /// Numbers above `highest` that are taken.
    above: BTreeSet<Sequence>,
    /// The highest destructive action that was taken.
    destructive: Sequence,
    /// Taken and not finished.
    running: BTreeMap<Sequence, Action>,
    held: BTreeMap<Sequence, Action>,
    results: BTreeMap<Sequence, ActionResult>,
    /// Results that the server has not acknowledged.
    unsent: BTreeSet<Sequence>,
    /// Results that a reply told, of a device that has nothing but replies. The server asks again for those it lacks.
    #[serde(default)]
    told: BTreeSet<Sequence>,
    replies: VecDeque<AwaitedReply>,
    /// Replies that were given.
    #[serde(default)]
    answered: VecDeque<AwaitedReply>,
    /// Since when numbers have been missing, or were last asked for.
    gap_since: Option<Timestamp>,
    discarded: u32,
    reported_at: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct AwaitedReply {
    nonce: Nonce,
    sequences: Vec<Sequence>,
}

/// What the device does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Run this action now, once, and report it with [`Receiver::finish`].
    Run {
        /// Its number.
        sequence: Sequence,
        /// What to do.
        action: Action,
    },
    /// It ran before: send the stored result again.
    Resend(ActionResult),
    /// It was started and is not finished: its result follows by itself.
    StillRunning(Sequence),
    /// It waits for the numbers before it.
    Hold {
        /// Its number.
        sequence: Sequence,
        /// When the missing ones will be asked for.
        until: Timestamp,
    },
    /// A later destructive action ran already: this one never will, and the result says so.
    Superseded(ActionResult),
    /// The actions from this number on stand behind a link: fetch it and feed in the signed text.
    FetchLink {
        /// The number of the first action behind the link.
        sequence: Sequence,
        /// Where to fetch it.
        link: String,
    },
    /// Ask the server for these numbers.
    FetchMissing(Vec<Gap>),
    /// Send a reply by text message: a status for each action of the message, in order.
    Reply {
        /// The nonce of the request; it serves this message only, however often that comes.
        nonce: Nonce,
        /// The statuses.
        statuses: Vec<ReplyStatus>,
    },
    /// Do nothing, log it, and report it to the server if a count is given.
    Discard {
        /// Why.
        reason: DiscardReason,
        /// How many messages were discarded since the last report; `None` while reports are throttled.
        report: Option<u32>,
    },
    /// Report that this many messages were discarded since the last report.
    Report(u32),
}

/// A run of missing numbers, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// The first missing number.
    pub first: Sequence,
    /// The last missing number.
    pub last: Sequence,
}

/// Why a message or an action was discarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DiscardReason {
    /// Not an action string.
    #[error("it is not an action string")]
    Malformed,
    /// The token, or the version under it.
    #[error(transparent)]
    Token(#[from] TokenFault),
    /// Ran so long ago that its result is no longer kept.
    #[error("action {0} ran long ago and its result is no longer kept")]
    Forgotten(Sequence),
    /// Too many actions wait already.
    #[error("action {0} came too far ahead of the others")]
    TooFarAhead(Sequence),
    /// Too many results wait for the server: it has to send this one again.
    #[error("action {0} was not taken: too many results wait for the server")]
    Full(Sequence),
}

impl Default for ReceiverSettings {
    fn default() -> Self {
        Self {
            hold_for: Duration::from_secs(60),
            report_every: Duration::from_secs(60),
            max_held: 256,
            max_results: 512,
            max_unsent: 512,
            text_only: false,
        }
    }
}

impl Default for Receiver {
    fn default() -> Self {
        Self::new(1, ReceiverSettings::default())
    }
}

impl Receiver {
    /// A receiver that has run nothing in this enrolment epoch.
    #[must_use]
    pub fn new(epoch: u32, settings: ReceiverSettings) -> Self {
        Self {
            settings,
            epoch,
            highest: Sequence::ZERO,
            above: BTreeSet::new(),
            destructive: Sequence::ZERO,
            running: BTreeMap::new(),
            held: BTreeMap::new(),
            results: BTreeMap::new(),
            unsent: BTreeSet::new(),
            told: BTreeSet::new(),
            replies: VecDeque::new(),
            answered: VecDeque::new(),
            gap_since: None,
            discarded: 0,
            reported_at: None,
        }
    }

    /// The same receiver with other settings; stored states do not carry them.
    #[must_use]
    pub fn with_settings(mut self, settings: ReceiverSettings) -> Self {
        self.settings = settings;
        self
    }

    /// The enrolment epoch.
    #[must_use]
    pub const fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Every number up to this one was taken.
    #[must_use]
    pub const fn highest(&self) -> Sequence {
        self.highest
    }

    /// Results that the server has not acknowledged, in order.
    pub fn unsent(&self) -> impl Iterator<Item = &ActionResult> {
        self.unsent.iter().filter_map(|s| self.results.get(s))
    }

    /// Notes that the server has the result of this action.
    pub fn acknowledge(&mut self, sequence: Sequence) {
        if self.unsent.remove(&sequence) {
            self.forget();
        }
    }

    /// Starts a new enrolment epoch: numbers begin at 1 again, and whatever waited is void.
    /// Gives back the results that the server has not acknowledged.
    pub fn rekey(&mut self, epoch: u32) -> Vec<ActionResult> {
        let unsent = self.unsent().cloned().collect();
        *self = Self::new(epoch, self.settings);
        unsent
    }

    /// What a restarted device does first: the actions that were started and not stored as finished.
    #[must_use]
    pub fn resume(&self) -> Vec<Decision> {
        self.running
            .iter()
            .map(|(sequence, action)| Decision::Run {
                sequence: *sequence,
                action: action.clone(),
            })
            .collect()
    }

    /// Takes a message whose token was checked.
    pub fn receive(&mut self, message: &Verified, now: Timestamp) -> Vec<Decision> {
        let message = message.message();
        let mut decisions = Vec::new();
        let mut asked = Vec::new();
        if let Some(link) = message.link() {
            let sequence = message.sequence();
            asked.push(sequence);
            if self.is_taken(sequence) {
                self.repeat(sequence, now, &mut decisions);
            } else {
                decisions.push(Decision::FetchLink {
                    sequence,
                    link: link.to_owned(),
                });
            }
        }
        for numbered in message.numbered_actions() {
            if let Some(sequence) = numbered.sequence {
                asked.push(sequence);
                self.take(sequence, numbered.action, now, &mut decisions);
            }
        }
        self.note_gap(now);
        if let Some(nonce) = message.reply_nonce() {
            self.await_reply(nonce, asked);
        }
        self.settle_replies(&mut decisions);
        decisions
    }

    /// Notes that a message was not believed or not understood. Wrong messages change nothing else.
    pub fn discard(&mut self, reason: DiscardReason, now: Timestamp) -> Decision {
        self.discarded = self.discarded.saturating_add(1);
        Decision::Discard {
            reason,
            report: self.report(now),
        }
    }

    /// Stores the result of an action that was to run. The state must be stored together with the
    /// action's effect. A result for an action that is not running changes nothing.
    pub fn finish(&mut self, result: ActionResult) -> Vec<Decision> {
        let mut decisions = Vec::new();
        if self.running.remove(&result.sequence()).is_some() {
            self.keep(result);
            self.settle_replies(&mut decisions);
        }
        decisions
    }

    /// When [`Receiver::poll`] has something to do.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        let gap = self.gap_since.map(|t| t.after(self.settings.hold_for));
        let report = (self.discarded > 0)
            .then(|| {
                self.reported_at
                    .map(|t| t.after(self.settings.report_every))
            })
            .flatten();
        gap.into_iter().chain(report).min()
    }

    /// Does what is due by the time: asks for missing actions, reports discarded messages.
    pub fn poll(&mut self, now: Timestamp) -> Vec<Decision> {
        let mut decisions = Vec::new();
        // A clock that was set back must not stretch the wait.
        self.gap_since = self.gap_since.map(|since| since.min(now));
        if self
            .gap_since
            .is_some_and(|since| now.since(since) >= self.settings.hold_for)
        {
            self.gap_since = Some(now);
            decisions.push(Decision::FetchMissing(self.gaps()));
        }
        if self.discarded > 0
            && let Some(count) = self.report(now)
        {
            decisions.push(Decision::Report(count));
        }
        decisions
    }

    fn take(
        &mut self,
        sequence: Sequence,
        action: &Action,
        now: Timestamp,
        decisions: &mut Vec<Decision>,
    ) {
        if self.is_taken(sequence) {
            self.repeat(sequence, now, decisions);
        } else if self.is_full(sequence, action) {
            decisions.push(self.discard(DiscardReason::Full(sequence), now));
        } else if action.is_destructive() && sequence < self.destructive {
            let result = ActionResult::new(sequence, action, ResultStatus::Superseded, now);
            self.held.remove(&sequence);
            self.mark_taken(sequence);
            self.keep(result.clone());
            decisions.push(Decision::Superseded(result));
        } else if self.highest.next() == Some(sequence) {
            self.run(sequence, action.clone(), decisions);
        } else if !action.is_destructive() {
            self.hold(sequence, action, now, decisions);
        } else if self.above.len() < MAX_AHEAD {
            // Locks and wipes do not wait for what was lost before them.
            self.run(sequence, action.clone(), decisions);
        } else {
            decisions.push(self.discard(DiscardReason::TooFarAhead(sequence), now));
        }
        self.release(decisions);
    }

    /// Whether there is no place for one more result. Nothing that was taken is ever dropped for it.
    fn is_full(&self, sequence: Sequence, action: &Action) -> bool {
        if self.held.contains_key(&sequence) {
            return false;
        }
        let waiting = self.unsent.len() + self.running.len() + self.held.len();
        let awaited = !self.held.is_empty() && self.highest.next() == Some(sequence);
        let spare = match action.is_destructive() || awaited {
            true => SPARE,
            false => 0,
        };
        waiting >= self.settings.max_unsent + spare
    }

    fn is_taken(&self, sequence: Sequence) -> bool {
        sequence <= self.highest || self.above.contains(&sequence)
    }

    fn repeat(&mut self, sequence: Sequence, now: Timestamp, decisions: &mut Vec<Decision>) {
        let decision = if let Some(result) = self.results.get(&sequence) {
            Decision::Resend(result.clone())
        } else if self.running.contains_key(&sequence) {
            Decision::StillRunning(sequence)
        } else {
            self.discard(DiscardReason::Forgotten(sequence), now)
        };
        decisions.push(decision);
    }

    fn run(&mut self, sequence: Sequence, action: Action, decisions: &mut Vec<Decision>) {
        self.held.remove(&sequence);
        self.mark_taken(sequence);
        if action.is_destructive() {
            self.destructive = self.destructive.max(sequence);
        }
        self.running.insert(sequence, action.clone());
        decisions.push(Decision::Run { sequence, action });
    }

    fn mark_taken(&mut self, sequence: Sequence) {
        self.above.insert(sequence);
        while let Some(next) = self.highest.next()
            && self.above.remove(&next)
        {
            self.highest = next;
        }
    }

    fn hold(
        &mut self,
        sequence: Sequence,
        action: &Action,
        now: Timestamp,
        decisions: &mut Vec<Decision>,
    ) {
        if !self.held.contains_key(&sequence) && self.held.len() >= self.settings.max_held {
            // What is nearest to its turn stays.
            match self.held.last_key_value().map(|(last, _)| *last) {
                Some(last) if sequence < last => {
                    self.held.remove(&last);
                    decisions.push(self.discard(DiscardReason::TooFarAhead(last), now));
                }
                _ => {
                    decisions.push(self.discard(DiscardReason::TooFarAhead(sequence), now));
                    return;
                }
            }
        }
        // The server closes a gap that it gave up with nop(); that counts more than what waits there.
        let closing = action.kind() == Some(ActionKind::Nothing);
        if closing || !self.held.contains_key(&sequence) {
            self.held.insert(sequence, action.clone());
        }
        let since = self.gap_since.unwrap_or(now);
        decisions.push(Decision::Hold {
            sequence,
            until: since.after(self.settings.hold_for),
        });
    }

    fn release(&mut self, decisions: &mut Vec<Decision>) {
        while let Some(next) = self.highest.next()
            && let Some(action) = self.held.remove(&next)
        {
            self.run(next, action, decisions);
        }
    }

    fn note_gap(&mut self, now: Timestamp) {
        if self.held.is_empty() && self.above.is_empty() {
            self.gap_since = None;
        } else {
            self.gap_since.get_or_insert(now);
        }
    }

    /// The missing numbers below the highest one that is held or taken.
    fn gaps(&self) -> Vec<Gap> {
        let known: BTreeSet<Sequence> =
            self.above.iter().chain(self.held.keys()).copied().collect();
        let mut gaps = Vec::new();
        let mut before = self.highest;
        for sequence in known {
            if let Some(first) = before.next().filter(|first| *first < sequence) {
                gaps.push(Gap {
                    first,
                    last: Sequence::new(sequence.value() - 1),
                });
            }
            before = sequence;
        }
        gaps
    }

    fn keep(&mut self, result: ActionResult) {
        self.unsent.insert(result.sequence());
        self.results.insert(result.sequence(), result);
        self.forget();
    }

    /// Drops the oldest results that are only kept for repeats; never one that the server was not told.
    fn forget(&mut self) {
        while self.told.len() > MAX_TOLD
            && let Some(oldest) = self.told.pop_first()
        {
            self.results.remove(&oldest);
        }
        let mut spare = self.results.len() - self.unsent.len() - self.told.len();
        while spare > self.settings.max_results {
            let mut kept = self.results.keys();
            let oldest = kept.find(|s| !self.unsent.contains(s) && !self.told.contains(s));
            let Some(oldest) = oldest.copied() else { break };
            self.results.remove(&oldest);
            spare -= 1;
        }
    }

    /// Notes that a message wants a reply. The same message again is answered again, because the first reply may have
    /// been lost and text messages may be all there is; another message under a nonce that served is not.
    fn await_reply(&mut self, nonce: Nonce, sequences: Vec<Sequence>) {
        let asked = AwaitedReply { nonce, sequences };
        let others = self.replies.iter().chain(&self.answered);
        let mut same_nonce = others.filter(|known| known.nonce == nonce);
        if self.replies.contains(&asked) || same_nonce.any(|known| *known != asked) {
            return;
        }
        if self.replies.len() >= MAX_REPLIES {
            self.replies.pop_front();
        }
        self.replies.push_back(asked);
    }

    fn note_answered(&mut self, reply: AwaitedReply) {
        if self.answered.contains(&reply) {
            return;
        }
        if self.answered.len() >= MAX_ANSWERED {
            self.answered.pop_front();
        }
        self.answered.push_back(reply);
    }

    /// Replies to every message all of whose actions have ended.
    fn settle_replies(&mut self, decisions: &mut Vec<Decision>) {
        let waiting = std::mem::take(&mut self.replies);
        for reply in waiting {
            let statuses: Option<Vec<_>> = reply
                .sequences
                .iter()
                .map(|s| self.reply_status(*s))
                .collect();
            match statuses {
                Some(statuses) => {
                    self.note_told(&reply.sequences);
                    decisions.push(Decision::Reply {
                        nonce: reply.nonce,
                        statuses,
                    });
                    self.note_answered(reply);
                }
                None => self.replies.push_back(reply),
            }
        }
    }

    fn note_told(&mut self, sequences: &[Sequence]) {
        if !self.settings.text_only {
            return;
        }
        for sequence in sequences {
            if self.unsent.remove(sequence) {
                self.told.insert(*sequence);
            }
        }
        self.forget();
    }

    fn reply_status(&self, sequence: Sequence) -> Option<ReplyStatus> {
        if let Some(result) = self.results.get(&sequence) {
            return Some(result.to_reply_status());
        }
        (self.is_taken(sequence) && !self.running.contains_key(&sequence)).then(|| {
            ReplyStatus::Err {
                code: "forgotten".into(),
                text: String::new(),
            }
        })
    }

    fn report(&mut self, now: Timestamp) -> Option<u32> {
        self.reported_at = self.reported_at.map(|at| at.min(now));
        let throttled = self
            .reported_at
            .is_some_and(|at| now.since(at) < self.settings.report_every);
        if throttled {
            return None;
        }
        self.reported_at = Some(now);
        Some(std::mem::take(&mut self.discarded))
    }
}

#[cfg(test)]
#[path = "receiver_tests.rs"]
mod tests;
