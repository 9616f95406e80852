use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};

use crate::api::{SessionRequest, SessionResponse};
use crate::domain::Sequence;
use crate::flow::session::{self, SessionError};

use crate::server::endpoint::Endpoint;
use crate::server::error::{Answer, ApiError};
use crate::server::extract::{Place, json};
use crate::server::identity::Signed;

/// A device opens its session and takes what waits for it.
#[cfg_attr(test, utoipa::path(post, path = "/agent/v1/session", request_body = SessionRequest, responses((status = 200, body = SessionResponse), (status = 401, body = crate::api::Problem)), tag = "agent"))]
pub(in crate::server) async fn open(
    State(endpoint): State<Endpoint>,
    signed: Signed,
) -> Answer<Json<SessionResponse>> {
    let request: SessionRequest = json(&signed.body)?;
    let entry = "POST /agent/v1/session";
    let opened = session::open(endpoint.ports(), &signed.agent, request, entry).await?;
    endpoint.metrics().sessions.up();
    Ok(Json(opened))
}

/// The signed text behind a `url()` marker.
#[cfg_attr(test, utoipa::path(get, path = "/agent/v1/actions/{sequence}", params(("sequence" = String, Path)), responses((status = 200, content_type = "text/plain", body = String), (status = 404, body = crate::api::Problem)), tag = "agent"))]
pub(in crate::server) async fn action(
    State(endpoint): State<Endpoint>,
    Place(sequence): Place<Sequence>,
    signed: Signed,
) -> Answer<Response> {
    let text = session::text_of(endpoint.ports(), &signed.agent, sequence)
        .await?
        .ok_or_else(|| ApiError::not_found(format_args!("open action {sequence}")))?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}

impl From<SessionError> for ApiError {
    fn from(error: SessionError) -> Self {
        match error {
            // A token that does not hold is a credential like any other.
            SessionError::Token => Self::authentication_failure(),
            SessionError::Store(error) => error.into(),
            SessionError::Machine(error) => error.into(),
            other @ SessionError::Unsignable { .. } => Self::internal(other),
        }
    }
}
