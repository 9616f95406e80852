use axum::Json;
use axum::extract::State;

use crate::api::{PhoneEventReport, PhoneEventRequest};
use crate::domain::{Permission, ShortId};
use crate::flow;

use crate::server::endpoint::Endpoint;
use crate::server::error::Answer;
use crate::server::extract::Place;
use crate::server::write::Write;

/// Sends a phone an event of its vendor over the way that its registration left open.
#[cfg_attr(test, utoipa::path(post, path = "/api/v1/devices/{id}/event", params(("id" = String, Path)), request_body = PhoneEventRequest, responses((status = 200, body = PhoneEventReport), (status = 404, body = crate::api::Problem), (status = 409, body = crate::api::Problem), (status = 422, body = crate::api::Problem)), tag = "devices"))]
pub(super) async fn tell(
    State(endpoint): State<Endpoint>,
    Place(id): Place<ShortId>,
    write: Write<PhoneEventRequest>,
) -> Answer<Json<PhoneEventReport>> {
    write.require(Permission::Engineer)?;
    let caller = write.caller.for_flow();
    let told = flow::phone_event::tell(endpoint.ports(), id, write.value, caller).await?;
    Ok(Json(told))
}
