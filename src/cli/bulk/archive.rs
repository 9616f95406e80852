use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind};
use crate::domain::{ShortId, Timestamp};
use crate::flow::journal::Journal;

/// How a run was begun, kept beside its journal together with its input, so that it can be told about and gone on with
/// when the file is gone or came through a pipe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Recipe {
    /// The run.
    pub run: ShortId,
    /// When it began.
    pub at: Timestamp,
    /// The command line, without the program's name. Secrets are never in it.
    pub args: Vec<String>,
    /// The input, as it was named there.
    pub file: PathBuf,
    /// Where the command was given.
    pub directory: PathBuf,
}

/// A run that was found.
pub(crate) struct Archived {
    /// Its journal.
    pub journal: Journal,
    /// How it was begun; absent for runs of other makes.
    pub recipe: Option<Recipe>,
    /// Whether a command works on it at this moment.
    pub under_way: bool,
    folder: PathBuf,
}

fn recipe_file(folder: &Path, run: ShortId) -> PathBuf {
    folder.join(format!("{run}.json"))
}

fn input_file(folder: &Path, run: ShortId) -> PathBuf {
    folder.join(format!("{run}.input"))
}

/// Keeps how a run was begun, and its input.
fn keep(folder: &Path, recipe: &Recipe, content: &[u8]) -> Result<(), CommandError> {
    let text = serde_json::to_vec(recipe).map_err(|e| CommandError::internal(e.to_string()))?;
    // The recipe comes last: one that is there has its input.
    for (path, bytes) in [
        (input_file(folder, recipe.run), content),
        (recipe_file(folder, recipe.run), &text),
    ] {
        fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(path)?
            .write_all(bytes)?;
    }
    Ok(())
}

/// Keeps what `bulk resume` and `bulk report` need of a run that begins.
pub(super) fn keep_beginning(
    context: &Context,
    folder: &Path,
    run: ShortId,
    file: &Path,
    content: &[u8],
) -> Result<(), CommandError> {
    let args = context.environment.args.iter().skip(1);
    let recipe = Recipe {
        run,
        at: context.now(),
        args: args.map(|a| a.to_string_lossy().into_owned()).collect(),
        file: file.to_owned(),
        directory: context.environment.directory.clone(),
    };
    keep(folder, &recipe, content)
}

/// Says to the command of a run that it is to go on with it.
pub(crate) const RESUMES: &str = "CALLHOME_RESUMES";

/// The run that `bulk resume` began this program for.
pub(super) fn resumes(context: &Context) -> Option<ShortId> {
    context.environment.variable(RESUMES)?.parse().ok()
}

/// All runs in a folder, newest first.
///
/// # Errors
/// What the file system says.
pub(crate) fn runs(folder: &Path) -> Result<Vec<Archived>, CommandError> {
    let mut found = Vec::new();
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(found),
        Err(error) => return Err(error.into()),
    };
    for entry in entries {
        let path = entry?.path();
        let named = path.file_stem().and_then(|n| n.to_str());
        let Some(run) = named.and_then(|n| n.parse::<ShortId>().ok()) else {
            continue;
        };
        if path.extension().is_some_and(|e| e == "ndjson")
            && let Some(archived) = read(folder, run)?
        {
            found.push(archived);
        }
    }
    found.sort_by_key(|a| std::cmp::Reverse(a.recipe.as_ref().map(|r| r.at)));
    Ok(found)
}

/// One run.
///
/// # Errors
/// [`ErrorKind::NotFound`] when there is none with this id.
pub(crate) fn run_of(folder: &Path, run: ShortId) -> Result<Archived, CommandError> {
    read(folder, run)?.ok_or_else(|| {
        CommandError::new(ErrorKind::NotFound, format!("there is no run {run} here"))
            .hint("See them:  callhome bulk list")
    })
}

