use async_trait::async_trait;
use rusqlite::params;

use crate::domain::{ShortId, Subscription};
use crate::port::{StoreError, Subscriptions};

use super::SqliteStore;
use super::transaction::{all, from_json, parse, to_json};

#[async_trait]
impl Subscriptions for SqliteStore {
    async fn subscriptions(&self) -> Result<Vec<(ShortId, Subscription)>, StoreError> {
        self.read(|conn| {
            let sql = "SELECT device, data FROM subscriptions";
            let rows: Vec<(String, String)> =
                all(conn, sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.into_iter()
                .map(|(device, data)| Ok((parse(&device)?, from_json(&data)?)))
                .collect()
        })
        .await
    }

    async fn save_subscription(
        &self,
        device: ShortId,
        subscription: Subscription,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            tx.run(
                "INSERT INTO subscriptions (key, device, data) VALUES (?1, ?2, ?3)
                 ON CONFLICT (key) DO UPDATE SET device = ?2, data = ?3",
                params![
                    subscription.key(),
                    device.to_string(),
                    to_json(&subscription)?
                ],
            )
            .map(drop)
        })
        .await
    }

    async fn delete_subscription(&self, key: &str) -> Result<(), StoreError> {
        let key = key.to_owned();
        self.write(move |tx| {
            tx.run("DELETE FROM subscriptions WHERE key = ?1", [key])
                .map(drop)
        })
        .await
    }
}
