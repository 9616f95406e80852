use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts as RequestParts;
use sha2::{Digest as _, Sha256};

use crate::api::ProblemCode;
use crate::domain::{AuditDraft, Permission, Role, ShortId, Timestamp};
use crate::port::TokenRecord;

use crate::server::endpoint::Endpoint;
use crate::server::error::{Answer, ApiError};
use crate::server::extract::Origin;
use crate::server::frame::correlation;

/// An operator, a service token, or somebody on the local socket.
#[derive(Debug, Clone)]
pub(in crate::server) struct Caller {
    name: String,
    role: Role,
    expires_at: Option<Timestamp>,
    token: Option<ShortId>,
    session: bool,
    digest: [u8; 32],
    address: Option<IpAddr>,
}

/// SHA-256 of a token's text: what is stored of it.
pub(in crate::server) fn token_digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

impl Caller {
    /// Finds out who asks.
    pub(in crate::server) async fn of(
        parts: &mut RequestParts,
        endpoint: &Endpoint,
    ) -> Answer<Self> {
        let origin = Origin::of(parts);
        let bearer = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|v| v.to_str().ok())
            .and_then(|v| v.strip_prefix("Bearer "))
            .map(str::trim);
        match (bearer, origin) {
            (Some(token), origin) => Self::by_token(endpoint, token, origin.address()).await,
            (None, Origin::Local) => Ok(Self {
                name: "local".into(),
                role: Role::Admin,
                expires_at: None,
                token: None,
                session: false,
                digest: [0; 32],
                address: None,
            }),
            (None, Origin::Network { .. }) => Err(not_logged_in("no session or token was given")),
        }
    }

    async fn by_token(endpoint: &Endpoint, token: &str, address: Option<IpAddr>) -> Answer<Self> {
        let now = endpoint.now();
        let digest = token_digest(token);
        // Nobody guesses 256 bits: looking costs little, and who has a token is not kept out by who has none.
        let found = endpoint.parts().tokens.token(digest, now).await?;
        let bound = |to: &Option<String>| {
            to.as_ref()
                .is_none_or(|to| address.is_some_and(|a| a.to_string() == *to))
        };
        if let Some(record) = found.as_ref().filter(|r| !bound(&r.bound_to)) {
            note_elsewhere(endpoint, record, address).await;
        }
        let Some(record) = found.filter(|r| bound(&r.bound_to) && r.view.expires_at > now) else {
            endpoint.throttles().tokens.admit(address)?;
            endpoint.throttles().tokens.failed(address);
            endpoint.metrics().authentication_failures.up();
            return Err(not_logged_in(
                "the session or token is unknown, has ended, or belongs to another address",
            ));
        };
        let (name, role) = if record.session {
            // The role of today counts, not that of the login.
            let operator = endpoint
                .parts()
                .operators
                .operator(&record.view.created_by)
                .await?
                .ok_or_else(|| not_logged_in("this operator was removed"))?;
            (operator.view.name, operator.view.role)
        } else {
            (format!("token:{}", record.view.name), record.view.role)
        };
        Ok(Self {
            name,
            role,
            expires_at: Some(record.view.expires_at),
            token: Some(record.view.id),
            session: record.session,
            digest,
            address,
        })
    }

    /// Whether they could ask again now: the session or token lives, its operator is there and may do this.
    pub(in crate::server) async fn still_may(
        &self,
        endpoint: &Endpoint,
        permission: Permission,
    ) -> Answer<bool> {
        if self.token.is_none() {
            return Ok(true);
        }
        let parts = endpoint.parts();
        let found = parts.tokens.token(self.digest, endpoint.now()).await?;
        let role = match found {
            Some(record) if record.session => {
                let operator = parts.operators.operator(&record.view.created_by).await?;
                operator.map(|operator| operator.view.role)
            }
            found => found.map(|record| record.view.role),
        };
        Ok(role.is_some_and(|role| role.may(permission)))
    }

    /// Operator's name, `token:` and the name of a service token, or `local`.
    pub(in crate::server) fn name(&self) -> &str {
        &self.name
    }

    /// What they may do.
    pub(in crate::server) const fn role(&self) -> Role {
        self.role
    }

    /// When the session or token dies.
    pub(in crate::server) const fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }

    /// The session or token in use.
    pub(in crate::server) const fn token(&self) -> Option<ShortId> {
        self.token
    }

    /// The service token in use.
    pub(in crate::server) fn service_token(&self) -> Option<ShortId> {
        self.token.filter(|_| !self.session)
    }

    /// The address asked from.
    pub(in crate::server) const fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// Refuses a role that may not do this, and names the one that may.
    pub(in crate::server) fn require(&self, permission: Permission) -> Answer<()> {
        if self.role.may(permission) {
            return Ok(());
        }
        let least = permission.least_role();
        Err(ApiError::new(
            ProblemCode::Forbidden,
            format!(
                "{} has the role {}; this needs {least}",
                self.name, self.role
            ),
        )
        .next(format!("ask somebody with the role {least}")))
    }

    /// The same as flows take it.
    pub(in crate::server) fn for_flow(&self) -> crate::flow::Caller {
        crate::flow::Caller {
            operator: self.name.clone(),
            correlation: correlation(),
        }
    }

    /// An audit entry of this caller.
    pub(in crate::server) fn audit(
        &self,
        endpoint: &Endpoint,
        event: &str,
        subject: &str,
        detail: impl Into<String>,
    ) -> AuditDraft {
        AuditDraft {
            at: endpoint.now(),
            actor: format!("operator:{}", self.name),
            event: event.to_owned(),
            subject: subject.to_owned(),
            detail: detail.into(),
            correlation: correlation(),
        }
    }
}

/// Writes down that a session or token is in other hands; for one only a few times.
async fn note_elsewhere(endpoint: &Endpoint, record: &TokenRecord, address: Option<IpAddr>) {
    let from = address.map_or_else(|| "this machine".to_owned(), |a| a.to_string());
    if !endpoint
        .throttles()
        .may_report(&format!("session:{}", record.view.id))
    {
        return;
    }
    let bound = record.bound_to.as_deref().unwrap_or_default();
    let who = &record.view.created_by;
    tracing::warn!(operator = %who, %from, bound, "a session or token was used from another address");
    let entry = AuditDraft {
        at: endpoint.now(),
        actor: format!("operator:{who}"),
        event: "session.refused".into(),
        subject: format!("token:{}", record.view.id),
        detail: format!("used from {from}, bound to {bound}"),
        correlation: correlation(),
    };
    if let Err(error) = endpoint.ports().audit.append(entry).await {
        tracing::error!(%error, "an audit entry was not written");
    }
}

fn not_logged_in(detail: &str) -> ApiError {
    ApiError::new(ProblemCode::NotAuthenticated, detail).next("callhome auth login")
}

impl FromRequestParts<Endpoint> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut RequestParts, endpoint: &Endpoint) -> Answer<Self> {
        Self::of(parts, endpoint).await
    }
}
