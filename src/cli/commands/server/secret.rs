use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind, Exit, Outcome};
use crate::cli::output::{Column, View};
use crate::cli::secrets::{self, Keeping};
use crate::cli::server_secrets::{ServerSecrets, store_name};
use crate::config::{NamedSecret, ServerConfig, kept_name};

/// Keep the server's passwords and keys in the keyring instead of in files.
#[derive(Debug, Subcommand)]
pub(crate) enum SecretCommand {
    /// Keep a secret under a name
    Set(SetArgs),
    /// List the secrets that the settings name, and whether each is there
    #[command(after_help = "\
None is printed.

Examples:
  callhome server secret list
  callhome server secret list -o json")]
    List,
    /// Forget a secret
    Remove(RemoveArgs),
}

/// Keep a secret under a name.
#[derive(Debug, Args)]
#[command(after_help = "\
The settings then name it where the path of a file could stand:

  server:
    mail:
      username: devices@example.net
      password_file: keyring:mail

The same holds for gateways (password_file, callback_secret_file, header_files), push services
(credentials_file) and webhooks (secret_file). It is kept for the account that runs this
command, which must be the one that runs the server. The secret is typed, or read from a file;
it is never an argument, which others on this machine could see.

Examples:
  callhome server secret set mail
  callhome server secret set fcm --file service-account.json
  pass show mail | callhome server secret set mail --file -")]
pub(crate) struct SetArgs {
    /// Its name: 1 to 64 of a-z 0-9 . _ -
    #[arg(value_parser = name)]
    name: String,
    /// File with the secret (mode 0600); - is standard input
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Where to keep it: auto, keyring, kernel, key-file, passphrase, plain-file
    #[arg(
        long,
        value_name = "PLACE",
        value_enum,
        default_value_t = Keeping::Auto,
        hide_possible_values = true,
        hide_default_value = true
    )]
    keep: Keeping,
}

/// Forget a secret.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome server secret remove mail")]
pub(crate) struct RemoveArgs {
    /// Its name
    #[arg(value_parser = name)]
    name: String,
}

fn name(text: &str) -> Result<String, String> {
    let good = (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b));
    if good {
        Ok(text.to_owned())
    } else {
        Err("a name is 1 to 64 of a-z 0-9 . _ -".to_owned())
    }
}

/// Runs a verb.
pub(super) async fn run(context: &Context, command: SecretCommand) -> Outcome {
    match command {
        SecretCommand::Set(args) => set(context, args).await,
        SecretCommand::List => list(context).await,
        SecretCommand::Remove(args) => remove(context, &args.name).await,
    }
}

async fn set(context: &Context, args: SetArgs) -> Outcome {
    let secret = match &args.file {
        None => context.prompter.password(
            &format!("Secret {}", args.name),
            "Give it in a file:  --file FILE, or on standard input:  --file -",
        )?,
        file => secrets::password(context, file.as_deref(), "")?,
    };
    if secret.is_empty() {
        return Err(CommandError::usage("an empty secret keeps nobody out"));
    }
    let place = secrets::put(context, store_name(&args.name), secret, args.keep).await?;
    let row = Row::kept_as(context, &args.name, Some(place));
    let unnamed = match row.setting.is_empty() {
        true => "\nNo setting names it yet.",
        false => "",
    };
    let words = format!(
        "Kept in {place}. In the settings it is named {}{unnamed}",
        row.kept
    );
    context.tell(&words, &card(&row))?;
    Ok(Exit::Done)
}

async fn remove(context: &Context, name: &str) -> Outcome {
    if !secrets::remove(context, &store_name(name)).await? {
        return Err(CommandError::new(
            ErrorKind::NotFound,
            format!("no secret named {name} is kept here"),
        )
        .hint("See those that the settings name:  callhome server secret list"));
    }
    let row = Row::kept_as(context, name, None);
    context.tell(&format!("{name} is forgotten."), &card(&row))?;
    Ok(Exit::Done)
}

/// A secret that the settings name, without the secret.
#[derive(Debug, Serialize)]
pub(in crate::cli::commands) struct Row {
    /// Empty when none names it.
    pub(in crate::cli::commands) setting: String,
    /// `keyring:NAME`, or the path of a file.
    kept: String,
    pub(in crate::cli::commands) there: bool,
    /// Where it was found, or why it was not.
    pub(in crate::cli::commands) finding: String,
}

impl Row {
    /// A secret that is kept in a place, or nowhere now, under a name, with the first setting that names it.
    fn kept_as(context: &Context, name: &str, place: Option<&str>) -> Self {
        // Settings that cannot be read name none: what was done is told all the same.
        let settings = context.settings().ok();
        let named = settings.map_or_else(Vec::new, |s| s.config.server.secrets());
        let setting = named.iter().find(|s| s.kept() == Some(name));
        Self {
            setting: setting.map_or_else(String::new, |s| s.setting.clone()),
            kept: format!("keyring:{name}"),
            there: place.is_some(),
            finding: place.unwrap_or("not kept here").to_owned(),
        }
    }

    /// What to do when it is not there.
    pub(in crate::cli::commands) fn repair(&self) -> String {
        match kept_name(self.kept.as_ref()) {
            Some(name) => format!("Keep it:  callhome server secret set {name}"),
            None => format!("Only its owner may read it:  chmod 600 {}", self.kept),
        }
    }
}

/// Looks for all secrets that the settings name.
pub(in crate::cli::commands) async fn looked_for(
    context: &Context,
    config: &ServerConfig,
) -> Vec<Row> {
    let mut rows = Vec::new();
    for secret in config.secrets() {
        let found = look_for(context, &secret).await;
        rows.push(Row {
            setting: secret.setting.clone(),
            kept: secret.file.display().to_string(),
            there: found.is_ok(),
            finding: found.unwrap_or_else(|why| why),
        });
    }
    rows
}

async fn look_for(context: &Context, secret: &NamedSecret<'_>) -> Result<String, String> {
    let Some(name) = secret.kept() else {
        let read = ServerSecrets::default().of(secret.file);
        return read
            .map(|_| "a file".to_owned())
            .map_err(|e| e.message().to_owned());
    };
    match secrets::find(context, &store_name(name)).await {
        Ok(Some((_, place))) => Ok(place.to_owned()),
        Ok(None) => Err("not kept here".to_owned()),
        Err(error) => Err(error.message().to_owned()),
    }
}

async fn list(context: &Context) -> Outcome {
    let rows = looked_for(context, &context.settings()?.config.server).await;
    let view = View::many("secret", &rows)
        .named_by("/setting")
        .when_empty("The settings name no secrets.")
        .columns(columns());
    context.show(&view)?;
    Ok(Exit::Done)
}

fn card(row: &Row) -> View {
    View::one("secret", row)
        .named_by("/kept")
        .columns(columns())
}

fn columns() -> Vec<Column> {
    vec![
        Column::at("setting", "/setting"),
        Column::at("kept", "/kept"),
        Column::of("there", |row| {
            let there = row["there"] == true;
            if there { "yes".into() } else { "NO".into() }
        }),
        Column::at("finding", "/finding"),
    ]
}
