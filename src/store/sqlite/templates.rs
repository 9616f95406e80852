use async_trait::async_trait;
use rusqlite::params;

use crate::api::Template;
use crate::port::{Stamp, StoreError, Templates};

use super::SqliteStore;
use super::transaction::{all, from_json, to_json};

/// What the endpoint remembers of itself is kept by name; those of saved lists begin so.
const PREFIX: &str = "template:";

fn key(name: &str) -> String {
    format!("{PREFIX}{name}")
}

#[async_trait]
impl Templates for SqliteStore {
    async fn templates(&self) -> Result<Vec<Template>, StoreError> {
        self.read(|conn| {
            let sql = "SELECT CAST(value AS TEXT) FROM meta WHERE key GLOB ?1 ORDER BY key";
            let rows: Vec<String> = all(conn, sql, [key("*")], |row| row.get(0))?;
            rows.iter().map(|text| from_json(text)).collect()
        })
        .await
    }

    async fn save_template(&self, template: Template, stamp: Stamp) -> Result<(), StoreError> {
        self.write(move |tx| {
            tx.begin(&stamp)?;
            let value = to_json(&template)?.into_bytes();
            tx.run(
                "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2",
                params![key(&template.name), value],
            )?;
            tx.finish(stamp)
        })
        .await
    }

    async fn delete_template(&self, name: &str, stamp: Stamp) -> Result<(), StoreError> {
        let name = name.to_owned();
        self.write(move |tx| {
            tx.begin(&stamp)?;
            match tx.run("DELETE FROM meta WHERE key = ?1", [key(&name)])? {
                0 => Err(StoreError::NotFound(format!("saved list {name}"))),
                _ => tx.finish(stamp),
            }
        })
        .await
    }
}
