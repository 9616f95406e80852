use crate::api::{ActionView, ActionsRequest};
use crate::domain::{Consent, ShortId};
use crate::port::{Step, StoreError};

use super::act::{
    Wish, check_bearer, check_risk, check_size, existing, life, preconditions, what_is_in_the_way,
};
use super::{ActError, IdempotencyKey, Ports, restore};

/// Most actions that are asked for at once.
const MOST: usize = 16;

/// Asks that a device do several things.
#[derive(Debug, Clone)]
pub struct TogetherOrder {
    /// What, and which device.
    pub request: ActionsRequest,
    /// Who asks.
    pub operator: String,
    /// The risks that were accepted.
    pub consent: Option<Consent>,
    /// So that a repeat does nothing twice.
    pub idempotency: Option<IdempotencyKey>,
    /// Correlation id; empty when there is none.
    pub correlation: String,
}

/// Has a device do several things in order: checks, reserves numbers that follow each other, keeps the PIN of a lock, and
/// queues all of them or none. What fits goes in one message.
///
/// # Errors
/// [`ActError`]; nothing was stored or sent.
pub async fn create_together(
    ports: &Ports,
    order: TogetherOrder,
) -> Result<Vec<ActionView>, ActError> {
    let request = order.request;
    if !(1..=MOST).contains(&request.actions.len()) {
        return Err(ActError::Unusable(format!(
            "1 to {MOST} actions can be asked for at once"
        )));
    }
    for action in &request.actions {
        check_risk(action, order.consent.as_ref())?;
    }
    let device = ports
        .devices
        .device(request.device)
        .await?
        .ok_or_else(|| ActError::no_device(request.device))?;
    // A repeat of a request that was served must get its answer, whatever holds now: so these checks ask only for what
    // a served request had, and the store looks at the key before it looks at the preconditions.
    if device.agent_id.is_none() {
        return Err(ActError::NotEnrolled(device.name));
    }
    check_bearer(ports, request.via)?;
    let now = ports.now();
    let said = order.consent.as_ref().and_then(Consent::reason);
    let wish = Wish {
        device: device.id,
        operator: order.operator,
        reason: request.reason.or_else(|| said.map(str::to_owned)),
        ticket: request.ticket,
        via: request.via,
        at: now,
        expires_at: now.after(life(request.expires_in_s)?),
        correlation: order.correlation,
    };
    let mut ids = Vec::with_capacity(request.actions.len());
    for _ in &request.actions {
        ids.push(ports.new_id()?);
    }
    let outcome: Vec<String> = ids.iter().map(ToString::to_string).collect();
    // With the first of them, before anything else is looked at.
    let mut claim = order
        .idempotency
        .map(|key| key.claim(format!("{OUTCOME}{}", outcome.join(",")), now));
    let mut news = Vec::with_capacity(ids.len());
    let mut actions = Vec::with_capacity(ids.len());
    for (id, action) in ids.into_iter().zip(&request.actions) {
        let action = restore::linked(ports, action).await?;
        check_size(ports, &device, &action, request.via)?;
        news.push(wish.draft(id, action.clone(), claim.take()));
        actions.push(action);
    }
    match ports.actions.create_actions(news).await {
        Ok(views) => {
            Step::ActionStored.reached();
            Ok(views)
        }
        Err(StoreError::AlreadyDone(outcome)) => done_before(ports, &outcome).await,
        Err(StoreError::NotEnrolled) => Err(ActError::NotEnrolled(device.name)),
        Err(StoreError::Precondition(failed)) => {
            let refused = actions.iter().find(|a| preconditions(a).contains(&failed));
            match refused {
                Some(action) => Err(what_is_in_the_way(ports, &device, action).await?),
                None => Err(StoreError::Precondition(failed).into()),
            }
        }
        Err(other) => Err(other.into()),
    }
}

/// What the outcome of a request's key begins with.
const OUTCOME: &str = "action:";
/// … and what it began with for several at once in earlier versions.
const EARLIER: &str = "actions:";

/// The answer that a request with this key had.
async fn done_before(ports: &Ports, outcome: &str) -> Result<Vec<ActionView>, ActError> {
    let ids = outcome
        .strip_prefix(OUTCOME)
        .or_else(|| outcome.strip_prefix(EARLIER))
        .ok_or(ActError::KeyReused)?;
    let mut views = Vec::new();
    for id in ids.split(',') {
        let id: ShortId = id.parse().map_err(|_| ActError::KeyReused)?;
        views.push(existing(ports, id).await?);
    }
    Ok(views)
}
