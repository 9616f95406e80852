use std::collections::VecDeque;
use std::time::Duration;

use reqwest::{Method, Response};
use tokio::time::Instant;

use super::{Client, ClientError};
use crate::api::Event;

/// Silence after which a stream counts as broken; the server sends a comment every 15 s.
const SILENCE: Duration = Duration::from_secs(45);
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// Which events to follow.
#[derive(Debug, Clone, Default)]
pub struct EventQuery {
    /// Only after this event; from now on when absent.
    pub after: Option<u64>,
    /// Only about this subject, as in `action:x3hq80vn`.
    pub subject: Option<String>,
    /// Only of this kind, as in `action.changed`.
    pub kind: Option<String>,
    /// Only about this device (registry id).
    pub device: Option<String>,
}

/// What a watcher sees.
#[derive(Debug, Clone, PartialEq)]
pub enum Watched {
    /// Something changed.
    Event(Event),
    /// The stream is (again) open. What happened before the first event of a stream, or in a break before any
    /// event was seen, is not in it: read the state now.
    Open,
}

/// Follows the event stream; opens it again where it broke.
pub struct Watcher {
    client: Client,
    query: EventQuery,
    stream: Option<Response>,
    buffer: Vec<u8>,
    ready: VecDeque<Watched>,
}

impl Client {
    /// Follows events. The first thing seen is [`Watched::Open`].
    #[must_use]
    pub fn watch(&self, query: EventQuery) -> Watcher {
        Watcher {
            client: self.clone(),
            query,
            stream: None,
            buffer: Vec::new(),
            ready: VecDeque::new(),
        }
    }
}

impl Watcher {
    /// Waits for the next thing. Cancel-safe: what was read stays for the next call.
    ///
    /// # Errors
    /// [`ClientError`] when the server refuses, or cannot be reached for longer than the client's patience.
    pub async fn next(&mut self) -> Result<Watched, ClientError> {
        let mut broken_since: Option<Instant> = None;
        let mut pause = FIRST_PAUSE;
        loop {
            if let Some(watched) = self.ready.pop_front() {
                return Ok(watched);
            }
            let error = match self.advance().await {
                Ok(()) => {
                    broken_since = None;
                    pause = FIRST_PAUSE;
                    continue;
                }
                Err(error @ ClientError::Unreachable { .. }) => error,
                Err(error) => return Err(error),
            };
            self.stream = None;
            self.buffer.clear();
            let since = *broken_since.get_or_insert_with(Instant::now);
            if since.elapsed() + pause > self.client.patience() {
                return Err(error);
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Opens the stream, or reads a piece of it.
    async fn advance(&mut self) -> Result<(), ClientError> {
        let broken = |reason: &str, client: &Client| ClientError::Unreachable {
            server: client.server(),
            reason: reason.to_owned(),
            unsent: false,
        };
        let Some(stream) = &mut self.stream else {
            self.stream = Some(self.open().await?);
            self.ready.push_back(Watched::Open);
            return Ok(());
        };
        let chunk = tokio::time::timeout(SILENCE, stream.chunk())
            .await
            .map_err(|_| broken("its event stream fell silent", &self.client))?
            .map_err(|e| self.client.failure(e))?
            .ok_or_else(|| broken("it closed the event stream", &self.client))?;
        self.buffer.extend_from_slice(&chunk);
        while let Some(block) = take_block(&mut self.buffer) {
            if let Some(event) = event_of(&block) {
                self.query.after = Some(event.id);
                self.ready.push_back(Watched::Event(event));
            }
        }
        Ok(())
    }

    async fn open(&self) -> Result<Response, ClientError> {
        let mut query: Vec<(&str, String)> = Vec::new();
        let wanted = &self.query;
        for (name, value) in [
            ("subject", &wanted.subject),
            ("kind", &wanted.kind),
            ("device", &wanted.device),
        ] {
            if let Some(value) = value {
                query.push((name, value.clone()));
            }
        }
        let mut request = self
            .client
            .request(Method::GET, "/api/v1/events")
            .query(&query)
            .header("accept", "text/event-stream");
        if let Some(after) = wanted.after {
            request = request.header("last-event-id", after.to_string());
        }
        let opened = tokio::time::timeout(Duration::from_secs(10), request.send()).await;
        let response = match opened {
            Ok(answer) => answer.map_err(|e| self.client.failure(e))?,
            Err(_) => {
                return Err(ClientError::Unreachable {
                    server: self.client.server(),
                    reason: "it took too long".into(),
                    unsent: false,
                });
            }
        };
        self.client.checked(response).await
    }
}

/// Takes the first whole block (up to an empty line) off the buffer.
fn take_block(buffer: &mut Vec<u8>) -> Option<String> {
    let newlines = |b: &[u8]| b.windows(2).position(|w| w == b"\n\n");
    let end = newlines(buffer)?;
    let block: Vec<u8> = buffer.drain(..end + 2).collect();
    Some(String::from_utf8_lossy(&block).into_owned())
}

/// The event in a block of the stream; comments and foreign blocks have none.
fn event_of(block: &str) -> Option<Event> {
    let data: Vec<&str> = block
        .lines()
        .filter_map(|l| l.strip_prefix("data:"))
        .map(|l| l.strip_prefix(' ').unwrap_or(l))
        .collect();
    serde_json::from_slice(data.join("\n").as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_cut_at_empty_lines_however_they_arrive() {
        let whole = b": hello\n\nid: 7\nevent: action.changed\ndata: {\"id\":7,\"at\":\"2026-11-20T14:02:00Z\",\"kind\":\"action.changed\",\"subject\":\"action:x\",\"data\":null}\n\nid: 8\n";
        let mut buffer = Vec::new();
        let mut events = Vec::new();
        for byte in whole {
            buffer.push(*byte);
            while let Some(block) = take_block(&mut buffer) {
                events.extend(event_of(&block));
            }
        }
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].id, 7);
        assert_eq!(buffer, b"id: 8\n");
    }
}
