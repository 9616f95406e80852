mod customers;
mod secret;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::api::ServerStatus;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind, Exit, Outcome};
use crate::cli::output::{View, ago, count, date_time, size};

pub(super) use customers::{remedy, standing};
pub(super) use secret::looked_for;

/// Look at the server, keep a copy of its data, and say who is in evaluation.
#[derive(Debug, Subcommand)]
pub enum ServerCommand {
    /// Show how the server is
    #[command(after_help = "Examples:\n  callhome server status\n  callhome server status -o json")]
    Status,
    /// Save a consistent copy of the server's data
    Backup(BackupArgs),
    /// List system ids: this server's own, and those that it leads devices to
    Customers(customers::CustomersArgs),
    /// Put this server, or a customer of this router, into evaluation until a date
    Evaluate(customers::EvaluateArgs),
    /// End an evaluation for good: the customer pays
    Convert(customers::ConvertArgs),
    /// Keep the server's passwords and keys in the keyring instead of in files
    #[command(subcommand)]
    Secret(secret::SecretCommand),
}

/// Save a consistent copy of the server's data.
#[derive(Debug, Args)]
#[command(after_help = "\
The copy holds device secrets, sealed with the server's master key. Keep master.key from
the data folder as well, in another place: without it the copy cannot be used.

Examples:
  callhome server backup callhome-2026-11-20.db")]
pub struct BackupArgs {
    /// File to write; must not exist
    file: PathBuf,
}

/// Runs a verb.
pub(super) async fn run(context: &Context, command: ServerCommand) -> Outcome {
    match command {
        ServerCommand::Status => status(context).await,
        ServerCommand::Backup(args) => backup(context, args).await,
        ServerCommand::Customers(_) => customers::list(context).await,
        ServerCommand::Evaluate(args) => customers::evaluate(context, args).await,
        ServerCommand::Convert(args) => customers::convert(context, args).await,
        ServerCommand::Secret(command) => secret::run(context, command).await,
    }
}

async fn status(context: &Context) -> Outcome {
    let status = context.client().await?.server_status().await?;
    let text = words(context, &status);
    context.show(&View::one("server", &status).named_by("/name").text(text))?;
    Ok(Exit::Done)
}

fn words(context: &Context, status: &ServerStatus) -> String {
    let now = context.now();
    let none = || "not listening".to_owned();
    let mut rows = vec![
        ("Version", status.version.clone()),
        ("System id", status.system_id.to_string()),
        (
            "Runs",
            format!("{}, since {}", status.mode, ago(status.started_at, now)),
        ),
        ("HTTPS", status.https.clone().unwrap_or_else(none)),
        ("SIP", status.sip.clone().unwrap_or_else(none)),
        (
            "Devices",
            format!(
                "{}, {} registered by SIP",
                status.devices, status.registered
            ),
        ),
        ("Waiting", count(status.open_actions, "action")),
        ("Audit", format!("{} entries", status.audit_entries)),
    ];
    if let Some(evaluation) = &status.evaluation {
        let mut standing = standing(evaluation, now);
        if evaluation.has_ended(now) {
            standing = format!("{standing}. {}", remedy(evaluation));
        }
        rows.push(("Evaluation", standing));
    }
    if let Some(at) = status.certificate_expires_at {
        rows.push(("TLS until", format!("{} UTC", date_time(at))));
    }
    if !status.gateways.is_empty() {
        rows.push(("Gateways", status.gateways.join(", ")));
    }
    for peer in &status.peers {
        rows.push(("Peer", format!("{} at {}", peer.name, peer.url)));
    }
    let lines: String = rows
        .iter()
        .map(|(label, value)| format!("  {label:<10} {value}\n"))
        .collect();
    format!("{}\n\n{lines}", status.name)
}

async fn backup(context: &Context, args: BackupArgs) -> Outcome {
    if args.file.exists() {
        return Err(CommandError::new(
            ErrorKind::Conflict,
            format!("{} is there already", args.file.display()),
        )
        .hint("Choose another name; nothing was overwritten."));
    }
    let copy = context.client().await?.server_backup().await?;
    crate::host::private_file::write(&args.file, &copy)?;
    context.status(&format!(
        "{} saved in {}",
        size(copy.len() as u64),
        args.file.display()
    ))?;
    Ok(Exit::Done)
}
