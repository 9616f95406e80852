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
        names: &mut Names,
    ) -> Self {
        let (word, key) = names.draw();
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
    pub(super) fn renew(&mut self, now: Duration, timers: Timers, names: &mut Names) {
        self.due = now;
        self.machine = ClientOther::new(timers, false);
        self.key = names.draw().1;
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

/// Where the names of a volley's messages come from: two targets share a draw, because it is a tenth of the work.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) ids: IdSource,
    /// Upper half of all Call-IDs: no other volley has it.
    volley: u64,
    spare: Option<(u64, u64)>,
}

impl Names {
    pub(super) fn new(mut ids: IdSource) -> Self {
        let volley = (ids.bits() >> 64) as u64;
        Self {
            ids,
            volley,
            spare: None,
        }
    }

    /// 128 bits for the names that stay, of which 64 are the target's own, and 64 more for the branch.
    fn draw(&mut self) -> (u128, u64) {
        let (own, key) = self.spare.take().unwrap_or_else(|| {
            let seed = self.ids.seed();
            let (words, _) = seed.as_chunks();
            let [a, b, c, d] = [0, 1, 2, 3].map(|i| u64::from_be_bytes(words[i]));
            self.spare = Some((c, d));
            (a, b)
        });
        (u128::from(self.volley) << 64 | u128::from(own), key)
    }
}
