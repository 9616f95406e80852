use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use crate::api::{NewToken, ProblemCode, TokenSecret, TokenView};
use crate::domain::{Permission, ShortId};
use crate::port::{StoreError, TokenRecord};

use crate::server::endpoint::Endpoint;
use crate::server::error::{Answer, ApiError};
use crate::server::extract::Place;
use crate::server::identity::{Caller, token_digest};
use crate::server::write::Write;

use super::auth::{new_token, token_subject};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Lists live service tokens.
#[cfg_attr(test, utoipa::path(get, path = "/api/v1/tokens", responses((status = 200, body = Vec<TokenView>)), tag = "auth"))]
pub(super) async fn list(
    State(endpoint): State<Endpoint>,
    caller: Caller,
) -> Answer<Json<Vec<TokenView>>> {
    caller.require(Permission::Administer)?;
    Ok(Json(endpoint.parts().tokens.tokens(endpoint.now()).await?))
}

/// Makes a service token for scripts. Its text is shown this once.
#[cfg_attr(test, utoipa::path(post, path = "/api/v1/tokens", request_body = NewToken, responses((status = 201, body = TokenSecret), (status = 403, body = crate::api::Problem)), tag = "auth"))]
pub(super) async fn create(
    State(endpoint): State<Endpoint>,
    write: Write<NewToken>,
) -> Answer<(StatusCode, Json<TokenSecret>)> {
    write.require(Permission::Administer)?;
    let asked = &write.value;
    if asked.role > write.caller.role() {
        return Err(ApiError::new(
            ProblemCode::Forbidden,
            "a token cannot do more than whoever makes it",
        ));
    }
    if !(1..=366).contains(&asked.valid_days) || !super::operators::is_name(&asked.name) {
        return Err(ApiError::new(
            ProblemCode::Unprocessable,
            "a token has a name of 1 to 32 of a-z 0-9 . _ - and lives 1 to 366 days",
        ));
    }
    let maker = write.caller.service_token();
    let mut life = DAY * asked.valid_days;
    if let Some(end) = write.caller.expires_at().filter(|_| maker.is_some()) {
        // It cannot outlive the token that makes it.
        life = life.min(end.since(endpoint.now()));
    }
    let (token, view) = new_token(
        &endpoint,
        &asked.name,
        asked.role,
        write.caller.name(),
        life,
    )?;
    let detail = format!(
        "{} for {} days as {}",
        asked.name, asked.valid_days, asked.role
    );
    let record = TokenRecord {
        view: view.clone(),
        session: false,
        digest: token_digest(&token),
        bound_to: asked.bind_address.clone(),
        made_with: maker,
    };
    let stamp = write.stamp(&endpoint, "token.create", &token_subject(view.id), detail);
    match endpoint.parts().tokens.save_token(record, stamp).await {
        Err(StoreError::AlreadyDone(_)) => Err(ApiError::new(
            ProblemCode::Conflict,
            "this token was made before, and its text is shown only once",
        )
        .next("callhome auth token list, then revoke it and make a new one")),
        done => {
            done?;
            Ok((StatusCode::CREATED, Json(TokenSecret { view, token })))
        }
    }
}

/// Ends a service token.
#[cfg_attr(test, utoipa::path(delete, path = "/api/v1/tokens/{id}", params(("id" = String, Path)), responses((status = 204), (status = 404, body = crate::api::Problem)), tag = "auth"))]
pub(super) async fn revoke(
    State(endpoint): State<Endpoint>,
    Place(id): Place<ShortId>,
    write: Write<()>,
) -> Answer<StatusCode> {
    write.require(Permission::Administer)?;
    let stamp = write.stamp(&endpoint, "token.revoke", &token_subject(id), "");
    match endpoint.parts().tokens.revoke_token(id, stamp).await {
        Err(StoreError::AlreadyDone(_)) => {}
        done => done?,
    }
    Ok(StatusCode::NO_CONTENT)
}
