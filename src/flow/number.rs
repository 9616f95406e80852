//! A number is the device's once it was shown that text messages to it arrive there (requirement C7).

use std::time::Duration;

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use sha2::Sha256;

use crate::api::{ActionView, Attempt, Device, DeviceNumber};
use crate::domain::{AuditDraft, Msisdn, Sequence, ShortId, Timestamp};
use crate::port::{
    AgentKey, EventDraft, EventFilter, IdempotencyClaim, OutboundSms, Stamp, Step, StoreError,
};

use super::{ActError, Caller, IdempotencyKey, Ports, deliver, message, reply, text};

/// How long the code is good that its user types.
const USER_TIME: Duration = Duration::from_secs(15 * 60);
/// Wrong codes after which a new one has to be asked for.
const WRONG_CODES: u32 = 5;
/// A device that was asked is not asked again sooner than this.
const AGAIN: Duration = Duration::from_secs(30);
/// How the outcome of an attempt begins that had to wait for its number to be verified.
const FIRST: &str = "not sent: first the device has to show that this number is its own";
/// How it ends when the device was asked just then.
const ASKED: &str = "; it is asked to";

/// Who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answerer {
    /// The device itself: it replies to `num(nonce)`.
    Agent,
    /// Its user, who types the code that the message shows.
    User,
}

/// Begins the verification of a number of a device: the one that is named (it is added when it is not known), else the
/// first that is not verified.
///
/// # Errors
/// [`ActError`]; nothing was sent.
pub async fn ask(
    ports: &Ports,
    device: ShortId,
    number: Option<Msisdn>,
    answerer: Answerer,
    by: Caller,
    idempotency: Option<IdempotencyKey>,
) -> Result<Device, ActError> {
    let known = ports
        .devices
        .device(device)
        .await?
        .ok_or_else(|| ActError::no_device(device))?;
    if ports.gateways.is_empty() {
        return Err(ActError::no_gateway());
    }
    let number = number
        .or_else(|| {
            let open = known.numbers.iter().find(|n| n.verified_at.is_none());
            open.or(known.numbers.first()).map(|n| n.number.clone())
        })
        .ok_or_else(|| ActError::Unusable(format!("no number of {} is known", known.name)))?;
    let key = ports
        .enrolments
        .agent_by_identity(Some(device), Vec::new())
        .await?
        .ok_or_else(|| ActError::NotEnrolled(known.name.clone()))?;
    let actor = format!("operator:{}", by.operator);
    let claim = idempotency.map(|key| key.claim(format!("device:{device}"), ports.now()));
    let marked = mark(
        ports,
        known.clone(),
        &number,
        (actor, by.correlation),
        "",
        claim,
    )
    .await;
    let known = match marked {
        // The same request again: its message is on its way.
        Err(ActError::Store(StoreError::AlreadyDone(_))) => return Ok(known),
        marked => marked?,
    };
    let own = known.numbers.iter().find(|n| n.number == number);
    let asked_at = own.and_then(|n| n.asked_at).unwrap_or(ports.now());
    match answerer {
        Answerer::Agent => question(ports, &key, &number).await?,
        Answerer::User => {
            let words = code(ports, device, &number, asked_at).await?;
            let sms = OutboundSms::text(number, words, ports.new_id()?);
            text::send(ports, None, sms).await?;
        }
    }
    Ok(known)
}

/// Whether a device has numbers of which it has not shown yet that they are its own, and nobody asked it to.
#[must_use]
pub fn has_new(device: &Device) -> bool {
    device.agent_id.is_some() && device.numbers.iter().any(is_new)
}

fn is_new(number: &DeviceNumber) -> bool {
    number.verified_at.is_none() && number.asked_at.is_none()
}

/// Begins the verification of a device's new numbers, whoever told them: the device when it enrolled or got another
/// SIM card, or an operator. Does nothing without a gateway.
///
/// # Errors
/// [`ActError`]; what could not be sent is asked again when it matters.
pub async fn verify_new(ports: &Ports, device: ShortId) -> Result<(), ActError> {
    if ports.gateways.is_empty() {
        return Ok(());
    }
    let key = ports
        .enrolments
        .agent_by_identity(Some(device), Vec::new())
        .await?;
    let (Some(key), Some(mut known)) = (key, ports.devices.device(device).await?) else {
        return Ok(());
    };
    let new: Vec<Msisdn> = known
        .numbers
        .iter()
        .filter(|n| is_new(n))
        .map(|n| n.number.clone())
        .collect();
    for number in new {
        known = mark_new(ports, known, &number).await?;
        question(ports, &key, &number).await?;
    }
    Ok(())
}

