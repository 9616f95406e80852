use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};

use crate::api::ProblemCode;
use crate::domain::Permission;

use crate::server::endpoint::Endpoint;
use crate::server::error::{Answer, ApiError};
use crate::server::identity::Caller;

/// Says that the process answers.
#[cfg_attr(test, utoipa::path(get, path = "/healthz", responses((status = 200, content_type = "text/plain", body = String)), tag = "health"))]
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// Says whether the endpoint can do its work: the store answers and nothing is stopping.
#[cfg_attr(test, utoipa::path(get, path = "/readyz", responses((status = 200, content_type = "text/plain", body = String), (status = 503, body = crate::api::Problem)), tag = "health"))]
pub(super) async fn ready(State(endpoint): State<Endpoint>) -> Answer<&'static str> {
    if endpoint.stopping().is_cancelled() {
        return Err(ApiError::new(
            ProblemCode::Unavailable,
            "the server is stopping",
        ));
    }
    endpoint.ports().events.last_event().await?;
    Ok("ready\n")
}

/// Counters and gauges for Prometheus. Asks for a token with the role viewer.
#[cfg_attr(test, utoipa::path(get, path = "/metrics", responses((status = 200, content_type = "text/plain", body = String), (status = 401, body = crate::api::Problem)), tag = "health"))]
pub(super) async fn metrics(State(endpoint): State<Endpoint>, caller: Caller) -> Answer<Response> {
    caller.require(Permission::Read)?;
    let totals = endpoint.parts().housekeeping.totals(endpoint.now()).await?;
    let uptime = endpoint.now().since(endpoint.started_at()).as_secs();
    let text = endpoint.metrics().text(&[
        ("devices", "Devices in the registry.", totals.devices),
        (
            "devices_registered",
            "Devices with a current SIP binding.",
            totals.registered,
        ),
        (
            "actions_open",
            "Actions that have not ended.",
            totals.open_actions,
        ),
        (
            "audit_entries",
            "Entries of the audit trail.",
            totals.audit_entries,
        ),
        ("uptime_seconds", "Seconds since the start.", uptime),
    ]);
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response())
}
