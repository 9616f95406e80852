use std::fmt;
use std::str::FromStr;

/// A telephone number in international form (ITU-T E.164): `+` and 7 to 15 digits.
///
/// Spaces, hyphens, dots and parentheses are dropped on the way in. A number is an
/// *address*, not an identity: it moves between devices and must be verified.
///
/// ```
/// use callhome::domain::Msisdn;
/// assert_eq!("+1 (408) 555-0137".parse::<Msisdn>().unwrap().to_string(), "+14085550137");
/// assert!("408 555 0137".parse::<Msisdn>().is_err());
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Msisdn(String);

/// Why a text is not an international telephone number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMsisdn {
    /// The country code is missing: without `+` the number means something else in each country.
    #[error("a number starts with + and the country code, as in +14085550137")]
    NoPlus,
    /// Something other than digits and separators.
    #[error("a number is + and digits, found {0:?}")]
    NotDigits(char),
    /// Fewer than 7 or more than 15 digits.
    #[error("a number has 7 to 15 digits after the +, found {0}")]
    Length(usize),
    /// No country code begins with zero.
    #[error("no country code begins with 0")]
    LeadingZero,
}

impl Msisdn {
    /// The digits without `+`, as SMPP (type of number 1) and ENUM want them.
    #[must_use]
    pub fn digits(&self) -> &str {
        &self.0
    }

    /// The number with its middle hidden, for logs and ladders: `+14…37`.
    #[must_use]
    pub fn masked(&self) -> String {
        format!("+{}…{}", &self.0[..2], &self.0[self.0.len() - 2..])
    }
}

impl FromStr for Msisdn {
    type Err = InvalidMsisdn;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some(rest) = text.trim().strip_prefix('+') else {
            return Err(InvalidMsisdn::NoPlus);
        };
        let mut digits = String::with_capacity(15);
        for c in rest.chars() {
            match c {
                '0'..='9' => digits.push(c),
                ' ' | '-' | '.' | '(' | ')' | '\u{a0}' => {}
                other => return Err(InvalidMsisdn::NotDigits(other)),
            }
        }
        if !(7..=15).contains(&digits.len()) {
            return Err(InvalidMsisdn::Length(digits.len()));
        }
        if digits.starts_with('0') {
            return Err(InvalidMsisdn::LeadingZero);
        }
        Ok(Self(digits))
    }
}

impl fmt::Display for Msisdn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{}", self.0)
    }
}

impl fmt::Debug for Msisdn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Msisdn({})", self.masked())
    }
}

serde_text!(Msisdn);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_normalised_or_refused() {
        let table: [(&str, Result<&str, InvalidMsisdn>); 6] = [
            ("+14085550137", Ok("+14085550137")),
            (" +44 20 7946 0000 ", Ok("+442079460000")),
            ("14085550137", Err(InvalidMsisdn::NoPlus)),
            ("+0123456789", Err(InvalidMsisdn::LeadingZero)),
            ("+1408", Err(InvalidMsisdn::Length(4))),
            ("+1408x550137", Err(InvalidMsisdn::NotDigits('x'))),
        ];
        for (text, expected) in table {
            let got = text.parse::<Msisdn>().map(|n| n.to_string());
            assert_eq!(got, expected.map(str::to_owned), "{text}");
        }
    }

    #[test]
    fn debug_masks() {
        let number: Msisdn = "+14085550137".parse().expect("valid");
        assert_eq!(format!("{number:?}"), "Msisdn(+14…37)");
    }
}
