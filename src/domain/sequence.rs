use std::fmt;
use std::str::FromStr;

/// The 32-bit number of an action on one device in one enrolment epoch.
///
/// Printed as eight lower-case hexadecimal digits. Numbering starts at 1; at
/// [`Sequence::LAST`] the device is re-keyed and starts again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Sequence(u32);

/// Why a text is not a sequence number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a sequence number is up to eight hexadecimal digits, as in 000174ef or 0x174ef")]
pub struct InvalidSequence;

impl Sequence {
    /// The number before the first: nothing has run.
    pub const ZERO: Self = Self(0);
    /// The first number of an epoch.
    pub const FIRST: Self = Self(1);
    /// At this number the device is re-keyed instead of going on.
    pub const LAST: Self = Self(0xffff_fff0);

    /// Builds a sequence number from its value.
    #[must_use]
    pub const fn new(value: u32) -> Self {
        Self(value)
    }

    /// The value as an integer.
    #[must_use]
    pub const fn value(self) -> u32 {
        self.0
    }

    /// The number `steps` further on, or `None` past [`Sequence::LAST`].
    #[must_use]
    pub fn forward(self, steps: u32) -> Option<Self> {
        self.0
            .checked_add(steps)
            .filter(|v| *v <= Self::LAST.0)
            .map(Self)
    }

    /// The next number, or `None` past [`Sequence::LAST`].
    #[must_use]
    pub fn next(self) -> Option<Self> {
        self.forward(1)
    }
}

impl FromStr for Sequence {
    type Err = InvalidSequence;

    /// Reads hexadecimal, with or without `0x`. The wire form is stricter: see `sms::grammar`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.trim();
        let digits = digits
            .strip_prefix("0x")
            .or_else(|| digits.strip_prefix("0X"))
            .unwrap_or(digits);
        if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(InvalidSequence);
        }
        u32::from_str_radix(digits, 16)
            .map(Self)
            .map_err(|_| InvalidSequence)
    }
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

serde_text!(Sequence);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_hexadecimal_and_prints_eight_digits() {
        assert_eq!(
            "0x174ef".parse::<Sequence>().expect("valid").to_string(),
            "000174ef"
        );
        assert_eq!("000174ef".parse::<Sequence>(), Ok(Sequence::new(95_471)));
        for text in ["", "0x", "123456789", "-1", "+1", "xyz"] {
            assert!(text.parse::<Sequence>().is_err(), "{text}");
        }
    }

    #[test]
    fn ends_where_the_device_is_rekeyed() {
        assert_eq!(Sequence::LAST.next(), None);
        assert_eq!(Sequence::ZERO.next(), Some(Sequence::FIRST));
        assert_eq!(Sequence::new(u32::MAX).forward(1), None);
    }
}
