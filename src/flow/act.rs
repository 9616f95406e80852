use std::time::Duration;

use crate::api::{ActionRequest, ActionView, ActionsRequest, Device};
use crate::domain::{
    Action, ActionKind, ActionState, AuditDraft, Bearer, Consent, DeviceSecret, Sequence, ShortId,
    Timestamp,
};
use crate::port::{
    ActionFilter, IdempotencyClaim, NewAction, PageOf, PeerError, Precondition, RemoteAction, Stamp,
};
use crate::sms::UnlockPin;

use super::{ActError, Caller, Ports, TogetherOrder, create_together, message};

/// How long an action of which nothing could be sent stays worth trying.
const LIFE: Duration = Duration::from_secs(7 * 24 * 3600);

/// A client's idempotency key with the digest of what it asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The key, with the operator's name before it.
    pub key: String,
    /// SHA-256 of method, path and body.
    pub digest: [u8; 32],
}

/// Asks that a device do something.
#[derive(Debug, Clone)]
pub struct ActOrder {
    /// What, and which device.
    pub request: ActionRequest,
    /// Who asks.
    pub operator: String,
    /// The risks that were accepted.
    pub consent: Option<Consent>,
    /// So that a repeat does nothing twice.
    pub idempotency: Option<IdempotencyKey>,
    /// Correlation id; empty when there is none.
    pub correlation: String,
}

impl IdempotencyKey {
    /// The claim that goes into the store with the write that makes `outcome`.
    pub(super) fn claim(self, outcome: String, at: Timestamp) -> IdempotencyClaim {
        IdempotencyClaim {
            key: self.key,
            digest: self.digest,
            outcome,
            at,
        }
    }
}

/// Has a device do something: checks, reserves its number, keeps the PIN of a lock, and queues it.
/// For a device that a peer holds, the peer does all that.
///
/// # Errors
/// [`ActError`]; nothing was stored or sent.
pub async fn create(ports: &Ports, order: ActOrder) -> Result<ActionView, ActError> {
    match order.request.server.clone() {
        Some(peer) if peer != ports.home.name => create_at_peer(ports, &peer, order).await,
        _ => create_here(ports, order).await,
    }
}

/// Withdraws an action that has not left: its device was at most asked to call.
///
/// # Errors
/// [`ActError::Conflict`] when the device may have it.
pub async fn cancel(ports: &Ports, id: ShortId, by: Caller) -> Result<ActionView, ActError> {
    let view = existing(ports, id).await?;
    check_not_by_hand(&view, "withdrawn")?;
    if !view.may_be_given_up() {
        return Err(ActError::Conflict {
            detail: match view.state.is_final() {
                true => format!("action {id} has ended: {}", view.state),
                false => format!(
                    "action {id} is {}: the device may have it, so it cannot be withdrawn",
                    view.state
                ),
            },
            next: if view.action.kind() == Some(ActionKind::Lock) && !view.state.is_final() {
                format!("callhome device unlock {} once it is locked", view.device)
            } else {
                String::new()
            },
        });
    }
    let stamp = by.stamp(ports.now(), "action.cancel", &view);
    Ok(ports
        .actions
        .change_action(id, Some(ActionState::Cancelled), None, None, stamp)
        .await?)
}

/// Tries an open action again now, over one bearer if one is named.
///
/// # Errors
/// [`ActError::Conflict`] when it has ended.
pub async fn retry(
    ports: &Ports,
    id: ShortId,
    via: Option<Bearer>,
    by: Caller,
) -> Result<ActionView, ActError> {
    let view = existing(ports, id).await?;
    if view.state.is_final() {
        return Err(ActError::Conflict {
            detail: format!("action {id} has ended: {}", view.state),
            next: format!("callhome action show {id}"),
        });
    }
    check_not_by_hand(&view, "tried again")?;
    check_bearer(ports, via)?;
    let now = ports.now();
    let stamp = by.stamp(now, "action.retry", &view);
    Ok(ports
        .actions
        .change_action(id, None, Some(now), via, stamp)
        .await?)
}

