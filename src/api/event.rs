use serde::{Deserialize, Serialize};

use crate::domain::Timestamp;

/// Something that changed; what the event stream (`GET /api/v1/events`) and webhooks carry.
///
/// `data` is the resource as it stands after the change, so that a watcher needs no second request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Event {
    /// Grows without repeats; the `Last-Event-ID`.
    pub id: u64,
    /// When.
    pub at: Timestamp,
    /// What kind, as in `action.changed`, `callback.changed`, `message.received`, `device.changed`.
    pub kind: String,
    /// What it is about, as in `action:x3hq80vn`.
    pub subject: String,
    /// The device's registry id, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The resource after the change.
    ///
    /// Of a text message of a phone (`message.received`), what came. It is told again when its gateway hands it over
    /// again, because an answer was lost or the server was stopped in the middle: by `message_id`, which is the same
    /// then, a receiver can tell. It is null for a short text, other than a reply, to which the gateway gives no id.
    pub data: serde_json::Value,
}
