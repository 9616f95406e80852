use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::{DeviceSecret, Sequence, Timestamp};
use crate::sms::UnlockPin;

/// Wrong PINs before the screen makes people wait.
const FREE_TRIES: u32 = 5;
/// How long, doubled with each further wrong PIN, up to a day.
const WAIT: Duration = Duration::from_secs(60);

/// A locked screen. As long as the secret stays the PIN is not in it: it is derived from the device's secret and the lock's number when one is typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockScreen {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    by: Sequence,
    since: Timestamp,
    #[serde(default)]
    wrong: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wait_until: Option<Timestamp>,
    /// Its PIN, once the secret that it was derived from is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pin: Option<KeptPin>,
}

/// A PIN in the phone's own state; `Debug` is masked.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct KeptPin(String);

impl std::fmt::Debug for KeptPin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeptPin(…)")
    }
}

/// What the lock screen says to a PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinAnswer {
    /// It was not locked.
    NotLocked,
    /// Right; it is open now.
    Unlocked,
    /// Wrong.
    Wrong,
    /// Too many wrong ones: none is looked at before then.
    Wait(Timestamp),
}

impl LockScreen {
    pub(super) fn new(message: Option<&str>, by: Sequence, since: Timestamp) -> Self {
        Self {
            message: message.map(str::to_owned),
            by,
            since,
            wrong: 0,
            wait_until: None,
            pin: None,
        }
    }

    /// The text on it.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// The number of the action that locked it.
    #[must_use]
    pub const fn by(&self) -> Sequence {
        self.by
    }

    /// Since when.
    #[must_use]
    pub const fn since(&self) -> Timestamp {
        self.since
    }

    /// The secret is about to be replaced: the PIN that opens this lock stays the one that the endpoint kept.
    pub(super) fn keep_pin(&mut self, secret: &DeviceSecret) {
        let pin = UnlockPin::derive(secret, self.by);
        self.pin
            .get_or_insert_with(|| KeptPin(pin.expose().to_owned()));
    }

    fn pin(&self, secret: &DeviceSecret) -> UnlockPin {
        let kept = self.pin.as_ref().and_then(|kept| kept.0.parse().ok());
        kept.unwrap_or_else(|| UnlockPin::derive(secret, self.by))
    }

    pub(super) fn try_pin(
        &mut self,
        typed: &str,
        secret: &DeviceSecret,
        now: Timestamp,
    ) -> PinAnswer {
        if let Some(until) = self.wait_until.filter(|until| now < *until) {
            return PinAnswer::Wait(until);
        }
        if typed.parse() == Ok(self.pin(secret)) {
            return PinAnswer::Unlocked;
        }
        self.wrong += 1;
        if self.wrong >= FREE_TRIES {
            let doublings = (self.wrong - FREE_TRIES).min(11);
            self.wait_until = Some(now.after(WAIT * (1 << doublings)));
        }
        PinAnswer::Wrong
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_pin_of_this_lock_opens_it() {
        let secret = DeviceSecret::from_bytes([7; 32]);
        let now = Timestamp::from_millis(0);
        let mut lock = LockScreen::new(None, Sequence::new(9), now);
        let pin = UnlockPin::derive(&secret, Sequence::new(9));
        let older = UnlockPin::derive(&secret, Sequence::new(8));
        assert_eq!(lock.try_pin(older.expose(), &secret, now), PinAnswer::Wrong);
        assert_eq!(lock.try_pin("", &secret, now), PinAnswer::Wrong);
        assert_eq!(
            lock.try_pin(pin.expose(), &secret, now),
            PinAnswer::Unlocked
        );
    }

    #[test]
    fn a_lock_keeps_its_pin_when_the_secret_changes() {
        let (old, new) = (
            DeviceSecret::from_bytes([7; 32]),
            DeviceSecret::from_bytes([8; 32]),
        );
        let now = Timestamp::from_millis(0);
        let mut lock = LockScreen::new(None, Sequence::new(9), now);
        let pin = UnlockPin::derive(&old, Sequence::new(9));
        lock.keep_pin(&old);
        lock.keep_pin(&new);
        assert!(!format!("{lock:?}").contains(pin.expose()));
        let stored = serde_json::to_string(&lock).expect("serialises");
        let mut lock: LockScreen = serde_json::from_str(&stored).expect("reads");
        assert_eq!(lock.try_pin(pin.expose(), &new, now), PinAnswer::Unlocked);
    }

    #[test]
    fn guessing_is_slowed_down_but_the_right_pin_works_in_the_end() {
        let secret = DeviceSecret::from_bytes([7; 32]);
        let now = Timestamp::from_millis(0);
        let mut lock = LockScreen::new(None, Sequence::new(9), now);
        for _ in 0..FREE_TRIES {
            assert_eq!(lock.try_pin("x", &secret, now), PinAnswer::Wrong);
        }
        let pin = UnlockPin::derive(&secret, Sequence::new(9));
        let PinAnswer::Wait(until) = lock.try_pin(pin.expose(), &secret, now) else {
            panic!("it does not wait");
        };
        assert_eq!(
            lock.try_pin(pin.expose(), &secret, until),
            PinAnswer::Unlocked
        );
    }
}
