mod backup;
mod folder;
mod forgery;
mod scene;
mod show;
mod stage;
mod steps;

use std::path::PathBuf;

use clap::Args;

use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind, Exit, Outcome};

use folder::{Folder, sweep};
use scene::Scene;
use show::Narrator;
use stage::Stage;
use steps::Step;

/// Show what callhome does: two servers, a carrier, a router and phones, on this machine
///
/// Starts them as programs of their own on loopback, in a scratch folder that is removed
/// afterwards, and performs the product's main jobs on them. Nothing is scripted: a broken
/// part shows, and the exit code says so.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome demo                one minute that shows it all
  callhome demo -o json        one document with a step each, for programs
  callhome demo -v             also the commands that are run
  callhome demo --trace sip,http,sms   also what crosses the wire
  callhome demo --keep         leave it all running and print commands to try")]
pub(crate) struct DemoArgs {
    /// Leave everything running until Ctrl-C, and print commands to try
    #[arg(long)]
    keep: bool,
    /// Play in this folder, which must not exist yet, and keep it
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

/// Why a step is not as it should be.
#[derive(Debug, Clone)]
pub(super) struct Fault(String);

impl Fault {
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Runs the command.
///
/// # Errors
/// When the scene cannot be set; a step that fails is told in the output and the exit code.
pub(super) async fn run(context: &Context, args: DemoArgs) -> Outcome {
    let stop = context.interrupt();
    let program = std::env::current_exe()
        .map_err(|e| CommandError::internal(format!("cannot find the program itself: {e}")))?;
    let folder = match args.folder.clone() {
        Some(folder) => std::path::absolute(folder)
            .map_err(|e| CommandError::usage(format!("--folder: {e}")))?,
        None => {
            let temporary = context.environment.temporary_folder();
            sweep(&temporary);
            Folder::scratch(&temporary, &context.new_id()?.to_string())
        }
    };
    if folder.exists() {
        return Err(CommandError::new(
            ErrorKind::Conflict,
            format!("{} is there already: nothing was changed", folder.display()),
        )
        .hint("The demo plays in a folder of its own: name one that is not there."));
    }
    let keep_folder = args.keep || args.folder.is_some();
    let scene = |fault: Fault| {
        CommandError::new(
            ErrorKind::Internal,
            format!("the demo cannot start: {fault}"),
        )
        .hint("Check this installation:  callhome doctor")
    };
    let mut narrator = Narrator::new(context, args.keep);
    narrator.opening()?;
    let folder = Folder::make(folder, keep_folder).map_err(scene)?;
    let stage = Stage::open(program, folder, context.flags.trace.clone());
    let mut scene = tokio::select! {
        scene_or = Scene::set(stage) => scene_or.map_err(scene)?,
        () = stop.cancelled() => return Err(CommandError::new(ErrorKind::Interrupted, "stopped")),
    };
    // What was said while the scene was set belongs to no step.
    drop(scene.stage().heard());
    for step in Step::ALL {
        narrator.begin(step);
        let started = std::time::Instant::now();
        let outcome = tokio::select! {
            outcome = step.perform(&mut scene) => outcome,
            () = stop.cancelled() => return Err(CommandError::new(ErrorKind::Interrupted, "stopped")),
        };
        let took = started.elapsed();
        narrator.end(step, outcome, took, scene.stage().heard())?;
    }
    let complete = narrator.is_complete();
    narrator.closing(&scene)?;
    if args.keep {
        stop.cancelled().await;
    }
    drop(scene);
    Ok(if complete {
        Exit::Done
    } else {
        Exit::Ended(ErrorKind::Internal)
    })
}
