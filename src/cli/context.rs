use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::embedded::{self, Embedded, Stay};
use super::environment::Environment;
use super::error::{CommandError, ErrorKind};
use super::flags::{CommonFlags, WriteFlags};
use super::output::{Format, Paint, RenderError, Retyping, Screen, ShowError, Style, View};
use super::prompt::Prompter;
use crate::config::{self, ConfigError, EMBEDDED, Loaded, Override, Sources};
use crate::domain::{ShortId, Timestamp};
use crate::host::{OsEntropy, SystemClock, private_file};
use crate::net::management::{Client, ClientOptions, Door, Write};
use crate::port::{Clock, Entropy};

/// How long a server that cannot be connected to is tried again.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long one request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// What a command works with: the only place where concrete parts are picked.
///
/// Cheap to make: whatever costs time (configuration, client, embedded server) is
/// built when a command asks for it.
pub(super) struct Context {
    /// How the process was started.
    pub environment: Environment,
    /// Flags that every command has.
    pub flags: CommonFlags,
    /// Where output goes.
    pub screen: Screen,
    /// Who is asked.
    pub prompter: Prompter,
    settings: OnceLock<Loaded>,
    client: OnceCell<Client>,
    embedded: OnceCell<Embedded>,
    interrupt: CancellationToken,
    listening: AtomicBool,
}

impl Context {
    /// Builds the context of one command.
    #[must_use]
    pub(super) fn new(environment: Environment, flags: CommonFlags) -> Self {
        let style = Style {
            format: flags.output.format.unwrap_or_default(),
            columns: flags.output.columns.clone(),
            jq: flags.output.jq.clone(),
            width: environment.width,
        };
        let paint = Paint::new(environment.wants_colour(environment.stdout_is_terminal));
        let status = Paint::new(environment.wants_colour(environment.stderr_is_terminal));
        let retyping = Retyping::new(flags.data_dir.as_deref(), flags.context.as_deref());
        Self {
            screen: Screen::standard(style, flags.quiet, paint, status)
                .retyping(retyping)
                .unattended(!environment.stderr_is_terminal),
            prompter: Prompter::new(flags.no_input),
            environment,
            flags,
            settings: OnceLock::new(),
            client: OnceCell::new(),
            embedded: OnceCell::new(),
            interrupt: CancellationToken::new(),
            listening: AtomicBool::new(false),
        }
    }

    /// Takes the output form from the settings when no flag names one.
    ///
    /// Settings that cannot be read are told by the command that needs them.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for a form that there is not.
    pub(super) fn apply_settings(&mut self) -> Result<(), CommandError> {
        if self.flags.output.format.is_some() {
            return Ok(());
        }
        let Ok(settings) = self.settings() else {
            return Ok(());
        };
        let Some(named) = settings.config.output.as_deref() else {
            return Ok(());
        };
        let Ok(format) = <Format as clap::ValueEnum>::from_str(named, true) else {
            let origin = settings.origin("output");
            return Err(CommandError::new(
                ErrorKind::Config,
                format!("{origin}: {named:?} is no form of output"),
            )
            .hint("It is table, wide, json, ndjson, yaml, csv, tsv or name"));
        };
        self.flags.output.format = Some(format);
        self.screen.set_format(format);
        Ok(())
    }

    /// The settings of all layers.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] with file, line and what is expected.
    pub(super) fn settings(&self) -> Result<&Loaded, CommandError> {
        if let Some(loaded) = self.settings.get() {
            return Ok(loaded);
        }
        let loaded = config::load(&self.sources())?;
        Ok(self.settings.get_or_init(|| loaded))
    }

    /// Every setting that holds, also when others do not, and what is wrong with those.
    #[must_use]
    pub(super) fn survey(&self) -> (Vec<config::Setting>, Vec<ConfigError>) {
        config::survey(&self.sources())
    }

    fn sources(&self) -> Sources {
        let environment = &self.environment;
        let mut flags = Vec::new();
        let mut said = |key, flag, value: Option<String>| {
            flags.extend(value.map(|value| Override { key, value, flag }));
        };
        said("current-context", "--context", self.flags.context.clone());
        let folder = self.flags.data_dir.as_ref();
        said(
            "data_dir",
            "--data-dir",
            folder.map(|p| p.display().to_string()),
        );
        Sources {
            flags,
            environment: environment.callhome_variables().into_iter().collect(),
            project: Some(environment.directory.join(".callhome.yaml")),
            user: Some(environment.user_config()),
            system: Some(PathBuf::from("/etc/callhome/config.yaml")),
            home: environment.variable("HOME").map(PathBuf::from),
        }
    }

    /// Data directory of the embedded server: by flag, variable, settings, or the usual place.
    #[must_use]
    pub(super) fn data_directory(&self) -> PathBuf {
        let set = self.settings().ok().and_then(|s| s.config.data_dir.clone());
        self.environment
            .data_directory(self.flags.data_dir.as_deref().or(set.as_deref()))
    }

