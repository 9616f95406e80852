use rusqlite::params;

use crate::api::{ActionView, Device};
use crate::domain::{Action, ActionKind, ActionState, Sequence, ShortId, Timestamp};
use crate::port::{NewAction, Precondition, Stamp, StoreError};

use super::actions::{ActionRow, insert};
use super::devices::load_existing;
use super::enrolment::open_secret;
use super::transaction::Tx;

/// Most numbers that an action with a given number may leave open below it.
const WIDEST_GAP: u32 = 64;

/// What making an action needs to know of its device.
struct Owner {
    epoch: u32,
    next: u32,
    sealed: Vec<u8>,
    locked: bool,
}

fn check(tx: &Tx<'_>, new: &NewAction, owner: &Owner, view: &Device) -> Result<(), StoreError> {
    for precondition in &new.preconditions {
        let holds = match precondition {
            Precondition::NotLocked => !owner.locked,
            Precondition::Locked => owner.locked,
            Precondition::Addressable => {
                view.has_data || view.numbers.iter().any(|n| n.verified_at.is_some())
            }
            // A text that was signed by hand may lie in a drawer: once its time is up it is in nobody's way.
            Precondition::NoneOpen(names) => !ActionRow::select(
                tx.conn,
                "device = ?1 AND ended = 0 AND epoch = ?2",
                params![new.device.to_string(), owner.epoch],
            )?
            .iter()
            .filter(|row| !row.view.by_hand || row.view.expires_at > new.at)
            .any(|row| names.contains(&row.view.action.name())),
        };
        if !holds {
            return Err(StoreError::Precondition(precondition.clone()));
        }
    }
    Ok(())
}

/// The number for a new action, after `next`; numbers that a given one jumps over are closed by `nop()`s,
/// which the device gets when it asks for them.
fn reserve(
    tx: &Tx<'_>,
    new: &NewAction,
    next: u32,
    model: &ActionView,
) -> Result<Sequence, StoreError> {
    let next = Sequence::new(next);
    let sequence = new.sequence.unwrap_or(next);
    if sequence > Sequence::LAST {
        return Err(StoreError::SequenceExhausted);
    }
    if sequence < next {
        return Err(StoreError::Conflict(format!(
            "number {sequence} was given before: the next free one is {next}"
        )));
    }
    let gap = sequence.value() - next.value();
    if gap > WIDEST_GAP {
        return Err(StoreError::Conflict(format!(
            "number {sequence} would leave {gap} numbers open: the next free one is {next}"
        )));
    }
    for value in next.value()..sequence.value() {
        let seed = format!("{}:{}:{value}", model.device, model.epoch);
        let digest = <sha2::Sha256 as sha2::Digest>::digest(seed.as_bytes());
        let view = ActionView {
            id: ShortId::from_random([digest[0], digest[1], digest[2], digest[3], digest[4]]),
            action: Action::new(ActionKind::Nothing, [""; 0]),
            sequence: Sequence::new(value),
            state: ActionState::Cancelled,
            next_try_at: None,
            ..model.clone()
        };
        insert(tx, &view, None, new.at)?;
    }
    Ok(sequence)
}

pub(super) fn create(tx: &Tx<'_>, new: &NewAction, stamp: Stamp) -> Result<ActionView, StoreError> {
    tx.begin(&stamp)?;
    let device = new.device.to_string();
    let shown = load_existing(tx.conn, &device)?;
    let owner = tx
        .one(
            "SELECT epoch, next_sequence, secret, locked FROM devices WHERE id = ?1 AND agent_id IS NOT NULL",
            [&device],
            |row| {
                Ok(Owner {
                    epoch: row.get(0)?,
                    next: row.get(1)?,
                    sealed: row.get(2)?,
                    locked: row.get(3)?,
                })
            },
        )?
        .ok_or(StoreError::NotEnrolled)?;
    if new.action.kind().is_some_and(|k| !k.consumes_sequence()) {
        return Err(StoreError::Conflict(format!(
            "{}() is part of how a message is sent, not an action by itself",
            new.action.name()
        )));
    }
    check(tx, new, &owner, &shown)?;
    let mut view = ActionView {
        id: new.id,
        device: new.device,
        device_name: shown.name,
        server: shown.server,
        action: new.action.clone(),
        sequence: Sequence::ZERO,
        epoch: owner.epoch,
        state: ActionState::Pending,
        unconfirmed: false,
        operator: new.operator.clone(),
        reason: new.reason.clone(),
        ticket: new.ticket.clone(),
        via: new.via,
        by_hand: new.by_hand,
        created_at: new.at,
        updated_at: new.at,
        next_try_at: new.due_at,
        expires_at: new.expires_at,
        attempts: Vec::new(),
        result: None,
    };
    view.sequence = reserve(tx, new, owner.next, &view)?;
    tx.run(
        "UPDATE devices SET next_sequence = ?2 WHERE id = ?1",
        params![device, view.sequence.value() + 1],
    )?;
    if let Some(escrow) = new.escrow {
        let secret = open_secret(tx.sealer, &device, owner.epoch, &owner.sealed)?;
        let pin = tx.sealer.seal(
            &format!("pin:{}", new.id),
            escrow(&secret, view.sequence).as_bytes(),
        )?;
        tx.run(
            "INSERT INTO pins (action, device, created_at, pin) VALUES (?1, ?2, ?3, ?4)",
            params![new.id.to_string(), device, new.at.millis(), pin],
        )?;
    }
    insert(tx, &view, new.due_at, new.at)?;
    tx.finish(stamp)?;
    Ok(view)
}

/// What becomes of open actions when a device enrols again. Destructive ones are void. Of the others, those that
/// nobody sent get numbers of the new epoch; those that were sent cannot be answered any more and are superseded.
pub(super) fn void_old_epoch(
    tx: &Tx<'_>,
    device: &str,
    epoch: u32,
    at: Timestamp,
) -> Result<(), StoreError> {
    let mut next = Sequence::FIRST.value();
    for mut row in ActionRow::select(
        tx.conn,
        "device = ?1 AND ended = 0 ORDER BY epoch, sequence",
        [device],
    )? {
        if row.view.action.is_destructive() {
            row.become_state(ActionState::Cancelled);
        } else if row.view.state == ActionState::Pending && !row.leased {
            row.view.epoch = epoch;
            row.view.sequence = Sequence::new(next);
            next += 1;
        } else {
            row.become_state(ActionState::Superseded);
        }
        row.fence += 1;
        row.save(tx, at)?;
    }
    tx.run(
        "UPDATE devices SET next_sequence = ?2 WHERE id = ?1",
        params![device, next],
    )
    .map(drop)
}
