use clap::Subcommand;
use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind, Exit, Outcome};
use crate::cli::output::{Column, View};
use crate::config::TEMPLATE;

/// See which settings hold, and where each was said.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Show every setting with the place it comes from
    #[command(after_help = "\
From strongest to weakest: flag, environment variable, .callhome.yaml of this folder,
your own file, the system's file.

Examples:
  callhome config explain
  CALLHOME_OUTPUT=json callhome config explain")]
    Explain,
    /// Print every setting with an example, all commented out
    #[command(after_help = "\
Examples:
  callhome config template
  callhome config template > ~/.config/callhome/config.yaml")]
    Template,
}

#[derive(Serialize)]
struct Row {
    key: String,
    value: String,
    origin: String,
}

/// Runs a verb.
pub(super) fn run(context: &Context, command: &ConfigCommand) -> Outcome {
    match command {
        ConfigCommand::Explain => explain(context),
        ConfigCommand::Template => {
            context.screen.data(TEMPLATE.as_bytes())?;
            Ok(Exit::Done)
        }
    }
}

fn explain(context: &Context) -> Outcome {
    let (settings, faults) = context.survey();
    let rows: Vec<Row> = settings
        .into_iter()
        .map(|s| Row {
            key: s.key,
            value: s.value,
            origin: s.origin.to_string(),
        })
        .collect();
    let view = View::many("setting", &rows).named_by("/key").columns(vec![
        Column::at("key", "/key"),
        Column::at("value", "/value"),
        Column::at("from", "/origin"),
    ]);
    let mut faults = faults.iter();
    let Some(first) = faults.next() else {
        context.show(&view)?;
        return Ok(Exit::Done);
    };
    // What holds is shown all the same: it is there to find the fault.
    context.show(&view)?;
    let error = CommandError::new(ErrorKind::Config, first.to_string());
    let error = faults.fold(error, |error, fault| error.hint(format!("and {fault}")));
    Err(error.hint("Every setting, by example:  callhome config template"))
}
