use clap::Args;

use crate::cli::context::Context;
use crate::cli::error::{Exit, Outcome};
use crate::cli::output::action_card;
use crate::domain::ShortId;

/// Show everything about an action: every send, receipt and result in order.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome action show x3hq80vn
  callhome action show x3hq80vn --server eu-north -o json")]
pub(crate) struct ShowArgs {
    /// Id of the action
    action: ShortId,
    /// The peer that manages the device, when it is not managed here
    #[arg(long, value_name = "NAME")]
    server: Option<String>,
}

/// Shows it.
pub(super) async fn run(context: &Context, args: ShowArgs) -> Outcome {
    let client = context.client().await?;
    let action = match client.action(args.action, args.server.as_deref()).await {
        Ok(action) => action,
        Err(error) => return Err(super::or_elsewhere(client, error, "show", args.action).await),
    };
    context.show(&action_card(&action, context.now()))?;
    Ok(Exit::Done)
}
