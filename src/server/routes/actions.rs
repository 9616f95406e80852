use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use crate::api::{ActionRequest, ActionView, ActionsRequest, Page, ProblemCode};
use crate::domain::{Action, ActionKind, ActionState, Bearer, Consent, Permission, ShortId};
use crate::flow::{self, ActError, ActOrder, TogetherOrder};
use crate::port::{ActionFilter, PageOf};

use crate::server::endpoint::Endpoint;
use crate::server::error::{Answer, ApiError};
use crate::server::evaluation;
use crate::server::extract::{Place, Words};
use crate::server::frame::correlation;
use crate::server::identity::Caller;
use crate::server::write::Write;

/// Filters of the action list.
#[derive(Debug, serde::Deserialize)]
pub(super) struct ListWords {
    device: Option<ShortId>,
    state: Option<String>,
    name: Option<String>,
    cursor: Option<String>,
    limit: Option<u32>,
}

/// Which server's action.
#[derive(Debug, serde::Deserialize)]
pub(super) struct WhereWords {
    server: Option<String>,
}

/// How to try again.
#[derive(Debug, Default, serde::Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(super) struct RetryRequest {
    /// Only over this bearer.
    via: Option<Bearer>,
}

/// Who may have a device do this.
pub(super) fn permission(action: &Action) -> Permission {
    match action.kind() {
        Some(ActionKind::Wipe | ActionKind::Reset) => Permission::Administer,
        Some(
            ActionKind::Audit
            | ActionKind::Locate
            | ActionKind::Lock
            | ActionKind::Unlock
            | ActionKind::Backup
            | ActionKind::Restore
            | ActionKind::CallHome
            | ActionKind::Ring
            | ActionKind::Message
            | ActionKind::Log
            | ActionKind::Register
            | ActionKind::Refresh,
        ) => Permission::Operate,
        _ => Permission::Engineer,
    }
}

/// The consent in a request that was checked: the one place where the endpoint makes one.
pub(in crate::server) fn consent(
    risks: &[crate::domain::Risk],
    reason: Option<&String>,
) -> Option<Consent> {
    (!risks.is_empty()).then(|| Consent::given(risks.iter().copied(), reason.cloned()))
}

/// Asks that a device do something.
#[cfg_attr(test, utoipa::path(post, path = "/api/v1/actions", request_body = ActionRequest, responses((status = 201, body = ActionView), (status = 403, body = crate::api::Problem), (status = 409, body = crate::api::Problem)), tag = "actions"))]
pub(super) async fn create(
    State(endpoint): State<Endpoint>,
    write: Write<ActionRequest>,
) -> Answer<(StatusCode, Json<ActionView>)> {
    write.require(permission(&write.value.action))?;
    evaluation::admit_action(&endpoint, &write.value.action).await?;
    let order = ActOrder {
        consent: consent(&write.value.accept_risk, write.value.reason.as_ref()),
        operator: write.caller.name().to_owned(),
        idempotency: write.flow_key(),
        correlation: correlation(),
        request: write.value,
    };
    let view = flow::create(endpoint.ports(), order).await?;
    Ok((StatusCode::CREATED, Json(view)))
}

/// Asks that a device do several things in order: all of them are asked for, or none.
#[cfg_attr(test, utoipa::path(post, path = "/api/v1/actions/together", request_body = ActionsRequest, responses((status = 201, body = Vec<ActionView>), (status = 403, body = crate::api::Problem), (status = 409, body = crate::api::Problem)), tag = "actions"))]
pub(super) async fn create_together(
    State(endpoint): State<Endpoint>,
    write: Write<ActionsRequest>,
) -> Answer<(StatusCode, Json<Vec<ActionView>>)> {
    write.require(Permission::Operate)?;
    for action in &write.value.actions {
        write.require(permission(action))?;
        evaluation::admit_action(&endpoint, action).await?;
    }
    let order = TogetherOrder {
        consent: consent(&write.value.accept_risk, write.value.reason.as_ref()),
        operator: write.caller.name().to_owned(),
        idempotency: write.flow_key(),
        correlation: correlation(),
        request: write.value,
    };
    let views = flow::create_together(endpoint.ports(), order).await?;
    Ok((StatusCode::CREATED, Json(views)))
}

