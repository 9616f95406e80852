use std::time::Duration;

use clap::Args;
use tokio::time::{Instant, timeout_at};

use crate::api::Event;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit, Outcome};
use crate::cli::output::{View, seconds, time_of_day};
use crate::net::management::{EventQuery, Watched};

/// How long is listened without `--timeout`.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// Show messages of phones and receipts as they come in.
#[derive(Debug, Args)]
#[command(after_help = "\
Shows what the server's gateways hand in, from now on.

Examples:
  callhome sms listen
  callhome sms listen --count 1 --timeout 1min
  callhome sms listen -o ndjson

Ends with Ctrl-C, after --count messages, or after --timeout.")]
pub(crate) struct ListenArgs {
    /// End after this many
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// End after this time, as in 1min
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    timeout: Option<Duration>,
}

/// Listens.
pub(super) async fn run(context: &Context, args: ListenArgs) -> Outcome {
    let client = context.client_that_waits().await?;
    let stop = context.interrupt();
    let until = Instant::now() + args.timeout.unwrap_or(LONGEST);
    let mut watcher = client.watch(EventQuery::default());
    let mut shown = 0;
    while args.count.is_none_or(|count| shown < count) {
        let next = tokio::select! {
            () = stop.cancelled() => break,
            next = timeout_at(until, watcher.next()) => next,
        };
        let Ok(next) = next else { break };
        match next.map_err(CommandError::from)? {
            Watched::Open => context.announce("Listening.  (Ctrl-C ends it)")?,
            Watched::Event(event) => {
                let Some(words) = words(&event) else { continue };
                context.show(&View::one("sms-heard", &event).text(words))?;
                shown += 1;
            }
        }
    }
    Ok(Exit::Done)
}

/// A line for people; nothing for events of other kinds.
fn words(event: &Event) -> Option<String> {
    let field = |name: &str| event.data[name].as_str().unwrap_or_default();
    let at = time_of_day(event.at);
    match event.kind.as_str() {
        "message.received" if field("message") == "sms" => Some(format!(
            "{at}  {} to {} through {}\n  {}\n",
            match field("from") {
                "" => "somebody",
                from => from,
            },
            field("to"),
            field("via"),
            field("content")
        )),
        "sms.receipt" => Some(format!("{at}  {}  {}\n", event.subject, field("outcome"))),
        _ => None,
    }
}
