use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::{Config, ConfigError, Context, EMBEDDED};

/// The user's file, to be changed by commands (`callhome context add`).
///
/// It is written anew from what it says: comments are not kept.
#[derive(Debug, Clone)]
pub struct UserFile {
    path: PathBuf,
    config: Config,
}

impl UserFile {
    /// Reads the file; one that does not exist says nothing yet.
    ///
    /// # Errors
    /// [`ConfigError`] when it cannot be read or does not say what it should.
    pub fn open(path: &Path) -> Result<Self, ConfigError> {
        let config = match fs::read_to_string(path) {
            Ok(text) => serde_yaml::from_str::<Option<Config>>(&text)
                .map_err(|e| ConfigError::yaml(path, &e))?
                .unwrap_or_default(),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Config::default(),
            Err(e) => return Err(ConfigError::file("read", path)(e)),
        };
        Ok(Self {
            path: path.to_owned(),
            config,
        })
    }

    /// What it says.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Adds or replaces a context.
    ///
    /// # Errors
    /// [`ConfigError::Content`] for the name of the built-in one.
    pub fn put_context(&mut self, name: &str, context: Context) -> Result<(), ConfigError> {
        if name == EMBEDDED || name.is_empty() || name.contains(['.', '/', ' ']) {
            return Err(ConfigError::Content {
                file: self.path.clone(),
                line: None,
                message: format!(
                    "{name:?} cannot be the name of a context: use letters, digits and hyphens; \"embedded\" is built in"
                ),
            });
        }
        self.config.contexts.insert(name.to_owned(), context);
        Ok(())
    }

    /// Removes a context; whether there was one. The built-in one is chosen if it was in force.
    pub fn remove_context(&mut self, name: &str) -> bool {
        if self.config.current_context.as_deref() == Some(name) {
            self.config.current_context = None;
        }
        self.config.contexts.remove(name).is_some()
    }

    /// Chooses the context that commands use.
    pub fn use_context(&mut self, name: &str) {
        self.config.current_context = Some(name.to_owned());
    }

    /// Writes the file whole or not at all.
    ///
    /// # Errors
    /// [`ConfigError::File`].
    pub fn save(&self) -> Result<(), ConfigError> {
        let text =
            serde_yaml::to_string(&self.config).map_err(|e| ConfigError::yaml(&self.path, &e))?;
        self.write(&text)
            .map_err(ConfigError::file("write", &self.path))
    }

    fn write(&self, text: &str) -> std::io::Result<()> {
        if let Some(folder) = self.path.parent() {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)?;
        }
        let fresh = self
            .path
            .with_extension(format!("{}.new", std::process::id()));
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&fresh)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&fresh, &self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contexts_are_added_chosen_and_removed() {
        let dir = tempfile::tempdir().expect("temp dir");
        let path = dir.path().join("callhome/config.yaml");
        let mut file = UserFile::open(&path).expect("empty");
        let context = Context {
            server: "https://127.0.0.1:8443".parse().expect("url"),
            ca_file: Some("/etc/ca.pem".into()),
            operator: Some("anna".into()),
            token_file: None,
        };
        file.put_context("lab", context.clone()).expect("named");
        file.use_context("lab");
        file.save().expect("saved");
        let mut again = UserFile::open(&path).expect("readable");
        assert_eq!(again.config().context(), Some(&context));
        assert!(again.remove_context("lab"));
        assert!(!again.remove_context("lab"));
        assert_eq!(again.config().context_name(), EMBEDDED);
        assert!(again.put_context(EMBEDDED, context).is_err());
    }
}
