use std::fmt;
use std::str::FromStr;

/// A customer's system id: nine digits and an ISBN-10 check digit (ISO 2108:1992, modulus 11).
///
/// It routes an enrolment to a server and authorises nothing. The check digit is
/// verified where it is typed, so a slip is caught before any network is touched.
///
/// ```
/// use callhome::domain::SystemId;
/// assert!("0306406152".parse::<SystemId>().is_ok());
/// assert!("0306406151".parse::<SystemId>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SystemId(u32);

/// Why a text is not a system id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSystemId {
    /// Not ten characters, or not nine digits and a digit or `X`.
    #[error("a system id is nine digits and a check digit (0-9 or X), found {0:?}")]
    Form(String),
    /// The check digit does not fit; usually one digit is wrong or two are swapped.
    #[error(
        "the check digit should be {expected}, found {found}: one digit is wrong or two are swapped"
    )]
    CheckDigit {
        /// The check digit that the nine digits ask for.
        expected: char,
        /// The one that was given.
        found: char,
    },
}

impl SystemId {
    /// Builds a system id from a number below 10⁹, computing its check digit.
    ///
    /// Larger numbers are taken modulo 10⁹, so that random bytes can be used as they are.
    #[must_use]
    pub const fn from_number(number: u32) -> Self {
        Self(number % 1_000_000_000)
    }

    fn check_character(self) -> char {
        let digits = format!("{:09}", self.0);
        let sum: u32 = digits
            .bytes()
            .zip((2..=10).rev())
            .map(|(d, weight)| u32::from(d - b'0') * weight)
            .sum();
        match (11 - sum % 11) % 11 {
            10 => 'X',
            digit => char::from_digit(digit, 10).unwrap_or('0'),
        }
    }
}

impl FromStr for SystemId {
    type Err = InvalidSystemId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let kept: String = text
            .trim()
            .chars()
            .filter(|c| !matches!(c, '-' | ' '))
            .collect();
        let form = || InvalidSystemId::Form(text.trim().chars().take(16).collect());
        if kept.len() != 10 || !kept.is_ascii() {
            return Err(form());
        }
        let (number, check) = kept.split_at(9);
        let found = check
            .chars()
            .next()
            .map(|c| c.to_ascii_uppercase())
            .ok_or_else(form)?;
        if !number.bytes().all(|b| b.is_ascii_digit()) || !(found.is_ascii_digit() || found == 'X')
        {
            return Err(form());
        }
        let id = Self(number.parse().map_err(|_| form())?);
        let expected = id.check_character();
        if expected == found {
            Ok(id)
        } else {
            Err(InvalidSystemId::CheckDigit { expected, found })
        }
    }
}

impl fmt::Display for SystemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:09}{}", self.0, self.check_character())
    }
}

serde_text!(SystemId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_isbn_check_digits_hold() {
        for text in ["0306406152", "080442957X", "0-8044-2957-x", "0131103628"] {
            assert!(text.parse::<SystemId>().is_ok(), "{text}");
        }
        assert_eq!(
            "080442957x".parse::<SystemId>().expect("valid").to_string(),
            "080442957X"
        );
    }

    #[test]
    fn a_swapped_pair_is_caught() {
        assert_eq!(
            "0360406152"
                .parse::<SystemId>()
                .map_err(|e| matches!(e, InvalidSystemId::CheckDigit { .. })),
            Err(true)
        );
        assert!(matches!(
            "12345".parse::<SystemId>(),
            Err(InvalidSystemId::Form(_))
        ));
        assert!(matches!(
            "ÄÄÄÄÄ".parse::<SystemId>(),
            Err(InvalidSystemId::Form(_))
        ));
    }
}
