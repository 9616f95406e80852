use std::panic::{AssertUnwindSafe, catch_unwind};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::port::StoreError;

use super::work::{Outcome, Work, unwrapped, wrapped};

/// Most operations in one transaction.
const BATCH: usize = 256;
/// Operations that may wait before callers are slowed down.
const QUEUE: usize = 4096;

/// The one thread that writes.
///
/// It takes what is waiting, at most [`BATCH`] operations, into one `BEGIN IMMEDIATE`
/// transaction: while the disk confirms one batch the next one gathers, so the more callers
/// there are, the cheaper each is. Every operation has its own savepoint; one that fails
/// leaves nothing behind and spoils no other. Answers go out after the commit, and when
/// that fails all of them say so.
#[derive(Clone)]
pub(in crate::store) struct Writer {
    queue: mpsc::Sender<Task>,
}

struct Task {
    work: Option<Work>,
    outcome: Option<Result<Outcome, StoreError>>,
    caller: oneshot::Sender<Result<Outcome, StoreError>>,
}

impl Task {
    fn new(work: Work, caller: oneshot::Sender<Result<Outcome, StoreError>>) -> Self {
        Self {
            work: Some(work),
            outcome: None,
            caller,
        }
    }

    /// Does the work inside its savepoint; whether it may be kept.
    fn run(&mut self, conn: &Connection) -> bool {
        let Some(work) = self.work.take() else {
            return false;
        };
        // A panic in one caller's closure must not take the writer down for all.
        let outcome = catch_unwind(AssertUnwindSafe(|| work(conn)))
            .unwrap_or_else(|_| Err(StoreError::Database("an operation panicked".into())));
        let keep = outcome.is_ok();
        self.outcome = Some(outcome);
        keep
    }

    /// Tells the caller, after the commit or with the reason why there was none.
    fn answer(self, committed: Result<(), &str>) {
        let outcome = match (self.outcome, committed) {
            // What failed by itself keeps its own reason.
            (Some(Err(e)), _) => Err(e),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (_, Err(reason)) => Err(StoreError::Database(reason.to_owned())),
            (None, Ok(())) => Err(StoreError::Database("the operation was not run".into())),
        };
        // The caller may have gone; the write holds all the same.
        drop(self.caller.send(outcome));
    }
}

impl Writer {
    /// Starts the thread; it ends when the last handle is dropped and all that waited is written.
    pub(in crate::store) fn start(
        conn: Connection,
        name: &str,
        after_commit: impl FnMut(&Connection) + Send + 'static,
    ) -> Result<Self, StoreError> {
        let (queue, waiting) = mpsc::channel(QUEUE);
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || serve(&conn, waiting, after_commit))
            .map_err(|e| StoreError::Database(format!("the writer cannot be started: {e}")))?;
        Ok(Self { queue })
    }

    /// Has `work` done in a transaction; durable when it returns `Ok`.
    pub(in crate::store) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        unwrapped(self.run(wrapped(work)).await?)
    }

    async fn run(&self, work: Work) -> Result<Outcome, StoreError> {
        let (caller, answer) = oneshot::channel();
        self.queue
            .send(Task::new(work, caller))
            .await
            .map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// Has `work` done before everything that is handed in after it, and does not wait for that.
    pub(in crate::store) async fn write_in_turn(
        &self,
        work: impl FnOnce(&Connection) -> Result<(), StoreError> + Send + 'static,
    ) -> Result<(), StoreError> {
        let unheard = oneshot::channel().0;
        self.queue
            .send(Task::new(wrapped(work), unheard))
            .await
            .map_err(|_| gone())
    }

    /// Has `work` done some time soon; nobody waits for it, and it is left out when the queue is full.
    pub(in crate::store) fn write_later(
        &self,
        work: impl FnOnce(&Connection) -> Result<(), StoreError> + Send + 'static,
    ) {
        let unheard = oneshot::channel().0;
        drop(self.queue.try_send(Task::new(wrapped(work), unheard)));
    }
}

fn gone() -> StoreError {
    StoreError::Database("the writer has stopped".into())
}

fn serve(
    conn: &Connection,
    mut waiting: mpsc::Receiver<Task>,
    mut after_commit: impl FnMut(&Connection),
) {
    let mut batch = Vec::with_capacity(BATCH);
    while let Some(first) = waiting.blocking_recv() {
        batch.push(first);
        while batch.len() < BATCH
            && let Ok(next) = waiting.try_recv()
        {
            batch.push(next);
        }
        let committed = transact(conn, &mut batch).map_err(|e| e.to_string());
        if committed.is_err() && !conn.is_autocommit() {
            // Nothing of a batch that was not committed may stay.
            drop(conn.execute_batch("ROLLBACK"));
        }
        if committed.is_ok() {
            after_commit(conn);
        }
        for job in batch.drain(..) {
            job.answer(committed.as_ref().copied().map_err(String::as_str));
        }
    }
}

fn transact(conn: &Connection, batch: &mut [Task]) -> rusqlite::Result<()> {
    let run = |sql: &str| conn.prepare_cached(sql)?.execute([]).map(drop);
    run("BEGIN IMMEDIATE")?;
    for job in batch {
        run("SAVEPOINT operation")?;
        if !job.run(conn) {
            // A full disk may have ended the whole transaction; then this fails, and so does the batch.
            run("ROLLBACK TO operation")?;
        }
        run("RELEASE operation")?;
    }
    run("COMMIT")
}
