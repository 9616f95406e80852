use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::SipRow;
use super::journal_file::{Beginning, JournalFile, Pen};
use super::volley_report::VolleyReport;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind, Outcome};
use crate::cli::output::{Format, grouped};
use crate::cli::progress::narrow_bar;
use crate::flow::journal::{Journal, JournalLine, NextStep, RowOutcome};
use crate::net::dns::Resolver;
use crate::net::sip_volley::{Buffers, Facing, SipVolley, TargetFeed, VolleyNews};
use crate::sip::volley::{Template, VolleyEnd, VolleyPlan, VolleyTarget};
use crate::sip::{
    Credentials, IdSource, InvalidSipUri, Method, OutboundRequest, SipOutcome, SipUri, Timers,
    Transport,
};

/// Socket buffer to ask for, each way.
const BUFFER: usize = 8 << 20;
/// Targets that are handed over together.
const LOT: usize = 256;
/// Names that are looked up at once.
const LOOKUPS: usize = 64;
/// How long what is on its way may take after Ctrl-C.
const GRACE: Duration = Duration::from_millis(500);

/// One request to all the addresses in a file.
pub struct VolleyOrder {
    /// What is sent; its URI is replaced by each target's.
    pub request: OutboundRequest,
    /// The input's octets, for telling runs apart.
    pub content: Vec<u8>,
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
pub async fn volley(context: &Context, order: VolleyOrder) -> Outcome {
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
    };
    drop(order.content);
    let file = JournalFile::open(&context.data_directory().join("runs"), beginning)?;
    let plan = plan(
        template,
        credentials,
        order.patience,
        (order.rate, order.jobs),
    );
    let engine = SipVolley::start(plan, order.seeds[1], BUFFER)
        .map_err(|e| CommandError::internal(format!("no socket for SIP: {e}")))?;
    let mut report = VolleyReport::new(method.clone(), &file.journal, engine.buffers());
    tell_beginning(
        context,
        &file,
        order.rows.len(),
        engine.buffers(),
        order.rate,
    )?;
    let stopper = engine.stopper();
    let (strays, mut stray) = mpsc::channel(LOT);
    let rows: Arc<[SipRow]> = order.rows.into();
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
        lot: Vec::new(),
        names: HashMap::new(),
    };
    let feeding = tokio::spawn(feeder.run());
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
        let mut ends = Vec::new();
        tokio::select! {
            () = interrupt.cancelled(), if !stopped => {
                stopped = true;
                stopper.stop();
                news = leave(news, &mut ends, &mut report).await;
            }
            more = news.recv() => match more {
                Some(more) => take(more, &mut ends, &mut report),
                // The engine ends last: it waits for its feed, which ends after the last stray.
                None => over = true,
            },
            Some(end) = stray.recv() => ends.push(end),
        }
        while let Ok(end) = stray.try_recv() {
            ends.push(end);
        }
        while let Ok(more) = news.try_recv() {
            take(more, &mut ends, &mut report);
        }
        let outcome = teller.tell(ends, &mut report).await;
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
    let run = file.journal.run;
    drop(teller);
    file.close().await;
    outcome.map_err(|e| e.hint("Go on:  the same command again; who answered is left out"))?;
    if interrupt.is_cancelled() && !report.is_whole() {
        return Err(CommandError::new(
            ErrorKind::Interrupted,
            format!(
                "stopped: {} of {} targets ended (run {run})",
                grouped(report.ended()),
                grouped(rows.len() as u64)
            ),
        )
        .hint("Go on:  the same command again; who answered is left out"));
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
    (0..u32::try_from(rows.len()).unwrap_or(u32::MAX))
        .filter(|index| journal.next_step(&key(&rows[*index as usize])) != NextStep::Leave)
        .collect()
}

