use async_trait::async_trait;

use crate::domain::{PushAddress, Timestamp};

use super::BearerError;

/// A push message. It makes the application call home and holds nothing that authorises anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushMessage {
    /// To whom.
    pub to: PushAddress,
    /// The request id that the session which follows will carry.
    pub request_id: String,
    /// Until when the service may keep it for a device that is not there.
    pub expires_at: Timestamp,
}

/// Why a push service did not take a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PushError {
    /// The token has ended: the application is gone or has a new one.
    #[error("{service} says that this token has ended: {reason}")]
    Gone {
        /// Who says so.
        service: String,
        /// Its word, as in `UNREGISTERED`.
        reason: String,
    },
    /// Not reached, or refused.
    #[error(transparent)]
    Bearer(#[from] BearerError),
}

/// A push service: wakes an application on a device, which then calls home.
#[async_trait]
pub trait PushService: Send + Sync {
    /// The name under which it was configured.
    fn name(&self) -> &str;

    /// The kind of addresses that it serves, as in `fcm`.
    fn service(&self) -> &'static str;

    /// Hands a message to the service; gives its words.
    ///
    /// # Errors
    /// [`PushError`]; nothing was taken, or (after a broken connection) it is not known. A service that asked for
    /// patience is not asked again before that has passed.
    async fn push(&self, message: PushMessage) -> Result<String, PushError>;
}
