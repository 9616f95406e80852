use serde::{Deserialize, Serialize};

use crate::domain::{AuditHash, Timestamp};

/// The end of the trail at one moment, signed: rewriting and cutting the tail both show against it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct AuditCheckpoint {
    /// Name of the server.
    pub server: String,
    /// Number of the last entry.
    pub number: u64,
    /// Its hash.
    pub hash: AuditHash,
    /// When it was signed.
    pub at: Timestamp,
    /// Ed25519 public key of the server, 64 hexadecimal digits.
    pub key: String,
    /// Ed25519 signature over the octets of [`AuditCheckpoint::signed_text`], 128 hexadecimal digits.
    pub signature: String,
}

impl AuditCheckpoint {
    /// What is signed: one line of the fields before the key.
    #[must_use]
    pub fn signed_text(server: &str, number: u64, hash: AuditHash, at: Timestamp) -> String {
        format!("callhome/audit-checkpoint/v1 {server} {number} {hash} {at}")
    }
}

/// What verifying the trail found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct AuditVerdict {
    /// True when nothing is wrong.
    pub intact: bool,
    /// How many entries were checked.
    pub entries: u64,
    /// How many checkpoints were checked.
    pub checkpoints: u64,
    /// What is wrong, for people; empty when nothing is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fault: String,
}
