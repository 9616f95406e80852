//! Bulk runs that survive being stopped: what happened to each row, and what is left to do.
//!
//! Pure: lines in, lines out. Whoever keeps the journal writes each line durably *before* it does what the line
//! announces, so that after `kill -9` a row is either untouched, or announced under a key that makes a repeat
//! harmless, or done.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::domain::{ShortId, Timestamp};

/// One line of a journal, as JSON on a line of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "kebab-case")]
pub enum JournalLine {
    /// The first line: what is run over which input.
    Begun {
        /// The run.
        run: ShortId,
        /// The command, as in `device.lock`.
        command: String,
        /// SHA-256 of the input and of what is done with it, 64 hexadecimal digits.
        digest: String,
        /// Rows in the input.
        rows: u32,
        /// When.
        at: Timestamp,
    },
    /// A row is about to be sent.
    Started {
        /// Its key.
        row: String,
        /// Which try, from 1.
        attempt: u32,
        /// When.
        at: Timestamp,
    },
    /// Many rows are about to be sent.
    StartedAlike {
        /// Their keys.
        rows: Vec<String>,
        /// When.
        at: Timestamp,
    },
    /// Rows that were about to be sent were not: the run was stopped before.
    Returned {
        /// Their keys.
        rows: Vec<String>,
        /// When.
        at: Timestamp,
    },
    /// The endpoint took it.
    Accepted {
        /// Its key.
        row: String,
        /// The action that was made.
        action: ShortId,
        /// The server that holds the device.
        server: String,
        /// When.
        at: Timestamp,
    },
    /// It ended.
    Ended {
        /// Its key.
        row: String,
        /// How.
        outcome: RowOutcome,
        /// A stable word, as in `ok` or `already-locked`.
        code: String,
        /// For people; empty when there is nothing to say.
        detail: String,
        /// When.
        at: Timestamp,
    },
    /// Many rows ended alike: one line for them all, because a run at line rate writes its journal as fast as it sends.
    EndedAlike {
        /// Their keys.
        rows: Vec<String>,
        /// How.
        outcome: RowOutcome,
        /// As in `Ended`.
        code: String,
        /// As in `Ended`.
        detail: String,
        /// When.
        at: Timestamp,
    },
    /// The run is over; nothing is left to resume.
    Finished {
        /// When.
        at: Timestamp,
    },
}

/// How a row ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowOutcome {
    /// Done, or taken when nobody waits for more.
    Done,
    /// Not done: the device or the server said no.
    Failed,
    /// Not done because it was done before or is on its way (409).
    Conflict,
    /// Sent and not heard of within the time given. Not *failed*.
    Unconfirmed,
    /// Not tried: the row makes no sense.
    Bad,
}

/// How far a row has got.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum RowState {
    /// Nothing was sent.
    #[default]
    Waiting,
    /// Announced; it may or may not have been sent. An endpoint does it once, however often it gets it under the same
    /// key; who gets a SIP request has no such key.
    Started,
    /// The endpoint has it.
    Accepted,
    /// It ended.
    Ended {
        /// How.
        outcome: RowOutcome,
        /// A stable word.
        code: String,
        /// For people.
        detail: String,
    },
}

/// A row with its history in short.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowRecord {
    /// How far it has got.
    pub state: RowState,
    /// How often it was sent.
    pub attempts: u32,
    /// The action that was made for it, and the server that holds the device.
    pub action: Option<(ShortId, String)>,
}

/// A run as its journal tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journal {
    /// The run.
    pub run: ShortId,
    /// The command.
    pub command: String,
    /// SHA-256 of the input and of what is done with it.
    pub digest: String,
    /// Rows in the input.
    pub rows: u32,
    /// Whether it is over.
    pub finished: bool,
    records: HashMap<String, RowRecord>,
}

/// What to do with a row now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextStep {
    /// Send it, under its key.
    Send,
    /// The endpoint has it: wait for the action.
    Await {
        /// The action.
        action: ShortId,
        /// The server that holds the device.
        server: String,
    },
    /// Leave it: it ended.
    Leave,
}

/// How many rows ended how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Tally {
    /// Done.
    pub done: u32,
    /// Said no.
    pub failed: u32,
    /// Done before or on its way.
    pub conflict: u32,
    /// Sent, not heard of.
    pub unconfirmed: u32,
    /// Rows that make no sense.
    pub bad: u32,
    /// Not ended.
    pub open: u32,
}

