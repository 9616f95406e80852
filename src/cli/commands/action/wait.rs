use std::time::Duration;

use clap::Args;
use tokio::time::Instant;

use crate::cli::context::Context;
use crate::cli::error::Outcome;
use crate::cli::flags::WaitFlags;
use crate::cli::output::seconds;
use crate::domain::ShortId;

use super::super::acting;

/// Wait until an action has ended.
#[derive(Debug, Args)]
#[command(after_help = "\
Ends with 0 when it was done, 11 when the device said no, 10 when nothing was heard in time.

Examples:
  callhome action wait x3hq80vn
  callhome action wait x3hq80vn --timeout 1h")]
pub(crate) struct WaitArgs {
    /// Id of the action
    action: ShortId,
    /// The peer that manages the device, when it is not managed here
    #[arg(long, value_name = "NAME")]
    server: Option<String>,
    /// How long to wait, as in 30s or 5min
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    timeout: Option<Duration>,
}

/// Waits.
pub(super) async fn run(context: &Context, args: WaitArgs) -> Outcome {
    let client = context.client_that_waits().await?;
    let server = args.server.as_deref();
    let action = match client.action(args.action, server).await {
        Ok(action) => action,
        Err(error) => return Err(super::or_elsewhere(client, error, "wait", args.action).await),
    };
    let wait = WaitFlags {
        wait: true,
        timeout: args.timeout,
        deadline: None,
    };
    acting::watch(context, client, action, server, &wait, Instant::now()).await
}
