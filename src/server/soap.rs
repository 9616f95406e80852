//! `/soap`: the SOAP entry of application servers (requirement B4).
//!
//! The same rights and the same flow as `POST /api/v1/callbacks`; only the words differ. A request id that comes
//! again with the same message is the same request.

use axum::body::Body;
use axum::extract::{FromRequest, RawQuery, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Router, http::HeaderMap};
use sha2::{Digest as _, Sha256};

use crate::api::soap::{self, Blame, SoapCall, SoapCallback, SoapFault, SoapVersion};
use crate::api::{CallbackRequest, CallbackView, FindRequest, Problem, ProblemCode};
use crate::domain::{Imei, Permission};
use crate::flow::{IdempotencyKey, PublicAddress, find};

use super::endpoint::Endpoint;
use super::error::{Answer, ApiError};
use super::extract;
use super::identity::Caller;
use super::routes::{ask_callback, named_devices};

/// Largest message.
const LIMIT: usize = 64 * 1024;
/// Seconds until a request expires, unless it says otherwise.
const DEADLINE_S: u64 = 3600;

/// The entry.
pub(super) fn router() -> Router<Endpoint> {
    Router::new().route("/", get(describe).post(call))
}

/// The description of the service, at `?wsdl`.
async fn describe(State(endpoint): State<Endpoint>, RawQuery(query): RawQuery) -> Response {
    if !query.is_some_and(|q| q.eq_ignore_ascii_case("wsdl")) {
        return ApiError::new(
            ProblemCode::InvalidRequest,
            "messages are posted here; the description of the service is at /soap?wsdl",
        )
        .into_response();
    }
    let home = endpoint.ports().home.https.as_ref();
    let base = home.map_or_else(|| "http://localhost".to_owned(), PublicAddress::url);
    let text = soap::wsdl(&format!("{base}/soap"));
    xml(StatusCode::OK, "text/xml; charset=utf-8", text)
}

/// A message that came in, with who sent it.
struct Message {
    caller: Caller,
    text: String,
    digest: [u8; 32],
}

/// One call.
async fn call(State(endpoint): State<Endpoint>, request: Request) -> Response {
    let announced = announced(request.headers());
    let message = match Message::from_request(request, &endpoint).await {
        Ok(message) => message,
        Err(error) => return refused(announced, error),
    };
    let (version, call) = match soap::read(&message.text) {
        Ok(read) => read,
        Err((version, fault)) => return faulty(version.unwrap_or(announced), &fault),
    };
    let state = matches!(call, SoapCall::State(_));
    let answered = match call {
        SoapCall::Callback(callback) => ask(&endpoint, &message, *callback).await,
        SoapCall::State(id) => show(&endpoint, &message.caller, &id).await,
    };
    match answered {
        Ok(view) => {
            let text = soap::answer(version, &view, state);
            xml(StatusCode::OK, version.content_type(), text)
        }
        Err(error) => refused(version, error),
    }
}

impl FromRequest<Endpoint> for Message {
    type Rejection = ApiError;

    async fn from_request(request: Request, endpoint: &Endpoint) -> Answer<Self> {
        let (mut parts, body) = request.into_parts();
        let caller = Caller::of(&mut parts, endpoint).await?;
        let bytes = extract::body(body, LIMIT).await?;
        let text = String::from_utf8(bytes.to_vec())
            .map_err(|_| ApiError::invalid("the message is not UTF-8 text"))?;
        Ok(Self {
            caller,
            digest: Sha256::digest(&text).into(),
            text,
        })
    }
}

