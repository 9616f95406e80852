//! What a device decides. Bytes and time in, effects out; no I/O, no clock, no randomness.
//!
//! The whole of a [`Brain`] is one JSON value. Whoever drives it stores that value after
//! every input and before the effects begin: an input that was not stored has had no effect
//! and comes again, one that was stored is never acted on twice.
//!
//! | file | holds |
//! |---|---|
//! | `identity` | who the device is and where it belongs |
//! | `effect` | what it wants done |
//! | `message` | signed messages, however they came: believe, order, run |
//! | `act` | every action on the phone |
//! | `job`, `transfer` | actions that need the world outside: uploads, downloads, sessions |
//! | `sip` | SIP requests: what they ask for and what is answered |
//! | `call` | who may ask the device to call home, and the session that follows |

mod act;
mod call;
mod effect;
mod identity;
mod job;
mod message;
mod sip;
mod transfer;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::api::{AgentReport, EnrolResponse, RegisterRequest};
use crate::domain::{Sequence, ShortId, Timestamp};
use crate::sip::digest::{NonceSource, Verifier};
use crate::sms::{Receiver, ReceiverSettings, SmsKeys, Version};

use super::phone::Phone;
use identity::{Former, Home};
use job::Job;

pub use effect::Effect;
pub use identity::Persona;
pub use sip::ALLOW;

/// How the agent names itself.
pub const USER_AGENT: &str = concat!("callhome-agent/", env!("CARGO_PKG_VERSION"));

/// Realm in which a device asks who sends.
const CHALLENGE_REALM: &str = "callhome-device";
/// A device's challenge can be answered this long.
const NONCE_LIFE: Duration = Duration::from_secs(60);

/// Reports that wait for a session.
const MAX_REPORTS: usize = 16;

/// A device's whole mind and body.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Brain {
    persona: Persona,
    home: Option<Home>,
    /// While it is being enrolled again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    former: Option<Former>,
    receiver: Receiver,
    phone: Phone,
    jobs: BTreeMap<Sequence, Job>,
    /// Bootstrap sessions that were used, until they would have expired anyway.
    used_bootstraps: Vec<(String, Timestamp)>,
    reports: Vec<AgentReport>,
    /// Refusals of SIP requests since the last report, and when that was.
    refused: (u32, Option<Timestamp>),
    counters: Counters,
    /// Request ids that were called back for lately: a repeat opens no second session.
    recent_requests: Vec<String>,
    /// Calls for a later time slot.
    #[serde(default)]
    planned: Vec<call::Planned>,
    /// Who sent the last signed text message that was new: replies go there.
    #[serde(default)]
    reply_to: String,
    #[serde(skip)]
    keys: Option<SmsKeys>,
    /// The session in which actions are being fetched.
    #[serde(skip)]
    session: Option<ShortId>,
    #[serde(skip)]
    hold_for: Option<Duration>,
    /// Asks who sends a NOTIFY; without it everybody may.
    #[serde(skip)]
    challenger: Option<Verifier>,
    /// Servers that its owner trusts beside those that it was told at enrolment.
    #[serde(skip)]
    trusted: Vec<String>,
}

/// How often what was done: one count for each action that changed the phone.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counters {
    /// Executed actions by name.
    pub executed: BTreeMap<String, u64>,
    /// Messages that were not believed.
    pub discarded: u64,
    /// Sessions opened.
    pub sessions: u64,
}

impl Brain {
    /// A device fresh from the factory. `seed` makes its contents.
    #[must_use]
    pub fn new(persona: Persona, seed: u64) -> Self {
        let settings = ReceiverSettings {
            text_only: !persona.has_data,
            ..ReceiverSettings::default()
        };
        Self {
            receiver: Receiver::new(1, settings),
            persona,
            home: None,
            former: None,
            phone: Phone::new(seed),
            jobs: BTreeMap::new(),
            used_bootstraps: Vec::new(),
            reports: Vec::new(),
            refused: (0, None),
            counters: Counters::default(),
            recent_requests: Vec::new(),
            planned: Vec::new(),
            reply_to: String::new(),
            keys: None,
            session: None,
            hold_for: None,
            challenger: None,
            trusted: Vec::new(),
        }
    }

    /// The stored form of it.
    ///
    /// # Errors
    /// Only if JSON cannot hold it, which no value here can cause.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    /// Reads what [`Brain::to_bytes`] wrote.
    ///
    /// # Errors
    /// When the bytes are something else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// Asks for missing actions after this time instead of 60 s.
    #[must_use]
    pub fn with_hold(mut self, hold_for: Duration) -> Self {
        self.hold_for = Some(hold_for);
        let settings = self.receiver_settings();
        self.receiver = self.receiver.with_settings(settings);
        self
    }

    /// Asks every sender of a NOTIFY for the secret that it shares with the endpoint (requirement B7). `key` is random:
    /// what was answered before a restart is not taken after it.
    #[must_use]
    pub fn challenging(mut self, key: [u8; 32]) -> Self {
        let nonces = NonceSource::new(key, NONCE_LIFE);
        let verifier = Verifier::new(CHALLENGE_REALM, nonces);
        self.challenger = Some(verifier.covering_bodies().behind_proxies());
        self
    }

    /// Also calls back to these hosts.
    #[must_use]
    pub fn trusting(mut self, hosts: &[String]) -> Self {
        self.trusted = hosts.to_vec();
        self
    }

