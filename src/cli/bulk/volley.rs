use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use super::journal_file::{Beginning, JournalFile, Pen};
use super::run::go_on;
use super::volley_feed::{Feeder, LOT, Stray, lot};
use super::volley_report::{Told, VolleyReport};
use super::{SipRow, archive};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind, Outcome};
use crate::cli::output::{Format, count, grouped};
use crate::cli::progress::narrow_bar;
use crate::domain::Timestamp;
use crate::flow::journal::{Journal, JournalLine, NextStep, RowOutcome, RowState};
use crate::host::SystemClock;
use crate::net::dns::Resolver;
use crate::net::sip_volley::{Buffers, SipVolley, VolleyNews};
use crate::port::Clock as _;
use crate::port::task;
use crate::sip::volley::{Template, VolleyEnd, VolleyPlan};
use crate::sip::{
    Credentials, IdSource, InvalidSipUri, Method, OutboundRequest, SipOutcome, SipUri, Timers,
};

/// Socket buffer to ask for, each way.
const BUFFER: usize = 8 << 20;
/// How long what is on its way may take after Ctrl-C.
const GRACE: Duration = Duration::from_millis(500);

/// One request to all the addresses in a file.
pub(crate) struct VolleyOrder {
    /// What is sent; its URI is replaced by each target's.
    pub request: OutboundRequest,
    /// The input's octets, for telling runs apart and for going on.
    pub content: Vec<u8>,
    /// The input as it was named.
    pub file: PathBuf,
    /// The addresses.
    pub rows: Vec<SipRow>,
    /// Finds names.
    pub resolver: Arc<Resolver>,
    /// How an address is read.
    pub address: fn(&str) -> Result<SipUri, InvalidSipUri>,
    /// How long a target may stay silent.
    pub patience: Duration,
    /// Messages a second, copies included; `None` is no limit.
    pub rate: Option<f64>,
    /// How many may be unanswered at once.
    pub jobs: u32,
    /// Begin no more after so many failed.
    pub stop_after_failures: Option<u32>,
    /// Random bytes: for the form of the messages, and for their names.
    pub seeds: [[u8; 32]; 2],
}

/// How one row ended; [`VolleyEnd`] has no word for rows that are no address.
pub(super) enum RowEnd {
    Sent(VolleyEnd),
    Unsent {
        index: u32,
        outcome: Result<SipOutcome, String>,
    },
}

/// Sends, tells how it went, keeps a journal; goes on with a run that was stopped.
pub(crate) async fn volley(context: &Context, order: VolleyOrder) -> Outcome {
    let interrupt = context.interrupt();
    let method = order.request.method.clone();
    let credentials = order.request.credentials.clone();
    let route = order.request.route.first().cloned();
    let template = Template::new(order.request, &mut IdSource::from_random(order.seeds[0]));
    let beginning = Beginning {
        run: context.new_id()?,
        command: format!("sip.{}", method.as_str().to_lowercase()),
        digest: digest(&[&template.fingerprint(), &order.content]),
        rows: u32::try_from(order.rows.len()).unwrap_or(u32::MAX),
        at: context.now(),
        resumes: archive::resumes(context),
    };
    let folder = context.data_directory().join("runs");
    let mut file = JournalFile::open(&folder, beginning)?;
    let run = file.journal.run;
    if !file.resumed {
        archive::keep_beginning(context, &folder, run, &order.file, &order.content)?;
    }
    drop(order.content);
    let plan = plan(
        template,
        credentials,
        order.patience,
        (order.rate, order.jobs),
    );
    let engine = SipVolley::start(plan, order.seeds[1], BUFFER)
        .map_err(|e| CommandError::internal(format!("no socket for SIP: {e}")))?;
    tell_beginning(
        context,
        &file,
        order.rows.len(),
        engine.buffers(),
        order.rate,
    )?;
    let rows: Arc<[SipRow]> = order.rows.into();
    leave_in_doubt(context, &mut file, &rows).await?;
    let mut report = VolleyReport::new(method.clone(), &file.journal, engine.buffers());
    let stopper = engine.stopper();
    let (strays, mut stray) = mpsc::channel(LOT);
    let facing = engine.facing();
    let (feed, mut news) = engine.open();
    let feeder = Feeder {
        todo: todo(&file.journal, &rows),
        rows: Arc::clone(&rows),
        address: order.address,
        route,
        resolver: order.resolver,
        random: u64::from_be_bytes(*order.seeds[0].first_chunk().expect("32 are more than 8")),
        facing,
        feed,
        strays,
        pen: file.pen(),
        now: || SystemClock.now(),
        lot: Vec::new(),
        most: lot(order.rate, order.jobs),
        names: HashMap::new(),
    };
    let feeding = tokio::spawn(task(feeder.run()));
    let teller = Teller {
        context,
        rows: &rows,
        pen: file.pen(),
        method,
        bar: narrow_bar(&context.environment, context.flags.quiet, rows.len() as u64),
        lines: context.screen.style().format == Format::Ndjson,
    };
    teller.bar.inc(report.ended());
    let most = order.stop_after_failures.unwrap_or(u32::MAX);
    let (mut stopped, mut over) = (false, false);
    let mut outcome = loop {
        let mut heard = Heard::default();
        tokio::select! {
            () = interrupt.cancelled(), if !stopped => {
                stopped = true;
                stopper.stop();
                leave(&mut news, &mut stray, &mut heard, &mut report).await;
            }
            more = news.recv() => match more {
                Some(more) => take(more, &mut heard, &mut report),
                // The engine ends last: it waits for its feed, which ends after the last stray.
                None => over = true,
            },
            Some(one) = stray.recv() => heard.stray(one),
        }
        while let Ok(one) = stray.try_recv() {
            heard.stray(one);
        }
        while let Ok(more) = news.try_recv() {
            take(more, &mut heard, &mut report);
        }
        let outcome = teller.tell(heard, &mut report).await;
        if outcome.is_err() || report.failures() >= u64::from(most) {
            stopper.stop();
        }
        if over || outcome.is_err() || (stopped && interrupt.is_cancelled()) {
            break outcome;
        }
    };
    drop((news, stray));
    feeding.abort();
    // Its only end is its own or the abort.
    drop(feeding.await);
    teller.bar.finish_and_clear();
    if outcome.is_ok() && report.is_whole() {
        let line = JournalLine::Finished { at: context.now() };
        outcome = teller.pen.write(line).await;
    }
    drop(teller);
    file.close().await;
    outcome.map_err(|e| e.hint(go_on(run)))?;
    if interrupt.is_cancelled() && !report.is_whole() {
        return Err(CommandError::new(
            ErrorKind::Interrupted,
            format!(
                "stopped: {} of {} ended (run {run})",
                grouped(report.ended()),
                count(rows.len() as u64, "target")
            ),
        )
        .hint(go_on(run)));
    }
    report.show(context)
}

