use clap::Args;

use super::deliver::deliver_to;
use super::flags::{ManyFlags, SendFlags, callee};
use crate::cli::context::Context;
use crate::cli::error::Outcome;
use crate::sip::{OutboundRequest, SipUri};

/// Ask whether somebody is there and what it can do.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome sip options 192.0.2.7
  callhome sip options anna@example.net --proxy 192.0.2.1 --timeout 4s
  callhome sip options 192.0.2.7 -o json --jq .answer.headers.Allow
  callhome sip options --from targets.csv --rate 200 -o ndjson")]
pub(crate) struct OptionsArgs {
    /// Whom, as in 192.0.2.7 or anna@192.0.2.7:5060
    #[arg(value_name = "ADDRESS", value_parser = callee, required_unless_present = "from", conflicts_with = "from")]
    target: Option<SipUri>,
    #[command(flatten)]
    many: ManyFlags,
    #[command(flatten)]
    send: SendFlags,
}

/// Asks.
pub(super) async fn run(context: &Context, args: OptionsArgs) -> Outcome {
    let request = |target| {
        let request = OutboundRequest::options(target)
            .with_header("Accept", "application/sdp")
            .map_err(|e| super::flags::unusable(&e))?;
        args.send.apply(request)
    };
    deliver_to(
        context,
        &args.send,
        &args.many,
        args.target.clone(),
        request,
    )
    .await
}
