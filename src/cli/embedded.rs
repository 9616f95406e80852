use std::path::{Path, PathBuf};

use tokio_util::sync::CancellationToken;

use super::error::{CommandError, ErrorKind};
use crate::config::ServerConfig;
use crate::host::{DataDir, HostError};

/// What a command needs its own server for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stay {
    /// Questions and orders: the local socket is enough.
    Answers,
    /// Waiting for a device: it listens for devices too.
    Listens,
}

/// The server over a data folder: another process's, or our own.
pub(super) enum Found {
    /// Another process owns the folder; this is its socket.
    Owner(PathBuf),
    /// We are the server for as long as the command runs.
    Own(Embedded),
}

/// A server inside this process.
pub(super) struct Embedded {
    socket: PathBuf,
    stop: CancellationToken,
}

impl Found {
    /// The socket to talk to.
    #[must_use]
    pub(super) fn socket(&self) -> &Path {
        match self {
            Self::Owner(socket) => socket,
            Self::Own(own) => &own.socket,
        }
    }

    /// Our own server, if it is one.
    #[must_use]
    pub(super) fn into_own(self) -> Option<Embedded> {
        match self {
            Self::Owner(_) => None,
            Self::Own(own) => Some(own),
        }
    }
}

impl Embedded {
    /// Ends the server in good order.
    pub(super) async fn stop(&self) {
        self.stop.cancel();
    }
}

/// Finds the server of a data folder.
pub(super) async fn open(
    folder: PathBuf,
    _: &ServerConfig,
    _: Stay,
) -> Result<Found, CommandError> {
    let dir = DataDir::open(folder)?;
    match dir.lock() {
        Err(HostError::InUse { .. }) => Ok(Found::Owner(dir.socket())),
        Err(error) => Err(error.into()),
        Ok(_lock) => Err(CommandError::new(
            ErrorKind::Unreachable,
            format!("no server runs on {}", dir.path().display()),
        )
        .hint("Start one:  callhome serve")),
    }
}
