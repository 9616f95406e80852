use std::time::Duration;

use rusqlite::{Connection, Row, params};

use crate::domain::{Sequence, ShortId, Timestamp};
use crate::port::{ReplyRequest, StoreError};
use crate::sms::Nonce;

use super::transaction::{Tx, one};

/// How long it is known what a reply would have answered.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

const COLUMNS: &str = "nonce, epoch, first, count, number, at, answered_at";

/// A row as it stands in the table.
struct Kept {
    nonce: String,
    epoch: u32,
    first: u32,
    count: u32,
    number: Option<String>,
    at: i64,
    answered_at: Option<i64>,
}

impl Kept {
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            nonce: row.get(0)?,
            epoch: row.get(1)?,
            first: row.get(2)?,
            count: row.get(3)?,
            number: row.get(4)?,
            at: row.get(5)?,
            answered_at: row.get(6)?,
        })
    }

    fn request(self, device: ShortId) -> Result<ReplyRequest, StoreError> {
        let damaged = |what: &str| StoreError::Database(format!("a stored {what} is damaged"));
        let number = self.number.map(|text| text.parse());
        Ok(ReplyRequest {
            nonce: self.nonce.parse().map_err(|_| damaged("nonce"))?,
            device,
            epoch: self.epoch,
            first: Sequence::new(self.first),
            count: self.count,
            number: number.transpose().map_err(|_| damaged("number"))?,
            at: Timestamp::from_millis(self.at),
            answered_at: self.answered_at.map(Timestamp::from_millis),
        })
    }
}

pub(super) fn wanted(tx: &Tx<'_>, request: &ReplyRequest) -> Result<Nonce, StoreError> {
    let device = request.device.to_string();
    let number = request.number.as_ref().map(ToString::to_string);
    // Two of the oldest go for each that comes.
    tx.run(
        "DELETE FROM reply_requests WHERE (device, nonce) IN
            (SELECT device, nonce FROM reply_requests WHERE at < ?1 ORDER BY at LIMIT 2)",
        [request.at.before(KEPT).millis()],
    )?;
    let open = tx.one(
        &format!(
            "SELECT {COLUMNS} FROM reply_requests WHERE device = ?1 AND epoch = ?2 AND first = ?3
                AND count = ?4 AND number = ?5 AND answered_at IS NULL"
        ),
        params![
            device,
            request.epoch,
            request.first.value(),
            request.count,
            number
        ],
        Kept::of,
    )?;
    if let Some(open) = open {
        tx.run(
            "UPDATE reply_requests SET at = ?3 WHERE device = ?1 AND nonce = ?2",
            params![device, open.nonce, request.at.millis()],
        )?;
        return Ok(open.request(request.device)?.nonce);
    }
    let added = tx.run(
        "INSERT OR IGNORE INTO reply_requests (device, nonce, epoch, first, count, number, at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            device,
            request.nonce.to_string(),
            request.epoch,
            request.first.value(),
            request.count,
            number,
            request.at.millis(),
        ],
    )?;
    match added {
        0 => Err(StoreError::Conflict(format!(
            "the nonce {} was used before",
            request.nonce
        ))),
        _ => Ok(request.nonce),
    }
}

pub(super) fn asked(
    conn: &Connection,
    device: ShortId,
    nonce: Nonce,
) -> Result<Option<ReplyRequest>, StoreError> {
    one(
        conn,
        &format!("SELECT {COLUMNS} FROM reply_requests WHERE device = ?1 AND nonce = ?2"),
        params![device.to_string(), nonce.to_string()],
        Kept::of,
    )?
    .map(|kept| kept.request(device))
    .transpose()
}

pub(super) fn came(
    tx: &Tx<'_>,
    device: ShortId,
    nonce: Nonce,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let noted = tx.run(
        "UPDATE reply_requests SET answered_at = ?3
            WHERE device = ?1 AND nonce = ?2 AND answered_at IS NULL",
        params![device.to_string(), nonce.to_string(), at.millis()],
    )?;
    Ok(noted == 1)
}
