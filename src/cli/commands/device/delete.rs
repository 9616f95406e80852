use clap::Args;

use crate::cli::context::Context;
use crate::cli::error::{Exit, Outcome};
use crate::cli::flags::WriteFlags;
use crate::cli::output::{device_card, device_facts};
use crate::cli::prompt::{Challenge, ConsentFlags, Harm};
use crate::cli::target;
use crate::domain::Risk;

use super::super::acting;

/// Remove a device from the registry.
#[derive(Debug, Args)]
#[command(after_help = "\
The device itself keeps its data; the server forgets it, its actions and its backups.
The PIN of one that is locked is forgotten, too: that needs --accept-risk lock beside data-loss.

Examples:
  callhome device delete 358931104120070
  callhome device delete 358931104120070 --yes --accept-risk data-loss \\
      --reason sold")]
pub(crate) struct DeleteArgs {
    /// IMEI, serial number, phone number, name, owner or id
    device: String,
    /// Confirmation.
    #[command(flatten)]
    consent: ConsentFlags,
    /// Record.
    #[command(flatten)]
    write: WriteFlags,
}

/// Removes it.
pub(super) async fn run(context: &Context, args: DeleteArgs) -> Outcome {
    let client = context
        .client()
        .await?
        .clone()
        .recording(args.write.dry_run);
    let device = target::device(&client, &args.device).await?;
    let (noun, expected) = acting::last_four(&device);
    let harm = Harm {
        verb: "delete it".into(),
        facts: format!(
            "This removes the device from the registry, with its backups.{}\n\n{}",
            if device.lock.locked {
                " It is locked, and the PIN that opens it is forgotten, too."
            } else {
                ""
            },
            device_facts(&device, None, context.now())
        ),
        risks: match device.lock.locked {
            true => vec![Risk::DataLoss, Risk::Lock],
            false => vec![Risk::DataLoss],
        },
        challenge: Challenge::LastFour { noun, expected },
    };
    if !args.write.dry_run {
        let reason = args.write.reason.as_deref();
        let consent = context.prompter.consent(&harm, &args.consent, reason)?;
        debug_assert!(consent.covers(Risk::DataLoss));
    }
    client
        .delete_device(device.id, device.lock.locked, &context.write(&args.write)?)
        .await?;
    let words = format!("{} is deleted.", acting::called(&device));
    context.tell(&words, &device_card(&device, context.now()))?;
    Ok(Exit::Done)
}
