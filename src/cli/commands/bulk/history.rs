use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::cli::bulk::{self, Archived};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit, Outcome};
use crate::cli::output::{Column, View, date_time};
use crate::domain::{ShortId, Timestamp};

/// Show how each row of a run ended.
#[derive(Debug, Args)]
#[command(after_help = "\
People see the rows that did not go through; files and programs get all of them.

Examples:
  callhome bulk report k7m2x4qd
  callhome bulk report k7m2x4qd -o csv > report.csv")]
pub(crate) struct ReportArgs {
    /// Id of the run
    run: ShortId,
}

/// Go on with a run that was stopped.
#[derive(Debug, Args)]
#[command(after_help = "\
Gives the command of the run again, with the input that was kept when it began: what was
done is left alone, and nothing is done twice.

Examples:
  callhome bulk resume k7m2x4qd")]
pub(crate) struct ResumeArgs {
    /// Id of the run
    run: ShortId,
}

fn folder(context: &Context) -> PathBuf {
    context.data_directory().join("runs")
}

#[derive(Serialize)]
struct Line {
    run: ShortId,
    command: String,
    state: &'static str,
    begun_at: Option<Timestamp>,
    file: Option<String>,
    rows: u32,
    done: u32,
    failed: u32,
    conflict: u32,
    unconfirmed: u32,
    bad: u32,
    open: u32,
}

impl Line {
    fn of(archived: &Archived) -> Self {
        let journal = &archived.journal;
        let tally = journal.tally();
        let recipe = archived.recipe.as_ref();
        Self {
            run: journal.run,
            command: journal.command.clone(),
            state: archived.state(),
            begun_at: recipe.map(|r| r.at),
            file: recipe.map(|r| r.file.display().to_string()),
            rows: journal.rows,
            done: tally.done,
            failed: tally.failed,
            conflict: tally.conflict,
            unconfirmed: tally.unconfirmed,
            bad: tally.bad,
            open: tally.open,
        }
    }
}

/// Lists them.
pub(super) fn list(context: &Context) -> Outcome {
    let runs = bulk::runs(&folder(context))?;
    let lines: Vec<Line> = runs.iter().map(Line::of).collect();
    let view = View::many("bulk-run", &lines)
        .when_empty("No run was made from this data folder.")
        .named_by("/run")
        .columns(vec![
            Column::at("run", "/run"),
            Column::at("command", "/command"),
            Column::at("state", "/state"),
            Column::of("begun", |line| {
                let at = line.pointer("/begun_at").and_then(|v| v.as_str());
                at.and_then(|text| text.parse::<Timestamp>().ok())
                    .map_or_else(String::new, date_time)
            }),
            Column::at("rows", "/rows"),
            Column::at("done", "/done"),
            Column::at("failed", "/failed"),
            Column::at("open", "/open"),
            Column::at("conflict", "/conflict").wide(),
            Column::at("unconfirmed", "/unconfirmed").wide(),
            Column::at("bad", "/bad").wide(),
            Column::at("file", "/file").wide(),
        ]);
    context.show(&view)?;
    Ok(Exit::Done)
}

/// Reports.
pub(super) fn report(context: &Context, args: &ReportArgs) -> Outcome {
    let archived = bulk::run_of(&folder(context), args.run)?;
    let content = archived.content()?;
    let input = match archived.journal.command.starts_with("sip.") {
        true => bulk::read_target_rows(&content),
        false => bulk::read(&content),
    };
    let input = input.map_err(|e| CommandError::internal(format!("the kept input: {e}")))?;
    let for_people = context.screen.style().format.is_for_people();
    context.show(&bulk::report(&input, &archived.journal, for_people))?;
    context.status(&bulk::summary(&archived.journal))?;
    if archived.state() == "unfinished" {
        context.status(&format!("  Go on:  callhome bulk resume {}", args.run))?;
    }
    Ok(Exit::Done)
}

/// Goes on: the run's own command line in a program of its own, which asks, shows and ends as it did.
pub(super) async fn resume(context: &Context, args: &ResumeArgs) -> Outcome {
    // Ctrl-C reaches the other program too, which ends in good order; this one only waits for it.
    let _interrupt = context.interrupt();
    let archived = bulk::run_of(&folder(context), args.run)?;
    let (line, directory) = archived.command_line()?;
    let mut command = std::process::Command::new(&context.environment.program);
    command
        .args(&line)
        .current_dir(directory)
        .env(bulk::RESUMES, args.run.to_string());
    let status = tokio::task::spawn_blocking(move || command.status())
        .await
        .map_err(|e| CommandError::internal(e.to_string()))?
        .map_err(|e| CommandError::internal(format!("cannot start again: {e}")))?;
    let code = status.code().and_then(|c| u8::try_from(c).ok());
    Ok(Exit::Code(code.unwrap_or(130)))
}
