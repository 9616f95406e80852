use async_trait::async_trait;
use rusqlite::{Row, params};

use crate::api::Operator;
use crate::domain::{Role, Timestamp};
use crate::port::{OperatorRecord, Operators, PasswordUse, Stamp, StoreError};

use super::SqliteStore;
use super::tokens::{end_sessions, insert, revoke_above};
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

fn by_name(tx: &Tx<'_>, name: &str) -> Result<Option<OperatorRecord>, StoreError> {
    let sql = format!("{SELECT} WHERE name = ?1");
    tx.one(&sql, [name], columns)?.map(record).transpose()
}

fn save(tx: &Tx<'_>, record: &OperatorRecord, stamp: Stamp) -> Result<(), StoreError> {
    tx.begin(&stamp)?;
    let view = &record.view;
    let before = by_name(tx, &view.name)?;
    tx.run(
        "INSERT INTO operators (name, role, created_at, last_login, password_hash, one_time)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (name) DO UPDATE
         SET role = excluded.role, password_hash = excluded.password_hash, one_time = excluded.one_time",
        params![
            view.name,
            view.role.to_string(),
            view.created_at.millis(),
            view.last_login.map(Timestamp::millis),
            record.password_hash,
            record.one_time
        ],
    )?;
    if let Some(before) = before {
        role_changed(tx, &view.name, before.view.role, view.role)?;
        if before.password_hash != record.password_hash {
            end_sessions(tx, &view.name, None)?;
        }
    }
    tx.finish(stamp)
}

fn role_changed(tx: &Tx<'_>, name: &str, before: Role, role: Role) -> Result<(), StoreError> {
    if before == Role::Admin && role != Role::Admin {
        keep_an_admin(tx)?;
    }
    if before > role {
        revoke_above(tx, name, Some(role))?;
    }
    Ok(())
}

fn change_role(tx: &Tx<'_>, name: &str, role: Role, stamp: Stamp) -> Result<Operator, StoreError> {
    tx.begin(&stamp)?;
    let known = by_name(tx, name)?;
    let mut view = known
        .ok_or_else(|| StoreError::NotFound(format!("operator {name}")))?
        .view;
    tx.run(
        "UPDATE operators SET role = ?2 WHERE name = ?1",
        params![name, role.to_string()],
    )?;
    role_changed(tx, name, view.role, role)?;
    tx.finish(stamp)?;
    view.role = role;
    Ok(view)
}

fn password_used(tx: &Tx<'_>, used: &PasswordUse, stamp: Stamp) -> Result<bool, StoreError> {
    let known = by_name(tx, &used.name)?;
    if known.is_none_or(|known| known.password_hash != used.password_hash) {
        return Ok(false);
    }
    tx.begin(&stamp)?;
    if let Some(new) = &used.replaced_by {
        tx.run(
            "UPDATE operators SET password_hash = ?2, one_time = 0 WHERE name = ?1",
            params![used.name, new],
        )?;
        end_sessions(tx, &used.name, used.keeps)?;
    }
    if let Some(session) = &used.session {
        tx.run(
            "UPDATE operators SET last_login = ?2 WHERE name = ?1",
            params![used.name, session.view.created_at.millis()],
        )?;
        insert(tx, session)?;
    }
    tx.finish(stamp)?;
    Ok(true)
}

fn delete(tx: &Tx<'_>, name: &str, stamp: Stamp) -> Result<(), StoreError> {
    tx.begin(&stamp)?;
    let known = by_name(tx, name)?;
    let role = known
        .ok_or_else(|| StoreError::NotFound(format!("operator {name}")))?
        .view
        .role;
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

    async fn change_role(
        &self,
        name: &str,
        role: Role,
        stamp: Stamp,
    ) -> Result<Operator, StoreError> {
        let name = name.to_owned();
        self.write(move |tx| change_role(tx, &name, role, stamp))
            .await
    }

    async fn password_used(&self, used: PasswordUse, stamp: Stamp) -> Result<bool, StoreError> {
        self.write(move |tx| password_used(tx, &used, stamp)).await
    }

    async fn delete_operator(&self, name: &str, stamp: Stamp) -> Result<(), StoreError> {
        let name = name.to_owned();
        self.write(move |tx| delete(tx, &name, stamp)).await
    }
}
