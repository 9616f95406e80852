//! Where system ids lead: customers' servers register here, devices ask here before they enrol.
//!
//! Who may register which system id is set in the configuration, by public key. Where it leads is stored, so that
//! devices are shown the way also right after a restart; customers tell it anew every minute.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::routing::put;
use axum::{Json, Router};

use crate::api::signature::{Algorithm, Params, from_signature_header};
use crate::api::{ProblemCode, RouteAnswer, RouteQuestion, RouteRegistration, VerifyingKey};
use crate::domain::{AuditDraft, SystemId};
use crate::port::{RouterDoor, Stamp};

use super::endpoint::Endpoint;
use super::error::{Answer, ApiError};
use super::evaluation;
use super::extract::{Origin, Place, body, json};
use super::frame::correlation;
use super::identity::{header_text, target_uri};

const LIMIT: usize = 64 * 1024;
/// How often a server tells its router where it is.
const ANNOUNCE: Duration = Duration::from_secs(60);
/// … and how soon again when the router did not take it.
const ANNOUNCE_AGAIN: Duration = Duration::from_secs(5);

/// A server that may register a system id here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// Its system id.
    pub system_id: SystemId,
    /// Its public key.
    pub key: VerifyingKey,
}

/// The routes of customers' servers.
pub(super) fn router() -> Router<Endpoint> {
    Router::new().route("/customers/{system_id}", put(register))
}

/// Takes where a customer's server is. Unknown system ids and wrong signatures are one.
async fn register(
    State(endpoint): State<Endpoint>,
    Place(system_id): Place<SystemId>,
    request: Request,
) -> Answer<Json<RouteAnswer>> {
    let (parts, content) = request.into_parts();
    let address = Origin::of(&parts).address();
    endpoint.throttles().enrol.admit(address)?;
    let body = body(content, LIMIT).await?;
    let now = endpoint.now();
    let text = |name: &str| header_text(&parts.headers, name);
    let refuse = |reason: &str| {
        endpoint.throttles().enrol.failed(address);
        endpoint.metrics().authentication_failures.up();
        if endpoint.throttles().may_report("router") {
            tracing::warn!(reason, "a registration of a system id was refused");
        }
        ApiError::authentication_failure()
    };
    let params = Params::from_input_header(text("signature-input"))
        .ok()
        .filter(|p| p.algorithm() == Algorithm::Ed25519)
        .ok_or_else(|| refuse("no readable signature"))?;
    let customers = &endpoint.settings().customers;
    let known = customers
        .iter()
        .find(|c| c.system_id == system_id && params.key_id() == system_id.to_string());
    // Some key for everybody: whether the system id is known does not show in the time taken.
    let key = known.map_or_else(
        || endpoint.settings().signing_key.verifying_key(),
        |c| c.key,
    );
    let digest = text("content-digest");
    let base = params.base(parts.method.as_str(), &target_uri(&parts), digest);
    let signature = from_signature_header(text("signature")).unwrap_or_default();
    let right = key.verify(base.as_bytes(), &signature);
    if !right || known.is_none() {
        return Err(refuse("unknown system id or wrong signature"));
    }
    if params.check(now, &body, digest).is_err() {
        return Err(refuse("stale or altered"));
    }
    let store = &*endpoint.parts().housekeeping;
    let signer = format!("customer:{system_id}");
    let nonces = endpoint.nonces();
    if !nonces
        .first_use(store, &signer, params.nonce(), now)
        .await?
    {
        return Err(refuse("replayed"));
    }
    let route: RouteRegistration = json(&body)?;
    if !route.server_url.starts_with("https://") {
        return Err(ApiError::new(
            ProblemCode::Unprocessable,
            "a server's address begins with https://",
        ));
    }
    let customers = &endpoint.parts().customers;
    let before = customers.customer(system_id).await?;
    let evaluation_until = before
        .as_ref()
        .and_then(|c| c.evaluation.as_ref())
        .map(|e| e.until);
    let stands = before
        .and_then(|c| c.route)
        .is_some_and(|(r, _)| r == route);
    if !stands {
        let stamp = Stamp {
            audit: Some(AuditDraft {
                at: now,
                actor: signer,
                event: "router.register".into(),
                subject: format!("system:{system_id}"),
                detail: route.server_url.clone(),
                correlation: correlation(),
            }),
            ..Stamp::default()
        };
        customers.save_route(system_id, route, now, stamp).await?;
    }
    Ok(Json(RouteAnswer { evaluation_until }))
}

/// Tells a device where it enrols. A system id that nobody registered gets the answer of a wrong code.
#[cfg_attr(test, utoipa::path(post, path = "/agent/v1/enrol/server", request_body = RouteQuestion, responses((status = 200, body = RouteRegistration), (status = 401, body = crate::api::Problem), (status = 403, body = crate::api::Problem), (status = 429, body = crate::api::Problem)), tag = "agent"))]
pub(super) async fn directions(
    State(endpoint): State<Endpoint>,
    request: Request,
) -> Answer<Json<RouteRegistration>> {
    let (parts, content) = request.into_parts();
    let address = Origin::of(&parts).address();
    endpoint.throttles().enrol.admit(address)?;
    let asked: RouteQuestion = json(&body(content, LIMIT).await?)?;
    let settings = endpoint.settings();
    if asked.system_id == settings.system_id
        && let Some(own) = own(&endpoint)
    {
        return Ok(Json(own));
    }
    let known = endpoint.parts().customers.customer(asked.system_id).await?;
    // One whose key was taken out of the configuration is shown to nobody any more.
    let trusted = settings
        .customers
        .iter()
        .any(|c| c.system_id == asked.system_id);
    let known = known.filter(|_| trusted);
    match known.and_then(|c| Some((c.route?.0, c.evaluation))) {
        Some((route, evaluation)) => {
            evaluation::check(evaluation.as_ref(), endpoint.now())?;
            Ok(Json(route))
        }
        None => {
            endpoint.throttles().enrol.failed(address);
            endpoint.metrics().authentication_failures.up();
            Err(ApiError::new(
                ProblemCode::AuthenticationFailure,
                "no server is registered under this system id",
            )
            .next("compare it with the invitation, or ask who sent it"))
        }
    }
}

fn own(endpoint: &Endpoint) -> Option<RouteRegistration> {
    let https = endpoint.ports().home.https.as_ref()?;
    Some(RouteRegistration {
        server_url: https.url(),
        ca_pem: endpoint.settings().ca_pem.clone(),
    })
}

/// Keeps this server's system id registered with its router until the endpoint stops.
pub async fn announce(endpoint: Endpoint, router: Arc<dyn RouterDoor>) {
    let Some(registration) = own(&endpoint) else {
        return;
    };
    let mut heard = true;
    loop {
        let told = router.register(&registration).await;
        match (&told, heard) {
            (Ok(answer), _) => {
                tracing::debug!("registered with the router");
                evaluation::told_by_router(&endpoint, answer).await;
            }
            (Err(error), true) => {
                tracing::warn!(%error, "the router did not take this server's registration; it is tried again");
            }
            (Err(_), false) => {}
        }
        heard = told.is_ok();
        let pause = if heard { ANNOUNCE } else { ANNOUNCE_AGAIN };
        tokio::select! {
            () = endpoint.stopping().cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}
