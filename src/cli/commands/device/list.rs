use std::time::Duration;

use clap::Args;

use crate::cli::context::Context;
use crate::cli::error::{Exit, Outcome};
use crate::cli::output::{device_list, grouped, seconds};
use crate::net::management::DeviceQuery;

/// List devices.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome device list
  callhome device list eriksson
  callhome device list --locked -o csv > locked.csv
  callhome device list --silent 7d --columns name,number,heard")]
pub(crate) struct ListArgs {
    /// Part of a name, owner, model, identity or number
    text: Option<String>,
    /// Only locked devices
    #[arg(long, conflicts_with = "unlocked")]
    locked: bool,
    /// Only devices that are not locked
    #[arg(long)]
    unlocked: bool,
    /// Only devices that were not heard for this long, as in 7d
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    silent: Option<Duration>,
    /// Most devices to list; 0 is all [default: 1,000 for a table, else all]
    #[arg(long, value_name = "NUMBER")]
    limit: Option<usize>,
}

/// Lists them.
pub(super) async fn run(context: &Context, args: ListArgs) -> Outcome {
    let client = context.client().await?;
    let now = context.now();
    let query = DeviceQuery {
        contains: args.text,
        locked: match (args.locked, args.unlocked) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        },
        silent_since: args.silent.map(|t| now.before(t).to_string()),
    };
    let most = context.most(args.limit, 1_000);
    // One more than wanted tells whether there are more.
    let mut devices = client.devices(&query, most.saturating_add(1)).await?;
    let more = devices.len() > most;
    devices.truncate(most);
    let mut view = device_list(&devices, now);
    if more {
        view = view.incomplete(format!(
            "only the first {}; all of them:  --limit 0",
            grouped(most as u64)
        ));
    }
    context.show(&view)?;
    Ok(Exit::Done)
}
