//! Sign an action string without sending it; check one.

use std::time::Duration;

use crate::api::{
    ActionView, Device, SmsSignRequest, SmsSignResponse, SmsVerifyRequest, SmsVerifyResponse,
};
use crate::domain::{Action, ActionKind, ActionState, AuditDraft, Consent, Sequence, ShortId};
use crate::port::{AgentKey, NewAction, ReplyRequest, Stamp, Step, StoreError};
use crate::sms::{Draft, Nonce, SignedMessage, SmsKeys, Version};

use super::{ActError, Caller, IdempotencyKey, Ports, act, session};

/// How long the actions of a signed text stay open.
const LIFE: Duration = Duration::from_secs(7 * 24 * 3600);

/// Reserves numbers for the actions of an unsigned text, stores them (not to be sent by the server), and signs it.
///
/// # Errors
/// [`ActError`].
pub async fn sign(
    ports: &Ports,
    request: SmsSignRequest,
    consent: Option<Consent>,
    by: Caller,
    idempotency: Option<IdempotencyKey>,
) -> Result<SmsSignResponse, ActError> {
    let draft: Draft = request.text.parse().map_err(unusable)?;
    for action in draft.actions() {
        act::check_risk(action, consent.as_ref())?;
    }
    let (device, key) = enrolled(ports, request.device).await?;
    let stored: Vec<Action> = draft
        .actions()
        .iter()
        .filter(|a| a.kind().is_none_or(ActionKind::consumes_sequence))
        .cloned()
        .collect();
    if stored.is_empty() {
        return Err(ActError::Unusable(
            "url() and num() stand for other actions: there is nothing to number here".to_owned(),
        ));
    }
    let order = Order {
        device: &device,
        actions: &stored,
        first: draft.sequence(),
        reason: request.reason.as_deref(),
        by: &by,
    };
    let (views, fresh) = match reserve(ports, &order, idempotency).await {
        Err(ActError::Store(StoreError::AlreadyDone(outcome))) => (
            signed_before(ports, &key, &outcome, stored.len()).await?,
            false,
        ),
        reserved => (reserved?, true),
    };
    let asked = match nonce_of(&draft) {
        Some(nonce) => ports.texts.reply_request(device.id, nonce).await?,
        None => None,
    };
    if let Some(asked) = asked.as_ref().filter(|_| fresh) {
        withdraw(ports, &views).await?;
        return Err(ActError::Conflict {
            detail: format!("the nonce {} was used before, and serves once", asked.nonce),
            next: "take another one, of 16 random hexadecimal digits".to_owned(),
        });
    }
    let sequence = views
        .first()
        .map(|v| v.sequence)
        .ok_or_else(|| ActError::no_device(device.id))?;
    let message = draft
        .numbered(sequence)
        .and_then(|d| d.sign(&SmsKeys::derive(&key.secret)))
        .map_err(unusable)?;
    // Also for a repeat: the request before it may have been cut off here.
    if asked.is_none() {
        remember_nonce(ports, &key, &message, views.len()).await?;
    }
    Ok(SmsSignResponse {
        text: message.as_str().to_owned(),
        sequence,
        actions: views.iter().map(|v| v.id).collect(),
    })
}

/// Says whether a signed text is genuine for a device.
///
/// # Errors
/// [`ActError`].
pub async fn verify(
    ports: &Ports,
    request: SmsVerifyRequest,
) -> Result<SmsVerifyResponse, ActError> {
    let (_, key) = enrolled(ports, request.device).await?;
    let message = SignedMessage::parse(request.text.as_bytes()).map_err(unusable)?;
    // Whether the device would take so old a version is its own affair: asked is whether it was signed for it.
    let verdict = message.verify(&SmsKeys::derive(&key.secret), Version::V1);
    Ok(match verdict {
        Ok(_) => SmsVerifyResponse {
            genuine: true,
            detail: String::new(),
        },
        Err(fault) => SmsVerifyResponse {
            genuine: false,
            detail: fault.to_string(),
        },
    })
}

fn unusable(error: crate::sms::InvalidMessage) -> ActError {
    ActError::Unusable(error.to_string())
}

async fn enrolled(ports: &Ports, id: ShortId) -> Result<(Device, AgentKey), ActError> {
    let device = ports
        .devices
        .device(id)
        .await?
        .ok_or_else(|| ActError::no_device(id))?;
    let key = ports
        .enrolments
        .agent_by_identity(Some(id), Vec::new())
        .await?
        .ok_or_else(|| ActError::NotEnrolled(device.name.clone()))?;
    Ok((device, key))
}

/// What is to be numbered and kept.
struct Order<'a> {
    device: &'a Device,
    actions: &'a [Action],
    first: Option<Sequence>,
    reason: Option<&'a str>,
    by: &'a Caller,
}

