use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};

use crate::api::{BackupView, Page};
use crate::domain::{Permission, ShortId};
use crate::port::PageOf;

use crate::server::endpoint::Endpoint;
use crate::server::error::{Answer, ApiError};
use crate::server::extract::{PageWords, Place, Words};
use crate::server::identity::Caller;

/// Backups of a device, newest first.
#[cfg_attr(test, utoipa::path(get, path = "/api/v1/devices/{id}/backups", params(("id" = String, Path), ("cursor" = Option<String>, Query), ("limit" = Option<u32>, Query)), responses((status = 200, body = Page<BackupView>)), tag = "backups"))]
pub(super) async fn of_device(
    State(endpoint): State<Endpoint>,
    caller: Caller,
    Place(id): Place<ShortId>,
    Words(page): Words<PageWords>,
) -> Answer<Json<Page<BackupView>>> {
    caller.require(Permission::Read)?;
    super::devices::find(&endpoint, id).await?;
    let backups = &endpoint.ports().backups;
    Ok(Json(backups.backups(Some(id), None, page.page()).await?))
}

/// One backup.
#[cfg_attr(test, utoipa::path(get, path = "/api/v1/backups/{id}", params(("id" = String, Path)), responses((status = 200, body = BackupView), (status = 404, body = crate::api::Problem)), tag = "backups"))]
pub(super) async fn show(
    State(endpoint): State<Endpoint>,
    caller: Caller,
    Place(id): Place<ShortId>,
) -> Answer<Json<BackupView>> {
    caller.require(Permission::Read)?;
    Ok(Json(find(&endpoint, id).await?))
}

/// The backup or a 404.
pub(in crate::server) async fn find(endpoint: &Endpoint, id: ShortId) -> Answer<BackupView> {
    let page = PageOf {
        cursor: None,
        limit: 1,
    };
    endpoint
        .ports()
        .backups
        .backups(None, Some(id), page)
        .await?
        .items
        .pop()
        .ok_or_else(|| ApiError::not_found(format_args!("backup {id}")))
}

/// The content of one item. It is people's data: who fetched it is audited.
#[cfg_attr(test, utoipa::path(get, path = "/api/v1/backups/{id}/items/{kind}/{name}", params(("id" = String, Path), ("kind" = String, Path), ("name" = String, Path)), responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>), (status = 404, body = crate::api::Problem)), tag = "backups"))]
pub(super) async fn item(
    State(endpoint): State<Endpoint>,
    caller: Caller,
    Place((id, kind, name)): Place<(ShortId, String, String)>,
) -> Answer<Response> {
    caller.require(Permission::Operate)?;
    let path = format!("{kind}/{name}");
    let content = endpoint
        .ports()
        .backups
        .item(id, &path)
        .await?
        .ok_or_else(|| ApiError::not_found(format_args!("item {path} of backup {id}")))?;
    let entry = caller.audit(&endpoint, "backup.download", &format!("backup:{id}"), path);
    endpoint.ports().audit.append(entry).await?;
    Ok((
        [
            (header::CONTENT_TYPE, "application/octet-stream"),
            (header::CONTENT_DISPOSITION, "attachment"),
        ],
        content,
    )
        .into_response())
}
