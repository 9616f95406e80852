//! All store roles over one `SQLite` file.

mod actions;
mod audit;
mod backups;
mod callbacks;
mod catching_up;
mod creation;
mod customers;
mod devices;
mod enrolment;
mod events;
mod fragments;
mod housekeeping;
mod operators;
mod pins;
mod presence;
mod queue;
mod readers;
mod replies;
mod restoring;
mod results;
mod schema;
mod subscriptions;
mod templates;
mod texts;
mod tokens;
mod transaction;
mod work;
mod writer;

use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, params};
use tokio::sync::watch;

use crate::port::{Sealer, StoreError};

use transaction::{Tx, one, unsigned};

pub use restoring::{Unpacked, unpack};

pub(super) use readers::Readers;
pub(super) use writer::Writer;

/// What a new database is sealed with, so that a wrong master key shows at the start.
const KEY_CHECK: &str = "key-check";

/// The store over one `SQLite` file. Cheap to clone; all clones are the same store.
#[derive(Clone)]
pub struct SqliteStore {
    writer: Writer,
    readers: Readers,
    sealer: Arc<dyn Sealer>,
    newest_event: watch::Receiver<u64>,
}

impl SqliteStore {
    /// Opens the file, which is made (mode 0600) when it does not exist, and brings its tables up to date.
    ///
    /// Blocks for as long as that takes; call it before the first request.
    ///
    /// # Errors
    /// [`StoreError::Database`] when it cannot be opened or is newer than this program;
    /// [`StoreError::Machine`] when its secrets were sealed with another master key.
    pub fn open(path: &Path, sealer: Arc<dyn Sealer>) -> Result<Self, StoreError> {
        let conn = open_file(path)?;
        schema::migrate(&conn)?;
        check_key(&conn, &*sealer)?;
        let (tell, newest_event) = watch::channel(newest(&conn)?);
        let writer = Writer::start(conn, "store-writer", move |conn| {
            if let Ok(id) = newest(conn) {
                tell.send_if_modified(|known| std::mem::replace(known, id) != id);
            }
        })?;
        Ok(Self {
            writer,
            readers: Readers::new(path, 4),
            sealer,
            newest_event,
        })
    }

    /// Runs an operation in the writer's transaction.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let sealer = Arc::clone(&self.sealer);
        self.writer
            .write(move |conn| {
                work(&Tx {
                    conn,
                    sealer: &*sealer,
                })
            })
            .await
    }

    /// Reads beside the writer.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.readers.read(work).await
    }

    /// Lets the file grow to so many pages at most, as a full disk would.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn limit_pages(&self, pages: i64) -> Result<(), StoreError> {
        self.write(move |tx| Ok(tx.conn.pragma_update(None, "max_page_count", pages)?))
            .await
    }
}

/// Opens a database file for the writer: durable commits, readers beside it.
pub(super) fn open_file(path: &Path) -> Result<Connection, StoreError> {
    create_private(path, false)?;
    let conn = Connection::open(path)?;
    conn.busy_timeout(Duration::from_secs(5))?;
    conn.set_prepared_statement_cache_capacity(128);
    conn.pragma_update(None, "journal_mode", "WAL")?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "foreign_keys", true)?;
    conn.pragma_update(None, "wal_autocheckpoint", 4000)?;
    conn.pragma_update(None, "cache_size", -32_768)?;
    Ok(conn)
}

/// Makes the file before `SQLite` does, for its owner only; `SQLite` gives its side files the same mode.
fn create_private(path: &Path, must_be_new: bool) -> Result<(), StoreError> {
    std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .create_new(must_be_new)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map(drop)
        .map_err(|e| StoreError::Database(format!("cannot open {}: {e}", path.display())))
}

fn newest(conn: &Connection) -> Result<u64, StoreError> {
    let id: i64 = conn
        .prepare_cached("SELECT coalesce(max(id), 0) FROM events")?
        .query_row([], |row| row.get(0))?;
    Ok(unsigned(id))
}

fn check_key(conn: &Connection, sealer: &dyn Sealer) -> Result<(), StoreError> {
    let found: Option<Vec<u8>> = one(
        conn,
        "SELECT value FROM meta WHERE key = ?1",
        params![KEY_CHECK],
        |row| row.get(0),
    )?;
    match found {
        Some(sealed) => sealer.open(KEY_CHECK, &sealed).map(drop)?,
        None => {
            let sealed = sealer.seal(KEY_CHECK, b"callhome")?;
            conn.execute(
                "INSERT INTO meta (key, value) VALUES (?1, ?2)",
                params![KEY_CHECK, sealed],
            )?;
        }
    }
    Ok(())
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        // The message may quote an SQL text, never a bound value.
        Self::Database(error.to_string())
    }
}
