//! One try of one action over the bearers that the device has.

use std::time::Duration;

use crate::api::{ActionView, Attempt};
use crate::domain::{ActionState, Bearer, ShortId, Timestamp};
use crate::port::{
    ActionFilter, AgentKey, Claimed, Lease, MachineError, PageOf, Stamp, StoreError,
};
use crate::sms::{Receipt, ReceiptOutcome};

use super::message::DataPath;
use super::rung::{Sent, send_sip, send_sms};
use super::ways::{Destination, Way, ways};
use super::{ActError, Ports, message, summons};

/// For the answer of a SIP device or proxy.
const SIP_TIMEOUT: Duration = Duration::from_secs(4);
/// For the answer of a gateway.
const SMS_TIMEOUT: Duration = Duration::from_secs(10);
/// For the session of a device that took a NOTIFY; then the next rung is tried.
const SESSION_WAIT: Duration = Duration::from_secs(10);
/// Text messages cost and wait at the carrier for a phone that is off: the same one is not sent again sooner …
const SMS_SOONEST: Duration = Duration::from_secs(60);
/// … and its waits grow further.
const SMS_LATEST: Duration = Duration::from_secs(6 * 3600);
/// The retry clock: never sooner …
const SOONEST: Duration = Duration::from_secs(10);
/// … and never later than this.
const LATEST: Duration = Duration::from_secs(15 * 60);

/// Tries a claimed action once and records what came of it and when to try next.
///
/// One try climbs until a bearer takes it, so it lasts up to 30 s: claim with a longer lease. The sequence number
/// and the PIN are in the store already; an acknowledgement that comes late, after the lease, changes nothing.
///
/// # Errors
/// [`ActError`] when the store failed; the lease then runs out and the action is claimed again.
pub async fn deliver(ports: &Ports, claimed: Claimed) -> Result<ActionView, ActError> {
    let Claimed { lease, view } = claimed;
    let device = ports.devices.device(view.device).await?;
    let key = ports
        .enrolments
        .agent_by_identity(Some(view.device), Vec::new())
        .await?;
    let (Some(device), Some(key)) = (device, key) else {
        // Deleted meanwhile: nobody is left to send it to.
        return record(ports, lease, Vec::new(), None).await;
    };
    if key.epoch != view.epoch {
        // Of an earlier enrolment: its number means nothing to the device now.
        return record(ports, lease, Vec::new(), None).await;
    }
    let mut rungs = ways(ports, &device, ports.now());
    rungs.retain(|way| view.via.is_none_or(|via| way.bearer == via));
    let data = DataPath::of(&device);
    let first = first_rung(&view, &rungs);
    let mut attempts = Vec::new();
    let mut taken = None;
    for (index, way) in rungs.iter().enumerate().skip(first) {
        let at = ports.now();
        let sent = try_way(ports, &key, &view, data, way).await;
        attempts.push(sent.attempt(way, &device.name, at));
        if sent.accepted {
            taken = Some(index);
            break;
        }
    }
    let wait = match taken {
        Some(index) if rungs[index].bearer == Bearer::Sms => {
            backoff(ports, &view, SMS_SOONEST, SMS_LATEST)?
        }
        Some(index) if index + 1 < rungs.len() => SESSION_WAIT,
        _ => backoff(ports, &view, SOONEST, LATEST)?,
    };
    let next = next_try(&view, ports.now().after(wait), taken.is_some());
    record(ports, lease, attempts, next).await
}

/// Takes a carrier's word on a text message: one that reached the phone makes its action `delivered`, one that did
/// not is told with the action. `None` when the text was no action's.
///
/// # Errors
/// [`ActError`] when the store failed.
pub async fn receipt(
    ports: &Ports,
    gateway: &str,
    receipt: &Receipt,
) -> Result<Option<ActionView>, ActError> {
    let said = match receipt.outcome {
        ReceiptOutcome::Delivered => Some("receipt: delivered to the phone".to_owned()),
        ReceiptOutcome::Failed | ReceiptOutcome::Refused => {
            Some(format!("receipt: {}", receipt.outcome))
        }
        // On its way: nothing new for anybody.
        ReceiptOutcome::Buffered | ReceiptOutcome::Accepted => None,
    };
    let Some(outcome) = said else {
        return Ok(ports.actions.action(receipt.reference).await?);
    };
    let attempt = Attempt {
        at: ports.now(),
        bearer: Bearer::Sms,
        target: gateway.to_owned(),
        outcome,
        accepted: receipt.outcome == ReceiptOutcome::Delivered,
        elapsed_ms: 0,
        messages: Vec::new(),
    };
    match ports.queue.record_receipt(receipt.reference, attempt).await {
        Ok(view) => Ok(Some(view)),
        Err(StoreError::NotFound(_)) => Ok(None),
        Err(other) => Err(other.into()),
    }
}

