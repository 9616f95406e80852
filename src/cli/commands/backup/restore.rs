use clap::Args;

use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind, Outcome};
use crate::cli::flags::{WaitFlags, WriteFlags};
use crate::cli::output::{date_time, size};
use crate::domain::{Action, ActionKind, Bearer, ShortId};

use super::super::acting::{self, Order};

/// Put a backup back on a device.
#[derive(Debug, Args)]
#[command(after_help = "\
Goes to the device that it came from, or to another one.

Examples:
  callhome backup restore 7k2m9x4q --wait
  callhome backup restore 7k2m9x4q --to 490154203237518     to the new phone")]
pub struct RestoreArgs {
    /// Id of the backup
    backup: ShortId,
    /// Another device: IMEI, serial number, phone number, name, owner or id
    #[arg(long, value_name = "DEVICE")]
    to: Option<String>,
    /// Only over this way: sip-direct, sip-proxy, push or sms
    #[arg(long, value_name = "BEARER")]
    via: Option<Bearer>,
    /// Waiting.
    #[command(flatten)]
    wait: WaitFlags,
    /// Record.
    #[command(flatten)]
    write: WriteFlags,
}

/// Asks for it.
pub(super) async fn run(context: &Context, args: RestoreArgs) -> Outcome {
    let client = acting::client_for(context, &args.wait, &args.write).await?;
    let backup = client.backup(args.backup).await?;
    let Some(whole) = backup.completed_at else {
        return Err(CommandError::new(
            ErrorKind::Conflict,
            format!("the backup {} is not whole yet", backup.id),
        )
        .hint(format!("See it:  callhome backup show {}", backup.id)));
    };
    context.status(&format!(
        "Backup of {} from {} UTC: {}, {}",
        backup.device_name,
        date_time(whole),
        backup.kind,
        size(backup.size_bytes)
    ))?;
    let name = args.to.unwrap_or_else(|| backup.device.to_string());
    let target = acting::locate(&client, &name).await?;
    let order = Order {
        action: Action::new(ActionKind::Restore, [backup.id.to_string()]),
        via: args.via,
        consent: None,
        write: &args.write,
        wait: &args.wait,
    };
    acting::perform(context, &client, &target, order).await
}
