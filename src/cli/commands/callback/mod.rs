//! `callhome callback …`: requests that a device call an application server.

mod list;
mod request;
mod show;
mod watch;

use clap::Subcommand;

use crate::api::{CallbackState, CallbackView};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind, Outcome};
use crate::domain::ShortId;
use crate::net::management::Client;

/// Ask devices to call an application server, and follow that.
#[derive(Debug, Subcommand)]
pub(crate) enum CallbackCommand {
    /// Ask that a device call an application server
    Request(Box<request::RequestArgs>),
    /// List callbacks, newest first
    List(list::ListArgs),
    /// Show how far a callback has got
    Show(show::ShowArgs),
    /// Follow a callback to its end, or all of them
    Watch(watch::WatchArgs),
}

/// Runs a verb.
pub(super) async fn run(context: &Context, command: CallbackCommand) -> Outcome {
    match command {
        CallbackCommand::Request(args) => request::run(context, *args).await,
        CallbackCommand::List(args) => list::run(context, args).await,
        CallbackCommand::Show(args) => show::run(context, args).await,
        CallbackCommand::Watch(args) => watch::run(context, args).await,
    }
}

/// The callback that a text names: by its own id, or by the request id that its asker gave it (the newest of those).
async fn named(
    client: &Client,
    text: &str,
    server: Option<&str>,
) -> Result<CallbackView, CommandError> {
    if let Ok(id) = text.parse::<ShortId>() {
        match client
            .callback(id, server)
            .await
            .map_err(CommandError::from)
        {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            other => return other,
        }
    }
    let found = client.callbacks_of_request(text).await?;
    found.into_iter().next().ok_or_else(|| {
        CommandError::new(ErrorKind::NotFound, format!("there is no callback {text}"))
            .hint("See them:  callhome callback list")
    })
}

/// Which exit code a callback has; `None` for one that was answered.
fn ending(view: &CallbackView) -> Option<ErrorKind> {
    match view.state {
        CallbackState::CalledBack => None,
        CallbackState::Pending | CallbackState::Delivered => Some(ErrorKind::Unconfirmed),
        CallbackState::Expired => {
            let told = view
                .rungs
                .iter()
                .any(|rung| rung.state == crate::api::RungState::Accepted);
            Some(if told {
                ErrorKind::Unconfirmed
            } else {
                ErrorKind::Unreachable
            })
        }
    }
}
