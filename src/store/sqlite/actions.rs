use async_trait::async_trait;
use rusqlite::{Connection, Row, params, params_from_iter, types::Value};

use crate::api::{ActionView, Attempt, CUT_OFF, Page};
use crate::domain::{ActionState, Bearer, ShortId, Timestamp};
use crate::port::{ActionFilter, Actions, NewAction, PageOf, Stamp, StoreError};

use super::SqliteStore;
use super::creation::create;
use super::transaction::{
    Tx, all, before, cut, from_json, one, page_limit, signed, to_json, unsigned,
};

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

    /// A claim of it was cut off, by a crash or a lease that ran out: nobody can say any more that nothing was sent, so
    /// it can neither be withdrawn nor expire. Whether there was anything to doubt.
    pub(super) fn doubt(&mut self, at: Timestamp) -> bool {
        if !self.leased || !self.view.may_be_given_up() {
            return false;
        }
        self.become_state(ActionState::Sent);
        self.view.attempts.push(Attempt {
            at,
            bearer: self.view.via.unwrap_or(Bearer::Sms),
            target: String::new(),
            outcome: CUT_OFF.to_owned(),
            accepted: false,
            because: None,
            elapsed_ms: 0,
            messages: Vec::new(),
        });
        true
    }

    /// Its time is up: nobody sends it any more. What never left ends here; a result of the others may still come.
    pub(super) fn time_is_up(&mut self) {
        if self.view.may_be_given_up() {
            return self.become_state(ActionState::Expired);
        }
        self.view.unconfirmed = true;
        self.view.next_try_at = None;
        self.due_at = None;
        self.leased = false;
        self.sweep_at = None;
    }

    /// Writes the row back and tells watchers.
    pub(super) fn save(&mut self, tx: &Tx<'_>, at: Timestamp) -> Result<(), StoreError> {
        // Whoever came first may be stored last: who follows the action must not see it go back.
        self.view.updated_at = at.max(self.view.updated_at);
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

pub(super) fn insert(
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
        // One that was signed by hand and was given to nobody yet is withdrawn by who made it.
        if !state.may_become(to) || (state != ActionState::Pending && !row.view.may_be_given_up()) {
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
        if row.view.expires_at <= due_at {
            let life = row.view.expires_at.since(row.view.created_at);
            row.view.expires_at = due_at.after(life);
            row.view.unconfirmed = false;
            row.sweep_at = Some(row.view.expires_at);
        }
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
            // The small index of open actions serves instead of the whole history from its end.
            wheres[0] = "ended = 0 AND +number < ?".into();
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

#[async_trait]
impl Actions for SqliteStore {
    async fn create_action(&self, new: NewAction, stamp: Stamp) -> Result<ActionView, StoreError> {
        self.write(move |tx| create(tx, &new, stamp)).await
    }

    async fn create_actions(
        &self,
        news: Vec<(NewAction, Stamp)>,
    ) -> Result<Vec<ActionView>, StoreError> {
        self.write(move |tx| {
            let all = news.into_iter();
            all.map(|(new, stamp)| create(tx, &new, stamp)).collect()
        })
        .await
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
