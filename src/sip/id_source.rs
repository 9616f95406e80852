use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Where branches, tags, Call-IDs and nonces come from: random bytes, drawn once, and a counter.
///
/// HMAC-SHA-256 of the counter: nobody who sees some of the names can tell the next.
#[derive(Clone)]
pub struct IdSource {
    /// Knows the random bytes already: half the work of each name.
    keyed: Hmac<Sha256>,
    counter: u64,
}

impl IdSource {
    /// Starts from 32 random bytes, which must not be used again elsewhere.
    #[must_use]
    pub fn from_random(seed: [u8; 32]) -> Self {
        Self {
            keyed: Hmac::new_from_slice(&seed).expect("HMAC takes keys of any length"),
            counter: 0,
        }
    }

    /// 256 bits, never the same twice: for a source of its own.
    pub(super) fn seed(&mut self) -> [u8; 32] {
        self.counter += 1;
        let mut mac = self.keyed.clone();
        mac.update(&self.counter.to_be_bytes());
        mac.finalize().into_bytes().into()
    }

    /// 128 bits, never the same twice.
    pub(super) fn bits(&mut self) -> u128 {
        let seed = self.seed();
        seed[..16]
            .iter()
            .fold(0, |bits, byte| bits << 8 | u128::from(*byte))
    }

    /// 128 bits as 32 hexadecimal digits, never the same twice.
    pub fn word(&mut self) -> String {
        HEXLOWER.encode(&self.seed()[..16])
    }

    /// A client's nonce (RFC 7616 §3.4): 64 bits as 11 characters.
    pub fn client_nonce(&mut self) -> String {
        BASE64URL_NOPAD.encode(&self.seed()[..8])
    }

    /// A branch with the magic cookie (RFC 3261 §8.1.1.7).
    pub fn branch(&mut self) -> String {
        format!("z9hG4bK{}", &self.word()[..24])
    }

    /// A tag (RFC 3261 §19.3).
    pub fn tag(&mut self) -> String {
        self.word()[..16].to_owned()
    }
}

impl std::fmt::Debug for IdSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "IdSource({} drawn)", self.counter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_differ_from_each_other_and_by_seed() {
        let mut a = IdSource::from_random([1; 32]);
        let mut b = IdSource::from_random([2; 32]);
        let first = a.word();
        assert_ne!(first, a.word());
        assert_ne!(first, b.word());
        assert!(a.branch().starts_with("z9hG4bK"));
        assert_eq!(IdSource::from_random([1; 32]).word(), first);
    }
}
