//! One try of a device's due actions over the bearers that it has.

use std::time::Duration;

use crate::api::{ActionView, Attempt, Device, MOST_ATTEMPTS, RECEIPT};
use crate::domain::{ActionState, Bearer, Sequence, ShortId, Timestamp};
use crate::port::{
    ActionFilter, AgentKey, Claimed, Lease, MachineError, PageOf, PushMessage, Stamp, Step,
    StoreError,
};
use crate::sms::ReceiptOutcome;

use super::message::DataPath;
use super::patience::{self, Past};
use super::receipts::Decided;
use super::rung::{Sent, send_sip, send_sms};
use super::ways::{Destination, Way};
use super::{ActError, Ports, look_up, message, number, push, reply, session, summons};

/// For the answer of a SIP device or proxy.
const SIP_TIMEOUT: Duration = Duration::from_secs(4);
/// For the answer of a gateway.
const SMS_TIMEOUT: Duration = Duration::from_secs(10);
/// A push message that has not reached its device by then is of no use: another try has been made.
const PUSH_LIFE: Duration = Duration::from_secs(15 * 60);
/// An action is not tried again sooner than this after its last try because its device appeared.
const HURRIED: Duration = Duration::from_secs(5);
/// What a device that is there did not answer is not tried again sooner than this because of that.
const SILENT: Duration = Duration::from_secs(60);
/// Most numbers that were given up of which one text message tells.
const MOST_VOIDS: u32 = 8;

/// Tries a claimed action once and records what came of it and when to try next.
///
/// # Errors
/// [`ActError`] when the store failed; the lease then runs out and the action is claimed again.
pub async fn deliver(ports: &Ports, claimed: Claimed) -> Result<ActionView, ActError> {
    let id = claimed.lease.action;
    let tried = deliver_all(ports, vec![claimed]).await?.pop();
    tried.ok_or_else(|| ActError::no_action(id))
}

/// Tries claimed actions of one device together: one call for all of them by SIP, and as many in one text message as
/// fit.
///
/// One try climbs until a bearer has taken each of them, so it lasts up to 30 s: claim with a longer lease. The
/// sequence numbers and the PINs are in the store already; an acknowledgement that comes late, after the lease,
/// changes nothing.
///
/// # Errors
/// [`ActError`] when the store failed; the leases then run out and the actions are claimed again.
pub async fn deliver_all(ports: &Ports, claims: Vec<Claimed>) -> Result<Vec<ActionView>, ActError> {
    let Some(id) = claims.first().map(|c| c.view.device) else {
        return Ok(Vec::new());
    };
    Step::ActionClaimed.reached();
    let device = ports.devices.device(id).await?;
    let key = ports
        .enrolments
        .agent_by_identity(Some(id), Vec::new())
        .await?;
    let mut tried = Vec::with_capacity(claims.len());
    let mut tries = Vec::with_capacity(claims.len());
    for claimed in claims {
        match &key {
            Some(key) if device.is_some() && key.epoch == claimed.view.epoch => {
                tries.push(Try::new(claimed));
            }
            // Deleted meanwhile, or of an earlier enrolment: its number means nothing to the device now.
            _ => tried.push(record(ports, claimed.lease, Vec::new(), None).await?),
        }
    }
    if let (Some(device), Some(key)) = (device, key) {
        tries.sort_by_key(|t| t.view.sequence);
        let rungs = look_up::find(ports, &device, ports.now()).await.ways;
        for one in &mut tries {
            one.past = Past::of(&one.view, &rungs, &ports.home.tries);
        }
        climb(ports, &device, &key, &rungs, &mut tries).await?;
        let waits = |t: &Try| t.attempts.last().is_some_and(number::is_waited_for);
        let waiting = tries.iter().any(waits);
        for one in tries {
            let next = one.next(ports)?;
            tried.push(record(ports, one.lease, one.attempts, next).await?);
        }
        if waiting {
            number::shown_meanwhile(ports, &device).await?;
        }
    }
    Ok(tried)
}

/// One action's part in a try.
struct Try {
    lease: Lease,
    view: ActionView,
    attempts: Vec<Attempt>,
    /// What its earlier tries say about its ways.
    past: Past,
    /// The rung that took it, and the wait that all have which went in one message.
    taken: Option<(usize, Duration)>,
}

impl Try {
    fn new(claimed: Claimed) -> Self {
        Self {
            lease: claimed.lease,
            view: claimed.view,
            attempts: Vec::new(),
            past: Past::default(),
            taken: None,
        }
    }

    /// Whether it is to go over the rung at `index`, among those that were tried often enough, or among the others.
    fn wants(&self, rungs: &[Way], index: usize, worn: bool) -> bool {
        let via = self.view.via;
        let fits = |way: &Way| via.is_none_or(|via| way.bearer == via);
        self.taken.is_none()
            && rungs.get(index).is_some_and(fits)
            && self.past.is_worn(index) == worn
    }

