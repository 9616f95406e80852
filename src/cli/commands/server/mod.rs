mod backup;
mod customers;
mod secret;

use clap::Subcommand;

use crate::api::ServerStatus;
use crate::cli::context::Context;
use crate::cli::error::{Exit, Outcome};
use crate::cli::output::{View, ago, count, date_time};

pub(super) use customers::{remedy, standing};
pub(super) use secret::looked_for;

/// Look at the server, keep a copy of its data, and say who is in evaluation.
#[derive(Debug, Subcommand)]
pub(crate) enum ServerCommand {
    /// Show how the server is
    #[command(after_help = "Examples:\n  callhome server status\n  callhome server status -o json")]
    Status,
    /// Save a consistent copy of the server's data
    Backup(backup::BackupArgs),
    /// Put a copy into an empty data folder
    Restore(backup::RestoreArgs),
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

/// Runs a verb.
pub(super) async fn run(context: &Context, command: ServerCommand) -> Outcome {
    match command {
        ServerCommand::Status => status(context).await,
        ServerCommand::Backup(args) => backup::save(context, args).await,
        ServerCommand::Restore(args) => backup::restore(context, &args),
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
        rows.push(("TLS until", date_time(at)));
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
