//! Answers by text message: what was asked under which nonce, and what came back.

use crate::api::ActionView;
use crate::domain::{
    ActionKind, ActionState, AuditDraft, Bearer, Msisdn, Sequence, ShortId, Timestamp,
};
use crate::port::{
    AgentKey, DeviceFilter, MachineError, PageOf, Recorded, ReplyRequest, Stamp, Step, StoreError,
};
use crate::sms::{ActionResult, Nonce, Reply, ReplyStatus, SmsKeys};

use super::result::{ResultError, record};
use super::{ActError, Ports, deliver, session};

/// A nonce that nobody can guess.
pub(super) fn fresh(ports: &Ports) -> Result<Nonce, MachineError> {
    let mut bytes = [0; 8];
    ports.entropy.fill(&mut bytes)?;
    Ok(Nonce::from_bytes(bytes))
}

/// Keeps what the reply to a message for `number` will answer, and gives the nonce that asks for it. A message that is
/// sent again, because nobody answered, is the same octets.
pub(super) async fn ask(
    ports: &Ports,
    key: &AgentKey,
    (first, count): (Sequence, u32),
    number: &Msisdn,
) -> Result<Nonce, ActError> {
    let request = ReplyRequest {
        nonce: fresh(ports)?,
        device: key.device,
        epoch: key.epoch,
        first,
        count,
        number: Some(number.clone()),
        at: ports.now(),
        answered_at: None,
    };
    let nonce = ports.texts.reply_wanted(request).await?;
    Step::ReplyWanted.reached();
    Ok(nonce)
}

/// Takes a `KMR` reply that came as a text message from `from`: the token authenticates it, and with it the number, when
/// that is where the question went. Its nonce serves once: the same reply again is refused (requirement C4).
///
/// # Errors
/// [`ResultError`].
pub async fn take_reply(
    ports: &Ports,
    from: &Msisdn,
    text: &[u8],
) -> Result<Vec<Recorded>, ResultError> {
    let reply = Reply::parse(text)?;
    let nonce = reply.nonce();
    let key = signer(ports, from, &reply).await?;
    let now = ports.now();
    let asked = ports.texts.reply_request(key.device, nonce).await?;
    let asked = asked
        .filter(|asked| asked.epoch == key.epoch)
        .ok_or(ResultError::UnknownNonce(nonce))?;
    if let Some(at) = asked.answered_at {
        return Err(ResultError::ReusedNonce { nonce, at });
    }
    let views = in_row(ports, &key, &asked).await?;
    let mut recorded = Vec::with_capacity(views.len());
    for (view, status) in views.iter().zip(reply.statuses()) {
        // For one that was given up, nop() stood in the message: its answer says nothing about the action.
        let given_up =
            |v: &&ActionView| matches!(v.state, ActionState::Cancelled | ActionState::Expired);
        let Some(view) = view.as_ref().filter(|v| !given_up(v)) else {
            continue;
        };
        let result = ActionResult::from_reply(view.sequence, &view.action, status, now);
        recorded.push(record(ports, &key, &result, String::new(), Bearer::Sms, "").await?);
        called_home(ports, &key, view, status, now).await?;
    }
    if asked.number.as_ref() == Some(from) {
        trust_number(ports, &key, from, asked.at, now).await?;
    }
    // Only now: where this is cut off before, the carrier hands the reply over again, and all of it is done.
    if !ports.texts.reply_came(key.device, nonce, now).await? {
        return Err(ResultError::ReusedNonce { nonce, at: now });
    }
    Step::ReplyTaken.reached();
    Ok(recorded)
}

/// The device that has the number and signed the reply.
async fn signer(ports: &Ports, from: &Msisdn, reply: &Reply) -> Result<AgentKey, ResultError> {
    let filter = DeviceFilter {
        number: Some(from.clone()),
        ..DeviceFilter::default()
    };
    let devices = ports.devices.devices(filter, PageOf::default()).await?;
    for device in devices.items {
        let key = ports
            .enrolments
            .agent_by_identity(Some(device.id), Vec::new())
            .await?;
        if let Some(key) = key
            && reply.verify(&SmsKeys::derive(&key.secret)).is_ok()
        {
            return Ok(key);
        }
    }
    Err(ResultError::Unauthenticated(from.masked()))
}

/// The actions of a message in order; for those that nobody knows, `nop()` stood in it.
async fn in_row(
    ports: &Ports,
    key: &AgentKey,
    asked: &ReplyRequest,
) -> Result<Vec<Option<ActionView>>, ResultError> {
    let mut views = Vec::new();
    let mut next = Some(asked.first);
    for _ in 0..asked.count {
        let Some(sequence) = next else { break };
        views.push(session::by_sequence(ports, key, sequence).await?);
        next = sequence.next();
    }
    Ok(views)
}

/// How often a number is marked when something else about the device changes at the same moment.
const TRIES: usize = 4;

/// A number from which a signed reply came to what was sent there is the device's (requirement C7). What was sent
/// before the number was last asked about shows nothing.
async fn trust_number(
    ports: &Ports,
    key: &AgentKey,
    from: &Msisdn,
    sent: Timestamp,
    now: Timestamp,
) -> Result<(), ResultError> {
    for _ in 0..TRIES {
        let Some(mut device) = ports.devices.device(key.device).await? else {
            return Ok(());
        };
        let mut all = device.numbers.iter_mut();
        let Some(slot) = all.find(|n| n.number == *from) else {
            return Ok(());
        };
        match slot.verified_at {
            // Perhaps by this very reply, and then it was cut off before what waited for that was woken.
            Some(shown) if shown >= sent => return wake(ports, key.device).await,
            Some(_) => return Ok(()),
            None => {}
        }
        if slot.asked_at.is_some_and(|asked| sent < asked) {
            return Ok(());
        }
        slot.verified_at = Some(now);
        slot.asked_at = None;
        slot.wrong_codes = 0;
        let stamp = Stamp {
            audit: Some(AuditDraft {
                at: now,
                actor: format!("device:{}", key.device),
                event: "number.verified".to_owned(),
                subject: format!("device:{}", key.device),
                detail: format!("{} by a signed reply", from.masked()),
                correlation: String::new(),
            }),
            ..Stamp::default()
        };
        match ports.devices.save_device(device, stamp).await {
            // What waited for that goes out.
            Ok(_) => {
                Step::NumberShown.reached();
                return wake(ports, key.device).await;
            }
            Err(StoreError::Version { .. }) => {}
            Err(other) => return Err(other.into()),
        }
    }
    // It is asked again when it matters.
    Ok(())
}

/// Makes what waits for a device due, now that it can be reached.
pub(super) async fn wake(ports: &Ports, device: ShortId) -> Result<(), ResultError> {
    match deliver::device_appeared(ports, device).await {
        Err(ActError::Store(error)) => Err(error.into()),
        // Nothing else can be wrong with looking at the store.
        _ => Ok(()),
    }
}

/// A device without a data path calls home by answering `cal()`.
async fn called_home(
    ports: &Ports,
    key: &AgentKey,
    view: &ActionView,
    status: &ReplyStatus,
    now: Timestamp,
) -> Result<(), ResultError> {
    if view.action.kind() != Some(ActionKind::CallHome) || !matches!(status, ReplyStatus::Ok(_)) {
        return Ok(());
    }
    if let Some(request) = view.action.param(1) {
        let id = ports.new_id()?;
        session::tie_named(ports, key.device, request, id, "SMS reply", now).await?;
    }
    Ok(())
}
