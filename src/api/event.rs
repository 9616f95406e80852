use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::Timestamp;

/// Something that changed; what the event stream (`GET /api/v1/events`) and webhooks carry.
///
/// `data` is the resource as it stands after the change, so that a watcher needs no second request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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
    pub data: serde_json::Value,
}
