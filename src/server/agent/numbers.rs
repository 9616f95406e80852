use axum::extract::State;
use axum::http::StatusCode;

use crate::api::{NumberCode, ProblemCode};
use crate::flow::number;

use crate::server::endpoint::Endpoint;
use crate::server::error::{Answer, ApiError};
use crate::server::extract::json;
use crate::server::identity::Signed;

/// A device's user typed the code that came to its number.
#[cfg_attr(test, utoipa::path(post, path = "/agent/v1/numbers", request_body = NumberCode, responses((status = 204), (status = 401, body = crate::api::Problem), (status = 422, body = crate::api::Problem)), tag = "agent"))]
pub(in crate::server) async fn confirm(
    State(endpoint): State<Endpoint>,
    signed: Signed,
) -> Answer<StatusCode> {
    let told: NumberCode = json(&signed.body)?;
    let ports = endpoint.ports();
    if number::typed(ports, &signed.agent, &told.number, &told.code).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    endpoint.metrics().authentication_failures.up();
    Err(ApiError::new(
        ProblemCode::Unprocessable,
        "the code is not right, is too old, or too many were tried",
    )
    .next("ask for a new one: callhome device verify DEVICE --by-user"))
}
