use std::io::Read;
use std::path::Path;

use serde::Serialize;
use serde_json::{Map, Value};

use super::flags::{ManyFlags, SendFlags, address, dialled};
use crate::api::LadderLine;
use crate::cli::bulk::{self, SipRow, VolleyOrder};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind, Exit, Outcome};
use crate::cli::output::{View, elapsed, ladder};
use crate::host::OsEntropy;
use crate::net::sip_link::{OnceError, Outlook, preview, request_once};
use crate::port::{BearerError, Entropy};
use crate::sip::{
    Direction, LadderStep, LocateError, Message, Method, NotSendable, OutboundRequest, Patience,
    SipAnswer, SipAttempt, SipOutcome, SipReport, SipUri, Transport,
};

/// Largest input in bytes.
const MAX_INPUT: u64 = 64 * 1024 * 1024;

/// What became of a request, for JSON.
#[derive(Serialize)]
struct Document {
    method: String,
    target: String,
    #[serde(flatten)]
    outcome: SipOutcome,
    elapsed_ms: u64,
    retransmissions: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<Value>,
    ladder: Vec<LadderStep>,
    attempts: Vec<SipAttempt>,
}

pub(super) fn seed() -> Result<[u8; 32], CommandError> {
    let mut seed = [0; 32];
    OsEntropy
        .fill(&mut seed)
        .map_err(|e| CommandError::internal(e.to_string()))?;
    Ok(seed)
}

/// Sends a request, or shows what would be sent, and tells what became of it.
pub(super) async fn deliver(
    context: &Context,
    flags: &SendFlags,
    mut request: OutboundRequest,
) -> Outcome {
    let outlook = flags.outlook.outlook()?;
    request.uri = dialled(request.uri, &outlook.resolver).await?;
    if flags.dry_run {
        return dry_run(context, request, &outlook).await;
    }
    let (told, report) = send(context, flags, request).await?;
    told.show(context, report)
}

/// Sends a request; what has to be told of it, and its report.
pub(super) async fn send(
    context: &Context,
    flags: &SendFlags,
    request: OutboundRequest,
) -> Result<(Told, SipReport), CommandError> {
    let outlook = flags.outlook.outlook()?;
    let told = Told {
        method: request.method.clone(),
        target: request.uri.to_string(),
        event: request.event.clone(),
        with_password: request.credentials.is_some(),
        hop: request.next_hop().to_string(),
    };
    let report = request_once(request, Patience::of(flags.timeout), seed()?, &outlook)
        .await
        .map_err(untried)?;
    if context.flags.traces("sip") {
        context.screen.note(picture(&report.ladder).trim_end())?;
    }
    Ok((told, report))
}

/// Sends a request to one target, or to all that a file names.
pub(super) async fn deliver_to(
    context: &Context,
    flags: &SendFlags,
    many: &ManyFlags,
    target: Option<SipUri>,
    request: impl Fn(SipUri) -> Result<OutboundRequest, CommandError>,
) -> Outcome {
    let Some(file) = &many.file else {
        let target = target.ok_or_else(|| CommandError::usage("no address is given"))?;
        return deliver(context, flags, request(target)?).await;
    };
    only_datagrams(flags)?;
    let (content, rows) = read_rows(file)?;
    if flags.dry_run {
        // The first good row; the others differ in the target.
        let first = rows
            .iter()
            .find_map(|row| address(&row.target).ok())
            .ok_or_else(|| {
                CommandError::usage(format!("{}: no row holds an address", file.display()))
            })?;
        return dry_run(context, request(first)?, &flags.outlook.outlook()?).await;
    }
    let nobody = address("callhome.invalid").map_err(|e| CommandError::usage(e.to_string()))?;
    let order = VolleyOrder {
        request: request(nobody)?,
        content,
        file: file.clone(),
        rows,
        resolver: flags.outlook.outlook()?.resolver,
        address,
        patience: flags.timeout,
        rate: Some(many.rate).filter(|rate| *rate > 0.0),
        jobs: many.jobs,
        stop_after_failures: many.stop_after_failures.map(Into::into),
        seeds: [seed()?, seed()?],
    };
    bulk::volley(context, order).await
}

/// Refuses what would have to go over a connection: to many targets only UDP is spoken.
fn only_datagrams(flags: &SendFlags) -> Result<(), CommandError> {
    let udp = |name: &str| name.eq_ignore_ascii_case("udp");
    let flag = flags.transport.is_none_or(|t| t == Transport::Udp);
    let proxy = flags.proxy.as_ref().is_none_or(|proxy| {
        !proxy.is_secure() && udp(proxy.params().value("transport").unwrap_or("udp"))
    });
    if flag && proxy {
        return Ok(());
    }
    Err(
        CommandError::usage("with --from only UDP is spoken, and another transport was asked for")
            .hint("Leave --transport out, name a proxy that speaks UDP, or send to one target at a time"),
    )
}

