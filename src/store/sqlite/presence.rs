use std::time::Duration;

use async_trait::async_trait;
use rusqlite::params;

use crate::api::{Device, DeviceLogLine, DeviceNumber, Page, RegisterRequest, RouteTag};
use crate::domain::{Binding, ShortId, Timestamp};
use crate::port::{Bindings, DeviceLog, PageOf, StoreError};

use super::SqliteStore;
use super::devices::{Facts, load_existing, no_device, store_facts};
use super::transaction::{
    Tx, all, before, cut, from_json, one, page_limit, signed, to_json, unsigned,
};

/// Lines of all devices' logs that are kept.
const LINES_KEPT: i64 = 1_000_000;
/// How long an address that was told by HTTPS is believed without being told again.
const TOLD_ADDRESS: Duration = Duration::from_secs(24 * 3600);

pub(super) fn mark_heard(tx: &Tx<'_>, device: &str, at: Timestamp) -> Result<(), StoreError> {
    let touched = tx.run(
        "UPDATE devices SET last_heard = max(coalesce(last_heard, 0), ?2) WHERE id = ?1",
        params![device, at.millis()],
    )?;
    if touched == 0 {
        return Err(no_device(device));
    }
    Ok(())
}

fn save_bindings(
    tx: &Tx<'_>,
    device: &str,
    aor: &str,
    bindings: &[Binding],
) -> Result<(), StoreError> {
    let Some(ends) = bindings.iter().map(|b| b.expires_at).max() else {
        return tx
            .run("DELETE FROM bindings WHERE aor = ?1", [aor])
            .map(drop);
    };
    tx.run(
        "INSERT INTO bindings (aor, device, expires_at, data) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (aor) DO UPDATE SET device = ?2, expires_at = ?3, data = ?4",
        params![aor, device, ends.millis(), to_json(&bindings)?],
    )
    .map(drop)
}

fn add_line(
    tx: &Tx<'_>,
    device: &str,
    at: Timestamp,
    kind: &str,
    text: &str,
) -> Result<(), StoreError> {
    tx.run(
        "INSERT INTO device_log (device, at, kind, text) VALUES (?1, ?2, ?3, ?4)",
        params![device, at.millis(), kind, text],
    )?;
    let id = tx.conn.last_insert_rowid();
    if id % 4096 == 0 {
        tx.run("DELETE FROM device_log WHERE id <= ?1", [id - LINES_KEPT])?;
    }
    Ok(())
}

/// The address that a device told by HTTPS, in the form of a binding; its address of record is no SIP one,
/// so that the registrar never takes it for a registration.
fn told_binding(device: &Device, told: &RegisterRequest, at: Timestamp) -> Option<Binding> {
    Some(Binding {
        aor: format!("https:{}", device.agent_id?),
        contact: told.contact.clone()?,
        instance: String::new(),
        path: Vec::new(),
        received: None,
        accept: Vec::new(),
        user_agent: None,
        call_id: String::new(),
        cseq: 0,
        registered_at: at,
        expires_at: at.after(TOLD_ADDRESS),
        indirect: told.tag == Some(RouteTag::Indirect),
    })
}

fn register(
    tx: &Tx<'_>,
    id: &str,
    told: &RegisterRequest,
    at: Timestamp,
) -> Result<Device, StoreError> {
    mark_heard(tx, id, at)?;
    let device = load_existing(tx.conn, id)?;
    if let Some(agent_id) = device.agent_id {
        let binding = told_binding(&device, told, at);
        save_bindings(tx, id, &format!("https:{agent_id}"), binding.as_slice())?;
    }
    let version = device.version;
    let mut facts = Facts::of(device);
    let stored = to_json(&facts)?;
    match told.proxy.as_deref() {
        // It is behind none any more.
        Some("") if facts.proxy.take().is_some() => facts.tag = told.tag,
        Some("") => facts.tag = told.tag.or(facts.tag),
        proxy => {
            facts.tag = told.tag.or(facts.tag);
            facts.proxy = proxy.map(str::to_owned).or(facts.proxy);
        }
    }
    facts.has_data = told.has_data;
    if let Some(push) = &told.push {
        facts.push.clone_from(push);
    }
    // The device's order first; what was verified stays verified, what it does not know stays at the end.
    let mut numbers: Vec<DeviceNumber> = Vec::new();
    for number in &told.numbers {
        let known = facts.numbers.iter().find(|n| n.number == *number).cloned();
        numbers.push(known.unwrap_or_else(|| DeviceNumber::new(number.clone())));
    }
    for number in facts.numbers {
        if !numbers.iter().any(|n| n.number == number.number) {
            numbers.push(number);
        }
    }
    facts.numbers = numbers;
    // Most registrations change nothing but the time: the row's version then stays, and so do editors' ETags.
    if to_json(&facts)? != stored {
        store_facts(tx, id, &facts, version + 1)?;
    }
    load_existing(tx.conn, id)
}

#[async_trait]
impl Bindings for SqliteStore {
    async fn bindings(&self, aor: &str) -> Result<Vec<Binding>, StoreError> {
        let aor = aor.to_owned();
        self.read(move |conn| {
            let data: Option<String> = one(
                conn,
                "SELECT data FROM bindings WHERE aor = ?1",
                params![aor],
                |row| row.get(0),
            )?;
            data.map_or_else(|| Ok(Vec::new()), |text| from_json(&text))
        })
        .await
    }

    async fn save_bindings(
        &self,
        device: ShortId,
        aor: &str,
        bindings: Vec<Binding>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let (device, aor) = (device.to_string(), aor.to_owned());
        self.write(move |tx| {
            mark_heard(tx, &device, at)?;
            save_bindings(tx, &device, &aor, &bindings)
        })
        .await
    }
}

#[async_trait]
impl DeviceLog for SqliteStore {
    async fn heard(
        &self,
        device: ShortId,
        at: Timestamp,
        kind: &str,
        text: &str,
    ) -> Result<(), StoreError> {
        let (device, kind, text) = (device.to_string(), kind.to_owned(), text.to_owned());
        self.write(move |tx| {
            mark_heard(tx, &device, at)?;
            if text.is_empty() {
                return Ok(());
            }
            add_line(tx, &device, at, &kind, &text)
        })
        .await
    }

    async fn log(&self, device: ShortId, page: PageOf) -> Result<Page<DeviceLogLine>, StoreError> {
        self.read(move |conn| {
            let limit = page_limit(&page);
            let rows = all(
                conn,
                "SELECT id, at, kind, text FROM device_log WHERE device = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3",
                params![device.to_string(), before(&page)?, signed(limit as u64 + 1)],
                |row| {
                    Ok(DeviceLogLine {
                        id: unsigned(row.get(0)?),
                        at: Timestamp::from_millis(row.get(1)?),
                        kind: row.get(2)?,
                        text: row.get(3)?,
                    })
                },
            )?;
            let (items, next) = cut(rows, limit, |line| line.id.to_string());
            Ok(Page { items, next })
        })
        .await
    }

    async fn register(
        &self,
        device: ShortId,
        told: RegisterRequest,
        at: Timestamp,
    ) -> Result<Device, StoreError> {
        self.write(move |tx| register(tx, &device.to_string(), &told, at))
            .await
    }
}
