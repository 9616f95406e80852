use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use url::Url;

use super::context::Context;
use super::error::{CommandError, ErrorKind};
use crate::host::{HostError, SecretChoice, SecretStore, Unlock, private_file};

/// Longest secret that is read from a file, in bytes.
const LONGEST: u64 = 16 * 1024;

/// Where a login is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Keeping {
    /// The desktop's keyring, else the kernel's keys for this login
    Auto,
    /// The desktop's keyring
    Keyring,
    /// The kernel's keys: gone after this login
    Kernel,
    /// A file sealed with a key file beside it
    KeyFile,
    /// A file sealed with a passphrase that is asked for each time
    Passphrase,
    /// A plain file that only you can read
    PlainFile,
}

/// Flags of commands that keep a login.
#[derive(Debug, Clone, Args)]
pub(super) struct KeepFlags {
    /// Where to keep the login: auto, keyring, kernel, key-file, passphrase, plain-file
    #[arg(
        long,
        value_name = "PLACE",
        value_enum,
        default_value_t = Keeping::Auto,
        hide_possible_values = true,
        hide_default_value = true
    )]
    pub(super) keep: Keeping,
}

/// Name of a context's token in the store: bound to the server that gave it, so that no other one is shown it.
fn name_of(context: &str, server: &Url) -> String {
    format!("callhome/{context}@{server}")
}

/// Folder of our own files for secrets.
fn folder(context: &Context) -> PathBuf {
    let file = context.environment.user_config();
    file.parent()
        .map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

fn choice(context: &Context, keeping: Keeping) -> Result<SecretChoice, CommandError> {
    let folder = folder(context);
    Ok(match keeping {
        Keeping::Auto => SecretChoice::Automatic,
        Keeping::Keyring => SecretChoice::Keyring,
        Keeping::Kernel => SecretChoice::Kernel,
        Keeping::KeyFile => SecretChoice::Sealed {
            path: folder.join("tokens.sealed"),
            unlock: Unlock::KeyFile(folder.join("tokens.key")),
        },
        Keeping::Passphrase => SecretChoice::Sealed {
            path: folder.join("tokens.passphrase"),
            unlock: Unlock::Passphrase(passphrase(context)?),
        },
        Keeping::PlainFile => SecretChoice::Plain {
            path: folder.join("tokens.plain"),
        },
    })
}

fn passphrase(context: &Context) -> Result<String, CommandError> {
    let file = context
        .environment
        .variable("CALLHOME_PASSPHRASE_FILE")
        .map(PathBuf::from);
    password(context, file.as_deref(), "Passphrase of the kept logins")
}

/// Where a context's login was put, as far as our own files tell; the keyring and the kernel otherwise.
fn places(context: &Context) -> Vec<Keeping> {
    let folder = folder(context);
    let mut places = Vec::new();
    for (file, keeping) in [
        ("tokens.plain", Keeping::PlainFile),
        ("tokens.sealed", Keeping::KeyFile),
    ] {
        if folder.join(file).exists() {
            places.push(keeping);
        }
    }
    places.push(Keeping::Auto);
    if folder.join("tokens.passphrase").exists() {
        places.push(Keeping::Passphrase);
    }
    places
}

/// Opens a store and does something with it off the runtime's threads: keyrings may block.
async fn with_store<T: Send + 'static>(
    choice: SecretChoice,
    work: impl FnOnce(SecretStore) -> Result<T, HostError> + Send + 'static,
) -> Result<T, CommandError> {
    tokio::task::spawn_blocking(move || SecretStore::open(choice).and_then(work))
        .await
        .map_err(|e| CommandError::internal(e.to_string()))?
        .map_err(refused)
}

fn refused(error: HostError) -> CommandError {
    CommandError::new(ErrorKind::SecretStore, error.to_string())
        .hint("Keep it elsewhere:  --keep key-file   (or kernel, passphrase, plain-file)")
}

/// The token that was kept for a context at this server, if any.
pub(super) async fn token(
    context: &Context,
    name: &str,
    server: &Url,
) -> Result<Option<String>, CommandError> {
    let found = find(context, &name_of(name, server)).await?;
    Ok(found.map(|(token, _)| token))
}

/// Keeps a context's token; the words for the place.
pub(super) async fn keep(
    context: &Context,
    name: &str,
    server: &Url,
    token: String,
    keeping: Keeping,
) -> Result<&'static str, CommandError> {
    put(context, name_of(name, server), token, keeping).await
}

/// Forgets a context's token wherever it is; whether there was one.
pub(super) async fn forget(
    context: &Context,
    name: &str,
    server: &Url,
) -> Result<bool, CommandError> {
    remove(context, &name_of(name, server)).await
}

/// The secret with this name in the store, and the words for where it was found.
pub(super) async fn find(
    context: &Context,
    name: &str,
) -> Result<Option<(String, &'static str)>, CommandError> {
    for keeping in places(context) {
        let wanted = name.to_owned();
        let found = with_store(choice(context, keeping)?, move |s| s.find(&wanted)).await;
        match found {
            Ok(Some(found)) => return Ok(Some(found)),
            Ok(None) => {}
            // A machine without any store simply has no secret there.
            Err(_) if keeping == Keeping::Auto => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// Keeps a secret under a name in the store; the words for the place.
pub(super) async fn put(
    context: &Context,
    name: String,
    secret: String,
    keeping: Keeping,
) -> Result<&'static str, CommandError> {
    with_store(choice(context, keeping)?, move |s| {
        s.set(&name, &secret)?;
        Ok(s.place())
    })
    .await
}

/// Forgets a secret wherever it is; whether there was one.
pub(super) async fn remove(context: &Context, name: &str) -> Result<bool, CommandError> {
    let mut there = false;
    for keeping in places(context) {
        let wanted = name.to_owned();
        let gone = with_store(choice(context, keeping)?, move |s| s.delete(&wanted)).await;
        match gone {
            Ok(gone) => there |= gone,
            Err(_) if keeping == Keeping::Auto => {}
            Err(error) => return Err(error),
        }
    }
    Ok(there)
}

/// A password: from a file (`-` is standard input), or typed.
///
/// # Errors
/// When the file cannot be read or others can read it, or nobody can be asked.
pub(super) fn password(
    context: &Context,
    file: Option<&Path>,
    question: &str,
) -> Result<String, CommandError> {
    let text = match file {
        None => {
            return context
                .prompter
                .password(question, "Give it in a file:  --password-file FILE");
        }
        Some(file) if file == Path::new("-") => {
            let mut text = String::new();
            std::io::stdin().take(LONGEST).read_to_string(&mut text)?;
            text
        }
        Some(file) => {
            let content = private_file::read(file)?.ok_or_else(|| {
                CommandError::usage(format!("there is no file {}", file.display()))
            })?;
            String::from_utf8_lossy(&content).into_owned()
        }
    };
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
