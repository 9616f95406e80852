use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event as Line, KeepAlive, Sse};
use futures_util::stream::{Stream, unfold};

use crate::api::Event;
use crate::domain::Permission;
use crate::port::EventFilter;

use crate::server::endpoint::Endpoint;
use crate::server::error::{Answer, ApiError};
use crate::server::extract::Words;
use crate::server::identity::Caller;

/// Comments that keep proxies from closing a quiet stream.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Whether the caller still may watch is looked at before anything is told, and at least this often.
const LOOK: Duration = Duration::from_secs(5);
const BATCH: u32 = 256;

/// Which events.
#[derive(Debug, serde::Deserialize)]
pub(super) struct WatchWords {
    after: Option<u64>,
    subject: Option<String>,
    kind: Option<String>,
    device: Option<String>,
}

/// Streams what changes (server-sent events). Goes on after `Last-Event-ID` or `?after=`; without either, from now.
#[cfg_attr(test, utoipa::path(get, path = "/api/v1/events", params(("after" = Option<u64>, Query), ("subject" = Option<String>, Query), ("kind" = Option<String>, Query), ("device" = Option<String>, Query), ("Last-Event-ID" = Option<String>, Header)), responses((status = 200, content_type = "text/event-stream", body = Event)), tag = "events"))]
pub(super) async fn watch(
    State(endpoint): State<Endpoint>,
    caller: Caller,
    Words(words): Words<WatchWords>,
    headers: HeaderMap,
) -> Answer<Sse<impl Stream<Item = Result<Line, Infallible>>>> {
    caller.require(Permission::Read)?;
    let resumed = match headers.get("last-event-id") {
        Some(value) => Some(
            value
                .to_str()
                .ok()
                .and_then(|t| t.trim().parse().ok())
                .ok_or_else(|| ApiError::invalid("Last-Event-ID is the number of an event"))?,
        ),
        None => words.after,
    };
    let after = match resumed {
        Some(after) => after,
        None => endpoint.ports().events.last_event().await?,
    };
    let watcher = Watcher {
        filter: EventFilter {
            after,
            subject: words.subject,
            kind: words.kind,
            device: words.device,
        },
        ready: VecDeque::new(),
        caller,
        endpoint,
    };
    let lines = unfold(watcher, |mut watcher| async move {
        let event = watcher.next().await?;
        Some((Ok(line(&event)), watcher))
    });
    Ok(Sse::new(lines).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

fn line(event: &Event) -> Line {
    let data = serde_json::to_string(event).unwrap_or_else(|_| "null".to_owned());
    Line::default()
        .id(event.id.to_string())
        .event(&event.kind)
        .data(data)
}

struct Watcher {
    endpoint: Endpoint,
    filter: EventFilter,
    ready: VecDeque<Event>,
    caller: Caller,
}

impl Watcher {
    /// The next event; `None` when the session has ended, the endpoint stops, or the store failed (the watcher then
    /// comes again and goes on where it was).
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            let caller = &self.caller;
            if !caller
                .still_may(&self.endpoint, Permission::Read)
                .await
                .ok()?
            {
                return None;
            }
            self.fill().await.ok()?;
            if self.ready.is_empty() {
                self.wait().await?;
            }
        }
    }

    async fn fill(&mut self) -> Answer<()> {
        let events = &self.endpoint.ports().events;
        // Before the search: whatever comes during it has a higher number and is found next time.
        let newest = events.last_event().await?;
        let found = events.events(self.filter.clone(), BATCH).await?;
        self.filter.after = match found.last() {
            Some(last) if found.len() >= BATCH as usize => last.id,
            Some(last) => last.id.max(newest),
            None => newest.max(self.filter.after),
        };
        self.ready.extend(found);
        Ok(())
    }

    async fn wait(&self) -> Option<()> {
        let events = &self.endpoint.ports().events;
        tokio::select! {
            () = self.endpoint.stopping().cancelled() => None,
            () = tokio::time::sleep(LOOK) => Some(()),
            woken = events.wait_event(self.filter.after) => woken.ok(),
        }
    }
}
