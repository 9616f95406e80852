use async_trait::async_trait;
use rusqlite::{Row, params};

use crate::api::AuditCheckpoint;
use crate::domain::{AuditDraft, AuditEntry, AuditHash, Timestamp};
use crate::port::{AuditTrail, Stamp, StoreError};

use super::SqliteStore;
use super::transaction::{all, from_json, one, signed, to_json, unsigned};

const COLUMNS: &str =
    "number, at, actor, event, subject, detail, correlation, previous, hash FROM audit";

fn entry(row: &Row<'_>) -> rusqlite::Result<AuditEntry> {
    Ok(AuditEntry {
        number: unsigned(row.get(0)?),
        draft: AuditDraft {
            at: Timestamp::from_millis(row.get(1)?),
            actor: row.get(2)?,
            event: row.get(3)?,
            subject: row.get(4)?,
            detail: row.get(5)?,
            correlation: row.get(6)?,
        },
        previous: AuditHash::from_bytes(row.get(7)?),
        hash: AuditHash::from_bytes(row.get(8)?),
    })
}

#[async_trait]
impl AuditTrail for SqliteStore {
    async fn append(&self, draft: AuditDraft) -> Result<AuditEntry, StoreError> {
        self.write(move |tx| tx.audit(draft)).await
    }

    async fn begin(&self, stamp: Stamp) -> Result<(), StoreError> {
        self.write(move |tx| {
            tx.begin(&stamp)?;
            tx.finish(stamp)
        })
        .await
    }

    async fn entries(&self, after: u64, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        self.read(move |conn| {
            all(
                conn,
                &format!("SELECT {COLUMNS} WHERE number > ?1 ORDER BY number LIMIT ?2"),
                params![signed(after), limit],
                entry,
            )
        })
        .await
    }

    async fn last_entry(&self) -> Result<Option<AuditEntry>, StoreError> {
        self.read(|conn| {
            one(
                conn,
                &format!("SELECT {COLUMNS} ORDER BY number DESC LIMIT 1"),
                [],
                entry,
            )
        })
        .await
    }

    async fn checkpoints(
        &self,
        add: Option<AuditCheckpoint>,
    ) -> Result<Vec<AuditCheckpoint>, StoreError> {
        if let Some(checkpoint) = add {
            self.write(move |tx| {
                tx.run(
                    "INSERT INTO checkpoints (data) VALUES (?1)",
                    [to_json(&checkpoint)?],
                )
            })
            .await?;
        }
        self.read(|conn| {
            all(
                conn,
                "SELECT data FROM checkpoints ORDER BY number",
                [],
                |row| row.get::<_, String>(0),
            )?
            .iter()
            .map(|data| from_json(data))
            .collect()
        })
        .await
    }
}