/// What was signed by hand is on its way by other means than the server's.
fn check_not_by_hand(view: &ActionView, what: &str) -> Result<(), ActError> {
    match view.by_hand && !view.state.is_final() {
        true => Err(ActError::Conflict {
            detail: format!(
                "action {} is in a text that was signed by hand: it cannot be {what} here",
                view.id
            ),
            next: "send the signed text to the device, or ask for the action anew".to_owned(),
        }),
        false => Ok(()),
    }
}

/// The PIN that opens a lock, made inside the transaction that reserves its number.
pub(super) fn unlock_pin(secret: &DeviceSecret, lock: Sequence) -> String {
    UnlockPin::derive(secret, lock).expose().to_owned()
}

/// Whether everything that the action risks was accepted.
pub(super) fn check_risk(action: &Action, consent: Option<&Consent>) -> Result<(), ActError> {
    match action.risk() {
        Some(risk) if !consent.is_some_and(|c| c.covers(risk)) => Err(ActError::RiskNotAccepted {
            risk,
            what: words(action),
        }),
        _ => Ok(()),
    }
}

/// What must hold for an action to be made: no second lock, no unlock of what is open, no second wipe.
pub(super) fn preconditions(action: &Action) -> Vec<Precondition> {
    let none_open =
        |names: &[&str]| Precondition::NoneOpen(names.iter().map(|n| (*n).to_owned()).collect());
    match action.kind() {
        Some(ActionKind::Lock) => vec![Precondition::NotLocked, none_open(&["lck"])],
        Some(ActionKind::Unlock) => vec![Precondition::Locked, none_open(&["ulk"])],
        Some(ActionKind::Wipe | ActionKind::Reset) => vec![none_open(&["wip", "rst"])],
        _ => Vec::new(),
    }
}

/// How long an action stays worth trying of which nothing could be sent.
pub(super) fn life(seconds: Option<u64>) -> Result<Duration, ActError> {
    match seconds.map_or(LIFE, Duration::from_secs) {
        Duration::ZERO => Err(ActError::Unusable(
            "an action needs at least one second to be sent".to_owned(),
        )),
        life => Ok(life),
    }
}

/// What is the same for all actions that are asked for at once.
pub(super) struct Wish {
    pub(super) device: ShortId,
    pub(super) operator: String,
    pub(super) reason: Option<String>,
    pub(super) ticket: Option<String>,
    pub(super) via: Option<Bearer>,
    pub(super) at: Timestamp,
    pub(super) expires_at: Timestamp,
    pub(super) correlation: String,
}

impl Wish {
    /// What goes into the store for one of them.
    pub(super) fn draft(
        &self,
        id: ShortId,
        action: Action,
        idempotency: Option<IdempotencyClaim>,
    ) -> (NewAction, Stamp) {
        let stamp = Stamp {
            audit: Some(AuditDraft {
                at: self.at,
                actor: format!("operator:{}", self.operator),
                event: "action.create".to_owned(),
                subject: format!("device:{}", self.device),
                detail: detail(
                    &words(&action),
                    Some(id),
                    self.reason.as_deref(),
                    self.ticket.as_deref(),
                ),
                correlation: self.correlation.clone(),
            }),
            idempotency,
            events: Vec::new(),
        };
        let is_lock = action.kind() == Some(ActionKind::Lock);
        let new = NewAction {
            id,
            device: self.device,
            preconditions: preconditions(&action),
            action,
            sequence: None,
            operator: self.operator.clone(),
            reason: self.reason.clone(),
            ticket: self.ticket.clone(),
            via: self.via,
            at: self.at,
            expires_at: self.expires_at,
            due_at: Some(self.at),
            by_hand: false,
            escrow: is_lock.then_some(unlock_pin),
        };
        (new, stamp)
    }
}

/// A list of one.
async fn create_here(ports: &Ports, order: ActOrder) -> Result<ActionView, ActError> {
    let ActionRequest {
        device,
        action,
        server: _,
        reason,
        ticket,
        accept_risk,
        via,
        expires_in_s,
    } = order.request;
    let together = TogetherOrder {
        request: ActionsRequest {
            device,
            actions: vec![action],
            reason,
            ticket,
            accept_risk,
            via,
            expires_in_s,
        },
        operator: order.operator,
        consent: order.consent,
        idempotency: order.idempotency,
        correlation: order.correlation,
    };
    let mut made = create_together(ports, together).await?;
    // One was asked for; a key that stands for several is another request's.
    match made.pop() {
        Some(view) if made.is_empty() => Ok(view),
        _ => Err(ActError::KeyReused),
    }
}

