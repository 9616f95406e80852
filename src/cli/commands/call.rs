use std::time::Duration;

use clap::Args;
use tokio::time::Instant;

use crate::api::{CallbackRequest, CallbackState, CallbackView, LadderLine, Rung, RungState};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind, Exit, Outcome};
use crate::cli::flags::WriteFlags;
use crate::cli::output::{View, bearer_words, device_line, elapsed, ladder, seconds, width_of};
use crate::cli::waiting::{follow_callback, from_now, has_ended};
use crate::domain::{Bearer, InvalidRelayForm, RelayForm, ShortId};

use super::acting::{self, Target};

/// Time that the command waits longer than the server's own deadline.
const MARGIN: Duration = Duration::from_secs(2);
/// The server's deadline when nobody gives one.
const DEADLINE: Duration = Duration::from_secs(60);

/// Reach a device over whatever still reaches it.
#[derive(Debug, Args)]
#[command(after_help = "\
Climbs SIP direct, SIP through the proxy, then SMS, until the device calls home.

Examples:
  callhome call +14085550137
  callhome call 358931104120070 -v                show every message
  callhome call 358931104120070 --via sms --timeout 2min
  callhome call 358931104120070 --invite          bootstrap by SIP INVITE
  callhome call 358931104120070 --via sip-proxy --relay encapsulate")]
pub(crate) struct CallArgs {
    /// IMEI, serial number, phone number, name, owner or id
    device: String,
    /// Only these ways, in this order: sip-direct, sip-proxy, sms
    #[arg(long, value_name = "BEARERS", value_delimiter = ',')]
    via: Option<Vec<Bearer>>,
    /// Send an INVITE with bootstrap information instead of a NOTIFY
    #[arg(long)]
    invite: bool,
    /// How a device behind a proxy is reached: by a loose route, or encapsulated in a message to the proxy
    /// [default: as the proxy registered]
    #[arg(long, value_name = "FORM", value_parser = relay)]
    relay: Option<RelayForm>,
    /// How long each SIP way may take to answer, as in 4s
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    rung_timeout: Option<Duration>,
    /// How long to try in all, as in 60s
    #[arg(long, visible_alias = "deadline", value_name = "TIME", value_parser = seconds)]
    timeout: Option<Duration>,
    /// Record.
    #[command(flatten)]
    write: WriteFlags,
}

/// Reads a form, in the order of the words that people are told.
fn relay(text: &str) -> Result<RelayForm, InvalidRelayForm> {
    text.parse()
}

/// Calls, and shows the rungs as they happen.
pub(super) async fn run(context: &Context, args: CallArgs) -> Outcome {
    let client = context.client_that_waits().await?;
    let client = client.clone().recording(args.write.dry_run);
    let Target { device, peer } = acting::locate(&client, &args.device).await?;
    let millis = |d: Duration| u64::try_from(d.as_millis()).unwrap_or(u64::MAX);
    let request = CallbackRequest {
        ladder: args.via,
        invite: args.invite,
        relay: args.relay,
        rung_timeout_ms: args.rung_timeout.map(millis),
        deadline_ms: args.timeout.map(millis),
        reason: args.write.reason.clone(),
        server: peer.clone(),
        ..CallbackRequest::of(device.id)
    };
    let write = context.write(&args.write)?;
    let began = Instant::now();
    let callback = client.call(&request, &write).await?;
    // Before the first word of it: whoever sees that may press Ctrl-C.
    let interrupt = context.interrupt();
    context.status(&format!("{}\n", device_line(&device, context.now())))?;
    let mut shown = Rungs::new(context);
    let until = from_now(args.timeout.unwrap_or(DEADLINE) + MARGIN);
    let elsewhere = !callback.server.is_empty() && callback.server != device.server;
    let peer = peer.or_else(|| elsewhere.then(|| callback.server.clone()));
    let id = callback.id;
    let last = tokio::select! {
        last = follow_callback(&client, callback, peer.as_deref(), until, |c| shown.tell(c)) => last?,
        () = interrupt.cancelled() => return Err(stopped(context, id, peer.as_deref())),
    };
    let outcome = show(context, &last, peer.as_deref(), began)?;
    if outcome != Exit::Done && !device.has_data {
        context.status(
            "  This phone has no data, so it cannot call home. What it is asked to do reaches it by\n  SMS all the same:  callhome device --help",
        )?;
    }
    Ok(outcome)
}

/// Ctrl-C ends the watching, not the calling.
fn stopped(context: &Context, id: ShortId, peer: Option<&str>) -> CommandError {
    if context.is_embedded() {
        return CommandError::new(
            ErrorKind::Interrupted,
            format!("stopped: nobody goes on trying (request {id})"),
        )
        .hint("To keep trying:  callhome serve");
    }
    let there = peer.map_or_else(String::new, |p| format!(" --server {p}"));
    CommandError::new(
        ErrorKind::Interrupted,
        format!("stopped watching: the server goes on trying for request {id}"),
    )
    .hint(format!(
        "How it goes on:  callhome callback watch {id}{there}"
    ))
}

