use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{Row, params};

use crate::domain::{ShortId, Timestamp};
use crate::port::{
    PartRecord, PartsChange, ReceiptKey, ReplyRequest, SmsLedger, SmsPart, StoreError,
};
use crate::sms::smpp::IdKeys;
use crate::sms::{Fragment, Nonce, Parts, ReceiptOutcome};

use super::transaction::{Tx, all, parse};
use super::{SqliteStore, fragments, replies};

/// No carrier keeps a message longer; its receipt is not waited for after that.
const KEPT: Duration = Duration::from_secs(15 * 24 * 3600);

/// How long a receipt may come before the answer that it belongs to. One that waits longer is of a message that nobody
/// here sent, or of an answer that was lost: its id may mean another message by then.
const EARLY: Duration = Duration::from_secs(300);

const COLUMNS: &str = "rowid, gateway, id, reference, send, part, total, outcome, words, at";

struct Kept {
    row: i64,
    gateway: String,
    id: Option<String>,
    reference: Option<String>,
    send: u32,
    number: u8,
    total: u8,
    outcome: Option<u8>,
    words: String,
    at: i64,
}

impl Kept {
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            row: row.get(0)?,
            gateway: row.get(1)?,
            id: row.get(2)?,
            reference: row.get(3)?,
            send: row.get(4)?,
            number: row.get(5)?,
            total: row.get(6)?,
            outcome: row.get(7)?,
            words: row.get(8)?,
            at: row.get(9)?,
        })
    }

    fn part(&self) -> Result<Option<SmsPart>, StoreError> {
        let Some(reference) = &self.reference else {
            return Ok(None);
        };
        Ok(Some(SmsPart {
            reference: parse(reference)?,
            send: self.send,
            number: self.number,
            total: self.total,
        }))
    }

    fn outcome(&self) -> Option<ReceiptOutcome> {
        self.outcome.and_then(ReceiptOutcome::from_number)
    }
}

/// The newest segment with this id of a gateway, or with `early` the newest receipt that waits for it since then at
/// most: gateways begin again with the same ids.
fn with_id(
    tx: &Tx<'_>,
    gateway: &str,
    keys: &IdKeys,
    early: Option<Timestamp>,
) -> Result<Option<Kept>, StoreError> {
    let which = if early.is_some() {
        "IS NULL"
    } else {
        "IS NOT NULL"
    };
    let since = early.map_or(i64::MIN, Timestamp::millis);
    let by = |column: &str, value: &str| {
        let sql = format!(
            "SELECT {COLUMNS} FROM sms_parts
             WHERE gateway = ?1 AND {column} = ?2 AND reference {which} AND at >= ?3
             ORDER BY rowid DESC LIMIT 1"
        );
        tx.one(&sql, params![gateway, value, since], Kept::of)
    };
    if let Some(converted) = &keys.converted {
        return by("plain", converted);
    }
    if let Some(found) = by("id", &keys.exact)? {
        return Ok(Some(found));
    }
    by("plain", &keys.plain)
}

/// Whether a gateway may speak of a message: one that was noted only with others was never handed to it.
fn is_its_own(tx: &Tx<'_>, gateway: &str, part: &SmsPart) -> Result<bool, StoreError> {
    let of = |which: &str| {
        let sql = format!(
            "SELECT {COLUMNS} FROM sms_parts WHERE reference = ?1 AND gateway {which} ?2 LIMIT 1"
        );
        tx.one(&sql, params![part.reference.to_string(), gateway], Kept::of)
    };
    Ok(of("=")?.is_some() || of("<>")?.is_none())
}

fn parts(tx: &Tx<'_>, part: &SmsPart) -> Result<Parts, StoreError> {
    let rows = all(
        tx.conn,
        &format!("SELECT {COLUMNS} FROM sms_parts WHERE reference = ?1 AND send = ?2"),
        params![part.reference.to_string(), part.send],
        Kept::of,
    )?;
    let mut parts = Parts::of(part.total);
    for row in rows {
        if let Some(outcome) = row.outcome() {
            parts.note(row.number, outcome);
        }
    }
    Ok(parts)
}

fn insert(
    tx: &Tx<'_>,
    gateway: &str,
    part: Option<&SmsPart>,
    id: Option<&IdKeys>,
    receipt: Option<(ReceiptOutcome, &str)>,
    at: Timestamp,
) -> Result<(), StoreError> {
    tx.run(
        "INSERT INTO sms_parts (gateway, id, plain, reference, send, part, total, outcome, words, at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            gateway,
            id.map(|keys| keys.converted.as_ref().unwrap_or(&keys.exact)),
            id.map(|keys| keys.converted.as_ref().unwrap_or(&keys.plain)),
            part.map(|p| p.reference.to_string()),
            part.map_or(0, |p| p.send),
            part.map_or(0, |p| p.number),
            part.map_or(0, |p| p.total),
            receipt.map(|(outcome, _)| outcome.number()),
            receipt.map_or("", |(_, words)| words),
            at.millis(),
        ],
    )
    .map(drop)
}

fn taken(
    tx: &Tx<'_>,
    gateway: &str,
    part: SmsPart,
    id: Option<IdKeys>,
    at: Timestamp,
) -> Result<Option<PartsChange>, StoreError> {
    tx.run(
        "DELETE FROM sms_parts WHERE at < ?1",
        [at.before(KEPT).millis()],
    )?;
    let early = match &id {
        Some(keys) => with_id(tx, gateway, keys, Some(at.before(EARLY)))?,
        None => None,
    };
    let Some(early) = early else {
        insert(tx, gateway, Some(&part), id.as_ref(), None, at)?;
        return Ok(None);
    };
    let before = parts(tx, &part)?;
    // Under the id of the answer from now on, as if the receipt had come after it.
    tx.run(
        "UPDATE sms_parts SET reference = ?2, send = ?3, part = ?4, total = ?5, at = ?6, id = ?7, plain = ?8
         WHERE rowid = ?1",
        params![
            early.row,
            part.reference.to_string(),
            part.send,
            part.number,
            part.total,
            at.millis(),
            id.as_ref().map(|keys| &keys.exact),
            id.as_ref()
                .map(|keys| keys.converted.as_ref().unwrap_or(&keys.plain)),
        ],
    )?;
    let after = parts(tx, &part)?;
    Ok(Some(PartsChange {
        part,
        before,
        after,
    }))
}