/// What can go by text message only has to fit there: else it would hold up everything behind it. For a device that can
/// follow a link, a longer one is fetched.
pub(super) fn check_size(
    ports: &Ports,
    device: &Device,
    action: &Action,
    via: Option<Bearer>,
) -> Result<(), ActError> {
    let linked = device.has_data && ports.home.https.is_some();
    if linked || via.is_some_and(|via| via != Bearer::Sms) {
        return Ok(());
    }
    match message::fits_texts(action) {
        Err(why) if via == Some(Bearer::Sms) || !device.has_data => {
            Err(ActError::Unusable(format!(
                "{} is too long for {}, which is reached by text message only: {why}",
                words(action),
                device.name
            )))
        }
        _ => Ok(()),
    }
}

/// The peer checks lock rules and keeps the PIN; both trails tell of it (requirement E4).
async fn create_at_peer(
    ports: &Ports,
    peer: &str,
    order: ActOrder,
) -> Result<ActionView, ActError> {
    check_risk(&order.request.action, order.consent.as_ref())?;
    let peers = ports
        .peers
        .as_ref()
        .filter(|p| p.peers().iter().any(|p| p.name == peer))
        .ok_or_else(|| ActError::NoSuchPeer(peer.to_owned()))?;
    let mut request = order.request;
    if let Some(consent) = &order.consent {
        request.accept_risk = consent.risks().to_vec();
        request.reason = request
            .reason
            .or_else(|| consent.reason().map(str::to_owned));
    }
    let key = match order.idempotency {
        Some(idempotency) => idempotency.key,
        None => ports.new_id()?.to_string(),
    };
    let entry = |event: &str, detail: String, at: Timestamp| AuditDraft {
        at,
        actor: format!("operator:{}", order.operator),
        event: event.to_owned(),
        subject: format!("device:{}@{peer}", request.device),
        detail,
        correlation: order.correlation.clone(),
    };
    let told = detail(
        &words(&request.action),
        None,
        request.reason.as_deref(),
        request.ticket.as_deref(),
    );
    // Before it is asked, so that the trail cannot lack what a peer was made to do.
    ports
        .audit
        .append(entry("action.remote", told, ports.now()))
        .await?;
    let remote = RemoteAction {
        request: request.clone(),
        operator: order.operator.clone(),
        key,
    };
    let answer = peers.act(peer, remote).await;
    let outcome = match &answer {
        Ok(view) => format!("action {} taken", view.id),
        Err(PeerError::Problem(problem)) => problem.code.word().to_owned(),
        Err(other) => other.to_string(),
    };
    ports
        .audit
        .append(entry("action.remote-outcome", outcome, ports.now()))
        .await?;
    answer.map_err(|source| ActError::Peer {
        peer: peer.to_owned(),
        source: Box::new(source),
    })
}

pub(super) async fn existing(ports: &Ports, id: ShortId) -> Result<ActionView, ActError> {
    ports
        .actions
        .action(id)
        .await?
        .ok_or_else(|| ActError::no_action(id))
}

pub(super) fn check_bearer(ports: &Ports, via: Option<Bearer>) -> Result<(), ActError> {
    match via {
        Some(bearer) if !ports.has_bearer(bearer) => Err(match bearer {
            Bearer::Sms => ActError::no_gateway(),
            Bearer::Push => ActError::NotConfigured {
                what: "push service",
                setting: "server.push",
            },
            _ => ActError::Unusable(format!(
                "this endpoint does not listen for SIP, which {bearer} needs"
            )),
        }),
        _ => Ok(()),
    }
}

