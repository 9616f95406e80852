use clap::Subcommand;
use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::error::{Exit, Outcome};
use crate::cli::output::{Column, View};

/// Choose which server commands talk to.
#[derive(Debug, Subcommand)]
pub enum ContextCommand {
    /// List the contexts
    #[command(after_help = "Examples:\n  callhome context list")]
    List,
}

#[derive(Serialize)]
struct Row {
    name: String,
    server: String,
    current: bool,
}

/// Runs a verb.
pub(super) fn run(context: &Context, command: ContextCommand) -> Outcome {
    match command {
        ContextCommand::List => list(context),
    }
}

fn list(context: &Context) -> Outcome {
    let rows = [Row {
        name: "embedded".into(),
        server: context.data_directory().display().to_string(),
        current: true,
    }];
    let view = View::many("context", &rows).named_by("/name").columns(vec![
        Column::at("name", "/name"),
        Column::at("current", "/current"),
        Column::at("server", "/server"),
    ]);
    context.show(&view)?;
    Ok(Exit::Done)
}
