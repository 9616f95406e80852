use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::api::NewToken;
use crate::cli::context::Context;
use crate::cli::error::{Exit, Outcome};
use crate::cli::output::{View, date_time};
use crate::domain::{Role, ShortId};
use crate::host::private_file;

use super::token_columns;

/// Make and revoke tokens for scripts.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token for a script
    Create(CreateArgs),
    /// List tokens
    #[command(after_help = "Examples:\n  callhome auth token list")]
    List,
    /// Revoke a token
    Revoke(RevokeArgs),
}

/// Make a token for a script.
#[derive(Debug, Args)]
#[command(after_help = "\
The token is shown once. A script uses it with token_file in its context, or with the
environment variable CALLHOME_TOKEN_FILE.

Examples:
  callhome auth token create nightly-audit helpdesk --save token.txt
  callhome auth token create backup viewer --days 30")]
pub(crate) struct CreateArgs {
    /// What it is for
    name: String,
    /// viewer, helpdesk, engineer or admin; not more than you may
    role: Role,
    /// Days until it dies
    #[arg(long, value_name = "NUMBER", default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=366))]
    days: u32,
    /// Only from this client address
    #[arg(long, value_name = "ADDRESS")]
    from_address: Option<String>,
    /// Write it into a file that only you can read
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
}

/// Revoke a token.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome auth token revoke 4t9wz0kc")]
pub(crate) struct RevokeArgs {
    /// Id of the token
    token: ShortId,
}

/// Runs a verb.
pub(super) async fn run(context: &Context, command: TokenCommand) -> Outcome {
    match command {
        TokenCommand::Create(args) => create(context, args).await,
        TokenCommand::List => list(context).await,
        TokenCommand::Revoke(args) => revoke(context, &args).await,
    }
}

async fn revoke(context: &Context, args: &RevokeArgs) -> Outcome {
    let client = context.client().await?;
    let all = client.tokens().await?;
    client.revoke_token(args.token).await?;
    let words = format!("{} is revoked.", args.token);
    match all.iter().find(|t| t.id == args.token) {
        Some(token) => {
            let view = View::one("token", token).columns(token_columns(context.now()));
            context.tell(&words, &view)?;
        }
        // A login, or a token whose time is up: they can be revoked, and are not listed.
        None => context.status(&words)?,
    }
    Ok(Exit::Done)
}

async fn create(context: &Context, args: CreateArgs) -> Outcome {
    let made = context
        .client()
        .await?
        .create_token(&NewToken {
            name: args.name,
            role: args.role,
            valid_days: args.days,
            bind_address: args.from_address,
        })
        .await?;
    if let Some(file) = &args.save {
        private_file::write(file, format!("{}\n", made.token).as_bytes())?;
        let words = format!(
            "Token {} ({}) written to {}; it dies {}.",
            made.view.id,
            made.view.role,
            file.display(),
            date_time(made.view.expires_at)
        );
        let view = View::one("token", &made.view).columns(token_columns(context.now()));
        context.tell(&words, &view)?;
        return Ok(Exit::Done);
    }
    let text = format!("{}\n", made.token);
    context.show(&View::one("token-secret", &made).text(text))?;
    context.status("Shown once: keep it in a file of mode 0600.")?;
    Ok(Exit::Done)
}

async fn list(context: &Context) -> Outcome {
    let tokens = context.client().await?.tokens().await?;
    let view = View::many("token", &tokens)
        .when_empty("No tokens. Make one:  callhome auth token create NAME ROLE")
        .columns(token_columns(context.now()));
    context.show(&view)?;
    Ok(Exit::Done)
}
