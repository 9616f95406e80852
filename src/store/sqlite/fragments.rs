use std::time::Duration;

use rusqlite::{Row, ToSql, params};
use sha2::{Digest as _, Sha256};

use crate::domain::Timestamp;
use crate::port::StoreError;
use crate::sms::{Fragment, Reference};

use super::transaction::{Tx, all, parse};

/// How long the rest of a message may take: as long as a centre may keep it while nobody is here to take it.
const UNFINISHED: Duration = Duration::from_secs(24 * 3600);
/// How long a message that was taken is remembered for parts that come again.
const REPEATS: Duration = Duration::from_secs(600);
/// Most parts of one sender: two messages of the longest, and some. The oldest of its own go.
const MOST_OF_ONE: u32 = 600;
/// More parts than this are somebody's fault; the oldest go.
const MOST: u32 = 10_000;

const OF_ONE: &str = "gateway = ?1 AND sender = ?2 AND receiver = ?3 AND wide = ?4 AND reference = ?5 AND total = ?6";

/// What all parts of a message share, as parameters 1 to 6 of a statement.
struct Key {
    gateway: String,
    sender: String,
    receiver: String,
    wide: bool,
    reference: u16,
    total: u8,
}

impl Key {
    fn of(gateway: &str, fragment: &Fragment) -> Self {
        let (wide, reference) = match fragment.reference {
            Reference::Eight(r) => (false, u16::from(r)),
            Reference::Sixteen(r) => (true, r),
        };
        Self {
            gateway: gateway.to_owned(),
            sender: fragment.sender.clone(),
            receiver: fragment.to.clone(),
            wide,
            reference,
            total: fragment.total,
        }
    }

    fn with<'a>(&'a self, more: &[&'a dyn ToSql]) -> Vec<&'a dyn ToSql> {
        let mut all: Vec<&dyn ToSql> = vec![
            &self.gateway,
            &self.sender,
            &self.receiver,
            &self.wide,
            &self.reference,
            &self.total,
        ];
        all.extend(more);
        all
    }
}

struct Kept {
    number: Option<String>,
    part: u8,
    reading: String,
    octets: Vec<u8>,
}

impl Kept {
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            number: row.get(0)?,
            part: row.get(1)?,
            reading: row.get(2)?,
            octets: row.get(3)?,
        })
    }
}

/// Makes room for one more. Nobody's parts push out those of others, unless there are very many who send.
fn forget(tx: &Tx<'_>, key: &Key, at: Timestamp) -> Result<(), StoreError> {
    tx.run(
        "DELETE FROM sms_fragments WHERE at < ?1 OR (done = 1 AND at < ?2)",
        params![at.before(UNFINISHED).millis(), at.before(REPEATS).millis()],
    )?;
    tx.run(
        "DELETE FROM sms_fragments WHERE gateway = ?1 AND sender = ?2 AND at <=
             (SELECT at FROM sms_fragments WHERE gateway = ?1 AND sender = ?2
                 ORDER BY at DESC LIMIT 1 OFFSET ?3)",
        params![key.gateway, key.sender, MOST_OF_ONE - 1],
    )?;
    tx.run(
        "DELETE FROM sms_fragments WHERE at <= (SELECT at FROM sms_fragments ORDER BY at DESC LIMIT 1 OFFSET ?1)",
        [MOST],
    )
    .map(drop)
}

/// Keeps a part; all of them when none is missing any more.
pub(super) fn keep(
    tx: &Tx<'_>,
    gateway: &str,
    fragment: &Fragment,
    at: Timestamp,
) -> Result<Option<Vec<Fragment>>, StoreError> {
    let key = Key::of(gateway, fragment);
    forget(tx, &key, at)?;
    let taken: Option<Vec<u8>> = tx.one(
        &format!("SELECT octets FROM sms_fragments WHERE {OF_ONE} AND part = ?7 AND done = 1"),
        &key.with(&[&fragment.number])[..],
        |row| row.get(0),
    )?;
    if taken.is_some_and(|digest| digest == Sha256::digest(&fragment.octets)[..]) {
        return Ok(None);
    }
    // Another message under the same reference: the one before is over.
    tx.run(
        &format!("DELETE FROM sms_fragments WHERE {OF_ONE} AND done = 1"),
        &key.with(&[])[..],
    )?;
    let number = fragment.from.as_ref().map(ToString::to_string);
    tx.run(
        "INSERT OR REPLACE INTO sms_fragments
             (gateway, sender, receiver, wide, reference, total, part, number, reading, octets, at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        &key.with(&[
            &fragment.number,
            &number,
            &fragment.reading.word(),
            &fragment.octets,
            &at.millis(),
        ])[..],
    )?;
    let rows = all(
        tx.conn,
        &format!(
            "SELECT number, part, reading, octets FROM sms_fragments WHERE {OF_ONE} ORDER BY part"
        ),
        &key.with(&[])[..],
        Kept::of,
    )?;
    if rows.len() < usize::from(fragment.total) {
        return Ok(None);
    }
    let parts = rows.into_iter().map(|kept| {
        Ok(Fragment {
            from: kept.number.as_deref().map(parse).transpose()?,
            number: kept.part,
            reading: parse(&kept.reading)?,
            octets: kept.octets,
            ..fragment.clone()
        })
    });
    parts.collect::<Result<_, StoreError>>().map(Some)
}

/// The message was taken.
pub(super) fn taken(
    tx: &Tx<'_>,
    gateway: &str,
    parts: &[Fragment],
    at: Timestamp,
) -> Result<(), StoreError> {
    for part in parts {
        let key = Key::of(gateway, part);
        let digest = Sha256::digest(&part.octets).to_vec();
        tx.run(
            &format!(
                "UPDATE sms_fragments SET done = 1, octets = ?8, at = ?9 WHERE {OF_ONE} AND part = ?7"
            ),
            &key.with(&[&part.number, &digest, &at.millis()])[..],
        )?;
    }
    Ok(())
}
