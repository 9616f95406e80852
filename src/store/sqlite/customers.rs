use std::collections::BTreeMap;

use async_trait::async_trait;
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use crate::api::{CustomerRecord, Evaluation, RouteRegistration};
use crate::domain::{SystemId, Timestamp};
use crate::port::{Customers, Stamp, StoreError};

use super::SqliteStore;
use super::transaction::{Tx, all, from_json, one, parse, to_json};

/// What the endpoint remembers of itself is kept by name; where system ids lead begins so.
const ROUTE: &str = "route:";
/// ... and until when they are in evaluation, so.
const EVALUATION: &str = "evaluation:";

/// Where a system id leads, and since when.
#[derive(Serialize, Deserialize)]
struct StoredRoute {
    #[serde(flatten)]
    route: RouteRegistration,
    since: Timestamp,
}

fn key(prefix: &str, id: SystemId) -> String {
    format!("{prefix}{id}")
}

fn keep(tx: &Tx<'_>, key: &str, value: Option<String>) -> Result<(), StoreError> {
    match value {
        Some(value) => tx.run(
            "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2",
            params![key, value.into_bytes()],
        )?,
        None => tx.run("DELETE FROM meta WHERE key = ?1", [key])?,
    };
    Ok(())
}

fn text(conn: &Connection, key: &str) -> Result<Option<String>, StoreError> {
    let sql = "SELECT CAST(value AS TEXT) FROM meta WHERE key = ?1";
    one(conn, sql, params![key], |row| row.get(0))
}

fn route(text: &str) -> Result<(RouteRegistration, Timestamp), StoreError> {
    let stored: StoredRoute = from_json(text)?;
    Ok((stored.route, stored.since))
}

#[async_trait]
impl Customers for SqliteStore {
    async fn customers(&self) -> Result<Vec<CustomerRecord>, StoreError> {
        self.read(|conn| {
            let sql = "SELECT key, CAST(value AS TEXT) FROM meta WHERE key GLOB ?1 OR key GLOB ?2";
            let patterns = [format!("{ROUTE}*"), format!("{EVALUATION}*")];
            let rows: Vec<(String, String)> =
                all(conn, sql, patterns, |row| Ok((row.get(0)?, row.get(1)?)))?;
            let mut found = BTreeMap::new();
            for (key, value) in rows {
                let (kind, id) = key.split_once(':').unwrap_or_default();
                let id: SystemId = parse(id)?;
                let record = found.entry(id).or_insert_with(|| CustomerRecord::new(id));
                if ROUTE.starts_with(kind) {
                    record.route = Some(route(&value)?);
                } else {
                    record.evaluation = Some(from_json(&value)?);
                }
            }
            Ok(found.into_values().collect())
        })
        .await
    }

    async fn customer(&self, id: SystemId) -> Result<Option<CustomerRecord>, StoreError> {
        self.read(move |conn| {
            let route = text(conn, &key(ROUTE, id))?
                .map(|t| route(&t))
                .transpose()?;
            let evaluation = text(conn, &key(EVALUATION, id))?
                .map(|t| from_json(&t))
                .transpose()?;
            let known = route.is_some() || evaluation.is_some();
            Ok(known.then_some(CustomerRecord {
                system_id: id,
                route,
                evaluation,
            }))
        })
        .await
    }

    async fn save_route(
        &self,
        id: SystemId,
        route: RouteRegistration,
        at: Timestamp,
        stamp: Stamp,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            tx.begin(&stamp)?;
            let stored = StoredRoute { route, since: at };
            keep(tx, &key(ROUTE, id), Some(to_json(&stored)?))?;
            tx.finish(stamp)
        })
        .await
    }

    async fn save_evaluation(
        &self,
        id: SystemId,
        evaluation: Option<Evaluation>,
        stamp: Stamp,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            tx.begin(&stamp)?;
            let value = evaluation.as_ref().map(to_json).transpose()?;
            keep(tx, &key(EVALUATION, id), value)?;
            tx.finish(stamp)
        })
        .await
    }
}
