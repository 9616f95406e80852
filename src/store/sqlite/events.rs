use async_trait::async_trait;
use rusqlite::{Connection, params_from_iter, types::Value};

use crate::api::Event;
use crate::domain::Timestamp;
use crate::port::{EventDraft, EventFilter, Events, StoreError};

use super::SqliteStore;
use super::transaction::{all, from_json, signed, unsigned};

fn list(conn: &Connection, filter: EventFilter, limit: u32) -> Result<Vec<Event>, StoreError> {
    let mut condition = "id > ?".to_owned();
    let mut values: Vec<Value> = vec![signed(filter.after).into()];
    for (column, value) in [
        ("subject", filter.subject),
        ("kind", filter.kind),
        ("device", filter.device),
    ] {
        if let Some(value) = value {
            condition.push_str(&format!(" AND {column} = ?"));
            values.push(value.into());
        }
    }
    let rows = all(
        conn,
        &format!(
            "SELECT id, at, kind, subject, device, data FROM events WHERE {condition} ORDER BY id LIMIT {limit}"
        ),
        params_from_iter(values),
        |row| {
            let event = Event {
                id: unsigned(row.get(0)?),
                at: Timestamp::from_millis(row.get(1)?),
                kind: row.get(2)?,
                subject: row.get(3)?,
                device: row.get(4)?,
                data: serde_json::Value::Null,
            };
            Ok((event, row.get::<_, String>(5)?))
        },
    )?;
    rows.into_iter()
        .map(|(event, data)| {
            Ok(Event {
                data: from_json(&data)?,
                ..event
            })
        })
        .collect()
}

#[async_trait]
impl Events for SqliteStore {
    async fn publish(&self, events: Vec<EventDraft>) -> Result<(), StoreError> {
        self.write(move |tx| {
            tx.finish(crate::port::Stamp {
                events,
                ..Default::default()
            })
        })
        .await
    }

    async fn events(&self, filter: EventFilter, limit: u32) -> Result<Vec<Event>, StoreError> {
        self.read(move |conn| list(conn, filter, limit)).await
    }

    async fn last_event(&self) -> Result<u64, StoreError> {
        Ok(*self.newest_event.borrow())
    }

    async fn wait_event(&self, after: u64) -> Result<(), StoreError> {
        let mut newest = self.newest_event.clone();
        newest
            .wait_for(|id| *id > after)
            .await
            .map(drop)
            .map_err(|_| StoreError::Database("the writer has stopped".into()))
    }
}
