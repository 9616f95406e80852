use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::{SignedMessage, Version};
use crate::domain::{DeviceSecret, Purpose};

/// The 64-bit token of a message; sixteen lower-case hexadecimal digits on the wire.
///
/// Comparing two takes the same time wherever they differ. `Debug` shows nothing.
#[derive(Clone, Copy)]
pub struct Token([u8; 8]);

/// Why a text is not a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a token is sixteen lower-case hexadecimal digits")]
pub struct InvalidToken;

/// The keys with which one device's messages are signed, derived once.
#[derive(Clone)]
pub struct SmsKeys {
    /// Hexadecimal digits of key "sms/1", as the digest of version 1.00 takes them.
    v1: String,
    /// Keyed with "sms/2", before the first octet of a text.
    v2: Hmac<Sha256>,
}

/// A message whose token was checked: the only kind that a receiver takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified(SignedMessage);

/// Why a message is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// Altered on the way, made up, or meant for another device.
    #[error("the token does not match: altered, or another device's secret")]
    Mismatch,
    /// A version below the one the device enrolled with.
    #[error("version {found} is below {enrolled}, which the device enrolled with")]
    Downgrade {
        /// The version of the message.
        found: Version,
        /// The version of the enrolment.
        enrolled: Version,
    },
    /// `lck ulk wip rst` in version 1.00.
    #[error("a destructive action needs a signature of version 2.00")]
    DestructiveInVersion1,
}

impl Token {
    /// How many digits a token has on the wire.
    pub const DIGITS: usize = 16;

    pub(super) fn digits(self) -> [u8; Self::DIGITS] {
        let mut digits = [0; Self::DIGITS];
        HEXLOWER.encode_mut(&self.0, &mut digits);
        digits
    }
}

impl PartialEq for Token {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Token {}

impl FromStr for Token {
    type Err = InvalidToken;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        HEXLOWER
            .decode(text.as_bytes())
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self)
            .ok_or(InvalidToken)
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

impl SmsKeys {
    /// Derives both keys from a device's secret.
    #[must_use]
    pub fn derive(secret: &DeviceSecret) -> Self {
        Self {
            v1: HEXLOWER.encode(&secret.key(Purpose::Sms1)),
            v2: Hmac::new_from_slice(&secret.key(Purpose::Sms2))
                .expect("HMAC takes keys of any length"),
        }
    }

    /// Makes the token for octets that have none.
    ///
    /// Version 1.00: the first 8 octets of MD5 over the text and the hexadecimal key "sms/1".
    /// Version 2.00: the first 8 octets of HMAC-SHA-256 with key "sms/2" (RFC 2104).
    #[must_use]
    pub fn sign(&self, version: Version, octets: &[u8]) -> Token {
        self.sign_parts(version, [octets, &[]])
    }

    /// The same for octets that lie in two parts: before and behind the token.
    pub(super) fn sign_parts(&self, version: Version, parts: [&[u8]; 2]) -> Token {
        match version {
            Version::V1 => {
                let mut digest = Md5::new();
                parts.iter().for_each(|part| digest.update(part));
                digest.update(self.v1.as_bytes());
                Token(first_eight(&digest.finalize()))
            }
            Version::V2 => {
                let mut mac = self.v2.clone();
                parts.iter().for_each(|part| mac.update(part));
                Token(first_eight(&mac.finalize().into_bytes()))
            }
        }
    }
}

impl fmt::Debug for SmsKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SmsKeys(…)")
    }
}

impl SignedMessage {
    /// Believes the message, or says why not. The token is checked first, so that only the holder of
    /// the secret ever learns of the other faults.
    ///
    /// # Errors
    /// [`TokenFault`]: the message is to be discarded and reported.
    pub fn verify(self, keys: &SmsKeys, enrolled: Version) -> Result<Verified, TokenFault> {
        if keys.sign_parts(self.version(), self.signed_parts()) != self.token() {
            return Err(TokenFault::Mismatch);
        }
        if self.version() < enrolled {
            return Err(TokenFault::Downgrade {
                found: self.version(),
                enrolled,
            });
        }
        if self.version() == Version::V1 && self.is_destructive() {
            return Err(TokenFault::DestructiveInVersion1);
        }
        Ok(Verified(self))
    }
}

