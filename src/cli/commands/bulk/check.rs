use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::read_input;
use crate::cli::context::Context;
use crate::cli::error::{ErrorKind, Exit, Outcome};
use crate::cli::output::{Column, View, count, grouped};

/// Print an input file to begin with.
#[derive(Debug, Args)]
#[command(after_help = "\
Columns beside the one that names the device come back in the report.

Examples:
  callhome bulk template > phones.csv
  callhome bulk template import > new-phones.csv")]
pub(crate) struct TemplateArgs {
    /// What the file is for: act or import
    #[arg(
        value_name = "KIND",
        default_value = "act",
        hide_possible_values = true
    )]
    kind: Kind,
}

/// What an input is for.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    /// Devices that are to do something.
    Act,
    /// New devices.
    Import,
}

/// Prints it.
pub(super) fn template(context: &Context, args: &TemplateArgs) -> Outcome {
    let text = match args.kind {
        Kind::Act => "device,note\n358931104120070,by IMEI\n+14085550137,by number\n",
        Kind::Import => {
            "imei,name,owner,model,number,site\n\
             358931104120070,Loan 1,M. Eriksson,Nokia G42,+14085550137,Lund\n"
        }
    };
    context.screen.data(text.as_bytes())?;
    Ok(Exit::Done)
}

/// Say what is wrong with an input file, without sending anything.
#[derive(Debug, Args)]
#[command(after_help = "\
Whether the devices exist is found out by the run itself.

Examples:
  callhome bulk check phones.csv
  callhome bulk check phones.csv -o json

Ends with 0 when every row is good, 7 when some are bad, 2 when none is good.")]
pub(crate) struct CheckArgs {
    /// CSV or NDJSON file with one device a row; - is standard input
    file: PathBuf,
}

#[derive(Serialize)]
struct BadRow {
    line: u64,
    row: String,
    error: String,
}

/// Checks it.
pub(super) fn check(context: &Context, args: &CheckArgs) -> Outcome {
    let (_, input) = read_input(&args.file)?;
    let bad: Vec<BadRow> = input
        .rows
        .iter()
        .filter_map(|row| {
            Some(BadRow {
                line: row.line,
                row: row.cells.join(","),
                error: row.device.as_ref().err()?.clone(),
            })
        })
        .collect();
    let view = View::many("bulk-fault", &bad)
        .when_empty("Every row is good.")
        .named_by("/line")
        .columns(vec![
            Column::at("line", "/line"),
            Column::at("row", "/row"),
            Column::at("error", "/error"),
        ]);
    context.show(&view)?;
    let rows = input.rows.len();
    context.status(&format!(
        "{}: {}, {} good, {} bad",
        args.file.display(),
        count(rows as u64, "row"),
        grouped((rows - bad.len()) as u64),
        grouped(bad.len() as u64)
    ))?;
    Ok(match bad.len() {
        0 => Exit::Done,
        n if n == rows => Exit::Ended(ErrorKind::Usage),
        _ => Exit::Ended(ErrorKind::Partial),
    })
}
