use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::journal_file::{Beginning, JournalFile};
use super::ledger::Ledger;
use super::{BulkFlags, Input, Row, archive};
use crate::api::ActionView;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind};
use crate::cli::output::{count, grouped};
use crate::cli::progress::bar;
use crate::domain::ShortId;
use crate::flow::journal::{Journal, JournalLine, NextStep, RowOutcome};
use crate::net::management::Client;
use crate::port::task;

/// How often a row is sent again that the server put off (429).
const PUT_OFF: u32 = 20;

/// What is done with each row.
#[async_trait]
pub(crate) trait Work: Send + Sync {
    /// Sends one row under its idempotency key.
    async fn send(&self, row: &Row, key: &str) -> Result<Sent, CommandError>;
}

/// What the server made of a row.
pub(crate) enum Sent {
    /// An action that goes on, and the peer that holds the device; boxed because it is large.
    Action(Box<ActionView>, Option<String>),
    /// All there was to do, in a word.
    Done(String),
}

/// A run.
pub(crate) struct Plan {
    /// As in `device.lock`.
    pub command: String,
    /// What is done with each row, for telling runs apart: the action's text.
    pub what: String,
    /// The input's octets, for telling runs apart.
    pub content: Vec<u8>,
    /// The input as it was named.
    pub file: PathBuf,
    /// Folder of the journals.
    pub folder: PathBuf,
    /// Wait for the end of actions, at most this long.
    pub wait: Option<Duration>,
    /// Letters of the action, by which the server's list is read.
    pub action_name: Option<String>,
}

/// Why no more rows are begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// All were sent.
    AllSent,
    /// Too many failed.
    Failures,
    /// The person said so.
    Interrupted,
}

/// Runs over all rows; the journal tells how each ended. Stops early when interrupted or when rows fail too often.
///
/// # Errors
/// When the journal cannot be kept, the server is away for too long, or the person stopped it.
pub(crate) async fn run(
    context: &Context,
    client: &Client,
    input: &Input,
    flags: &BulkFlags,
    plan: Plan,
    work: Arc<dyn Work>,
) -> Result<Journal, CommandError> {
    let interrupt = context.interrupt();
    let file = JournalFile::open(&plan.folder, beginning(context, input, &plan)?)?;
    let run = file.journal.run;
    if !file.resumed {
        archive::keep_beginning(context, &plan.folder, run, &plan.file, &plan.content)?;
    }
    tell_beginning(context, input, &file)?;
    let progress = bar(
        &context.environment,
        context.flags.quiet,
        input.rows.len() as u64,
    );
    let ledger = Arc::new(Ledger::new(file.journal.clone(), file.pen(), progress));
    let following = plan.wait.map(|_| {
        let follow = super::follow::follow(
            client.clone(),
            Arc::clone(&ledger),
            plan.action_name.clone(),
        );
        tokio::spawn(task(follow))
    });
    let own = client.server_status().await?.name;
    let sent = send_all(input, flags, &own, &ledger, &work, &interrupt).await;
    let outcome = match (sent, plan.wait) {
        (Ok(Stop::AllSent | Stop::Failures), Some(time)) => {
            wait_for_ends(&ledger, Instant::now() + time, &interrupt).await
        }
        (other, _) => other,
    };
    if let Some(following) = following {
        following.abort();
        // Its only end is the abort.
        drop(following.await);
    }
    ledger.finish_bar();
    let outcome = outcome.map_err(|e| e.hint(go_on(run)));
    let outcome = close(&outcome, &ledger).await.and(outcome);
    let journal = ledger.journal().await;
    drop(ledger);
    file.close().await;
    match outcome? {
        Stop::Interrupted => Err(interrupted(&journal, run)),
        Stop::AllSent | Stop::Failures => Ok(journal),
    }
}

/// Writes down that the run is over, when it is.
async fn close(outcome: &Result<Stop, CommandError>, ledger: &Ledger) -> Result<(), CommandError> {
    if matches!(outcome, Ok(Stop::AllSent)) {
        ledger
            .write(JournalLine::Finished { at: ledger.now() })
            .await?;
    }
    Ok(())
}

fn interrupted(journal: &Journal, run: ShortId) -> CommandError {
    let tally = journal.tally();
    let begun = journal.rows.saturating_sub(tally.open);
    CommandError::new(
        ErrorKind::Interrupted,
        format!(
            "stopped: {} of {} rows ended, nothing half-sent (run {run})",
            grouped(begun.into()),
            grouped(journal.rows.into())
        ),
    )
    .hint(go_on(run))
}

pub(super) fn go_on(run: ShortId) -> String {
    format!("Go on:  callhome bulk resume {run}     (nothing is done twice)")
}

