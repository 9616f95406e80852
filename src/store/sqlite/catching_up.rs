use rusqlite::params;

use crate::domain::{ActionState, Sequence, Timestamp};
use crate::port::{CaughtUp, PinEscrow, StoreError};

use super::actions::ActionRow;
use super::enrolment::open_secret;
use super::restoring::first_own;
use super::transaction::Tx;

/// Numbers left open above what a device tells: it tells what it took without a gap, and may have taken locks beyond.
/// A device asks for so many at once, and the gap is closed.
const ROOM: u32 = 64;
/// A device that tells of more numbers than these, of which nothing is known, is not believed.
const FARTHEST: u32 = 1 << 20;

/// Moves the numbers of a device on behind those that it took, of which a server that was made of a copy knows nothing.
///
/// Of what went out before this, only locks and wipes may be done twice.
pub(super) fn catch_up(
    tx: &Tx<'_>,
    device: &str,
    taken: Sequence,
    escrow: PinEscrow,
    at: Timestamp,
) -> Result<Option<CaughtUp>, StoreError> {
    let found = tx.one(
        "SELECT epoch, next_sequence, secret FROM devices WHERE id = ?1 AND agent_id IS NOT NULL",
        [device],
        |row| {
            Ok((
                row.get::<_, u32>(0)?,
                row.get::<_, u32>(1)?,
                row.get::<_, Vec<u8>>(2)?,
            ))
        },
    )?;
    let (epoch, next, sealed) = found.ok_or(StoreError::NotEnrolled)?;
    // A device takes numbers without a gap. The ones below the first of ours are closed in a session, and this is its
    // first: when it is at ours already, it was somebody else who gave them.
    let foreign = first_own(tx, device)?.unwrap_or(next);
    let believed = (foreign..next.saturating_add(FARTHEST)).contains(&taken.value());
    let Some(first) = taken.forward(1 + ROOM).filter(|_| believed) else {
        return Ok(None);
    };
    let first = first.max(Sequence::new(next));
    let secret = open_secret(tx.sealer, device, epoch, &sealed)?;
    // Numbers are taken in order. Where the device is beyond all of ours that may have reached it, it took them for
    // something else. Where it stands at one that may have reached it, it may just as well have done that one.
    let may_be_there = |row: &ActionRow| row.leased || row.view.by_hand || row.view.content_left();
    let in_doubt = foreign <= taken.value()
        && ActionRow::select(
            tx.conn,
            "device = ?1 AND epoch = ?2 AND sequence = ?3",
            params![device, epoch, taken.value()],
        )?
        .iter()
        .any(may_be_there);
    // The last word of the operator that the device obeyed: what came before it must not come after it now.
    let obeyed = ActionRow::select(
        tx.conn,
        "device = ?1 AND epoch = ?2 AND ended = 1 AND sequence BETWEEN ?3 AND ?4",
        params![device, epoch, foreign, taken.value()],
    )?
    .into_iter()
    .filter(|row| row.view.state == ActionState::Done && row.view.action.is_destructive())
    .map(|row| row.view.sequence)
    .max();
    let mut given = first.value();
    let mut renumbered = 0;
    let mut kept = 0;
    for mut row in ActionRow::select(
        tx.conn,
        "device = ?1 AND epoch = ?2 AND ended = 0 AND sequence BETWEEN ?3 AND ?4 ORDER BY sequence",
        params![device, epoch, foreign, taken.value()],
    )? {
        // What the device answers under its number decides. Only what ends the same when it is done twice, and must not
        // be left undone, goes out again.
        if in_doubt && may_be_there(&row) && (row.view.by_hand || !row.view.action.is_destructive())
        {
            kept += 1;
            continue;
        }
        // It will not be sent any more; a late answer finds it, and its PIN, under the number that it has.
        if row.view.expires_at <= at {
            continue;
        }
        row.doubt(at);
        row.fence += 1;
        let is_overtaken =
            row.view.action.is_destructive() && obeyed.is_some_and(|last| row.view.sequence < last);
        // Of what was signed by hand the number is in the text.
        if row.view.by_hand || is_overtaken {
            row.become_state(ActionState::Superseded);
            row.save(tx, at)?;
            continue;
        }
        row.view.sequence = Sequence::new(given);
        given += 1;
        renumbered += 1;
        row.view.state = ActionState::Pending;
        row.view.unconfirmed = false;
        row.leased = false;
        row.due_at = Some(at);
        row.view.next_try_at = row.due_at;
        row.sweep_at = Some(row.view.expires_at);
        let id = row.view.id.to_string();
        let pin = tx.sealer.seal(
            &format!("pin:{id}"),
            escrow(&secret, row.view.sequence).as_bytes(),
        )?;
        tx.run(
            "UPDATE pins SET pin = ?2 WHERE action = ?1",
            params![id, pin],
        )?;
        row.save(tx, at)?;
    }
    tx.run(
        "UPDATE devices SET next_sequence = ?2 WHERE id = ?1",
        params![device, given.min(Sequence::LAST.value())],
    )?;
    Ok(Some(CaughtUp {
        first,
        renumbered,
        kept,
    }))
}
