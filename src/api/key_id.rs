use std::fmt;
use std::str::FromStr;

use crate::domain::{DeviceId, SystemId};

/// How a device names itself in its signatures: the endpoint that it belongs to, and its own id (requirement C8).
///
/// ```
/// use callhome::api::KeyId;
/// let text = "1234567890/dev_00000000000000000000000000";
/// assert!(text.parse::<KeyId>().is_err(), "the check digit is wrong");
/// assert!("dev_00000000000000000000000000".parse::<KeyId>().is_err());
/// let key: KeyId = "123456789X/dev_00000000000000000000000000".parse().unwrap();
/// assert_eq!(key.to_string(), "123456789X/dev_00000000000000000000000000");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyId {
    /// The endpoint.
    pub system: SystemId,
    /// The device.
    pub device: DeviceId,
}

/// Why a text is no key id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a device's key id is its endpoint's system id, a slash and its device id")]
pub struct InvalidKeyId;

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.system, self.device)
    }
}

impl FromStr for KeyId {
    type Err = InvalidKeyId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (system, device) = text.split_once('/').ok_or(InvalidKeyId)?;
        Ok(Self {
            system: system.parse().map_err(|_| InvalidKeyId)?,
            device: device.parse().map_err(|_| InvalidKeyId)?,
        })
    }
}
