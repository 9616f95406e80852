use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use tokio::sync::Semaphore;

use crate::port::StoreError;

use super::work::{Outcome, Work, unwrapped, wrapped};

/// Connections that read beside the writer.
///
/// With write-ahead logging a reader sees all that was committed when it began and waits
/// for nobody. As answers to writes go out after the commit, callers read their own writes.
#[derive(Clone)]
pub(in crate::store) struct Readers {
    path: PathBuf,
    free: Arc<Mutex<Vec<Connection>>>,
    places: Arc<Semaphore>,
}

impl Readers {
    pub(in crate::store) fn new(path: &Path, most: usize) -> Self {
        Self {
            path: path.to_owned(),
            free: Arc::default(),
            places: Arc::new(Semaphore::new(most)),
        }
    }

    /// Runs `work` on a thread that may block.
    pub(in crate::store) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        unwrapped(self.run(wrapped(work)).await?)
    }

    async fn run(&self, work: Work) -> Result<Outcome, StoreError> {
        let _place = self
            .places
            .acquire()
            .await
            .map_err(|_| StoreError::Database("the store is closed".into()))?;
        let readers = self.clone();
        tokio::task::spawn_blocking(move || {
            let taken = readers.lock().pop();
            let conn = match taken {
                Some(conn) => conn,
                None => readers.connect()?,
            };
            let outcome = work(&conn);
            readers.lock().push(conn);
            outcome
        })
        .await
        .map_err(|e| StoreError::Database(format!("a reader stopped: {e}")))?
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connect(&self) -> Result<Connection, StoreError> {
        let conn = Connection::open_with_flags(
            &self.path,
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        conn.busy_timeout(Duration::from_secs(5))?;
        conn.set_prepared_statement_cache_capacity(64);
        // Not mapped into memory: SQLite unmaps it all whenever another connection has written, which stops every thread
        // of the process for a moment.
        Ok(conn)
    }
}
