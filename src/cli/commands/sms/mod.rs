//! `callhome sms`: action strings by hand, from composing to sending.

mod compose;
mod input;
mod meter;
mod send;
mod sign;
mod verify;

use clap::Subcommand;

use crate::cli::context::Context;
use crate::cli::error::Outcome;

pub(super) use input::{password, private, secret, verified};

/// Compose, sign, check, measure and send action strings by hand.
#[derive(Debug, Subcommand)]
pub enum SmsCommand {
    /// Write an action string, without its signature
    Compose(compose::ComposeArgs),
    /// Add the signature to an action string
    Sign(sign::SignArgs),
    /// Check the signature of an action string
    Verify(verify::VerifyArgs),
    /// Tell how many text messages it takes
    Meter(meter::MeterArgs),
    /// Send a text message through a gateway
    Send(Box<send::SendArgs>),
}

/// Runs a verb.
pub(super) async fn run(context: &Context, command: SmsCommand) -> Outcome {
    match command {
        SmsCommand::Compose(args) => compose::run(context, &args),
        SmsCommand::Sign(args) => sign::run(context, args).await,
        SmsCommand::Verify(args) => verify::run(context, args).await,
        SmsCommand::Meter(args) => meter::run(context, &args),
        SmsCommand::Send(args) => send::run(context, *args).await,
    }
}
