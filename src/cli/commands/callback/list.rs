use clap::Args;

use crate::cli::context::Context;
use crate::cli::error::{Exit, Outcome};
use crate::cli::output::callback_list;
use crate::cli::target;

/// List callbacks, newest first.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome callback list
  callhome callback list --device 358931104120070 --limit 10
  callhome callback list -o csv --columns id,request,state")]
pub struct ListArgs {
    /// Only of this device
    #[arg(long)]
    device: Option<String>,
    /// Most callbacks to list
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    limit: usize,
}

/// Lists them.
pub(super) async fn run(context: &Context, args: ListArgs) -> Outcome {
    let client = context.client().await?;
    let device = match &args.device {
        Some(name) => Some(target::device(client, name).await?.id),
        None => None,
    };
    let mut callbacks = client
        .callbacks(device, args.limit.saturating_add(1))
        .await?;
    let more = callbacks.len() > args.limit;
    callbacks.truncate(args.limit);
    let mut view = callback_list(&callbacks, context.now());
    if more {
        view = view.incomplete(format!("only the newest {}: raise --limit", args.limit));
    }
    context.show(&view)?;
    Ok(Exit::Done)
}
