use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::Timestamp;

/// What a device subscribed to (RFC 6665): a dialog in which the notifier tells it of one event package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// The `Event` of the SUBSCRIBE, with its `id` when it has one.
    pub event: String,
    /// `Call-ID` of the dialog.
    pub call_id: String,
    /// The notifier's tag.
    pub local_tag: String,
    /// The subscriber's tag.
    pub remote_tag: String,
    /// Address of the notifier in the dialog (To of the SUBSCRIBE).
    pub local: String,
    /// Address of the subscriber in the dialog (From of the SUBSCRIBE).
    pub remote: String,
    /// Where the subscriber is (Contact of the SUBSCRIBE).
    pub target: String,
    /// Route set towards it, topmost first (Record-Route of the SUBSCRIBE).
    #[serde(default)]
    pub route: Vec<String>,
    /// Transport address the SUBSCRIBE came from; differs from the target behind NAT.
    pub received: Option<SocketAddr>,
    /// `CSeq` number of the next NOTIFY.
    pub sequence: u32,
    /// `CSeq` number of the last SUBSCRIBE.
    pub remote_sequence: u32,
    /// When it ends unless refreshed.
    pub expires_at: Timestamp,
}

impl Subscription {
    /// What tells it from all others: its dialog (RFC 3261 §12) and the package.
    #[must_use]
    pub fn key(&self) -> String {
        let Self {
            call_id,
            local_tag,
            remote_tag,
            event,
            ..
        } = self;
        format!("{call_id} {local_tag} {remote_tag} {event}")
    }

    /// The event package without its parameters.
    #[must_use]
    pub fn package(&self) -> &str {
        let package = self.event.split(';').next().unwrap_or_default();
        package.trim()
    }

    /// Whether it still holds at `now`.
    #[must_use]
    pub fn is_current(&self, now: Timestamp) -> bool {
        self.expires_at > now
    }
}
