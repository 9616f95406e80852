use std::collections::BTreeMap;

use async_trait::async_trait;
use data_encoding::BASE64URL_NOPAD;
use rusqlite::{Connection, Row, params, params_from_iter, types::Value};
use serde::{Deserialize, Serialize};

use crate::api::{Device, DeviceNumber, LockState, Page, RouteTag};
use crate::domain::{Binding, Identity, PushAddress, ShortId, Timestamp};
use crate::port::{DeviceFilter, Devices, PageOf, Stamp, StoreError};

use super::SqliteStore;
use super::transaction::{
    Tx, all, bad_cursor, cut, from_json, one, page_limit, parse, signed, to_json, unsigned,
};

/// What people and the device itself say of it: the part of a device that is kept as JSON.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Facts {
    pub(super) server: String,
    pub(super) name: String,
    pub(super) owner: Option<String>,
    pub(super) model: Option<String>,
    pub(super) identities: Vec<Identity>,
    pub(super) numbers: Vec<DeviceNumber>,
    pub(super) tag: Option<RouteTag>,
    pub(super) proxy: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) push: Vec<PushAddress>,
    pub(super) has_data: bool,
    pub(super) attributes: BTreeMap<String, String>,
}

impl Facts {
    pub(super) fn of(device: Device) -> Self {
        Self {
            server: device.server,
            name: device.name,
            owner: device.owner,
            model: device.model,
            identities: device.identities,
            numbers: device.numbers,
            tag: device.tag,
            proxy: device.proxy,
            push: device.push,
            has_data: device.has_data,
            attributes: device.attributes,
        }
    }

    fn search(&self) -> String {
        let mut words = vec![self.name.to_lowercase()];
        words.extend(
            self.owner
                .iter()
                .chain(&self.model)
                .map(|t| t.to_lowercase()),
        );
        words.extend(self.identities.iter().map(|i| i.value().to_lowercase()));
        words.extend(self.numbers.iter().map(|n| n.number.to_string()));
        words.join("\n")
    }
}

/// A device's row without what hangs on it.
struct DeviceRow {
    id: String,
    name_key: String,
    facts: String,
    agent_id: Option<String>,
    epoch: u32,
    enrolled_at: Option<i64>,
    lock: Option<String>,
    last_heard: Option<i64>,
    version: i64,
    open_actions: u32,
}

const COLUMNS: &str = "d.id, d.name_key, d.facts, d.agent_id, d.epoch, d.enrolled_at, d.lock, d.last_heard, d.version,
    (SELECT count(*) FROM actions a WHERE a.device = d.id AND a.ended = 0)";

impl DeviceRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            name_key: row.get(1)?,
            facts: row.get(2)?,
            agent_id: row.get(3)?,
            epoch: row.get(4)?,
            enrolled_at: row.get(5)?,
            lock: row.get(6)?,
            last_heard: row.get(7)?,
            version: row.get(8)?,
            open_actions: row.get(9)?,
        })
    }

    fn view(self, conn: &Connection) -> Result<Device, StoreError> {
        let facts: Facts = from_json(&self.facts)?;
        let mut bindings: Vec<Binding> = Vec::new();
        for data in all(
            conn,
            "SELECT data FROM bindings WHERE device = ?1",
            params![self.id],
            |row| row.get::<_, String>(0),
        )? {
            bindings.extend(from_json::<Vec<Binding>>(&data)?);
        }
        // What registered by SIP is a better address than what was only told; then the newest.
        bindings.sort_by_key(|b| (b.aor.starts_with("https:"), -b.registered_at.millis()));
        let lock = match &self.lock {
            Some(text) => from_json(text)?,
            None => LockState::default(),
        };
        Ok(Device {
            id: parse(&self.id)?,
            server: facts.server,
            name: facts.name,
            owner: facts.owner,
            model: facts.model,
            identities: facts.identities,
            numbers: facts.numbers,
            agent_id: self.agent_id.as_deref().map(parse).transpose()?,
            epoch: self.epoch,
            enrolled_at: self.enrolled_at.map(Timestamp::from_millis),
            tag: facts.tag,
            proxy: facts.proxy,
            push: facts.push,
            has_data: facts.has_data,
            lock,
            bindings,
            last_heard: self.last_heard.map(Timestamp::from_millis),
            open_actions: self.open_actions,
            attributes: facts.attributes,
            version: unsigned(self.version),
        })
    }
}

