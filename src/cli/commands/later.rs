//! Commands whose arguments are defined when they are asked for.
//!
//! The whole tree holds some thousand arguments and their help; a command needs its
//! own branch. Defining the rest takes longer than most commands run.

use std::cell::Cell;

use clap::{ArgMatches, Command, Error, FromArgMatches, Subcommand};

use super::prose;

thread_local! {
    /// Whether branches wait until the parser comes to them.
    static WAITING: Cell<bool> = const { Cell::new(false) };
}

/// Defines a command line of which only the branch that is called is filled in.
///
/// For parsing: whoever walks the tree (completions, man pages, tests) needs it whole.
pub(super) fn waiting<T>(define: impl FnOnce() -> T) -> T {
    WAITING.set(true);
    let defined = define();
    WAITING.set(false);
    defined
}

/// A noun's verbs `T`, filled in when the parser comes to the noun.
///
/// Not for commands without verbs: the flags of every command would stand before their own in the help.
#[derive(Debug)]
pub(crate) struct Later<T>(pub T);

fn put_off(command: Command, fill: fn(Command) -> Command) -> Command {
    if WAITING.get() {
        command.defer(fill)
    } else {
        fill(command)
    }
}

/// What the parent says of a branch holds over what the branch's own type says of itself.
fn keeping_about(command: Command, fill: fn(Command) -> Command) -> Command {
    let about = command.get_about().cloned();
    let long_about = command.get_long_about().cloned();
    let mut filled = prose::flowing(fill(command));
    if let Some(about) = about {
        filled = filled.about(about).long_about(None);
    }
    if let Some(long_about) = long_about {
        filled = filled.long_about(long_about);
    }
    filled
}

impl<T: FromArgMatches> FromArgMatches for Later<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        T::from_arg_matches(matches).map(Self)
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, Error> {
        T::from_arg_matches_mut(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)
    }

    fn update_from_arg_matches_mut(&mut self, matches: &mut ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches_mut(matches)
    }
}

impl<T: Subcommand> Subcommand for Later<T> {
    fn augment_subcommands(command: Command) -> Command {
        put_off(command, |c| keeping_about(c, T::augment_subcommands))
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        put_off(command, |c| {
            keeping_about(c, T::augment_subcommands_for_update)
        })
    }

    fn has_subcommand(name: &str) -> bool {
        T::has_subcommand(name)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Cli, command};
    use super::waiting;

    use clap::FromArgMatches as _;

    #[test]
    fn a_branch_that_waited_reads_the_same_line_and_shows_the_same_help() {
        for path in [vec![], vec!["device"], vec!["device", "lock"], vec!["call"]] {
            let line = || {
                let mut line = vec!["callhome"];
                line.extend(&path);
                line.push("--help");
                line
            };
            let whole = command().try_get_matches_from(line()).expect_err("help");
            let waited = waiting(command)
                .try_get_matches_from(line())
                .expect_err("help");
            assert_eq!(whole.to_string(), waited.to_string(), "{path:?}");
        }
        let mut matches = waiting(command)
            .try_get_matches_from(["callhome", "device", "show", "anna", "-o", "json"])
            .expect("a line");
        assert!(Cli::from_arg_matches_mut(&mut matches).is_ok());
    }

    #[test]
    fn branches_wait_only_while_they_are_told_to() {
        let waiting = waiting(command);
        let of = |c: &clap::Command| {
            c.find_subcommand("device")
                .map_or(0, |d| d.get_subcommands().count())
        };
        assert_eq!(of(&waiting), 0);
        assert!(of(&command()) > 10);
    }
}
