use std::collections::HashMap;

use indicatif::ProgressBar;
use tokio::sync::{Mutex, Notify};

use super::Row;
use super::journal_file::Pen;
use crate::api::ActionView;
use crate::cli::error::{CommandError, ErrorKind};
use crate::cli::waiting::ending;
use crate::domain::{ShortId, Timestamp};
use crate::flow::journal::{Journal, JournalLine, NextStep, RowOutcome};
use crate::host::SystemClock;
use crate::port::Clock as _;

/// What is known of a run while it goes on: the journal, and the actions that have not ended.
pub(super) struct Ledger {
    journal: Mutex<Journal>,
    pen: Pen,
    bar: ProgressBar,
    watched: Mutex<Watched>,
    changed: Notify,
}

#[derive(Default)]
struct Watched {
    /// Rows whose action has not ended.
    open: HashMap<ShortId, Expected>,
    /// Ends that were heard of before the answer to the row's own request.
    early: HashMap<ShortId, ActionView>,
    /// Rows whose end was heard of and is being written: the run has not ended before it stands in the journal.
    closing: usize,
    /// Why nothing more will be heard.
    fault: Option<CommandError>,
}

/// A row whose action is waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Expected {
    row: String,
    /// The server that holds the device, when it is not the one asked.
    pub(super) peer: Option<String>,
}

impl Ledger {
    pub(super) fn new(journal: Journal, pen: Pen, bar: ProgressBar) -> Self {
        Self {
            journal: Mutex::new(journal),
            pen,
            bar,
            watched: Mutex::default(),
            changed: Notify::new(),
        }
    }

    #[expect(clippy::unused_self, reason = "time is the ledger's to tell")]
    pub(super) fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    pub(super) async fn journal(&self) -> Journal {
        self.journal.lock().await.clone()
    }

    pub(super) async fn next_step(&self, row: &str) -> NextStep {
        self.journal.lock().await.next_step(row)
    }

    /// Stores a line, then takes it into account.
    pub(super) async fn write(&self, line: JournalLine) -> Result<(), CommandError> {
        self.pen.write(line.clone()).await?;
        self.journal.lock().await.apply(line);
        Ok(())
    }

    /// A row that ended in an earlier run of this command.
    pub(super) fn passed(&self) {
        self.bar.inc(1);
    }

    pub(super) fn finish_bar(&self) {
        self.bar.finish_and_clear();
    }

    /// Announces a row; the key under which it is sent.
    pub(super) async fn announce(&self, row: &Row) -> Result<String, CommandError> {
        let (attempt, key) = {
            let journal = self.journal.lock().await;
            (journal.record(&row.key).attempts + 1, journal.key(&row.key))
        };
        self.write(JournalLine::Started {
            row: row.key.clone(),
            attempt,
            at: self.now(),
        })
        .await?;
        Ok(key)
    }

    /// The server took a row.
    pub(super) async fn accepted(
        &self,
        row: &Row,
        action: ActionView,
        server: String,
        peer: Option<String>,
    ) -> Result<(), CommandError> {
        self.write(JournalLine::Accepted {
            row: row.key.clone(),
            action: action.id,
            server,
            at: self.now(),
        })
        .await?;
        self.expect(row, action.id, peer).await;
        if action.state.is_final() {
            self.heard(action).await?;
        }
        Ok(())
    }

    /// Waits for the end of a row's action from now on.
    pub(super) async fn expect(&self, row: &Row, action: ShortId, peer: Option<String>) {
        let early = {
            let mut watched = self.watched.lock().await;
            let expected = Expected {
                row: row.key.clone(),
                peer,
            };
            watched.open.insert(action, expected);
            watched.early.remove(&action)
        };
        if let Some(view) = early
            && let Err(error) = self.heard(view).await
        {
            self.fail(error).await;
        }
    }

    /// How an action stands, as somebody told.
    pub(super) async fn heard(&self, view: ActionView) -> Result<(), CommandError> {
        if !view.state.is_final() {
            return Ok(());
        }
        let row = {
            let mut watched = self.watched.lock().await;
            match watched.open.remove(&view.id) {
                Some(expected) => {
                    watched.closing += 1;
                    expected.row
                }
                None => {
                    watched.early.insert(view.id, view);
                    return Ok(());
                }
            }
        };
        let outcome = match ending(&view) {
            None => RowOutcome::Done,
            Some(ErrorKind::Conflict) => RowOutcome::Conflict,
            Some(_) => RowOutcome::Failed,
        };
        let code = view
            .result
            .as_ref()
            .map_or_else(|| view.state.to_string(), |r| r.code.clone());
        let written = self.write_end(row, outcome, &code, "").await;
        self.watched.lock().await.closing -= 1;
        self.changed.notify_one();
        written
    }

    /// A row ended without an action.
    pub(super) async fn end(
        &self,
        row: &Row,
        outcome: RowOutcome,
        code: &str,
        detail: &str,
    ) -> Result<(), CommandError> {
        self.write_end(row.key.clone(), outcome, code, detail).await
    }

    async fn write_end(
        &self,
        row: String,
        outcome: RowOutcome,
        code: &str,
        detail: &str,
    ) -> Result<(), CommandError> {
        self.write(JournalLine::Ended {
            row,
            outcome,
            code: code.to_owned(),
            detail: detail.to_owned(),
            at: self.now(),
        })
        .await?;
        let tally = self.journal.lock().await.tally();
        self.bar.inc(1);
        self.bar.set_message(format!(
            "done {}  waiting {}  failed {}",
            tally.done,
            tally.open,
            tally.failed + tally.bad
        ));
        self.changed.notify_one();
        Ok(())
    }

    /// The actions that have not ended.
    pub(super) async fn open(&self) -> Vec<(ShortId, Expected)> {
        let watched = self.watched.lock().await;
        watched
            .open
            .iter()
            .map(|(id, expected)| (*id, expected.clone()))
            .collect()
    }

    /// Nothing more will be heard.
    pub(super) async fn fail(&self, error: CommandError) {
        self.watched.lock().await.fault.get_or_insert(error);
        self.changed.notify_one();
    }

    /// Waits until every action has ended.
    ///
    /// # Errors
    /// What [`Ledger::fail`] was told.
    pub(super) async fn settled(&self) -> Result<(), CommandError> {
        loop {
            {
                let mut watched = self.watched.lock().await;
                if let Some(fault) = watched.fault.take() {
                    return Err(fault);
                }
                if watched.open.is_empty() && watched.closing == 0 {
                    return Ok(());
                }
            }
            self.changed.notified().await;
        }
    }

    /// The time is over: what was not heard of is unconfirmed, not failed.
    pub(super) async fn give_up_waiting(&self) -> Result<(), CommandError> {
        let open = std::mem::take(&mut self.watched.lock().await.open);
        for expected in open.into_values() {
            let detail = "not confirmed in time; it may still happen";
            self.write_end(expected.row, RowOutcome::Unconfirmed, "unconfirmed", detail)
                .await?;
        }
        Ok(())
    }
}