async fn ask(endpoint: &Endpoint, message: &Message, call: SoapCallback) -> Answer<CallbackView> {
    message.caller.require(Permission::Operate)?;
    let (device, server) = device(endpoint, &call.device).await?;
    let key = call.request_id.as_ref().map(|id| IdempotencyKey {
        key: format!("{}:soap:{id}", message.caller.name()),
        digest: message.digest,
    });
    let nothing = call.contact == crate::api::Contact::default();
    let request = CallbackRequest {
        request_id: call.request_id,
        deadline_ms: Some(call.deadline_s.unwrap_or(DEADLINE_S).saturating_mul(1000)),
        reason: call.reason,
        // Without an address the device calls the one that is configured on it.
        contact: (!nothing).then_some(call.contact),
        keep_trying: true,
        server,
        ..CallbackRequest::of(device)
    };
    ask_callback(endpoint, request, message.caller.for_flow(), key).await
}

async fn show(endpoint: &Endpoint, caller: &Caller, id: &str) -> Answer<CallbackView> {
    caller.require(Permission::Read)?;
    let callbacks = &endpoint.ports().callbacks;
    let mut found = callbacks.callbacks_by_request(id).await?;
    if found.is_empty()
        && let Ok(own) = id.parse()
    {
        found.extend(callbacks.callback(own).await?);
    }
    let newest = found.into_iter().next();
    newest.ok_or_else(|| ApiError::not_found(format_args!("request {id}")))
}

/// The device that a text names: here, or (an IMEI) at the peer that holds it.
async fn device(
    endpoint: &Endpoint,
    name: &str,
) -> Answer<(crate::domain::ShortId, Option<String>)> {
    let mut here = named_devices(endpoint, name).await?;
    match here.len() {
        1 => return Ok((here.remove(0).id, None)),
        0 => {}
        count => {
            let words = format!("{count} devices fit {name:?}; name it by an identity");
            return Err(ApiError::new(ProblemCode::Ambiguous, words));
        }
    }
    let bare = name.strip_prefix("imei:").unwrap_or(name);
    let missing = || ApiError::not_found(format_args!("device {name:?}"));
    bare.parse::<Imei>().map_err(|_| missing())?;
    let request = FindRequest {
        term: name.to_owned(),
        deadline_ms: None,
        local_only: false,
    };
    let mut found = find::find(endpoint.ports(), request).await?.found;
    match found.len() {
        1 => {
            let found = found.remove(0);
            Ok((found.device.id, Some(found.server)))
        }
        _ => Err(missing()),
    }
}

fn announced(headers: &HeaderMap) -> SoapVersion {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    SoapVersion::announced(content_type.unwrap_or_default())
}

/// A problem as a fault. Who is not let in gets HTTP's own status beside it.
fn refused(version: SoapVersion, error: ApiError) -> Response {
    let problem: Problem = error.into();
    let receiver = problem.status >= 500;
    let next = match problem.next.is_empty() {
        true => String::new(),
        false => format!(" ({})", problem.next),
    };
    let fault = SoapFault {
        blame: if receiver {
            Blame::Receiver
        } else {
            Blame::Sender
        },
        words: format!("{}: {}{next}", problem.title, problem.detail),
        code: problem.code.word().to_owned(),
    };
    let mut response = faulty(version, &fault);
    if matches!(problem.status, 401 | 403 | 429)
        && let Ok(status) = StatusCode::from_u16(problem.status)
    {
        *response.status_mut() = status;
    }
    if problem.status == 401 {
        let headers = response.headers_mut();
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// A fault: 500 in SOAP 1.1 whoever is to blame (its §6.2), 400 for the sender's in 1.2 (part 2, §7.5.2.2).
fn faulty(version: SoapVersion, fault: &SoapFault) -> Response {
    let status = match (version, fault.blame) {
        (SoapVersion::V12, Blame::Sender) => StatusCode::BAD_REQUEST,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    xml(status, version.content_type(), soap::fault(version, fault))
}

fn xml(status: StatusCode, content_type: &'static str, text: String) -> Response {
    let mut response = (status, Body::from(text)).into_response();
    let value = HeaderValue::from_static(content_type);
    response.headers_mut().insert(header::CONTENT_TYPE, value);
    response
}
