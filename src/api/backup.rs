use serde::{Deserialize, Serialize};

use crate::domain::{ShortId, Timestamp};

/// A backup of a device on the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct BackupView {
    /// Its id.
    pub id: ShortId,
    /// The device.
    pub device: ShortId,
    /// The device's name.
    pub device_name: String,
    /// `contacts`, `documents`, `media` or `all`.
    pub kind: String,
    /// When the device began it.
    pub created_at: Timestamp,
    /// When the device said that it was whole; absent while it is not.
    pub completed_at: Option<Timestamp>,
    /// What is in it.
    pub items: Vec<BackupItem>,
    /// Sum of the items' sizes in bytes.
    pub size_bytes: u64,
}

/// One thing in a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct BackupItem {
    /// Kind and name, as in `contacts/work.vcf` or `documents/Plan 2026.txt`.
    pub path: String,
    /// Size in bytes.
    pub size_bytes: u64,
    /// SHA-256, 64 hexadecimal digits.
    pub sha256: String,
    /// How many entries are in it (contacts in a group); 1 for a file.
    pub entries: u32,
}
