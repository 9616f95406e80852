use std::fmt;
use std::path::Path;

use serde_json::json;

use crate::api::{Problem, ProblemCode};
use crate::net::management::ClientError;

/// Why a command ended, which decides its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ErrorKind {
    /// A fault of ours or of the machine. Exit 1.
    Internal,
    /// The command line or its input is wrong. Exit 2.
    Usage,
    /// Not logged in, or the credentials do not hold. Exit 3.
    Auth,
    /// There is no such thing. Exit 4.
    NotFound,
    /// The role may not do this. Exit 5.
    Forbidden,
    /// Too many requests. Exit 6.
    RateLimited,
    /// Some of several targets did not go through. Exit 7.
    Partial,
    /// Refused by our own policy, as a risk that was not accepted. Exit 8.
    Policy,
    /// Two or more things fit the name. Exit 9.
    Ambiguous,
    /// Time ran out; what was asked may still happen. Exit 10.
    Unconfirmed,
    /// The device or the server said no. Exit 11.
    Rejected,
    /// The other side was not heard. Exit 12.
    Unreachable,
    /// The configuration is wrong. Exit 13.
    Config,
    /// The secret store cannot be used. Exit 14.
    SecretStore,
    /// It conflicts with what is there. Exit 15.
    Conflict,
    /// A peer of the federation was not heard. Exit 16.
    FederationIncomplete,
    /// Two things that should be the same differ. Exit 17.
    Differs,
    /// Stopped by the user. Exit 130.
    Interrupted,
}

impl ErrorKind {
    /// The exit code.
    #[must_use]
    pub(super) const fn exit_code(self) -> u8 {
        match self {
            Self::Internal => 1,
            Self::Usage => 2,
            Self::Auth => 3,
            Self::NotFound => 4,
            Self::Forbidden => 5,
            Self::RateLimited => 6,
            Self::Partial => 7,
            Self::Policy => 8,
            Self::Ambiguous => 9,
            Self::Unconfirmed => 10,
            Self::Rejected => 11,
            Self::Unreachable => 12,
            Self::Config => 13,
            Self::SecretStore => 14,
            Self::Conflict => 15,
            Self::FederationIncomplete => 16,
            Self::Differs => 17,
            Self::Interrupted => 130,
        }
    }

    /// The word for it in JSON.
    #[must_use]
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Usage => "usage",
            Self::Auth => "auth",
            Self::NotFound => "not-found",
            Self::Forbidden => "forbidden",
            Self::RateLimited => "rate-limited",
            Self::Partial => "partial",
            Self::Policy => "refused-by-policy",
            Self::Ambiguous => "ambiguous",
            Self::Unconfirmed => "unconfirmed",
            Self::Rejected => "rejected",
            Self::Unreachable => "unreachable",
            Self::Config => "config",
            Self::SecretStore => "secret-store",
            Self::Conflict => "conflict",
            Self::FederationIncomplete => "federation-incomplete",
            Self::Differs => "differs",
            Self::Interrupted => "interrupted",
        }
    }
}

/// How a command ended that has shown what there was to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(super) enum Exit {
    /// All as asked. Exit 0.
    Done,
    /// The output tells it all; only the exit code is left to say.
    Ended(ErrorKind),
    /// The output tells it all, to a program that wants codes of its own.
    Code(u8),
}

/// What every command returns.
pub(super) type Outcome = Result<Exit, CommandError>;

/// The one error at the edge: what happened and why, and what to do next.
// Boxed, so that the results of all commands stay small.
#[derive(Debug)]
pub(super) struct CommandError(Box<Told>);

#[derive(Debug)]
struct Told {
    kind: ErrorKind,
    message: String,
    hints: Vec<String>,
    code: Option<String>,
    correlation: Option<String>,
    ending: Ending,
}

/// What is to be told at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Ending {
    /// The error.
    Told,
    /// Nobody reads our output any more: end quietly and well.
    BrokenPipe,
    /// A dry run came to the first thing that would have changed something: this would have been sent.
    DryRun(String),
}

