use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{Connection, params, params_from_iter};

use crate::domain::Timestamp;
use crate::port::{Housekeeping, StoreError, Totals};

use super::actions::ActionRow;
use super::restoring;
use super::transaction::{one, unsigned};
use super::{SqliteStore, create_private};

fn count(conn: &Connection, sql: &str, params: &[i64]) -> Result<u64, StoreError> {
    let number: i64 = conn
        .prepare_cached(sql)?
        .query_row(params_from_iter(params), |row| row.get(0))?;
    Ok(unsigned(number))
}

fn text(bytes: Vec<u8>) -> Result<String, StoreError> {
    String::from_utf8(bytes)
        .map_err(|_| StoreError::Database("a remembered fact is no text".into()))
}

#[async_trait]
impl Housekeeping for SqliteStore {
    async fn meta(&self, name: &str) -> Result<Option<String>, StoreError> {
        let name = name.to_owned();
        self.read(move |conn| {
            one(
                conn,
                "SELECT value FROM meta WHERE key = ?1",
                params![name],
                |row| row.get(0),
            )
        })
        .await?
        .map(text)
        .transpose()
    }

    async fn remember_meta(&self, name: &str, value: &str) -> Result<String, StoreError> {
        let (name, value) = (name.to_owned(), value.as_bytes().to_vec());
        self.write(move |tx| {
            tx.run(
                "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                params![name, value],
            )?;
            tx.one(
                "SELECT value FROM meta WHERE key = ?1",
                params![name],
                |row| row.get(0),
            )?
            .ok_or(StoreError::NotFound(name))
        })
        .await
        .and_then(text)
    }

    async fn note_nonce(
        &self,
        nonce: [u8; 16],
        now: Timestamp,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        self.writer
            .write_in_turn(move |conn| {
                conn.prepare_cached("INSERT OR IGNORE INTO nonces (nonce, until) VALUES (?1, ?2)")?
                    .execute(params![nonce, until.millis()])?;
                // Two of the oldest go for each that comes: the table stays small, and no sweep holds anybody up.
                conn.prepare_cached(
                    "DELETE FROM nonces WHERE nonce IN
                        (SELECT nonce FROM nonces WHERE until < ?1 ORDER BY until LIMIT 2)",
                )?
                .execute(params![now.millis()])?;
                Ok(())
            })
            .await
    }

    async fn used_nonces(&self, now: Timestamp) -> Result<Vec<[u8; 16]>, StoreError> {
        self.write(move |tx| {
            tx.run("DELETE FROM nonces WHERE until < ?1", params![now.millis()])?;
            let mut statement = tx.conn.prepare_cached("SELECT nonce FROM nonces")?;
            let found = statement.query_map([], |row| row.get(0))?;
            Ok(found.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn release_claims(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.write(move |tx| {
            // Both lanes are named so that the index on due times is used.
            let rows = ActionRow::select(
                tx.conn,
                "destructive IN (0, 1) AND due_at > ?1 AND leased = 1",
                params![now.millis()],
            )?;
            let freed = rows.len() as u64;
            for mut row in rows {
                row.doubt(now);
                row.due_at = Some(now);
                row.leased = false;
                row.fence += 1;
                row.save(tx, now)?;
            }
            Ok(freed)
        })
        .await
    }

    async fn totals(&self, now: Timestamp) -> Result<Totals, StoreError> {
        self.read(move |conn| {
            Ok(Totals {
                devices: count(conn, "SELECT count(*) FROM devices", &[])?,
                registered: count(
                    conn,
                    "SELECT count(DISTINCT device) FROM bindings
                     WHERE expires_at > ?1 AND aor NOT LIKE 'https:%'",
                    &[now.millis()],
                )?,
                open_actions: count(conn, "SELECT count(*) FROM actions WHERE ended = 0", &[])?,
                audit_entries: count(conn, "SELECT coalesce(max(number), 0) FROM audit", &[])?,
            })
        })
        .await
    }

    /// The copy has mode 0600. Secrets in it are sealed: it is of use only together with the master key.
    async fn copy_to(&self, path: &Path, kept: Vec<(String, Vec<u8>)>) -> Result<(), StoreError> {
        let path = path.to_owned();
        let sealer = Arc::clone(&self.sealer);
        self.read(move |conn| {
            create_private(&path, true)?;
            let mut copy = Connection::open(&path)?;
            let backup = rusqlite::backup::Backup::new(conn, &mut copy)?;
            // All pages in one step: one snapshot, and no start over when somebody writes.
            backup.run_to_completion(i32::MAX, Duration::ZERO, None)?;
            drop(backup);
            restoring::keep(&copy, &kept, &*sealer)
        })
        .await
    }
}
