use clap::Args;
use tokio::time::Instant;

use crate::cli::context::Context;
use crate::cli::error::Outcome;
use crate::cli::flags::{WaitFlags, WriteFlags};
use crate::domain::{Bearer, ShortId};

use super::super::acting;

/// Send an action again now.
#[derive(Debug, Args)]
#[command(after_help = "\
It keeps its number, so the device does it once however often it arrives.

Examples:
  callhome action retry x3hq80vn
  callhome action retry x3hq80vn --via sms --wait")]
pub(crate) struct RetryArgs {
    /// Id of the action
    action: ShortId,
    /// Only over this way from now on: sip-direct, sip-proxy, push or sms
    #[arg(long, value_name = "BEARER")]
    via: Option<Bearer>,
    /// Waiting.
    #[command(flatten)]
    wait: WaitFlags,
    /// Record.
    #[command(flatten)]
    write: WriteFlags,
}

/// Sends it again.
pub(super) async fn run(context: &Context, args: RetryArgs) -> Outcome {
    let client = acting::client_for(context, &args.wait, &args.write).await?;
    let began = Instant::now();
    let write = context.write(&args.write)?;
    let action = match client.retry_action(args.action, args.via, &write).await {
        Ok(action) => action,
        Err(error) => return Err(super::or_elsewhere(&client, error, "retry", args.action).await),
    };
    acting::watch(context, &client, action, None, &args.wait, began).await
}
