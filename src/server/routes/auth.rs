use std::time::Duration;

use axum::Json;
use axum::extract::{FromRequest as _, Request, State};
use axum::http::StatusCode;
use data_encoding::BASE64URL_NOPAD;

use crate::api::{LoginRequest, LoginResponse, PasswordChange, ProblemCode, TokenView, WhoAmI};
use crate::domain::{AuditDraft, Role, ShortId};
use crate::port::{OperatorRecord, PasswordUse, Stamp, TokenRecord};

use crate::server::endpoint::Endpoint;
use crate::server::error::{Answer, ApiError};
use crate::server::extract::{Origin, body, json};
use crate::server::first_start;
use crate::server::frame::correlation;
use crate::server::identity::{Caller, token_digest};
use crate::server::write::Write;

const SESSION: Duration = Duration::from_secs(12 * 3600);

/// Logs an operator in. A one-time code asks for a new password at the same time.
#[cfg_attr(test, utoipa::path(post, path = "/api/v1/auth/login", request_body = LoginRequest, responses((status = 200, body = LoginResponse), (status = 401, body = crate::api::Problem), (status = 429, body = crate::api::Problem)), tag = "auth"))]
pub(super) async fn login(
    State(endpoint): State<Endpoint>,
    request: Request,
) -> Answer<Json<LoginResponse>> {
    let (parts, content) = request.into_parts();
    let address = Origin::of(&parts).address();
    let asked: LoginRequest = json(&body(content, 16 * 1024).await?)?;
    let attempt = endpoint
        .throttles()
        .login
        .attempt(address, &asked.operator)?;
    let record = endpoint.parts().operators.operator(&asked.operator).await?;
    let hash = record.as_ref().map(|r| r.password_hash.clone());
    // The same work for operators that do not exist.
    let right = endpoint
        .passwords()
        .verify(asked.password.trim_end_matches(['\r', '\n']), hash)
        .await?;
    let known = record.as_ref().map(|r| r.view.name.clone());
    let wrong = async {
        attempt.failed();
        endpoint.metrics().authentication_failures.up();
        note_failure(&endpoint, known).await;
        ApiError::new(
            ProblemCode::NotAuthenticated,
            "operator or password is wrong",
        )
    };
    let Some(record) = record.filter(|_| right) else {
        return Err(wrong.await);
    };
    let first = record.one_time;
    if first && asked.new_password.is_none() {
        return Err(ApiError::new(
            ProblemCode::Unprocessable,
            "this is a one-time code: it has to be replaced by a password now",
        )
        .next("callhome auth login asks for a new password"));
    }
    let replaced_by = match &asked.new_password {
        Some(new) => Some(endpoint.passwords().hash(new, endpoint.random()?).await?),
        None => None,
    };
    let (name, role) = (record.view.name.clone(), record.view.role);
    let stamp = Stamp {
        audit: Some(login_audit(
            &endpoint,
            &name,
            if first { "with the one-time code" } else { "" },
        )),
        ..Stamp::default()
    };
    let (token, view) = new_token(&endpoint, "session", role, &name, SESSION)?;
    let expires_at = view.expires_at;
    let session = TokenRecord {
        view,
        session: true,
        digest: token_digest(&token),
        bound_to: address
            .filter(|_| asked.bind_address)
            .map(|a| a.to_string()),
        made_with: None,
    };
    let used = PasswordUse {
        name: name.clone(),
        password_hash: record.password_hash,
        replaced_by,
        session: Some(session),
        keeps: None,
    };
    if !endpoint
        .parts()
        .operators
        .password_used(used, stamp)
        .await?
    {
        // Removed, or given another password, while this one was looked at.
        return Err(wrong.await);
    }
    if first {
        first_start::code_used(&endpoint);
    }
    Ok(Json(LoginResponse {
        token,
        expires_at,
        operator: name,
        role,
    }))
}

