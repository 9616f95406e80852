use std::io;
use std::path::PathBuf;

use crate::port::MachineError;

use super::Owner;

/// Why the machine could not serve.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// A file or folder could not be read or written.
    #[error("cannot {doing} {path}: {source}")]
    File {
        /// What was tried, as in `read`.
        doing: &'static str,
        /// Which one.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file that holds a secret can be read by others.
    #[error(
        "{path} can be read by others (mode {mode:03o}): it holds a secret; run chmod 600 {path}"
    )]
    TooOpen {
        /// Which one.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A file is there but not what it should be.
    #[error("{path} is damaged: {what}")]
    Damaged {
        /// Which one.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// Another program owns the data folder.
    #[error("{path} is in use{}", by(.owner.as_ref()))]
    InUse {
        /// The folder.
        path: PathBuf,
        /// Who, as far as it told.
        owner: Option<Owner>,
    },
    /// No random bytes, or a sealed value that cannot be opened.
    #[error(transparent)]
    Machine(#[from] MachineError),
    /// No place to keep a secret works on this machine.
    #[error("there is no place to keep a secret here: {0}")]
    NoSecretStore(String),
    /// A place to keep secrets refused.
    #[error("{place} refused: {reason}")]
    SecretStore {
        /// Which place.
        place: &'static str,
        /// Its words.
        reason: String,
    },
    /// The passphrase or key file does not open the file of secrets.
    #[error("{0} cannot be opened with this passphrase or key file")]
    WrongKey(PathBuf),
}

fn by(owner: Option<&Owner>) -> String {
    owner.map_or_else(String::new, |o| format!(" by process {}", o.pid))
}

impl HostError {
    pub(super) fn file(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File {
            doing,
            path,
            source,
        }
    }
}
