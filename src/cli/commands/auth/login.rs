use std::path::{Path, PathBuf};

use clap::Args;
use url::Url;

use crate::api::{LoginRequest, PasswordChange};
use crate::cli::commands::context as contexts;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind, Exit, Outcome};
use crate::cli::output::{View, date_time};
use crate::cli::secrets::{self, KeepFlags};
use crate::config::{self, UserFile};
use crate::host::private_file;
use crate::net::management::{ClientError, PresentedAuthority, fetch_authority};

/// Shortest password that the server takes.
const SHORTEST: usize = 10;

/// Log in at a server and remember it as a context.
#[derive(Debug, Args)]
#[command(after_help = "\
The first time, the server's certificate authority is pinned: compare the fingerprint with
what the server's keeper tells you, or give the authority's file.

Examples:
  callhome auth login --server https://mgmt.example.net:8443 --operator anna
  callhome auth login          again, at the same server
  callhome auth login --server https://127.0.0.1:8443 --operator admin \\
      --ca-file ca.pem --password-file first-admin.code \\
      --new-password-file new.txt")]
pub(crate) struct LoginArgs {
    /// Address of the server; that of the context when absent
    #[arg(long, value_name = "URL")]
    server: Option<Url>,
    /// Name to log in with
    #[arg(long, value_name = "NAME")]
    operator: Option<String>,
    /// Name of the context to remember; made from the address when absent
    #[arg(long = "as", value_name = "CONTEXT")]
    name: Option<String>,
    /// Certificate (PEM) of the server's authority, to pin without asking
    #[arg(long, value_name = "FILE", conflicts_with = "fingerprint")]
    ca_file: Option<PathBuf>,
    /// Fingerprint (SHA-256) of the server's authority, to pin without asking
    #[arg(long, value_name = "HEX")]
    fingerprint: Option<String>,
    /// File with the password or one-time code; - is standard input
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// File with the new password, when a one-time code is given
    #[arg(long, value_name = "FILE")]
    new_password_file: Option<PathBuf>,
    /// Let the login be used from other addresses too
    #[arg(long)]
    any_address: bool,
    /// Where it is kept.
    #[command(flatten)]
    keep: KeepFlags,
}

/// Change your password.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  callhome auth password
  callhome auth password --current-file old.txt --new-file new.txt")]
pub(crate) struct PasswordArgs {
    /// File with the password so far
    #[arg(long, value_name = "FILE")]
    current_file: Option<PathBuf>,
    /// File with the new password
    #[arg(long, value_name = "FILE")]
    new_file: Option<PathBuf>,
}

/// Logs in.
pub(super) async fn run(context: &Context, args: LoginArgs) -> Outcome {
    let known = context.settings()?.config.context().cloned();
    let url = match (&args.server, &known) {
        (Some(url), _) => url.clone(),
        (None, Some(known)) => known.server.clone(),
        (None, None) => {
            return Err(CommandError::usage("at which server?").hint(
                "As in:  callhome auth login --server https://mgmt.example.net:8443 --operator anna",
            ));
        }
    };
    if url.scheme() != "https" || url.host_str().is_none() {
        return Err(CommandError::usage(format!(
            "{url} is no server's address; it looks like https://mgmt.example.net:8443"
        )));
    }
    let name = match (&args.name, &args.server) {
        (Some(name), _) => name.clone(),
        (None, None) => context.name()?.to_owned(),
        (None, Some(url)) => name_from(url),
    };
    let ca_file = pin(context, &args, &url, &name, known.as_ref()).await?;
    let ca_pem = std::fs::read_to_string(&ca_file)?;
    let operator = match args.operator.or(known.and_then(|k| k.operator)) {
        Some(operator) => operator,
        None => context
            .prompter
            .line("Operator", "Give the name:  --operator NAME")?,
    };
    let password = secrets::password(
        context,
        args.password_file.as_deref(),
        &format!("Password or one-time code of {operator} at {url}"),
    )?;
    let new_password = new_password(context, &password, args.new_password_file.as_deref())?;
    let client = context.client_of(url.clone(), ca_pem, None)?;
    let login = client
        .login(&LoginRequest {
            operator: operator.clone(),
            password,
            new_password,
            bind_address: !args.any_address,
        })
        .await
        .map_err(|e| {
            let refused = matches!(e, ClientError::Problem(_));
            let error = CommandError::from(e);
            match error.kind() {
                ErrorKind::Auth if refused => error.with_hints(|_| {
                    "Try again; whoever forgot the password is let in anew by an admin.".to_owned()
                }),
                _ => error,
            }
        })?;
    let place = secrets::keep(context, &name, &url, login.token, args.keep.keep).await?;
    let entry = remember(context, &name, url, ca_file, operator)?;
    let words = format!(
        "Logged in as {} ({}) until {}; context {name}, kept in {place}.",
        login.operator,
        login.role,
        date_time(login.expires_at)
    );
    context.tell(&words, &contexts::current(&name, &entry))?;
    Ok(Exit::Done)
}

