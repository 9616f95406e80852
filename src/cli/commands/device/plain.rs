use clap::Args;

use crate::cli::context::Context;
use crate::cli::error::Outcome;
use crate::cli::flags::{WaitFlags, WriteFlags};
use crate::domain::{Action, ActionKind, Bearer};

use super::super::acting::{self, Order};

/// Ask a device where it is.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome device locate 358931104120070 --wait
  callhome device locate +14085550137 --samples 5 --every 60 --wait \\
      --timeout 10min")]
pub(crate) struct LocateArgs {
    /// IMEI, serial number, phone number, name, owner or id
    device: String,
    /// How many positions to take
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    samples: u32,
    /// Seconds between two positions
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=3_600))]
    every: Option<u32>,
    /// How it is carried out.
    #[command(flatten)]
    how: How,
}

/// Make a device ring.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome device ring 358931104120070
  callhome device ring 358931104120070 --seconds 120")]
pub(crate) struct RingArgs {
    /// IMEI, serial number, phone number, name, owner or id
    device: String,
    /// For how long
    #[arg(long, value_name = "NUMBER", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
    /// How it is carried out.
    #[command(flatten)]
    how: How,
}

/// Show a message on a device.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome device message 358931104120070 \"Please bring me to the reception\"")]
pub(crate) struct MessageArgs {
    /// IMEI, serial number, phone number, name, owner or id
    device: String,
    /// What to show
    #[arg(value_parser = words)]
    text: String,
    /// How it is carried out.
    #[command(flatten)]
    how: How,
}

/// Something to read.
fn words(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("there is nothing to show in it".to_owned()),
        _ => Ok(text.to_owned()),
    }
}

/// Ask a device for everything about itself.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome device audit 358931104120070 --wait
  callhome device audit 358931104120070 --wait -o json --jq .result.fields")]
pub(crate) struct AuditArgs {
    /// IMEI, serial number, phone number, name, owner or id
    device: String,
    /// How it is carried out.
    #[command(flatten)]
    how: How,
}

#[derive(Debug, Args)]
struct How {
    /// Only over this way: sip-direct, sip-proxy, push or sms
    #[arg(long, value_name = "BEARER")]
    via: Option<Bearer>,
    #[command(flatten)]
    wait: WaitFlags,
    #[command(flatten)]
    write: WriteFlags,
}

/// Locates.
pub(super) async fn locate(context: &Context, args: LocateArgs) -> Outcome {
    let every = args.every.map(|s| s.to_string()).unwrap_or_default();
    let action = Action::new(ActionKind::Locate, [args.samples.to_string(), every]);
    act(context, &args.device, action, &args.how).await
}

/// Rings.
pub(super) async fn ring(context: &Context, args: RingArgs) -> Outcome {
    let action = Action::new(ActionKind::Ring, [args.seconds.to_string()]);
    act(context, &args.device, action, &args.how).await
}

/// Shows a message.
pub(super) async fn message(context: &Context, args: MessageArgs) -> Outcome {
    let action = Action::new(ActionKind::Message, [args.text]);
    act(context, &args.device, action, &args.how).await
}

/// Asks for the audit.
pub(super) async fn audit(context: &Context, args: AuditArgs) -> Outcome {
    let action = Action::new(ActionKind::Audit, [""; 0]);
    act(context, &args.device, action, &args.how).await
}

async fn act(context: &Context, name: &str, action: Action, how: &How) -> Outcome {
    let client = acting::client_for(context, &how.wait, &how.write).await?;
    let target = acting::locate(&client, name).await?;
    let order = Order {
        action,
        via: how.via,
        consent: None,
        write: &how.write,
        wait: &how.wait,
    };
    acting::perform(context, &client, &target, order).await
}
