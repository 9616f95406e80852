//! `/agent/v1`: what devices say. Every request but the enrolment is signed.

pub(super) mod backups;
pub(super) mod enrol;
pub(super) mod numbers;
pub(super) mod registration;
pub(super) mod report;
pub(super) mod results;
pub(super) mod session;

use axum::Router;
use axum::routing::{get, post, put};

use super::endpoint::Endpoint;

/// The routes of devices.
pub(super) fn router() -> Router<Endpoint> {
    Router::new()
        .route("/enrol", post(enrol::enrol))
        .route("/enrol/server", post(super::customers::directions))
        .route("/registration", put(registration::register))
        .route("/numbers", post(numbers::confirm))
        .route("/session", post(session::open))
        .route("/results", post(results::take))
        .route("/actions/{sequence}", get(session::action))
        .route("/backups/{id}", get(backups::show))
        .route(
            "/backups/{id}/{kind}/{name}",
            get(backups::get).put(backups::put),
        )
        .route("/report", post(report::report))
}
