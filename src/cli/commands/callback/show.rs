use clap::Args;

use crate::cli::context::Context;
use crate::cli::error::{Exit, Outcome};
use crate::cli::output::callback_card;

/// Show how far a callback has got.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome callback show 4t9wz0kc
  callhome callback show order-2026-0117 -o json     by the asker's own id
  callhome callback show 4t9wz0kc --server eu-north")]
pub(crate) struct ShowArgs {
    /// Id of the callback, or the request id that its asker gave it
    callback: String,
    /// The peer that reaches the device, when that is not the server asked
    #[arg(long, value_name = "NAME")]
    server: Option<String>,
}

/// Shows it.
pub(super) async fn run(context: &Context, args: ShowArgs) -> Outcome {
    let client = context.client().await?;
    let view = super::named(client, &args.callback, args.server.as_deref()).await?;
    context.show(&callback_card(&view, context.now()))?;
    Ok(Exit::Done)
}
