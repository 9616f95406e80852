use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::api::{EnrolRequest, EnrolResponse};
use crate::domain::{DeviceId, DeviceSecret, EnrolmentCode, Identity, Msisdn, SystemId, Timestamp};

/// What a device is, made at its first run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Persona {
    /// Public id.
    pub device_id: DeviceId,
    /// Secret.
    #[serde(with = "secret_text")]
    pub secret: DeviceSecret,
    /// What is burnt in.
    pub identities: Vec<Identity>,
    /// Numbers of its own.
    #[serde(default)]
    pub numbers: Vec<Msisdn>,
    /// Name that it proposes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// False for a device that has text messages only.
    pub has_data: bool,
}

/// What it learnt when it enrolled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Home {
    /// The endpoint's address.
    pub(super) url: String,
    pub(super) answer: EnrolResponse,
    pub(super) at: Timestamp,
}

impl Persona {
    /// The request with which it enrols.
    #[must_use]
    pub fn enrol_request(&self, system_id: SystemId, code: EnrolmentCode) -> EnrolRequest {
        EnrolRequest {
            system_id,
            code,
            device_id: self.device_id,
            secret: self.secret.to_hex(),
            identities: self.identities.clone(),
            numbers: self.numbers.clone(),
            name: self.name.clone(),
            model: self.model.clone(),
            has_data: self.has_data,
            attributes: std::iter::once(("agent".to_owned(), super::USER_AGENT.to_owned()))
                .collect(),
            proof: None,
        }
    }
}

mod secret_text {
    use super::{Deserialize, Deserializer, DeviceSecret, Serializer};

    pub(super) fn serialize<S: Serializer>(
        secret: &DeviceSecret,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&secret.to_hex())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<DeviceSecret, D::Error> {
        let text = String::deserialize(deserializer)?;
        DeviceSecret::from_hex(&text).map_err(serde::de::Error::custom)
    }
}
