use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::output::terminal_width;

/// Columns that output is made for when no terminal tells its width.
const DEFAULT_WIDTH: usize = 80;

/// What the process was started with: arguments, variables, terminals. Captured once.
///
/// Every other file of the program takes what it needs from this value, so that a
/// test can hand in another one.
#[derive(Debug, Clone)]
pub(super) struct Environment {
    /// Arguments, the program's name first.
    pub args: Vec<OsString>,
    /// The program itself, to start it again.
    pub program: PathBuf,
    /// Working directory.
    pub directory: PathBuf,
    /// Standard input is a terminal.
    pub stdin_is_terminal: bool,
    /// Standard output is a terminal.
    pub stdout_is_terminal: bool,
    /// Standard error is a terminal.
    pub stderr_is_terminal: bool,
    /// Columns to fit output into.
    pub width: usize,
    variables: BTreeMap<String, String>,
}

impl Environment {
    /// Reads the process's own environment.
    #[must_use]
    pub(super) fn capture() -> Self {
        let variables: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)))
            .collect();
        let stdout_is_terminal = std::io::stdout().is_terminal();
        let told = variables
            .get("COLUMNS")
            .and_then(|v| v.parse::<usize>().ok())
            .filter(|w| (20..=1000).contains(w));
        let seen = || stdout_is_terminal.then(terminal_width).flatten();
        Self {
            args: std::env::args_os().collect(),
            program: std::env::current_exe().unwrap_or_else(|_| PathBuf::from("callhome")),
            directory: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            stdin_is_terminal: std::io::stdin().is_terminal(),
            stdout_is_terminal,
            stderr_is_terminal: std::io::stderr().is_terminal(),
            width: told.or_else(seen).unwrap_or(DEFAULT_WIDTH),
            variables,
        }
    }

    /// A made-up environment without terminals, for tests.
    #[cfg(test)]
    fn of<'a>(
        args: impl IntoIterator<Item = &'a str>,
        variables: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        Self {
            args: args.into_iter().map(OsString::from).collect(),
            program: PathBuf::from("callhome"),
            directory: PathBuf::from("."),
            stdin_is_terminal: false,
            stdout_is_terminal: false,
            stderr_is_terminal: false,
            width: DEFAULT_WIDTH,
            variables: variables
                .into_iter()
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
                .collect(),
        }
    }

    /// The value of a variable; `None` when it is unset or empty.
    #[must_use]
    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(String::as_str)
            .filter(|v| !v.is_empty())
    }

    /// All variables whose name begins with `CALLHOME_`, for the configuration's layers.
    #[must_use]
    pub(super) fn callhome_variables(&self) -> BTreeMap<String, String> {
        self.variables
            .iter()
            .filter(|(k, v)| k.starts_with("CALLHOME_") && !v.is_empty())
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect()
    }

    /// Whether colour may be used on a stream (<https://no-color.org>; `TERM=dumb` counts too).
    #[must_use]
    pub(super) fn wants_colour(&self, is_terminal: bool) -> bool {
        is_terminal && self.variable("NO_COLOR").is_none() && self.variable("TERM") != Some("dumb")
    }

    /// Data directory: the flag, else `CALLHOME_DATA_DIR`, else the XDG place, else below the home directory.
    #[must_use]
    pub(super) fn data_directory(&self, flag: Option<&Path>) -> PathBuf {
        if let Some(path) = flag {
            return path.to_owned();
        }
        if let Some(path) = self.variable("CALLHOME_DATA_DIR") {
            return PathBuf::from(path);
        }
        self.variable("XDG_DATA_HOME").map_or_else(
            || self.home().join(".local/share/callhome"),
            |base| PathBuf::from(base).join("callhome"),
        )
    }

    /// Folder for scratch files: `TMPDIR`, else `/tmp`.
    #[must_use]
    pub(super) fn temporary_folder(&self) -> PathBuf {
        self.variable("TMPDIR")
            .map_or_else(|| PathBuf::from("/tmp"), PathBuf::from)
    }

    /// The user's configuration file.
    #[must_use]
    pub(super) fn user_config(&self) -> PathBuf {
        self.variable("XDG_CONFIG_HOME")
            .map_or_else(|| self.home().join(".config"), PathBuf::from)
            .join("callhome/config.yaml")
    }

    fn home(&self) -> PathBuf {
        self.variable("HOME")
            .map_or_else(|| self.directory.clone(), PathBuf::from)
    }
}

/// Whether we were started so that the end of the terminal does not end us, as `nohup` does.
#[must_use]
pub(super) fn outlives_terminal() -> bool {
    static ANSWER: OnceLock<bool> = OnceLock::new();
    // Asked once: whoever listens for the signal does not ignore it any more.
    *ANSWER.get_or_init(|| {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        ignores_hangup(&status)
    })
}

/// The same by what Linux tells of a process (proc(5)): a mask of the signals that it ignores; the first is SIGHUP.
fn ignores_hangup(status: &str) -> bool {
    status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_directory_comes_from_the_nearest_word() {
        let env = Environment::of([], [("HOME", "/h"), ("CALLHOME_DATA_DIR", "")]);
        assert_eq!(
            env.data_directory(None),
            PathBuf::from("/h/.local/share/callhome")
        );
        let env = Environment::of([], [("HOME", "/h"), ("XDG_DATA_HOME", "/x")]);
        assert_eq!(env.data_directory(None), PathBuf::from("/x/callhome"));
        let env = Environment::of([], [("CALLHOME_DATA_DIR", "/d")]);
        assert_eq!(env.data_directory(None), PathBuf::from("/d"));
        assert_eq!(
            env.data_directory(Some(Path::new("/f"))),
            PathBuf::from("/f")
        );
    }

    #[test]
    fn who_is_started_to_outlive_the_terminal_does() {
        assert!(ignores_hangup(
            "Name:\tx\nSigIgn:\t0000000000001001\nSigCgt:\t0\n"
        ));
        assert!(!ignores_hangup("SigBlk:\t01\nSigIgn:\t0000000000001000\n"));
        assert!(!ignores_hangup(""));
    }

    #[test]
    fn colour_needs_a_terminal_and_no_objection() {
        let env = Environment::of([], [("NO_COLOR", "1")]);
        assert!(!env.wants_colour(true));
        assert!(!Environment::of([], [("TERM", "dumb")]).wants_colour(true));
        assert!(Environment::of([], []).wants_colour(true));
        assert!(!Environment::of([], []).wants_colour(false));
    }
}
