use std::path::PathBuf;

use clap::Args;

use super::input::{malformed, secret, text, verified};
use crate::api::SmsVerifyRequest;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind, Exit, Outcome};
use crate::cli::output::View;
use crate::cli::target;
use crate::sms::{SignedMessage, Version};

/// Check the signature of an action string.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome sms verify --device 358931104120070 < message.txt
  callhome sms verify --secret-file eriksson.key < message.txt

Ends with 0 when it is genuine, with 17 when not.")]
pub(crate) struct VerifyArgs {
    /// The action string; standard input when absent
    #[arg(value_name = "TEXT")]
    text: Option<String>,
    /// The device whose secret should have signed it; its server checks
    #[arg(
        long,
        value_name = "DEVICE",
        required_unless_present = "secret_file",
        conflicts_with = "secret_file"
    )]
    device: Option<String>,
    /// File with the device's secret, 64 hexadecimal digits (mode 0600)
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// With --secret-file: version that the device enrolled with; lower ones are refused
    #[arg(
        long,
        value_name = "VERSION",
        default_value = "1.00",
        conflicts_with = "device"
    )]
    enrolled: Version,
}

/// Checks.
pub(super) async fn run(context: &Context, args: VerifyArgs) -> Outcome {
    let text = text(context, args.text.as_deref())?;
    let message = SignedMessage::parse(text.as_bytes()).map_err(|e| malformed(&e))?;
    let why = match (&args.device, &args.secret_file) {
        (Some(name), _) => by_server(context, name, &message).await?,
        (None, Some(file)) => verified(&message, &secret(file)?, args.enrolled).err(),
        (None, None) => {
            return Err(CommandError::usage("neither --device nor --secret-file"));
        }
    };
    show(context, why)
}

/// Has the endpoint check; gives why it is not genuine.
async fn by_server(
    context: &Context,
    name: &str,
    message: &SignedMessage,
) -> Result<Option<String>, CommandError> {
    let client = context.client().await?;
    let device = target::device(client, name).await?;
    let request = SmsVerifyRequest {
        device: device.id,
        text: message.as_str().to_owned(),
    };
    let answer = client.verify_sms(&request).await?;
    Ok((!answer.genuine).then_some(answer.detail))
}

/// Tells the verdict; `why` is absent when the message is genuine.
fn show(context: &Context, why: Option<String>) -> Outcome {
    let paint = context.screen.paint;
    let text = match &why {
        None => format!("{} genuine\n", paint.good("✓")),
        Some(why) => format!("{} {why}\n", paint.bad("✗")),
    };
    let document = serde_json::json!({ "genuine": why.is_none(), "detail": why });
    context.show(&View::one("sms-verdict", &document).text(text))?;
    Ok(match why {
        None => Exit::Done,
        Some(_) => Exit::Ended(ErrorKind::Differs),
    })
}
