//! One push message, and what a service says of a token that has ended.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::domain::{AuditDraft, PushAddress, ShortId, Timestamp};
use crate::port::{PushError, PushMessage, PushService, Stamp, StoreError};

use super::Ports;
use super::rung::{Sent, bearer_failed, brief};

/// For the answer of a push service.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Wakes the application on a device; it calls home under the request id. A token that has ended is forgotten.
pub(super) async fn send(
    ports: &Ports,
    device: ShortId,
    service: &dyn PushService,
    message: PushMessage,
    most: Duration,
) -> Result<Sent, StoreError> {
    let started = Instant::now();
    let (address, request) = (message.to.clone(), message.request_id.clone());
    let answer = timeout(TIMEOUT.min(most), service.push(message)).await;
    let elapsed = started.elapsed();
    let sent = match answer {
        Ok(Ok(_)) => Sent::taken(service.name(), elapsed),
        Ok(Err(PushError::Bearer(error))) => bearer_failed(&error, elapsed),
        Ok(Err(gone @ PushError::Gone { .. })) => {
            forget(ports, device, &address, &gone.to_string()).await?;
            Sent {
                elapsed,
                ..Sent::not(gone.to_string())
            }
        }
        Err(_) => Sent {
            elapsed,
            ..Sent::not(format!(
                "{} did not answer after {}",
                service.name(),
                brief(elapsed)
            ))
        },
    };
    Ok(Sent {
        text: Some(format!("contact-me, request {request}")),
        ..sent
    })
}

/// Takes an address that has ended from its device. One that the device tells again is taken again.
async fn forget(
    ports: &Ports,
    device: ShortId,
    address: &PushAddress,
    why: &str,
) -> Result<(), StoreError> {
    let Some(mut device) = ports.devices.device(device).await? else {
        return Ok(());
    };
    let before = device.push.len();
    device.push.retain(|known| known != address);
    if device.push.len() == before {
        return Ok(());
    }
    let (id, now): (ShortId, Timestamp) = (device.id, ports.now());
    let masked = address.masked();
    let stamp = Stamp {
        audit: Some(AuditDraft {
            at: now,
            actor: "server".to_owned(),
            event: "push.ended".to_owned(),
            subject: format!("device:{id}"),
            detail: format!("{masked}: {why}"),
            correlation: String::new(),
        }),
        ..Stamp::default()
    };
    match ports.devices.save_device(device, stamp).await {
        // Edited at the same moment: the next push finds out again.
        Ok(_) | Err(StoreError::Version { .. } | StoreError::NotFound(_)) => Ok(()),
        Err(other) => Err(other),
    }
}
