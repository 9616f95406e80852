//! `callhome action …`: what devices were asked to do.

mod cancel;
mod list;
mod retry;
mod show;
mod wait;

use clap::Subcommand;

use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind, Outcome};
use crate::domain::ShortId;
use crate::net::management::{Client, ClientError};

/// See what devices were asked to do, and how far that has got.
#[derive(Debug, Subcommand)]
pub(crate) enum ActionCommand {
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

/// An action that is not here may be at a peer: which ones there are, and what works from here.
async fn or_elsewhere(
    client: &Client,
    error: ClientError,
    verb: &str,
    id: ShortId,
) -> CommandError {
    let error = CommandError::from(error);
    if error.kind() != ErrorKind::NotFound {
        return error;
    }
    let Ok(status) = client.clone().recording(false).server_status().await else {
        return error;
    };
    let names: Vec<&str> = status.peers.iter().map(|p| p.name.as_str()).collect();
    match (names.first(), verb) {
        (None, _) => error.hint("See them:  callhome action list"),
        (Some(first), "show" | "wait") => error.hint(format!(
            "If its device is managed at a peer ({}):  callhome action {verb} {id} --server {first}",
            names.join(", ")
        )),
        (Some(_), _) => error.hint(format!(
            "If its device is managed at a peer ({}), only its keeper can {verb} it: ask there.",
            names.join(", ")
        )),
    }
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