    /// Whether this command is its own server.
    #[must_use]
    pub(super) fn is_embedded(&self) -> bool {
        self.embedded.get().is_some()
    }

    /// The client of the chosen context, for questions and orders that wait for no device.
    ///
    /// # Errors
    /// When the context does not exist, nobody is logged in, or the embedded server cannot start.
    pub(super) async fn client(&self) -> Result<&Client, CommandError> {
        self.client_that(Stay::Answers).await
    }

    /// The client of the chosen context, for a command that waits for a device: an embedded server listens meanwhile.
    ///
    /// # Errors
    /// As [`Context::client`].
    pub(super) async fn client_that_waits(&self) -> Result<&Client, CommandError> {
        self.client_that(Stay::Listens).await
    }

    async fn client_that(&self, stay: Stay) -> Result<&Client, CommandError> {
        self.client
            .get_or_try_init(|| async { Ok(Client::new(self.door(stay).await?, self.options()?)?) })
            .await
    }

    async fn door(&self, stay: Stay) -> Result<Door, CommandError> {
        let config = &self.settings()?.config;
        let Some(chosen) = config.context() else {
            let folder = self.data_directory();
            let found = embedded::open(self, folder, &config.server, stay).await?;
            let socket = found.socket().to_owned();
            if let Some(own) = found.into_own() {
                if let Some(why) = &own.deaf {
                    let word = self.screen.status_paint.warn("warning:");
                    self.announce(&format!(
                        "{word} {why}; devices cannot call back while this command runs"
                    ))?;
                }
                // Set at most once: `client` is built at most once.
                drop(self.embedded.set(own));
            }
            return Ok(Door::Socket(socket));
        };
        let name = config.context_name();
        let login = format!("Log in:  callhome auth login --server {}", chosen.server);
        let ca_pem = match &chosen.ca_file {
            Some(file) => std::fs::read_to_string(file).map_err(|e| {
                CommandError::new(ErrorKind::Config, format!("{}: {e}", file.display()))
                    .hint(login.clone())
            })?,
            None => {
                return Err(CommandError::new(
                    ErrorKind::Config,
                    format!("the context {name} pins no authority (ca_file)"),
                )
                .hint(login));
            }
        };
        let token = self.token(name, chosen).await?;
        if token.is_none() && self.settings()?.is_of_project(name) {
            return Err(self.stranger(name, chosen));
        }
        if token.is_none() {
            return Err(CommandError::new(
                ErrorKind::Auth,
                format!("nobody is logged in at {} (context {name})", chosen.server),
            )
            .hint(login));
        }
        Ok(Door::Https {
            url: chosen.server.clone(),
            ca_pem,
            token,
        })
    }

    async fn token(
        &self,
        name: &str,
        chosen: &config::Context,
    ) -> Result<Option<String>, CommandError> {
        let of_project = self.settings()?.is_of_project(name);
        let file = self
            .environment
            .variable("CALLHOME_TOKEN_FILE")
            .map(PathBuf::from)
            .or_else(|| chosen.token_file.clone())
            // What the environment holds was not meant for a server that came with somebody's files.
            .filter(|_| !of_project);
        if let Some(file) = file {
            let content = private_file::read(&file)?.ok_or_else(|| {
                CommandError::new(
                    ErrorKind::SecretStore,
                    format!("there is no token file {}", file.display()),
                )
            })?;
            let text = String::from_utf8_lossy(&content).trim().to_owned();
            return Ok(Some(text).filter(|t| !t.is_empty()));
        }
        super::secrets::token(self, name, &chosen.server).await
    }

    /// Why a server that only the working folder's file names gets no token, and what to do.
    fn stranger(&self, name: &str, chosen: &config::Context) -> CommandError {
        let server = &chosen.server;
        let mut error = CommandError::new(
            ErrorKind::Auth,
            format!(
                "the context {name} ({server}) comes from this folder's .callhome.yaml: it gets no token that was made for another server"
            ),
        )
        .hint(format!("If you know that server:  callhome auth login --server {server} --as {name}"));
        if self.environment.variable("CALLHOME_TOKEN_FILE").is_some() {
            error = error.hint(format!(
                "To use CALLHOME_TOKEN_FILE there:  callhome context add {name} {server} --ca-file FILE"
            ));
        }
        error.hint("To talk to your own:  callhome context list, then -c NAME")
    }

    /// A client of any server, for logging in.
    ///
    /// # Errors
    /// When the authority's certificate cannot be read.
    pub(super) fn client_of(
        &self,
        url: Url,
        ca_pem: String,
        token: Option<String>,
    ) -> Result<Client, CommandError> {
        let door = Door::Https { url, ca_pem, token };
        Ok(Client::new(door, self.options()?)?)
    }

