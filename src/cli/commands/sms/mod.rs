//! `callhome sms`: action strings by hand, from composing to sending.

mod compose;
mod gateway;
mod input;
mod listen;
mod meter;
mod send;
mod sign;
mod status;
mod template;
mod verify;

use clap::Subcommand;

use crate::cli::context::Context;
use crate::cli::error::Outcome;

pub(super) use input::{password, private, secret, verified};

/// Compose, sign, check, measure and send action strings by hand.
#[derive(Debug, Subcommand)]
pub(crate) enum SmsCommand {
    /// Write an action string, without its signature
    Compose(compose::ComposeArgs),
    /// Add the signature to an action string
    Sign(sign::SignArgs),
    /// Check the signature of an action string
    Verify(verify::VerifyArgs),
    /// Tell how many text messages it takes
    Meter(meter::MeterArgs),
    /// Lists of actions with places to fill in, saved on the server
    #[command(subcommand)]
    Template(template::TemplateCommand),
    /// Send a text message through a gateway
    Send(Box<send::SendArgs>),
    /// Tell what became of a text message, segment by segment
    Status(status::StatusArgs),
    /// Show messages of phones and receipts as they come in
    Listen(listen::ListenArgs),
    /// See the server's text message gateways, and try them
    #[command(subcommand)]
    Gateway(gateway::GatewayCommand),
}

/// Runs a verb.
pub(super) async fn run(context: &Context, command: SmsCommand) -> Outcome {
    match command {
        SmsCommand::Compose(args) => compose::run(context, &args),
        SmsCommand::Sign(args) => sign::run(context, args).await,
        SmsCommand::Verify(args) => verify::run(context, args).await,
        SmsCommand::Meter(args) => meter::run(context, &args),
        SmsCommand::Template(command) => template::run(context, command).await,
        SmsCommand::Send(args) => send::run(context, *args).await,
        SmsCommand::Status(args) => status::run(context, args).await,
        SmsCommand::Listen(args) => listen::run(context, args).await,
        SmsCommand::Gateway(command) => gateway::run(context, command).await,
    }
}
