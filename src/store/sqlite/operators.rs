use async_trait::async_trait;
use rusqlite::{Row, params};

use crate::api::Operator;
use crate::domain::{Role, Timestamp};
use crate::port::{OperatorRecord, Operators, Stamp, StoreError};

use super::SqliteStore;
use super::tokens::revoke_above;
use super::transaction::{Tx, all, one, parse};

type Columns = (String, String, i64, Option<i64>, String, bool);

const SELECT: &str =
    "SELECT name, role, created_at, last_login, password_hash, one_time FROM operators";

fn columns(row: &Row<'_>) -> rusqlite::Result<Columns> {
    Ok((
        row.get(0)?,
        row.get(1)?,
        row.get(2)?,
        row.get(3)?,
        row.get(4)?,
        row.get(5)?,
    ))
}

fn record(columns: Columns) -> Result<OperatorRecord, StoreError> {
    let (name, role, created_at, last_login, password_hash, one_time) = columns;
    Ok(OperatorRecord {
        view: Operator {
            name,
            role: parse(&role)?,
            created_at: Timestamp::from_millis(created_at),
            last_login: last_login.map(Timestamp::from_millis),
        },
        password_hash,
        one_time,
    })
}

/// Refuses to leave the server without anybody who may administer it.
fn keep_an_admin(tx: &Tx<'_>) -> Result<(), StoreError> {
    let admins: i64 = tx
        .one(
            "SELECT count(*) FROM operators WHERE role = ?1",
            [Role::Admin.to_string()],
            |row| row.get(0),
        )?
        .unwrap_or(0);
    if admins == 0 {
        return Err(StoreError::Conflict(
            "this is the last admin: make somebody else admin first".into(),
        ));
    }
    Ok(())
}

fn role_of(tx: &Tx<'_>, name: &str) -> Result<Option<Role>, StoreError> {
    tx.one(
        "SELECT role FROM operators WHERE name = ?1",
        [name],
        |row| row.get::<_, String>(0),
    )?
    .map(|text| parse(&text))
    .transpose()
}

fn save(tx: &Tx<'_>, record: &OperatorRecord, stamp: Stamp) -> Result<(), StoreError> {
    tx.begin(&stamp)?;
    let view = &record.view;
    let before = role_of(tx, &view.name)?;
    tx.run(
        "INSERT OR REPLACE INTO operators (name, role, created_at, last_login, password_hash, one_time)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            view.name,
            view.role.to_string(),
            view.created_at.millis(),
            view.last_login.map(Timestamp::millis),
            record.password_hash,
            record.one_time
        ],
    )?;
    if before == Some(Role::Admin) && view.role != Role::Admin {
        keep_an_admin(tx)?;
    }
    if before.is_some_and(|role| role > view.role) {
        revoke_above(tx, &view.name, Some(view.role))?;
    }
    tx.finish(stamp)
}

fn delete(tx: &Tx<'_>, name: &str, stamp: Stamp) -> Result<(), StoreError> {
    tx.begin(&stamp)?;
    let role =
        role_of(tx, name)?.ok_or_else(|| StoreError::NotFound(format!("operator {name}")))?;
    tx.run("DELETE FROM operators WHERE name = ?1", [name])?;
    if role == Role::Admin {
        keep_an_admin(tx)?;
    }
    revoke_above(tx, name, None)?;
    tx.finish(stamp)
}

#[async_trait]
impl Operators for SqliteStore {
    async fn operator(&self, name: &str) -> Result<Option<OperatorRecord>, StoreError> {
        let name = name.to_owned();
        self.read(move |conn| {
            one(
                conn,
                &format!("{SELECT} WHERE name = ?1"),
                params![name],
                columns,
            )?
            .map(record)
            .transpose()
        })
        .await
    }

    async fn operators(&self) -> Result<Vec<Operator>, StoreError> {
        self.read(|conn| {
            all(conn, &format!("{SELECT} ORDER BY name"), [], columns)?
                .into_iter()
                .map(|columns| Ok(record(columns)?.view))
                .collect()
        })
        .await
    }

    async fn save_operator(&self, record: OperatorRecord, stamp: Stamp) -> Result<(), StoreError> {
        self.write(move |tx| save(tx, &record, stamp)).await
    }

    async fn delete_operator(&self, name: &str, stamp: Stamp) -> Result<(), StoreError> {
        let name = name.to_owned();
        self.write(move |tx| delete(tx, &name, stamp)).await
    }
}
