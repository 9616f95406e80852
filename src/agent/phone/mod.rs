//! The simulated phone: what actions act on.
//!
//! Plain state without I/O; time is an argument. Nothing here checks who asks: that was
//! done before an action gets here.

mod content;
mod lock_screen;
mod vcard;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::{DeviceSecret, Sequence, Timestamp};
use crate::sms::Fix;

pub use content::{Content, Item, Part};
pub use lock_screen::{LockScreen, PinAnswer};
pub use vcard::{Contact, parse_vcards, to_vcards};

/// Lines of its own log that a phone keeps.
const LOG_LINES: usize = 60;
/// Messages that stay on the screen.
const MESSAGES: usize = 10;

/// A phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phone {
    /// Makes one phone different from the next: contents, place.
    seed: u64,
    /// As delivered while `None`, so that ten thousand untouched phones need no room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content: Option<Box<Content>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lock: Option<LockScreen>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ringing_until: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "VecDeque::is_empty")]
    messages: VecDeque<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    settings: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "VecDeque::is_empty")]
    log: VecDeque<String>,
}

impl Phone {
    /// A phone as it was delivered.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            content: None,
            lock: None,
            ringing_until: None,
            messages: VecDeque::new(),
            settings: BTreeMap::new(),
            log: VecDeque::new(),
        }
    }

    /// What is on it.
    #[must_use]
    pub fn content(&self) -> Content {
        match &self.content {
            Some(content) => (**content).clone(),
            None => Content::furnished(self.seed),
        }
    }

    /// What is on it, to be changed.
    pub fn content_mut(&mut self) -> &mut Content {
        let seed = self.seed;
        self.content
            .get_or_insert_with(|| Box::new(Content::furnished(seed)))
    }

    /// Locks the screen; a second lock replaces message and PIN.
    pub fn lock(&mut self, message: Option<&str>, by: Sequence, at: Timestamp) {
        self.lock = Some(LockScreen::new(message, by, at));
    }

    /// The device gets another secret: a lock that is on keeps the PIN that it has under this one.
    pub fn locked_under(&mut self, secret: &DeviceSecret) {
        if let Some(lock) = &mut self.lock {
            lock.keep_pin(secret);
        }
    }

    /// Takes the lock off; false when there was none.
    pub fn unlock(&mut self) -> bool {
        self.lock.take().is_some()
    }

    /// The lock screen, while it is locked.
    #[must_use]
    pub fn lock_screen(&self) -> Option<&LockScreen> {
        self.lock.as_ref()
    }

    /// A person types a PIN on the lock screen.
    pub fn enter_pin(&mut self, pin: &str, secret: &DeviceSecret, now: Timestamp) -> PinAnswer {
        let Some(lock) = &mut self.lock else {
            return PinAnswer::NotLocked;
        };
        let answer = lock.try_pin(pin, secret, now);
        if answer == PinAnswer::Unlocked {
            self.lock = None;
        }
        answer
    }

    /// Rings for a while.
    pub fn ring(&mut self, time: Duration, now: Timestamp) {
        self.ringing_until = Some(now.after(time));
    }

    /// Whether it rings.
    #[must_use]
    pub fn is_ringing(&self, now: Timestamp) -> bool {
        self.ringing_until.is_some_and(|until| now < until)
    }

    /// Shows a message.
    pub fn show(&mut self, text: &str) {
        if self.messages.len() == MESSAGES {
            self.messages.pop_front();
        }
        self.messages.push_back(text.to_owned());
    }

    /// Messages shown, oldest first.
    pub fn messages(&self) -> impl Iterator<Item = &str> {
        self.messages.iter().map(String::as_str)
    }

    /// Remembers a setting, as an activated feature or an installed application's version.
    pub fn set(&mut self, name: &str, value: &str) {
        self.settings.insert(name.to_owned(), value.to_owned());
    }

    /// A setting.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings.get(name).map(String::as_str)
    }

    /// All settings by name.
    pub fn settings(&self) -> impl Iterator<Item = (&str, &str)> {
        self.settings.iter().map(|(n, v)| (n.as_str(), v.as_str()))
    }

    /// Back to the state of delivery, but empty: contents, settings, lock, log.
    pub fn reset(&mut self) {
        *self = Self::new(self.seed);
        self.content = Some(Box::default());
    }

    /// Writes a line to its own log.
    pub fn note(&mut self, at: Timestamp, line: &str) {
        if self.log.len() == LOG_LINES {
            self.log.pop_front();
        }
        self.log.push_back(format!("{at} {line}"));
    }

    /// The last lines of its log, oldest first.
    #[must_use]
    pub fn log(&self, lines: usize) -> Vec<String> {
        let skip = self.log.len().saturating_sub(lines);
        self.log.iter().skip(skip).cloned().collect()
    }

    /// Where it was at a time: a walk of an hour around a square of Lund.
    #[must_use]
    pub fn place(&self, at: Timestamp) -> Option<Fix> {
        // Each phone walks its own circle, begun at its own time.
        let phase = (self.seed % 3600) as f64;
        #[expect(clippy::cast_precision_loss, reason = "seconds within an hour")]
        let turn = (at.seconds().rem_euclid(3600) as f64 + phase) / 3600.0 * std::f64::consts::TAU;
        let radius = 0.002 + (self.seed % 16) as f64 * 0.0005;
        Fix::new(
            55.7047 + radius * turn.sin(),
            13.1910 + radius * turn.cos(),
            12,
            at,
        )
    }

    /// Charge in percent: falls through the day.
    #[must_use]
    pub fn battery_pct(&self, now: Timestamp) -> i64 {
        100 - (now.seconds().rem_euclid(86_400) * 70 / 86_400)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reset_phone_is_empty_and_unlocked() {
        let at = Timestamp::from_millis(0);
        let mut phone = Phone::new(3);
        phone.lock(Some("call IT"), Sequence::new(1), at);
        phone.show("hello");
        phone.set("feature.x", "1");
        assert_eq!(phone.content().counts(), (42, 3, 2));
        phone.reset();
        assert_eq!(phone.content().counts(), (0, 0, 0));
        assert!(phone.lock_screen().is_none() && phone.messages().next().is_none());
    }

    #[test]
    fn it_walks_within_its_circle() {
        let phone = Phone::new(99);
        let a = phone
            .place(Timestamp::from_millis(0))
            .expect("on the globe");
        let b = phone
            .place(Timestamp::from_millis(600_000))
            .expect("on the globe");
        assert_ne!(
            (a.latitude().to_bits(), a.longitude().to_bits()),
            (b.latitude().to_bits(), b.longitude().to_bits())
        );
        assert!((a.latitude() - 55.7047).abs() < 0.02);
    }

    #[test]
    fn the_log_keeps_the_last_lines() {
        let mut phone = Phone::new(0);
        for i in 0..100 {
            phone.note(Timestamp::from_millis(i), &format!("line {i}"));
        }
        assert_eq!(phone.log(1000).len(), LOG_LINES);
        assert!(phone.log(2)[1].ends_with("line 99"));
    }
}
