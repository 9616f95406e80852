use axum::body::Bytes;
use axum::extract::{FromRequest, OriginalUri, Request};
use axum::http::request::Parts as RequestParts;
use axum::http::{HeaderMap, header};

use crate::api::KeyId;
use crate::api::signature::{
    Algorithm, Params, content_digest, from_signature_header, verify_hmac,
};
use crate::domain::{AuditDraft, Purpose};
use crate::port::AgentKey;

use crate::server::endpoint::Endpoint;
use crate::server::error::{Answer, ApiError};
use crate::server::extract;
use crate::server::frame::correlation;

/// Largest signed body unless a route says otherwise.
const LIMIT: usize = 64 * 1024;

/// A request that a device signed, with its body as it came.
///
/// Unknown device, wrong system id, wrong key, altered body, old or repeated signature: the
/// caller gets one and the same answer after the same work. The signature covers the digest of the body, so the body is
/// read only from a device that is known by then.
pub(in crate::server) struct Signed<const LARGEST: usize = LIMIT> {
    /// The device.
    pub(in crate::server) agent: AgentKey,
    /// The body.
    pub(in crate::server) body: Bytes,
}

impl<const LARGEST: usize> FromRequest<Endpoint> for Signed<LARGEST> {
    type Rejection = ApiError;

    async fn from_request(request: Request, endpoint: &Endpoint) -> Answer<Self> {
        let (parts, body) = request.into_parts();
        let agent = authenticate(&parts, endpoint).await?;
        let body = extract::body(body, LARGEST).await?;
        if content_digest(&body) != header_text(&parts.headers, "content-digest") {
            return Err(refused(endpoint, Some(&agent), "", "altered on its way").await);
        }
        Ok(Self { agent, body })
    }
}

async fn authenticate(parts: &RequestParts, endpoint: &Endpoint) -> Answer<AgentKey> {
    let now = endpoint.now();
    let text = |name: &str| header_text(&parts.headers, name);
    let params = Params::from_input_header(text("signature-input")).ok();
    let signature = from_signature_header(text("signature")).unwrap_or_default();
    let digest = text("content-digest");
    let (key_id, fresh) = match &params {
        Some(p) if p.algorithm() == Algorithm::HmacSha256 => {
            (p.key_id().to_owned(), p.check_age(now).is_ok())
        }
        _ => (String::new(), false),
    };
    let named = key_id.parse::<KeyId>().ok();
    let agent = match named {
        Some(named) => endpoint.ports().enrolments.agent(named.device).await?,
        None => None,
    };
    let own = named.is_some_and(|named| named.system == endpoint.settings().system_id);
    // A key for everybody: whether the device is known does not show in the time taken.
    let key = agent
        .as_ref()
        .map_or([0x5a; 32], |agent| agent.secret.key(Purpose::Http));
    let base = params
        .as_ref()
        .map(|p| p.base(parts.method.as_str(), &target_uri(parts), digest))
        .unwrap_or_default();
    let right = verify_hmac(&key, &base, &signature);
    let refusal = match (&agent, &params) {
        (Some(_), Some(_)) if right && !own => Some("system id of another server"),
        (Some(_), Some(params)) if right && fresh => {
            let store = &*endpoint.parts().housekeeping;
            let nonces = endpoint.nonces();
            if nonces
                .first_use(store, &key_id, params.nonce(), now)
                .await?
            {
                None
            } else {
                Some("replayed")
            }
        }
        (Some(_), Some(_)) if right => Some("stale"),
        (Some(_), Some(_)) => Some("wrong signature"),
        (None, Some(_)) => Some("unknown device"),
        (_, None) => Some("no readable signature"),
    };
    match (agent, refusal) {
        (Some(agent), None) => Ok(agent),
        (agent, reason) => {
            let reason = reason.unwrap_or_default();
            Err(refused(endpoint, agent.as_ref(), &key_id, reason).await)
        }
    }
}

async fn refused(
    endpoint: &Endpoint,
    agent: Option<&AgentKey>,
    key_id: &str,
    reason: &str,
) -> ApiError {
    endpoint.metrics().authentication_failures.up();
    note_refusal(endpoint, agent, key_id, reason).await;
    ApiError::authentication_failure()
}

/// The URI that the device signed: what it dialled, as far as it told.
pub(in crate::server) fn target_uri(parts: &RequestParts) -> String {
    let uri = parts
        .extensions
        .get::<OriginalUri>()
        .map_or(&parts.uri, |original| &original.0);
    let authority = uri.authority().map_or_else(
        || header_text(&parts.headers, header::HOST.as_str()).to_owned(),
        ToString::to_string,
    );
    let rest = uri.path_and_query().map_or("/", |p| p.as_str());
    format!("https://{authority}{rest}")
}

pub(in crate::server) fn header_text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers
        .get(name)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default()
}

async fn note_refusal(endpoint: &Endpoint, agent: Option<&AgentKey>, key_id: &str, reason: &str) {
    let name = agent.map_or_else(
        || "unknown".to_owned(),
        |agent| format!("device:{}", agent.device),
    );
    if !endpoint.throttles().may_report(&name) {
        return;
    }
    let shown: String = key_id.chars().take(60).collect();
    tracing::warn!(device.key = %shown, reason, "a device's request was refused");
    let entry = AuditDraft {
        at: endpoint.now(),
        actor: name,
        event: "device.refused".into(),
        subject: String::new(),
        detail: reason.to_owned(),
        correlation: correlation(),
    };
    if let Err(error) = endpoint.ports().audit.append(entry).await {
        tracing::error!(%error, "an audit entry was not written");
    }
}
