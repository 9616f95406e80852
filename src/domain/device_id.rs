use std::fmt;
use std::str::FromStr;

use super::short_id::CROCKFORD;

/// A device's public id: `dev_` and 26 characters of Crockford base32 (128 random bits).
///
/// Made on the device at its first run. Knowing it opens nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeviceId(u128);

/// Why a text is not a device id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a device id is dev_ and 26 characters 0-9 a-z without i l o u")]
pub struct InvalidDeviceId;

impl DeviceId {
    /// Builds an id from 16 random bytes.
    #[must_use]
    pub const fn from_random(bytes: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(bytes))
    }
}

impl FromStr for DeviceId {
    type Err = InvalidDeviceId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let body = text.strip_prefix("dev_").ok_or(InvalidDeviceId)?;
        if body.len() != 26 {
            return Err(InvalidDeviceId);
        }
        let mut value: u128 = 0;
        for (i, b) in body.bytes().enumerate() {
            let digit = CROCKFORD
                .iter()
                .position(|c| *c == b.to_ascii_lowercase())
                .ok_or(InvalidDeviceId)?;
            // 26 × 5 bits are two more than 128: the first character carries only three.
            if i == 0 && digit > 7 {
                return Err(InvalidDeviceId);
            }
            value = (value << 5) | digit as u128;
        }
        Ok(Self(value))
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("dev_")?;
        for i in (0..26).rev() {
            let digit = (self.0 >> (i * 5)) & 31;
            write!(f, "{}", char::from(CROCKFORD[digit as usize]))?;
        }
        Ok(())
    }
}

impl fmt::Debug for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceId({self})")
    }
}

serde_text!(DeviceId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_and_parses_the_extremes() {
        for bytes in [[0; 16], [0xff; 16], *b"0123456789abcdef"] {
            let id = DeviceId::from_random(bytes);
            assert_eq!(id.to_string().len(), 30);
            assert_eq!(id.to_string().parse::<DeviceId>(), Ok(id));
        }
    }

    #[test]
    fn refuses_what_it_would_not_print() {
        for text in [
            "dev_",
            "dev_zzzzzzzzzzzzzzzzzzzzzzzzzz",
            "0000",
            "dev_0000000000000000000000000i",
        ] {
            assert!(text.parse::<DeviceId>().is_err(), "{text}");
        }
    }
}
