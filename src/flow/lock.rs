//! Lock a device wherever it is managed.

use crate::api::{ActionRequest, ActionView, FindRequest};
use crate::domain::{Action, ActionKind, Consent, Identity};

use super::{ActError, ActOrder, Caller, IdempotencyKey, Ports, create, find};

/// A lock.
#[derive(Debug, Clone)]
pub struct LockOrder {
    /// Which device.
    pub identity: Identity,
    /// Text for the lock screen; empty for none.
    pub message: String,
    /// Why.
    pub reason: Option<String>,
    /// Ticket.
    pub ticket: Option<String>,
    /// So that a repeat does nothing twice.
    pub idempotency: Option<IdempotencyKey>,
}

/// Finds the server that holds the device and has it locked there. Harm needs [`Consent`], by value.
///
/// # Errors
/// [`ActError`]: not found anywhere names the peers that were silent; two holders are a conflict, never a guess.
pub async fn lock(
    ports: &Ports,
    order: LockOrder,
    consent: Consent,
    by: Caller,
) -> Result<ActionView, ActError> {
    let answer = find::find(
        ports,
        FindRequest {
            term: order.identity.to_string(),
            deadline_ms: None,
            local_only: false,
        },
    )
    .await?;
    let holder = match answer.found.as_slice() {
        [one] => one,
        [] => {
            let silent: Vec<&str> = answer
                .peers
                .iter()
                .filter(|p| !p.detail.is_empty())
                .map(|p| p.server.as_str())
                .collect();
            return Err(ActError::NotFound(if silent.is_empty() {
                format!("a device with this {}", order.identity.kind())
            } else {
                format!(
                    "a device with this {} here; it may be at {}, which did not answer: it",
                    order.identity.kind(),
                    silent.join(", ")
                )
            }));
        }
        several => {
            let servers: Vec<&str> = several.iter().map(|f| f.server.as_str()).collect();
            return Err(ActError::Conflict {
                detail: format!("more than one server holds it: {}", servers.join(", ")),
                next: "name the server".to_owned(),
            });
        }
    };
    let request = ActionRequest {
        device: holder.device.id,
        action: Action::new(ActionKind::Lock, [order.message]),
        server: (!holder.local).then(|| holder.server.clone()),
        reason: order.reason,
        ticket: order.ticket,
        accept_risk: consent.risks().to_vec(),
        via: None,
        expires_in_s: None,
    };
    create(
        ports,
        ActOrder {
            request,
            operator: by.operator,
            consent: Some(consent),
            idempotency: order.idempotency,
            correlation: by.correlation,
        },
    )
    .await
}
