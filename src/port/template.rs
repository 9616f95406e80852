use async_trait::async_trait;

use crate::api::Template;

use super::{Stamp, StoreError};

/// Saved lists of actions.
#[async_trait]
pub trait Templates: Send + Sync {
    /// All of them, by name.
    async fn templates(&self) -> Result<Vec<Template>, StoreError>;

    /// Saves one, in place of that with its name.
    async fn save_template(&self, template: Template, stamp: Stamp) -> Result<(), StoreError>;

    /// Removes one.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none with this name.
    async fn delete_template(&self, name: &str, stamp: Stamp) -> Result<(), StoreError>;
}
