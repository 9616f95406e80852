use std::collections::HashSet;
use std::mem;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use crate::api::signature::MAX_SKEW_S;
use crate::domain::Timestamp;

/// A signature is good for this long: `created` may lie this far on either side.
const SPAN_MS: i64 = 2 * MAX_SKEW_S * 1000;

/// Remembers which signatures were used, for as long as they could be used again.
///
/// Two generations: the older one is dropped when the newer one is older than a signature
/// can be. Only rightly signed requests get here, so nobody else can fill it.
#[derive(Debug, Default)]
pub(in crate::server) struct NonceMemory(Mutex<Generations>);

#[derive(Debug, Default)]
struct Generations {
    since: Timestamp,
    new: HashSet<[u8; 16]>,
    old: HashSet<[u8; 16]>,
}

impl NonceMemory {
    /// Notes a signer's nonce; `false` when it was used before.
    pub(in crate::server) fn first_use(&self, signer: &str, nonce: &str, now: Timestamp) -> bool {
        let mut hasher = Sha256::new();
        hasher.update((signer.len() as u64).to_be_bytes());
        hasher.update(signer);
        hasher.update(nonce);
        let mut key = [0; 16];
        key.copy_from_slice(&hasher.finalize()[..16]);
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if now.millis() - held.since.millis() > SPAN_MS {
            held.old = mem::take(&mut held.new);
            held.since = now;
        }
        !held.old.contains(&key) && held.new.insert(key)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_nonce_serves_once_within_the_life_of_a_signature() {
        let memory = NonceMemory::default();
        let start = Timestamp::from_millis(1_800_000_000_000);
        assert!(memory.first_use("dev_1", "a", start));
        assert!(!memory.first_use("dev_1", "a", start));
        assert!(memory.first_use("dev_2", "a", start));
        assert!(memory.first_use("dev_1", "b", start));
        // Signed 300 s ahead of our clock, it could come again up to 600 s later.
        let late = start.after(Duration::from_secs(599));
        assert!(!memory.first_use("dev_1", "a", late));
        assert!(memory.first_use("dev_1", "c", start.after(Duration::from_secs(601))));
        assert!(!memory.first_use("dev_1", "a", start.after(Duration::from_secs(602))));
    }
}
