use clap::Subcommand;
use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::error::{Exit, Outcome};
use crate::cli::output::{Column, View};

/// See which settings hold, and where each was said.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Show every setting with the place it comes from
    #[command(after_help = "\
From strongest to weakest: flag, environment variable, .callhome.yaml of this folder,
your own file, the system's file.

Examples:
  callhome config explain
  CALLHOME_OUTPUT=json callhome config explain")]
    Explain,
}

#[derive(Serialize)]
struct Row {
    key: String,
    value: String,
    origin: String,
}

/// Runs a verb.
pub(super) fn run(context: &Context, command: &ConfigCommand) -> Outcome {
    let ConfigCommand::Explain = command;
    let rows: Vec<Row> = context
        .settings()?
        .explain()
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
    context.show(&view)?;
    Ok(Exit::Done)
}