impl CommandError {
    /// Builds an error from its kind and what happened (lower case, no full stop).
    #[must_use]
    pub(super) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Told {
            kind,
            message: in_words(&message.into()),
            hints: Vec::new(),
            code: None,
            correlation: None,
            ending: Ending::Told,
        }))
    }

    fn ending(mut self, ending: Ending) -> Self {
        self.0.ending = ending;
        self
    }

    /// The command line or its input is wrong.
    #[must_use]
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, message)
    }

    /// A file that somebody named cannot be read, in words.
    #[must_use]
    pub(super) fn unreadable(file: &Path, error: &std::io::Error) -> Self {
        use std::io::ErrorKind as Io;
        let name = file.display();
        Self::usage(match error.kind() {
            Io::NotFound => format!("there is no file {name}"),
            Io::IsADirectory => format!("{name} is a folder, not a file"),
            Io::PermissionDenied => format!("{name} may not be read by this account"),
            _ => format!("cannot read {name}: {error}"),
        })
    }

    /// A fault of ours or of the machine.
    #[must_use]
    pub(super) fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, message)
    }

    /// The reader of our output went away.
    #[must_use]
    pub(super) fn broken_pipe() -> Self {
        Self::internal("nobody reads the output").ending(Ending::BrokenPipe)
    }

    /// A dry run ended where something would have been sent.
    #[must_use]
    pub(super) fn dry_run(recorded: String) -> Self {
        Self::internal("nothing was sent").ending(Ending::DryRun(recorded))
    }

    /// What a dry run would have sent.
    #[must_use]
    pub(super) fn recorded(&self) -> Option<&str> {
        match &self.0.ending {
            Ending::DryRun(text) => Some(text),
            _ => None,
        }
    }

    /// The same error with one more next step, as in `See them all:  callhome device list`.
    #[must_use]
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hints.push(hint.into());
        self
    }

    /// The same error, each next step as `changed` makes it.
    #[must_use]
    pub(super) fn with_hints(mut self, changed: impl Fn(&str) -> String) -> Self {
        for hint in &mut self.0.hints {
            *hint = changed(hint);
        }
        self
    }

    /// Why the command ended.
    #[must_use]
    pub(super) fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What happened.
    #[must_use]
    pub(super) fn message(&self) -> &str {
        &self.0.message
    }

    /// What to do next.
    #[must_use]
    pub(super) fn hints(&self) -> &[String] {
        &self.0.hints
    }

    /// The stable code of the server's problem, when it was one.
    #[must_use]
    pub(super) fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// Exit code of the process.
    #[must_use]
    pub(super) fn exit_code(&self) -> u8 {
        match self.0.ending {
            Ending::Told => self.0.kind.exit_code(),
            Ending::BrokenPipe | Ending::DryRun(_) => 0,
        }
    }

    /// The text for standard error; empty when there is nobody to tell. `json` makes it one line.
    #[must_use]
    pub(super) fn render(&self, json: bool, colour: bool) -> String {
        if self.0.ending != Ending::Told {
            return String::new();
        }
        if json {
            let mut line = json!({
                "schema": "callhome/error/v1",
                "error": self.0.kind.word(),
                "exit": self.exit_code(),
                "message": self.0.message,
                "next": self.0.hints,
            });
            if let Some(code) = &self.0.code {
                line["code"] = json!(code);
            }
            if let Some(correlation) = &self.0.correlation {
                line["correlation"] = json!(correlation);
            }
            return format!("{line}\n");
        }
        let (on, off) = if colour {
            ("\u{1b}[1;31m", "\u{1b}[0m")
        } else {
            ("", "")
        };
        let mut text = format!("{on}error:{off} {}\n", self.0.message);
        for line in self.0.hints.iter().flat_map(|h| h.lines()) {
            text.push_str("  ");
            text.push_str(line);
            text.push('\n');
        }
        if let Some(correlation) = &self.0.correlation
            && self.0.kind == ErrorKind::Internal
        {
            text.push_str(&format!(
                "  The server's log has more under {correlation}.\n"
            ));
        }
        text
    }

    /// Translates what clap found wrong into our form; `command` is the command that was meant, as in
    /// `callhome device lock`. `None` for `--help` and `--version`, which are no errors.
    #[must_use]
    pub(super) fn from_clap(error: &clap::Error, command: &str) -> Option<Self> {
        use clap::error::ErrorKind as Clap;
        if matches!(error.kind(), Clap::DisplayHelp | Clap::DisplayVersion) {
            return None;
        }
        let text = error.render().to_string();
        if error.kind() == Clap::DisplayHelpOnMissingArgumentOrSubcommand {
            let usage = text
                .lines()
                .find_map(|l| l.strip_prefix("Usage: "))
                .unwrap_or("callhome COMMAND");
            return Some(
                Self::usage("this command needs one more word")
                    .hint(format!("Usage:  {usage}"))
                    .hint(format!("Help:   {command} --help")),
            );
        }
        let mut message = Vec::new();
        let mut hints = Vec::new();
        let mut usage = None;
        for line in text.lines() {
            let trimmed = line.trim();
            if let Some(rest) = trimmed.strip_prefix("error: ") {
                message.push(rest.to_owned());
            } else if let Some(rest) = trimmed.strip_prefix("tip: ") {
                hints.push(format!("Tip:    {rest}"));
            } else if let Some(rest) = trimmed.strip_prefix("Usage: ") {
                usage = Some(rest.to_owned());
            } else if usage.is_none()
                && hints.is_empty()
                && !trimmed.is_empty()
                && !trimmed.starts_with("For more")
            {
                message.push(trimmed.to_owned());
            }
        }
        let mut made = Self::usage(message.join(" "));
        made.0.hints = hints;
        if let Some(usage) = usage {
            made = made.hint(format!("Usage:  {usage}"));
        }
        Some(made.hint(format!("Help:   {command} --help")))
    }
}