fn read(folder: &Path, run: ShortId) -> Result<Option<Archived>, CommandError> {
    let path = folder.join(format!("{run}.ndjson"));
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    // A journal that cannot be read is none that could be told about.
    let Ok(journal) = Journal::read(&String::from_utf8_lossy(&bytes)) else {
        return Ok(None);
    };
    let recipe = fs::read(recipe_file(folder, run)).ok();
    let recipe = recipe.and_then(|text| serde_json::from_slice(&text).ok());
    let locked = fs::File::open(&path)?.try_lock_shared();
    Ok(Some(Archived {
        journal,
        recipe,
        under_way: matches!(locked, Err(fs::TryLockError::WouldBlock)),
        folder: folder.to_owned(),
    }))
}

impl Archived {
    /// `finished`, `unfinished` or `under way`.
    #[must_use]
    pub(crate) const fn state(&self) -> &'static str {
        match (self.journal.finished, self.under_way) {
            (true, _) => "finished",
            (false, true) => "under way",
            (false, false) => "unfinished",
        }
    }

    /// The input as it was read when the run began.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when it was not kept.
    pub(crate) fn content(&self) -> Result<Vec<u8>, CommandError> {
        let run = self.journal.run;
        fs::read(input_file(&self.folder, run)).map_err(|_| {
            CommandError::new(
                ErrorKind::NotFound,
                format!("the input of run {run} was not kept"),
            )
        })
    }

    /// The command line that goes on with it: its own, with the kept input in place of the file.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] when nothing is left to do or a command works on it, [`ErrorKind::NotFound`] when its
    /// beginning was not kept.
    pub(crate) fn command_line(&self) -> Result<(Vec<String>, &Path), CommandError> {
        let run = self.journal.run;
        if self.journal.finished || self.under_way {
            let error = CommandError::new(
                ErrorKind::Conflict,
                format!("run {run} is {}", self.state()),
            );
            return Err(error.hint(format!("How its rows ended:  callhome bulk report {run}")));
        }
        let recipe = self.recipe.as_ref().ok_or_else(|| {
            CommandError::new(
                ErrorKind::NotFound,
                format!("how run {run} was begun was not kept"),
            )
            .hint("Give the same command with the same input again: it goes on by itself")
        })?;
        let given = recipe.file.display().to_string();
        let piped = |arg: &String| arg != &given && (arg == "-" || arg.ends_with("=-"));
        if given != "-" && recipe.args.iter().any(piped) {
            let why =
                format!("a part of run {run} came through standard input, which was not kept");
            return Err(CommandError::new(ErrorKind::NotFound, why)
                .hint("Give the same command with the same input again: it goes on by itself"));
        }
        let kept = input_file(&self.folder, run).display().to_string();
        let joined = format!("--from={given}");
        let args = recipe.args.iter().map(|arg| match arg {
            arg if *arg == given => kept.clone(),
            arg if *arg == joined => format!("--from={kept}"),
            arg => arg.clone(),
        });
        Ok((args.collect(), &recipe.directory))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::journal::JournalLine;

    #[test]
    fn an_unfinished_run_is_gone_on_with_by_its_kept_input() {
        let folder = tempfile::tempdir().expect("scratch");
        let run = ShortId::from_random([1; 5]);
        let line = JournalLine::Begun {
            run,
            command: "device.lock".into(),
            digest: "d".into(),
            rows: 1,
            at: Timestamp::from_millis(0),
        };
        let text = line.to_text().expect("a line");
        std::fs::write(folder.path().join(format!("{run}.ndjson")), text).expect("written");
        let recipe = Recipe {
            run,
            at: Timestamp::from_millis(0),
            args: ["device", "lock", "--from", "-", "--message", "x-y"]
                .map(str::to_owned)
                .to_vec(),
            file: "-".into(),
            directory: "/".into(),
        };
        keep(folder.path(), &recipe, b"imei\n").expect("kept");
        let found = runs(folder.path()).expect("read");
        assert_eq!((found.len(), found[0].state()), (1, "unfinished"));
        let (args, _) = found[0].command_line().expect("can go on");
        let kept = input_file(folder.path(), run).display().to_string();
        assert_eq!(args[..4], ["device", "lock", "--from", &kept]);
        assert_eq!(args[5], "x-y");
        assert_eq!(found[0].content().expect("kept"), b"imei\n");
        assert!(run_of(folder.path(), ShortId::from_random([2; 5])).is_err());
    }
}
