//! `callhome device …`: one file per verb.

mod add;
mod delete;
mod edit;
mod harm;
mod import;
mod invite;
mod list;
mod log;
mod pin;
mod plain;
mod show;
mod verify;

use clap::Subcommand;

use crate::cli::context::Context;
use crate::cli::error::Outcome;

/// Look at devices, lock and locate them, let new ones in.
#[derive(Debug, Subcommand)]
pub(crate) enum DeviceCommand {
    /// List devices
    List(list::ListArgs),
    /// Show everything about a device
    Show(show::ShowArgs),
    /// Lock a device until it is unlocked with a PIN
    Lock(harm::LockArgs),
    /// Unlock a device from afar
    Unlock(harm::UnlockArgs),
    /// Show the PIN that unlocks a locked device by hand
    Pin(pin::PinArgs),
    /// Ask a device where it is
    Locate(plain::LocateArgs),
    /// Make a device ring
    Ring(plain::RingArgs),
    /// Show a message on a device
    Message(plain::MessageArgs),
    /// Ask a device for everything about itself
    Audit(plain::AuditArgs),
    /// Erase the data on a device
    Wipe(harm::WipeArgs),
    /// Set a device back to factory settings
    Reset(harm::ResetArgs),
    /// Show what was heard of a device
    Log(log::LogArgs),
    /// Make enrolment codes that let devices in
    Invite(invite::InviteArgs),
    /// Verify that a phone has its number
    Verify(verify::VerifyArgs),
    /// Add a device to the registry by hand
    Add(add::AddArgs),
    /// Add many devices from a CSV or NDJSON file
    Import(import::ImportArgs),
    /// Change what the registry says about a device
    Edit(edit::EditArgs),
    /// Give a device another name
    Rename(edit::RenameArgs),
    /// Remove a device from the registry
    Delete(delete::DeleteArgs),
}

impl DeviceCommand {
    /// Whether it has a device do something, so that there is traffic to show.
    pub(super) const fn acts(&self) -> bool {
        matches!(
            self,
            Self::Lock(_)
                | Self::Unlock(_)
                | Self::Locate(_)
                | Self::Ring(_)
                | Self::Message(_)
                | Self::Audit(_)
                | Self::Wipe(_)
                | Self::Reset(_)
        )
    }
}

/// Runs a verb.
pub(super) async fn run(context: &Context, command: DeviceCommand) -> Outcome {
    match command {
        DeviceCommand::List(args) => list::run(context, args).await,
        DeviceCommand::Show(args) => show::run(context, args).await,
        DeviceCommand::Lock(args) => harm::lock(context, args).await,
        DeviceCommand::Unlock(args) => harm::unlock(context, args).await,
        DeviceCommand::Pin(args) => pin::run(context, args).await,
        DeviceCommand::Locate(args) => plain::locate(context, args).await,
        DeviceCommand::Ring(args) => plain::ring(context, args).await,
        DeviceCommand::Message(args) => plain::message(context, args).await,
        DeviceCommand::Audit(args) => plain::audit(context, args).await,
        DeviceCommand::Wipe(args) => harm::wipe(context, args).await,
        DeviceCommand::Reset(args) => harm::reset(context, args).await,
        DeviceCommand::Log(args) => log::run(context, args).await,
        DeviceCommand::Invite(args) => invite::run(context, args).await,
        DeviceCommand::Verify(args) => verify::run(context, args).await,
        DeviceCommand::Add(args) => add::run(context, args).await,
        DeviceCommand::Import(args) => import::run(context, args).await,
        DeviceCommand::Edit(args) => edit::run(context, args).await,
        DeviceCommand::Rename(args) => edit::rename(context, args).await,
        DeviceCommand::Delete(args) => delete::run(context, args).await,
    }
}
