//! `callhome action …`: what devices were asked to do.

mod cancel;
mod list;
mod retry;
mod show;
mod wait;

use clap::Subcommand;

use crate::cli::context::Context;
use crate::cli::error::Outcome;

/// See what devices were asked to do, and how far that has got.
#[derive(Debug, Subcommand)]
pub enum ActionCommand {
    /// List actions, newest first
    List(list::ListArgs),
    /// Show everything about an action
    Show(show::ShowArgs),
    /// Wait until an action has ended
    Wait(wait::WaitArgs),
    /// Withdraw an action that was not sent yet
    Cancel(cancel::CancelArgs),
    /// Send an action again now
    Retry(retry::RetryArgs),
}

/// Runs a verb.
pub(super) async fn run(context: &Context, command: ActionCommand) -> Outcome {
    match command {
        ActionCommand::List(args) => list::run(context, args).await,
        ActionCommand::Show(args) => show::run(context, args).await,
        ActionCommand::Wait(args) => wait::run(context, args).await,
        ActionCommand::Cancel(args) => cancel::run(context, args).await,
        ActionCommand::Retry(args) => retry::run(context, args).await,
    }
}
