use async_trait::async_trait;

use crate::api::{CustomerRecord, Evaluation, RouteAnswer, RouteRegistration};
use crate::domain::{SystemId, Timestamp};

use super::{BearerError, Stamp, StoreError};

/// The router with which a server registers its system id.
#[async_trait]
pub trait RouterDoor: Send + Sync {
    /// Tells it where devices with our system id enrol, and hears what it holds of us.
    ///
    /// # Errors
    /// [`BearerError`]; what it knew before stays.
    async fn register(&self, registration: &RouteRegistration) -> Result<RouteAnswer, BearerError>;
}

/// Customers by their system ids: where they lead, and which of them are in evaluation.
#[async_trait]
pub trait Customers: Send + Sync {
    /// All of whom something is known, by system id.
    async fn customers(&self) -> Result<Vec<CustomerRecord>, StoreError>;

    /// One of them.
    async fn customer(&self, id: SystemId) -> Result<Option<CustomerRecord>, StoreError>;

    /// Keeps where a system id leads, in place of where it led.
    async fn save_route(
        &self,
        id: SystemId,
        route: RouteRegistration,
        at: Timestamp,
        stamp: Stamp,
    ) -> Result<(), StoreError>;

    /// Keeps until when a customer is in evaluation; `None` ends that for good.
    async fn save_evaluation(
        &self,
        id: SystemId,
        evaluation: Option<Evaluation>,
        stamp: Stamp,
    ) -> Result<(), StoreError>;
}
