use serde::{Deserialize, Serialize};

use crate::domain::{Action, Sequence, ShortId, Timestamp};

/// An action that needs the world outside and goes on over several steps. Stored: a restarted device picks it up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Job {
    pub(super) action: Action,
    pub(super) step: Step,
    /// How often the present step was in vain.
    #[serde(default)]
    pub(super) tries: u32,
    /// When it is tried again; absent while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) retry_at: Option<Timestamp>,
}

/// Where a job is. Paths are taken from the front.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Step {
    /// `cal()`.
    CallHome {
        url: Option<String>,
        request: Option<String>,
    },
    /// `bak()`, `get()`: uploads what is left.
    Upload {
        backup: ShortId,
        left: Vec<String>,
        kind: String,
        entries: u64,
        size_bytes: u64,
        /// SHA-256 of the last item, for `get()`.
        sha256: String,
    },
    /// `res()`: asks what is in the backup.
    List { url: String },
    /// `res()`: downloads what is left.
    Restore {
        url: String,
        left: Vec<String>,
        kind: String,
        entries: u64,
        size_bytes: u64,
    },
    /// `put()`, `app()`, `eml()`: one download.
    Fetch { link: String },
}

impl Job {
    pub(super) fn new(action: &Action, step: Step) -> Self {
        Self {
            action: action.clone(),
            step,
            tries: 0,
            retry_at: None,
        }
    }
}

/// The id of the backup that an action makes: the same again after a restart, another one for every action.
pub(super) fn backup_id(device: &str, epoch: u32, job: Sequence) -> ShortId {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(format!("backup {device} {epoch} {job}"));
    let mut bytes = [0; 5];
    bytes.copy_from_slice(&digest[..5]);
    ShortId::from_random(bytes)
}