/// Gives the actions consecutive numbers, all of them or none.
async fn reserve(
    ports: &Ports,
    order: &Order<'_>,
    idempotency: Option<IdempotencyKey>,
) -> Result<Vec<ActionView>, ActError> {
    // The number and the key go with the first one.
    let (mut first, mut key) = (order.first, idempotency);
    let mut news = Vec::with_capacity(order.actions.len());
    for action in order.actions {
        news.push(draft(ports, order, action, first.take(), key.take())?);
    }
    match ports.actions.create_actions(news).await {
        Ok(views) => {
            Step::TextSigned.reached();
            Ok(views)
        }
        Err(StoreError::Precondition(failed)) => {
            let mut refused = order.actions.iter();
            match refused.find(|a| act::preconditions(a).contains(&failed)) {
                Some(action) => Err(act::what_is_in_the_way(ports, order.device, action).await?),
                None => Err(StoreError::Precondition(failed).into()),
            }
        }
        Err(other) => Err(other.into()),
    }
}

/// Gives up what was made for a text that nobody gets.
async fn withdraw(ports: &Ports, made: &[ActionView]) -> Result<(), ActError> {
    for view in made {
        let to = Some(ActionState::Cancelled);
        let stamp = Stamp::default();
        ports
            .actions
            .change_action(view.id, to, None, None, stamp)
            .await?;
    }
    Ok(())
}

/// The actions of a text that was signed under the same key.
async fn signed_before(
    ports: &Ports,
    key: &AgentKey,
    outcome: &str,
    count: usize,
) -> Result<Vec<ActionView>, ActError> {
    let first = outcome.strip_prefix("action:").map(str::parse);
    let Some(Ok(first)) = first else {
        return Err(ActError::KeyReused);
    };
    let mut views: Vec<ActionView> = ports.actions.action(first).await?.into_iter().collect();
    while let Some(next) = views.last().and_then(|v| v.sequence.next())
        && views.len() < count
        && let Some(view) = session::by_sequence(ports, key, next).await?
    {
        views.push(view);
    }
    let whole = views.len() == count && views.iter().all(|v| v.by_hand && v.epoch == key.epoch);
    if !whole || views.iter().any(|v| v.state == ActionState::Cancelled) {
        return Err(ActError::Conflict {
            detail: "this was asked for before under the same key, and no text came of it"
                .to_owned(),
            next: "ask again, under another key".to_owned(),
        });
    }
    Ok(views)
}

/// What goes into the store for one of them.
fn draft(
    ports: &Ports,
    order: &Order<'_>,
    action: &Action,
    sequence: Option<Sequence>,
    idempotency: Option<IdempotencyKey>,
) -> Result<(NewAction, Stamp), ActError> {
    let now = ports.now();
    let id = ports.new_id()?;
    let by = order.by;
    let stamp = Stamp {
        audit: Some(AuditDraft {
            at: now,
            actor: format!("operator:{}", by.operator),
            event: "action.sign".to_owned(),
            subject: format!("device:{}", order.device.id),
            detail: match order.reason {
                Some(reason) => format!("{}; action {id}; reason: {reason}", act::words(action)),
                None => format!("{}; action {id}", act::words(action)),
            },
            correlation: by.correlation.clone(),
        }),
        idempotency: idempotency.map(|key| key.claim(format!("action:{id}"), now)),
        events: Vec::new(),
    };
    let new = NewAction {
        id,
        device: order.device.id,
        action: action.clone(),
        sequence,
        operator: by.operator.clone(),
        reason: order.reason.map(str::to_owned),
        ticket: None,
        via: None,
        at: now,
        expires_at: now.after(LIFE),
        due_at: None,
        by_hand: true,
        preconditions: act::preconditions(action),
        escrow: (action.kind() == Some(ActionKind::Lock)).then_some(act::unlock_pin),
    };
    Ok((new, stamp))
}

fn nonce_of(draft: &Draft) -> Option<Nonce> {
    let last = draft.actions().last()?;
    (last.kind() == Some(ActionKind::ReplyNumber))
        .then(|| last.param(0)?.parse().ok())
        .flatten()
}

/// Keeps what a reply with this nonce will answer.
async fn remember_nonce(
    ports: &Ports,
    key: &AgentKey,
    message: &SignedMessage,
    count: usize,
) -> Result<(), ActError> {
    let Some(nonce) = message.reply_nonce() else {
        return Ok(());
    };
    let request = ReplyRequest {
        nonce,
        device: key.device,
        epoch: key.epoch,
        first: message.sequence(),
        count: u32::try_from(count).unwrap_or(u32::MAX),
        number: None,
        at: ports.now(),
        answered_at: None,
    };
    ports.texts.reply_wanted(request).await?;
    Ok(())
}