fn read_rows(file: &Path) -> Result<(Vec<u8>, Vec<SipRow>), CommandError> {
    let name = file.display();
    let mut content = Vec::new();
    let reader: Box<dyn Read> = if file == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        let opened = std::fs::File::open(file);
        Box::new(opened.map_err(|e| {
            CommandError::unreadable(file, &e)
                .hint("--from takes a CSV or NDJSON file with an address in each row; - is standard input")
                .hint(bulk::FORM)
        })?)
    };
    reader
        .take(MAX_INPUT + 1)
        .read_to_end(&mut content)
        .map_err(|e| CommandError::unreadable(file, &e).hint(bulk::FORM))?;
    if content.len() as u64 > MAX_INPUT {
        return Err(CommandError::usage(format!("{name} is larger than 64 MiB"))
            .hint("Part it:  split -l 500000"));
    }
    let rows = bulk::read_targets(&content)
        .map_err(|e| CommandError::usage(format!("{name}: {e}")).hint(bulk::FORM))?;
    Ok((content, rows))
}

async fn dry_run(context: &Context, request: OutboundRequest, outlook: &Outlook) -> Outcome {
    let preview = preview(request, seed()?, outlook).await.map_err(untried)?;
    if context.screen.style().format.is_for_people() {
        // The very bytes: they can be piped on.
        context.screen.data(&preview.bytes)?;
    } else {
        let document = serde_json::json!({
            "to": preview.to,
            "transport": preview.transport,
            "message": String::from_utf8_lossy(&preview.bytes),
            "size_bytes": preview.bytes.len(),
        });
        context.show(&View::one("sip-dry-run", &document).named_by("/to"))?;
    }
    Ok(Exit::Done)
}

fn untried(error: OnceError) -> CommandError {
    match error {
        OnceError::Link(error) => CommandError::internal(error.to_string()),
        OnceError::Locate(LocateError::Transport(error)) => CommandError::usage(error.to_string()),
        OnceError::Locate(error) => CommandError::new(ErrorKind::Unreachable, error.to_string())
            .hint("Check the name, or give an address:  192.0.2.7:5060"),
        OnceError::NoRoute(words) => CommandError::new(ErrorKind::Unreachable, words),
        OnceError::Bearer(BearerError::Unusable(words)) => {
            CommandError::usage(words).hint("Choose another:  --transport tcp")
        }
        OnceError::Bearer(error) => CommandError::internal(error.to_string()),
    }
}

/// The messages as a picture.
fn picture(steps: &[LadderStep]) -> String {
    let lines: Vec<LadderLine> = steps
        .iter()
        .map(|step| {
            let over = match step.transport {
                Transport::Udp => String::new(),
                other => format!("{other} "),
            };
            let (us, peer) = ("callhome".to_owned(), format!("{over}{}", step.peer));
            let (from, to) = match step.direction {
                Direction::Sent => (us, peer),
                Direction::Received => (peer, us),
            };
            let again = if step.again { " again" } else { "" };
            LadderLine {
                at_ms: u64::try_from(step.at.as_millis()).unwrap_or(u64::MAX),
                from,
                to,
                text: format!("{}{again}", step.label()),
            }
        })
        .collect();
    ladder(&lines)
}

/// What has to be remembered of a request to tell its end.
pub(super) struct Told {
    method: Method,
    target: String,
    event: Option<String>,
    with_password: bool,
    hop: String,
}

impl Told {
    fn exit(&self, outcome: &SipOutcome) -> Exit {
        match outcome {
            SipOutcome::Delivered { .. } => Exit::Done,
            SipOutcome::Alive { .. } if self.method == Method::OPTIONS => Exit::Done,
            SipOutcome::Alive { .. } | SipOutcome::Refused { .. } | SipOutcome::Ringing => {
                Exit::Ended(ErrorKind::Rejected)
            }
            SipOutcome::NoAnswer | SipOutcome::TransportError { .. } => {
                Exit::Ended(ErrorKind::Unreachable)
            }
        }
    }

    /// Shows it, or fails with the reason and a next step.
    pub(super) fn show(self, context: &Context, report: SipReport) -> Outcome {
        let exit = self.exit(&report.outcome);
        if let Exit::Ended(kind) = exit
            && context.screen.style().format.is_for_people()
        {
            return Err(self.failure(kind, &report));
        }
        let text = self.words(&report);
        let document = Document {
            method: self.method.to_string(),
            target: self.target,
            outcome: report.outcome.clone(),
            elapsed_ms: u64::try_from(report.elapsed.as_millis()).unwrap_or(u64::MAX),
            retransmissions: report.retransmissions(),
            answer: report.answer.as_ref().map(to_json),
            ladder: report.ladder,
            attempts: report.attempts,
        };
        let view = View::one("sip-report", &document).named_by("/target");
        context.show(&view.text(text))?;
        Ok(exit)
    }

    /// Where it was tried.
    fn places(&self, report: &SipReport) -> String {
        let places: Vec<String> = report
            .attempts
            .iter()
            .map(|a| format!("over {} to {}", a.transport, a.address))
            .collect();
        if places.is_empty() {
            return format!("to {}", self.hop);
        }
        places.join(", then ")
    }