    fn receiver_settings(&self) -> ReceiverSettings {
        let mut settings = ReceiverSettings {
            text_only: !self.persona.has_data,
            ..ReceiverSettings::default()
        };
        if let Some(hold_for) = self.hold_for {
            settings.hold_for = hold_for;
        }
        settings
    }

    /// Who it is.
    #[must_use]
    pub const fn persona(&self) -> &Persona {
        &self.persona
    }

    /// The phone.
    #[must_use]
    pub const fn phone(&self) -> &Phone {
        &self.phone
    }

    /// The phone, in the hands of its user.
    pub const fn phone_mut(&mut self) -> &mut Phone {
        &mut self.phone
    }

    /// What it did so far.
    #[must_use]
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// What it learnt at enrolment; `None` before.
    #[must_use]
    pub fn enrolment(&self) -> Option<&EnrolResponse> {
        self.home.as_ref().map(|home| &home.answer)
    }

    /// The endpoint it belongs to.
    #[must_use]
    pub fn server_url(&self) -> Option<&str> {
        self.home.as_ref().map(|home| home.url.as_str())
    }

    /// Notes that it is enrolled now. Numbers start again.
    pub fn enrolled(&mut self, url: &str, answer: EnrolResponse, now: Timestamp) {
        self.receiver.rekey(answer.epoch);
        if let Some(former) = self.former.take() {
            // A lock outlives the enrolment, and so does its PIN, which the endpoint kept.
            self.phone.locked_under(&former.secret);
        }
        self.jobs.clear();
        self.phone
            .note(now, &format!("enrolled at {}", answer.server));
        self.home = Some(Home {
            url: url.to_owned(),
            answer,
            at: now,
        });
    }

    /// What it tells the endpoint about itself, with the address at which SIP reaches it.
    #[must_use]
    pub fn registration(&self, contact: Option<String>, proxy: Option<String>) -> RegisterRequest {
        RegisterRequest {
            tag: proxy.as_ref().map(|_| crate::api::RouteTag::Indirect),
            contact,
            proxy,
            numbers: self.persona.numbers.clone(),
            push: None,
            has_data: self.persona.has_data,
        }
    }

    /// A person types a PIN on the lock screen.
    pub fn enter_pin(&mut self, pin: &str, now: Timestamp) -> super::phone::PinAnswer {
        let answer = self.phone.enter_pin(pin, &self.persona.secret, now);
        self.phone.note(now, &format!("PIN typed: {answer:?}"));
        answer
    }

    /// What to do after a restart: jobs that were under way, results and reports that wait.
    #[must_use]
    pub fn resume(&mut self, now: Timestamp) -> Vec<Effect> {
        let settings = self.receiver_settings();
        self.receiver = std::mem::take(&mut self.receiver).with_settings(settings);
        let mut effects: Vec<Effect> = Vec::new();
        let jobs: Vec<Sequence> = self.jobs.keys().copied().collect();
        for job in jobs {
            self.go_on(job, now, &mut effects);
        }
        effects.extend(self.waiting());
        effects
    }

    /// Results and reports that the server does not have yet.
    #[must_use]
    pub fn waiting(&self) -> Vec<Effect> {
        if !self.persona.has_data {
            return Vec::new();
        }
        let results = self.receiver.unsent().cloned().map(Effect::SendResult);
        let reports = self.reports.iter().cloned().map(Effect::Report);
        results.chain(reports).collect()
    }

    /// Notes that the server has a result.
    pub fn result_sent(&mut self, sequence: Sequence) {
        self.receiver.acknowledge(sequence);
    }

    /// Notes that the server has a report.
    pub fn report_sent(&mut self, report: &AgentReport) {
        self.reports.retain(|r| r != report);
    }

    /// When [`Brain::poll`] has something to do.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        let retries = self.jobs.values().filter_map(|job| job.retry_at);
        self.receiver
            .poll_timeout()
            .into_iter()
            .chain(retries)
            .chain(self.next_planned())
            .min()
    }

    /// Does what is due.
    pub fn poll(&mut self, now: Timestamp) -> Vec<Effect> {
        let decisions = self.receiver.poll(now);
        let mut effects = self.obey(decisions, "timer", now);
        effects.extend(self.make_planned(now));
        let due: Vec<Sequence> = self
            .jobs
            .iter()
            .filter(|(_, job)| job.retry_at.is_some_and(|at| at <= now))
            .map(|(sequence, _)| *sequence)
            .collect();
        for job in due {
            self.go_on(job, now, &mut effects);
        }
        effects
    }

    fn keys(&mut self) -> &SmsKeys {
        let secret = &self.persona.secret;
        self.keys.get_or_insert_with(|| SmsKeys::derive(secret))
    }

    /// The version it enrolled with: nothing below is obeyed.
    const fn version(&self) -> Version {
        Version::V2
    }

    fn report(&mut self, report: AgentReport, effects: &mut Vec<Effect>) {
        if self.reports.len() == MAX_REPORTS {
            self.reports.remove(0);
        }
        self.reports.push(report.clone());
        if self.persona.has_data {
            effects.push(Effect::Report(report));
        }
    }
}

#[cfg(test)]
#[path = "brain_tests.rs"]
mod tests;

#[cfg(test)]
mod message_tests;
