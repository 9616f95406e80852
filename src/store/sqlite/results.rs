use std::time::Duration;

use async_trait::async_trait;
use rusqlite::params;

use crate::api::{ActionView, Attempt, LockState};
use crate::domain::{ActionKind, ActionState, Bearer, Sequence, ShortId, Timestamp};
use crate::port::{ActionResults, CaughtUp, PinEscrow, Recorded, ResultDraft, Stamp, StoreError};

use super::SqliteStore;
use super::actions::ActionRow;
use super::catching_up::catch_up;
use super::devices::no_device;
use super::presence::mark_heard;
use super::transaction::{Tx, to_json};

/// What a device does under a number that was given up.
const NOTHING: &str = "nop";
/// Most actions that one session gets.
const PER_SESSION: u32 = 256;
/// How long a device that fetched an action is left alone before it is called again: an answer that
/// was lost on its way, or a server that died before it could send it, must not lose the action.
const AFTER_DELIVERY: Duration = Duration::from_secs(30);

fn deliverable(
    tx: &Tx<'_>,
    device: &str,
    missing: &[Sequence],
    at: Timestamp,
) -> Result<Vec<ActionView>, StoreError> {
    let epoch: u32 = tx
        .one("SELECT epoch FROM devices WHERE id = ?1", [device], |row| {
            row.get(0)
        })?
        .ok_or_else(|| no_device(device))?;
    // The plus keeps SQLite from reading the epoch's whole history by number: open actions have an index of their own.
    // Whose time is up has nothing left to sweep.
    let mut rows = ActionRow::select(
        tx.conn,
        "device = ?1 AND ended = 0 AND +epoch = ?2 AND +sweep_at IS NOT NULL AND json_extract(data, '$.by_hand') IS NULL
         ORDER BY sequence LIMIT ?3",
        params![device, epoch, PER_SESSION],
    )?;
    for sequence in missing.iter().take(PER_SESSION as usize) {
        rows.extend(ActionRow::select(
            tx.conn,
            "device = ?1 AND epoch = ?2 AND sequence = ?3",
            params![device, epoch, sequence.value()],
        )?);
    }
    rows.sort_by_key(|row| row.view.sequence);
    rows.dedup_by_key(|row| row.view.sequence);
    let mut views = Vec::with_capacity(rows.len());
    for mut row in rows {
        let missed = missing.contains(&row.view.sequence);
        if !row.view.state.is_final() && !hand_out(tx, &mut row, missed, at)? {
            continue;
        }
        views.push(row.view);
    }
    Ok(views)
}

/// Hands an open action to its device, or ends it because its time is up; whether there is something to tell the device.
fn hand_out(
    tx: &Tx<'_>,
    row: &mut ActionRow,
    missed: bool,
    at: Timestamp,
) -> Result<bool, StoreError> {
    if row.view.expires_at <= at {
        // While it is being sent, how that goes is waited for. What the device misses it has not done, and with the
        // nop() that it gets now it will not.
        if row.leased || !(missed || row.view.may_be_given_up()) {
            return Ok(false);
        }
        row.become_state(ActionState::Expired);
        row.save(tx, at)?;
        return Ok(missed);
    }
    let fetched = |a: &Attempt| a.bearer == Bearer::Session;
    if row.view.state == ActionState::Delivered && row.view.attempts.iter().any(fetched) {
        return Ok(true);
    }
    row.become_state(ActionState::Delivered);
    row.view.attempts.push(Attempt {
        at,
        bearer: Bearer::Session,
        target: "session".into(),
        outcome: "fetched by the device".into(),
        accepted: true,
        because: None,
        elapsed_ms: 0,
        messages: Vec::new(),
    });
    if !row.leased && row.due_at.is_some() {
        let again = at.after(AFTER_DELIVERY);
        row.due_at = Some(again).filter(|again| *again < row.view.expires_at);
        row.view.next_try_at = row.due_at;
    }
    row.save(tx, at)?;
    Ok(true)
}

/// A confirmed lock or unlock changes what is known of the device, unless a later one was confirmed before.
fn change_lock(tx: &Tx<'_>, view: &ActionView, at: Timestamp) -> Result<(), StoreError> {
    let lock = match view.action.kind() {
        Some(ActionKind::Lock) => LockState {
            locked: true,
            since: Some(at),
            by: Some(view.operator.clone()),
            ticket: view.ticket.clone(),
            action: Some(view.id),
        },
        // A device that was reset has no lock any more.
        Some(ActionKind::Unlock | ActionKind::Reset) => LockState::default(),
        _ => return Ok(()),
    };
    tx.run(
        "UPDATE devices SET locked = ?2, lock = ?3, lock_sequence = ?4
         WHERE id = ?1 AND epoch = ?5 AND lock_sequence < ?4",
        params![
            view.device.to_string(),
            lock.locked,
            to_json(&lock)?,
            view.sequence.value(),
            view.epoch
        ],
    )
    .map(drop)
}

fn record(tx: &Tx<'_>, draft: ResultDraft, stamp: Stamp) -> Result<Recorded, StoreError> {
    tx.begin(&stamp)?;
    let device = draft.device.to_string();
    mark_heard(tx, &device, draft.at)?;
    let found = ActionRow::select(
        tx.conn,
        "device = ?1 AND epoch = ?2 AND sequence = ?3",
        params![device, draft.epoch, draft.sequence.value()],
    )?
    .pop();
    let Some(mut row) = found else {
        return Ok(Recorded::Unknown);
    };
    let given_up = matches!(
        row.view.state,
        ActionState::Cancelled | ActionState::Expired
    );
    let same = draft.action == row.view.action.name();
    if row.view.state.is_final() && !(given_up && same && draft.action != NOTHING) {
        return Ok(Recorded::Repeat(Box::new(row.view)));
    }
    if !same {
        // The nop() that it got after the time of the action was up shows that it did not do it.
        if draft.action == NOTHING && row.view.expires_at <= draft.at {
            row.become_state(ActionState::Expired);
            row.save(tx, draft.at)?;
        }
        return Ok(Recorded::Other(Box::new(row.view)));
    }
    let state = draft.result.state;
    if !state.is_final() || !row.view.state.may_become(state) {
        return Err(StoreError::Conflict(format!(
            "an action that is {} cannot end as {state}",
            row.view.state
        )));
    }
    row.become_state(state);
    row.view.result = Some(draft.result);
    row.save(tx, draft.at)?;
    if state == ActionState::Done {
        change_lock(tx, &row.view, draft.at)?;
    }
    tx.finish(stamp)?;
    Ok(Recorded::First(Box::new(row.view)))
}

#[async_trait]
impl ActionResults for SqliteStore {
    async fn deliverable(
        &self,
        device: ShortId,
        missing: &[Sequence],
        at: Timestamp,
    ) -> Result<Vec<ActionView>, StoreError> {
        let missing = missing.to_vec();
        self.write(move |tx| deliverable(tx, &device.to_string(), &missing, at))
            .await
    }

    async fn catch_up(
        &self,
        device: ShortId,
        taken: Sequence,
        escrow: PinEscrow,
        at: Timestamp,
    ) -> Result<Option<CaughtUp>, StoreError> {
        self.write(move |tx| catch_up(tx, &device.to_string(), taken, escrow, at))
            .await
    }

    async fn record_result(
        &self,
        draft: ResultDraft,
        stamp: Stamp,
    ) -> Result<Recorded, StoreError> {
        self.write(move |tx| record(tx, draft, stamp)).await
    }
}
