use async_trait::async_trait;
use rusqlite::{Connection, Row, params, params_from_iter, types::Value};

use crate::api::{ActionView, Page, PinView};
use crate::domain::{Action, ActionKind, ActionState, Bearer, Sequence, ShortId, Timestamp};
use crate::port::{
    ActionFilter, Actions, NewAction, PageOf, Pins, Precondition, Sealer, Stamp, StoreError,
};

use super::SqliteStore;
use super::devices::load_existing;
use super::enrolment::open_secret;
use super::transaction::{
    Tx, all, before, cut, from_json, one, page_limit, parse, signed, to_json, unsigned,
};

/// Most numbers that an action with a given number may leave open below it.
const WIDEST_GAP: u32 = 64;

/// An action's row: the view, and what is the dispatcher's business only.
pub(super) struct ActionRow {
    pub(super) number: i64,
    pub(super) view: ActionView,
    /// When it is due; while claimed, when the claim ends.
    pub(super) due_at: Option<Timestamp>,
    pub(super) leased: bool,
    pub(super) fence: u64,
    pub(super) sweep_at: Option<Timestamp>,
}

type RawRow = (i64, String, Option<i64>, bool, i64, Option<i64>);

const COLUMNS: &str = "number, data, due_at, leased, fence, sweep_at";

fn raw(row: &Row<'_>) -> rusqlite::Result<RawRow> {
    Ok((
        row.get(0)?,
        row.get(1)?,
        row.get(2)?,
        row.get(3)?,
        row.get(4)?,
        row.get(5)?,
    ))
}

impl ActionRow {
    fn of((number, data, due_at, leased, fence, sweep_at): RawRow) -> Result<Self, StoreError> {
        Ok(Self {
            number,
            view: from_json(&data)?,
            due_at: due_at.map(Timestamp::from_millis),
            leased,
            fence: unsigned(fence),
            sweep_at: sweep_at.map(Timestamp::from_millis),
        })
    }

    /// The rows that fit a condition (with its order and limit).
    pub(super) fn select(
        conn: &Connection,
        condition: &str,
        values: impl rusqlite::Params,
    ) -> Result<Vec<Self>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM actions WHERE {condition}");
        all(conn, &sql, values, raw)?
            .into_iter()
            .map(Self::of)
            .collect()
    }

    pub(super) fn by_id(conn: &Connection, id: ShortId) -> Result<Self, StoreError> {
        Self::select(conn, "id = ?1", [id.to_string()])?
            .pop()
            .ok_or_else(|| StoreError::NotFound(format!("action {id}")))
    }

    /// Ends or moves on the action; an ended one is nobody's business any more.
    pub(super) fn become_state(&mut self, state: ActionState) {
        self.view.state = state;
        if state.is_final() {
            self.due_at = None;
            self.leased = false;
            self.sweep_at = None;
            self.view.next_try_at = None;
            self.view.unconfirmed = false;
        }
    }

    /// Writes the row back and tells watchers.
    pub(super) fn save(&mut self, tx: &Tx<'_>, at: Timestamp) -> Result<(), StoreError> {
        self.view.updated_at = at;
        let data = to_json(&self.view)?;
        tx.run(
            "UPDATE actions SET epoch = ?2, sequence = ?3, state = ?4, ended = ?5, due_at = ?6, leased = ?7,
                fence = ?8, sweep_at = ?9, data = ?10 WHERE number = ?1",
            params![
                self.number,
                self.view.epoch,
                self.view.sequence.value(),
                self.view.state.to_string(),
                self.view.state.is_final(),
                self.due_at.map(Timestamp::millis),
                self.leased,
                signed(self.fence),
                self.sweep_at.map(Timestamp::millis),
                data
            ],
        )?;
        tell(tx, &self.view, at, &data)
    }
}

fn tell(tx: &Tx<'_>, view: &ActionView, at: Timestamp, data: &str) -> Result<(), StoreError> {
    tx.event(
        at,
        "action.changed",
        &format!("action:{}", view.id),
        Some(&view.device.to_string()),
        data,
    )
}

fn insert(
    tx: &Tx<'_>,
    view: &ActionView,
    due_at: Option<Timestamp>,
    at: Timestamp,
) -> Result<(), StoreError> {
    let data = to_json(view)?;
    let ended = view.state.is_final();
    tx.run(
        "INSERT INTO actions (id, device, epoch, sequence, name, state, ended, destructive, due_at, sweep_at, data)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        params![
            view.id.to_string(),
            view.device.to_string(),
            view.epoch,
            view.sequence.value(),
            view.action.name(),
            view.state.to_string(),
            ended,
            view.action.is_destructive(),
            due_at.map(Timestamp::millis),
            (!ended).then(|| view.expires_at.millis()),
            data
        ],
    )?;
    tell(tx, view, at, &data)
}

/// What making an action needs to know of its device.
struct Owner {
    epoch: u32,
    next: u32,
    sealed: Vec<u8>,
    locked: bool,
}

