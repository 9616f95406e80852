use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use crate::api::{CallReport, CallbackRequest, CallbackView, Page};
use crate::domain::{Permission, ShortId};
use crate::flow::branch::{self, Asked};
use crate::flow::{self, IdempotencyKey, reach};
use crate::port::PageOf;

use crate::server::endpoint::Endpoint;
use crate::server::error::{Answer, ApiError};
use crate::server::evaluation;
use crate::server::extract::{Place, Words};
use crate::server::identity::Caller;
use crate::server::write::Write;

/// Filters of the callback list.
#[derive(Debug, serde::Deserialize)]
pub(super) struct ListWords {
    device: Option<ShortId>,
    request_id: Option<String>,
    cursor: Option<String>,
    limit: Option<u32>,
}

/// Asks that a device call home. The ladder is climbed in the background; watch it by its events.
#[cfg_attr(test, utoipa::path(post, path = "/api/v1/callbacks", request_body = CallbackRequest, responses((status = 202, body = CallbackView), (status = 404, body = crate::api::Problem)), tag = "callbacks"))]
pub(super) async fn create(
    State(endpoint): State<Endpoint>,
    write: Write<CallbackRequest>,
) -> Answer<(StatusCode, Json<CallbackView>)> {
    write.require(Permission::Operate)?;
    let (caller, key) = (write.caller.for_flow(), write.flow_key());
    let view = ask(&endpoint, write.value, caller, key).await?;
    Ok((StatusCode::ACCEPTED, Json(view)))
}

/// Asks, here or at the server that holds the device's binding, and begins to climb if it is here.
pub(in crate::server) async fn ask(
    endpoint: &Endpoint,
    request: CallbackRequest,
    caller: flow::Caller,
    key: Option<IdempotencyKey>,
) -> Answer<CallbackView> {
    evaluation::admit(endpoint).await?;
    let asked = branch::ask(endpoint.ports(), request, caller, key).await?;
    let view = asked.view().clone();
    if let Asked::Here(climb) = asked {
        endpoint.reacher().climb(endpoint, *climb);
    }
    Ok(view)
}

/// Where a callback is.
#[derive(Debug, serde::Deserialize)]
pub(super) struct WhereWords {
    server: Option<String>,
}

/// One callback of this server, or of the peer that is named.
pub(in crate::server) async fn show_anywhere(
    endpoint: &Endpoint,
    id: ShortId,
    server: Option<String>,
) -> Answer<CallbackView> {
    let ports = endpoint.ports();
    let Some(peer) = server.filter(|s| s != endpoint.name()) else {
        let view = ports.callbacks.callback(id).await?;
        return view.ok_or_else(|| ApiError::not_found(format_args!("callback {id}")));
    };
    let peers = ports.peers.as_ref();
    let peers = peers.ok_or_else(|| flow::ActError::NoSuchPeer(peer.clone()))?;
    let mut view = peers
        .callback(&peer, id)
        .await
        .map_err(|source| flow::ActError::Peer {
            peer: peer.clone(),
            source: Box::new(source),
        })?;
    view.server = peer;
    Ok(view)
}

/// One callback; with `?server=` one at a peer.
#[cfg_attr(test, utoipa::path(get, path = "/api/v1/callbacks/{id}", params(("id" = String, Path), ("server" = Option<String>, Query)), responses((status = 200, body = CallbackView), (status = 404, body = crate::api::Problem)), tag = "callbacks"))]
pub(super) async fn show(
    State(endpoint): State<Endpoint>,
    caller: Caller,
    Place(id): Place<ShortId>,
    Words(words): Words<WhereWords>,
) -> Answer<Json<CallbackView>> {
    caller.require(Permission::Read)?;
    Ok(Json(show_anywhere(&endpoint, id, words.server).await?))
}

/// An application server says that a device has called it for this request.
#[cfg_attr(test, utoipa::path(post, path = "/api/v1/callbacks/{id}/called-back", params(("id" = String, Path)), request_body = CallReport, responses((status = 200, body = CallbackView), (status = 404, body = crate::api::Problem), (status = 409, body = crate::api::Problem)), tag = "callbacks"))]
pub(super) async fn called_back(
    State(endpoint): State<Endpoint>,
    Place(id): Place<ShortId>,
    write: Write<Option<CallReport>>,
) -> Answer<Json<CallbackView>> {
    write.require(Permission::Operate)?;
    let caller = write.caller.for_flow();
    let report = write.value.unwrap_or_default();
    let view = reach::called_back(endpoint.ports(), id, report, caller).await?;
    Ok(Json(view))
}

/// Lists callbacks, newest first; those of one request id of the asker when that is given.
#[cfg_attr(test, utoipa::path(get, path = "/api/v1/callbacks", params(("device" = Option<String>, Query), ("request_id" = Option<String>, Query), ("cursor" = Option<String>, Query), ("limit" = Option<u32>, Query)), responses((status = 200, body = Page<CallbackView>)), tag = "callbacks"))]
pub(super) async fn list(
    State(endpoint): State<Endpoint>,
    caller: Caller,
    Words(words): Words<ListWords>,
) -> Answer<Json<Page<CallbackView>>> {
    caller.require(Permission::Read)?;
    let page = PageOf {
        cursor: words.cursor,
        limit: words.limit.unwrap_or(100).clamp(1, 1000),
    };
    let callbacks = &endpoint.ports().callbacks;
    if let Some(request_id) = &words.request_id {
        let mut items = callbacks.callbacks_by_request(request_id).await?;
        items.retain(|view| words.device.is_none_or(|device| device == view.device));
        return Ok(Json(Page { items, next: None }));
    }
    Ok(Json(callbacks.callbacks(words.device, page).await?))
}
