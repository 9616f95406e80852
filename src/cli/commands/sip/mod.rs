//! `callhome sip`: SIP messages by hand, from this machine to any SIP address.

mod deliver;
mod events;
mod flags;
mod invite;
mod listen;
mod notify;
mod options;
mod register;
mod resolve;
mod send;
mod vendor;

use clap::Subcommand;

use crate::cli::context::Context;
use crate::cli::error::Outcome;

pub(in crate::cli::commands) use flags::{OutlookFlags, address};

/// Send SIP messages by hand, from this machine.
#[derive(Debug, Subcommand)]
pub(crate) enum SipCommand {
    /// Notify a device, so that it calls home or fetches its configuration
    Notify(Box<notify::NotifyArgs>),
    /// Call a device that answers by itself, then hang up
    Invite(Box<invite::InviteArgs>),
    /// Ask whether somebody is there and what it can do
    Options(Box<options::OptionsArgs>),
    /// Register an address at a registrar
    Register(Box<register::RegisterArgs>),
    /// Send the SIP message that a file holds
    Send(Box<send::SendArgs>),
    /// Show SIP requests that arrive, and answer them
    Listen(listen::ListenArgs),
    /// List the event packages that real phones act on
    Events(events::EventsArgs),
    /// Show where a SIP address leads, in the order in which it is tried
    Resolve(resolve::ResolveArgs),
}

/// Runs a verb.
pub(super) async fn run(context: &Context, command: SipCommand) -> Outcome {
    match command {
        SipCommand::Notify(args) => notify::run(context, *args).await,
        SipCommand::Invite(args) => invite::run(context, *args).await,
        SipCommand::Options(args) => options::run(context, *args).await,
        SipCommand::Register(args) => register::run(context, *args).await,
        SipCommand::Send(args) => send::run(context, *args).await,
        SipCommand::Listen(args) => listen::run(context, args).await,
        SipCommand::Events(args) => events::run(context, &args),
        SipCommand::Resolve(args) => resolve::run(context, &args).await,
    }
}
