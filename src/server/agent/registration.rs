use axum::extract::State;
use axum::http::StatusCode;

use crate::api::RegisterRequest;
use crate::flow::deliver;

use crate::server::endpoint::Endpoint;
use crate::server::error::Answer;
use crate::server::extract::json;
use crate::server::identity::Signed;

/// A device tells where it is now: contact, proxy, numbers, data path.
#[cfg_attr(test, utoipa::path(put, path = "/agent/v1/registration", request_body = RegisterRequest, responses((status = 204), (status = 401, body = crate::api::Problem)), tag = "agent"))]
pub(in crate::server) async fn register(
    State(endpoint): State<Endpoint>,
    signed: Signed,
) -> Answer<StatusCode> {
    let told: RegisterRequest = json(&signed.body)?;
    let ports = endpoint.ports();
    let device = signed.agent.device;
    let known = ports
        .device_log
        .register(device, told, endpoint.now())
        .await?;
    endpoint.reacher().verify_numbers(&endpoint, &known);
    deliver::device_appeared(ports, device).await?;
    Ok(StatusCode::NO_CONTENT)
}
