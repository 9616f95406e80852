use clap::Args;

use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind, Exit, Outcome};
use crate::cli::output::View;

/// Ask a gateway whether it is there; no message is sent.
#[derive(Debug, Args)]
#[command(after_help = "\
An SMPP centre is asked over its session, an HTTP gateway whether it answers at all.
Ends with 0 when it is ready, with 12 when it is not.

Examples:
  callhome sms gateway test smsc-1
  callhome sms gateway test kannel-1 -o json")]
pub(crate) struct TestArgs {
    /// Name of the gateway, as callhome sms gateway list shows it
    #[arg(value_name = "NAME")]
    name: String,
}

/// Asks.
pub(super) async fn run(context: &Context, args: TestArgs) -> Outcome {
    let tested = context.client().await?.test_sms_gateway(&args.name).await;
    let health = tested.map_err(|error| {
        let error = CommandError::from(error);
        match error.kind() {
            ErrorKind::Unreachable => error.hint(
                "Is it running, and is its address right?  The server's configuration has it under server.gateways.",
            ),
            _ => error,
        }
    })?;
    let word = if health.ready { "ready" } else { "not ready" };
    let text = format!("{} is {word}: {}\n", args.name, health.detail);
    context.show(
        &View::one("sms-gateway-test", &health)
            .named_by("/name")
            .text(text),
    )?;
    Ok(if health.ready {
        Exit::Done
    } else {
        Exit::Ended(ErrorKind::Unreachable)
    })
}
