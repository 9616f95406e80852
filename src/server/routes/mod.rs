//! `/api/v1`: what operators ask, one resource per file.

mod actions;
mod audit;
mod auth;
mod backups;
mod callbacks;
mod customers;
mod devices;
mod events;
mod finding;
mod health;
mod invitations;
mod openapi;
mod operators;
mod phone_event;
mod resolve;
mod server;
mod sms;
mod templates;
mod tokens;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{delete, get, post, put};
use tower_http::catch_panic::CatchPanicLayer;

use super::customers as as_router;
use super::endpoint::Endpoint;
use super::{agent, federation, frame, gateway, invitation, soap};

pub(super) use actions::consent;
pub(super) use backups::find as find_backup;
pub(super) use callbacks::{ask as ask_callback, show_anywhere as callback_anywhere};
pub(super) use invitations::code_digest;
pub(super) use resolve::named as named_devices;

/// Everything that the endpoint answers, for HTTPS and the local socket alike.
pub fn router(endpoint: Endpoint) -> Router {
    let api = Router::new()
        .route("/auth/login", post(auth::login))
        .route("/auth/logout", post(auth::logout))
        .route("/auth/password", post(auth::change_password))
        .route("/auth/whoami", get(auth::whoami))
        .route("/tokens", get(tokens::list).post(tokens::create))
        .route("/tokens/{id}", delete(tokens::revoke))
        .route("/operators", get(operators::list))
        .route(
            "/operators/{name}",
            put(operators::put).delete(operators::remove),
        )
        .route("/devices", get(devices::list).post(devices::create))
        .route("/devices/resolve", get(resolve::resolve))
        .route(
            "/devices/{id}",
            get(devices::show)
                .patch(devices::edit)
                .delete(devices::remove),
        )
        .route("/devices/{id}/log", get(devices::log))
        .route("/devices/{id}/pin", post(devices::pin))
        .route("/devices/{id}/event", post(phone_event::tell))
        .route("/devices/{id}/verify", post(devices::verify))
        .route("/devices/{id}/backups", get(backups::of_device))
        .route("/invitations", post(invitations::create))
        .route("/actions", get(actions::list).post(actions::create))
        .route("/actions/together", post(actions::create_together))
        .route("/actions/{id}", get(actions::show))
        .route("/actions/{id}/cancel", post(actions::cancel))
        .route("/actions/{id}/retry", post(actions::retry))
        .route("/callbacks", get(callbacks::list).post(callbacks::create))
        .route("/callbacks/{id}", get(callbacks::show))
        .route("/callbacks/{id}/called-back", post(callbacks::called_back))
        .route("/events", get(events::watch))
        .route("/backups/{id}", get(backups::show))
        .route("/backups/{id}/items/{kind}/{name}", get(backups::item))
        .route("/find", post(finding::find))
        .route("/probe/{device}", post(finding::probe))
        .route("/audit", get(audit::list))
        .route("/audit/verify", get(audit::verify))
        .route("/audit/checkpoint", post(audit::checkpoint))
        .route("/sms/sign", post(sms::sign))
        .route("/sms/verify", post(sms::verify))
        .route("/sms/send", post(sms::send))
        .route("/sms/gateways", get(sms::gateways))
        .route("/sms/gateways/{name}/test", post(sms::test_gateway))
        .route("/sms/{id}", get(sms::status))
        .route("/templates", get(templates::list))
        .route(
            "/templates/{name}",
            put(templates::put).delete(templates::remove),
        )
        .route("/customers", get(customers::list))
        .route(
            "/customers/{system_id}/evaluation",
            put(customers::evaluate).delete(customers::convert),
        )
        .route("/server", get(server::status))
        .route("/server/backup", post(server::backup));
    Router::new()
        .nest("/api/v1", api)
        .nest("/agent/v1", agent::router())
        .nest("/gateway/v1", gateway::router())
        .nest("/federation/v1", federation::router())
        .nest("/soap", soap::router())
        .nest("/router/v1", as_router::router())
        .route("/join", get(invitation::page))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .route("/openapi.json", get(openapi::document))
        .layer(CatchPanicLayer::custom(frame::panicked))
        .layer(from_fn_with_state(endpoint.clone(), frame::frame))
        .with_state(endpoint)
}