fn beginning(context: &Context, input: &Input, plan: &Plan) -> Result<Beginning, CommandError> {
    let mut hasher = Sha256::new();
    for part in [
        plan.what.as_bytes(),
        context.name()?.as_bytes(),
        &plan.content,
    ] {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    Ok(Beginning {
        run: context.new_id()?,
        command: plan.command.clone(),
        digest: HEXLOWER.encode(&hasher.finalize()),
        rows: u32::try_from(input.rows.len()).unwrap_or(u32::MAX),
        at: context.now(),
        resumes: archive::resumes(context),
    })
}

fn tell_beginning(
    context: &Context,
    input: &Input,
    file: &JournalFile,
) -> Result<(), CommandError> {
    let bad = input.rows.iter().filter(|r| r.device.is_err()).count();
    let rows = count(input.rows.len() as u64, "row");
    let good = grouped((input.rows.len() - bad) as u64);
    context.status(&format!(
        "{rows}, {good} good, {bad} bad  ·  run {}",
        file.journal.run
    ))?;
    if file.resumed {
        let tally = file.journal.tally();
        let ended = file.journal.rows.saturating_sub(tally.open);
        context.announce(&format!(
            "This input was begun before: going on after {} ended rows.",
            grouped(ended.into())
        ))?;
    }
    Ok(())
}

async fn send_all(
    input: &Input,
    flags: &BulkFlags,
    own: &str,
    ledger: &Arc<Ledger>,
    work: &Arc<dyn Work>,
    interrupt: &CancellationToken,
) -> Result<Stop, CommandError> {
    let slots = Arc::new(Semaphore::new(flags.jobs.max(1) as usize));
    let failures = Arc::new(AtomicU32::new(0));
    let most = flags.stop_after_failures.map_or(u32::MAX, Into::into);
    let mut pace = flags.rate.map(|r| tokio::time::interval(r.interval));
    let mut tasks: JoinSet<Result<(), CommandError>> = JoinSet::new();
    let mut stop = Stop::AllSent;
    for row in &input.rows {
        let step = ledger.next_step(&row.key).await;
        if let NextStep::Await { action, server } = step {
            ledger
                .expect(row, action, Some(server).filter(|s| s != own))
                .await;
            continue;
        }
        if step == NextStep::Leave {
            ledger.passed();
            continue;
        }
        let slot = tokio::select! {
            () = interrupt.cancelled() => {
                stop = Stop::Interrupted;
                break;
            }
            slot = begin(&slots, &mut pace) => slot,
        };
        if failures.load(Ordering::SeqCst) >= most {
            stop = Stop::Failures;
            break;
        }
        let job = Job {
            row: row.clone(),
            ledger: Arc::clone(ledger),
            work: Arc::clone(work),
            failures: Arc::clone(&failures),
            own: own.to_owned(),
        };
        tasks.spawn(task(async move {
            let outcome = job.run().await;
            drop(slot);
            outcome
        }));
        while let Some(ended) = tasks.try_join_next() {
            joined(ended)?;
        }
    }
    // What is under way ends by itself: nothing stays half-sent.
    while let Some(ended) = tasks.join_next().await {
        joined(ended)?;
    }
    Ok(stop)
}

fn joined(
    ended: Result<Result<(), CommandError>, tokio::task::JoinError>,
) -> Result<(), CommandError> {
    ended.unwrap_or_else(|e| Err(CommandError::internal(format!("a row's task failed: {e}"))))
}

/// Waits for a free slot and for the rate.
async fn begin(
    slots: &Arc<Semaphore>,
    pace: &mut Option<tokio::time::Interval>,
) -> tokio::sync::OwnedSemaphorePermit {
    if let Some(pace) = pace {
        pace.tick().await;
    }
    Arc::clone(slots)
        .acquire_owned()
        .await
        .expect("the semaphore is never closed")
}

/// One row on its way.
struct Job {
    row: Row,
    ledger: Arc<Ledger>,
    work: Arc<dyn Work>,
    failures: Arc<AtomicU32>,
    own: String,
}

impl Job {
    async fn run(self) -> Result<(), CommandError> {
        let ledger = &self.ledger;
        let row = &self.row;
        if let Err(why) = &row.device {
            return ledger.end(row, RowOutcome::Bad, "bad-row", why).await;
        }
        let key = ledger.announce(row).await?;
        match self.send(&key).await {
            Ok(Sent::Action(action, peer)) => {
                let server = peer.clone().unwrap_or_else(|| self.own.clone());
                ledger.accepted(row, *action, server, peer).await
            }
            Ok(Sent::Done(word)) => ledger.end(row, RowOutcome::Done, &word, "").await,
            Err(error) if ends_the_run(&error) => Err(error),
            Err(error) => {
                let outcome = match error.kind() {
                    ErrorKind::Conflict => RowOutcome::Conflict,
                    _ => {
                        self.failures.fetch_add(1, Ordering::SeqCst);
                        RowOutcome::Failed
                    }
                };
                let code = error
                    .code()
                    .unwrap_or_else(|| error.kind().word())
                    .to_owned();
                ledger.end(row, outcome, &code, error.message()).await
            }
        }
    }

    async fn send(&self, key: &str) -> Result<Sent, CommandError> {
        let mut pause = Duration::from_millis(250);
        for _ in 0..PUT_OFF {
            match self.work.send(&self.row, key).await {
                Err(error) if error.kind() == ErrorKind::RateLimited => {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_secs(5));
                }
                other => return other,
            }
        }
        self.work.send(&self.row, key).await
    }
}

/// Errors that would be the same for every row: going on makes no sense, and the row stays to be done.
#[must_use]
pub(crate) fn ends_the_run(error: &CommandError) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Auth
            | ErrorKind::Forbidden
            | ErrorKind::Unreachable
            | ErrorKind::Internal
            | ErrorKind::Policy
    ) || error.recorded().is_some()
}

async fn wait_for_ends(
    ledger: &Ledger,
    until: Instant,
    interrupt: &CancellationToken,
) -> Result<Stop, CommandError> {
    tokio::select! {
        () = interrupt.cancelled() => return Ok(Stop::Interrupted),
        settled = tokio::time::timeout_at(until, ledger.settled()) => match settled {
            Ok(settled) => settled?,
            Err(_) => ledger.give_up_waiting().await?,
        },
    }
    Ok(Stop::AllSent)
}