/// What an action waits for that may only go to a verified number: has the device asked, unless it was a moment ago, and
/// says so.
pub(super) async fn before(
    ports: &Ports,
    device: &Device,
    key: &AgentKey,
    number: &Msisdn,
    waiting: &ActionView,
) -> Result<String, ActError> {
    let now = ports.now();
    let own = device.numbers.iter().find(|n| n.number == *number);
    let by_mark = own.and_then(|n| n.asked_at);
    let mut tries = waiting.attempts.iter().rev();
    let by_try = tries
        .find(|a| a.outcome.starts_with(FIRST) && a.outcome.ends_with(ASKED))
        .map(|a| a.at);
    if by_mark.max(by_try).is_some_and(|at| now.since(at) < AGAIN) {
        return Ok(format!("{FIRST}; it was asked to"));
    }
    // A code that its user may be typing at this moment stays good.
    if by_mark.is_none_or(|at| now.since(at) > USER_TIME) {
        match mark_new(ports, device.clone(), number).await {
            // Something else about the device changed: it is marked the next time.
            Ok(_) | Err(ActError::Store(StoreError::Version { .. })) => {}
            Err(other) => return Err(other),
        }
    }
    match question(ports, key, number).await {
        Ok(()) => Ok(format!("{FIRST}{ASKED}")),
        Err(ActError::Bearer(error)) => {
            Ok(format!("{FIRST}, and it could not be asked to: {error}"))
        }
        Err(other) => Err(other),
    }
}

/// Whether a try waits for a number to be verified.
pub(super) fn is_waited_for(attempt: &Attempt) -> bool {
    attempt.outcome.starts_with(FIRST)
}

/// The answer to a question may come before the try that asked it is written down, and then it finds nothing that it
/// could make due: so that is looked at once more, with the device as it was `before`.
pub(super) async fn shown_meanwhile(ports: &Ports, before: &Device) -> Result<(), ActError> {
    let Some(device) = ports.devices.device(before.id).await? else {
        return Ok(());
    };
    let is_shown = |n: &DeviceNumber| n.verified_at.is_some();
    let was_shown = |number| {
        let mut numbers = before.numbers.iter();
        numbers.any(|n| n.number == number && is_shown(n))
    };
    let mut shown = device.numbers.into_iter().filter(is_shown);
    match shown.any(|n| !was_shown(n.number)) {
        true => deliver::device_appeared(ports, before.id).await,
        false => Ok(()),
    }
}

async fn mark_new(ports: &Ports, device: Device, number: &Msisdn) -> Result<Device, ActError> {
    let actor = format!("server:{}", ports.home.name);
    let why = ", because it is not verified";
    mark(ports, device, number, (actor, String::new()), why, None).await
}

/// How often a mark is tried when something else about the device changes at the same moment.
const TRIES: usize = 4;

/// Writes down that a number is being verified. What was shown once is not believed for ever.
async fn mark(
    ports: &Ports,
    mut device: Device,
    number: &Msisdn,
    (actor, correlation): (String, String),
    why: &str,
    claim: Option<IdempotencyClaim>,
) -> Result<Device, ActError> {
    let id = device.id;
    let mut tries = 1;
    loop {
        let now = ports.now();
        if !device.numbers.iter().any(|n| n.number == *number) {
            device.numbers.push(DeviceNumber::new(number.clone()));
        }
        for slot in device.numbers.iter_mut().filter(|n| n.number == *number) {
            *slot = DeviceNumber {
                asked_at: Some(now),
                ..DeviceNumber::new(number.clone())
            };
        }
        let stamp = Stamp {
            audit: Some(AuditDraft {
                at: now,
                actor: actor.clone(),
                event: "number.ask".to_owned(),
                subject: format!("device:{id}"),
                detail: format!("{}{why}", number.masked()),
                correlation: correlation.clone(),
            }),
            idempotency: claim.clone(),
            ..Stamp::default()
        };
        match ports.devices.save_device(device, stamp).await {
            Err(StoreError::Version { .. }) if tries < TRIES => tries += 1,
            saved => {
                let saved = saved?;
                Step::NumberAsked.reached();
                return Ok(saved);
            }
        }
        device = ports
            .devices
            .device(id)
            .await?
            .ok_or_else(|| ActError::no_device(id))?;
    }
}

