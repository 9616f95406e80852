use std::collections::BTreeMap;

use clap::Args;

use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind, Exit, Outcome};
use crate::cli::flags::WriteFlags;
use crate::cli::output::{Column, View, clock_time, device_title};

use super::super::acting::{self, Target};

/// Show the PIN that unlocks a locked device by hand.
#[derive(Debug, Args)]
#[command(after_help = "\
Each look is written into the audit trail.

Examples:
  callhome device pin 358931104120070
  callhome device pin 358931104120070 --reason \"owner at the desk\" \\
      --ticket INC-4471
  callhome device pin 358931104120070 --all")]
pub(crate) struct PinArgs {
    /// IMEI, serial number, phone number, name, owner or id
    device: String,
    /// Show the PINs of earlier locks too
    #[arg(long)]
    all: bool,
    /// Record.
    #[command(flatten)]
    write: WriteFlags,
}

/// Shows the newest PIN, or all.
pub(super) async fn run(context: &Context, args: PinArgs) -> Outcome {
    let client = context
        .client()
        .await?
        .clone()
        .recording(args.write.dry_run);
    let Target { device, peer } = acting::locate(&client, &args.device).await?;
    let said = [
        ("reason", &args.write.reason),
        ("ticket", &args.write.ticket),
    ];
    let words: BTreeMap<&str, String> = said
        .into_iter()
        .filter_map(|(name, text)| Some((name, text.clone()?)))
        .collect();
    let write = context.write(&args.write)?;
    let mut pins = client
        .pins(device.id, peer.as_deref(), &words, &write)
        .await?;
    pins.sort_by_key(|p| std::cmp::Reverse(p.created_at));
    if pins.is_empty() {
        return Err(CommandError::new(
            ErrorKind::NotFound,
            format!(
                "{} was never locked: there is no PIN",
                device_title(&device)
            ),
        ));
    }
    if !args.all {
        pins.truncate(1);
    }
    let now = context.now();
    let text: String = pins
        .iter()
        .map(|p| {
            format!(
                "{}   for the lock of {}\n",
                p.pin,
                clock_time(p.created_at, now)
            )
        })
        .collect();
    let view = View::many("pin", &pins)
        .named_by("/pin")
        .text(text)
        .columns(vec![
            Column::at("pin", "/pin"),
            Column::at("action", "/action"),
            Column::at_minute("created_at", "/created_at"),
        ]);
    context.show(&view)?;
    if !device.lock.locked && device.open_actions == 0 {
        context.status(&format!(
            "  {} is not locked as far as is known: this PIN opened it after that lock.",
            device_title(&device)
        ))?;
    }
    Ok(Exit::Done)
}
