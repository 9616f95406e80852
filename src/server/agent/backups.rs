use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

use crate::api::{BackupReceipt, BackupView, ProblemCode};
use crate::domain::ShortId;
use crate::flow::restore;
use crate::port::NewBackupItem;

use crate::server::endpoint::Endpoint;
use crate::server::error::{Answer, ApiError};
use crate::server::extract::{Place, Words};
use crate::server::identity::Signed;
use crate::server::routes::find_backup;

/// Largest item of a backup: 64 MiB.
const LARGEST: usize = 64 * 1024 * 1024;

/// What is said of an item beside its content.
#[derive(Debug, serde::Deserialize)]
pub(in crate::server) struct ItemWords {
    entries: Option<u32>,
}

/// Takes one item of a backup.
#[cfg_attr(test, utoipa::path(put, path = "/agent/v1/backups/{id}/{kind}/{name}", params(("id" = String, Path), ("kind" = String, Path), ("name" = String, Path), ("entries" = Option<u32>, Query)), request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses((status = 200, body = BackupReceipt), (status = 401, body = crate::api::Problem), (status = 413, body = crate::api::Problem)), tag = "agent"))]
pub(in crate::server) async fn put(
    State(endpoint): State<Endpoint>,
    Place((backup, kind, name)): Place<(ShortId, String, String)>,
    Words(words): Words<ItemWords>,
    signed: Signed<LARGEST>,
) -> Answer<Json<BackupReceipt>> {
    let path = item_path(&kind, &name)?;
    let device = signed.agent.device;
    let content = signed.body.to_vec();
    let receipt = BackupReceipt {
        backup,
        path: path.clone(),
        sha256: HEXLOWER.encode(&Sha256::digest(&content)),
        size_bytes: content.len() as u64,
    };
    let item = NewBackupItem {
        path,
        entries: words.entries.unwrap_or(1),
        content,
    };
    let backups = &endpoint.ports().backups;
    backups
        .put_item(device, backup, item, endpoint.now())
        .await?;
    Ok(Json(receipt))
}

/// Kind and name, bounded and without anything that could climb out of a folder.
fn item_path(kind: &str, name: &str) -> Answer<String> {
    let kind_ok = matches!(kind, "contacts" | "documents" | "media");
    let name_ok = (1..=255).contains(&name.len())
        && !name.contains(['/', '\\'])
        && !name.chars().any(char::is_control)
        && name != "."
        && name != "..";
    if kind_ok && name_ok {
        Ok(format!("{kind}/{name}"))
    } else {
        Err(ApiError::new(
            ProblemCode::Unprocessable,
            "an item is contacts, documents or media and a file name of at most 255 bytes",
        ))
    }
}

/// What is in a backup of the device that asks.
#[cfg_attr(test, utoipa::path(get, path = "/agent/v1/backups/{id}", params(("id" = String, Path)), responses((status = 200, body = BackupView), (status = 404, body = crate::api::Problem)), tag = "agent"))]
pub(in crate::server) async fn show(
    State(endpoint): State<Endpoint>,
    Place(id): Place<ShortId>,
    signed: Signed,
) -> Answer<Json<BackupView>> {
    Ok(Json(own(&endpoint, &signed, id).await?))
}

/// The content of an item, for a restore.
#[cfg_attr(test, utoipa::path(get, path = "/agent/v1/backups/{id}/{kind}/{name}", params(("id" = String, Path), ("kind" = String, Path), ("name" = String, Path)), responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>), (status = 404, body = crate::api::Problem)), tag = "agent"))]
pub(in crate::server) async fn get(
    State(endpoint): State<Endpoint>,
    Place((id, kind, name)): Place<(ShortId, String, String)>,
    signed: Signed,
) -> Answer<Response> {
    own(&endpoint, &signed, id).await?;
    let path = format!("{kind}/{name}");
    let content = endpoint.ports().backups.item(id, &path).await?;
    let content =
        content.ok_or_else(|| ApiError::not_found(format_args!("item {path} of backup {id}")))?;
    Ok((
        [(header::CONTENT_TYPE, "application/octet-stream")],
        content,
    )
        .into_response())
}

/// The backup, if it is this device's own or is to be restored on it.
async fn own(endpoint: &Endpoint, signed: &Signed, id: ShortId) -> Answer<BackupView> {
    let view = find_backup(endpoint, id).await?;
    if restore::may_read(endpoint.ports(), signed.agent.device, &view).await? {
        return Ok(view);
    }
    // The same words as for one that does not exist: ids of other people's backups are not confirmed.
    Err(ApiError::not_found(format_args!("backup {id}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_climb_out_of_a_folder_are_refused() {
        assert_eq!(
            item_path("documents", "Plan 2026.txt").expect("good"),
            "documents/Plan 2026.txt"
        );
        for (kind, name) in [
            ("documents", ".."),
            ("documents", "a/b"),
            ("documents", "a\\b"),
            ("documents", "a\nb"),
            ("documents", ""),
            ("etc", "passwd"),
        ] {
            assert!(item_path(kind, name).is_err(), "{kind}/{name:?}");
        }
    }
}
