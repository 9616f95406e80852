use std::time::Duration;

use clap::Args;

use super::super::call::Rungs;
use crate::api::CallbackView;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit, Outcome};
use crate::cli::output::{callback_card, callback_line, seconds};
use crate::cli::waiting::{follow_callback, from_now};
use crate::net::management::{Client, EventQuery, Watched};

/// How long one callback is followed without `--timeout`: no callback lasts longer.
const LONGEST: Duration = Duration::from_secs(38 * 24 * 3600);

/// Follow a callback to its end, or all of them.
#[derive(Debug, Args)]
#[command(after_help = "\
One callback ends with 0 when the device has called, 10 when it was told and did not call (or the
time to watch is over), 12 when nothing reached it. Without an id every change is shown until Ctrl-C.

Examples:
  callhome callback watch 4t9wz0kc
  callhome callback watch order-2026-0117 --timeout 10min
  callhome callback watch -o json          every change, as a JSON line")]
pub(crate) struct WatchArgs {
    /// Id of the callback, or the request id that its asker gave it; all when absent
    callback: Option<String>,
    /// The peer that reaches the device, when that is not the server asked
    #[arg(long, value_name = "NAME", requires = "callback")]
    server: Option<String>,
    /// How long to watch, as in 30s or 5min
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    timeout: Option<Duration>,
}

/// Watches.
pub(super) async fn run(context: &Context, args: WatchArgs) -> Outcome {
    let client = context.client_that_waits().await?;
    match &args.callback {
        Some(name) => {
            let view = super::named(client, name, args.server.as_deref()).await?;
            follow(context, client, view, args.server.as_deref(), args.timeout).await
        }
        None => all(context, client, args.timeout).await,
    }
}

/// Follows one callback, and shows it when it has ended.
pub(super) async fn follow(
    context: &Context,
    client: &Client,
    view: CallbackView,
    server: Option<&str>,
    timeout: Option<Duration>,
) -> Outcome {
    let until = from_now(timeout.unwrap_or(LONGEST));
    let mut shown = Rungs::new(context);
    let last = follow_callback(client, view, server, until, |c| shown.tell(c)).await?;
    context.show(&callback_card(&last, context.now()))?;
    match super::ending(&last) {
        None => Ok(Exit::Done),
        Some(kind) => {
            if last.is_open() {
                let id = last.id;
                context.status(&format!("  To go on:  callhome callback watch {id}"))?;
            } else {
                context.status(&format!("  Why not:  callhome probe {}", last.device))?;
            }
            Ok(Exit::Ended(kind))
        }
    }
}

async fn all(context: &Context, client: &Client, timeout: Option<Duration>) -> Outcome {
    let until = from_now(timeout.unwrap_or(LONGEST));
    let interrupt = context.interrupt();
    let mut watcher = client.watch(EventQuery {
        kind: Some("callback.changed".to_owned()),
        ..EventQuery::default()
    });
    loop {
        let watched = tokio::select! {
            () = interrupt.cancelled() => return Ok(Exit::Done),
            () = tokio::time::sleep_until(until) => return Ok(Exit::Done),
            watched = watcher.next() => watched?,
        };
        let Watched::Event(event) = watched else {
            continue;
        };
        let view: CallbackView = serde_json::from_value(event.data)
            .map_err(|_| CommandError::internal("the server's callback cannot be read"))?;
        let line = if context.screen.is_for_people() {
            callback_line(&view, context.now())
        } else {
            let document = crate::cli::output::View::one("callback", &view).document();
            document.to_string()
        };
        context.screen.data(format!("{line}\n").as_bytes())?;
    }
}
