//! `callhome agent`: simulated devices, their home router and their carrier.

mod carrier;
mod fleet;
mod house;
mod keyboard;
mod proxy;
mod run;

use clap::Subcommand;

use crate::cli::context::Context;
use crate::cli::error::Outcome;

/// Run simulated devices, a carrier for their text messages, and a home router.
#[derive(Debug, Subcommand)]
pub(crate) enum AgentCommand {
    /// Run one simulated phone
    Run(Box<run::RunArgs>),
    /// Run many simulated phones in one process
    Fleet(Box<fleet::FleetArgs>),
    /// Run a simulated carrier: text messages between gateways and phones
    Carrier(Box<carrier::CarrierArgs>),
    /// Run a simulated home router that phones register through
    Proxy(Box<proxy::ProxyArgs>),
}

/// Runs a verb.
pub(super) async fn run(context: &Context, command: AgentCommand) -> Outcome {
    match command {
        AgentCommand::Run(args) => run::run(context, *args).await,
        AgentCommand::Fleet(args) => fleet::run(context, *args).await,
        AgentCommand::Carrier(args) => carrier::run(context, *args).await,
        AgentCommand::Proxy(args) => proxy::run(context, *args).await,
    }
}
