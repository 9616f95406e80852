use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::api::{Problem, ProblemCode};
use crate::flow::ActError;
use crate::port::{MachineError, Precondition, StoreError};

use super::frame::correlation;

/// A handler's answer or a problem.
pub(super) type Answer<T> = Result<T, ApiError>;

/// A problem on its way out. What is for the log only is logged where it is made.
#[derive(Debug)]
pub(super) struct ApiError {
    problem: Box<Problem>,
    retry_after_s: Option<u64>,
}

impl ApiError {
    /// A problem with what happened.
    pub(super) fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Problem::new(code, detail).into()
    }

    /// The same with advice on what to do next.
    pub(super) fn next(mut self, next: impl Into<String>) -> Self {
        self.problem.next = next.into();
        self
    }

    /// What happened, for those who are no web clients.
    pub(super) fn into_detail(self) -> String {
        self.problem.detail
    }

    /// The same with the seconds after which it is worth trying again.
    pub(super) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// A thing that does not exist, as in `device 4t9wz0kc`.
    pub(super) fn not_found(what: impl std::fmt::Display) -> Self {
        Self::new(ProblemCode::NotFound, format!("{what} does not exist here"))
    }

    /// A request that cannot be read.
    pub(super) fn invalid(detail: impl std::fmt::Display) -> Self {
        Self::new(ProblemCode::InvalidRequest, detail.to_string())
    }

    /// The one answer to devices whose credentials do not hold, whatever is wrong with them.
    pub(super) fn authentication_failure() -> Self {
        Self::new(ProblemCode::AuthenticationFailure, "")
    }

    /// A fault of ours: the cause goes to the log, the caller gets the correlation id.
    pub(super) fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(correlation = %correlation(), error = %cause, "a request failed");
        Self::new(
            ProblemCode::Internal,
            "the request was not completed; the server's log says more under this correlation id",
        )
    }

    /// The problem.
    #[cfg(test)]
    pub(super) fn problem(&self) -> &Problem {
        &self.problem
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self {
            problem: Box::new(problem),
            retry_after_s: None,
        }
    }
}

impl From<ApiError> for Problem {
    fn from(error: ApiError) -> Self {
        let mut problem = *error.problem;
        problem.correlation = correlation();
        problem
    }
}

impl From<MachineError> for ApiError {
    fn from(error: MachineError) -> Self {
        Self::internal(error)
    }
}

impl From<ActError> for ApiError {
    fn from(error: ActError) -> Self {
        match error {
            ActError::Store(error) => error.into(),
            ActError::Machine(error) => error.into(),
            other => Problem::from(other).into(),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let text = error.to_string();
        match error {
            StoreError::NotFound(what) => Self::not_found(what),
            StoreError::Conflict(_) => Self::new(ProblemCode::Conflict, text),
            StoreError::Precondition(Precondition::NotLocked) => {
                Self::new(ProblemCode::AlreadyLocked, "the device is locked already")
            }
            StoreError::Precondition(_) => Self::new(ProblemCode::Conflict, text),
            StoreError::Version { .. } => Self::new(ProblemCode::VersionMismatch, text)
                .next("read it again and repeat the change on what is there now"),
            StoreError::KeyReused => Self::new(ProblemCode::KeyReused, text)
                .next("use a new idempotency key for a new request"),
            StoreError::AlreadyDone(outcome) => Self::new(
                ProblemCode::Conflict,
                format!("this request was carried out before: {outcome}"),
            ),
            StoreError::NotEnrolled => Self::new(ProblemCode::NotEnrolled, text)
                .next("invite it: callhome device invite DEVICE"),
            StoreError::SequenceExhausted => Self::new(ProblemCode::Conflict, text)
                .next("invite it again: callhome device invite DEVICE"),
            StoreError::LeaseLost(_) => Self::new(ProblemCode::Conflict, text),
            StoreError::Machine(error) => Self::internal(error),
            StoreError::Database(_) => {
                tracing::error!(correlation = %correlation(), error = %text, "the store failed");
                Self::new(
                    ProblemCode::Unavailable,
                    "the server cannot write or read its database; nothing was changed",
                )
                .next("see the server's log (disk full?), then try again")
                .retry_after(5)
            }
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut problem = *self.problem;
        problem.correlation = correlation();
        let status =
            StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
