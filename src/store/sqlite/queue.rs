use std::time::Duration;

use async_trait::async_trait;
use rusqlite::params;

use crate::api::{ActionView, Attempt};
use crate::domain::{ActionState, ShortId, Timestamp};
use crate::port::{ActionQueue, Claimed, Lease, StoreError};

use super::SqliteStore;
use super::actions::ActionRow;
use super::transaction::{Tx, one, signed};

/// Most actions whose time is found to have run out at one claim.
const SWEEP: u32 = 1000;

/// Ends actions past their time whose content never left; shows the others as unconfirmed and stops trying.
fn sweep(tx: &Tx<'_>, now: Timestamp) -> Result<(), StoreError> {
    let condition = format!("sweep_at <= ?1 ORDER BY sweep_at LIMIT {SWEEP}");
    for mut row in ActionRow::select(tx.conn, &condition, [now.millis()])? {
        if row.due_at.is_none_or(|end| end <= now) {
            row.doubt(now);
        }
        match row.due_at.filter(|end| row.leased && *end > now) {
            // Somebody is sending it: look again when the claim ends.
            Some(end) => {
                tx.run(
                    "UPDATE actions SET sweep_at = ?2 WHERE number = ?1",
                    params![row.number, end.millis()],
                )?;
            }
            None => {
                row.time_is_up();
                row.save(tx, now)?;
            }
        }
    }
    Ok(())
}

fn claim(
    tx: &Tx<'_>,
    now: Timestamp,
    lease: Duration,
    limit: u32,
) -> Result<Vec<Claimed>, StoreError> {
    sweep(tx, now)?;
    let ends = now.after(lease);
    let mut claimed = Vec::new();
    // Two lanes: what locks or destroys never waits behind anything else.
    for lane in [1, 0] {
        let left = signed(u64::from(limit) - claimed.len() as u64);
        let rows = ActionRow::select(
            tx.conn,
            "destructive = ?1 AND due_at <= ?2 ORDER BY due_at LIMIT ?3",
            params![lane, now.millis(), left],
        )?;
        for mut row in rows {
            let cut_off = row.doubt(now);
            if row.view.expires_at <= now {
                row.time_is_up();
                row.save(tx, now)?;
                continue;
            }
            if cut_off {
                row.save(tx, now)?;
            }
            let fence = row.fence + 1;
            tx.run(
                "UPDATE actions SET due_at = ?2, leased = 1, fence = ?3 WHERE number = ?1",
                params![row.number, ends.millis(), signed(fence)],
            )?;
            claimed.push(Claimed {
                lease: Lease {
                    action: row.view.id,
                    fence,
                },
                view: row.view,
            });
        }
    }
    Ok(claimed)
}

/// Adds the attempts; the inner error is told although the attempts stay.
fn record(
    tx: &Tx<'_>,
    lease: Lease,
    attempts: Vec<Attempt>,
    next_try_at: Option<Timestamp>,
) -> Result<Result<ActionView, StoreError>, StoreError> {
    let mut row = ActionRow::by_id(tx.conn, lease.action)?;
    let at = attempts
        .iter()
        .map(|a| a.at.after(Duration::from_millis(a.elapsed_ms)))
        .max()
        .unwrap_or(row.view.updated_at)
        .max(row.view.updated_at);
    let accepted = attempts.iter().any(|a| a.accepted);
    row.view.add_attempts(attempts);
    if accepted && row.view.state == ActionState::Pending {
        row.become_state(ActionState::Sent);
    }
    let ended = row.view.state.is_final();
    let holds = row.fence == lease.fence && row.leased;
    if holds && !ended {
        row.leased = false;
        row.due_at = next_try_at;
        row.view.next_try_at = next_try_at;
        // If its time ran out during the claim, that is seen now and not when the claim would have ended.
        row.sweep_at = row.sweep_at.map(|_| row.view.expires_at);
    }
    row.save(tx, at)?;
    if holds || ended {
        Ok(Ok(row.view))
    } else {
        Ok(Err(StoreError::LeaseLost(format!(
            "action {}",
            lease.action
        ))))
    }
}

/// The claim, if there is one, goes on: a receipt says nothing about the try under way.
fn receipt(tx: &Tx<'_>, id: ShortId, receipt: Attempt) -> Result<ActionView, StoreError> {
    let mut row = ActionRow::by_id(tx.conn, id)?;
    if !matches!(row.view.state, ActionState::Pending | ActionState::Sent) {
        return Ok(row.view);
    }
    let at = receipt.at.max(row.view.updated_at);
    if receipt.accepted {
        row.become_state(ActionState::Delivered);
    }
    row.view.add_attempts([receipt]);
    row.save(tx, at)?;
    Ok(row.view)
}

#[async_trait]
impl ActionQueue for SqliteStore {
    async fn claim(
        &self,
        now: Timestamp,
        lease: Duration,
        limit: u32,
    ) -> Result<Vec<Claimed>, StoreError> {
        self.write(move |tx| claim(tx, now, lease, limit)).await
    }

    async fn record_attempts(
        &self,
        lease: Lease,
        attempts: Vec<Attempt>,
        next_try_at: Option<Timestamp>,
    ) -> Result<ActionView, StoreError> {
        self.write(move |tx| record(tx, lease, attempts, next_try_at))
            .await?
    }

    async fn record_receipt(
        &self,
        id: ShortId,
        attempt: Attempt,
    ) -> Result<ActionView, StoreError> {
        self.write(move |tx| receipt(tx, id, attempt)).await
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.read(|conn| {
            let least = one(
                conn,
                "SELECT min(at) FROM (
                    SELECT min(due_at) AS at FROM actions WHERE destructive = 1 AND due_at IS NOT NULL
                    UNION ALL
                    SELECT min(due_at) FROM actions WHERE destructive = 0 AND due_at IS NOT NULL
                    UNION ALL
                    SELECT min(sweep_at) FROM actions WHERE sweep_at IS NOT NULL)",
                [],
                |row| row.get::<_, Option<i64>>(0),
            )?;
            Ok(least.flatten().map(Timestamp::from_millis))
        })
        .await
    }
}
