use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use crate::api::{NewTemplate, ProblemCode, Template};
use crate::domain::Permission;
use crate::port::StoreError;

use crate::server::endpoint::Endpoint;
use crate::server::error::{Answer, ApiError};
use crate::server::extract::Place;
use crate::server::identity::Caller;
use crate::server::write::Write;

use super::operators::is_name;

/// Most actions of one list.
const MOST: usize = 16;
/// Most characters that say what it is for.
const ABOUT: usize = 200;

/// Lists saved lists of actions by name.
#[cfg_attr(test, utoipa::path(get, path = "/api/v1/templates", responses((status = 200, body = Vec<Template>)), tag = "templates"))]
pub(super) async fn list(
    State(endpoint): State<Endpoint>,
    caller: Caller,
) -> Answer<Json<Vec<Template>>> {
    caller.require(Permission::Read)?;
    Ok(Json(endpoint.parts().templates.templates().await?))
}

/// Saves a list of actions, in place of that with its name.
#[cfg_attr(test, utoipa::path(put, path = "/api/v1/templates/{name}", params(("name" = String, Path)), request_body = NewTemplate, responses((status = 200, body = Template), (status = 422, body = crate::api::Problem)), tag = "templates"))]
pub(super) async fn put(
    State(endpoint): State<Endpoint>,
    Place(name): Place<String>,
    write: Write<NewTemplate>,
) -> Answer<Json<Template>> {
    write.require(Permission::Engineer)?;
    let asked = &write.value;
    let unusable = |words: &str| Err(ApiError::new(ProblemCode::Unprocessable, words));
    if !is_name(&name) {
        return unusable("the name of a saved list is 1 to 32 of a-z 0-9 . _ -");
    }
    if !(1..=MOST).contains(&asked.actions.len()) {
        return unusable("a saved list has 1 to 16 actions");
    }
    let about = asked
        .about
        .as_deref()
        .map(str::trim)
        .filter(|t| !t.is_empty());
    if about.is_some_and(|t| t.chars().count() > ABOUT || t.chars().any(char::is_control)) {
        return unusable("what a saved list is for is one line of at most 200 characters");
    }
    let template = Template {
        name: name.clone(),
        about: about.map(str::to_owned),
        actions: asked.actions.clone(),
        saved_by: write.caller.name().to_owned(),
        saved_at: endpoint.now(),
    };
    let texts: Vec<String> = template.actions.iter().map(ToString::to_string).collect();
    let stamp = write.stamp(
        &endpoint,
        "template.save",
        &format!("template:{name}"),
        texts.join(" "),
    );
    match endpoint
        .parts()
        .templates
        .save_template(template.clone(), stamp)
        .await
    {
        Err(StoreError::AlreadyDone(_)) => {}
        done => done?,
    }
    Ok(Json(template))
}

/// Removes a saved list of actions.
#[cfg_attr(test, utoipa::path(delete, path = "/api/v1/templates/{name}", params(("name" = String, Path)), responses((status = 204), (status = 404, body = crate::api::Problem)), tag = "templates"))]
pub(super) async fn remove(
    State(endpoint): State<Endpoint>,
    Place(name): Place<String>,
    write: Write<()>,
) -> Answer<StatusCode> {
    write.require(Permission::Engineer)?;
    let stamp = write.stamp(
        &endpoint,
        "template.delete",
        &format!("template:{name}"),
        "",
    );
    match endpoint
        .parts()
        .templates
        .delete_template(&name, stamp)
        .await
    {
        Err(StoreError::AlreadyDone(_)) => {}
        done => done?,
    }
    Ok(StatusCode::NO_CONTENT)
}
