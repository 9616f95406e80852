use clap::Args;

use crate::cli::context::Context;
use crate::cli::error::{Exit, Outcome};
use crate::cli::flags::WriteFlags;
use crate::cli::output::action_card;
use crate::domain::ShortId;

/// Withdraw an action that was not sent yet.
#[derive(Debug, Args)]
#[command(after_help = "\
What was sent cannot be called back: the device may have done it already.

Examples:
  callhome action cancel x3hq80vn --reason \"found under the desk\"")]
pub(crate) struct CancelArgs {
    /// Id of the action
    action: ShortId,
    /// Record.
    #[command(flatten)]
    write: WriteFlags,
}

/// Withdraws it.
pub(super) async fn run(context: &Context, args: CancelArgs) -> Outcome {
    let client = context
        .client()
        .await?
        .clone()
        .recording(args.write.dry_run);
    let write = context.write(&args.write)?;
    let action = match client.cancel_action(args.action, &write).await {
        Ok(action) => action,
        Err(error) => return Err(super::or_elsewhere(&client, error, "cancel", args.action).await),
    };
    context.show(&action_card(&action, context.now()))?;
    Ok(Exit::Done)
}
