use async_trait::async_trait;

use crate::api::RouteRegistration;

use super::BearerError;

/// The router with which a server registers its system id.
#[async_trait]
pub trait RouterDoor: Send + Sync {
    /// Tells it where devices with our system id enrol.
    ///
    /// # Errors
    /// [`BearerError`]; what it knew before stays.
    async fn register(&self, registration: &RouteRegistration) -> Result<(), BearerError>;
}
