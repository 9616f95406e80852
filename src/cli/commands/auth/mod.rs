//! `callhome auth …`: who you are at a server.

mod login;
mod token;

use clap::Subcommand;

use super::context as contexts;
use crate::cli::context::Context;
use crate::cli::error::{Exit, Outcome};
use crate::cli::output::{Column, View, date_time};
use crate::cli::secrets;

/// Log in and out, and make tokens for scripts.
#[derive(Debug, Subcommand)]
pub(crate) enum AuthCommand {
    /// Log in at a server and remember it as a context
    Login(Box<login::LoginArgs>),
    /// Log out
    #[command(after_help = "Examples:\n  callhome auth logout\n  callhome auth logout -c eu-north")]
    Logout,
    /// Show who you are logged in as
    #[command(after_help = "Examples:\n  callhome auth status\n  callhome auth status -o json")]
    Status,
    /// Change your password
    Password(login::PasswordArgs),
    /// Make and revoke tokens for scripts
    #[command(subcommand)]
    Token(token::TokenCommand),
}

/// Runs a verb.
pub(super) async fn run(context: &Context, command: AuthCommand) -> Outcome {
    match command {
        AuthCommand::Login(args) => login::run(context, *args).await,
        AuthCommand::Logout => logout(context).await,
        AuthCommand::Status => status(context).await,
        AuthCommand::Password(args) => login::password(context, args).await,
        AuthCommand::Token(command) => token::run(context, command).await,
    }
}

async fn logout(context: &Context) -> Outcome {
    let name = context.name()?.to_owned();
    let Some(server) = context.settings()?.config.context().map(|c| &c.server) else {
        context.tell(
            "The embedded server knows its own account: there is nobody to log out.",
            &contexts::document(context, &name)?,
        )?;
        return Ok(Exit::Done);
    };
    let told = match context.client().await {
        Ok(client) => client.logout().await.map_err(Into::into),
        Err(error) => Err(error),
    };
    // What is kept here goes also when the server cannot be told; there the session ends by itself.
    secrets::forget(context, &name, server).await?;
    told?;
    let view = contexts::document(context, &name)?;
    context.tell(&format!("Logged out of {name}."), &view)?;
    Ok(Exit::Done)
}

async fn status(context: &Context) -> Outcome {
    let client = context.client().await?;
    let me = client.who_am_i().await?;
    let until = me
        .expires_at
        .map_or_else(String::new, |at| format!(", until {}", date_time(at)));
    let text = format!(
        "{} ({}) at {}, context {}{until}\n",
        me.operator,
        me.role,
        client.server(),
        context.name()?
    );
    context.show(&View::one("whoami", &me).named_by("/operator").text(text))?;
    Ok(Exit::Done)
}

/// Columns of a token list.
fn token_columns(now: crate::domain::Timestamp) -> Vec<Column> {
    vec![
        Column::at("id", "/id"),
        Column::at("name", "/name"),
        Column::at("role", "/role"),
        Column::at("by", "/created_by"),
        Column::since("until", "/expires_at", now),
        Column::since("used", "/last_used", now),
    ]
}
