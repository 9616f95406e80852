use std::fmt;
use std::str::FromStr;

/// Crockford's base32 alphabet in lower case: no `i l o u`, so nothing is misread aloud.
pub(super) const CROCKFORD: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A short id that people type: eight random base32 characters (40 bits).
///
/// Names requests, actions, callbacks, backups and runs. `I` and `L` are read as `1`
/// and `O` as `0`, as Crockford's base32 says.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ShortId([u8; 8]);

/// Why a text is not a short id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an id is eight characters 0-9 a-z, as in 4t9wz0kc")]
pub struct InvalidShortId;

impl ShortId {
    /// Builds an id from five random bytes.
    #[must_use]
    pub fn from_random(bytes: [u8; 5]) -> Self {
        let mut value = bytes.iter().fold(0u64, |acc, b| (acc << 8) | u64::from(*b));
        let mut text = [0; 8];
        for slot in text.iter_mut().rev() {
            *slot = CROCKFORD[(value & 31) as usize];
            value >>= 5;
        }
        Self(text)
    }
}

impl FromStr for ShortId {
    type Err = InvalidShortId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes: [u8; 8] = text
            .trim()
            .as_bytes()
            .try_into()
            .map_err(|_| InvalidShortId)?;
        let mut id = [0; 8];
        for (slot, b) in id.iter_mut().zip(bytes) {
            let b = match b.to_ascii_lowercase() {
                b'i' | b'l' => b'1',
                b'o' => b'0',
                other => other,
            };
            *slot = *CROCKFORD.iter().find(|c| **c == b).ok_or(InvalidShortId)?;
        }
        Ok(Self(id))
    }
}

impl fmt::Display for ShortId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|b| write!(f, "{}", char::from(*b)))
    }
}

impl fmt::Debug for ShortId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ShortId({self})")
    }
}

serde_text!(ShortId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forty_bits_make_eight_characters() {
        assert_eq!(ShortId::from_random([0; 5]).to_string(), "00000000");
        assert_eq!(ShortId::from_random([0xff; 5]).to_string(), "zzzzzzzz");
    }

    #[test]
    fn what_is_misread_is_read_right() {
        assert_eq!(
            "4T9WZOKC".parse::<ShortId>().expect("valid").to_string(),
            "4t9wz0kc"
        );
        assert!("4t9wz0k".parse::<ShortId>().is_err());
        assert!("4t9wz0ku".parse::<ShortId>().is_err());
    }
}
