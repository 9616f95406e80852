use async_trait::async_trait;
use rusqlite::Connection;

use crate::api::PinView;
use crate::domain::{ShortId, Timestamp};
use crate::port::{Pins, Sealer, Stamp, StoreError};

use super::SqliteStore;
use super::devices::load_existing;
use super::transaction::{all, parse};

fn pins(conn: &Connection, sealer: &dyn Sealer, device: &str) -> Result<Vec<PinView>, StoreError> {
    let rows = all(
        conn,
        "SELECT action, created_at, pin FROM pins WHERE device = ?1 ORDER BY created_at DESC, action",
        [device],
        |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get(1)?,
                row.get::<_, Vec<u8>>(2)?,
            ))
        },
    )?;
    rows.into_iter()
        .map(|(action, created_at, sealed)| {
            let pin = sealer.open(&format!("pin:{action}"), &sealed)?;
            Ok(PinView {
                action: parse(&action)?,
                pin: String::from_utf8(pin)
                    .map_err(|_| StoreError::Database("a PIN is no text".into()))?,
                created_at: Timestamp::from_millis(created_at),
            })
        })
        .collect()
}

#[async_trait]
impl Pins for SqliteStore {
    async fn pins(&self, device: ShortId, stamp: Stamp) -> Result<Vec<PinView>, StoreError> {
        // In the writer, although it reads: no PIN is shown unless its reveal is in the trail.
        self.write(move |tx| {
            tx.begin(&stamp)?;
            let device = device.to_string();
            load_existing(tx.conn, &device)?;
            let pins = pins(tx.conn, tx.sealer, &device)?;
            tx.finish(stamp)?;
            Ok(pins)
        })
        .await
    }
}
