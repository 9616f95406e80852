use std::fmt;
use std::str::FromStr;

use super::short_id::CROCKFORD;

/// A one-time enrolment code: ten base32 characters (50 bits), dead after use or 7 days.
///
/// `Debug` is masked: until it is used the code admits a device.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EnrolmentCode([u8; 10]);

/// Why a text is not an enrolment code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an enrolment code is ten characters 0-9 a-z, as in 7k2m9-x4qd0")]
pub struct InvalidEnrolmentCode;

impl EnrolmentCode {
    /// Builds a code from seven random bytes.
    #[must_use]
    pub fn from_random(bytes: [u8; 7]) -> Self {
        let mut value = bytes.iter().fold(0u64, |acc, b| (acc << 8) | u64::from(*b));
        let mut text = [0; 10];
        for slot in text.iter_mut().rev() {
            *slot = CROCKFORD[(value & 31) as usize];
            value >>= 5;
        }
        Self(text)
    }
}

impl FromStr for EnrolmentCode {
    type Err = InvalidEnrolmentCode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let kept: Vec<u8> = text.trim().bytes().filter(|b| *b != b'-').collect();
        let bytes: [u8; 10] = kept.try_into().map_err(|_| InvalidEnrolmentCode)?;
        let mut code = [0; 10];
        for (slot, b) in code.iter_mut().zip(bytes) {
            let b = match b.to_ascii_lowercase() {
                b'i' | b'l' => b'1',
                b'o' => b'0',
                other => other,
            };
            *slot = *CROCKFORD
                .iter()
                .find(|c| **c == b)
                .ok_or(InvalidEnrolmentCode)?;
        }
        Ok(Self(code))
    }
}

impl fmt::Display for EnrolmentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, b) in self.0.iter().enumerate() {
            if i == 5 {
                f.write_str("-")?;
            }
            write!(f, "{}", char::from(*b))?;
        }
        Ok(())
    }
}

impl fmt::Debug for EnrolmentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EnrolmentCode(…)")
    }
}

serde_text!(EnrolmentCode);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_being_typed() {
        let code = EnrolmentCode::from_random(*b"callhom");
        let typed = code.to_string().to_uppercase().replace('-', "");
        assert_eq!(typed.parse::<EnrolmentCode>(), Ok(code.clone()));
        assert_eq!(format!("{code:?}"), "EnrolmentCode(…)");
        assert!("7k2m9-x4qd".parse::<EnrolmentCode>().is_err());
    }
}
