use std::time::Duration;

use super::template::{Filling, Template};
use super::{VolleyPlan, VolleyTarget};
use crate::sip::digest::{Challenge, ClientNonce, challenges};
use crate::sip::id_source::IdSource;
use crate::sip::request::Credentials;
use crate::sip::timer::{Timer, Timers};
use crate::sip::transaction::{ClientInput, ClientOther};
use crate::sip::wire::Message;

/// Challenges are answered at most this often, whatever a peer says of stale nonces.
const MOST_ATTEMPTS: u32 = 5;

/// One target on its way.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) target: VolleyTarget,
    pub(super) machine: ClientOther,
    /// Random bits of the present transaction's branch.
    pub(super) key: u64,
    word: u128,
    pub(super) started: Duration,
    pub(super) deadline: Duration,
    /// When its timer was to fire last.
    pub(super) due: Duration,
    pub(super) copies: u32,
    number: u32,
    proof: Option<Box<Proof>>,
}

/// What was challenged, and the header fields that answer it.
#[derive(Debug, Default)]
struct Proof {
    challenges: Vec<(Challenge, u32)>,
    fields: String,
}

impl From<Timer> for ClientInput {
    fn from(timer: Timer) -> Self {
        Self::Timer(timer)
    }
}

impl Slot {
    pub(super) fn new(
        now: Duration,
        target: VolleyTarget,
        plan: &VolleyPlan,
        ids: &mut IdSource,
    ) -> Self {
        let (word, key) = draw(ids);
        Self {
            target,
            machine: ClientOther::new(plan.timers, false),
            key,
            word,
            started: now,
            due: now,
            deadline: now + plan.patience.min(plan.timers.patience()),
            copies: 0,
            number: 1,
            proof: None,
        }
    }

    /// A new transaction for the same target (RFC 3261 §22.2): next number, new branch, same Call-ID and tag.
    pub(super) fn renew(&mut self, now: Duration, timers: Timers, ids: &mut IdSource) {
        self.due = now;
        self.machine = ClientOther::new(timers, false);
        self.key = draw(ids).1;
        self.number += 1;
    }

    pub(super) fn filling<'a>(&'a self, slot: u32, local: &'a str) -> Filling<'a> {
        Filling {
            uri: &self.target.uri,
            local,
            word: self.word,
            slot,
            key: self.key,
            number: self.number,
            answers: self.proof.as_ref().map_or("", |p| &p.fields),
        }
    }

    /// Answers what a 401 or 407 asks, unless the same was answered before.
    pub(super) fn answer_challenge(
        &mut self,
        message: &Message,
        template: &Template,
        credentials: &Credentials,
        ids: &mut IdSource,
    ) -> bool {
        let asked = challenges(message);
        let proof = self.proof.get_or_insert_default();
        let same = |a: &Challenge, b: &Challenge| a.proxy == b.proxy && a.realm == b.realm;
        let refused =
            |new: &Challenge| !new.stale && proof.challenges.iter().any(|(old, _)| same(old, new));
        if asked.is_empty() || self.number > MOST_ATTEMPTS || asked.iter().any(refused) {
            return false;
        }
        for new in asked {
            proof.challenges.retain(|(old, _)| !same(old, &new));
            proof.challenges.push((new, 0));
        }
        proof.fields.clear();
        for (challenge, count) in &mut proof.challenges {
            *count += 1;
            let cnonce = ids.word();
            let client = ClientNonce {
                cnonce: &cnonce,
                count: *count,
            };
            let value = challenge.answer(
                credentials,
                template.method(),
                &self.target.uri,
                template.body(),
                client,
            );
            for text in [challenge.answer_name(), ": ", &value, "\r\n"] {
                proof.fields.push_str(text);
            }
        }
        true
    }
}

/// 128 bits for the names that stay, 64 more for the branch.
fn draw(ids: &mut IdSource) -> (u128, u64) {
    let seed = ids.seed();
    let (mut word, mut key) = (0, 0);
    for byte in &seed[..16] {
        word = word << 8 | u128::from(*byte);
    }
    for byte in &seed[16..24] {
        key = key << 8 | u64::from(*byte);
    }
    (word, key)
}
