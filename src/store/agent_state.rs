use std::path::Path;

use async_trait::async_trait;
use rusqlite::{Connection, params};

use crate::port::{AgentState, MachineError, StoreError};

use super::sqlite::{Readers, Writer, open_file};

/// States of simulated devices in one `SQLite` file.
///
/// Saves that come together share a transaction, so that thousands of devices in one
/// process do not wait for the disk one after the other; each is durable when it returns.
pub struct AgentStateFile {
    writer: Writer,
    readers: Readers,
}

impl AgentStateFile {
    /// Opens the file, which is made (mode 0600) when it does not exist.
    ///
    /// # Errors
    /// [`MachineError::Other`] when it cannot be opened or is no such file.
    pub fn open(path: &Path) -> Result<Self, MachineError> {
        Self::try_open(path)
            .map_err(|e| MachineError::Other(format!("cannot open {}: {e}", path.display())))
    }

    fn try_open(path: &Path) -> Result<Self, StoreError> {
        let conn = open_file(path)?;
        conn.execute_batch(
            "CREATE TABLE IF NOT EXISTS states (name TEXT PRIMARY KEY, state BLOB NOT NULL) STRICT",
        )?;
        Ok(Self {
            readers: Readers::new(path, 1),
            writer: Writer::start(conn, "agent-state", |_: &Connection| {})?,
        })
    }
}

#[async_trait]
impl AgentState for AgentStateFile {
    async fn load(&self) -> Result<Vec<(String, Vec<u8>)>, MachineError> {
        self.readers
            .read(|conn| {
                let mut statement =
                    conn.prepare_cached("SELECT name, state FROM states ORDER BY name")?;
                let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
                Ok(rows.collect::<Result<_, _>>()?)
            })
            .await
            .map_err(|e| MachineError::Other(format!("the devices' states cannot be read: {e}")))
    }

    async fn save(&self, name: &str, state: Vec<u8>) -> Result<(), MachineError> {
        let name = name.to_owned();
        self.writer
            .write(move |conn| {
                conn.prepare_cached("INSERT OR REPLACE INTO states (name, state) VALUES (?1, ?2)")?
                    .execute(params![name, state])?;
                Ok(())
            })
            .await
            .map_err(|e| MachineError::Other(format!("a device's state cannot be saved: {e}")))
    }
}