fn show(context: &Context, callback: &CallbackView, peer: Option<&str>, began: Instant) -> Outcome {
    let id = callback.id;
    let mut text = String::new();
    let verbose = context.flags.verbose;
    let shown = |bearer| verbose || context.flags.traces_bearer(bearer);
    let picture = ladder(&all_messages(callback, shown));
    if !picture.is_empty() && verbose {
        text.push_str(&format!("{picture}\n"));
    } else if !picture.is_empty() {
        context.screen.note(picture.trim_end())?;
    }
    let reached = callback.state == CallbackState::CalledBack;
    let accepted = callback
        .rungs
        .iter()
        .rev()
        .find(|r| r.state == RungState::Accepted);
    let time = callback
        .session
        .as_ref()
        .map_or_else(|| began.elapsed(), |s| Duration::from_millis(s.elapsed_ms));
    let words = if reached {
        let over = accepted.map_or("a session of its own", |r| bearer_words(r.bearer));
        format!("Reached in {} over {over}.  Request {id}.", elapsed(time))
    } else if callback.rungs.is_empty() {
        format!("Not reached: there is no way to this device now.  Request {id}.")
    } else if accepted.is_some() {
        format!(
            "Told, but it did not call home within {}.  Request {id}.",
            elapsed(began.elapsed())
        )
    } else {
        format!(
            "Not reached in {}: no way got through.  Request {id}.",
            elapsed(began.elapsed())
        )
    };
    text.push_str(&words);
    text.push('\n');
    context.show(&View::one("callback", callback).text(text))?;
    if reached {
        return Ok(Exit::Done);
    }
    match peer {
        None => context.status(&format!("  Why not:  callhome probe {}", callback.device))?,
        Some(peer) => context.status(&format!("  Why not: its server, {peer}, can probe it."))?,
    }
    let told = accepted.is_some() || !has_ended(callback);
    Ok(Exit::Ended(if told {
        ErrorKind::Unconfirmed
    } else {
        ErrorKind::Unreachable
    }))
}

fn all_messages(callback: &CallbackView, shown: impl Fn(Bearer) -> bool) -> Vec<LadderLine> {
    let mut lines: Vec<LadderLine> = callback
        .rungs
        .iter()
        .filter(|r| shown(r.bearer))
        .flat_map(|r| r.messages.iter().cloned())
        .collect();
    if let Some(session) = &callback.session
        && !lines.is_empty()
    {
        let party = lines.last().map_or_else(
            || "phone".to_owned(),
            |l| {
                if l.from == "callhome" {
                    l.to.clone()
                } else {
                    l.from.clone()
                }
            },
        );
        lines.push(LadderLine {
            at_ms: session.elapsed_ms,
            from: party,
            to: "callhome".into(),
            text: format!("session {}", callback.id),
        });
    }
    lines
}

/// Tells each rung once when it has an outcome, then the session, once.
pub(super) struct Rungs<'a> {
    context: &'a Context,
    /// The state in which each rung was told last; trying is not told.
    told: Vec<RungState>,
    session_told: bool,
}

impl<'a> Rungs<'a> {
    pub(super) const fn new(context: &'a Context) -> Self {
        Self {
            context,
            told: Vec::new(),
            session_told: false,
        }
    }

    pub(super) fn tell(&mut self, callback: &CallbackView) {
        let rungs = callback.rungs.len();
        self.told
            .resize(self.told.len().max(rungs), RungState::Trying);
        for (i, rung) in callback.rungs.iter().enumerate() {
            if rung.state != RungState::Trying && self.told[i] != rung.state {
                self.told[i] = rung.state;
                let good = rung.state == RungState::Accepted;
                self.line(bearer_words(rung.bearer), &rung.target, &rung.outcome, good);
            }
        }
        // A phone may be quicker at home than with its answer: what led there is told first.
        let asks = |rung: &Rung| rung.state == RungState::Trying;
        if let Some(session) = &callback.session
            && !self.session_told
            && !callback.rungs.iter().any(asks)
        {
            self.session_told = true;
            let outcome = format!(
                "called home after {}",
                elapsed(Duration::from_millis(session.elapsed_ms))
            );
            self.line("session", &session.entry, &outcome, true);
        }
    }

    fn line(&self, what: &str, target: &str, outcome: &str, good: bool) {
        const TARGET: usize = 38;
        let paint = self.context.screen.status_paint;
        let painted = match good {
            true => paint.good(outcome),
            false => paint.warn(outcome),
        };
        let room = self.context.environment.width.saturating_sub(16 + TARGET);
        let fits = width_of(target) <= TARGET && width_of(outcome) <= room;
        // A closed standard error does not stop the call.
        drop(self.context.status(&match (fits, target) {
            (true, _) => format!("  {what:<12} {target:<TARGET$} {painted}"),
            (false, "") => format!("  {what:<12} {painted}"),
            (false, _) => format!("  {what:<12} {target}\n  {:<12} {painted}", ""),
        }));
    }
}
