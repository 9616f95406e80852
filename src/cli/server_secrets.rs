use std::collections::BTreeMap;
use std::path::Path;

use super::context::Context;
use super::error::{CommandError, ErrorKind};
use super::secrets;
use crate::config::{NamedSecret, ServerConfig, kept_name};
use crate::host::private_file;

/// Name of a server's secret in the store: no context's login has one that begins so.
pub(super) fn store_name(name: &str) -> String {
    format!("callhome-server/{name}")
}

/// The secrets that a server's settings name and that are kept in the keyring, taken from there once, at the start.
#[derive(Default)]
pub(super) struct ServerSecrets(BTreeMap<String, String>);

impl ServerSecrets {
    /// Takes from the keyring what the settings name; where they name nothing there, it is not asked.
    ///
    /// # Errors
    /// [`ErrorKind::SecretStore`] when one is not there, with what to type.
    pub(super) async fn gather(
        context: &Context,
        config: &ServerConfig,
    ) -> Result<Self, CommandError> {
        let mut kept = BTreeMap::new();
        for secret in config.secrets() {
            let Some(name) = secret.kept() else { continue };
            if kept.contains_key(name) {
                continue;
            }
            let found = secrets::find(context, &store_name(name)).await?;
            let (text, _) = found.ok_or_else(|| missing(&secret, name))?;
            kept.insert(name.to_owned(), text);
        }
        Ok(Self(kept))
    }

    /// The secret that a setting names: from the keyring, or a file that nobody else may read.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when the file is not there or others may read it.
    pub(super) fn of(&self, file: &Path) -> Result<String, CommandError> {
        if let Some(name) = kept_name(file) {
            return self.0.get(name).cloned().ok_or_else(|| {
                CommandError::new(
                    ErrorKind::SecretStore,
                    format!("no secret named {name} is kept here"),
                )
            });
        }
        let content = private_file::read(file)?.ok_or_else(|| {
            CommandError::new(
                ErrorKind::Config,
                format!("there is no file {}", file.display()),
            )
        })?;
        Ok(String::from_utf8_lossy(&content).trim().to_owned())
    }
}

fn missing(secret: &NamedSecret<'_>, name: &str) -> CommandError {
    CommandError::new(
        ErrorKind::SecretStore,
        format!(
            "{} names the secret {name}, which is not kept here",
            secret.setting
        ),
    )
    .hint(format!("Keep it:  callhome server secret set {name}"))
    .hint("Or put it into a file of mode 0600, and the file's path into the setting.")
}
