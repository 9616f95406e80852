use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::house::{door_error, read};
use crate::agent::carrier::{Carrier, CarrierSettings, FaultSettings};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit, Outcome};
use crate::cli::output::View;
use crate::host::{OsEntropy, SystemClock};
use crate::net::agent_http::AgentHttp;

/// Run a simulated carrier: text messages between gateways and phones.
///
/// The same --seed gives the same faults.
#[derive(Debug, Args)]
#[command(after_help = "\
Gateways send to it as they would to Kannel: http://ADDRESS/cgi-bin/sendsms.
Phones dial its line and attach their numbers; messages for a number that is not
attached wait.

Examples:
  callhome agent carrier
  callhome agent carrier --loss 20 --repeat 10 --delay-max-ms 500
  callhome agent carrier --mo-url-file mo.url --ca-file ca.pem")]
pub(crate) struct CarrierArgs {
    /// Address for gateways, in the manner of Kannel
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:13013")]
    http: SocketAddr,
    /// Address for phones
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:13014")]
    line: SocketAddr,
    /// User that gateways must name
    #[arg(long, value_name = "USER", requires = "password_file")]
    user: Option<String>,
    /// File with that user's password
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,
    /// File with the address to which messages from phones go (it has a secret in it)
    #[arg(long, value_name = "FILE")]
    mo_url_file: Option<PathBuf>,
    /// Certificate of the server's authority (PEM), for that address and for receipts
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Percentage of messages that are lost
    #[arg(long, value_name = "PCT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=100), help_heading = "Faults")]
    loss: u8,
    /// Percentage of messages that arrive twice
    #[arg(long, value_name = "PCT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=100), help_heading = "Faults")]
    repeat: u8,
    /// Percentage of messages that are overtaken by later ones
    #[arg(long, value_name = "PCT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=100), help_heading = "Faults")]
    reorder: u8,
    /// Shortest time a message takes
    #[arg(long, value_name = "MS", default_value_t = 0, help_heading = "Faults")]
    delay_min_ms: u64,
    /// Longest time a message takes
    #[arg(long, value_name = "MS", default_value_t = 0, help_heading = "Faults")]
    delay_max_ms: u64,
    /// Where the dice begin
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = "Faults")]
    seed: u64,
}

/// Runs the carrier until it is told to stop, then shows what it did.
pub(super) async fn run(context: &Context, args: CarrierArgs) -> Outcome {
    let stop = context.interrupt();
    let account = match (&args.user, &args.password_file) {
        (Some(user), Some(file)) => {
            Some((user.clone(), crate::cli::commands::sms::password(file)?))
        }
        _ => None,
    };
    let mo_url = match &args.mo_url_file {
        Some(file) => Some(read(file)?.trim().to_owned()),
        None => None,
    };
    let ca_pem = match &args.ca_file {
        Some(file) => read(file)?,
        None => String::new(),
    };
    let web = AgentHttp::new(&ca_pem, 16, Arc::new(SystemClock), Arc::new(OsEntropy))
        .map_err(door_error)?;
    let settings = CarrierSettings {
        account,
        mo_url,
        faults: FaultSettings {
            loss_pct: args.loss,
            repeat_pct: args.repeat,
            reorder_pct: args.reorder,
            delay_min: Duration::from_millis(args.delay_min_ms),
            delay_max: Duration::from_millis(args.delay_max_ms),
            seed: args.seed,
        },
    };
    let carrier = Carrier::start(args.http, args.line, settings, Arc::new(web))
        .await
        .map_err(|e| {
            CommandError::usage(format!(
                "cannot listen on {} and {}: {e}",
                args.http, args.line
            ))
            .hint("Let the system choose:  --http 127.0.0.1:0 --line 127.0.0.1:0")
        })?;
    context.announce(&format!(
        "ready: gateways at http://{}/cgi-bin/sendsms, phones at {}  (Ctrl-C stops it)",
        carrier.http(),
        carrier.line()
    ))?;
    stop.cancelled().await;
    let counts = carrier.counts();
    carrier.stop().await;
    context.show(&View::one("carrier", &counts))?;
    Ok(Exit::Done)
}
