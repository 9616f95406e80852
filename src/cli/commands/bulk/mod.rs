//! `callhome bulk`: runs over many rows: try an input, run, look back, go on.

mod act;
mod check;
mod history;
mod run;

use clap::Subcommand;

use crate::cli::context::Context;
use crate::cli::error::Outcome;

pub(in crate::cli::commands) use act::{BulkOrder, act, read_input};

/// Run an action over many devices, look back at runs, and go on with one that was stopped.
#[derive(Debug, Subcommand)]
pub(crate) enum BulkCommand {
    /// Print an input file to begin with
    Template(check::TemplateArgs),
    /// Say what is wrong with an input file, without sending anything
    Check(check::CheckArgs),
    /// Have every device in a file do something
    Run(Box<run::RunArgs>),
    /// Go on with a run that was stopped
    Resume(history::ResumeArgs),
    /// Show how each row of a run ended
    Report(history::ReportArgs),
    /// List the runs of this data folder
    #[command(after_help = "Examples:\n  callhome bulk list\n  callhome bulk list -o json")]
    List,
}

/// Runs a verb.
pub(super) async fn run(context: &Context, command: BulkCommand) -> Outcome {
    match command {
        BulkCommand::Template(args) => check::template(context, &args),
        BulkCommand::Check(args) => check::check(context, &args),
        BulkCommand::Run(args) => run::run(context, *args).await,
        BulkCommand::Resume(args) => history::resume(context, &args).await,
        BulkCommand::Report(args) => history::report(context, &args),
        BulkCommand::List => history::list(context),
    }
}
