use axum::extract::State;
use axum::http::StatusCode;

use crate::api::ProblemCode;
use crate::domain::ShortId;
use crate::flow::result::{self, ResultError};

use crate::server::endpoint::Endpoint;
use crate::server::error::{Answer, ApiError};
use crate::server::extract::Words;
use crate::server::identity::Signed;

/// Largest result document: an inventory or a log.
const LARGEST: usize = 1024 * 1024;

/// The session that a result belongs to.
#[derive(Debug, serde::Deserialize)]
pub(in crate::server) struct SessionWords {
    session: Option<ShortId>,
}

/// Takes a result document. A repeat is fine and changes nothing.
#[cfg_attr(test, utoipa::path(post, path = "/agent/v1/results", params(("session" = Option<String>, Query)), request_body(content = String, content_type = "text/xml"), responses((status = 204), (status = 401, body = crate::api::Problem), (status = 422, body = crate::api::Problem)), tag = "agent"))]
pub(in crate::server) async fn take(
    State(endpoint): State<Endpoint>,
    Words(words): Words<SessionWords>,
    signed: Signed<LARGEST>,
) -> Answer<StatusCode> {
    result::take(endpoint.ports(), &signed.agent, words.session, &signed.body).await?;
    endpoint.metrics().results.up();
    Ok(StatusCode::NO_CONTENT)
}

impl From<ResultError> for ApiError {
    fn from(error: ResultError) -> Self {
        match error {
            ResultError::Unauthenticated(_) => Self::authentication_failure(),
            ResultError::Store(error) => error.into(),
            ResultError::Machine(error) => error.into(),
            unusable @ (ResultError::Document(_)
            | ResultError::Reply(_)
            | ResultError::UnknownNonce(_)
            | ResultError::ReusedNonce { .. }) => {
                Self::new(ProblemCode::Unprocessable, unusable.to_string())
            }
        }
    }
}
