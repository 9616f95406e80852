use std::fmt;
use std::path::Path;

use data_encoding::HEXLOWER_PERMISSIVE;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};

use crate::port::{Entropy, MachineError, Sealer};

use super::{HostError, OsEntropy, private_file};

/// First octet of a sealed value: the form that follows.
const FORM: u8 = 1;
const NONCE: usize = 12;

/// The key under which secrets are sealed before they are stored: ChaCha20-Poly1305 (RFC 8439).
///
/// It stands in its own file of 64 hexadecimal digits with mode 0600, made at the first
/// start; without the file a copy of the database opens nothing. A sealed value is one octet
/// for its form, a random 96-bit nonce, and the ciphertext with its tag; the context is
/// authenticated. Random nonces are safe for 2³² values under one key, far above what
/// a registry seals.
pub struct MasterKey(LessSafeKey);

impl MasterKey {
    /// Takes 32 octets as the key.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        let key = UnboundKey::new(&CHACHA20_POLY1305, bytes)
            .expect("a ChaCha20-Poly1305 key is 32 octets");
        Self(LessSafeKey::new(key))
    }

    /// Reads the key from its file, which is made when it does not exist.
    ///
    /// # Errors
    /// [`HostError::TooOpen`] when others may read the file, [`HostError::Damaged`], [`HostError::File`].
    pub fn open_or_create(path: &Path) -> Result<Self, HostError> {
        let mut fresh = [0; 32];
        OsEntropy.fill(&mut fresh)?;
        let text = format!("{}\n", HEXLOWER_PERMISSIVE.encode(&fresh));
        let content = private_file::create_or_read(path, text.as_bytes())?;
        Self::from_text(path, &content)
    }

    /// Reads the key from its file; `None` when there is no such file.
    ///
    /// # Errors
    /// [`HostError::TooOpen`] when others may read the file, [`HostError::Damaged`], [`HostError::File`].
    pub fn open(path: &Path) -> Result<Option<Self>, HostError> {
        let content = private_file::read(path)?;
        content.map(|c| Self::from_text(path, &c)).transpose()
    }

    fn from_text(path: &Path, content: &[u8]) -> Result<Self, HostError> {
        let bytes: [u8; 32] = HEXLOWER_PERMISSIVE
            .decode(content.trim_ascii())
            .ok()
            .and_then(|b| b.try_into().ok())
            .ok_or_else(|| HostError::Damaged {
                path: path.to_owned(),
                what: "a master key is 64 hexadecimal digits".into(),
            })?;
        Ok(Self::from_bytes(&bytes))
    }
}

impl Sealer for MasterKey {
    fn seal(&self, context: &str, plain: &[u8]) -> Result<Vec<u8>, MachineError> {
        let mut nonce = [0; NONCE];
        OsEntropy.fill(&mut nonce)?;
        let mut body = plain.to_vec();
        self.0
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(context.as_bytes()),
                &mut body,
            )
            .map_err(|_| MachineError::Other("the value is too long to be sealed".into()))?;
        let mut sealed = Vec::with_capacity(1 + NONCE + body.len());
        sealed.push(FORM);
        sealed.extend_from_slice(&nonce);
        sealed.append(&mut body);
        Ok(sealed)
    }

    fn open(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, MachineError> {
        let (Some(&FORM), Some(nonce), Some(body)) = (
            sealed.first(),
            sealed.get(1..=NONCE),
            sealed.get(1 + NONCE..),
        ) else {
            return Err(MachineError::Sealed);
        };
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| MachineError::Sealed)?;
        let mut body = body.to_vec();
        let plain = self
            .0
            .open_in_place(nonce, Aad::from(context.as_bytes()), &mut body)
            .map_err(|_| MachineError::Sealed)?
            .len();
        body.truncate(plain);
        Ok(body)
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_only_what_was_sealed_under_the_same_key_and_context() {
        let key = MasterKey::from_bytes(&[7; 32]);
        let sealed = key.seal("pin:4t9wz0kc", b"123456").expect("sealed");
        assert_eq!(key.open("pin:4t9wz0kc", &sealed).expect("opens"), b"123456");
        assert!(key.open("pin:x3hq80vn", &sealed).is_err());
        assert!(
            MasterKey::from_bytes(&[8; 32])
                .open("pin:4t9wz0kc", &sealed)
                .is_err()
        );
        for position in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[position] ^= 1;
            assert!(key.open("pin:4t9wz0kc", &altered).is_err(), "{position}");
        }
        assert!(key.open("pin:4t9wz0kc", &[]).is_err());
        assert!(key.open("pin:4t9wz0kc", &sealed[..12]).is_err());
    }

    #[test]
    fn the_same_value_is_sealed_differently_each_time() {
        let key = MasterKey::from_bytes(&[7; 32]);
        assert_ne!(
            key.seal("c", b"123456").expect("sealed"),
            key.seal("c", b"123456").expect("sealed")
        );
    }

    #[test]
    fn the_key_file_is_made_once_and_read_again() {
        let dir = tempfile::tempdir().expect("temp dir");
        let path = dir.path().join("master.key");
        let sealed = MasterKey::open_or_create(&path)
            .expect("made")
            .seal("c", b"secret")
            .expect("sealed");
        let again = MasterKey::open_or_create(&path).expect("read");
        assert_eq!(again.open("c", &sealed).expect("opens"), b"secret");
        private_file::write(&path, b"no key").expect("written");
        assert!(matches!(
            MasterKey::open_or_create(&path),
            Err(HostError::Damaged { .. })
        ));
    }
}
