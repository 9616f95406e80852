//! Tell a phone its vendor's event over the way that its registration left open: behind NAT, or on a connection that
//! it opened, only the server that took the registration has that way.

use std::time::Duration;

use crate::api::{PhoneEventReport, PhoneEventRequest};
use crate::domain::{AuditDraft, Binding, ShortId};
use crate::port::BearerError;
use crate::sip::contact_me;
use crate::sip::{OutboundRequest, towards};

use super::summons::answering_challenges;
use super::{ActError, Caller, Ports};

/// For the phone's answer, unless told otherwise.
const PATIENCE: Duration = Duration::from_secs(10);
/// Nobody waits longer for one (64 × T1).
const LONGEST: Duration = Duration::from_secs(32);

/// Sends the event to where the device registered last; its answer is in the report.
///
/// # Errors
/// [`ActError`] when there is no such device, event or registration: nothing was sent then.
pub async fn tell(
    ports: &Ports,
    device: ShortId,
    asked: PhoneEventRequest,
    by: Caller,
) -> Result<PhoneEventReport, ActError> {
    let found = ports.devices.device(device).await?;
    let found = found.ok_or_else(|| ActError::no_device(device))?;
    if asked.event.split(';').next().map(str::trim) == Some(contact_me::EVENT) {
        return Err(ActError::Unusable(
            "this event makes a device call home: ask for a callback instead".to_owned(),
        ));
    }
    let sip = ports
        .sip
        .as_ref()
        .ok_or_else(|| ActError::Unusable("this endpoint does not listen for SIP".to_owned()))?;
    let now = ports.now();
    let current = found.bindings.iter().filter(|b| b.is_current(now));
    let by_sip = current.filter(|b| b.user_agent.is_some() || !b.call_id.is_empty());
    let last: Option<&Binding> = by_sip.max_by_key(|b| b.registered_at);
    let (uri, route) = last.and_then(towards).ok_or_else(|| ActError::Conflict {
        detail: format!("device {device} is not registered by SIP now"),
        next: format!("callhome probe {device}"),
    })?;
    let key = ports
        .enrolments
        .agent_by_identity(Some(device), Vec::new())
        .await?;
    let target = uri.to_string();
    let request = OutboundRequest::notify(uri, &asked.event)
        .map_err(|e| ActError::Unusable(e.to_string()))?
        .via_route(route);
    // Written down before it is sent: the phone may be gone for a while afterwards.
    let entry = AuditDraft {
        at: now,
        actor: format!("operator:{}", by.operator),
        event: "sip.event".to_owned(),
        subject: format!("device:{device}"),
        detail: format!("{} to {target}", asked.event),
        correlation: by.correlation,
    };
    ports.audit.append(entry).await?;
    let timeout = asked.timeout_ms.map_or(PATIENCE, Duration::from_millis);
    let sent = sip
        .send(
            answering_challenges(request, key.as_ref()),
            timeout.min(LONGEST),
        )
        .await;
    let report = match sent {
        Ok(report) => report,
        Err(BearerError::Unusable(why)) => return Err(ActError::Unusable(why)),
        Err(error) => return Err(error.into()),
    };
    Ok(PhoneEventReport {
        target,
        event: asked.event,
        delivered: report.outcome.is_delivered(),
        code: report.outcome.code(),
        outcome: report.outcome.to_string(),
        elapsed_ms: super::rung::millis(report.elapsed),
    })
}
