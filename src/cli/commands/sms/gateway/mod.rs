//! `callhome sms gateway`: the ways by which the server sends text messages.

mod list;
mod test;

use clap::Subcommand;

use crate::cli::context::Context;
use crate::cli::error::Outcome;

/// See the server's text message gateways, and try them.
#[derive(Debug, Subcommand)]
pub(crate) enum GatewayCommand {
    /// List the gateways
    #[command(
        after_help = "Examples:\n  callhome sms gateway list\n  callhome sms gateway list -o json"
    )]
    List,
    /// Ask a gateway whether it is there; no message is sent
    Test(test::TestArgs),
}

/// Runs a verb.
pub(super) async fn run(context: &Context, command: GatewayCommand) -> Outcome {
    match command {
        GatewayCommand::List => list::run(context).await,
        GatewayCommand::Test(args) => test::run(context, args).await,
    }
}
