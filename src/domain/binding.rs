use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::Timestamp;

/// Where a device can be reached by SIP for now (RFC 3261 §10): one contact of an address of record.
///
/// A binding is told from others of the same address of record by its instance
/// (RFC 5626 §4.1, a MAC address or a number); without one, by its contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Binding {
    /// Address of record, as in `sip:dev_01h…@example.net`.
    pub aor: String,
    /// Contact URI as the device gave it.
    pub contact: String,
    /// `+sip.instance` or another identifier of the device; empty when it gave none.
    pub instance: String,
    /// Route set towards the contact, topmost first (RFC 3327 Path).
    #[serde(default)]
    pub path: Vec<String>,
    /// Transport address the REGISTER came from; differs from the contact behind NAT.
    #[cfg_attr(test, schema(value_type = Option<String>))]
    pub received: Option<SocketAddr>,
    /// Event packages and body types that the device said it takes (`Accept`).
    #[serde(default)]
    pub accept: Vec<String>,
    /// `User-Agent`, by which vendor events are chosen.
    pub user_agent: Option<String>,
    /// `Call-ID` of the registration; with `cseq` it orders refreshes (RFC 3261 §10.3).
    pub call_id: String,
    /// `CSeq` number of the registration.
    pub cseq: u32,
    /// When the device registered last.
    pub registered_at: Timestamp,
    /// When the binding ends unless refreshed.
    pub expires_at: Timestamp,
    /// True when a proxy registered it and relays to it (requirement A4: *indirect*).
    #[serde(default)]
    pub indirect: bool,
}

impl Binding {
    /// Whether the binding still holds at `now`.
    #[must_use]
    pub fn is_current(&self, now: Timestamp) -> bool {
        self.expires_at > now
    }
}