/// A text that the device answers by itself, with a nonce that nobody can guess, not even the device.
async fn question(ports: &Ports, key: &AgentKey, number: &Msisdn) -> Result<(), ActError> {
    let nonce = reply::ask(ports, key, (Sequence::ZERO, 0), number).await?;
    let words = message::asking(&key.secret, nonce)
        .map_err(|error| ActError::Unusable(error.to_string()))?;
    let sms = OutboundSms::text(number.clone(), words, ports.new_id()?);
    text::send(ports, None, sms).await?;
    Ok(())
}

/// A text that shows a code to the device's user.
async fn code(
    ports: &Ports,
    device: ShortId,
    number: &Msisdn,
    now: Timestamp,
) -> Result<String, ActError> {
    let mut bytes = [0; 8];
    ports.entropy.fill(&mut bytes)?;
    let code = format!("{:06}", u64::from_be_bytes(bytes) % 1_000_000);
    let subject = subject(device, number, now);
    let sealed = ports.sealer.seal(&subject, code.as_bytes())?;
    ports
        .events
        .publish(vec![EventDraft {
            at: now,
            kind: "number.asked".to_owned(),
            subject,
            device: Some(device),
            data: json!({ "sealed": HEXLOWER.encode(&sealed) }),
        }])
        .await?;
    Ok(format!(
        "{code} is the code that ties this number to {}. Type it in the callhome app within 15 minutes. Nobody will ask you for it.",
        ports.home.name
    ))
}

fn subject(device: ShortId, number: &Msisdn, at: Timestamp) -> String {
    format!("number:{device}:{number}:{}", at.millis())
}

/// Takes the code that the user of an authenticated device typed. False for a wrong one, one that is too old, and one
/// that nobody asked for: all the same to who guesses.
///
/// # Errors
/// [`ActError`] when the store failed.
pub async fn typed(
    ports: &Ports,
    key: &AgentKey,
    number: &Msisdn,
    code: &str,
) -> Result<bool, ActError> {
    let now = ports.now();
    let Some(mut device) = ports.devices.device(key.device).await? else {
        return Ok(false);
    };
    let slot = device.numbers.iter_mut().find(|n| n.number == *number);
    let Some((slot, asked_at)) = slot.and_then(|s| s.asked_at.map(|at| (s, at))) else {
        return Ok(false);
    };
    if now.since(asked_at) > USER_TIME || slot.wrong_codes >= WRONG_CODES {
        return Ok(false);
    }
    let right = is_right(ports, key.device, number, asked_at, code).await?;
    if right {
        slot.verified_at = Some(now);
        slot.asked_at = None;
        slot.wrong_codes = 0;
    } else {
        slot.wrong_codes += 1;
    }
    let audit = AuditDraft {
        at: now,
        actor: format!("device:{}", key.device),
        event: if right {
            "number.verified"
        } else {
            "number.refused"
        }
        .to_owned(),
        subject: format!("device:{}", key.device),
        detail: format!("{} by a typed code", number.masked()),
        correlation: String::new(),
    };
    let stamp = Stamp {
        audit: Some(audit),
        ..Stamp::default()
    };
    match ports.devices.save_device(device, stamp).await {
        Ok(_) => {
            if right {
                deliver::device_appeared(ports, key.device).await?;
            }
            Ok(right)
        }
        // Something else changed at the same moment, perhaps another guess: this one did not count.
        Err(StoreError::Version { .. }) => Ok(false),
        Err(other) => Err(other.into()),
    }
}

async fn is_right(
    ports: &Ports,
    device: ShortId,
    number: &Msisdn,
    asked_at: Timestamp,
    typed: &str,
) -> Result<bool, ActError> {
    let subject = subject(device, number, asked_at);
    let filter = EventFilter {
        subject: Some(subject.clone()),
        device: Some(device.to_string()),
        ..EventFilter::default()
    };
    let kept = ports.events.events(filter, 1).await?;
    let sealed = kept
        .first()
        .and_then(|event| event.data.get("sealed")?.as_str())
        .and_then(|text| HEXLOWER.decode(text.as_bytes()).ok());
    let Some(sealed) = sealed else {
        return Ok(false);
    };
    let code = ports.sealer.open(&subject, &sealed)?;
    // Compared under a MAC: what is alike shows in no time taken.
    let mac = |text: &[u8]| {
        let mut mac = Hmac::<Sha256>::new_from_slice(&code).expect("HMAC takes keys of any length");
        mac.update(text);
        mac
    };
    let expected = mac(&code).finalize().into_bytes();
    let digits: String = typed.chars().filter(char::is_ascii_digit).collect();
    Ok(mac(digits.as_bytes()).verify_slice(&expected).is_ok())
}
