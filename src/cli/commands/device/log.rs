use clap::Args;

use crate::cli::context::Context;
use crate::cli::error::{Exit, Outcome};
use crate::cli::output::device_log;
use crate::cli::target;
use crate::net::management::ActionQuery;

/// Show what was heard of a device and asked of it, in order.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome device log 358931104120070
  callhome device log 358931104120070 --limit 500 -o ndjson")]
pub(crate) struct LogArgs {
    /// IMEI, serial number, phone number, name, owner or id
    device: String,
    /// Most lines to show; 0 is all [default: 100 for a table, else all]
    #[arg(long, value_name = "NUMBER")]
    limit: Option<usize>,
}

/// Shows it, oldest first.
pub(super) async fn run(context: &Context, args: LogArgs) -> Outcome {
    let client = context.client().await?;
    let device = target::device(client, &args.device).await?;
    let most = context.most(args.limit, 100);
    let lines = client.device_log(device.id, most).await?;
    let query = ActionQuery {
        device: Some(device.id),
        ..ActionQuery::default()
    };
    let actions = client.actions(&query, most).await?;
    let callbacks = client.callbacks(Some(device.id), most).await?;
    context.show(&device_log(&lines, &actions, &callbacks, most))?;
    Ok(Exit::Done)
}
