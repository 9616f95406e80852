use std::path::PathBuf;

use clap::Args;

use super::input::{malformed, secret, text, verified};
use crate::cli::context::Context;
use crate::cli::error::{ErrorKind, Exit, Outcome};
use crate::cli::output::View;
use crate::sms::{SignedMessage, Version};

/// Check the signature of an action string.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome sms verify --secret-file eriksson.key < message.txt
  callhome sms verify --secret-file eriksson.key --enrolled 1.00 'KME 1.00 …'

Ends with 0 when it is genuine, with 17 when not.")]
pub struct VerifyArgs {
    /// The action string; standard input when absent
    #[arg(value_name = "TEXT")]
    text: Option<String>,
    /// File with the device's secret, 64 hexadecimal digits (mode 0600)
    #[arg(long, value_name = "FILE")]
    secret_file: PathBuf,
    /// Version that the device enrolled with; lower ones are refused
    #[arg(long, value_name = "VERSION", default_value = "1.00")]
    enrolled: Version,
}

/// Checks.
pub(super) async fn run(context: &Context, args: VerifyArgs) -> Outcome {
    let text = text(context, args.text.as_deref())?;
    let message = SignedMessage::parse(text.as_bytes()).map_err(|e| malformed(&e))?;
    let checked = verified(&message, &secret(&args.secret_file)?, args.enrolled);
    show(context, checked.err())
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