/// Why lines are not a journal.
#[derive(Debug, thiserror::Error)]
pub enum InvalidJournal {
    /// The first line is not its beginning.
    #[error("a journal begins with the line of its run")]
    NoBeginning,
    /// A line in the middle cannot be read.
    #[error("line {number} of the journal cannot be read")]
    Line {
        /// From 1.
        number: usize,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

impl JournalLine {
    /// The line as it is written, with its line break.
    ///
    /// # Errors
    /// Never for lines of this type; the encoder could only fail on maps with keys that are no text.
    pub fn to_text(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self).map(|text| text + "\n")
    }
}

impl Journal {
    /// Reads a journal. A last line without its line break was being written when the machine stopped: what it
    /// announces was not done, so it is passed over.
    ///
    /// # Errors
    /// [`InvalidJournal`].
    pub fn read(text: &str) -> Result<Self, InvalidJournal> {
        let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
        let mut journal: Option<Self> = None;
        for (index, line) in whole.lines().enumerate() {
            let line = serde_json::from_str(line).map_err(|source| InvalidJournal::Line {
                number: index + 1,
                source,
            })?;
            match (&mut journal, line) {
                (None, line) => journal = Some(Self::begun(line)?),
                (Some(journal), line) => journal.apply(line),
            }
        }
        journal.ok_or(InvalidJournal::NoBeginning)
    }

    /// A journal with its first line only.
    ///
    /// # Errors
    /// [`InvalidJournal::NoBeginning`] for any other line than [`JournalLine::Begun`].
    pub fn begun(line: JournalLine) -> Result<Self, InvalidJournal> {
        match line {
            JournalLine::Begun {
                run,
                command,
                digest,
                rows,
                ..
            } => Ok(Self {
                run,
                command,
                digest,
                rows,
                finished: false,
                records: HashMap::new(),
            }),
            _ => Err(InvalidJournal::NoBeginning),
        }
    }

    /// Takes a line that was written.
    pub fn apply(&mut self, line: JournalLine) {
        match line {
            JournalLine::Begun { .. } => {}
            JournalLine::Finished { .. } => self.finished = true,
            JournalLine::Started { row, attempt, .. } => {
                let record = self.records.entry(row).or_default();
                record.attempts = record.attempts.max(attempt);
                if record.state == RowState::Waiting {
                    record.state = RowState::Started;
                }
            }
            JournalLine::StartedAlike { rows, .. } => {
                for row in rows {
                    let record = self.records.entry(row).or_default();
                    record.attempts += 1;
                    if record.state == RowState::Waiting {
                        record.state = RowState::Started;
                    }
                }
            }
            JournalLine::Returned { rows, .. } => {
                for row in rows {
                    let record = self.records.entry(row).or_default();
                    if record.state == RowState::Started {
                        record.state = RowState::Waiting;
                        record.attempts = record.attempts.saturating_sub(1);
                    }
                }
            }
            JournalLine::Accepted {
                row,
                action,
                server,
                ..
            } => {
                let record = self.records.entry(row).or_default();
                record.action = Some((action, server));
                if !matches!(record.state, RowState::Ended { .. }) {
                    record.state = RowState::Accepted;
                }
            }
            JournalLine::Ended {
                row,
                outcome,
                code,
                detail,
                ..
            } => {
                self.ended(row, outcome, code, detail);
            }
            JournalLine::EndedAlike {
                rows,
                outcome,
                code,
                detail,
                ..
            } => {
                for row in rows {
                    self.ended(row, outcome, code.clone(), detail.clone());
                }
            }
        }
    }

    fn ended(&mut self, row: String, outcome: RowOutcome, code: String, detail: String) {
        self.records.entry(row).or_default().state = RowState::Ended {
            outcome,
            code,
            detail,
        };
    }

    /// Whether nothing was sent yet.
    #[must_use]
    pub fn is_untouched(&self) -> bool {
        self.records.is_empty()
    }

    /// How far a row has got.
    #[must_use]
    pub fn record(&self, row: &str) -> RowRecord {
        self.records.get(row).cloned().unwrap_or_default()
    }

    /// What to do with a row now. One that was not heard of is waited for again; one that failed is left: the same
    /// input in a new run tries it again.
    #[must_use]
    pub fn next_step(&self, row: &str) -> NextStep {
        let record = self.record(row);
        let unheard = matches!(
            record.state,
            RowState::Ended {
                outcome: RowOutcome::Unconfirmed,
                ..
            }
        );
        match (record.state, record.action) {
            (RowState::Waiting | RowState::Started, _) => NextStep::Send,
            (RowState::Accepted, Some((action, server))) => NextStep::Await { action, server },
            (_, Some((action, server))) if unheard => NextStep::Await { action, server },
            _ => NextStep::Leave,
        }
    }

    /// The idempotency key of a row: the same each time the row is sent in this run.
    #[must_use]
    pub fn key(&self, row: &str) -> String {
        format!("{}:{row}", self.run)
    }

    /// How many rows ended how.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        let mut ended = 0;
        for record in self.records.values() {
            let RowState::Ended { outcome, .. } = &record.state else {
                continue;
            };
            ended += 1;
            *match outcome {
                RowOutcome::Done => &mut tally.done,
                RowOutcome::Failed => &mut tally.failed,
                RowOutcome::Conflict => &mut tally.conflict,
                RowOutcome::Unconfirmed => &mut tally.unconfirmed,
                RowOutcome::Bad => &mut tally.bad,
            } += 1;
        }
        tally.open = self.rows.saturating_sub(ended);
        tally
    }
}
