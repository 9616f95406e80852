use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{Row, params};

use crate::api::TokenView;
use crate::domain::{Role, ShortId, Timestamp};
use crate::port::{Stamp, StoreError, TokenRecord, Tokens};

use super::SqliteStore;
use super::transaction::{Tx, all, one, parse};

/// How exact the time of a token's last use is: a write for each request would cost a commit each.
const LAST_USE: Duration = Duration::from_secs(60);

struct TokenRow {
    id: String,
    digest: [u8; 32],
    name: String,
    role: String,
    created_by: String,
    created_at: i64,
    expires_at: i64,
    last_used: Option<i64>,
    session: bool,
    bound_to: Option<String>,
    made_with: Option<String>,
}

const SELECT: &str = "SELECT id, digest, name, role, created_by, created_at, expires_at, last_used, session, bound_to, made_with
    FROM tokens";

impl TokenRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            digest: row.get(1)?,
            name: row.get(2)?,
            role: row.get(3)?,
            created_by: row.get(4)?,
            created_at: row.get(5)?,
            expires_at: row.get(6)?,
            last_used: row.get(7)?,
            session: row.get(8)?,
            bound_to: row.get(9)?,
            made_with: row.get(10)?,
        })
    }

    fn record(self) -> Result<TokenRecord, StoreError> {
        Ok(TokenRecord {
            view: TokenView {
                id: parse(&self.id)?,
                name: self.name,
                role: parse(&self.role)?,
                created_by: self.created_by,
                created_at: Timestamp::from_millis(self.created_at),
                expires_at: Timestamp::from_millis(self.expires_at),
                last_used: self.last_used.map(Timestamp::from_millis),
            },
            session: self.session,
            digest: self.digest,
            bound_to: self.bound_to,
            made_with: self.made_with.as_deref().map(parse).transpose()?,
        })
    }
}

/// Ends what an operator holds: all of it, or sessions and what may do more than `role`.
pub(super) fn revoke_above(
    tx: &Tx<'_>,
    operator: &str,
    role: Option<Role>,
) -> Result<(), StoreError> {
    let held = all(
        tx.conn,
        "SELECT id, role, session FROM tokens WHERE created_by = ?1",
        [operator],
        |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, bool>(2)?,
            ))
        },
    )?;
    for (id, of, session) in held {
        let of: Role = parse(&of)?;
        if session || role.is_none_or(|role| of > role) {
            revoke(tx, &id)?;
        }
    }
    Ok(())
}

/// Ends an operator's sessions but for one.
pub(super) fn end_sessions(
    tx: &Tx<'_>,
    operator: &str,
    but: Option<ShortId>,
) -> Result<(), StoreError> {
    tx.run(
        "DELETE FROM tokens WHERE created_by = ?1 AND session = 1 AND id IS NOT ?2",
        params![operator, but.map(|id| id.to_string())],
    )
    .map(drop)
}

/// Ends a token and all that were made with it; how many.
fn revoke(tx: &Tx<'_>, id: &str) -> Result<usize, StoreError> {
    tx.run(
        "WITH RECURSIVE ended (id) AS (
            SELECT id FROM tokens WHERE id = ?1
            UNION SELECT tokens.id FROM tokens JOIN ended ON tokens.made_with = ended.id)
         DELETE FROM tokens WHERE id IN (SELECT id FROM ended)",
        [id],
    )
}

fn save(tx: &Tx<'_>, record: &TokenRecord, stamp: Stamp) -> Result<(), StoreError> {
    tx.begin(&stamp)?;
    if let Some(maker) = record.made_with {
        let lives = tx.one(
            "SELECT 1 FROM tokens WHERE id = ?1",
            [maker.to_string()],
            |row| row.get::<_, i64>(0),
        )?;
        lives.ok_or_else(|| StoreError::NotFound(format!("token {maker}")))?;
    }
    insert(tx, record)?;
    tx.finish(stamp)
}

/// Stores a token.
pub(super) fn insert(tx: &Tx<'_>, record: &TokenRecord) -> Result<(), StoreError> {
    let view = &record.view;
    // Dead ones go when a new one comes.
    tx.run(
        "DELETE FROM tokens WHERE expires_at <= ?1",
        [view.created_at.millis()],
    )?;
    tx.run(
        "INSERT INTO tokens (id, digest, name, role, created_by, created_at, expires_at, last_used, session, bound_to, made_with)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        params![
            view.id.to_string(),
            record.digest,
            view.name,
            view.role.to_string(),
            view.created_by,
            view.created_at.millis(),
            view.expires_at.millis(),
            view.last_used.map(Timestamp::millis),
            record.session,
            record.bound_to,
            record.made_with.map(|id| id.to_string())
        ],
    )
    .map(drop)
}

#[async_trait]
impl Tokens for SqliteStore {
    async fn save_token(&self, record: TokenRecord, stamp: Stamp) -> Result<(), StoreError> {
        self.write(move |tx| save(tx, &record, stamp)).await
    }

    async fn token(
        &self,
        digest: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<TokenRecord>, StoreError> {
        let row = self
            .read(move |conn| {
                one(
                    conn,
                    &format!("{SELECT} WHERE digest = ?1 AND expires_at > ?2"),
                    params![digest, now.millis()],
                    TokenRow::read,
                )
            })
            .await?;
        let Some(record) = row.map(TokenRow::record).transpose()? else {
            return Ok(None);
        };
        if record
            .view
            .last_used
            .is_none_or(|at| now.since(at) >= LAST_USE)
        {
            let id = record.view.id.to_string();
            self.writer.write_later(move |conn| {
                conn.prepare_cached("UPDATE tokens SET last_used = ?2 WHERE id = ?1")?
                    .execute(params![id, now.millis()])?;
                Ok(())
            });
        }
        Ok(Some(record))
    }

    async fn tokens(&self, now: Timestamp) -> Result<Vec<TokenView>, StoreError> {
        self.read(move |conn| {
            all(
                conn,
                &format!(
                    "{SELECT} WHERE session = 0 AND expires_at > ?1 ORDER BY created_at DESC, id"
                ),
                params![now.millis()],
                TokenRow::read,
            )?
            .into_iter()
            .map(|row| Ok(row.record()?.view))
            .collect()
        })
        .await
    }

    async fn revoke_token(&self, id: ShortId, stamp: Stamp) -> Result<(), StoreError> {
        self.write(move |tx| {
            tx.begin(&stamp)?;
            if revoke(tx, &id.to_string())? == 0 {
                return Err(StoreError::NotFound(format!("token {id}")));
            }
            tx.finish(stamp)
        })
        .await
    }
}