fn key(row: &SipRow) -> String {
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
        "{} targets  ·  run {}",
        grouped(rows as u64),
        file.journal.run
    ))?;
    if file.resumed {
        let ended = file.journal.rows.saturating_sub(file.journal.tally().open);
        context.status(&format!(
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
        context.status(&format!(
            "{word} the system gives {} KiB of socket buffer where {} KiB are wanted: answers may be lost.",
            buffers.receive >> 10,
            needed >> 10
        ))?;
        context.status(&format!(
            "  Allow more:  sysctl -w net.core.rmem_max={BUFFER}"
        ))?;
    }
    Ok(())
}

fn take(news: VolleyNews, ends: &mut Vec<RowEnd>, report: &mut VolleyReport) {
    report.progress(news.counts, news.at);
    ends.extend(news.ends.into_iter().map(RowEnd::Sent));
}

/// Hears what still comes in shortly after the run was stopped.
async fn leave(
    mut news: mpsc::Receiver<VolleyNews>,
    ends: &mut Vec<RowEnd>,
    report: &mut VolleyReport,
) -> mpsc::Receiver<VolleyNews> {
    let until = tokio::time::Instant::now() + GRACE;
    while let Ok(Some(more)) = tokio::time::timeout_at(until, news.recv()).await {
        take(more, ends, report);
    }
    news
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
    async fn tell(&self, ends: Vec<RowEnd>, report: &mut VolleyReport) -> Result<(), CommandError> {
        if ends.is_empty() {
            self.bar.set_message(report.live());
            return Ok(());
        }
        let mut alike: HashMap<(RowOutcome, String, String), Vec<String>> = HashMap::new();
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
            alike.entry(told).or_default().push(key(row));
        }
        let at = self.context.now();
        let journal: Vec<JournalLine> = alike
            .into_iter()
            .map(|((outcome, code, detail), rows)| JournalLine::EndedAlike {
                rows,
                outcome,
                code,
                detail,
                at,
            })
            .collect();
        self.pen.write_all(&journal).await?;
        if self.lines {
            self.context.screen.data(text.as_bytes())?;
        }
        self.bar.inc(ends.len() as u64);
        self.bar.set_message(report.live());
        Ok(())
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

/// Turns rows into targets: reads the address, looks names up, finds our own address towards it.
struct Feeder {
    todo: Vec<u32>,
    rows: Arc<[SipRow]>,
    address: fn(&str) -> Result<SipUri, InvalidSipUri>,
    route: Option<SipUri>,
    resolver: Arc<Resolver>,
    /// For the weights of SRV records.
    random: u64,
    facing: Facing,
    feed: TargetFeed,
    strays: mpsc::Sender<RowEnd>,
    lot: Vec<VolleyTarget>,
    names: HashMap<(String, u16), Result<SocketAddr, String>>,
}

impl Feeder {
    async fn run(mut self) {
        let mut lookups = JoinSet::new();
        for index in std::mem::take(&mut self.todo) {
            let uri = match self.read(index) {
                Ok(uri) => uri,
                Err(why) => {
                    self.stray(index, Err(why)).await;
                    continue;
                }
            };
            let hop = self.route.as_ref().unwrap_or(&uri);
            let name = (hop.host().to_owned(), hop.port_or_default());
            if let Some(to) = hop.socket_addr() {
                self.add(index, &uri, Ok(to)).await;
            } else if let Some(found) = self.names.get(&name).cloned() {
                self.add(index, &uri, found).await;
            } else {
                let (hop, resolver) = (hop.clone(), Arc::clone(&self.resolver));
                self.random = self.random.rotate_left(13).wrapping_add(u64::from(index));
                let random = self.random;
                lookups.spawn(async move {
                    let to = find(&resolver, &hop, random).await;
                    (index, uri, name, to)
                });
            }
            while lookups.len() >= LOOKUPS {
                self.looked_up(lookups.join_next().await).await;
            }
            if self.lot.len() >= LOT && !self.hand_over().await {
                return;
            }
        }
        while let Some(found) = lookups.join_next().await {
            self.looked_up(Some(found)).await;
        }
        self.hand_over().await;
    }

    fn read(&self, index: u32) -> Result<SipUri, String> {
        let text = &self.rows[index as usize].target;
        if text.is_empty() {
            return Err("no address is given".to_owned());
        }
        let uri = (self.address)(text).map_err(|e| e.to_string())?;
        let hop = self.route.as_ref().unwrap_or(&uri);
        let transport = hop.params().value("transport").unwrap_or("udp");
        if hop.is_secure() || !transport.eq_ignore_ascii_case("udp") {
            return Err("over many targets only UDP is spoken: name a proxy that speaks it, or send to this one alone".to_owned());
        }
        Ok(uri)
    }

    #[expect(
        clippy::type_complexity,
        reason = "what a look-up was for and what came of it"
    )]
    async fn looked_up(
        &mut self,
        found: Option<
            Result<
                (u32, SipUri, (String, u16), Result<SocketAddr, String>),
                tokio::task::JoinError,
            >,
        >,
    ) {
        if let Some(Ok((index, uri, name, to))) = found {
            self.names.insert(name, to.clone());
            self.add(index, &uri, to).await;
        }
    }

    async fn add(&mut self, index: u32, uri: &SipUri, to: Result<SocketAddr, String>) {
        let placed = to.and_then(|to| {
            let local = self.facing.towards(to);
            local
                .map(|l| (to, l))
                .map_err(|e| format!("no route to {to}: {e}"))
        });
        match placed {
            Ok((to, local)) => self.lot.push(VolleyTarget {
                index,
                to,
                local,
                uri: uri.to_string().into(),
            }),
            Err(detail) => {
                self.stray(index, Ok(SipOutcome::TransportError { detail }))
                    .await;
            }
        }
    }

    async fn stray(&self, index: u32, outcome: Result<SipOutcome, String>) {
        // Nobody listens any more after the run was stopped.
        let _gone = self.strays.send(RowEnd::Unsent { index, outcome }).await;
    }

    async fn hand_over(&mut self) -> bool {
        self.lot.is_empty() || self.feed.add(std::mem::take(&mut self.lot)).await
    }
}

/// The first place that UDP leads to (RFC 3263).
async fn find(resolver: &Resolver, hop: &SipUri, random: u64) -> Result<SocketAddr, String> {
    let places = resolver.locate(hop, random).await;
    places
        .map_err(|e| e.to_string())?
        .into_iter()
        .find(|place| place.transport == Transport::Udp)
        .map(|place| place.address)
        .ok_or_else(|| format!("{} is not to be reached over UDP", hop.host()))
}