/// One device.
pub(super) fn load(conn: &Connection, id: &str) -> Result<Option<Device>, StoreError> {
    one(
        conn,
        &format!("SELECT {COLUMNS} FROM devices d WHERE d.id = ?1"),
        params![id],
        DeviceRow::read,
    )?
    .map(|row| row.view(conn))
    .transpose()
}

pub(super) fn load_existing(conn: &Connection, id: &str) -> Result<Device, StoreError> {
    load(conn, id)?.ok_or_else(|| no_device(id))
}

pub(super) fn no_device(id: &str) -> StoreError {
    StoreError::NotFound(format!("device {id}"))
}

/// Writes what is said of a device, and by what it is found; `version` 1 makes the row.
pub(super) fn store_facts(
    tx: &Tx<'_>,
    id: &str,
    facts: &Facts,
    version: u64,
) -> Result<(), StoreError> {
    let owner_key = facts.owner.as_ref().map(|o| o.to_lowercase());
    let sql = if version == 1 {
        "INSERT INTO devices (id, version, name_key, owner_key, search, facts) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
    } else {
        "UPDATE devices SET version = ?2, name_key = ?3, owner_key = ?4, search = ?5, facts = ?6 WHERE id = ?1"
    };
    tx.run(
        sql,
        params![
            id,
            signed(version),
            facts.name.to_lowercase(),
            owner_key,
            facts.search(),
            to_json(facts)?
        ],
    )?;
    if version > 1 {
        tx.run("DELETE FROM identities WHERE device = ?1", [id])?;
        tx.run("DELETE FROM numbers WHERE device = ?1", [id])?;
    }
    for identity in &facts.identities {
        let value = identity.to_string();
        let added = tx.run(
            "INSERT INTO identities (value, device) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![value, id],
        )?;
        if added == 0 && holder(tx.conn, &value)?.as_deref() != Some(id) {
            return Err(taken(tx.conn, &value)?);
        }
    }
    for number in &facts.numbers {
        tx.run(
            "INSERT INTO numbers (number, device) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![number.number.to_string(), id],
        )?;
    }
    Ok(())
}

/// The device that has an identity.
pub(super) fn holder(conn: &Connection, identity: &str) -> Result<Option<String>, StoreError> {
    one(
        conn,
        "SELECT device FROM identities WHERE value = ?1",
        [identity],
        |row| row.get(0),
    )
}

fn taken(conn: &Connection, identity: &str) -> Result<StoreError, StoreError> {
    let id = holder(conn, identity)?.unwrap_or_default();
    let name = load(conn, &id)?.map_or_else(String::new, |d| d.name);
    Ok(StoreError::Conflict(format!(
        "{identity} belongs to {name} ({id})"
    )))
}

fn conditions(filter: &DeviceFilter) -> (Vec<&'static str>, Vec<Value>) {
    let mut wheres = Vec::new();
    let mut values: Vec<Value> = Vec::new();
    if let Some(identity) = &filter.identity {
        wheres.push("d.id = (SELECT device FROM identities WHERE value = ?)");
        values.push(identity.to_string().into());
    }
    if let Some(number) = &filter.number {
        wheres.push("d.id IN (SELECT device FROM numbers WHERE number = ?)");
        values.push(number.to_string().into());
    }
    if let Some(word) = &filter.word {
        // Each branch has an index of its own; serial numbers keep their case.
        wheres.push(
            "d.id IN (SELECT id FROM devices WHERE name_key = ?
                UNION SELECT id FROM devices WHERE owner_key = ?
                UNION SELECT device FROM identities WHERE value = ?)",
        );
        let word = word.trim();
        values.push(word.to_lowercase().into());
        values.push(word.to_lowercase().into());
        values.push(format!("serial:{word}").into());
    }
    if let Some(part) = &filter.contains {
        wheres.push("instr(d.search, ?) > 0");
        values.push(part.to_lowercase().into());
    }
    if let Some(locked) = filter.locked {
        wheres.push("d.locked = ?");
        values.push(i64::from(locked).into());
    }
    if let Some(since) = filter.silent_since {
        wheres.push("coalesce(d.last_heard, -1) < ?");
        values.push(since.millis().into());
    }
    (wheres, values)
}

