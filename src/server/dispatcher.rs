use std::collections::HashMap;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::domain::ShortId;
use crate::flow::deliver;
use crate::port::{Claimed, StoreError, task};

use super::endpoint::Endpoint;

/// Sends under way at once.
const AT_ONCE: usize = 256;
const BATCH: usize = 64;
/// Longer than a try takes: a try that outlives its lease might be made twice.
const LEASE: Duration = Duration::from_secs(60);
/// A wake that finds nothing costs a look at an index: not more often than this.
const PAUSE: Duration = Duration::from_millis(10);
/// Looked at least this often, whatever the clock does.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// Sends due actions until the endpoint stops. A try under way is finished; nothing new is begun.
pub(super) async fn dispatch(endpoint: Endpoint, grace: Duration) {
    let mut under_way = JoinSet::new();
    while !endpoint.stopping().is_cancelled() {
        if under_way.len() >= AT_ONCE {
            ended(under_way.join_next().await);
            continue;
        }
        match next(&endpoint, &mut under_way).await {
            Ok(()) => {}
            Err(error) => {
                tracing::error!(%error, "due actions cannot be read; trying again");
                pause(&endpoint, Duration::from_secs(1)).await;
            }
        }
    }
    let rest = timeout(grace, async {
        while let Some(done) = under_way.join_next().await {
            ended(Some(done));
        }
    });
    if rest.await.is_err() {
        // Their leases run out; the next start claims them again.
        tracing::warn!(count = under_way.len(), "sends under way were broken off");
        under_way.shutdown().await;
    }
}

async fn next(endpoint: &Endpoint, under_way: &mut JoinSet<()>) -> Result<(), StoreError> {
    let ports = endpoint.ports();
    let seen = ports.events.last_event().await?;
    let room = (AT_ONCE - under_way.len()).min(BATCH);
    let claimed = ports
        .queue
        .claim(endpoint.now(), LEASE, u32::try_from(room).unwrap_or(1))
        .await?;
    if !claimed.is_empty() {
        for together in by_device(claimed) {
            let endpoint = endpoint.clone();
            under_way.spawn(task(async move {
                let mut ids = Vec::with_capacity(together.len());
                for claim in &together {
                    endpoint.metrics().deliveries.up();
                    ids.push(claim.view.id);
                }
                if let Err(error) = deliver::deliver_all(endpoint.ports(), together).await {
                    tracing::warn!(action.ids = ?ids, %error, "a try could not be recorded; it is made again when its lease ends");
                }
            }));
        }
        return Ok(());
    }
    pause(endpoint, PAUSE).await;
    let wait = match ports.queue.next_due().await? {
        Some(due) => due.since(endpoint.now()).min(LONGEST_SLEEP),
        None => LONGEST_SLEEP,
    };
    tokio::select! {
        () = endpoint.stopping().cancelled() => {}
        done = under_way.join_next(), if !under_way.is_empty() => ended(done),
        () = sleep(wait) => {}
        woken = ports.events.wait_event(seen) => woken?,
    }
    Ok(())
}

/// What is due for one device goes together; devices keep the order in which their first action came.
fn by_device(claimed: Vec<Claimed>) -> Vec<Vec<Claimed>> {
    let mut groups: Vec<Vec<Claimed>> = Vec::new();
    let mut known: HashMap<ShortId, usize> = HashMap::new();
    for claim in claimed {
        let at = *known.entry(claim.view.device).or_insert(groups.len());
        match groups.get_mut(at) {
            Some(group) => group.push(claim),
            None => groups.push(vec![claim]),
        }
    }
    groups
}

async fn pause(endpoint: &Endpoint, length: Duration) {
    tokio::select! {
        () = endpoint.stopping().cancelled() => {}
        () = sleep(length) => {}
    }
}

fn ended(outcome: Option<Result<(), tokio::task::JoinError>>) {
    if let Some(Err(error)) = outcome
        && error.is_panic()
    {
        tracing::error!("a try to send an action panicked; it is made again when its lease ends");
    }
}