fn check(
    tx: &Tx<'_>,
    new: &NewAction,
    owner: &Owner,
    view: &crate::api::Device,
) -> Result<(), StoreError> {
    for precondition in &new.preconditions {
        let holds = match precondition {
            Precondition::NotLocked => !owner.locked,
            Precondition::Locked => owner.locked,
            Precondition::Addressable => {
                view.has_data || view.numbers.iter().any(|n| n.verified_at.is_some())
            }
            Precondition::NoneOpen(names) => !all(
                tx.conn,
                "SELECT name FROM actions WHERE device = ?1 AND ended = 0 AND epoch = ?2",
                params![new.device.to_string(), owner.epoch],
                |row| row.get::<_, String>(0),
            )?
            .iter()
            .any(|open| names.contains(open)),
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

fn create(tx: &Tx<'_>, new: &NewAction, stamp: Stamp) -> Result<ActionView, StoreError> {
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

fn change(
    tx: &Tx<'_>,
    id: ShortId,
    to: Option<ActionState>,
    due_at: Option<Timestamp>,
    via: Option<Bearer>,
    stamp: Stamp,
) -> Result<ActionView, StoreError> {
    tx.begin(&stamp)?;
    let mut row = ActionRow::by_id(tx.conn, id)?;
    let state = row.view.state;
    if state.is_final() {
        return Err(StoreError::Conflict(format!(
            "action {id} has ended: it is {state}"
        )));
    }
    let at = due_at
        .or(stamp.audit.as_ref().map(|a| a.at))
        .or(stamp.idempotency.as_ref().map(|i| i.at))
        .unwrap_or(row.view.updated_at);
    if let Some(to) = to {
        if !state.may_become(to) {
            return Err(StoreError::Conflict(format!(
                "action {id} is {state} and cannot become {to}: the device may have it already"
            )));
        }
        // While it is claimed it may be on the wire: nobody can say that nothing was sent.
        if row.leased && row.due_at.is_some_and(|end| end > at) {
            return Err(StoreError::Conflict(format!(
                "action {id} is being sent at this moment: see how it goes and try again"
            )));
        }
        row.become_state(to);
    }
    if let Some(due_at) = due_at.filter(|_| !row.view.state.is_final()) {
        row.due_at = Some(due_at);
        row.view.next_try_at = Some(due_at);
        row.leased = false;
    }
    if via.is_some() {
        row.view.via = via;
    }
    row.fence += 1;
    row.save(tx, at)?;
    tx.finish(stamp)?;
    Ok(row.view)
}

fn list(
    conn: &Connection,
    filter: &ActionFilter,
    page: &PageOf,
) -> Result<Page<ActionView>, StoreError> {
    let limit = page_limit(page);
    let mut wheres = vec!["number < ?".to_owned()];
    let mut values: Vec<Value> = vec![before(page)?.into()];
    if let Some(device) = filter.device {
        wheres.push("device = ?".into());
        values.push(device.to_string().into());
    }
    if let Some(name) = &filter.name {
        wheres.push("name = ?".into());
        values.push(name.clone().into());
    }
    if !filter.states.is_empty() {
        let places = vec!["?"; filter.states.len()].join(", ");
        wheres.push(format!("state IN ({places})"));
        values.extend(filter.states.iter().map(|s| Value::from(s.to_string())));
        if filter.states.iter().all(|s| !s.is_final()) {
            // Lets the small index of open actions serve.
            wheres.push("ended = 0".into());
        }
    }
    let condition = format!(
        "{} ORDER BY number DESC LIMIT {}",
        wheres.join(" AND "),
        limit + 1
    );
    let rows = ActionRow::select(conn, &condition, params_from_iter(values))?;
    let (rows, next) = cut(rows, limit, |row| row.number.to_string());
    Ok(Page {
        items: rows.into_iter().map(|row| row.view).collect(),
        next,
    })
}

fn pins(conn: &Connection, sealer: &dyn Sealer, device: &str) -> Result<Vec<PinView>, StoreError> {
    let rows = all(
        conn,
        "SELECT action, created_at, pin FROM pins WHERE device = ?1 ORDER BY created_at DESC, action",
        [device],
        |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get(1)?,
                row.get::<_, Vec<u8>>(2)?,
            ))
        },
    )?;
    rows.into_iter()
        .map(|(action, created_at, sealed)| {
            let pin = sealer.open(&format!("pin:{action}"), &sealed)?;
            Ok(PinView {
                action: parse(&action)?,
                pin: String::from_utf8(pin)
                    .map_err(|_| StoreError::Database("a PIN is no text".into()))?,
                created_at: Timestamp::from_millis(created_at),
            })
        })
        .collect()
}

#[async_trait]
impl Actions for SqliteStore {
    async fn create_action(&self, new: NewAction, stamp: Stamp) -> Result<ActionView, StoreError> {
        self.write(move |tx| create(tx, &new, stamp)).await
    }

    async fn action(&self, id: ShortId) -> Result<Option<ActionView>, StoreError> {
        self.read(move |conn| {
            one(
                conn,
                "SELECT data FROM actions WHERE id = ?1",
                [id.to_string()],
                |row| row.get::<_, String>(0),
            )?
            .map(|data| from_json(&data))
            .transpose()
        })
        .await
    }

    async fn actions(
        &self,
        filter: ActionFilter,
        page: PageOf,
    ) -> Result<Page<ActionView>, StoreError> {
        self.read(move |conn| list(conn, &filter, &page)).await
    }

    async fn change_action(
        &self,
        id: ShortId,
        to: Option<ActionState>,
        due_at: Option<Timestamp>,
        via: Option<Bearer>,
        stamp: Stamp,
    ) -> Result<ActionView, StoreError> {
        self.write(move |tx| change(tx, id, to, due_at, via, stamp))
            .await
    }
}

#[async_trait]
impl Pins for SqliteStore {
    async fn pins(&self, device: ShortId, stamp: Stamp) -> Result<Vec<PinView>, StoreError> {
        // In the writer, although it reads: no PIN is shown unless its reveal is in the trail.
        self.write(move |tx| {
            tx.begin(&stamp)?;
            let device = device.to_string();
            load_existing(tx.conn, &device)?;
            let pins = pins(tx.conn, tx.sealer, &device)?;
            tx.finish(stamp)?;
            Ok(pins)
        })
        .await
    }
}
