use std::time::Duration;

use futures_util::future::join_all;

use crate::port::{EventFilter, StoreError, Webhooks};

use super::endpoint::Endpoint;

const BATCH: u32 = 64;
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Tells third parties of events, each in order and by itself, until the endpoint stops (requirement C13): one that does
/// not answer holds up nobody else.
///
/// Where it got to is not kept over restarts: what happened meanwhile is in the event list.
pub(super) async fn tell(endpoint: Endpoint) {
    let Some(webhooks) = endpoint.parts().webhooks.clone() else {
        return;
    };
    let telling = (0..webhooks.targets()).map(|target| tell_one(&endpoint, &*webhooks, target));
    join_all(telling).await;
}

async fn tell_one(endpoint: &Endpoint, webhooks: &dyn Webhooks, target: usize) {
    let events = &endpoint.ports().events;
    let mut after = None;
    loop {
        let step = async {
            let from = match after {
                Some(from) => from,
                None => events.last_event().await?,
            };
            let filter = EventFilter {
                after: from,
                ..EventFilter::default()
            };
            let found = events.events(filter, BATCH).await?;
            let last = found.last().map_or(from, |event| event.id);
            for event in &found {
                if let Err(error) = webhooks.deliver(target, event).await {
                    tracing::warn!(event.id = event.id, %error, "a webhook did not take an event");
                }
            }
            if found.is_empty() {
                events.wait_event(from).await?;
            }
            Ok::<u64, StoreError>(last)
        };
        let failed = tokio::select! {
            () = endpoint.stopping().cancelled() => return,
            done = step => match done {
                Ok(last) => {
                    after = Some(last);
                    continue;
                }
                Err(error) => error,
            }
        };
        tracing::error!(error = %failed, "events cannot be read for the webhooks");
        tokio::select! {
            () = endpoint.stopping().cancelled() => return,
            () = tokio::time::sleep(AFTER_FAILURE) => {}
        }
    }
}
