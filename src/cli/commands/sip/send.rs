use std::path::PathBuf;

use clap::Args;

use super::deliver::{deliver, from_message};
use super::flags::{SendFlags, address, read};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Outcome};
use crate::sip::{Message, SipUri};

/// Send the SIP message that a file holds.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome sip send notify.sip
  callhome sip send notify.sip --to anna@192.0.2.7:5060 --trace sip
  callhome sip notify anna@192.0.2.7 --dry-run | callhome sip send - \\
      --to bert@192.0.2.8

Via, tags, Call-ID, CSeq and Content-Length are made anew; the rest is sent as it stands.")]
pub(crate) struct SendArgs {
    /// File with one SIP request; - for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Send it to this address instead of the one in the message
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    to: Option<SipUri>,
    #[command(flatten)]
    send: SendFlags,
}

/// Sends.
pub(super) async fn run(context: &Context, args: SendArgs) -> Outcome {
    let bytes = read(&args.file)?;
    let message = Message::parse(&bytes).map_err(|error| {
        CommandError::usage(format!(
            "{} is no SIP message: {error}",
            args.file.display()
        ))
    })?;
    let mut request = from_message(&message)?;
    if let Some(to) = args.to {
        request.to = Some(to.clone());
        request.uri = to;
    }
    let request = args.send.apply(request)?;
    deliver(context, &args.send, request).await
}
