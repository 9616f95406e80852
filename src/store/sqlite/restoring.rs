use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::domain::Sequence;
use crate::port::{Sealer, StoreError};

use super::check_key;
use super::transaction::Tx;

/// Beginning of the names under which files stand in a copy, beside the facts that a store remembers.
const KEPT: &str = "kept:";
/// Numbers that each device's actions jump ahead when a copy becomes a server again. The copy does not know which were
/// given after it was made, and a number that is given twice is answered by the device with what it did the first time.
/// Those that nobody gave are closed when the device asks for them, so they are few; a device that was given more tells
/// so in its next session, and its numbers move on (`catching_up`).
const AHEAD: u32 = 256;
/// Beginning of the names of facts that hold, for each device, the first number that a server gives which was made of a
/// copy. It goes with the device's first session.
const FIRST_OWN: &str = "restored:";

/// What a copy of a server's data was made of, beside the data.
pub struct Unpacked {
    /// System id of the server.
    pub system_id: Option<String>,
    /// How many devices it knows.
    pub devices: u64,
    /// Files of the server with their content, by name.
    pub files: Vec<(String, Vec<u8>)>,
}

/// Puts files into a copy, sealed like everything else in it that nobody may read.
pub(super) fn keep(
    copy: &Connection,
    files: &[(String, Vec<u8>)],
    sealer: &dyn Sealer,
) -> Result<(), StoreError> {
    for (name, content) in files {
        let name = format!("{KEPT}{name}");
        let sealed = sealer.seal(&name, content)?;
        copy.execute(
            "INSERT INTO meta (key, value) VALUES (?1, ?2)",
            params![name, sealed],
        )?;
    }
    // One file, whole without any beside it.
    copy.pragma_update(None, "journal_mode", "DELETE")?;
    Ok(())
}

/// The first number that this server gave to a device which has had no session since the server was made of a copy;
/// taken out.
pub(super) fn first_own(tx: &Tx<'_>, device: &str) -> Result<Option<u32>, StoreError> {
    let name = format!("{FIRST_OWN}{device}");
    let kept: Option<Vec<u8>> =
        tx.one("SELECT value FROM meta WHERE key = ?1", [&name], |row| {
            row.get(0)
        })?;
    if kept.is_some() {
        tx.run("DELETE FROM meta WHERE key = ?1", [&name])?;
    }
    let digits = kept.and_then(|bytes| String::from_utf8(bytes).ok());
    Ok(digits.and_then(|digits| digits.parse().ok()))
}

/// Makes a copy into a database that a server can go on with, and gives what else it holds. The copy is changed.
///
/// # Errors
/// [`StoreError::Conflict`] when it is no copy or is damaged; [`StoreError::Machine`] when it was made under another
/// master key.
pub fn unpack(copy: &Path, sealer: &dyn Sealer) -> Result<Unpacked, StoreError> {
    let conn = Connection::open(copy)?;
    let none = || StoreError::Conflict("it is no copy of a server's data".into());
    let tables: i64 = conn
        .query_row(
            "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('meta', 'devices')",
            [],
            |row| row.get(0),
        )
        .map_err(|_| none())?;
    if tables != 2 {
        return Err(none());
    }
    let health: String = conn.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if health != "ok" {
        return Err(StoreError::Conflict(format!(
            "the copy is damaged: {health}"
        )));
    }
    check_key(&conn, sealer)?;
    let mut sealed: Vec<(String, Vec<u8>)> = Vec::new();
    {
        let mut statement =
            conn.prepare("SELECT key, value FROM meta WHERE key LIKE 'kept:%' ORDER BY key")?;
        for row in statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))? {
            sealed.push(row?);
        }
    }
    let mut files = Vec::with_capacity(sealed.len());
    for (name, content) in &sealed {
        let file = name.strip_prefix(KEPT).unwrap_or(name);
        if file.contains(['/', '\\']) {
            return Err(none());
        }
        files.push((file.to_owned(), sealer.open(name, content)?));
    }
    let system_id: Option<Vec<u8>> = conn
        .query_row(
            "SELECT value FROM meta WHERE key = 'system_id'",
            [],
            |row| row.get(0),
        )
        .optional()?;
    let devices: i64 = conn.query_row("SELECT count(*) FROM devices", [], |row| row.get(0))?;
    conn.execute_batch("BEGIN IMMEDIATE; DELETE FROM meta WHERE key LIKE 'kept:%';")?;
    conn.execute(
        "UPDATE devices SET next_sequence = MIN(next_sequence + ?1, ?2)",
        params![AHEAD, Sequence::LAST.value()],
    )?;
    conn.execute(
        "INSERT OR REPLACE INTO meta (key, value)
         SELECT ?1 || id, CAST(next_sequence AS BLOB) FROM devices WHERE agent_id IS NOT NULL",
        [FIRST_OWN],
    )?;
    conn.execute_batch("COMMIT")?;
    conn.close().map_err(|(_, error)| error)?;
    Ok(Unpacked {
        system_id: system_id.and_then(|id| String::from_utf8(id).ok()),
        devices: u64::try_from(devices).unwrap_or_default(),
        files,
    })
}
