use clap::Args;

use super::deliver::deliver;
use super::flags::{BodyFlags, SendFlags, callee};
use crate::cli::context::Context;
use crate::cli::error::Outcome;
use crate::sip::{BOOTSTRAP_CONTENT_TYPE, OutboundRequest, SipUri};

/// Call a device that answers by itself, then hang up.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome sip invite anna@192.0.2.7:5060
  callhome sip invite anna@192.0.2.7 --body-file package0.bin \\
    --content-type application/vnd.syncml.notification

No sound is offered, and the call ends as soon as it is answered. A phone that rings for a
person is left alone after 3 seconds.")]
pub(crate) struct InviteArgs {
    /// Whom, as in anna@192.0.2.7:5060 or +14085550137 (by ENUM)
    #[arg(value_name = "ADDRESS", value_parser = callee)]
    target: SipUri,
    #[command(flatten)]
    body: BodyFlags,
    #[command(flatten)]
    send: SendFlags,
}

/// Calls.
pub(super) async fn run(context: &Context, args: InviteArgs) -> Outcome {
    let request = OutboundRequest::invite(args.target);
    let request = args.body.apply(request, BOOTSTRAP_CONTENT_TYPE)?;
    let request = args.send.apply(request)?;
    deliver(context, &args.send, request).await
}