    fn words(&self, report: &SipReport) -> String {
        let mut text = format!(
            "{}  {} in {}\n",
            self.target,
            report.outcome,
            elapsed(report.elapsed)
        );
        let shown: &[&str] = match self.method.as_str() {
            "OPTIONS" => &["Server", "User-Agent", "Allow", "Allow-Events", "Accept"],
            "REGISTER" => &["Contact"],
            _ => &[],
        };
        if let Some(answer) = &report.answer {
            for name in shown {
                for value in answer.header(name) {
                    text.push_str(&format!("  {name:<13} {value}\n"));
                }
            }
        }
        text
    }

    fn failure(&self, kind: ErrorKind, report: &SipReport) -> CommandError {
        let (method, target) = (&self.method, &self.target);
        let took = elapsed(report.elapsed);
        let error = |words: String| CommandError::new(kind, words);
        match &report.outcome {
            SipOutcome::NoAnswer => error(format!("no answer from {target} within {took}"))
                .hint(format!(
                    "{method} was sent {} {}.",
                    times(1 + report.retransmissions()),
                    self.places(report)
                ))
                .hint("Wait longer:  --timeout 32s     Try a proxy:  --proxy ADDRESS"),
            SipOutcome::TransportError { detail } => {
                error(format!("{target} cannot be reached: {detail}"))
                    .hint(advice(detail))
            }
            SipOutcome::Ringing => error(format!(
                "{target} rings for a person instead of answering by itself; the call was taken back"
            ))
            .hint("An ordinary phone: reach it with  callhome sip notify"),
            SipOutcome::Alive { code: 489, .. } => {
                let event = self.event.as_deref().unwrap_or("this event");
                error(format!("{target} is there but does not know {event}"))
                    .hint("See which events phones know:  callhome sip events")
            }
            SipOutcome::Alive { .. } => error(format!(
                "{target} is there but does not take this {method}: {}",
                report.outcome
            ))
            .hint("See which events phones know:  callhome sip events"),
            outcome => {
                let made = error(format!("{target} refused: {outcome}"));
                let made = report
                    .answer
                    .iter()
                    .flat_map(|a| a.header("Warning"))
                    .fold(made, |made, words| made.hint(format!("It says: {words}")));
                let made = asked_to_wait(report)
                    .into_iter()
                    .fold(made, |made, words| made.hint(words));
                match outcome.code() {
                    Some(401 | 407) if !self.with_password => {
                        made.hint("It wants a password:  --user USER --password-file FILE")
                    }
                    Some(401 | 403 | 407) => made.hint("Check user and password"),
                    Some(404) => made.hint("Nobody of that name is known there"),
                    _ => made,
                }
            }
        }
    }
}

/// What a refusal says of time: when to come back, and what is too short (RFC 3261 §20.33, §20.23).
fn asked_to_wait(report: &SipReport) -> Vec<String> {
    let mut words = Vec::new();
    let Some(answer) = &report.answer else {
        return words;
    };
    if let Some(seconds) = answer.header("Retry-After").next() {
        let seconds = seconds.split([';', '(', ' ']).next().unwrap_or(seconds);
        words.push(format!("It asks to be tried again in {seconds} s"));
    }
    if let (423, Some(least)) = (answer.code, answer.header("Min-Expires").next()) {
        words.push(format!("The shortest time it takes:  --expires {least}"));
    }
    words
}

fn advice(detail: &str) -> &'static str {
    if detail.contains("no authority that is trusted") {
        "Name the authority that issued it:  --ca FILE"
    } else if detail.contains("certificate") {
        "Ask for it by the name in its certificate:  callhome probe ADDRESS"
    } else if detail.contains("cannot be found") {
        "See where the name leads:  callhome sip resolve ADDRESS"
    } else {
        "Check host and port; without a port it is 5060, or 5061 for TLS"
    }
}

fn times(count: usize) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        n => format!("{n} times"),
    }
}

fn to_json(answer: &SipAnswer) -> Value {
    let mut headers = Map::new();
    for (name, value) in &answer.headers {
        // Several fields of one name are one list (RFC 3261 §7.3.1).
        headers
            .entry(name.clone())
            .and_modify(|old| {
                let joined = format!("{}, {value}", old.as_str().unwrap_or_default());
                *old = Value::String(joined);
            })
            .or_insert_with(|| Value::String(value.clone()));
    }
    serde_json::json!({
        "code": answer.code,
        "reason": answer.reason,
        "headers": headers,
        "body": String::from_utf8_lossy(&answer.body),
    })
}

/// The request that a message in a file stands for; answers to challenges of another time are left out.
pub(super) fn from_message(message: &Message) -> Result<OutboundRequest, CommandError> {
    let mut request = OutboundRequest::try_from(message).map_err(|error| {
        let made = CommandError::usage(error.to_string());
        match error {
            NotSendable::Answer => made.hint("Explain it:  callhome decode FILE"),
            NotSendable::Dependent(_) => made.hint("Send the INVITE:  callhome sip invite ADDRESS"),
            NotSendable::Uri(_) => made,
        }
    })?;
    let stale = ["Authorization", "Proxy-Authorization"];
    request
        .headers
        .retain(|(name, _)| !stale.contains(&name.as_str()));
    Ok(request)
}
