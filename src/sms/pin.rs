//! The unlock PIN, which both ends derive and nobody sends.

use std::fmt;
use std::str::FromStr;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::domain::{DeviceSecret, Purpose, Sequence};

/// The six digits that unlock a locked device.
///
/// They are in no message: the server and the device derive the same ones from the device's
/// secret and the number of the lock action. Comparing takes the same time wherever two differ;
/// `Debug` shows nothing.
///
/// ```
/// use callhome::domain::{DeviceSecret, Sequence};
/// use callhome::sms::UnlockPin;
/// let secret = DeviceSecret::from_bytes([7; 32]);
/// let pin = UnlockPin::derive(&secret, Sequence::new(1));
/// assert_eq!(pin.expose().len(), 6);
/// assert_ne!(pin, UnlockPin::derive(&secret, Sequence::new(2)));
/// assert!("12345".parse::<UnlockPin>().is_err());
/// ```
#[derive(Clone)]
pub struct UnlockPin(String);

/// The PIN of the lock action with this number, as the text that is kept for those who may see it.
#[must_use]
pub fn unlock_pin(secret: &DeviceSecret, lock: Sequence) -> String {
    UnlockPin::derive(secret, lock).0
}

/// Why a text is not an unlock PIN.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an unlock PIN is six digits")]
pub struct InvalidPin;

impl UnlockPin {
    /// Derives the PIN of the lock action with this number: HMAC-SHA-256 with key "pin" over
    /// `unlock` and the eight hexadecimal digits, first 8 octets as a big-endian integer, mod 10⁶.
    #[must_use]
    pub fn derive(secret: &DeviceSecret, lock: Sequence) -> Self {
        let mut mac = Hmac::<Sha256>::new_from_slice(&secret.key(Purpose::Pin))
            .expect("HMAC takes keys of any length");
        mac.update(format!("unlock{lock}").as_bytes());
        let value = mac
            .finalize()
            .into_bytes()
            .iter()
            .take(8)
            .fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
        Self(format!("{:06}", value % 1_000_000))
    }

    /// The digits, for the store's sealed column and for the person who may see them.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl PartialEq for UnlockPin {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for UnlockPin {}

impl FromStr for UnlockPin {
    type Err = InvalidPin;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidPin)
        }
    }
}

impl fmt::Debug for UnlockPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UnlockPin(••••••)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_derive_the_same_digits() {
        for line in include_str!("../../tests/vectors/sms/pins.tsv")
            .lines()
            .filter(|l| !l.starts_with('#'))
        {
            let fields: Vec<&str> = line.split('\t').collect();
            let secret = DeviceSecret::from_hex(fields[0]).expect("64 digits");
            let lock: Sequence = fields[1].parse().expect("hexadecimal");
            assert_eq!(UnlockPin::derive(&secret, lock).expose(), fields[2]);
        }
    }

    #[test]
    fn digits_are_never_shown_by_accident() {
        let pin: UnlockPin = " 012345\n".parse().expect("six digits");
        assert_eq!(pin.expose(), "012345");
        assert!(!format!("{pin:?}").contains("012345"));
        assert_eq!("1234567".parse::<UnlockPin>(), Err(InvalidPin));
        assert_eq!("12345a".parse::<UnlockPin>(), Err(InvalidPin));
    }
}
