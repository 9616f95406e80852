use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use crate::domain::Permission;
use crate::flow::IdempotencyKey;
use crate::port::{IdempotencyClaim, Stamp};

use super::endpoint::Endpoint;
use super::error::{Answer, ApiError};
use super::extract;
use super::identity::Caller;

/// Largest JSON body of an operator's request.
const LIMIT: usize = 1024 * 1024;

/// A write by an operator: who, what, and the idempotency key that came with it.
pub(super) struct Write<T> {
    /// Who asks.
    pub(super) caller: Caller,
    /// What they ask for.
    pub(super) value: T,
    /// The request's headers.
    pub(super) headers: HeaderMap,
    key: Option<String>,
    digest: [u8; 32],
}

impl<T: DeserializeOwned> FromRequest<Endpoint> for Write<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, endpoint: &Endpoint) -> Answer<Self> {
        let raw = Write::read(request, endpoint).await?;
        Ok(Self {
            caller: raw.caller,
            value: extract::json(&raw.value)?,
            headers: raw.headers,
            key: raw.key,
            digest: raw.digest,
        })
    }
}

impl Write<Bytes> {
    /// All that does not depend on what is asked for.
    async fn read(request: Request, endpoint: &Endpoint) -> Answer<Self> {
        let (mut parts, body) = request.into_parts();
        let caller = Caller::of(&mut parts, endpoint).await?;
        let bytes = extract::body(body, LIMIT).await?;
        let key = idempotency_key(&parts.headers)?;
        let mut hasher = Sha256::new();
        hasher.update(parts.method.as_str());
        hasher.update([0]);
        hasher.update(
            parts
                .extensions
                .get::<axum::extract::OriginalUri>()
                .map_or(&parts.uri, |u| &u.0)
                .path(),
        );
        hasher.update([0]);
        hasher.update(&bytes);
        Ok(Self {
            caller,
            value: bytes,
            headers: parts.headers,
            key,
            digest: hasher.finalize().into(),
        })
    }
}

impl<T> Write<T> {
    /// Refuses callers whose role may not do this.
    pub(super) fn require(&self, permission: Permission) -> Answer<()> {
        self.caller.require(permission)
    }

    /// The claim on the idempotency key, if one came; `outcome` is what the write makes, as in `device:4t9wz0kc`.
    pub(super) fn claim(&self, endpoint: &Endpoint, outcome: String) -> Option<IdempotencyClaim> {
        self.key.as_ref().map(|key| IdempotencyClaim {
            // Operators do not meet, whatever keys they choose.
            key: format!("{}:{key}", self.caller.name()),
            digest: self.digest,
            outcome,
            at: endpoint.now(),
        })
    }

    /// The key as flows take it.
    pub(super) fn flow_key(&self) -> Option<IdempotencyKey> {
        self.key.as_ref().map(|key| IdempotencyKey {
            key: format!("{}:{key}", self.caller.name()),
            digest: self.digest,
        })
    }

    /// What goes into the store beside the write: audit entry and idempotency claim.
    pub(super) fn stamp(
        &self,
        endpoint: &Endpoint,
        event: &str,
        subject: &str,
        detail: impl Into<String>,
    ) -> Stamp {
        Stamp {
            audit: Some(self.caller.audit(endpoint, event, subject, detail)),
            idempotency: self.claim(endpoint, subject.to_owned()),
            events: Vec::new(),
        }
    }
}

fn idempotency_key(headers: &HeaderMap) -> Answer<Option<String>> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    value
        .to_str()
        .ok()
        .filter(|t| (1..=128).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_graphic()))
        .map(|t| Some(t.to_owned()))
        .ok_or_else(|| {
            ApiError::invalid("an Idempotency-Key is 1 to 128 printable characters without spaces")
        })
}

/// The id in an outcome like `action:x3hq80vn`, when the kind is right.
pub(super) fn outcome_id<I: std::str::FromStr>(outcome: &str, kind: &str) -> Answer<I> {
    outcome
        .strip_prefix(kind)
        .and_then(|rest| rest.strip_prefix(':'))
        .and_then(|id| id.parse().ok())
        .ok_or_else(|| ApiError::internal(format_args!("an idempotency outcome is no {kind}")))
}
