use std::path::PathBuf;
use std::time::Duration;

use crate::host::HostError;
use crate::port::{MachineError, StoreError, task};

use super::endpoint::Endpoint;
use super::listen::{self, Listeners};
use super::{dispatcher, notifier, webhooks};

/// Requests and sends under way get this long to finish.
const GRACE: Duration = Duration::from_secs(10);

/// Why an endpoint cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No randomness.
    #[error(transparent)]
    Machine(#[from] MachineError),
    /// A file of the data directory cannot be used.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The stored system id cannot be read.
    #[error("the database holds {0:?} as its system id, which is none")]
    SystemId(String),
    /// The file of the server's key does not hold one.
    #[error("{0} does not hold a key (64 hexadecimal digits); restore it from a backup")]
    SigningKey(PathBuf),
    /// The one-time code cannot be hashed.
    #[error("the first admin's code cannot be hashed")]
    Hash,
}

/// Serves until `shutdown` ends, then stops in good order: accepts nothing more, ends streams, finishes requests and
/// sends under way within 10 s, and returns when every task has ended.
///
/// # Errors
/// [`RunError`] when the store fails at the start.
pub async fn run(
    endpoint: Endpoint,
    listeners: Listeners,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), RunError> {
    let now = endpoint.now();
    let used = endpoint.parts().housekeeping.used_nonces(now).await?;
    endpoint.nonces().recall(used, now);
    let freed = endpoint
        .parts()
        .housekeeping
        .release_claims(endpoint.now())
        .await?;
    if freed > 0 {
        tracing::info!(
            count = freed,
            "sends of a run that was cut off are taken up again"
        );
    }
    endpoint.notifier().load().await?;
    endpoint.reacher().resume(&endpoint).await;
    let doors = tokio::spawn(task(listen::serve(endpoint.clone(), listeners, GRACE)));
    let sending = tokio::spawn(task(dispatcher::dispatch(endpoint.clone(), GRACE)));
    let telling = tokio::spawn(task(webhooks::tell(endpoint.clone())));
    let notifying = tokio::spawn(task(notifier::watch(endpoint.clone())));
    shutdown.await;
    tracing::info!("stopping");
    endpoint.stopping().cancel();
    let (doors, sending, telling, notifying, (), ()) = tokio::join!(
        doors,
        sending,
        telling,
        notifying,
        endpoint.reacher().finish(),
        endpoint.notifier().finish(),
    );
    for ended in [doors, sending, telling, notifying] {
        if let Err(error) = ended {
            tracing::error!(%error, "a task of the endpoint failed");
        }
    }
    Ok(())
}
