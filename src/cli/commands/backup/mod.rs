//! `callhome backup …`: what devices brought to safety.

mod create;
mod download;
mod list;
mod restore;
mod show;

use clap::Subcommand;

use crate::cli::context::Context;
use crate::cli::error::Outcome;

/// Bring a device's contacts, documents and media to safety, and back.
#[derive(Debug, Subcommand)]
pub(crate) enum BackupCommand {
    /// Ask a device to back up
    Create(create::CreateArgs),
    /// List the backups of a device
    List(list::ListArgs),
    /// Show what is in a backup
    Show(show::ShowArgs),
    /// Save a backup's files on this machine
    Download(download::DownloadArgs),
    /// Put a backup back on a device
    Restore(restore::RestoreArgs),
}

/// Runs a verb.
pub(super) async fn run(context: &Context, command: BackupCommand) -> Outcome {
    match command {
        BackupCommand::Create(args) => create::run(context, args).await,
        BackupCommand::List(args) => list::run(context, args).await,
        BackupCommand::Show(args) => show::run(context, args).await,
        BackupCommand::Download(args) => download::run(context, args).await,
        BackupCommand::Restore(args) => restore::run(context, args).await,
    }
}