/// What parsers and the system say, in words for people.
fn in_words(message: &str) -> String {
    const WORDS: &[(&str, &str)] = &[
        ("invalid digit found in string", "it takes a whole number"),
        (
            "cannot parse integer from empty string",
            "it takes a number",
        ),
        (
            "number too large to fit in target type",
            "that is too large",
        ),
        (
            "number too small to fit in target type",
            "that is too small",
        ),
        ("invalid float literal", "it takes a number"),
        ("is not in 1..18446744073709551615", "is not 1 or more"),
        (
            "relative URL without a base",
            "an address looks like https://mgmt.example.net:8443",
        ),
        ("Connection refused", "nobody listens there"),
        (
            "failed to lookup address information: Name or service not known",
            "there is no host of this name",
        ),
        (
            "failed to lookup address information: Temporary failure in name resolution",
            "names cannot be looked up now",
        ),
        ("No such file or directory", "there is no such file"),
        ("No space left on device", "the disk is full"),
    ];
    let mut text = WORDS.iter().fold(message.to_owned(), |m, (found, words)| {
        m.replace(found, words)
    });
    // The number of the system's error is for whoever reads a log.
    while let Some(at) = text.find(" (os error ") {
        let Some(end) = text[at..].find(')') else {
            break;
        };
        text.replace_range(at..=at + end, "");
    }
    text
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for CommandError {}

/// Which exit code a problem of the server has.
const fn kind_of(code: ProblemCode) -> ErrorKind {
    match code {
        ProblemCode::InvalidRequest | ProblemCode::TooLarge | ProblemCode::Unprocessable => {
            ErrorKind::Usage
        }
        ProblemCode::NotAuthenticated | ProblemCode::AuthenticationFailure => ErrorKind::Auth,
        ProblemCode::Forbidden => ErrorKind::Forbidden,
        ProblemCode::NotFound => ErrorKind::NotFound,
        ProblemCode::Ambiguous => ErrorKind::Ambiguous,
        ProblemCode::AlreadyLocked
        | ProblemCode::Conflict
        | ProblemCode::VersionMismatch
        | ProblemCode::KeyReused
        | ProblemCode::NotEnrolled => ErrorKind::Conflict,
        ProblemCode::NotConfigured => ErrorKind::Config,
        ProblemCode::RiskNotAccepted | ProblemCode::EvaluationEnded => ErrorKind::Policy,
        ProblemCode::RateLimited => ErrorKind::RateLimited,
        ProblemCode::Rejected => ErrorKind::Rejected,
        ProblemCode::Unreachable | ProblemCode::Unavailable => ErrorKind::Unreachable,
        ProblemCode::Internal => ErrorKind::Internal,
    }
}

impl From<Problem> for CommandError {
    fn from(problem: Problem) -> Self {
        let message = if problem.detail.is_empty() {
            problem.title
        } else {
            problem.detail
        };
        let mut error = Self::new(kind_of(problem.code), message);
        if !problem.next.is_empty() {
            error = problem.next.lines().fold(error, Self::hint);
        } else if kind_of(problem.code) == ErrorKind::Auth {
            error = error.hint("Log in:  callhome auth login");
        }
        error.0.code = Some(problem.code.word().to_owned());
        error.0.correlation = Some(problem.correlation).filter(|c| !c.is_empty());
        error
    }
}

impl From<ClientError> for CommandError {
    fn from(error: ClientError) -> Self {
        let text = error.to_string();
        match error {
            ClientError::Problem(problem) => (*problem).into(),
            ClientError::DryRun(recorded) => Self::dry_run(recorded.text),
            ClientError::Unreachable { .. } => Self::new(ErrorKind::Unreachable, text)
                .hint("Does the server run there (callhome serve), and is its port right?")
                .hint("Look for the cause:  callhome doctor"),
            ClientError::Untrusted { .. } => Self::new(ErrorKind::Auth, text).hint(
                "If the server was set up anew, pin it again:  callhome auth login --server URL",
            ),
            ClientError::Protocol { .. } => Self::new(ErrorKind::Unreachable, text)
                .hint("Check the address:  callhome context list"),
            ClientError::Unusable(_) => Self::new(ErrorKind::Config, text)
                .hint("Pin the server again:  callhome auth login --server URL"),
        }
    }
}

impl From<std::io::Error> for CommandError {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            Self::broken_pipe()
        } else {
            Self::internal(error.to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_happened_and_what_to_do() {
        let error = CommandError::usage("it is wrong").hint("Do this:  callhome device list");
        assert_eq!(
            error.render(false, false),
            "error: it is wrong\n  Do this:  callhome device list\n"
        );
        let line = error.render(true, false);
        assert_eq!(line.lines().count(), 1);
        let value: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(value["exit"], 2);
    }

    #[test]
    fn what_the_system_says_is_told_in_words() {
        let refused = std::io::Error::from_raw_os_error(111);
        let error = CommandError::usage(format!("no answer from x: {refused}; twice: {refused}"));
        assert_eq!(
            error.message(),
            "no answer from x: nobody listens there; twice: nobody listens there"
        );
        let number = "x".parse::<u32>().expect_err("no number");
        let error = CommandError::usage(format!("invalid value 'x': {number}"));
        assert_eq!(
            error.message(),
            "invalid value 'x': it takes a whole number"
        );
    }

    #[test]
    fn a_broken_pipe_is_quiet_and_well() {
        let error = CommandError::from(std::io::Error::from(std::io::ErrorKind::BrokenPipe));
        assert_eq!(
            (error.exit_code(), error.render(false, true)),
            (0, String::new())
        );
    }

    #[test]
    fn a_problem_keeps_its_code_and_advice() {
        let error: CommandError = Problem::new(ProblemCode::AlreadyLocked, "locked since 14:02")
            .with_next("See it:  callhome device pin x")
            .into();
        assert_eq!(error.exit_code(), 15);
        assert_eq!(error.code(), Some("already-locked"));
        assert_eq!(error.hints(), ["See it:  callhome device pin x"]);
    }

    #[test]
    fn exit_codes_are_distinct() {
        let mut all: Vec<u8> = ProblemCode::ALL
            .iter()
            .map(|c| kind_of(*c).exit_code())
            .collect();
        all.sort_unstable();
        assert!(all.iter().all(|c| (1..=17).contains(c)));
    }
}
