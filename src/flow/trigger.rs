//! The contact-triggering server (requirement B9): asks devices to call elsewhere when their application server is
//! down, in its stead.

use std::sync::Arc;
use std::time::Duration;

use crate::api::{CallbackRequest, Contact, FindRequest};
use crate::domain::{AuditDraft, ShortId, Timestamp};
use crate::port::{EventDraft, HealthCheck, StoreError};

use super::branch::{self, Asked};
use super::{ActError, Caller, IdempotencyKey, Ports, find};

/// For a device to be reached and told.
const DEADLINE: Duration = Duration::from_secs(3600);

/// An application server that is watched, and what is to be done while it is down.
#[derive(Clone)]
pub struct Watched {
    /// Its name.
    pub name: String,
    /// How its health is asked after.
    pub health: Arc<dyn HealthCheck>,
    /// How often.
    pub every: Duration,
    /// Checks in a row that fail before it counts as down.
    pub failures: u32,
    /// The devices that are to call elsewhere then: identities, numbers or names.
    pub devices: Vec<String>,
    /// Whom they are to call.
    pub instead: Contact,
}

/// What the checks so far say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pulse {
    failed: u32,
    down: bool,
}

/// A change of a watched server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It is down now.
    Down,
    /// It is up again.
    Up,
}

impl Pulse {
    /// Takes in one check; `limit` failures in a row make it down, one success makes it up.
    pub fn beat(&mut self, healthy: bool, limit: u32) -> Option<Turn> {
        if healthy {
            self.failed = 0;
            return std::mem::take(&mut self.down).then_some(Turn::Up);
        }
        self.failed = self.failed.saturating_add(1);
        if self.down || self.failed < limit {
            return None;
        }
        self.down = true;
        Some(Turn::Down)
    }
}

/// Tells that a watched server is down or up again, with the reason.
///
/// # Errors
/// [`StoreError`].
pub async fn tell(
    ports: &Ports,
    watched: &Watched,
    turn: Turn,
    why: &str,
) -> Result<(), StoreError> {
    let (now, name) = (ports.now(), &watched.name);
    let event = match turn {
        Turn::Down => "application-server.down",
        Turn::Up => "application-server.up",
    };
    let subject = format!("application-server:{name}");
    ports
        .audit
        .append(AuditDraft {
            at: now,
            actor: format!("trigger:{name}"),
            event: event.to_owned(),
            subject: subject.clone(),
            detail: why.to_owned(),
            correlation: String::new(),
        })
        .await?;
    let draft = EventDraft {
        at: now,
        kind: event.to_owned(),
        subject,
        device: None,
        data: serde_json::json!({ "name": name, "why": why }),
    };
    ports.events.publish(vec![draft]).await
}

/// Asks one device of a watched server that went down at `since` to call elsewhere. A repeat for the same outage
/// asks nothing twice.
///
/// # Errors
/// [`ActError`].
pub async fn stand_in(
    ports: &Ports,
    watched: &Watched,
    device: &str,
    since: Timestamp,
) -> Result<Asked, ActError> {
    let (id, server) = locate(ports, device).await?;
    let name = &watched.name;
    let request = CallbackRequest {
        deadline_ms: Some(u64::try_from(DEADLINE.as_millis()).unwrap_or(u64::MAX)),
        reason: Some(format!("{name} does not answer")),
        contact: Some(watched.instead.clone()),
        keep_trying: true,
        server,
        ..CallbackRequest::of(id)
    };
    let by = Caller {
        operator: format!("trigger:{name}"),
        correlation: String::new(),
    };
    let key = IdempotencyKey {
        key: format!("trigger:{name}:{}:{device}", since.millis()),
        digest: [0; 32],
    };
    branch::ask(ports, request, by, Some(key)).await
}

async fn locate(ports: &Ports, device: &str) -> Result<(ShortId, Option<String>), ActError> {
    let request = FindRequest {
        term: device.to_owned(),
        deadline_ms: None,
        local_only: false,
    };
    let mut found = find::find(ports, request).await?.found;
    if found.len() > 1 {
        return Err(ActError::Unusable(format!(
            "{} devices fit {device:?}",
            found.len()
        )));
    }
    let found = found
        .pop()
        .ok_or_else(|| ActError::NotFound(format!("device {device:?}")))?;
    let server = (!found.local).then_some(found.server);
    Ok((found.device.id, server))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_down_after_so_many_failures_in_a_row_and_up_after_one_success() {
        let mut pulse = Pulse::default();
        let beats = [
            (false, None),
            (false, None),
            (true, None),
            (false, None),
            (false, None),
            (false, Some(Turn::Down)),
            (false, None),
            (true, Some(Turn::Up)),
            (true, None),
        ];
        for (i, (healthy, turn)) in beats.into_iter().enumerate() {
            assert_eq!(pulse.beat(healthy, 3), turn, "beat {i}");
        }
    }
}
