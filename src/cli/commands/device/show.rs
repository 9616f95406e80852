use clap::Args;

use crate::cli::context::Context;
use crate::cli::error::{Exit, Outcome};
use crate::cli::output::device_card;

use super::super::acting;

/// Show everything about a device.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome device show 358931104120070
  callhome device show +14085550137 -o json
  callhome device show \"Nokia G42\" --jq .bindings")]
pub(crate) struct ShowArgs {
    /// IMEI, serial number, phone number, name, owner or id
    device: String,
}

/// Shows it.
pub(super) async fn run(context: &Context, args: ShowArgs) -> Outcome {
    let client = context.client().await?;
    let target = acting::locate(client, &args.device).await?;
    context.show(&device_card(&target.device, context.now()))?;
    Ok(Exit::Done)
}
