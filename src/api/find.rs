use serde::{Deserialize, Serialize};

use super::Device;

/// Asks where a device is managed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct FindRequest {
    /// An IMEI, number, serial, name or owner. Only an IMEI is asked of the peers.
    pub term: String,
    /// Milliseconds for all peers together; 5,000 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<u64>,
    /// Ask nobody else.
    #[serde(default)]
    pub local_only: bool,
}

/// Where it is, and who did not say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct FindResponse {
    /// The devices that fit, each with the server that holds it.
    pub found: Vec<Found>,
    /// What each peer said or did not say.
    pub peers: Vec<PeerAnswer>,
    /// False when a peer was not heard: the device may be there.
    pub complete: bool,
}

/// A device that fits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Found {
    /// Name of the server that holds it.
    pub server: String,
    /// True when that is this server.
    pub local: bool,
    /// The device as that server tells it.
    pub device: Device,
}

/// What one peer said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct PeerAnswer {
    /// The peer's name.
    pub server: String,
    /// What came of it.
    pub outcome: PeerOutcome,
    /// Why, when it was not heard.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
}

/// What came of asking a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum PeerOutcome {
    /// It has the device.
    Found,
    /// It answered that it has not.
    NotHere,
    /// It did not answer in time or could not be connected to.
    Silent,
    /// It would not answer, or its answer could not be trusted.
    Refused,
}