    fn note(&mut self, sent: &Sent, way: &Way, device: &Device, at: Timestamp) {
        let mut attempt = sent.attempt(way, &device.name, at);
        if self.attempts.is_empty() {
            attempt.because = self.past.why_now(way);
        }
        self.attempts.push(attempt);
    }

    /// When to try next.
    fn next(&self, ports: &Ports) -> Result<Option<Timestamp>, MachineError> {
        let wait = match self.taken {
            Some((_, wait)) => wait,
            None => {
                let age = ports.now().since(self.view.created_at);
                patience::backoff(ports, age)?
            }
        };
        let at = ports.now().after(wait);
        Ok(patience::next_try(&self.view, at, self.taken.is_some()))
    }

    /// Whether there is a rung above the one at `index` that it may go over.
    fn has_more(&self, rungs: &[Way], index: usize) -> bool {
        let via = self.view.via;
        let mut rest = rungs.iter().skip(index + 1);
        rest.any(|way| via.is_none_or(|via| way.bearer == via))
    }
}

/// Climbs until a bearer has taken each of the actions, or no way is left.
async fn climb(
    ports: &Ports,
    device: &Device,
    key: &AgentKey,
    rungs: &[Way],
    tries: &mut [Try],
) -> Result<(), ActError> {
    let fresh = rungs.iter().enumerate().map(|(at, way)| (at, way, false));
    let worn = rungs.iter().enumerate().map(|(at, way)| (at, way, true));
    for (index, way, worn) in fresh.chain(worn) {
        let mut waiting: Vec<&mut Try> = tries
            .iter_mut()
            .filter(|t| t.wants(rungs, index, worn))
            .collect();
        if waiting.iter().any(|t| !t.attempts.is_empty()) {
            Step::WayChanged.reached();
        }
        while !waiting.is_empty() {
            let at = ports.now();
            let (sent, count) = send(ports, device, key, &waiting, way).await?;
            if sent.accepted {
                Step::MessageSent.reached();
            }
            let rest = waiting.split_off(count.clamp(1, waiting.len()));
            let now = ports.now();
            let ages = waiting.iter().map(|t| now.since(t.view.created_at));
            let youngest = ages.min().unwrap_or_default();
            let more = waiting.iter().any(|t| t.has_more(rungs, index));
            let wait = patience::after(ports, way.bearer, youngest, more)?;
            for one in &mut waiting {
                one.note(&sent, way, device, at);
                one.taken = sent.accepted.then_some((index, wait));
            }
            waiting = rest;
        }
    }
    Ok(())
}

/// Sends over one way what goes in one message; for how many of those that wait, from the first on.
async fn send(
    ports: &Ports,
    device: &Device,
    key: &AgentKey,
    waiting: &[&mut Try],
    way: &Way,
) -> Result<(Sent, usize), ActError> {
    let Some(first) = waiting.first().map(|t| &t.view) else {
        return Ok((Sent::not("there is nothing to send"), 0));
    };
    match &way.to {
        Destination::Sip { uri, route } => {
            let id = try_id(first, ports.now());
            let request = summons::notify(ports, Some(key), uri.clone(), route.clone(), &id);
            let sent = match (&ports.sip, request) {
                (Some(sip), Ok(request)) => send_sip(&**sip, request, SIP_TIMEOUT).await,
                (None, _) => Sent::not("this endpoint does not listen for SIP"),
                (_, Err(error)) => Sent::not(error.to_string()),
            };
            // The session that follows fetches all of them.
            Ok((sent, waiting.len()))
        }
        Destination::Push { address, service } => {
            let message = PushMessage {
                to: address.clone(),
                request_id: try_id(first, ports.now()),
                expires_at: ports.now().after(PUSH_LIFE).min(first.expires_at),
            };
            let sent = push::send(ports, device.id, &**service, message, SMS_TIMEOUT).await?;
            Ok((sent, waiting.len()))
        }
        Destination::Sms {
            number,
            trusted: false,
            ..
        } if first.action.is_destructive() => {
            let alike = waiting
                .iter()
                .take_while(|t| t.view.action.is_destructive());
            let count = alike.count();
            let told = number::before(ports, device, key, number, first).await?;
            Ok((Sent::not(told), count))
        }
        Destination::Sms {
            number,
            trusted,
            gateway,
        } => {
            let allowed = |t: &&&mut Try| *trusted || !t.view.action.is_destructive();
            let views: Vec<&ActionView> = waiting
                .iter()
                .take_while(allowed)
                .map(|t| &t.view)
                .collect();
            let data = DataPath::of(device);
            let voids = given_up_before(ports, key, first, data).await?;
            let packed = message::pack(&ports.home, &key.secret, &views, voids, data);
            let parcel = match packed {
                Ok(parcel) => parcel,
                Err(error) => return Ok((Sent::not(error.to_string()), 1)),
            };
            let carries = parcel.carries;
            let nonce = match parcel.asks() {
                Some(asked) => Some(reply::ask(ports, key, asked, number).await?),
                None => None,
            };
            let sent = match parcel.text(&key.secret, nonce) {
                Ok(text) => send_sms(&**gateway, number.clone(), text, first.id, SMS_TIMEOUT).await,
                Err(error) => Sent::not(error.to_string()),
            };
            Ok((sent, carries))
        }
    }
}

