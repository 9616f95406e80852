use clap::Args;
use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::error::{ErrorKind, Exit, Outcome};
use crate::cli::output::{Column, View};

/// Check this installation and say what to repair.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome doctor
  callhome doctor -o json")]
pub struct DoctorArgs {}

#[derive(Serialize)]
struct Check {
    name: &'static str,
    grade: &'static str,
    finding: String,
}

/// Runs the checks.
pub(super) async fn run(context: &Context, _: DoctorArgs) -> Outcome {
    let checks = vec![data_directory(context)];
    let bad = checks.iter().any(|c| c.grade == "bad");
    let view = View::many("doctor", &checks)
        .named_by("/name")
        .columns(vec![
            Column::at("check", "/name"),
            Column::at("grade", "/grade"),
            Column::at("finding", "/finding"),
        ]);
    context.show(&view)?;
    Ok(if bad {
        Exit::Ended(ErrorKind::Config)
    } else {
        Exit::Done
    })
}

fn data_directory(context: &Context) -> Check {
    let folder = context.data_directory();
    let (grade, finding) = match std::fs::metadata(&folder) {
        Ok(found) if found.is_dir() => ("ok", folder.display().to_string()),
        Ok(_) => ("bad", format!("{} is not a folder", folder.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => (
            "ok",
            format!("{} (made when it is needed)", folder.display()),
        ),
        Err(error) => ("bad", format!("{}: {error}", folder.display())),
    };
    Check {
        name: "data folder",
        grade,
        finding,
    }
}
