use async_trait::async_trait;
use rusqlite::{params, params_from_iter, types::Value};

use crate::api::{CallbackView, Page};
use crate::domain::ShortId;
use crate::port::{Callbacks, PageOf, Stamp, StoreError};

use super::SqliteStore;
use super::transaction::{Tx, all, before, cut, from_json, one, page_limit, to_json};

fn tell(tx: &Tx<'_>, view: &CallbackView, data: &str) -> Result<(), StoreError> {
    tx.event(
        view.updated_at,
        "callback.changed",
        &format!("callback:{}", view.id),
        Some(&view.device.to_string()),
        data,
    )
}

fn create(tx: &Tx<'_>, view: CallbackView, stamp: Stamp) -> Result<CallbackView, StoreError> {
    tx.begin(&stamp)?;
    let data = to_json(&view)?;
    tx.run(
        "INSERT INTO callbacks (id, device, data, request) VALUES (?1, ?2, ?3, ?4)",
        params![
            view.id.to_string(),
            view.device.to_string(),
            data,
            view.request.as_ref().and_then(|r| r.request_id.as_deref())
        ],
    )?;
    tell(tx, &view, &data)?;
    tx.finish(stamp)?;
    Ok(view)
}

fn update(
    tx: &Tx<'_>,
    id: ShortId,
    change: impl FnOnce(CallbackView) -> Option<CallbackView>,
) -> Result<Option<CallbackView>, StoreError> {
    let id = id.to_string();
    let data: Option<String> =
        tx.one("SELECT data FROM callbacks WHERE id = ?1", [&id], |row| {
            row.get(0)
        })?;
    let data = data.ok_or_else(|| StoreError::NotFound(format!("callback {id}")))?;
    let old: CallbackView = from_json(&data)?;
    let before = old.updated_at;
    let Some(mut view) = change(old) else {
        return Ok(None);
    };
    // Whoever came first may be stored last: who follows the callback must not see it go back.
    view.updated_at = view.updated_at.max(before);
    let data = to_json(&view)?;
    tx.run(
        "UPDATE callbacks SET data = ?2 WHERE id = ?1",
        params![id, data],
    )?;
    tell(tx, &view, &data)?;
    Ok(Some(view))
}

#[async_trait]
impl Callbacks for SqliteStore {
    async fn create_callback(
        &self,
        view: CallbackView,
        stamp: Stamp,
    ) -> Result<CallbackView, StoreError> {
        self.write(move |tx| create(tx, view, stamp)).await
    }

    async fn callback(&self, id: ShortId) -> Result<Option<CallbackView>, StoreError> {
        self.read(move |conn| {
            one(
                conn,
                "SELECT data FROM callbacks WHERE id = ?1",
                [id.to_string()],
                |row| row.get::<_, String>(0),
            )?
            .map(|data| from_json(&data))
            .transpose()
        })
        .await
    }

    async fn callbacks(
        &self,
        device: Option<ShortId>,
        page: PageOf,
    ) -> Result<Page<CallbackView>, StoreError> {
        self.read(move |conn| {
            let limit = page_limit(&page);
            let mut values: Vec<Value> = vec![before(&page)?.into()];
            let mut condition = "number < ?".to_owned();
            if let Some(device) = device {
                condition.push_str(" AND device = ?");
                values.push(device.to_string().into());
            }
            let rows = all(
                conn,
                &format!(
                    "SELECT number, data FROM callbacks WHERE {condition} ORDER BY number DESC LIMIT {}",
                    limit + 1
                ),
                params_from_iter(values),
                |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)),
            )?;
            let (rows, next) = cut(rows, limit, |(number, _)| number.to_string());
            let items = rows
                .iter()
                .map(|(_, data)| from_json(data))
                .collect::<Result<_, _>>()?;
            Ok(Page { items, next })
        })
        .await
    }

    async fn open_callbacks(&self) -> Result<Vec<CallbackView>, StoreError> {
        self.read(|conn| {
            // As the index says it, so that it serves.
            all(
                conn,
                "SELECT data FROM callbacks WHERE json_extract(data, '$.state') IN ('pending', 'delivered')
                 ORDER BY number",
                [],
                |row| row.get::<_, String>(0),
            )?
            .iter()
            .map(|data| from_json(data))
            .collect()
        })
        .await
    }

    async fn callbacks_by_request(
        &self,
        request_id: &str,
    ) -> Result<Vec<CallbackView>, StoreError> {
        let request_id = request_id.to_owned();
        self.read(move |conn| {
            all(
                conn,
                "SELECT data FROM callbacks WHERE request = ?1 ORDER BY number DESC LIMIT 100",
                [request_id],
                |row| row.get::<_, String>(0),
            )?
            .iter()
            .map(|data| from_json(data))
            .collect()
        })
        .await
    }

    async fn update_callback(
        &self,
        id: ShortId,
        change: Box<dyn FnOnce(CallbackView) -> Option<CallbackView> + Send>,
    ) -> Result<Option<CallbackView>, StoreError> {
        self.write(move |tx| update(tx, id, change)).await
    }
}
