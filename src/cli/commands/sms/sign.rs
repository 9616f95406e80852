use std::path::PathBuf;

use clap::Args;

use super::input::{MessageDocument, malformed, secret, text};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit, Outcome};
use crate::cli::output::View;
use crate::domain::Sequence;
use crate::sms::{Draft, SmsKeys};

/// Add the signature to an action string.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome sms compose 'aud()' | callhome sms sign --secret-file eriksson.key --sequence 0x174ef
  callhome sms sign --secret-file eriksson.key 'KME 2.00 000174ef aud()'")]
pub struct SignArgs {
    /// The action string; standard input when absent
    #[arg(value_name = "TEXT")]
    text: Option<String>,
    /// File with the device's secret, 64 hexadecimal digits (mode 0600)
    #[arg(long, value_name = "FILE")]
    secret_file: PathBuf,
    /// Number of the first action, in hexadecimal, when the text has none
    #[arg(long, value_name = "NUMBER")]
    sequence: Option<Sequence>,
}

/// Signs.
pub(super) async fn run(context: &Context, args: SignArgs) -> Outcome {
    let text = text(context, args.text.as_deref())?;
    let mut draft: Draft = text.parse().map_err(|e| malformed(&e))?;
    if let Some(sequence) = args.sequence {
        if draft.sequence().is_some_and(|s| s != sequence) {
            return Err(CommandError::usage(
                "the text has another sequence number than --sequence",
            ));
        }
        draft = draft.numbered(sequence).map_err(|e| malformed(&e))?;
    }
    let keys = SmsKeys::derive(&secret(&args.secret_file)?);
    let message = draft.sign(&keys).map_err(|e| malformed(&e))?;
    let view = View::one("sms-message", &MessageDocument::of_signed(&message)?)
        .named_by("/text")
        .text(format!("{message}\n"));
    context.show(&view)?;
    Ok(Exit::Done)
}
