use axum::Json;
use axum::extract::State;

use crate::api::{FindRequest, FindResponse, ProbeReport};
use crate::domain::{Permission, ShortId};
use crate::flow;

use crate::server::endpoint::Endpoint;
use crate::server::error::Answer;
use crate::server::extract::Place;
use crate::server::write::Write;

/// Finds a device here and, by its IMEI, at the peers. Silent peers are named.
#[cfg_attr(test, utoipa::path(post, path = "/api/v1/find", request_body = FindRequest, responses((status = 200, body = FindResponse)), tag = "find"))]
pub(super) async fn find(
    State(endpoint): State<Endpoint>,
    write: Write<FindRequest>,
) -> Answer<Json<FindResponse>> {
    write.require(Permission::Read)?;
    if !write.value.local_only {
        // What is sought leaves this server: that belongs into the trail.
        let entry = write
            .caller
            .audit(&endpoint, "find", "", "asked here and of the peers");
        endpoint.ports().audit.append(entry).await?;
    }
    Ok(Json(flow::find::find(endpoint.ports(), write.value).await?))
}

/// Says why a device can or cannot be reached.
#[cfg_attr(test, utoipa::path(post, path = "/api/v1/probe/{device}", params(("device" = String, Path)), responses((status = 200, body = ProbeReport), (status = 404, body = crate::api::Problem)), tag = "find"))]
pub(super) async fn probe(
    State(endpoint): State<Endpoint>,
    Place(device): Place<ShortId>,
    write: Write<()>,
) -> Answer<Json<ProbeReport>> {
    write.require(Permission::Engineer)?;
    Ok(Json(flow::probe::probe(endpoint.ports(), device).await?))
}
