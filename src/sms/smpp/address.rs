use std::fmt;

use crate::domain::Msisdn;

/// An address with its type of number and numbering plan (SMPP 3.4 §5.2.5 and §5.2.6).
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Address {
    /// Type of number: 1 international, 5 alphanumeric, 3 short code, 0 unknown.
    pub ton: u8,
    /// Numbering plan: 1 E.164, 0 unknown.
    pub npi: u8,
    /// Digits or a name.
    pub text: String,
}

impl Address {
    /// An international number: type 1, plan 1, digits only.
    #[must_use]
    pub fn international(number: &Msisdn) -> Self {
        Self {
            ton: 1,
            npi: 1,
            text: number.digits().to_owned(),
        }
    }

    /// A sender as people write it: `+358…` is international, up to 8 digits a short code, letters a name.
    #[must_use]
    pub fn sender(text: &str) -> Self {
        let text = text.trim();
        let digits = text.strip_prefix('+').unwrap_or(text);
        let numeric = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        let (ton, npi, text) = match numeric {
            _ if text.is_empty() => (0, 0, ""),
            true if text.starts_with('+') => (1, 1, digits),
            true if digits.len() <= 8 => (3, 0, digits),
            true => (0, 1, digits),
            false => (5, 0, text),
        };
        Self {
            ton,
            npi,
            text: text.to_owned(),
        }
    }

    /// The number, when it is an international one or looks like one.
    #[must_use]
    pub fn number(&self) -> Option<Msisdn> {
        let digits = self.text.strip_prefix('+').unwrap_or(&self.text);
        match self.ton {
            0 | 1 => format!("+{digits}").parse().ok(),
            _ => None,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plus = if self.ton == 1 && !self.text.starts_with('+') {
            "+"
        } else {
            ""
        };
        write!(f, "{plus}{}", self.text)
    }
}

/// Without the number: it is personal.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({}/{}, …)", self.ton, self.npi)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn senders_get_the_type_that_their_form_has() {
        for (text, ton, npi, expected) in [
            ("+358401234567", 1, 1, "358401234567"),
            ("12345", 3, 0, "12345"),
            ("358401234567", 0, 1, "358401234567"),
            ("Callhome", 5, 0, "Callhome"),
            ("", 0, 0, ""),
        ] {
            let address = Address::sender(text);
            assert_eq!(
                (address.ton, address.npi, address.text.as_str()),
                (ton, npi, expected)
            );
        }
    }

    #[test]
    fn numbers_come_back_as_they_went() {
        let number: Msisdn = "+358401234567".parse().expect("valid");
        let address = Address::international(&number);
        assert_eq!(address.to_string(), "+358401234567");
        assert_eq!(address.number(), Some(number));
        assert_eq!(Address::sender("Bank").number(), None);
        assert!(!format!("{address:?}").contains("1234567"));
    }
}
