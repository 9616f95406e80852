use std::sync::Arc;
use std::time::Duration;

use super::spaces::{Answered, Spaces};
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
    challenges: Vec<Answered>,
    fields: String,
}

impl Proof {
    /// Writes the header fields anew, each with a client nonce of its own.
    fn write(
        &mut self,
        uri: &str,
        template: &Template,
        credentials: &Credentials,
        ids: &mut IdSource,
    ) {
        self.fields.clear();
        for Answered {
            challenge, count, ..
        } in &self.challenges
        {
            let cnonce = ids.client_nonce();
            let client = ClientNonce {
                cnonce: &cnonce,
                count: *count,
            };
            let value =
                challenge.answer(credentials, template.method(), uri, template.body(), client);
            for text in [challenge.answer_name(), ": ", &value, "\r\n"] {
                self.fields.push_str(text);
            }
        }
    }
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

    /// Answers before it is asked what the proxy on the way asked others.
    pub(super) fn answer_ahead(
        &mut self,
        plan: &VolleyPlan,
        spaces: &mut Spaces,
        ids: &mut IdSource,
    ) {
        let Some(credentials) = &plan.credentials else {
            return;
        };
        let challenges = spaces.ahead(self.target.to);
        if challenges.is_empty() {
            return;
        }
        let mut proof = Proof {
            challenges,
            fields: String::new(),
        };
        proof.write(&self.target.uri, &plan.template, credentials, ids);
        self.proof = Some(Box::new(proof));
    }

    /// Answers what a 401 or 407 asks, unless the same was answered before.
    pub(super) fn answer_challenge(
        &mut self,
        message: &Message,
        plan: &VolleyPlan,
        spaces: &mut Spaces,
        ids: &mut IdSource,
    ) -> bool {
        let Some(credentials) = &plan.credentials else {
            return false;
        };
        let asked = challenges(message);
        let hop = self.target.to;
        let proof = self.proof.get_or_insert_default();
        let same = |a: &Challenge, b: &Challenge| a.proxy == b.proxy && a.realm == b.realm;
        // What was brought along and is asked all the same is answered now, not refused.
        let in_vain: Vec<Answered> = proof
            .challenges
            .extract_if(.., |old| {
                old.borrowed && asked.iter().any(|new| same(&old.challenge, new))
            })
            .collect();
        spaces.refused(hop, &in_vain);
        let refused = |new: &Challenge| {
            !new.stale && proof.challenges.iter().any(|old| same(&old.challenge, new))
        };
        if asked.is_empty() || self.number > MOST_ATTEMPTS || asked.iter().any(refused) {
            return false;
        }
        for new in asked {
            proof.challenges.retain(|old| !same(&old.challenge, &new));
            // The same nonce once more: its count goes on.
            let used = in_vain
                .iter()
                .find(|old| same(&old.challenge, &new) && old.challenge.nonce == new.nonce);
            proof.challenges.push(Answered {
                count: used.map_or(0, |old| old.count),
                challenge: Arc::new(new),
                borrowed: false,
            });
        }
        // A borrowed nonce that is forgotten meanwhile has counts that others used.
        proof.challenges.retain_mut(|answer| {
            let next = spaces.next_count(hop, &answer.challenge);
            answer.count = next.unwrap_or(answer.count + 1);
            next.is_some() || !answer.borrowed
        });
        proof.write(&self.target.uri, &plan.template, credentials, ids);
        true
    }

    /// Its request went through: what it answered on the way serves others.
    pub(super) fn went_through(&self, spaces: &mut Spaces) {
        if let Some(proof) = &self.proof {
            spaces.accepted(self.target.to, &proof.challenges);
        }
    }
}

/// Where the names of a volley's messages come from: two targets share a draw, because it is a tenth of the work.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) ids: IdSource,
    /// The upper part of all Call-IDs: hardly another volley has it.
    volley: u32,
    spare: Option<(u64, u64)>,
}

impl Names {
    pub(super) fn new(mut ids: IdSource) -> Self {
        let volley = (ids.bits() >> 96) as u32;
        Self {
            ids,
            volley,
            spare: None,
        }
    }

    /// 96 bits for the names that stay, of which 64 are the target's own, and 64 more for the branch.
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
