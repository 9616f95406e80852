use clap::Args;

use crate::cli::context::Context;
use crate::cli::error::{Exit, Outcome};
use crate::cli::output::{callback_list, grouped};
use crate::cli::target;

/// List callbacks, newest first.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome callback list
  callhome callback list --device 358931104120070 --limit 10
  callhome callback list -o csv --columns id,request,state")]
pub(crate) struct ListArgs {
    /// Only of this device
    #[arg(long)]
    device: Option<String>,
    /// Most callbacks to list; 0 is all [default: 100 for a table, else all]
    #[arg(long, value_name = "NUMBER")]
    limit: Option<usize>,
}

/// Lists them.
pub(super) async fn run(context: &Context, args: ListArgs) -> Outcome {
    let client = context.client().await?;
    let most = context.most(args.limit, 100);
    let device = match &args.device {
        Some(name) => Some(target::device(client, name).await?.id),
        None => None,
    };
    let mut callbacks = client.callbacks(device, most.saturating_add(1)).await?;
    let more = callbacks.len() > most;
    callbacks.truncate(most);
    let mut view = callback_list(&callbacks, context.now());
    if more {
        view = view.incomplete(format!(
            "only the newest {}; all of them:  --limit 0",
            grouped(most as u64)
        ));
    }
    context.show(&view)?;
    Ok(Exit::Done)
}
