use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::assembly::{Assembled, Doors, assemble};
use super::context::Context;
use super::error::{CommandError, ErrorKind};
use super::server_secrets::ServerSecrets;
use crate::config::ServerConfig;
use crate::host::{DataDir, DataLock, HostError, Owner, OwnerMode};
use crate::port::task;
use crate::server::{self, Mode, RunError};

/// How long another command that is just beginning or ending is waited for.
const HANDOVER: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(25);

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
    task: Mutex<Option<JoinHandle<Result<(), RunError>>>>,
    /// Why it does not listen for devices although the command waits for one.
    pub(super) deaf: Option<String>,
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
    /// Ends the server in good order and gives the data folder free.
    pub(super) async fn stop(&self) {
        self.stop.cancel();
        if let Some(task) = self.task.lock().await.take() {
            // How it ended does not change what the command achieved.
            drop(task.await);
        }
    }
}

/// Finds the server of a data folder, or becomes it.
pub(super) async fn open(
    context: &Context,
    folder: PathBuf,
    config: &ServerConfig,
    stay: Stay,
) -> Result<Found, CommandError> {
    let dir = DataDir::open(folder)?;
    match own_or_socket(&dir).await? {
        Ok(lock) => {
            let secrets = ServerSecrets::gather(context, config).await?;
            let own = start(dir, lock, config, &secrets, stay).await?;
            Ok(Found::Own(own))
        }
        Err(socket) => Ok(Found::Owner(socket)),
    }
}

/// The lock, or the socket of the process that has it.
async fn own_or_socket(dir: &DataDir) -> Result<Result<DataLock, PathBuf>, CommandError> {
    let since = tokio::time::Instant::now();
    loop {
        match dir.lock() {
            Ok(lock) => return Ok(Ok(lock)),
            Err(HostError::InUse { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        // Its owner may be just beginning (no socket yet) or ending (no socket any more).
        let socket = dir.socket();
        if tokio::net::UnixStream::connect(&socket).await.is_ok() {
            return Ok(Err(socket));
        }
        if since.elapsed() > HANDOVER {
            return Err(CommandError::new(
                ErrorKind::Unreachable,
                format!(
                    "{} is in use by a process that does not answer",
                    dir.path().display()
                ),
            )
            .hint("Look for the cause:  callhome doctor"));
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

async fn start(
    dir: DataDir,
    lock: DataLock,
    config: &ServerConfig,
    secrets: &ServerSecrets,
    stay: Stay,
) -> Result<Embedded, CommandError> {
    let doors = (stay == Stay::Listens).then(|| Doors::of(config));
    let (assembled, deaf) = match assemble(&dir, config, secrets, Mode::Embedded, doors).await {
        Ok(assembled) => (assembled, None),
        // A port that is taken keeps devices from calling back, but not the command from asking.
        Err(error) if doors.is_some() && error.kind() == ErrorKind::Conflict => {
            let assembled = assemble(&dir, config, secrets, Mode::Embedded, None).await?;
            (assembled, Some(error.message().to_owned()))
        }
        Err(error) => return Err(error),
    };
    announce(&lock, OwnerMode::Embedded, &assembled)?;
    let Assembled {
        endpoint,
        listeners,
        sip,
        ..
    } = assembled;
    let stop = CancellationToken::new();
    let stopping = stop.clone();
    let task = tokio::spawn(task(async move {
        let ended = server::run(endpoint, listeners, stopping.cancelled_owned()).await;
        if let Some(sip) = sip {
            sip.close().await;
        }
        drop(lock);
        ended
    }));
    Ok(Embedded {
        socket: dir.socket(),
        stop,
        task: Mutex::new(Some(task)),
        deaf,
    })
}

/// Writes down who owns the data folder.
pub(super) fn announce(
    lock: &DataLock,
    mode: OwnerMode,
    assembled: &Assembled,
) -> Result<(), CommandError> {
    Ok(lock.announce(&Owner {
        mode,
        pid: std::process::id(),
        https: assembled.url.clone(),
        sip: assembled.sip_url.clone(),
    })?)
}