fn find(
    conn: &Connection,
    filter: &DeviceFilter,
    page: &PageOf,
) -> Result<Page<Device>, StoreError> {
    let limit = page_limit(page);
    let (mut wheres, mut values) = conditions(filter);
    if let Some(cursor) = &page.cursor {
        let text = BASE64URL_NOPAD
            .decode(cursor.as_bytes())
            .ok()
            .and_then(|b| String::from_utf8(b).ok())
            .ok_or_else(bad_cursor)?;
        let (id, name_key) = text.split_once(' ').ok_or_else(bad_cursor)?;
        wheres.push("(d.name_key, d.id) > (?, ?)");
        values.push(name_key.to_owned().into());
        values.push(id.to_owned().into());
    }
    let condition = if wheres.is_empty() {
        "1".to_owned()
    } else {
        wheres.join(" AND ")
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM devices d WHERE {condition} ORDER BY d.name_key, d.id LIMIT {}",
        limit + 1
    );
    let rows = all(conn, &sql, params_from_iter(values), DeviceRow::read)?;
    let (rows, next) = cut(rows, limit, |row| {
        BASE64URL_NOPAD.encode(format!("{} {}", row.id, row.name_key).as_bytes())
    });
    let items = rows
        .into_iter()
        .map(|row| row.view(conn))
        .collect::<Result<_, _>>()?;
    Ok(Page { items, next })
}

fn save(tx: &Tx<'_>, device: Device, stamp: Stamp) -> Result<Device, StoreError> {
    tx.begin(&stamp)?;
    let id = device.id.to_string();
    let version = if device.version == 0 {
        if load(tx.conn, &id)?.is_some() {
            return Err(StoreError::Conflict(format!("device {id} exists")));
        }
        1
    } else {
        let found = load_existing(tx.conn, &id)?.version;
        if found != device.version {
            return Err(StoreError::Version { found });
        }
        found + 1
    };
    store_facts(tx, &id, &Facts::of(device), version)?;
    tx.finish(stamp)?;
    load_existing(tx.conn, &id)
}

fn delete(tx: &Tx<'_>, id: &str, stamp: Stamp) -> Result<(), StoreError> {
    tx.begin(&stamp)?;
    tx.run(
        "DELETE FROM backup_items WHERE backup IN (SELECT id FROM backups WHERE device = ?1)",
        [id],
    )?;
    for table in [
        "backups",
        "pins",
        "actions",
        "callbacks",
        "device_log",
        "bindings",
        "subscriptions",
        "reply_requests",
        "codes",
        "numbers",
        "identities",
    ] {
        tx.run(&format!("DELETE FROM {table} WHERE device = ?1"), [id])?;
    }
    if tx.run("DELETE FROM devices WHERE id = ?1", [id])? == 0 {
        return Err(no_device(id));
    }
    tx.finish(stamp)
}

#[async_trait]
impl Devices for SqliteStore {
    async fn device(&self, id: ShortId) -> Result<Option<Device>, StoreError> {
        self.read(move |conn| load(conn, &id.to_string())).await
    }

    async fn devices(
        &self,
        filter: DeviceFilter,
        page: PageOf,
    ) -> Result<Page<Device>, StoreError> {
        self.read(move |conn| find(conn, &filter, &page)).await
    }

    async fn save_device(&self, device: Device, stamp: Stamp) -> Result<Device, StoreError> {
        self.write(move |tx| save(tx, device, stamp)).await
    }

    async fn delete_device(&self, id: ShortId, stamp: Stamp) -> Result<(), StoreError> {
        self.write(move |tx| delete(tx, &id.to_string(), stamp))
            .await
    }
}