fn plan(
    template: Template,
    credentials: Option<Credentials>,
    patience: Duration,
    (rate, jobs): (Option<f64>, u32),
) -> VolleyPlan {
    VolleyPlan {
        template,
        credentials,
        timers: Timers::default(),
        patience,
        rate,
        jobs: jobs as usize,
    }
}

fn digest(parts: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    HEXLOWER.encode(&hasher.finalize())
}

/// Which rows have not ended.
fn todo(journal: &Journal, rows: &[SipRow]) -> Vec<u32> {
    let all = 0..u32::try_from(rows.len()).unwrap_or(u32::MAX);
    if journal.is_untouched() {
        return all.collect();
    }
    all.filter(|index| journal.next_step(&key(&rows[*index as usize])) != NextStep::Leave)
        .collect()
}

pub(super) fn key(row: &SipRow) -> String {
    row.line.to_string()
}

fn tell_beginning(
    context: &Context,
    file: &JournalFile,
    rows: usize,
    buffers: Buffers,
    rate: Option<f64>,
) -> Result<(), CommandError> {
    context.status(&format!(
        "{}  ·  run {}",
        count(rows as u64, "target"),
        file.journal.run
    ))?;
    if file.resumed {
        let ended = file.journal.rows.saturating_sub(file.journal.tally().open);
        context.announce(&format!(
            "This input was begun before: going on after {} ended targets.",
            grouped(ended.into())
        ))?;
    }
    // Half a second's worth of answers is what a busy machine may leave lying.
    let needed = rate
        .map_or(BUFFER, |r| (r * 0.5 * 1_500.0) as usize)
        .min(BUFFER);
    if buffers.receive < needed {
        let word = context.screen.status_paint.warn("warning:");
        context.announce(&format!(
            "{word} the system gives {} KiB of socket buffer where {} KiB are wanted: answers may be lost.",
            buffers.receive >> 10,
            needed >> 10
        ))?;
        context.announce(&format!(
            "  Allow more:  sysctl -w net.core.rmem_max={BUFFER}"
        ))?;
    }
    Ok(())
}

/// What was heard since it was told last.
#[derive(Default)]
struct Heard {
    ends: Vec<RowEnd>,
    /// Rows that were not begun after all.
    back: Vec<u32>,
    /// Why nothing more is fed.
    fault: Option<CommandError>,
}

impl Heard {
    fn stray(&mut self, stray: Stray) {
        match stray {
            Stray::End(end) => self.ends.push(end),
            Stray::Back(rows) => self.back.extend(rows),
            Stray::Fault(error) => self.fault = Some(error),
        }
    }
}

fn take(news: VolleyNews, heard: &mut Heard, report: &mut VolleyReport) {
    report.progress(news.counts, news.at);
    heard.ends.extend(news.ends.into_iter().map(RowEnd::Sent));
    heard.back.extend(news.left);
}

