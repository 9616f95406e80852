//! A number is the device's once it was shown that text messages to it arrive there (requirement C7).

use std::time::Duration;

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use sha2::Sha256;

use crate::api::{Device, DeviceNumber};
use crate::domain::{Action, ActionKind, AuditDraft, Bearer, Msisdn, ShortId, Timestamp};
use crate::port::{AgentKey, EventDraft, EventFilter, NewAction, OutboundSms, Stamp, StoreError};
use crate::sms::Nonce;

use super::result::NONCE_SUBJECT;
use super::{ActError, Caller, Ports, message, text};

/// How long a device has to answer by itself.
const AGENT_TIME: Duration = Duration::from_secs(24 * 3600);
/// How long the code is good that its user types.
const USER_TIME: Duration = Duration::from_secs(15 * 60);
/// Wrong codes after which a new one has to be asked for.
const WRONG_CODES: u32 = 5;
/// When the question goes out again as an ordinary action, so that its number leaves no gap.
const AGAIN: Duration = Duration::from_secs(60);

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
) -> Result<Device, ActError> {
    let mut known = ports
        .devices
        .device(device)
        .await?
        .ok_or_else(|| ActError::no_device(device))?;
    if ports.gateways.is_empty() {
        return Err(ActError::Unusable(
            "no text message gateway is configured".to_owned(),
        ));
    }
    let number = number
        .or_else(|| {
            let open = known.numbers.iter().find(|n| n.verified_at.is_none());
            open.or(known.numbers.first()).map(|n| n.number.clone())
        })
        .ok_or_else(|| ActError::Unusable(format!("no number of {} is known", known.name)))?;
    let now = ports.now();
    if !known.numbers.iter().any(|n| n.number == number) {
        known.numbers.push(DeviceNumber::new(number.clone()));
    }
    for slot in known.numbers.iter_mut().filter(|n| n.number == number) {
        // Verified each time: what was shown once is not believed for ever.
        *slot = DeviceNumber {
            asked_at: Some(now),
            ..DeviceNumber::new(number.clone())
        };
    }
    let key = ports
        .enrolments
        .agent_by_identity(Some(device), Vec::new())
        .await?
        .ok_or_else(|| ActError::NotEnrolled(known.name.clone()))?;
    let stamp = Stamp {
        audit: Some(AuditDraft {
            at: now,
            actor: format!("operator:{}", by.operator),
            event: "number.ask".to_owned(),
            subject: format!("device:{device}"),
            detail: number.masked(),
            correlation: by.correlation.clone(),
        }),
        ..Stamp::default()
    };
    let known = ports.devices.save_device(known, stamp).await?;
    let (words, reference) = match answerer {
        Answerer::Agent => question(ports, &key, now, &by).await?,
        Answerer::User => (code(ports, device, &number, now).await?, ports.new_id()?),
    };
    text::send(ports, None, OutboundSms::text(number, words, reference)).await?;
    Ok(known)
}

/// A text that the device answers by itself: `nop()` with a nonce that nobody can guess, not even the device.
async fn question(
    ports: &Ports,
    key: &AgentKey,
    now: Timestamp,
    by: &Caller,
) -> Result<(String, ShortId), ActError> {
    let id = ports.new_id()?;
    let new = NewAction {
        id,
        device: key.device,
        action: Action::new(ActionKind::Nothing, [""; 0]),
        sequence: None,
        operator: by.operator.clone(),
        reason: Some("its number is verified".to_owned()),
        ticket: None,
        via: Some(Bearer::Sms),
        at: now,
        expires_at: now.after(AGENT_TIME),
        due_at: Some(now.after(AGAIN)),
        preconditions: Vec::new(),
        escrow: None,
    };
    let view = ports.actions.create_action(new, Stamp::default()).await?;
    let mut bytes = [0; 8];
    ports.entropy.fill(&mut bytes)?;
    let nonce = Nonce::from_bytes(bytes);
    let words = message::asking(&key.secret, view.sequence, nonce)
        .map_err(|e| ActError::Unusable(e.to_string()))?;
    ports
        .events
        .publish(vec![EventDraft {
            at: now,
            kind: "sms.signed".to_owned(),
            subject: format!("{NONCE_SUBJECT}{nonce}"),
            device: Some(key.device),
            data: json!({ "sequence": view.sequence }),
        }])
        .await?;
    Ok((words, id))
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
        Ok(_) => Ok(right),
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
