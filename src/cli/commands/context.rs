use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::Serialize;
use url::Url;

use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind, Exit, Outcome};
use crate::cli::output::{Column, View};
use crate::cli::secrets;
use crate::config::{self, EMBEDDED, UserFile};

/// Choose which server commands talk to.
#[derive(Debug, Subcommand)]
pub(crate) enum ContextCommand {
    /// List the contexts
    #[command(after_help = "Examples:\n  callhome context list")]
    List,
    /// Use a context from now on
    Use(NameArgs),
    /// Show a context
    Show(ShowArgs),
    /// Add a context by hand
    Add(AddArgs),
    /// Forget a context
    Remove(NameArgs),
}

/// Name of a context.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome context use eu-north
  callhome context use embedded          the server on this machine
  callhome context remove eu-north")]
pub(crate) struct NameArgs {
    /// Name of the context
    name: String,
}

/// Show a context.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome context show
  callhome context show eu-north")]
pub(crate) struct ShowArgs {
    /// Name of the context; the one in use when absent
    name: Option<String>,
}

/// Add a context by hand.
#[derive(Debug, Args)]
#[command(after_help = "\
Most people need not: callhome auth login adds the context by itself.

Examples:
  callhome context add eu-north https://mgmt.example.net:8443 --ca-file ca.pem \\
      --operator anna
  callhome context add ci https://mgmt.example.net:8443 --ca-file ca.pem \\
      --token-file token.txt")]
