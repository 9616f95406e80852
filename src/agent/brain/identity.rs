use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Brain;
use crate::api::{EnrolRequest, EnrolResponse, enrolment_proof};
use crate::domain::{
    DeviceId, DeviceSecret, EnrolmentCode, Identity, Msisdn, Purpose, SystemId, Timestamp,
};

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

/// Who it was before it asked to be enrolled again: proves that it is the same, and is in force until it is let in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Former {
    pub(super) device_id: DeviceId,
    #[serde(with = "secret_text")]
    pub(super) secret: DeviceSecret,
    pub(super) home: Option<Home>,
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
    /// The request with which it enrols for the first time.
    fn enrol_request(&self, system_id: SystemId, code: EnrolmentCode) -> EnrolRequest {
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

impl Brain {
    /// Takes a new id and a new secret, to be enrolled under them; what it was is kept for the proof.
    pub fn begin_again(&mut self, device_id: DeviceId, secret: DeviceSecret) {
        let persona = &mut self.persona;
        let former = Former {
            device_id: std::mem::replace(&mut persona.device_id, device_id),
            secret: std::mem::replace(&mut persona.secret, secret),
            home: self.home.take(),
        };
        // One that began before and was not let in yet is not what the endpoint knows.
        self.former.get_or_insert(former);
        self.keys = None;
    }

    /// The endpoint did not let it in anew: it goes on as what it was, if it was anything.
    pub fn not_let_in(&mut self) {
        if let Some(former) = self.former.take() {
            self.persona.device_id = former.device_id;
            self.persona.secret = former.secret;
            self.home = former.home;
            self.keys = None;
        }
    }

    /// The request with which it enrols; with a proof when it was enrolled before and knows the secret of then.
    #[must_use]
    pub fn enrol_request(&self, system_id: SystemId, code: EnrolmentCode) -> EnrolRequest {
        let proof = self.former.as_ref().map(|former| {
            let old = former.secret.key(Purpose::Http);
            enrolment_proof(&old, self.persona.device_id)
        });
        EnrolRequest {
            proof,
            ..self.persona.enrol_request(system_id, code)
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