/// The request id of a try. A device opens one session for one request id: each try asks anew.
fn try_id(view: &ActionView, now: Timestamp) -> String {
    match view.attempts.len() {
        0 => view.id.to_string(),
        tries if tries < MOST_ATTEMPTS => format!("{}.{tries}", view.id),
        // Not all are kept, so they count no more.
        _ => format!("{}.{}", view.id, now.since(view.created_at).as_millis()),
    }
}

/// How many numbers directly before an action were given up. A device with data asks for them; one without holds
/// everything behind them until it is told.
async fn given_up_before(
    ports: &Ports,
    key: &AgentKey,
    view: &ActionView,
    data: DataPath,
) -> Result<u32, StoreError> {
    let mut count = 0;
    if data == DataPath::There {
        return Ok(count);
    }
    while count < MOST_VOIDS {
        let before = view
            .sequence
            .value()
            .checked_sub(count + 1)
            .filter(|n| *n > 0);
        let Some(before) = before.map(Sequence::new) else {
            break;
        };
        let known = session::by_sequence(ports, key, before).await?;
        let gone =
            |a: &ActionView| matches!(a.state, ActionState::Cancelled | ActionState::Expired);
        if !known.as_ref().is_none_or(gone) {
            break;
        }
        count += 1;
    }
    Ok(count)
}

/// Takes a carrier's word on a text message: one that reached the phone makes its action `delivered`, one that did
/// not is told with the action, once. `None` when the text was no action's.
///
/// # Errors
/// [`ActError`] when the store failed.
pub async fn receipt(
    ports: &Ports,
    gateway: &str,
    Decided { receipt, again }: &Decided,
) -> Result<Option<ActionView>, ActError> {
    let said = match receipt.outcome {
        ReceiptOutcome::Delivered => Some(format!("{RECEIPT}delivered to the phone")),
        ReceiptOutcome::Failed | ReceiptOutcome::Refused => {
            Some(format!("{RECEIPT}{}", receipt.outcome))
        }
        // On its way: nothing new for anybody.
        ReceiptOutcome::Buffered | ReceiptOutcome::Accepted => None,
    };
    let Some(outcome) = said else {
        return Ok(ports.actions.action(receipt.reference).await?);
    };
    if *again && let Some(view) = ports.actions.action(receipt.reference).await? {
        let mut told = view.attempts.iter();
        if told.any(|a| a.target == gateway && a.outcome == outcome) {
            return Ok(Some(view));
        }
    }
    let attempt = Attempt {
        at: ports.now(),
        bearer: Bearer::Sms,
        target: gateway.to_owned(),
        outcome,
        accepted: receipt.outcome == ReceiptOutcome::Delivered,
        because: None,
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
    hurry(ports, device, |_, _| true).await
}

/// A device said that it is still where it was: what it did not answer there a while ago is due now. What it took has
/// its own clock.
///
/// # Errors
/// [`ActError`] when the store failed.
pub async fn device_refreshed(ports: &Ports, device: ShortId) -> Result<(), ActError> {
    let silent = |view: &ActionView, now: Timestamp| {
        let last = view.attempts.last();
        last.is_none_or(|last| !last.accepted && now.since(last.at) >= SILENT)
    };
    hurry(ports, device, silent).await
}

async fn hurry(
    ports: &Ports,
    device: ShortId,
    whether: impl Fn(&ActionView, Timestamp) -> bool,
) -> Result<(), ActError> {
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
        // One without a next try is not the server's to send, and one whose time is up is nobody's.
        if view.next_try_at.is_none_or(|at| at <= now)
            || view.expires_at <= now
            || !whether(&view, now)
        {
            continue;
        }
        // A device that comes and goes all the time does not set the pace.
        let hurried = match view.attempts.last() {
            Some(last) if last.accepted => now.max(last.at.after(HURRIED)),
            _ => now,
        };
        if view.next_try_at.is_some_and(|at| at <= hurried) {
            continue;
        }
        let change =
            ports
                .actions
                .change_action(view.id, None, Some(hurried), view.via, Stamp::default());
        match change.await {
            // Ended or claimed at this very moment: all the better.
            Ok(_) | Err(StoreError::Conflict(_) | StoreError::NotFound(_)) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Ok(())
}

async fn record(
    ports: &Ports,
    lease: Lease,
    attempts: Vec<Attempt>,
    next: Option<Timestamp>,
) -> Result<ActionView, ActError> {
    match ports.queue.record_attempts(lease, attempts, next).await {
        Ok(view) => {
            Step::AttemptStored.reached();
            Ok(view)
        }
        // Somebody else has it by now; the attempts were added all the same.
        Err(StoreError::LeaseLost(_)) => ports
            .actions
            .action(lease.action)
            .await?
            .ok_or_else(|| ActError::no_action(lease.action)),
        Err(other) => Err(other.into()),
    }
}
