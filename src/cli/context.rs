use std::path::PathBuf;

use tokio_util::sync::CancellationToken;

use super::environment::Environment;
use super::error::CommandError;
use super::flags::CommonFlags;
use super::output::{Paint, Screen, ShowError, Style, View};
use super::prompt::Prompter;

/// What a command works with: the only place where concrete parts are picked.
///
/// Cheap to make: whatever costs time (configuration, client, clock) is built when a
/// command asks for it.
pub struct Context {
    /// How the process was started.
    pub environment: Environment,
    /// Flags that every command has.
    pub flags: CommonFlags,
    /// Where output goes.
    pub screen: Screen,
    /// Who is asked.
    pub prompter: Prompter,
    interrupt: CancellationToken,
    listening: std::sync::atomic::AtomicBool,
}

impl Context {
    /// Builds the context of one command.
    #[must_use]
    pub fn new(environment: Environment, flags: CommonFlags) -> Self {
        let style = Style {
            format: flags.output.format.unwrap_or_default(),
            columns: flags.output.columns.clone(),
            jq: flags.output.jq.clone(),
            width: environment.width,
        };
        let paint = Paint::new(environment.wants_colour(environment.stdout_is_terminal));
        let status = Paint::new(environment.wants_colour(environment.stderr_is_terminal));
        Self {
            screen: Screen::standard(style, flags.quiet, paint, status),
            prompter: Prompter::new(flags.no_input),
            environment,
            flags,
            interrupt: CancellationToken::new(),
            listening: std::sync::atomic::AtomicBool::new(false),
        }
    }

    /// Data directory of the embedded server.
    #[must_use]
    pub fn data_directory(&self) -> PathBuf {
        self.environment
            .data_directory(self.flags.data_dir.as_deref())
    }

    /// Shows a view.
    ///
    /// # Errors
    /// A usage error when `--columns` or `--jq` do not fit; quiet when nobody reads any more.
    pub fn show(&self, view: &View) -> Result<(), CommandError> {
        self.screen.show(view).map_err(CommandError::from)
    }

    /// Writes a line of status to standard error, unless `-q`.
    ///
    /// # Errors
    /// When standard error is closed.
    pub fn status(&self, line: &str) -> Result<(), CommandError> {
        Ok(self.screen.status(line)?)
    }

    /// Cancelled by the first Ctrl-C. Asking for it means that the command ends by itself then;
    /// a command that never asks is ended for it.
    #[must_use]
    pub fn interrupt(&self) -> CancellationToken {
        self.listening
            .store(true, std::sync::atomic::Ordering::SeqCst);
        self.interrupt.clone()
    }

    /// Whether the command handles Ctrl-C itself.
    #[must_use]
    pub(super) fn handles_interrupt(&self) -> bool {
        self.listening.load(std::sync::atomic::Ordering::SeqCst)
    }

    /// Tells the command to end.
    pub(super) fn cancel(&self) {
        self.interrupt.cancel();
    }
}

impl From<ShowError> for CommandError {
    fn from(error: ShowError) -> Self {
        match error {
            ShowError::Io(error) => error.into(),
            ShowError::Render(error) => Self::usage(error.to_string()),
        }
    }
}
