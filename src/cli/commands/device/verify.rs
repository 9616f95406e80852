use std::time::Duration;

use clap::Args;

use crate::api::{Device, NumberQuestion};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind, Exit, Outcome};
use crate::cli::flags::WriteFlags;
use crate::cli::output::{device_card, seconds};
use crate::cli::target;
use crate::domain::Msisdn;

/// How often it is asked whether the answer came.
const PAUSE: Duration = Duration::from_millis(200);

/// Verify that a phone has its number.
#[derive(Debug, Args)]
#[command(after_help = "\
The server sends a text message to the number. The phone answers it by itself; where its
app cannot read text messages, its user types the code in it (--by-user).

Examples:
  callhome device verify 358931104120070
  callhome device verify 358931104120070 --number +46701234567
  callhome device verify \"Anna's phone\" --by-user")]
pub(crate) struct VerifyArgs {
    /// IMEI, serial number, phone number, name, owner or id
    device: String,
    /// Which number; the first that is not verified otherwise. A new one is added
    #[arg(long, value_name = "NUMBER")]
    number: Option<Msisdn>,
    /// Have the user type a code
    #[arg(long)]
    by_user: bool,
    /// How long to wait for the answer
    #[arg(long, value_name = "TIME", value_parser = seconds, default_value = "60s")]
    timeout: Duration,
    /// Send the message and do not wait
    #[arg(long)]
    no_wait: bool,
    /// Record.
    #[command(flatten)]
    write: WriteFlags,
}

/// Begins it, and waits for the answer.
pub(super) async fn run(context: &Context, args: VerifyArgs) -> Outcome {
    let client = context.client_that_waits().await?;
    let client = client.clone().recording(args.write.dry_run);
    let device = target::device(&client, &args.device).await?;
    let question = NumberQuestion {
        number: args.number,
        by_user: args.by_user,
    };
    let write = context.write(&args.write)?;
    let mut device = client.verify_number(device.id, &question, &write).await?;
    let began = context.now();
    if args.by_user && !args.no_wait {
        context.status("Sent. The phone's user types the code of the message in the app.")?;
    }
    while is_open(&device) && !args.no_wait {
        if context.now().since(began) > args.timeout {
            return Err(CommandError::new(
                ErrorKind::Unconfirmed,
                format!("{} did not answer: its number is not verified", device.name),
            )
            .hint("Is it on? Its answer counts still when it comes. Or have its user type a code:")
            .hint(format!("  callhome device verify {} --by-user", device.id)));
        }
        tokio::time::sleep(PAUSE).await;
        device = client.device(device.id).await?;
    }
    context.show(&device_card(&device, context.now()))?;
    Ok(Exit::Done)
}

fn is_open(device: &Device) -> bool {
    device.numbers.iter().any(|n| n.asked_at.is_some())
}