/// Why the store would not make it, in words that help.
pub(super) async fn what_is_in_the_way(
    ports: &Ports,
    device: &Device,
    action: &Action,
) -> Result<ActError, ActError> {
    let kind = action.kind();
    let names: &[&str] = match kind {
        Some(ActionKind::Lock) => &["lck"],
        Some(ActionKind::Unlock) => &["ulk", "lck"],
        _ => &["wip", "rst"],
    };
    let open = open_one(ports, device.id, names).await?;
    let told = open.as_ref().map(|o| {
        format!(
            "{} is on its way to {} (action {}, {}, asked for {} by {}{})",
            words(&o.action),
            device.name,
            o.id,
            o.state,
            clock_words(o.created_at),
            o.operator,
            o.ticket
                .as_deref()
                .map(|t| format!(", ticket {t}"))
                .unwrap_or_default()
        )
    });
    Ok(match (kind, told) {
        (Some(ActionKind::Lock), told) if device.lock.locked || told.is_some() => {
            ActError::AlreadyLocked {
                detail: told.unwrap_or_else(|| locked_words(device)),
                device: device.id,
            }
        }
        (Some(ActionKind::Unlock), None) => ActError::Conflict {
            detail: format!("{} is not locked", device.name),
            next: format!("callhome device show {}", device.id),
        },
        (_, Some(detail)) => ActError::Conflict {
            detail,
            next: open.map_or_else(String::new, |o| format!("callhome action wait {}", o.id)),
        },
        // It was in the way a moment ago and has ended since.
        (_, None) => ActError::Conflict {
            detail: format!(
                "the state of {} changed while this was asked for",
                device.name
            ),
            next: "ask again".to_owned(),
        },
    })
}

async fn open_one(
    ports: &Ports,
    device: ShortId,
    names: &[&str],
) -> Result<Option<ActionView>, ActError> {
    for name in names {
        let filter = ActionFilter {
            device: Some(device),
            states: vec![
                ActionState::Pending,
                ActionState::Sent,
                ActionState::Delivered,
            ],
            name: Some((*name).to_owned()),
        };
        let page = PageOf {
            cursor: None,
            limit: 1,
        };
        if let Some(view) = ports.actions.actions(filter, page).await?.items.pop() {
            return Ok(Some(view));
        }
    }
    Ok(None)
}

fn locked_words(device: &Device) -> String {
    let mut facts = Vec::new();
    if let Some(since) = device.lock.since {
        facts.push(format!("since {}", clock_words(since)));
    }
    if let Some(by) = &device.lock.by {
        facts.push(format!("by {by}"));
    }
    if let Some(ticket) = &device.lock.ticket {
        facts.push(format!("ticket {ticket}"));
    }
    if facts.is_empty() {
        format!("{} is already locked", device.name)
    } else {
        format!("{} is already locked ({})", device.name, facts.join(", "))
    }
}

/// `2026-11-20 14:02 UTC`.
fn clock_words(at: Timestamp) -> String {
    let text = at.to_string();
    let (day, time) = text.split_once('T').unwrap_or((&text, ""));
    format!("{day} {} UTC", time.get(..5).unwrap_or(time))
}

/// The action by its name and its words, without parameters: those may hold people's messages or links.
pub(super) fn words(action: &Action) -> String {
    match action.kind() {
        Some(kind) => format!("{} ({})", kind.words(), action.name()),
        None => action.name(),
    }
}

fn detail(what: &str, id: Option<ShortId>, reason: Option<&str>, ticket: Option<&str>) -> String {
    let mut parts = vec![what.to_owned()];
    parts.extend(id.map(|id| format!("action {id}")));
    parts.extend(reason.map(|r| format!("reason: {r}")));
    parts.extend(ticket.map(|t| format!("ticket: {t}")));
    parts.join("; ")
}

impl Caller {
    /// The trail's entry for a change of an action.
    fn stamp(&self, at: Timestamp, event: &str, view: &ActionView) -> Stamp {
        Stamp {
            audit: Some(AuditDraft {
                at,
                actor: format!("operator:{}", self.operator),
                event: event.to_owned(),
                subject: format!("action:{}", view.id),
                detail: words(&view.action),
                correlation: self.correlation.clone(),
            }),
            ..Stamp::default()
        }
    }
}