/// A one-time code (four characters, a hyphen, and so on) has to be replaced at once.
fn new_password(
    context: &Context,
    password: &str,
    file: Option<&Path>,
) -> Result<Option<String>, CommandError> {
    let is_code = password.parse::<crate::domain::EnrolmentCode>().is_ok();
    let new = match file {
        Some(file) => secrets::password(context, Some(file), "New password")?,
        None if is_code => {
            context.status("This is a one-time code. Choose a password of your own.")?;
            context.prompter.password(
                &format!("New password (at least {SHORTEST} characters)"),
                "Give it in a file:  --new-password-file FILE",
            )?
        }
        None => return Ok(None),
    };
    if new.chars().count() < SHORTEST {
        return Err(CommandError::usage(format!(
            "the new password is too short: it needs at least {SHORTEST} characters"
        )));
    }
    Ok(Some(new))
}

/// Name of a context from an address: its host with hyphens.
fn name_from(url: &Url) -> String {
    let host = url.host_str().unwrap_or("server");
    host.chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect::<String>()
        .trim_matches('-')
        .to_owned()
}

/// Makes sure that the server's authority is pinned; the file that holds it.
async fn pin(
    context: &Context,
    args: &LoginArgs,
    url: &Url,
    name: &str,
    known: Option<&config::Context>,
) -> Result<PathBuf, CommandError> {
    let settings = context.settings()?;
    let vouched = !settings.is_of_project(settings.config.context_name());
    let folder = context.environment.user_config().with_file_name("pins");
    let file = folder.join(format!("{name}.pem"));
    let authority = if let Some(given) = &args.ca_file {
        let pem =
            std::fs::read_to_string(given).map_err(|e| CommandError::unreadable(given, &e))?;
        PresentedAuthority::from_pem(&pem).map_err(|e| {
            CommandError::usage(format!("--ca-file {}: {e}", given.display()))
                .hint("It takes the server's ca.pem, which its keeper can give you")
        })?
    } else if let Some(pinned) = known
        .filter(|k| k.server == *url && args.fingerprint.is_none())
        // An authority that came with somebody's files is compared first, as one that nobody named.
        .filter(|_| vouched)
        .and_then(|k| k.ca_file.clone())
    {
        return Ok(pinned);
    } else {
        let shown = fetch_authority(url).await?;
        agree(context, args, url, &shown)?;
        shown
    };
    private_file::create_folder(&folder)?;
    private_file::write(&file, authority.pem.as_bytes())?;
    Ok(file)
}

/// Nobody is trusted unseen: the fingerprint is given, or compared by a person.
fn agree(
    context: &Context,
    args: &LoginArgs,
    url: &Url,
    shown: &PresentedAuthority,
) -> Result<(), CommandError> {
    let grouped = shown
        .fingerprint
        .as_bytes()
        .chunks(4)
        .map(|c| String::from_utf8_lossy(c).into_owned())
        .collect::<Vec<_>>()
        .join(" ");
    if let Some(given) = &args.fingerprint {
        let clean: String = given
            .chars()
            .filter(char::is_ascii_hexdigit)
            .collect::<String>()
            .to_lowercase();
        if clean == shown.fingerprint {
            return Ok(());
        }
        return Err(CommandError::new(
            ErrorKind::Auth,
            format!("{url} presents another authority than the one you named"),
        )
        .hint(format!("It presents  {grouped}"))
        .hint("Somebody may be in between: ask the server's keeper."));
    }
    context.status(&format!(
        "{url} presents this authority (SHA-256):\n\n  {grouped}\n\nCompare it with what the server's keeper tells you."
    ))?;
    let by_flag = format!("If it is:  --fingerprint {}", shown.fingerprint);
    let answer = context
        .prompter
        .line(
            // The words above may go where nobody looks now: the question names what it is about.
            &format!("{grouped}\nType yes if it is the same"),
            &by_flag,
        )
        .map_err(|error| match error.kind() {
            ErrorKind::Usage => CommandError::usage(
                "somebody has to say that this authority is the right one, and nobody can be asked",
            )
            .hint(by_flag.clone()),
            _ => error,
        })?;
    if answer == "yes" {
        return Ok(());
    }
    Err(CommandError::new(
        ErrorKind::Auth,
        "the authority was not accepted: nothing was sent",
    ))
}

fn remember(
    context: &Context,
    name: &str,
    server: Url,
    ca_file: PathBuf,
    operator: String,
) -> Result<config::Context, CommandError> {
    let mut file = UserFile::open(&context.environment.user_config())?;
    let entry = config::Context {
        server,
        ca_file: Some(ca_file),
        operator: Some(operator),
        token_file: None,
    };
    file.put_context(name, entry.clone())?;
    file.use_context(name);
    file.save()?;
    Ok(entry)
}

/// Changes the password.
pub(super) async fn password(context: &Context, args: PasswordArgs) -> Outcome {
    let client = context.client().await?;
    let current = secrets::password(context, args.current_file.as_deref(), "Password so far")?;
    let new = secrets::password(context, args.new_file.as_deref(), "New password")?;
    let me = client.who_am_i().await?;
    client
        .change_password(&PasswordChange { current, new })
        .await?;
    let view = View::one("whoami", &me).named_by("/operator");
    context.tell("The password is changed.", &view)?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_is_named_after_its_host() {
        for (url, name) in [
            ("https://mgmt.example.net:8443", "mgmt-example-net"),
            ("https://127.0.0.1:8443", "127-0-0-1"),
            ("https://[::1]:8443", "1"),
        ] {
            assert_eq!(name_from(&url.parse().expect("url")), name);
        }
    }
}