/// Lists actions, newest first. `state` takes several, separated by commas.
#[cfg_attr(test, utoipa::path(get, path = "/api/v1/actions", params(("device" = Option<String>, Query), ("state" = Option<String>, Query), ("name" = Option<String>, Query), ("cursor" = Option<String>, Query), ("limit" = Option<u32>, Query)), responses((status = 200, body = Page<ActionView>)), tag = "actions"))]
pub(super) async fn list(
    State(endpoint): State<Endpoint>,
    caller: Caller,
    Words(words): Words<ListWords>,
) -> Answer<Json<Page<ActionView>>> {
    caller.require(Permission::Read)?;
    let states = words
        .state
        .as_deref()
        .unwrap_or_default()
        .split(',')
        .filter(|s| !s.is_empty())
        .map(str::parse::<ActionState>)
        .collect::<Result<_, _>>()
        .map_err(ApiError::invalid)?;
    let filter = ActionFilter {
        device: words.device,
        states,
        name: words.name,
    };
    let page = PageOf {
        cursor: words.cursor,
        limit: words.limit.unwrap_or(100).clamp(1, 1000),
    };
    Ok(Json(endpoint.ports().actions.actions(filter, page).await?))
}

/// One action; with `?server=` one at a peer.
#[cfg_attr(test, utoipa::path(get, path = "/api/v1/actions/{id}", params(("id" = String, Path), ("server" = Option<String>, Query)), responses((status = 200, body = ActionView), (status = 404, body = crate::api::Problem)), tag = "actions"))]
pub(super) async fn show(
    State(endpoint): State<Endpoint>,
    caller: Caller,
    Place(id): Place<ShortId>,
    Words(words): Words<WhereWords>,
) -> Answer<Json<ActionView>> {
    caller.require(Permission::Read)?;
    let ports = endpoint.ports();
    if let Some(peer) = words.server.filter(|s| s != endpoint.name()) {
        let peers = ports
            .peers
            .as_ref()
            .ok_or_else(|| ActError::NoSuchPeer(peer.clone()))?;
        let view = peers
            .action(&peer, id)
            .await
            .map_err(|source| ActError::Peer {
                peer,
                source: Box::new(source),
            })?;
        return Ok(Json(view));
    }
    let view = ports.actions.action(id).await?;
    view.map(Json)
        .ok_or_else(|| ApiError::not_found(format_args!("action {id}")))
}

/// Withdraws an action that the device cannot have: it was at most asked to call.
#[cfg_attr(test, utoipa::path(post, path = "/api/v1/actions/{id}/cancel", params(("id" = String, Path)), responses((status = 200, body = ActionView), (status = 409, body = crate::api::Problem)), tag = "actions"))]
pub(super) async fn cancel(
    State(endpoint): State<Endpoint>,
    Place(id): Place<ShortId>,
    write: Write<()>,
) -> Answer<Json<ActionView>> {
    allowed(&endpoint, &write.caller, id).await?;
    let caller = write.caller.for_flow();
    Ok(Json(flow::cancel(endpoint.ports(), id, caller).await?))
}

/// Tries an open action again now.
#[cfg_attr(test, utoipa::path(post, path = "/api/v1/actions/{id}/retry", params(("id" = String, Path)), request_body = Option<RetryRequest>, responses((status = 200, body = ActionView), (status = 409, body = crate::api::Problem)), tag = "actions"))]
pub(super) async fn retry(
    State(endpoint): State<Endpoint>,
    Place(id): Place<ShortId>,
    write: Write<Option<RetryRequest>>,
) -> Answer<Json<ActionView>> {
    allowed(&endpoint, &write.caller, id).await?;
    let via = write.value.as_ref().and_then(|r| r.via);
    if via == Some(Bearer::Session) {
        return Err(ApiError::new(
            ProblemCode::Unprocessable,
            "a session is opened by the device; it cannot be sent over",
        )
        .next("use --via sip-direct, sip-proxy, push or sms"));
    }
    let caller = write.caller.for_flow();
    Ok(Json(flow::retry(endpoint.ports(), id, via, caller).await?))
}

/// Whoever may ask for an action may also withdraw and repeat it.
async fn allowed(endpoint: &Endpoint, caller: &Caller, id: ShortId) -> Answer<()> {
    caller.require(Permission::Operate)?;
    let view = endpoint.ports().actions.action(id).await?;
    let view = view.ok_or_else(|| ApiError::not_found(format_args!("action {id}")))?;
    caller.require(permission(&view.action))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_admins_wipe_and_clerks_may_what_helps_at_the_desk() {
        for (text, needed) in [
            ("wip()", Permission::Administer),
            ("rst()", Permission::Administer),
            ("lck(x)", Permission::Operate),
            ("ulk()", Permission::Operate),
            ("cal()", Permission::Operate),
            ("put(a,b,c)", Permission::Engineer),
            ("zzz()", Permission::Engineer),
        ] {
            assert_eq!(permission(&text.parse().expect(text)), needed, "{text}");
        }
    }
}
