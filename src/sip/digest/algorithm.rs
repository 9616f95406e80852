use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER;
use md5::Md5;
use sha2::{Digest, Sha256, Sha512_256};

/// A digest algorithm (RFC 7616 §3.2, RFC 8760 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// `MD5`, also when none is named.
    Md5,
    /// `MD5-sess`.
    Md5Sess,
    /// `SHA-256`.
    Sha256,
    /// `SHA-256-sess`.
    Sha256Sess,
    /// `SHA-512-256`.
    Sha512_256,
    /// `SHA-512-256-sess`.
    Sha512_256Sess,
}

/// A name that is none of the six.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("digest algorithm {0:?} is not supported")]
pub struct UnknownAlgorithm(String);

impl Algorithm {
    /// All six, as they are registered.
    pub(super) const ALL: [(Self, &'static str); 6] = [
        (Self::Md5, "MD5"),
        (Self::Md5Sess, "MD5-sess"),
        (Self::Sha256, "SHA-256"),
        (Self::Sha256Sess, "SHA-256-sess"),
        (Self::Sha512_256, "SHA-512-256"),
        (Self::Sha512_256Sess, "SHA-512-256-sess"),
    ];

    /// Whether A1 takes in both nonces.
    pub(in crate::sip) fn is_session(self) -> bool {
        matches!(
            self,
            Self::Md5Sess | Self::Sha256Sess | Self::Sha512_256Sess
        )
    }

    /// The same without `-sess`.
    pub(super) const fn plain(self) -> Self {
        match self {
            Self::Md5 | Self::Md5Sess => Self::Md5,
            Self::Sha256 | Self::Sha256Sess => Self::Sha256,
            Self::Sha512_256 | Self::Sha512_256Sess => Self::Sha512_256,
        }
    }

    /// `H(parts joined by colons)` in lower-case hexadecimal.
    pub(super) fn hash(self, parts: &[&[u8]]) -> String {
        let octets = parts.join(&b':');
        match self {
            Self::Md5 | Self::Md5Sess => HEXLOWER.encode(&Md5::digest(&octets)),
            Self::Sha256 | Self::Sha256Sess => HEXLOWER.encode(&Sha256::digest(&octets)),
            Self::Sha512_256 | Self::Sha512_256Sess => {
                HEXLOWER.encode(&Sha512_256::digest(&octets))
            }
        }
    }
}

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|(_, name)| name.eq_ignore_ascii_case(text))
            .map(|(algorithm, _)| algorithm)
            .ok_or_else(|| UnknownAlgorithm(text.chars().take(24).collect()))
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(a, _)| a == self).map(|(_, n)| *n);
        f.write_str(name.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_without_case_and_printed_as_registered() {
        for (algorithm, name) in Algorithm::ALL {
            assert_eq!(name.to_lowercase().parse(), Ok(algorithm));
            assert_eq!(algorithm.to_string(), name);
        }
        assert!("AKAv1-MD5".parse::<Algorithm>().is_err());
    }
}
