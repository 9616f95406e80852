use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use crate::api::{NewOperator, Operator, ProblemCode};
use crate::domain::Permission;
use crate::port::{OperatorRecord, StoreError};

use crate::server::endpoint::Endpoint;
use crate::server::error::{Answer, ApiError};
use crate::server::extract::Place;
use crate::server::identity::Caller;
use crate::server::write::Write;

/// Whether a text can be an operator's or a token's name.
pub(super) fn is_name(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b))
}

/// Lists operators.
#[cfg_attr(test, utoipa::path(get, path = "/api/v1/operators", responses((status = 200, body = Vec<Operator>)), tag = "operators"))]
pub(super) async fn list(
    State(endpoint): State<Endpoint>,
    caller: Caller,
) -> Answer<Json<Vec<Operator>>> {
    caller.require(Permission::Administer)?;
    Ok(Json(endpoint.parts().operators.operators().await?))
}

/// Adds an operator, or changes role or password of one.
#[cfg_attr(test, utoipa::path(put, path = "/api/v1/operators/{name}", params(("name" = String, Path)), request_body = NewOperator, responses((status = 200, body = Operator), (status = 422, body = crate::api::Problem)), tag = "operators"))]
pub(super) async fn put(
    State(endpoint): State<Endpoint>,
    Place(name): Place<String>,
    write: Write<NewOperator>,
) -> Answer<Json<Operator>> {
    write.require(Permission::Administer)?;
    let asked = &write.value;
    let reserved = matches!(name.as_str(), "local");
    if name != asked.name || !is_name(&name) || reserved {
        return Err(ApiError::new(
            ProblemCode::Unprocessable,
            "an operator's name is 1 to 32 of a-z 0-9 . _ - (not \"local\"), the same in the address and the body",
        ));
    }
    let operators = &endpoint.parts().operators;
    let known = operators.operator(&name).await?;
    let stamp = write.stamp(
        &endpoint,
        "operator.save",
        &format!("operator:{name}"),
        format!("role {}", asked.role),
    );
    let mut view = Operator {
        name: name.clone(),
        role: asked.role,
        created_at: endpoint.now(),
        last_login: None,
    };
    if let Some(known) = &known {
        (view.created_at, view.last_login) = (known.view.created_at, known.view.last_login);
    }
    let saved = match (&asked.password, known) {
        (Some(password), _) => {
            let password_hash = endpoint
                .passwords()
                .hash(password, endpoint.random()?)
                .await?;
            let record = OperatorRecord {
                view: view.clone(),
                password_hash,
                one_time: false,
            };
            operators.save_operator(record, stamp).await
        }
        (None, Some(_)) => {
            let changed = operators.change_role(&name, asked.role, stamp).await;
            changed.map(|changed| view = changed)
        }
        (None, None) => {
            return Err(ApiError::new(
                ProblemCode::Unprocessable,
                "a new operator needs a first password",
            ));
        }
    };
    match saved {
        Err(StoreError::AlreadyDone(_)) => {}
        done => done?,
    }
    Ok(Json(view))
}

/// Removes an operator and ends their sessions.
#[cfg_attr(test, utoipa::path(delete, path = "/api/v1/operators/{name}", params(("name" = String, Path)), responses((status = 204), (status = 404, body = crate::api::Problem)), tag = "operators"))]
pub(super) async fn remove(
    State(endpoint): State<Endpoint>,
    Place(name): Place<String>,
    write: Write<()>,
) -> Answer<StatusCode> {
    write.require(Permission::Administer)?;
    let stamp = write.stamp(
        &endpoint,
        "operator.remove",
        &format!("operator:{name}"),
        "",
    );
    match endpoint
        .parts()
        .operators
        .delete_operator(&name, stamp)
        .await
    {
        Err(StoreError::AlreadyDone(_)) => {}
        done => done?,
    }
    Ok(StatusCode::NO_CONTENT)
}
