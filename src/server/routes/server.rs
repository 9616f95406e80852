use std::path::Path;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use tokio_util::io::ReaderStream;

use crate::api::ServerStatus;
use crate::domain::Permission;
use crate::host::private_file;

use crate::server::endpoint::{Endpoint, Mode};
use crate::server::error::{Answer, ApiError};
use crate::server::evaluation;
use crate::server::first_start::{COPY, KEPT_FILES};
use crate::server::identity::Caller;
use crate::server::write::Write;

/// How the server is.
#[cfg_attr(test, utoipa::path(get, path = "/api/v1/server", responses((status = 200, body = ServerStatus)), tag = "server"))]
pub(super) async fn status(
    State(endpoint): State<Endpoint>,
    caller: Caller,
) -> Answer<Json<ServerStatus>> {
    caller.require(Permission::Read)?;
    let settings = endpoint.settings();
    let ports = endpoint.ports();
    let totals = endpoint.parts().housekeeping.totals(endpoint.now()).await?;
    Ok(Json(ServerStatus {
        name: endpoint.name().to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        system_id: settings.system_id,
        mode: match settings.mode {
            Mode::Serve => "serve",
            Mode::Embedded => "embedded",
        }
        .to_owned(),
        started_at: endpoint.started_at(),
        https: ports
            .home
            .https
            .as_ref()
            .map(crate::flow::PublicAddress::url),
        sip: settings.sip.clone(),
        devices: totals.devices,
        registered: totals.registered,
        open_actions: totals.open_actions,
        audit_entries: totals.audit_entries,
        gateways: ports.gateways.iter().map(|g| g.name().to_owned()).collect(),
        peers: ports.peers.as_ref().map(|p| p.peers()).unwrap_or_default(),
        evaluation: evaluation::own(&endpoint).await?,
        certificate_expires_at: settings
            .certificate_expires_at
            .as_ref()
            .map(|at| *at.borrow()),
        key: settings.signing_key.verifying_key().to_string(),
        ca_pem: settings.ca_pem.clone(),
    }))
}

/// What a copy needs beside the store to be this server again.
fn kept(data_dir: &Path) -> Answer<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::with_capacity(KEPT_FILES.len());
    for name in KEPT_FILES {
        let content = private_file::read(&data_dir.join(name)).map_err(ApiError::internal)?;
        let content = content
            .ok_or_else(|| ApiError::internal(format!("the data folder has no {name} any more")))?;
        files.push((name.to_owned(), content));
    }
    Ok(files)
}

/// A consistent copy of the whole store, with the server's own keys. All secrets in it are sealed under the master
/// key, which is not in it.
#[cfg_attr(test, utoipa::path(post, path = "/api/v1/server/backup", responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>)), tag = "server"))]
pub(super) async fn backup(State(endpoint): State<Endpoint>, write: Write<()>) -> Answer<Response> {
    write.require(Permission::Administer)?;
    let entry = write.caller.audit(&endpoint, "server.backup", "", "");
    endpoint.ports().audit.append(entry).await?;
    let path =
        endpoint
            .settings()
            .data_dir
            .join(format!("{}{}{}", COPY.0, endpoint.new_id()?, COPY.1));
    let kept = kept(&endpoint.settings().data_dir)?;
    let copied = endpoint.parts().housekeeping.copy_to(&path, kept).await;
    let opened = tokio::fs::File::open(&path).await;
    // Open and unnamed from here on: it is gone with the answer, also when the caller breaks off.
    let removed = tokio::fs::remove_file(&path).await;
    copied?;
    let file = opened.map_err(ApiError::internal)?;
    removed.map_err(ApiError::internal)?;
    Ok((
        [(header::CONTENT_TYPE, "application/octet-stream")],
        Body::from_stream(ReaderStream::new(file)),
    )
        .into_response())
}
