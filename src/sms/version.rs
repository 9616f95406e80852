use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The version of the action-string format; a device accepts none below the one it enrolled with.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub enum Version {
    /// The published form, token by MD5. Never obeyed for destructive actions.
    #[serde(rename = "1.00")]
    V1,
    /// Token by HMAC-SHA-256.
    #[default]
    #[serde(rename = "2.00")]
    V2,
}

/// Why a text is not a version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a version is 1.00 or 2.00, found {0:?}")]
pub struct InvalidVersion(pub(super) String);

impl Version {
    /// The wire form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "1.00",
            Self::V2 => "2.00",
        }
    }
}

impl FromStr for Version {
    type Err = InvalidVersion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "1.00" => Ok(Self::V1),
            "2.00" => Ok(Self::V2),
            other => Err(InvalidVersion(other.chars().take(8).collect())),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