/// Makes the open actions of a device due now, because it has just appeared (a new binding), and wakes the callbacks
/// that wait for it.
///
/// # Errors
/// [`ActError`] when the store failed.
pub async fn device_appeared(ports: &Ports, device: ShortId) -> Result<(), ActError> {
    ports.arrivals.appeared(device);
    let known = ports.devices.device(device).await?;
    if known.is_none_or(|d| d.open_actions == 0) {
        return Ok(());
    }
    let filter = ActionFilter {
        device: Some(device),
        states: vec![ActionState::Pending, ActionState::Sent],
        name: None,
    };
    let page = PageOf {
        cursor: None,
        limit: 1_000,
    };
    let now = ports.now();
    for view in ports.actions.actions(filter, page).await?.items {
        // One without a next try is not the server's to send.
        if view.next_try_at.is_none_or(|at| at <= now) {
            continue;
        }
        let change =
            ports
                .actions
                .change_action(view.id, None, Some(now), view.via, Stamp::default());
        match change.await {
            // Ended or claimed at this very moment: all the better.
            Ok(_) | Err(StoreError::Conflict(_) | StoreError::NotFound(_)) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Ok(())
}

/// Where to begin: at the first rung, or, when the last try was taken by a bearer and no session came of it, one
/// rung above that bearer.
fn first_rung(view: &ActionView, rungs: &[Way]) -> usize {
    let Some(last) = view.attempts.last() else {
        return 0;
    };
    if !last.accepted || view.state == ActionState::Delivered || last.bearer == Bearer::Session {
        return 0;
    }
    rungs
        .iter()
        .position(|way| way.bearer == last.bearer && way.target == last.target)
        .map(|index| index + 1)
        .filter(|next| *next < rungs.len())
        .unwrap_or(0)
}

async fn try_way(
    ports: &Ports,
    key: &AgentKey,
    view: &ActionView,
    data: DataPath,
    way: &Way,
) -> Sent {
    match &way.to {
        Destination::Sip { uri, route } => {
            // A device opens one session for one request id: each try asks anew.
            let id = match view.attempts.len() {
                0 => view.id.to_string(),
                tries => format!("{}.{tries}", view.id),
            };
            let request = summons::notify(ports, Some(key), uri.clone(), route.clone(), &id);
            match (&ports.sip, request) {
                (Some(sip), Ok(request)) => send_sip(&**sip, request, SIP_TIMEOUT).await,
                (None, _) => Sent::not("this endpoint does not listen for SIP"),
                (_, Err(error)) => Sent::not(error.to_string()),
            }
        }
        Destination::Sms { trusted: false, .. } if view.action.is_destructive() => {
            Sent::not("not sent: the number is not verified, and this action locks or destroys")
        }
        Destination::Sms {
            number, gateway, ..
        } => match message::for_sms(&ports.home, &key.secret, view, data) {
            Ok(text) => send_sms(&**gateway, number.clone(), text, view.id, SMS_TIMEOUT).await,
            Err(error) => Sent::not(error.to_string()),
        },
    }
}

/// How long until the next try: at least `soonest`, at most `latest`, in between drawn evenly below twice the
/// action's age, so that waits grow as it gets older and a thousand actions of one moment do not come back in one.
fn backoff(
    ports: &Ports,
    view: &ActionView,
    soonest: Duration,
    latest: Duration,
) -> Result<Duration, MachineError> {
    let age = ports.now().since(view.created_at);
    let top = (age * 2).clamp(soonest * 2, latest);
    let mut bytes = [0; 4];
    ports.entropy.fill(&mut bytes)?;
    let share = f64::from(u32::from_be_bytes(bytes)) / f64::from(u32::MAX);
    Ok(soonest + (top - soonest).mul_f64(share))
}

/// Tries end when the action does. One of which nothing was sent comes back at its end, to be marked expired.
fn next_try(view: &ActionView, at: Timestamp, taken: bool) -> Option<Timestamp> {
    if at < view.expires_at {
        return Some(at);
    }
    let unsent = view.state == ActionState::Pending && !taken;
    unsent.then_some(view.expires_at)
}

async fn record(
    ports: &Ports,
    lease: Lease,
    attempts: Vec<Attempt>,
    next: Option<Timestamp>,
) -> Result<ActionView, ActError> {
    match ports.queue.record_attempts(lease, attempts, next).await {
        Ok(view) => Ok(view),
        // Somebody else has it by now; the attempts were added all the same.
        Err(StoreError::LeaseLost(_)) => ports
            .actions
            .action(lease.action)
            .await?
            .ok_or_else(|| ActError::no_action(lease.action)),
        Err(other) => Err(other.into()),
    }
}