impl Verified {
    /// The message.
    #[must_use]
    pub const fn message(&self) -> &SignedMessage {
        &self.0
    }
}

fn first_eight(digest: &[u8]) -> [u8; 8] {
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    first
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sms::Draft;

    fn keys(byte: u8) -> SmsKeys {
        SmsKeys::derive(&DeviceSecret::from_bytes([byte; 32]))
    }

    fn signed(text: &str) -> SignedMessage {
        text.parse::<Draft>()
            .expect("a draft")
            .sign(&keys(7))
            .expect("numbered")
    }

    #[test]
    fn both_versions_are_signed_and_believed() {
        // Computed with Python's hashlib and hmac from the same secret; tests/vectors/sms/tokens.tsv.
        for line in include_str!("../../tests/vectors/sms/tokens.tsv")
            .lines()
            .filter(|l| !l.starts_with('#'))
        {
            let mut fields = line.split('\t');
            let mut field = || fields.next().expect("three fields");
            let (secret, draft, token) = (field(), field(), field());
            let keys = SmsKeys::derive(&DeviceSecret::from_hex(secret).expect("64 digits"));
            let message = draft
                .parse::<Draft>()
                .expect("a draft")
                .sign(&keys)
                .expect("numbered");
            assert_eq!(message.token().to_string(), token, "{draft}");
            assert!(message.verify(&keys, Version::V1).is_ok(), "{draft}");
        }
    }

    #[test]
    fn altered_or_foreign_messages_are_not_believed() {
        let good = signed("KME 2.00 000174ef aud() loc(1)");
        assert!(good.clone().verify(&keys(7), Version::V2).is_ok());
        assert_eq!(
            good.clone().verify(&keys(8), Version::V2),
            Err(TokenFault::Mismatch)
        );
        for altered in [
            good.as_str().replace("loc(1)", "loc(2)"),
            good.as_str().replace("000174ef", "000174f0"),
            good.as_str().replace("aud() ", ""),
            format!("{good} rel()"),
            // The same token on the lower version.
            good.as_str().replace("2.00", "1.00"),
        ] {
            let message = SignedMessage::parse(altered.as_bytes()).expect(&altered);
            assert_eq!(
                message.verify(&keys(7), Version::V1),
                Err(TokenFault::Mismatch),
                "{altered}"
            );
        }
    }

    #[test]
    fn equivalent_escapes_are_not_re_encoded_before_checking() {
        // %41 and A mean the same, but only one of them was signed.
        let signed = signed("KME 2.00 00000001 msg(A)");
        let other = signed.as_str().replace("msg(A)", "msg(%41)");
        let message = SignedMessage::parse(other.as_bytes()).expect("grammatical");
        assert_eq!(message.actions(), signed.actions());
        assert_eq!(
            message.verify(&keys(7), Version::V2),
            Err(TokenFault::Mismatch)
        );
        // A sender that signs the other spelling is believed.
        let token = keys(7).sign(Version::V2, b"KME 2.00 00000001 msg(%41)");
        let message =
            SignedMessage::parse(format!("KME 2.00 00000001 {token} msg(%41)\n").as_bytes())
                .expect("grammatical");
        assert!(message.verify(&keys(7), Version::V2).is_ok());
    }

    #[test]
    fn a_lower_version_is_a_downgrade_and_never_destroys() {
        let old = signed("KME 1.00 00000001 aud()");
        assert!(old.clone().verify(&keys(7), Version::V1).is_ok());
        assert_eq!(
            old.verify(&keys(7), Version::V2),
            Err(TokenFault::Downgrade {
                found: Version::V1,
                enrolled: Version::V2
            })
        );
        let token = keys(7).sign(Version::V1, b"KME 1.00 00000001 wip()");
        let wipe = SignedMessage::parse(format!("KME 1.00 00000001 {token} wip()").as_bytes())
            .expect("grammatical");
        assert_eq!(
            wipe.verify(&keys(7), Version::V1),
            Err(TokenFault::DestructiveInVersion1)
        );
    }
}
