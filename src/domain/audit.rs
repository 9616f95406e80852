use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Timestamp;

/// The hash of an audit entry: SHA-256 over the hash before it and the entry's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AuditHash([u8; 32]);

/// The hash before the first entry.
pub const GENESIS: AuditHash = AuditHash([0; 32]);

/// What was done, by whom and to what, before it has a place in the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct AuditDraft {
    /// When it happened.
    pub at: Timestamp,
    /// Operator, device or server that did it, as in `operator:anna` or `device:dev_…`.
    pub actor: String,
    /// What was done, as in `action.create`, `pin.reveal`, `login.failed`.
    pub event: String,
    /// What it was done to, as in `device:dev_…` or `action:x3hq80vn`; empty when it is the server itself.
    pub subject: String,
    /// Further words: reason, ticket, outcome. Never a secret, a PIN or a token.
    pub detail: String,
    /// Correlation id that ties the entry to the command that caused it; empty when there is none.
    pub correlation: String,
}

/// One entry of the append-only audit trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct AuditEntry {
    /// Place in the chain, from 1 without gaps.
    pub number: u64,
    /// What was done.
    #[serde(flatten)]
    pub draft: AuditDraft,
    /// Hash of the entry before this one.
    pub previous: AuditHash,
    /// Hash of this entry.
    pub hash: AuditHash,
}

/// Where a chain is broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainFault {
    /// An entry is missing or out of place.
    #[error("entry {expected} is missing: found {found} in its place")]
    Gap {
        /// The number that should come here.
        expected: u64,
        /// The number that is here.
        found: u64,
    },
    /// An entry does not continue the one before it.
    #[error(
        "entry {0} does not continue the entry before it: something between them was changed or removed"
    )]
    Link(u64),
    /// The words of an entry are not those that were hashed.
    #[error("entry {0} was changed after it was written")]
    Altered(u64),
}

impl AuditEntry {
    /// Gives `draft` its place after an entry with hash `previous`.
    #[must_use]
    pub fn chained(number: u64, previous: AuditHash, draft: AuditDraft) -> Self {
        let hash = Self::digest(number, previous, &draft);
        Self {
            number,
            draft,
            previous,
            hash,
        }
    }

    fn digest(number: u64, previous: AuditHash, draft: &AuditDraft) -> AuditHash {
        let mut hasher = Sha256::new();
        hasher.update(previous.0);
        hasher.update(number.to_be_bytes());
        hasher.update(draft.at.millis().to_be_bytes());
        // Each text with its length before it: two entries never share their octets.
        for text in [
            &draft.actor,
            &draft.event,
            &draft.subject,
            &draft.detail,
            &draft.correlation,
        ] {
            hasher.update((text.len() as u64).to_be_bytes());
            hasher.update(text.as_bytes());
        }
        AuditHash(hasher.finalize().into())
    }
}

/// Checks that `entries` follow on from an entry `number` with hash `previous`, and gives the last number and hash.
///
/// Start with `0` and [`GENESIS`] for a whole chain. Works page by page.
///
/// # Errors
/// The first [`ChainFault`] found.
pub fn verify_chain<'a>(
    mut number: u64,
    mut previous: AuditHash,
    entries: impl IntoIterator<Item = &'a AuditEntry>,
) -> Result<(u64, AuditHash), ChainFault> {
    for entry in entries {
        if entry.number != number + 1 {
            return Err(ChainFault::Gap {
                expected: number + 1,
                found: entry.number,
            });
        }
        if entry.previous != previous {
            return Err(ChainFault::Link(entry.number));
        }
        if entry.hash != AuditEntry::digest(entry.number, previous, &entry.draft) {
            return Err(ChainFault::Altered(entry.number));
        }
        number = entry.number;
        previous = entry.hash;
    }
    Ok((number, previous))
}

impl AuditHash {
    /// Takes 32 octets that were a hash before, as from the store.
    #[must_use]
    pub const fn from_bytes(octets: [u8; 32]) -> Self {
        Self(octets)
    }

    /// The 32 octets, for a signature.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl FromStr for AuditHash {
    type Err = InvalidHash;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = HEXLOWER.decode(text.as_bytes()).map_err(|_| InvalidHash)?;
        bytes.try_into().map(Self).map_err(|_| InvalidHash)
    }
}

/// Why a text is not an audit hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an audit hash is 64 lower-case hexadecimal digits")]
pub struct InvalidHash;

impl fmt::Display for AuditHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

serde_text!(AuditHash);

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(n: u64) -> Vec<AuditEntry> {
        let mut entries: Vec<AuditEntry> = Vec::new();
        for number in 1..=n {
            let previous = entries.last().map_or(GENESIS, |e| e.hash);
            let draft = AuditDraft {
                at: Timestamp::from_millis(i64::try_from(number).expect("small")),
                actor: "operator:anna".into(),
                event: "action.create".into(),
                subject: format!("action:{number}"),
                detail: String::new(),
                correlation: String::new(),
            };
            entries.push(AuditEntry::chained(number, previous, draft));
        }
        entries
    }

    #[test]
    fn an_untouched_chain_verifies_whole_and_in_pages() {
        let entries = chain(5);
        let (number, hash) = verify_chain(0, GENESIS, &entries[..2]).expect("intact");
        assert_eq!(
            verify_chain(number, hash, &entries[2..]),
            Ok((5, entries[4].hash))
        );
    }

    #[test]
    fn each_kind_of_tampering_shows() {
        let mut altered = chain(3);
        altered[1].draft.actor = "operator:eve".into();
        assert_eq!(
            verify_chain(0, GENESIS, &altered),
            Err(ChainFault::Altered(2))
        );

        let mut removed = chain(3);
        removed.remove(1);
        assert_eq!(
            verify_chain(0, GENESIS, &removed),
            Err(ChainFault::Gap {
                expected: 2,
                found: 3
            })
        );

        let mut rewritten = chain(3);
        rewritten[1] = AuditEntry::chained(2, GENESIS, rewritten[1].draft.clone());
        assert_eq!(
            verify_chain(0, GENESIS, &rewritten),
            Err(ChainFault::Link(2))
        );
    }

    #[test]
    fn moving_text_between_fields_changes_the_hash() {
        let mut draft = chain(1).remove(0).draft;
        draft.actor = "ab".into();
        draft.event = "c".into();
        let one = AuditEntry::chained(1, GENESIS, draft.clone());
        draft.actor = "a".into();
        draft.event = "bc".into();
        assert_ne!(one.hash, AuditEntry::chained(1, GENESIS, draft).hash);
    }
}