fn receipt(
    tx: &Tx<'_>,
    gateway: &str,
    key: &ReceiptKey,
    outcome: ReceiptOutcome,
    words: &str,
    at: Timestamp,
) -> Result<Option<PartsChange>, StoreError> {
    let found = match key {
        ReceiptKey::Id(keys) => with_id(tx, gateway, keys, None)?,
        ReceiptKey::Part(part) if !is_its_own(tx, gateway, part)? => return Ok(None),
        ReceiptKey::Part(part) => tx.one(
            &format!(
                "SELECT {COLUMNS} FROM sms_parts WHERE reference = ?1 AND send = ?2 AND part = ?3 AND gateway = ?4"
            ),
            params![part.reference.to_string(), part.send, part.number, gateway],
            Kept::of,
        )?,
    };
    let part = match (&found, key) {
        (Some(kept), _) => kept.part()?,
        (None, ReceiptKey::Part(part)) => Some(part.clone()),
        (None, ReceiptKey::Id(_)) => None,
    };
    let told = Some((outcome, words));
    let Some(part) = part else {
        let ReceiptKey::Id(keys) = key else {
            return Ok(None);
        };
        match with_id(tx, gateway, keys, Some(at.before(EARLY)))? {
            Some(early) => note(tx, &early, outcome, words, at)?,
            None => insert(tx, gateway, None, Some(keys), told, at)?,
        }
        return Ok(None);
    };
    let before = parts(tx, &part)?;
    match &found {
        Some(kept) => note(tx, kept, outcome, words, at)?,
        None => insert(tx, gateway, Some(&part), None, told, at)?,
    }
    let after = parts(tx, &part)?;
    Ok(Some(PartsChange {
        part,
        before,
        after,
    }))
}

/// What was said before may stand.
fn note(
    tx: &Tx<'_>,
    kept: &Kept,
    outcome: ReceiptOutcome,
    words: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    if kept
        .outcome()
        .is_some_and(|said| !said.gives_way_to(outcome))
    {
        return Ok(());
    }
    tx.run(
        "UPDATE sms_parts SET outcome = ?2, words = ?3, at = ?4 WHERE rowid = ?1",
        params![kept.row, outcome.number(), words, at.millis()],
    )
    .map(drop)
}

#[async_trait]
impl SmsLedger for SqliteStore {
    async fn part_taken(
        &self,
        gateway: &str,
        part: SmsPart,
        id: Option<IdKeys>,
        at: Timestamp,
    ) -> Result<Option<PartsChange>, StoreError> {
        let gateway = gateway.to_owned();
        self.write(move |tx| taken(tx, &gateway, part, id, at))
            .await
    }

    async fn part_receipt(
        &self,
        gateway: &str,
        key: ReceiptKey,
        outcome: ReceiptOutcome,
        words: &str,
        at: Timestamp,
    ) -> Result<Option<PartsChange>, StoreError> {
        let (gateway, words) = (gateway.to_owned(), words.to_owned());
        self.write(move |tx| receipt(tx, &gateway, &key, outcome, &words, at))
            .await
    }

    async fn parts_of(&self, reference: ShortId) -> Result<Vec<PartRecord>, StoreError> {
        self.read(move |conn| {
            let rows = all(
                conn,
                &format!(
                    "SELECT {COLUMNS} FROM sms_parts WHERE reference = ?1 ORDER BY send, part, rowid"
                ),
                [reference.to_string()],
                Kept::of,
            )?;
            let records = rows.into_iter().map(|kept| {
                let outcome = kept.outcome();
                let Some(part) = kept.part()? else {
                    return Ok(None);
                };
                Ok(Some(PartRecord {
                    part,
                    gateway: kept.gateway,
                    id: kept.id,
                    outcome,
                    words: kept.words,
                    at: Timestamp::from_millis(kept.at),
                }))
            });
            records.filter_map(Result::transpose).collect()
        })
        .await
    }

    async fn reply_wanted(&self, request: ReplyRequest) -> Result<Nonce, StoreError> {
        self.write(move |tx| replies::wanted(tx, &request)).await
    }

    async fn reply_request(
        &self,
        device: ShortId,
        nonce: Nonce,
    ) -> Result<Option<ReplyRequest>, StoreError> {
        self.read(move |conn| replies::asked(conn, device, nonce))
            .await
    }

    async fn reply_came(
        &self,
        device: ShortId,
        nonce: Nonce,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(move |tx| replies::came(tx, device, nonce, at))
            .await
    }

    async fn keep_fragment(
        &self,
        gateway: &str,
        fragment: Fragment,
        at: Timestamp,
    ) -> Result<Option<Vec<Fragment>>, StoreError> {
        let gateway = gateway.to_owned();
        self.write(move |tx| fragments::keep(tx, &gateway, &fragment, at))
            .await
    }

    async fn fragments_taken(
        &self,
        gateway: &str,
        parts: Vec<Fragment>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let gateway = gateway.to_owned();
        self.write(move |tx| fragments::taken(tx, &gateway, &parts, at))
            .await
    }
}
