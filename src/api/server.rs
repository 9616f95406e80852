use serde::{Deserialize, Serialize};

use crate::domain::{SystemId, Timestamp};

use super::Evaluation;

/// How the server is (`GET /api/v1/server`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct ServerStatus {
    /// Its name in the federation.
    pub name: String,
    /// Version of the program.
    pub version: String,
    /// Its system id.
    pub system_id: SystemId,
    /// `serve` or `embedded`.
    pub mode: String,
    /// Since when it runs.
    pub started_at: Timestamp,
    /// HTTPS address for devices and operators; absent while it does not listen.
    pub https: Option<String>,
    /// SIP address; absent while it does not listen.
    pub sip: Option<String>,
    /// Devices in the registry.
    pub devices: u64,
    /// Devices with a current SIP binding.
    pub registered: u64,
    /// Actions that have not ended.
    pub open_actions: u64,
    /// Entries of the audit trail.
    pub audit_entries: u64,
    /// Text message gateways by name.
    pub gateways: Vec<String>,
    /// Configured peers.
    pub peers: Vec<PeerStatus>,
    /// Until when it is in evaluation; absent when it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation: Option<Evaluation>,
    /// When its certificate ends.
    pub certificate_expires_at: Option<Timestamp>,
    /// Ed25519 public key with which it signs to its peers, 64 hexadecimal digits; what a peer configures as `key`.
    pub key: String,
    /// Certificate of its own authority (PEM); what a peer keeps as `ca_file`.
    pub ca_pem: String,
}

/// A configured peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct PeerStatus {
    /// Its name.
    pub name: String,
    /// Its address.
    pub url: String,
}
