use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::output::{OutputFlags, seconds};
use crate::domain::Bearer;

/// Flags that every command has.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct CommonFlags {
    /// Use this context instead of the current one
    #[arg(
        short = 'c',
        long,
        value_name = "CONTEXT",
        global = true,
        help_heading = "Common options"
    )]
    pub context: Option<String>,
    /// Output.
    #[command(flatten)]
    pub output: OutputFlags,
    /// Tell more
    #[arg(short, long, global = true, help_heading = "Common options")]
    pub verbose: bool,
    /// Tell nothing but data and errors
    #[arg(short, long, global = true, help_heading = "Common options")]
    pub quiet: bool,
    /// Never ask; fail and name the flags instead
    #[arg(long, global = true, help_heading = "Common options")]
    pub no_input: bool,
    /// Print what crosses the wire on standard error: sip, http, sms
    #[arg(
        long,
        value_name = "WHAT",
        global = true,
        value_delimiter = ',',
        value_parser = ["sip", "http", "sms"],
        hide_possible_values = true,
        help_heading = "Common options"
    )]
    pub trace: Vec<String>,
    /// Where the embedded server keeps its data
    #[arg(
        long,
        value_name = "FOLDER",
        global = true,
        help_heading = "Common options"
    )]
    pub data_dir: Option<PathBuf>,
}

impl CommonFlags {
    /// Whether this part of the traffic is to be printed.
    #[must_use]
    pub(super) fn traces(&self, what: &str) -> bool {
        self.trace.iter().any(|t| t == what)
    }

    /// Whether the messages over this bearer are to be printed.
    #[must_use]
    pub(super) fn traces_bearer(&self, bearer: Bearer) -> bool {
        match bearer {
            Bearer::SipDirect | Bearer::SipProxy => self.traces("sip"),
            Bearer::Push => self.traces("http"),
            Bearer::Sms => self.traces("sms"),
            Bearer::Session => false,
        }
    }
}

/// Flags of commands that change something.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct WriteFlags {
    /// Why, for the audit trail
    #[arg(long, value_name = "TEXT", help_heading = "Record")]
    pub reason: Option<String>,
    /// Ticket in the helpdesk's system
    #[arg(long, value_name = "TICKET", help_heading = "Record")]
    pub ticket: Option<String>,
    /// Key that makes a repeat of this command harmless
    #[arg(long, value_name = "KEY", help_heading = "Record")]
    pub idempotency_key: Option<String>,
    /// Print what would be sent, and send nothing
    #[arg(short = 'n', long, help_heading = "Record")]
    pub dry_run: bool,
}

/// Flags of commands that can wait for the end.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct WaitFlags {
    /// Wait until the device has done it
    #[arg(long, help_heading = "Waiting")]
    pub wait: bool,
    /// How long to wait, as in 30s or 5min
    #[arg(long, value_name = "TIME", value_parser = seconds, help_heading = "Waiting")]
    pub timeout: Option<Duration>,
    /// Give up if nothing could be sent within this time, as in 2h or 7d
    #[arg(long, value_name = "TIME", value_parser = seconds, help_heading = "Waiting")]
    pub deadline: Option<Duration>,
}
