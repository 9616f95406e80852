use std::any::Any;
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::api::ProblemCode;

use super::endpoint::Endpoint;
use super::error::ApiError;

/// Ties one command to everything it causes.
const CORRELATION: HeaderName = HeaderName::from_static("x-correlation-id");
/// The longest that a handler may take before its answer begins. Streams go on after that.
const LONGEST: Duration = Duration::from_secs(90);

tokio::task_local! {
    static CURRENT: String;
}

/// The correlation id of the request at hand; empty outside one.
pub(super) fn correlation() -> String {
    CURRENT.try_with(Clone::clone).unwrap_or_default()
}

/// Runs `work` under the correlation id of the request at hand, for tasks that outlive it.
pub(super) async fn under<F: Future>(id: String, work: F) -> F::Output {
    CURRENT.scope(id, work).await
}

/// What every request gets: a correlation id, a time limit, headers, counters, and problem documents for all errors.
pub(super) async fn frame(
    State(endpoint): State<Endpoint>,
    request: Request,
    next: Next,
) -> Response {
    let given = request
        .headers()
        .get(CORRELATION)
        .and_then(|v| v.to_str().ok())
        .filter(|t| (1..=64).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_graphic()))
        .map(str::to_owned);
    let id = match given {
        Some(id) => id,
        None => endpoint
            .new_id()
            .map(|id| id.to_string())
            .unwrap_or_default(),
    };
    let method = request.method().clone();
    // The pattern, not the path: paths of gateways hold secrets.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("none", MatchedPath::as_str)
        .to_owned();
    let began = tokio::time::Instant::now();
    let mut response = CURRENT
        .scope(id.clone(), async {
            match tokio::time::timeout(LONGEST, next.run(request)).await {
                Ok(response) => as_problem(response),
                Err(_) => ApiError::new(
                    ProblemCode::Unavailable,
                    format!("the server took longer than {} s", LONGEST.as_secs()),
                )
                .into_response(),
            }
        })
        .await;
    let status = response.status().as_u16();
    endpoint.metrics().answered(status);
    tracing::debug!(%method, %route, status, correlation = %id, duration_ms = began.elapsed().as_millis() as u64, "answered");
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(CORRELATION, value);
    }
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // Answers are about people's devices: nothing on the way may keep them.
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Turns an error that the framework made into a problem document.
fn as_problem(response: Response) -> Response {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let is_problem = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|v| v.as_bytes().starts_with(b"application/problem+json"));
    // SOAP has its own faults.
    let is_fault = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|v| {
            v.as_bytes().starts_with(b"text/xml")
                || v.as_bytes().starts_with(b"application/soap+xml")
        });
    if is_problem || is_fault {
        return response;
    }
    let (code, detail) = match status {
        StatusCode::NOT_FOUND => (ProblemCode::NotFound, "there is nothing at this address"),
        StatusCode::METHOD_NOT_ALLOWED => (
            ProblemCode::InvalidRequest,
            "this method is not served at this address",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => (
            ProblemCode::TooLarge,
            "the body is larger than this address takes",
        ),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => (
            ProblemCode::InvalidRequest,
            "the body must be application/json",
        ),
        s if s.is_server_error() => (ProblemCode::Internal, "the request was not completed"),
        _ => (
            ProblemCode::InvalidRequest,
            "the request cannot be understood",
        ),
    };
    let allow = response.headers().get(header::ALLOW).cloned();
    let mut problem = crate::api::Problem::new(code, detail);
    problem.status = status.as_u16();
    let mut response = ApiError::from(problem).into_response();
    if let Some(allow) = allow {
        response.headers_mut().insert(header::ALLOW, allow);
    }
    response
}

/// What a caller gets when a handler panics. The panic's own words may hold anything, so they go nowhere.
pub(super) fn panicked(_words: Box<dyn Any + Send + 'static>) -> Response {
    ApiError::internal("a handler panicked").into_response()
}
