use rusqlite::{Connection, OptionalExtension, Params, Row, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::{AuditDraft, AuditEntry, AuditHash, GENESIS, Timestamp};
use crate::port::{PageOf, Sealer, Stamp, StoreError};

/// Events that are kept.
const EVENTS_KEPT: i64 = 100_000;
/// How long idempotency keys are kept at least, in milliseconds: two days.
const KEYS_KEPT: i64 = 2 * 24 * 3600 * 1000;

/// An operation inside the writer's transaction.
pub(super) struct Tx<'a> {
    pub(super) conn: &'a Connection,
    pub(super) sealer: &'a dyn Sealer,
}

impl Tx<'_> {
    /// Runs a statement; how many rows it touched.
    pub(super) fn run(&self, sql: &str, params: impl Params) -> Result<usize, StoreError> {
        Ok(self.conn.prepare_cached(sql)?.execute(params)?)
    }

    /// The one row of a query, if there is one.
    pub(super) fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, StoreError> {
        one(self.conn, sql, params, read)
    }

    /// Turns the write down when its idempotency key was used before.
    pub(super) fn begin(&self, stamp: &Stamp) -> Result<(), StoreError> {
        let Some(claim) = &stamp.idempotency else {
            return Ok(());
        };
        let found: Option<(Vec<u8>, String)> = self.one(
            "SELECT digest, outcome FROM idempotency WHERE key = ?1",
            params![claim.key],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        match found {
            None => Ok(()),
            Some((digest, outcome)) if digest == claim.digest => {
                Err(StoreError::AlreadyDone(outcome))
            }
            Some(_) => Err(StoreError::KeyReused),
        }
    }

    /// Adds to a write what goes with it: audit entry, idempotency key, events.
    pub(super) fn finish(&self, stamp: Stamp) -> Result<(), StoreError> {
        if let Some(draft) = stamp.audit {
            self.audit(draft)?;
        }
        if let Some(claim) = stamp.idempotency {
            self.run(
                "INSERT INTO idempotency (key, digest, outcome, at) VALUES (?1, ?2, ?3, ?4)",
                params![claim.key, claim.digest, claim.outcome, claim.at.millis()],
            )?;
            // Now and then, so that the table does not grow for ever.
            if claim.digest[0] == 0 && claim.digest[1] < 16 {
                self.run(
                    "DELETE FROM idempotency WHERE at < ?1",
                    [claim.at.millis().saturating_sub(KEYS_KEPT)],
                )?;
            }
        }
        for event in stamp.events {
            self.event(
                event.at,
                &event.kind,
                &event.subject,
                event.device.map(|d| d.to_string()).as_deref(),
                &event.data.to_string(),
            )?;
        }
        Ok(())
    }

    /// Adds an entry to the chain.
    pub(super) fn audit(&self, draft: AuditDraft) -> Result<AuditEntry, StoreError> {
        let last: Option<(i64, [u8; 32])> = self.one(
            "SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let (number, previous) = match last {
            Some((number, hash)) => (unsigned(number), AuditHash::from_bytes(hash)),
            None => (0, GENESIS),
        };
        let entry = AuditEntry::chained(number + 1, previous, draft);
        self.run(
            "INSERT INTO audit (number, at, actor, event, subject, detail, correlation, previous, hash)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                signed(entry.number),
                entry.draft.at.millis(),
                entry.draft.actor,
                entry.draft.event,
                entry.draft.subject,
                entry.draft.detail,
                entry.draft.correlation,
                entry.previous.as_bytes(),
                entry.hash.as_bytes(),
            ],
        )?;
        Ok(entry)
    }

    /// Adds an event and forgets the ones that are too old.
    pub(super) fn event(
        &self,
        at: Timestamp,
        kind: &str,
        subject: &str,
        device: Option<&str>,
        data: &str,
    ) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO events (at, kind, subject, device, data) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![at.millis(), kind, subject, device, data],
        )?;
        let id = self.conn.last_insert_rowid();
        if id % 1024 == 0 {
            self.run("DELETE FROM events WHERE id <= ?1", [id - EVENTS_KEPT])?;
        }
        Ok(())
    }
}

/// The one row of a query, if there is one.
pub(super) fn one<T>(
    conn: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Option<T>, StoreError> {
    Ok(conn
        .prepare_cached(sql)?
        .query_row(params, read)
        .optional()?)
}

/// All rows of a query.
pub(super) fn all<T>(
    conn: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map(params, read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A value as it stands in a `data` column.
pub(super) fn to_json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map_err(|e| StoreError::Database(format!("a value cannot be written as JSON: {e}")))
}

/// A value from a `data` column.
pub(super) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_slice(text.as_bytes())
        .map_err(|e| StoreError::Database(format!("a stored value cannot be read: {e}")))
}

/// A noun from a text column.
pub(super) fn parse<T: std::str::FromStr>(text: &str) -> Result<T, StoreError>
where
    T::Err: std::fmt::Display,
{
    text.parse()
        .map_err(|e| StoreError::Database(format!("a stored value cannot be read: {e}")))
}

/// An unsigned number in a column; `SQLite` has none above 2⁶³.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number from a column that only ever holds what [`signed`] gave.
pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// How many items a page may have.
pub(super) fn page_limit(page: &PageOf) -> usize {
    match page.limit {
        0 => 100,
        n => n.min(1000) as usize,
    }
}

/// The number in a cursor of a list that is ordered by number; beyond the newest when there is none.
pub(super) fn before(page: &PageOf) -> Result<i64, StoreError> {
    match &page.cursor {
        None => Ok(i64::MAX),
        Some(text) => text.parse().map_err(|_| bad_cursor()),
    }
}

pub(super) fn bad_cursor() -> StoreError {
    StoreError::Conflict("this cursor was not given by this list: begin without one".into())
}

/// Cuts one item too many off a list and makes a cursor of the last that stays.
pub(super) fn cut<T>(
    mut rows: Vec<T>,
    limit: usize,
    cursor: impl Fn(&T) -> String,
) -> (Vec<T>, Option<String>) {
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(cursor);
    (rows, next)
}