    fn options(&self) -> Result<ClientOptions, CommandError> {
        let tracing = self.flags.traces("http");
        let trace = tracing.then(|| {
            let line = |line: &str| {
                use std::io::Write as _;
                // A trace that nobody can see any more is no failure of the command.
                drop(writeln!(std::io::stderr(), "{line}"));
            };
            Arc::new(line) as Arc<dyn Fn(&str) + Send + Sync>
        });
        Ok(ClientOptions {
            patience: PATIENCE,
            timeout: REQUEST_TIMEOUT,
            correlation: self.new_id()?.to_string(),
            dry_run: false,
            trace,
        })
    }

    /// What goes beside a write: the key that was given, or a new one.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub(super) fn write(&self, flags: &WriteFlags) -> Result<Write, CommandError> {
        Ok(Write::keyed(match &flags.idempotency_key {
            Some(key) => key.clone(),
            None => format!("cli-{}{}", self.new_id()?, self.new_id()?),
        }))
    }

    /// A new short id.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub(super) fn new_id(&self) -> Result<ShortId, CommandError> {
        let mut bytes = [0; 5];
        OsEntropy
            .fill(&mut bytes)
            .map_err(|e| CommandError::internal(e.to_string()))?;
        Ok(ShortId::from_random(bytes))
    }

    /// The time now.
    #[must_use]
    pub(super) fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    /// Ends what the command started; called once, after it.
    pub(super) async fn close(&self) {
        if let Some(embedded) = self.embedded.get() {
            embedded.stop().await;
        }
    }

    /// Shows a view.
    ///
    /// # Errors
    /// A usage error when `--columns` or `--jq` do not fit; quiet when nobody reads any more.
    pub(super) fn show(&self, view: &View) -> Result<(), CommandError> {
        self.screen.show(view).map_err(CommandError::from)
    }

    /// Tells people in words that it is done; programs get the document.
    ///
    /// # Errors
    /// As [`Self::show`].
    pub(super) fn tell(&self, words: &str, view: &View) -> Result<(), CommandError> {
        if self.screen.is_for_people() {
            return self.status(words);
        }
        match self.screen.show(view) {
            // It is done by now: a command that seemed to fail would be given again.
            Err(ShowError::Render(
                fault @ (RenderError::Column { .. } | RenderError::NoColumns),
            )) => Ok(self
                .screen
                .announce(&format!("{words}\nwarning: {fault}"))?),
            shown => Ok(shown?),
        }
    }

    /// How many items a list is to have: as said (0 is all), else `usual` for a person to read, and all for a program.
    #[must_use]
    pub(super) fn most(&self, limit: Option<usize>, usual: usize) -> usize {
        match limit {
            Some(0) => usize::MAX,
            Some(limit) => limit,
            None if self.screen.is_read_by_a_person() => usual,
            None => usize::MAX,
        }
    }

    /// Writes a line that matters to programs too to standard error, unless `-q`.
    ///
    /// # Errors
    /// When standard error is closed.
    pub(super) fn announce(&self, line: &str) -> Result<(), CommandError> {
        Ok(self.screen.announce(line)?)
    }

    /// Writes a line of status to standard error, unless `-q` or nobody reads it.
    ///
    /// # Errors
    /// When standard error is closed.
    pub(super) fn status(&self, line: &str) -> Result<(), CommandError> {
        Ok(self.screen.status(line)?)
    }

    /// Cancelled by the first Ctrl-C. Asking for it means that the command ends by itself then;
    /// a command that never asks is ended for it.
    #[must_use]
    pub(super) fn interrupt(&self) -> CancellationToken {
        self.listening.store(true, Ordering::SeqCst);
        self.interrupt.clone()
    }

    /// Whether the command handles Ctrl-C itself.
    #[must_use]
    pub(super) fn handles_interrupt(&self) -> bool {
        self.listening.load(Ordering::SeqCst)
    }

    /// Tells the command to end.
    pub(super) fn cancel(&self) {
        self.interrupt.cancel();
    }

    /// Name of the chosen context.
    ///
    /// # Errors
    /// As [`Context::settings`].
    pub(super) fn name(&self) -> Result<&str, CommandError> {
        Ok(self
            .settings()?
            .config
            .current_context
            .as_deref()
            .unwrap_or(EMBEDDED))
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

impl From<ConfigError> for CommandError {
    fn from(error: ConfigError) -> Self {
        let no_such = matches!(error, ConfigError::NoSuchContext { .. });
        let made = Self::new(ErrorKind::Config, error.to_string());
        if no_such {
            made.hint("See them:  callhome context list")
        } else {
            made.hint("See what is set where:      callhome config explain")
                .hint("Every setting, by example:  callhome config template")
        }
    }
}

impl From<crate::host::HostError> for CommandError {
    fn from(error: crate::host::HostError) -> Self {
        Self::new(ErrorKind::Config, error.to_string())
    }
}