pub(crate) struct AddArgs {
    /// Name of the context
    name: String,
    /// Address of the server
    server: Url,
    /// Certificate (PEM) of the server's authority
    #[arg(long, value_name = "FILE")]
    ca_file: PathBuf,
    /// Name to log in with
    #[arg(long, value_name = "NAME")]
    operator: Option<String>,
    /// File with a token for scripts (mode 0600)
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

#[derive(Serialize)]
struct Row {
    name: String,
    current: bool,
    server: String,
    operator: Option<String>,
    ca_file: Option<PathBuf>,
    token_file: Option<PathBuf>,
}

impl Row {
    fn of(name: &str, entry: &config::Context, current: bool) -> Self {
        Self {
            name: name.to_owned(),
            current,
            server: entry.server.to_string(),
            operator: entry.operator.clone(),
            ca_file: entry.ca_file.clone(),
            token_file: entry.token_file.clone(),
        }
    }
}

/// Runs a verb.
pub(super) async fn run(context: &Context, command: ContextCommand) -> Outcome {
    match command {
        ContextCommand::List => list(context),
        ContextCommand::Use(args) => use_it(context, &args.name),
        ContextCommand::Show(args) => show(context, args.name),
        ContextCommand::Add(args) => add(context, args),
        ContextCommand::Remove(args) => remove(context, &args.name).await,
    }
}

fn rows(context: &Context) -> Result<Vec<Row>, CommandError> {
    let config = &context.settings()?.config;
    let current = config.context_name();
    let embedded = Row {
        name: EMBEDDED.into(),
        current: current == EMBEDDED,
        server: context.data_directory().display().to_string(),
        operator: None,
        ca_file: None,
        token_file: None,
    };
    let others = config.contexts.iter();
    let others = others.map(|(name, entry)| Row::of(name, entry, current == name));
    Ok(std::iter::once(embedded).chain(others).collect())
}

/// The context with this name.
fn row(context: &Context, name: &str) -> Result<Row, CommandError> {
    let mut all = rows(context)?.into_iter();
    all.find(|r| r.name == name).ok_or_else(|| no_such(name))
}

/// A context as a document.
fn card(row: &Row) -> View {
    View::one("context", row)
        .named_by("/name")
        .columns(columns())
}

/// The context with this name as a document, for who does something with it.
pub(super) fn document(context: &Context, name: &str) -> Result<View, CommandError> {
    Ok(card(&row(context, name)?))
}

/// A context that has just become the current one, as a document.
pub(super) fn current(name: &str, entry: &config::Context) -> View {
    card(&Row::of(name, entry, true))
}

fn columns() -> Vec<Column> {
    vec![
        Column::at("name", "/name"),
        Column::of("current", |row| {
            let current = row["current"] == serde_json::Value::Bool(true);
            if current { "*".into() } else { String::new() }
        }),
        Column::at("server", "/server"),
        Column::at("operator", "/operator"),
        Column::at("ca_file", "/ca_file").wide(),
        Column::at("token_file", "/token_file").wide(),
    ]
}

fn list(context: &Context) -> Outcome {
    let view = View::many("context", &rows(context)?)
        .named_by("/name")
        .columns(columns());
    context.show(&view)?;
    Ok(Exit::Done)
}

fn no_such(name: &str) -> CommandError {
    CommandError::new(ErrorKind::NotFound, format!("there is no context {name:?}"))
        .hint("See them:  callhome context list")
}

/// Why a context cannot be removed that the user's file does not have.
fn not_yours(context: &Context, name: &str) -> CommandError {
    let Ok(settings) = context.settings() else {
        return no_such(name);
    };
    if !settings.config.contexts.contains_key(name) {
        return no_such(name);
    }
    let origin = settings.origin(&format!("contexts.{name}.server"));
    CommandError::new(
        ErrorKind::Conflict,
        format!("the context {name} is not in your file: it stands in {origin}"),
    )
    .hint("Take it out there.")
}

fn show(context: &Context, name: Option<String>) -> Outcome {
    let name = match name {
        Some(name) => name,
        None => context.name()?.to_owned(),
    };
    let row = row(context, &name)?;
    let mut text = format!("{}\n\n  Server     {}\n", row.name, row.server);
    if let Some(operator) = &row.operator {
        text.push_str(&format!("  Operator   {operator}\n"));
    }
    if let Some(file) = &row.ca_file {
        text.push_str(&format!("  Authority  {}\n", file.display()));
    }
    if let Some(file) = &row.token_file {
        text.push_str(&format!("  Token in   {}\n", file.display()));
    }
    context.show(&card(&row).text(text))?;
    Ok(Exit::Done)
}

fn use_it(context: &Context, name: &str) -> Outcome {
    let mut row = row(context, name)?;
    let mut file = UserFile::open(&context.environment.user_config())?;
    file.use_context(name);
    file.save()?;
    row.current = true;
    context.tell(
        &format!("Commands talk to {name} from now on."),
        &card(&row),
    )?;
    Ok(Exit::Done)
}

fn add(context: &Context, args: AddArgs) -> Outcome {
    if args.server.scheme() != "https" || args.server.host_str().is_none() {
        return Err(CommandError::usage(format!(
            "{} is no server's address; it looks like https://mgmt.example.net:8443",
            args.server
        )));
    }
    let absolute = |path: PathBuf| {
        std::fs::canonicalize(&path).map_err(|e| CommandError::unreadable(&path, &e))
    };
    let entry = config::Context {
        server: args.server,
        ca_file: Some(absolute(args.ca_file)?),
        operator: args.operator,
        token_file: args.token_file.map(absolute).transpose()?,
    };
    let mut file = UserFile::open(&context.environment.user_config())?;
    if file.config().contexts.contains_key(&args.name) {
        return Err(CommandError::new(
            ErrorKind::Conflict,
            format!("there is a context {} already", args.name),
        )
        .hint(format!(
            "Forget it first:  callhome context remove {}",
            args.name
        )));
    }
    file.put_context(&args.name, entry.clone())?;
    file.save()?;
    let row = Row::of(&args.name, &entry, false);
    context.tell(
        &format!("Added. Use it:  callhome context use {}", args.name),
        &card(&row),
    )?;
    Ok(Exit::Done)
}

async fn remove(context: &Context, name: &str) -> Outcome {
    if name == EMBEDDED {
        return Err(CommandError::usage(
            "the context embedded is built in and stays",
        ));
    }
    let mut file = UserFile::open(&context.environment.user_config())?;
    let Some(entry) = file.config().contexts.get(name).cloned() else {
        return Err(not_yours(context, name));
    };
    // The login first: what is kept under a name that nobody knows any more would never go.
    let logged_in = secrets::forget(context, name, &entry.server).await?;
    file.remove_context(name);
    file.save()?;
    let words = if logged_in {
        format!("{name} is forgotten here, with its login.")
    } else {
        format!("{name} is forgotten here.")
    };
    context.tell(&words, &card(&Row::of(name, &entry, false)))?;
    Ok(Exit::Done)
}
