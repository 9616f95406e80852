use async_trait::async_trait;
use data_encoding::HEXLOWER;
use rusqlite::{Connection, Row, params, params_from_iter, types::Value};
use sha2::{Digest, Sha256};

use crate::api::{BackupItem, BackupView, Page};
use crate::domain::{ShortId, Timestamp};
use crate::port::{Backups, NewBackupItem, PageOf, Stamp, StoreError};

use super::SqliteStore;
use super::devices::load_existing;
use super::transaction::{Tx, all, before, cut, one, page_limit, parse, signed, unsigned};

struct BackupRow {
    number: i64,
    id: String,
    device: String,
    device_name: String,
    kind: String,
    created_at: i64,
    completed_at: Option<i64>,
}

const COLUMNS: &str = "number, id, device, device_name, kind, created_at, completed_at";

impl BackupRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            number: row.get(0)?,
            id: row.get(1)?,
            device: row.get(2)?,
            device_name: row.get(3)?,
            kind: row.get(4)?,
            created_at: row.get(5)?,
            completed_at: row.get(6)?,
        })
    }

    fn by_id(conn: &Connection, id: &str) -> Result<Option<Self>, StoreError> {
        one(
            conn,
            &format!("SELECT {COLUMNS} FROM backups WHERE id = ?1"),
            [id],
            Self::read,
        )
    }

    fn view(self, conn: &Connection) -> Result<BackupView, StoreError> {
        let items = all(
            conn,
            "SELECT path, size, sha256, entries FROM backup_items WHERE backup = ?1 ORDER BY path",
            [&self.id],
            |row| {
                Ok(BackupItem {
                    path: row.get(0)?,
                    size_bytes: unsigned(row.get(1)?),
                    sha256: row.get(2)?,
                    entries: row.get(3)?,
                })
            },
        )?;
        Ok(BackupView {
            id: parse(&self.id)?,
            device: parse(&self.device)?,
            device_name: self.device_name,
            kind: self.kind,
            created_at: Timestamp::from_millis(self.created_at),
            completed_at: self.completed_at.map(Timestamp::from_millis),
            size_bytes: items.iter().map(|i| i.size_bytes).sum(),
            items,
        })
    }
}

fn view(conn: &Connection, id: &str) -> Result<BackupView, StoreError> {
    BackupRow::by_id(conn, id)?
        .ok_or_else(|| StoreError::NotFound(format!("backup {id}")))?
        .view(conn)
}

fn put(
    tx: &Tx<'_>,
    device: &str,
    id: &str,
    item: &NewBackupItem,
    digest: &str,
    at: Timestamp,
) -> Result<BackupView, StoreError> {
    match BackupRow::by_id(tx.conn, id)? {
        Some(row) if row.device != device => {
            // Another device's backup is none of this one's business, not even that it exists.
            return Err(StoreError::NotFound(format!("backup {id}")));
        }
        Some(row) if row.completed_at.is_some() => {
            return Err(StoreError::Conflict(format!(
                "backup {id} is complete and takes no more"
            )));
        }
        Some(_) => {}
        None => {
            let name = load_existing(tx.conn, device)?.name;
            let kind = item.path.split('/').next().unwrap_or_default();
            tx.run(
                "INSERT INTO backups (id, device, device_name, kind, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![id, device, name, kind, at.millis()],
            )?;
        }
    }
    tx.run(
        "INSERT OR REPLACE INTO backup_items (backup, path, entries, size, sha256, content)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            id,
            item.path,
            item.entries,
            signed(item.content.len() as u64),
            digest,
            item.content
        ],
    )?;
    view(tx.conn, id)
}

fn list(
    conn: &Connection,
    device: Option<ShortId>,
    id: Option<ShortId>,
    page: &PageOf,
) -> Result<Page<BackupView>, StoreError> {
    let limit = page_limit(page);
    let mut condition = "number < ?".to_owned();
    let mut values: Vec<Value> = vec![before(page)?.into()];
    for (column, value) in [("device", device), ("id", id)] {
        if let Some(value) = value {
            condition.push_str(&format!(" AND {column} = ?"));
            values.push(value.to_string().into());
        }
    }
    let rows = all(
        conn,
        &format!(
            "SELECT {COLUMNS} FROM backups WHERE {condition} ORDER BY number DESC LIMIT {}",
            limit + 1
        ),
        params_from_iter(values),
        BackupRow::read,
    )?;
    let (rows, next) = cut(rows, limit, |row| row.number.to_string());
    let items = rows
        .into_iter()
        .map(|row| row.view(conn))
        .collect::<Result<_, _>>()?;
    Ok(Page { items, next })
}

#[async_trait]
impl Backups for SqliteStore {
    async fn put_item(
        &self,
        device: ShortId,
        backup: ShortId,
        item: NewBackupItem,
        at: Timestamp,
    ) -> Result<BackupView, StoreError> {
        // Before the writer's turn: a digest of megabytes must not hold up the others.
        let (item, digest) = tokio::task::spawn_blocking(move || {
            let digest = HEXLOWER.encode(&Sha256::digest(&item.content));
            (item, digest)
        })
        .await
        .map_err(|e| StoreError::Database(e.to_string()))?;
        self.write(move |tx| {
            put(
                tx,
                &device.to_string(),
                &backup.to_string(),
                &item,
                &digest,
                at,
            )
        })
        .await
    }

    async fn complete(
        &self,
        backup: ShortId,
        kind: &str,
        at: Timestamp,
        stamp: Stamp,
    ) -> Result<BackupView, StoreError> {
        let (id, kind) = (backup.to_string(), kind.to_owned());
        self.write(move |tx| {
            tx.begin(&stamp)?;
            tx.run(
                "UPDATE backups SET kind = ?2, completed_at = coalesce(completed_at, ?3) WHERE id = ?1",
                params![id, kind, at.millis()],
            )?;
            let view = view(tx.conn, &id)?;
            tx.finish(stamp)?;
            Ok(view)
        })
        .await
    }

    async fn backups(
        &self,
        device: Option<ShortId>,
        id: Option<ShortId>,
        page: PageOf,
    ) -> Result<Page<BackupView>, StoreError> {
        self.read(move |conn| list(conn, device, id, &page)).await
    }

    async fn item(&self, backup: ShortId, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let path = path.to_owned();
        self.read(move |conn| {
            one(
                conn,
                "SELECT content FROM backup_items WHERE backup = ?1 AND path = ?2",
                params![backup.to_string(), path],
                |row| row.get(0),
            )
        })
        .await
    }
}
