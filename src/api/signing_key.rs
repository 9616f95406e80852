use std::fmt;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

/// A server's Ed25519 key (RFC 8032): signs audit checkpoints and requests to peers. `Debug` shows the public half.
pub struct SigningKey(Ed25519KeyPair);

/// The public half of a [`SigningKey`]; in text 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifyingKey([u8; 32]);

/// Why a text or seed is not a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an Ed25519 key is 64 hexadecimal digits")]
pub struct InvalidKey;

impl SigningKey {
    /// Makes the key that belongs to 32 random bytes.
    ///
    /// # Errors
    /// [`InvalidKey`] when the library refuses the seed.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, InvalidKey> {
        Ed25519KeyPair::from_seed_unchecked(seed)
            .map(Self)
            .map_err(|_| InvalidKey)
    }

    /// Reads a seed as it stands in a file: 64 hexadecimal digits.
    ///
    /// # Errors
    /// [`InvalidKey`] for anything else; the text is not repeated.
    pub fn from_hex_seed(text: &str) -> Result<Self, InvalidKey> {
        let seed = HEXLOWER_PERMISSIVE
            .decode(text.trim().as_bytes())
            .map_err(|_| InvalidKey)?;
        Self::from_seed(&seed.try_into().map_err(|_| InvalidKey)?)
    }

    /// Signs octets; 64 octets.
    #[must_use]
    pub fn sign(&self, octets: &[u8]) -> Vec<u8> {
        self.0.sign(octets).as_ref().to_vec()
    }

    /// The public half.
    #[must_use]
    pub fn verifying_key(&self) -> VerifyingKey {
        let mut key = [0; 32];
        key.copy_from_slice(self.0.public_key().as_ref());
        VerifyingKey(key)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.verifying_key())
    }
}

impl VerifyingKey {
    /// Whether `signature` is this key's over `octets`.
    #[must_use]
    pub fn verify(&self, octets: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0)
            .verify(octets, signature)
            .is_ok()
    }
}

impl std::str::FromStr for VerifyingKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        HEXLOWER_PERMISSIVE
            .decode(text.trim().as_bytes())
            .ok()
            .and_then(|b| b.try_into().ok())
            .map(Self)
            .ok_or(InvalidKey)
    }
}

impl fmt::Display for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verifies_the_vector_of_rfc_8032_section_7_1() {
        let key = SigningKey::from_hex_seed(
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        )
        .expect("a seed");
        assert_eq!(
            key.verifying_key().to_string(),
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        );
        let signature = key.sign(b"");
        assert!(
            HEXLOWER
                .encode(&signature)
                .starts_with("e5564300c360ac729086e2cc806e828a")
        );
        assert!(key.verifying_key().verify(b"", &signature));
        assert!(!key.verifying_key().verify(b"x", &signature));
    }

    #[test]
    fn the_seed_is_never_shown() {
        let key = SigningKey::from_seed(&[7; 32]).expect("a seed");
        assert!(!format!("{key:?}").contains("0707"));
        assert!("0707".parse::<VerifyingKey>().is_err());
    }
}
