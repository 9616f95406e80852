use std::fmt;
use std::str::FromStr;

/// An International Mobile Equipment Identity (3GPP TS 23.003 §6.2).
///
/// Accepts 14 digits, 15 (the Luhn check digit is verified) or 16 (an IMEISV, whose
/// software version is dropped), with spaces and hyphens anywhere. Keeps the 14
/// digits that identify the device; prints 15.
///
/// ```
/// use callhome::domain::Imei;
/// let imei: Imei = "35 893110 412007 0".parse().unwrap();
/// assert_eq!(imei.to_string(), "358931104120070");
/// assert!("358931104120071".parse::<Imei>().is_err());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Imei([u8; 14]);

/// Why a text is not an IMEI.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidImei {
    /// Something other than digits, spaces and hyphens.
    #[error("an IMEI is 14 to 16 digits, found {0:?}")]
    NotDigits(char),
    /// Fewer than 14 or more than 16 digits.
    #[error("an IMEI is 14 to 16 digits, found {0}")]
    Length(usize),
    /// The Luhn check digit does not fit the 14 digits before it.
    #[error("by its first 14 digits the last one should be {expected}")]
    CheckDigit {
        /// The digit that the first 14 ask for.
        expected: char,
    },
}

impl Imei {
    /// The 14 digits without the check digit, the form that is stored and compared.
    #[must_use]
    pub fn digits(&self) -> String {
        self.0.iter().map(|d| char::from(b'0' + d)).collect()
    }

    /// The last four of the 15 printed digits: what a person types to confirm harm.
    #[must_use]
    pub fn last_four(&self) -> String {
        self.to_string()[11..].to_owned()
    }

    /// The grouped form for people: `35 893110 412007 0`.
    #[must_use]
    pub fn spaced(&self) -> String {
        let all = self.to_string();
        format!(
            "{} {} {} {}",
            &all[..2],
            &all[2..8],
            &all[8..14],
            &all[14..]
        )
    }

    fn check_digit(&self) -> u8 {
        let sum: u32 = self
            .0
            .iter()
            .enumerate()
            .map(|(i, d)| {
                let doubled = if i % 2 == 1 { d * 2 } else { *d };
                u32::from(doubled / 10 + doubled % 10)
            })
            .sum();
        u8::try_from((10 - sum % 10) % 10).unwrap_or(0)
    }
}

impl FromStr for Imei {
    type Err = InvalidImei;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut digits = Vec::with_capacity(16);
        for c in text.chars().filter(|c| !matches!(c, ' ' | '-')) {
            match c.to_digit(10).and_then(|d| u8::try_from(d).ok()) {
                Some(digit) if c.is_ascii_digit() => digits.push(digit),
                _ => return Err(InvalidImei::NotDigits(c)),
            }
        }
        if !(14..=16).contains(&digits.len()) {
            return Err(InvalidImei::Length(digits.len()));
        }
        let mut body = [0; 14];
        body.copy_from_slice(&digits[..14]);
        let imei = Self(body);
        if digits.len() == 15 && digits[14] != imei.check_digit() {
            return Err(InvalidImei::CheckDigit {
                expected: char::from(b'0' + imei.check_digit()),
            });
        }
        Ok(imei)
    }
}

impl fmt::Display for Imei {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.digits(), self.check_digit())
    }
}

impl fmt::Debug for Imei {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.to_string();
        write!(f, "Imei({}…{})", &all[..2], &all[14..])
    }
}

serde_text!(Imei);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_fourteen_fifteen_and_sixteen_digits() {
        for text in [
            "35893110412007",
            "358931104120070",
            "3589311041200712",
            "35-893110-412007-0",
        ] {
            assert_eq!(
                text.parse::<Imei>().expect(text).to_string(),
                "358931104120070",
                "{text}"
            );
        }
    }

    #[test]
    fn knows_published_check_digits() {
        for text in ["490154203237518", "493005100592800", "352099001761481"] {
            assert!(text.parse::<Imei>().is_ok(), "{text}");
        }
    }

    #[test]
    fn names_the_expected_check_digit() {
        assert_eq!(
            "358931104210070".parse::<Imei>(),
            Err(InvalidImei::CheckDigit { expected: '9' })
        );
        assert_eq!("12345".parse::<Imei>(), Err(InvalidImei::Length(5)));
        assert_eq!("3.5E+14".parse::<Imei>(), Err(InvalidImei::NotDigits('.')));
    }

    #[test]
    fn debug_shows_neither_the_number_nor_most_of_it() {
        let imei: Imei = "358931104120070".parse().expect("valid");
        assert_eq!(format!("{imei:?}"), "Imei(35…0)");
        assert_eq!(imei.spaced(), "35 893110 412007 0");
        assert_eq!(imei.last_four(), "0070");
    }
}
