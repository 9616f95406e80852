use std::path::Path;

use async_trait::async_trait;

use crate::domain::Timestamp;
use crate::port::{Housekeeping, StoreError, Totals};

use super::SqliteStore;

#[async_trait]
impl Housekeeping for SqliteStore {
    async fn meta(&self, name: &str) -> Result<Option<String>, StoreError> {
        Self::meta(self, name).await
    }

    async fn remember_meta(&self, name: &str, value: &str) -> Result<String, StoreError> {
        self.meta_or(name, value).await
    }

    async fn totals(&self, now: Timestamp) -> Result<Totals, StoreError> {
        let counts = self.counts(now).await?;
        Ok(Totals {
            devices: counts.devices,
            registered: counts.registered,
            open_actions: counts.open_actions,
            audit_entries: counts.audit_entries,
        })
    }

    async fn copy_to(&self, path: &Path) -> Result<(), StoreError> {
        self.backup_to(path).await
    }
}
