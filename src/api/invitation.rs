use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{EnrolmentCode, ShortId, SystemId, Timestamp};

/// Asks for enrolment codes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InvitationRequest {
    /// How many codes, 1 to 100,000; each is good for one device.
    pub count: u32,
    /// The device that may use it; any device when absent. Needs `count` 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<ShortId>,
    /// Seconds until the codes die; 7 days when absent, which is also the most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_s: Option<u64>,
}

/// One-time enrolment codes and where to use them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Invitation {
    /// The system id to enrol under.
    pub system_id: SystemId,
    /// Address of the management endpoint for devices, as in `https://mgmt.example.net:8443`.
    pub server_url: String,
    /// Certificate of the endpoint's own CA (PEM), for the device to pin.
    pub ca_pem: String,
    /// The codes. Shown once; the server keeps only their digests.
    pub codes: Vec<EnrolmentCode>,
    /// When they die.
    pub expires_at: Timestamp,
}
