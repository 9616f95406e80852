use std::net::SocketAddr;
use std::sync::Arc;

use clap::Args;

use crate::agent::proxy::Proxy;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind, Exit, Outcome};
use crate::cli::output::View;
use crate::host::SystemClock;
use crate::net::dns::resolve;
use crate::sip::SipUri;

/// Run a simulated home router: phones behind it register through it.
///
/// It relays to phones that registered, and to nobody else.
#[derive(Debug, Args)]
#[command(after_help = "\
Phones name it with --sip-proxy. It passes their registrations on, tells the
server to come by it, and relays what comes to the phone that is meant.

Examples:
  callhome agent proxy --registrar sip:127.0.0.1:5060
  callhome agent run --sip-proxy sip:127.0.0.1:5070      (a phone behind it)")]
pub struct ProxyArgs {
    /// The SIP registrar, which is the server's address for SIP
    #[arg(long, value_name = "URI", default_value = "sip:127.0.0.1:5060")]
    registrar: SipUri,
    /// Address at which it listens; port 0 lets the system choose
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:5070")]
    sip_listen: SocketAddr,
}

/// Runs the router until it is told to stop, then shows how many phones it had.
pub(super) async fn run(context: &Context, args: ProxyArgs) -> Outcome {
    let stop = context.interrupt();
    if args.sip_listen.ip().is_unspecified() {
        return Err(CommandError::usage(
            "--sip-listen takes one address of this machine: the router tells it to the registrar",
        )
        .hint("As in:  --sip-listen 127.0.0.1:5070"));
    }
    let registrar = resolve(&args.registrar, args.sip_listen)
        .await
        .map_err(|e| CommandError::new(ErrorKind::Unreachable, e.to_string()))?;
    let proxy = Proxy::bind(args.sip_listen, registrar, Arc::new(SystemClock))
        .await
        .map_err(|e| {
            CommandError::usage(format!("cannot listen on {}: {e}", args.sip_listen))
                .hint("Let the system choose:  --sip-listen 127.0.0.1:0")
        })?;
    context.status(&format!(
        "ready: phones register through sip:{} with {}  (Ctrl-C stops it)",
        proxy.address(),
        args.registrar
    ))?;
    let counts = proxy.run(stop).await;
    context.show(&View::one("proxy", &counts))?;
    Ok(Exit::Done)
}
