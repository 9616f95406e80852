use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use crate::api::{CallbackRequest, CallbackView, Page};
use crate::domain::{Permission, ShortId};
use crate::flow::reach;
use crate::port::PageOf;

use crate::server::endpoint::Endpoint;
use crate::server::error::{Answer, ApiError};
use crate::server::extract::{Place, Words};
use crate::server::identity::Caller;
use crate::server::write::Write;

/// Filters of the callback list.
#[derive(Debug, serde::Deserialize)]
pub(super) struct ListWords {
    device: Option<ShortId>,
    cursor: Option<String>,
    limit: Option<u32>,
}

/// Asks that a device call home. The ladder is climbed in the background; watch it by its events.
#[utoipa::path(post, path = "/api/v1/callbacks", request_body = CallbackRequest, responses((status = 202, body = CallbackView), (status = 404, body = crate::api::Problem)), tag = "callbacks")]
pub(super) async fn create(
    State(endpoint): State<Endpoint>,
    write: Write<CallbackRequest>,
) -> Answer<(StatusCode, Json<CallbackView>)> {
    write.require(Permission::Operate)?;
    let (caller, key) = (write.caller.for_flow(), write.flow_key());
    let climb = reach::begin(endpoint.ports(), write.value, caller, key).await?;
    let view = climb.view.clone();
    endpoint.reacher().climb(&endpoint, climb);
    Ok((StatusCode::ACCEPTED, Json(view)))
}

/// One callback.
#[utoipa::path(get, path = "/api/v1/callbacks/{id}", params(("id" = String, Path)), responses((status = 200, body = CallbackView), (status = 404, body = crate::api::Problem)), tag = "callbacks")]
pub(super) async fn show(
    State(endpoint): State<Endpoint>,
    caller: Caller,
    Place(id): Place<ShortId>,
) -> Answer<Json<CallbackView>> {
    caller.require(Permission::Read)?;
    let view = endpoint.ports().callbacks.callback(id).await?;
    view.map(Json)
        .ok_or_else(|| ApiError::not_found(format_args!("callback {id}")))
}

/// Lists callbacks, newest first.
#[utoipa::path(get, path = "/api/v1/callbacks", params(("device" = Option<String>, Query), ("cursor" = Option<String>, Query), ("limit" = Option<u32>, Query)), responses((status = 200, body = Page<CallbackView>)), tag = "callbacks")]
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
    Ok(Json(callbacks.callbacks(words.device, page).await?))
}
