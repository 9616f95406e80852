use clap::Args;

use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind, Outcome};
use crate::cli::flags::{WaitFlags, WriteFlags};
use crate::cli::output::{date_time, device_facts, size};
use crate::cli::prompt::{Challenge, ConsentFlags, Harm};
use crate::domain::{Action, ActionKind, Bearer, Risk, ShortId};

use super::super::acting::{self, Order};

/// Put a backup back on a device.
#[derive(Debug, Args)]
#[command(after_help = "\
Goes to the device that it came from, or to another one. What the phone has under the same names is overwritten.

Examples:
  callhome backup restore 7k2m9x4q --wait
  callhome backup restore 7k2m9x4q --to 490154203237518     to the new phone
  callhome backup restore 7k2m9x4q --yes --accept-risk data-loss \\
      --reason \"new phone\"")]
pub(crate) struct RestoreArgs {
    /// Id of the backup
    backup: ShortId,
    /// Another device: IMEI, serial number, phone number, name, owner or id
    #[arg(long, value_name = "DEVICE")]
    to: Option<String>,
    /// Only over this way: sip-direct, sip-proxy, push or sms
    #[arg(long, value_name = "BEARER")]
    via: Option<Bearer>,
    /// Confirmation.
    #[command(flatten)]
    consent: ConsentFlags,
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
    let described = format!(
        "Backup of {} from {}: {}, {}",
        backup.device_name,
        date_time(whole),
        backup.kind,
        size(backup.size_bytes)
    );
    let name = args.to.unwrap_or_else(|| backup.device.to_string());
    let target = acting::locate(&client, &name).await?;
    let consent = if args.write.dry_run {
        None
    } else {
        let (noun, expected) = acting::last_four(&target.device);
        let facts = device_facts(&target.device, target.peer.as_deref(), context.now());
        let harm = Harm {
            verb: "restore it there".into(),
            facts: format!(
                "This overwrites what the phone has of the same.\n\n  {described}\n\n{facts}"
            ),
            risks: vec![Risk::DataLoss],
            challenge: Challenge::LastFour { noun, expected },
        };
        let reason = args.write.reason.as_deref();
        Some(context.prompter.consent(&harm, &args.consent, reason)?)
    };
    let order = Order {
        action: Action::new(ActionKind::Restore, [backup.id.to_string()]),
        via: args.via,
        consent,
        write: &args.write,
        wait: &args.wait,
    };
    acting::perform(context, &client, &target, order).await
}