/// A token's text and how it is listed.
pub(super) fn new_token(
    endpoint: &Endpoint,
    name: &str,
    role: Role,
    created_by: &str,
    life: Duration,
) -> Answer<(String, TokenView)> {
    let now = endpoint.now();
    let token = format!("chs_{}", BASE64URL_NOPAD.encode(&endpoint.random::<32>()?));
    let view = TokenView {
        id: endpoint.new_id()?,
        name: name.to_owned(),
        role,
        created_by: created_by.to_owned(),
        created_at: now,
        expires_at: now.after(life),
        last_used: None,
    };
    Ok((token, view))
}

fn login_audit(endpoint: &Endpoint, name: &str, detail: &str) -> AuditDraft {
    AuditDraft {
        at: endpoint.now(),
        actor: format!("operator:{name}"),
        event: "login".into(),
        subject: String::new(),
        detail: detail.to_owned(),
        correlation: correlation(),
    }
}

async fn note_failure(endpoint: &Endpoint, known: Option<String>) {
    // What was typed as a name may be a password: only names that exist are repeated.
    let shown = known.as_deref().unwrap_or("unknown");
    if !endpoint.throttles().may_report(&format!("login:{shown}")) {
        return;
    }
    let mut entry = login_audit(endpoint, shown, "");
    entry.event = "login.failed".into();
    if let Err(error) = endpoint.ports().audit.append(entry).await {
        tracing::error!(%error, "an audit entry was not written");
    }
}

/// Ends the session in use.
#[cfg_attr(test, utoipa::path(post, path = "/api/v1/auth/logout", responses((status = 204), (status = 401, body = crate::api::Problem)), tag = "auth"))]
pub(super) async fn logout(
    State(endpoint): State<Endpoint>,
    write: Write<()>,
) -> Answer<StatusCode> {
    if let Some(id) = write.caller.token() {
        let stamp = Stamp {
            audit: Some(write.caller.audit(&endpoint, "logout", "", "")),
            ..Stamp::default()
        };
        endpoint.parts().tokens.revoke_token(id, stamp).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Changes one's own password. One's other sessions end.
#[cfg_attr(test, utoipa::path(post, path = "/api/v1/auth/password", request_body = PasswordChange, responses((status = 204), (status = 401, body = crate::api::Problem)), tag = "auth"))]
pub(super) async fn change_password(
    State(endpoint): State<Endpoint>,
    request: Request,
) -> Answer<StatusCode> {
    let write = Write::<PasswordChange>::from_request(request, &endpoint).await?;
    let name = write.caller.name();
    let attempt = endpoint
        .throttles()
        .login
        .attempt(write.caller.address(), name)?;
    let operators = &endpoint.parts().operators;
    let record: Option<OperatorRecord> = operators.operator(name).await?;
    let hash = record.as_ref().map(|r| r.password_hash.clone());
    let right = endpoint
        .passwords()
        .verify(&write.value.current, hash)
        .await?;
    let wrong = || {
        ApiError::new(
            ProblemCode::NotAuthenticated,
            "the current password is wrong, or this caller has none",
        )
    };
    let Some(record) = record.filter(|_| right) else {
        attempt.failed();
        return Err(wrong());
    };
    let new = endpoint
        .passwords()
        .hash(&write.value.new, endpoint.random()?)
        .await?;
    let stamp = Stamp {
        audit: Some(write.caller.audit(
            &endpoint,
            "password.change",
            &format!("operator:{name}"),
            "",
        )),
        ..Stamp::default()
    };
    let used = PasswordUse {
        name: name.to_owned(),
        password_hash: record.password_hash,
        replaced_by: Some(new),
        session: None,
        keeps: write.caller.token(),
    };
    match operators.password_used(used, stamp).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(wrong()),
    }
}

/// Says who is asking.
#[cfg_attr(test, utoipa::path(get, path = "/api/v1/auth/whoami", responses((status = 200, body = WhoAmI), (status = 401, body = crate::api::Problem)), tag = "auth"))]
pub(super) async fn whoami(caller: Caller) -> Json<WhoAmI> {
    Json(WhoAmI {
        operator: caller.name().to_owned(),
        role: caller.role(),
        expires_at: caller.expires_at(),
    })
}

/// The id of a token, for its subject in the audit trail.
pub(super) fn token_subject(id: ShortId) -> String {
    format!("token:{id}")
}
