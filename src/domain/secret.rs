use std::fmt;

use data_encoding::HEXLOWER_PERMISSIVE;
use hkdf::Hkdf;
use sha2::Sha256;

/// A device's secret: 32 random bytes made on the device and sent once, at enrolment.
///
/// Never used as a key itself: [`DeviceSecret::key`] derives one per [`Purpose`]
/// (HKDF-SHA-256, RFC 5869, no salt). `Debug` shows nothing; there is no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceSecret([u8; 32]);

/// What a derived key is for; its word is the `info` of HKDF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Tokens of action strings, version 1.00.
    Sms1,
    /// Tokens of action strings, version 2.00.
    Sms2,
    /// Unlock PINs.
    Pin,
    /// Signatures of a device's HTTP requests.
    Http,
    /// The MAC over a bootstrap INVITE's payload.
    Bootstrap,
    /// The device's password at the SIP registrar (digest, RFC 7616).
    Sip,
}

/// Why a text is not a device secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a device secret is 64 hexadecimal digits")]
pub struct InvalidSecret;

impl Purpose {
    const fn info(self) -> &'static [u8] {
        match self {
            Self::Sms1 => b"sms/1",
            Self::Sms2 => b"sms/2",
            Self::Pin => b"pin",
            Self::Http => b"http",
            Self::Bootstrap => b"bootstrap",
            Self::Sip => b"sip",
        }
    }
}

impl DeviceSecret {
    /// Takes 32 random bytes as a secret.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads the form in which a secret stands in a file: 64 hexadecimal digits, white space around them ignored.
    ///
    /// # Errors
    /// [`InvalidSecret`] for anything else; the text is not repeated in the error.
    pub fn from_hex(text: &str) -> Result<Self, InvalidSecret> {
        let bytes = HEXLOWER_PERMISSIVE
            .decode(text.trim().as_bytes())
            .map_err(|_| InvalidSecret)?;
        bytes.try_into().map(Self).map_err(|_| InvalidSecret)
    }

    /// The bytes, for sealing in the store and for the file on the device. Not for use as a key.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// The 64 hexadecimal digits that stand in a secret's file.
    #[must_use]
    pub fn to_hex(&self) -> String {
        HEXLOWER_PERMISSIVE.encode(&self.0)
    }

    /// Derives the 32-byte key for one purpose.
    #[must_use]
    pub fn key(&self, purpose: Purpose) -> [u8; 32] {
        let mut key = [0; 32];
        Hkdf::<Sha256>::new(None, &self.0)
            .expand(purpose.info(), &mut key)
            .expect("32 bytes are less than the 8160 that HKDF-SHA-256 can give");
        key
    }

    /// The password with which the device answers SIP digest challenges: the hex of key "sip".
    #[must_use]
    pub fn sip_password(&self) -> String {
        HEXLOWER_PERMISSIVE.encode(&self.key(Purpose::Sip))
    }
}

impl fmt::Debug for DeviceSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_differ_by_purpose_and_are_stable() {
        let secret = DeviceSecret::from_bytes([7; 32]);
        let all = [
            Purpose::Sms1,
            Purpose::Sms2,
            Purpose::Pin,
            Purpose::Http,
            Purpose::Bootstrap,
            Purpose::Sip,
        ];
        for (i, a) in all.iter().enumerate() {
            assert_eq!(secret.key(*a), DeviceSecret::from_bytes([7; 32]).key(*a));
            for b in &all[i + 1..] {
                assert_ne!(secret.key(*a), secret.key(*b), "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn a_file_is_read_and_its_content_never_shown() {
        let text = format!("{}\n", "0A".repeat(32));
        let secret = DeviceSecret::from_hex(&text).expect("64 digits");
        assert_eq!(secret.expose(), &[10; 32]);
        assert_eq!(format!("{secret:?}"), "DeviceSecret(…)");
        assert_eq!(DeviceSecret::from_hex("0a"), Err(InvalidSecret));
    }
}
