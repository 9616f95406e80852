use std::fmt;
use std::str::FromStr;

use super::{Imei, InvalidImei};

/// What makes a device this device: a number burnt in, or the subscriber's card.
///
/// The text form is `kind:value`, as in `imei:358931104120070` or `mac:00-15-65-3a-90-01`.
/// A device has at least one; two devices never share one.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Identity {
    /// IMEI, 3GPP TS 23.003 §6.2.
    Imei(Imei),
    /// IMSI, 6 to 15 digits, 3GPP TS 23.003 §2.2.
    Imsi(String),
    /// MEID, 14 hexadecimal digits, 3GPP2 X.S0008.
    Meid(String),
    /// ESN, 8 hexadecimal digits.
    Esn(String),
    /// The maker's serial number, 1 to 64 printable characters without spaces.
    Serial(String),
    /// A MAC-48 address, kept as 12 lower-case hexadecimal digits.
    Mac(String),
}

/// The kind of an [`Identity`], without its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IdentityKind {
    /// IMEI.
    Imei,
    /// IMSI.
    Imsi,
    /// MEID.
    Meid,
    /// ESN.
    Esn,
    /// Serial number.
    Serial,
    /// MAC address.
    Mac,
}

/// Why a text is not an identity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidIdentity {
    /// No `kind:` before the value, or a kind that does not exist.
    #[error("an identity is imei:…, imsi:…, meid:…, esn:…, serial:… or mac:…, found {0:?}")]
    Kind(String),
    /// The value after `imei:` is no IMEI.
    #[error(transparent)]
    Imei(#[from] InvalidImei),
    /// The value does not have the form of its kind.
    #[error("{kind} is {form}")]
    Value {
        /// The kind that was named.
        kind: IdentityKind,
        /// The form that it asks for, in words.
        form: &'static str,
    },
}

impl IdentityKind {
    /// All kinds, in the order in which a device's identities are shown.
    pub const ALL: [Self; 6] = [
        Self::Imei,
        Self::Imsi,
        Self::Meid,
        Self::Esn,
        Self::Serial,
        Self::Mac,
    ];

    /// The word before the colon.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Imei => "imei",
            Self::Imsi => "imsi",
            Self::Meid => "meid",
            Self::Esn => "esn",
            Self::Serial => "serial",
            Self::Mac => "mac",
        }
    }
}

impl fmt::Display for IdentityKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Identity {
    /// Builds an identity of a known kind from its value.
    ///
    /// # Errors
    /// [`InvalidIdentity::Imei`] or [`InvalidIdentity::Value`] when the value does not fit the kind.
    pub fn new(kind: IdentityKind, value: &str) -> Result<Self, InvalidIdentity> {
        let value = value.trim();
        let fail = |form| Err(InvalidIdentity::Value { kind, form });
        let hex = |digits: usize| {
            let text: String = value
                .chars()
                .filter(|c| !matches!(c, '-' | ':' | '.' | ' '))
                .collect();
            (text.len() == digits && text.bytes().all(|b| b.is_ascii_hexdigit()))
                .then(|| text.to_ascii_lowercase())
        };
        match kind {
            IdentityKind::Imei => Ok(Self::Imei(value.parse()?)),
            IdentityKind::Imsi => {
                if (6..=15).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_digit()) {
                    Ok(Self::Imsi(value.to_owned()))
                } else {
                    fail("6 to 15 digits")
                }
            }
            IdentityKind::Meid => {
                hex(14).map_or_else(|| fail("14 hexadecimal digits"), |v| Ok(Self::Meid(v)))
            }
            IdentityKind::Esn => {
                hex(8).map_or_else(|| fail("8 hexadecimal digits"), |v| Ok(Self::Esn(v)))
            }
            IdentityKind::Serial => {
                if (1..=64).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_graphic()) {
                    Ok(Self::Serial(value.to_owned()))
                } else {
                    fail("1 to 64 printable characters without spaces")
                }
            }
            IdentityKind::Mac => {
                hex(12).map_or_else(|| fail("12 hexadecimal digits"), |v| Ok(Self::Mac(v)))
            }
        }
    }

    /// The kind of this identity.
    #[must_use]
    pub const fn kind(&self) -> IdentityKind {
        match self {
            Self::Imei(_) => IdentityKind::Imei,
            Self::Imsi(_) => IdentityKind::Imsi,
            Self::Meid(_) => IdentityKind::Meid,
            Self::Esn(_) => IdentityKind::Esn,
            Self::Serial(_) => IdentityKind::Serial,
            Self::Mac(_) => IdentityKind::Mac,
        }
    }

    /// The value in its normal form, without the kind.
    #[must_use]
    pub fn value(&self) -> String {
        match self {
            Self::Imei(imei) => imei.to_string(),
            Self::Imsi(v) | Self::Meid(v) | Self::Esn(v) | Self::Serial(v) | Self::Mac(v) => {
                v.clone()
            }
        }
    }
}

impl FromStr for Identity {
    type Err = InvalidIdentity;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some((word, value)) = text.split_once(':') else {
            return Err(InvalidIdentity::Kind(text.chars().take(12).collect()));
        };
        let kind = IdentityKind::ALL
            .into_iter()
            .find(|k| k.word().eq_ignore_ascii_case(word.trim()))
            .ok_or_else(|| InvalidIdentity::Kind(word.chars().take(12).collect()))?;
        Self::new(kind, value)
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind(), self.value())
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value();
        let tail: String = value
            .chars()
            .rev()
            .take(2)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .collect();
        write!(f, "Identity({}:…{tail})", self.kind())
    }
}

serde_text!(Identity);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_normal_form() {
        for (text, normal) in [
            ("imei:35 893110 412007 0", "imei:358931104120070"),
            ("IMSI:244051234567890", "imsi:244051234567890"),
            ("meid:A1000009ABCDEF", "meid:a1000009abcdef"),
            ("esn:80A1B2C3", "esn:80a1b2c3"),
            ("serial:NK4G-22071-88", "serial:NK4G-22071-88"),
            ("mac:00:15:65:3A:90:01", "mac:0015653a9001"),
        ] {
            assert_eq!(text.parse::<Identity>().expect(text).to_string(), normal);
        }
    }

    #[test]
    fn a_value_of_another_kind_is_refused() {
        for text in [
            "imei:123",
            "imsi:12ab56",
            "meid:123",
            "esn:1",
            "serial:two words",
            "mac:00",
            "sku:9",
            "358931104120070",
        ] {
            assert!(text.parse::<Identity>().is_err(), "{text}");
        }
    }
}
