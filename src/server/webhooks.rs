use std::time::Duration;

use crate::port::EventFilter;

use super::endpoint::Endpoint;

const BATCH: u32 = 64;
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Tells third parties of events, in order, until the endpoint stops (requirement C13).
///
/// Where it got to is not kept over restarts: what happened meanwhile is in the event list.
pub(super) async fn tell(endpoint: Endpoint) {
    let Some(webhooks) = endpoint.parts().webhooks.clone() else {
        return;
    };
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
                if let Err(error) = webhooks.deliver(event).await {
                    tracing::warn!(event.id = event.id, %error, "a webhook did not take an event");
                }
            }
            if found.is_empty() {
                events.wait_event(from).await?;
            }
            Ok::<u64, crate::port::StoreError>(last)
        };
        tokio::select! {
            () = endpoint.stopping().cancelled() => return,
            done = step => match done {
                Ok(last) => after = Some(last),
                Err(error) => {
                    tracing::error!(%error, "events cannot be read for the webhooks");
                    tokio::time::sleep(AFTER_FAILURE).await;
                }
            }
        }
    }
}
