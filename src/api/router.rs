use serde::{Deserialize, Serialize};

use crate::domain::SystemId;

/// A customer's server tells its router where devices reach it (`PUT /router/v1/customers/{system id}`, signed with the
/// server's Ed25519 key).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct RouteRegistration {
    /// Its address for devices, as in `https://mgmt.example.net:8443`.
    pub server_url: String,
    /// Certificate of its authority (PEM), for devices to pin.
    pub ca_pem: String,
}

/// A device asks a router, or any server, where it enrols (`POST /agent/v1/enrol/server`): before its code and its
/// secret, which only that server gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct RouteQuestion {
    /// The system id of its invitation.
    pub system_id: SystemId,
}
