use std::collections::HashSet;
use std::mem;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use crate::api::signature::MAX_SKEW_S;
use crate::domain::Timestamp;
use crate::port::{Housekeeping, StoreError};

/// A signature is good for this long: `created` may lie this far on either side.
const SPAN_MS: i64 = 2 * MAX_SKEW_S * 1000;

/// Remembers which signatures were used, for as long as they could be used again.
///
/// Two generations: the older one is dropped when the newer one is older than a signature
/// can be. Only rightly signed requests get here, so nobody else can fill it. The store holds
/// them too, so that a server that was stopped in between still knows them.
#[derive(Debug, Default)]
pub(in crate::server) struct NonceMemory(Mutex<Generations>);

#[derive(Debug, Default)]
struct Generations {
    since: Timestamp,
    new: HashSet<[u8; 16]>,
    old: HashSet<[u8; 16]>,
}

impl NonceMemory {
    /// Takes what was used before this start.
    pub(in crate::server) fn recall(&self, used: Vec<[u8; 16]>, now: Timestamp) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.since = now;
        held.new.extend(used);
    }

    /// Notes a signer's nonce here and in the store; `false` when it was used before.
    pub(in crate::server) async fn first_use(
        &self,
        store: &dyn Housekeeping,
        signer: &str,
        nonce: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let key = key(signer, nonce);
        if !self.is_new(key, now) {
            return Ok(false);
        }
        let until = Timestamp::from_millis(now.millis().saturating_add(SPAN_MS));
        store.note_nonce(key, now, until).await?;
        Ok(true)
    }

    fn is_new(&self, key: [u8; 16], now: Timestamp) -> bool {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if now.millis() - held.since.millis() > SPAN_MS {
            held.old = mem::take(&mut held.new);
            held.since = now;
        }
        !held.old.contains(&key) && held.new.insert(key)
    }
}

fn key(signer: &str, nonce: &str) -> [u8; 16] {
    let mut hasher = Sha256::new();
    hasher.update((signer.len() as u64).to_be_bytes());
    hasher.update(signer);
    hasher.update(nonce);
    let mut key = [0; 16];
    key.copy_from_slice(&hasher.finalize()[..16]);
    key
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_nonce_serves_once_within_the_life_of_a_signature() {
        let memory = NonceMemory::default();
        let start = Timestamp::from_millis(1_800_000_000_000);
        assert!(memory.is_new(key("dev_1", "a"), start));
        assert!(!memory.is_new(key("dev_1", "a"), start));
        assert!(memory.is_new(key("dev_2", "a"), start));
        assert!(memory.is_new(key("dev_1", "b"), start));
        // Signed 300 s ahead of our clock, it could come again up to 600 s later.
        let late = start.after(Duration::from_secs(599));
        assert!(!memory.is_new(key("dev_1", "a"), late));
        assert!(memory.is_new(key("dev_1", "c"), start.after(Duration::from_secs(601))));
        assert!(!memory.is_new(key("dev_1", "a"), start.after(Duration::from_secs(602))));
    }
}