/// Ends the rows that were on their way when an earlier part of the run was cut off: whoever may have been told is not
/// told again.
async fn leave_in_doubt(
    context: &Context,
    file: &mut JournalFile,
    rows: &[SipRow],
) -> Result<(), CommandError> {
    if !file.resumed {
        return Ok(());
    }
    let begun = |key: &String| file.journal.record(key).state == RowState::Started;
    let rows: Vec<String> = rows.iter().map(key).filter(begun).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let many = crate::cli::output::count(rows.len() as u64, "target");
    let line = JournalLine::EndedAlike {
        rows,
        outcome: RowOutcome::Unconfirmed,
        code: "cut-off".to_owned(),
        detail: "on its way when the run was stopped: it may have been reached".to_owned(),
        at: context.now(),
    };
    file.pen().write(line.clone()).await?;
    file.journal.apply(line);
    context.announce(&format!(
        "{many} may have been reached when it was stopped, and will not be told twice."
    ))?;
    context.announce(&format!(
        "  See which:  callhome bulk report {}",
        file.journal.run
    ))
}

/// Hears what still comes in shortly after the run was stopped: answers, and the rows that were not begun after all.
async fn leave(
    news: &mut mpsc::Receiver<VolleyNews>,
    strays: &mut mpsc::Receiver<Stray>,
    heard: &mut Heard,
    report: &mut VolleyReport,
) {
    let until = tokio::time::Instant::now() + GRACE;
    let (mut telling, mut feeding) = (true, true);
    while telling || feeding {
        tokio::select! {
            more = news.recv(), if telling => match more {
                Some(more) => take(more, heard, report),
                None => telling = false,
            },
            one = strays.recv(), if feeding => match one {
                Some(one) => heard.stray(one),
                None => feeding = false,
            },
            () = tokio::time::sleep_until(until) => return,
        }
    }
}

/// Writes down and shows what ended.
struct Teller<'a> {
    context: &'a Context,
    rows: &'a [SipRow],
    pen: Pen,
    method: Method,
    bar: indicatif::ProgressBar,
    lines: bool,
}

impl Teller<'_> {
    async fn tell(&self, heard: Heard, report: &mut VolleyReport) -> Result<(), CommandError> {
        let Heard { ends, back, fault } = heard;
        if !back.is_empty() {
            let rows = back.iter().map(|index| key(&self.rows[*index as usize]));
            let line = JournalLine::Returned {
                rows: rows.collect(),
                at: self.context.now(),
            };
            self.pen.write(line).await?;
        }
        if let Some(error) = fault {
            return Err(error);
        }
        if ends.is_empty() {
            self.bar.set_message(report.live());
            return Ok(());
        }
        let mut alike = Alike::default();
        let mut text = String::new();
        for end in &ends {
            let index = match end {
                RowEnd::Sent(end) => end.index,
                RowEnd::Unsent { index, .. } => *index,
            };
            let row = &self.rows[index as usize];
            let told = report.count(row, end);
            if self.lines {
                text.push_str(&super::volley_report::line(&self.method, row, end).to_string());
                text.push('\n');
            }
            alike.add(told, key(row));
        }
        let journal = alike.lines(self.context.now());
        self.pen.write_all(&journal).await?;
        if self.lines {
            self.context.screen.data(text.as_bytes())?;
        }
        self.bar.inc(ends.len() as u64);
        self.bar.set_message(report.live());
        Ok(())
    }
}

/// Rows by how they ended.
#[derive(Default)]
struct Alike {
    known: HashMap<Arc<Told>, usize>,
    groups: Vec<(Arc<Told>, Vec<String>)>,
    latest: usize,
}

impl Alike {
    fn add(&mut self, told: Arc<Told>, row: String) {
        let latest = self.groups.get(self.latest);
        if !latest.is_some_and(|(last, _)| Arc::ptr_eq(last, &told)) {
            let next = self.groups.len();
            self.latest = *self.known.entry(Arc::clone(&told)).or_insert(next);
            if self.latest == next {
                self.groups.push((told, Vec::new()));
            }
        }
        self.groups[self.latest].1.push(row);
    }

    fn lines(self, at: Timestamp) -> Vec<JournalLine> {
        let lines = self.groups.into_iter().map(|(told, rows)| {
            let (outcome, code, detail) = (*told).clone();
            JournalLine::EndedAlike {
                rows,
                outcome,
                code,
                detail,
                at,
            }
        });
        lines.collect()
    }
}

/// What a finished row is called in the journal.
pub(super) fn row_outcome(method: &Method, outcome: &SipOutcome) -> RowOutcome {
    match outcome {
        SipOutcome::Delivered { .. } => RowOutcome::Done,
        SipOutcome::Alive { .. } if *method == Method::OPTIONS => RowOutcome::Done,
        SipOutcome::NoAnswer => RowOutcome::Unconfirmed,
        _ => RowOutcome::Failed,
    }
}
