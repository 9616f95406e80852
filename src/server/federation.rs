//! `/federation/v1/{destination}/…`: what other servers ask.
//!
//! A caller is let in when its certificate was issued by the authority of the peer whose
//! name it signs under, the signature holds for that peer's key, is fresh and unused, and
//! names this server as its destination. The devices here are acted on only by this
//! server; who asked over there, why and under which ticket goes into the audit trail.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use sha2::{Digest as _, Sha256};

use crate::api::signature::{Algorithm, Params, from_signature_header};
use crate::api::{
    ActionView, CallbackView, Device, Hello, HelloAnswer, PeerFind, PinView, ProblemCode,
};
use crate::domain::{AuditDraft, Identity, ShortId};
use crate::flow::{self, ActOrder, IdempotencyKey};
use crate::port::{
    ActionFilter, DeviceFilter, PageOf, RemoteAction, RemoteCallback, RemotePins, Stamp,
};

use super::endpoint::Endpoint;
use super::error::{Answer, ApiError};
use super::evaluation;
use super::extract::{Origin, Place, body, json};
use super::frame::correlation;
use super::identity::{header_text, target_uri};
use super::routes::{ask_callback, callback_anywhere, consent};

const LIMIT: usize = 64 * 1024;
const SHORTEST_NONCE: usize = 32;

/// The routes of peers.
pub(super) fn router() -> Router<Endpoint> {
    Router::new()
        .route("/{destination}/hello", post(hello))
        .route("/{destination}/find", post(find))
        .route("/{destination}/actions", post(act))
        .route("/{destination}/actions/{id}", get(action))
        .route("/{destination}/pins", post(pins))
        .route("/{destination}/callbacks", post(call))
        .route("/{destination}/callbacks/{id}", get(callback))
}

/// A request that a peer signed for this server.
struct FromPeer {
    peer: String,
    body: Bytes,
}

impl FromRequest<Endpoint> for FromPeer {
    type Rejection = ApiError;

    async fn from_request(request: Request, endpoint: &Endpoint) -> Answer<Self> {
        let (parts, content) = request.into_parts();
        let body = body(content, LIMIT).await?;
        let now = endpoint.now();
        let text = |name: &str| header_text(&parts.headers, name);
        let refuse = |reason: &str| {
            endpoint.metrics().authentication_failures.up();
            if endpoint.throttles().may_report("federation") {
                tracing::warn!(reason, "a peer's request was refused");
            }
            ApiError::authentication_failure()
        };
        let params = Params::from_input_header(text("signature-input"))
            .ok()
            .filter(|p| p.algorithm() == Algorithm::Ed25519)
            .ok_or_else(|| refuse("no readable signature"))?;
        let digest = text("content-digest");
        let settings = endpoint.settings();
        let peer = settings
            .peer_trust
            .iter()
            .find(|peer| peer.name == params.key_id())
            .ok_or_else(|| refuse("unknown peer"))?;
        let Origin::Network { certificates, .. } = Origin::of(&parts) else {
            return Err(refuse("not over the network"));
        };
        if !settings
            .acquaintances
            .vouches(&peer.name, &certificates, now)
        {
            return Err(refuse("certificate of somebody else"));
        }
        let uri = target_uri(&parts);
        let signature = from_signature_header(text("signature")).unwrap_or_default();
        let base = params.base(parts.method.as_str(), &uri, digest);
        if !peer.key.verify(base.as_bytes(), &signature) {
            return Err(refuse("wrong signature"));
        }
        if params.check(now, &body, digest).is_err() {
            return Err(refuse("stale or altered"));
        }
        let destination = uri
            .split("/federation/v1/")
            .nth(1)
            .and_then(|rest| rest.split('/').next());
        if destination != Some(endpoint.name()) {
            return Err(refuse("meant for another server"));
        }
        let signer = format!("peer:{}", peer.name);
        let store = &*endpoint.parts().housekeeping;
        let nonces = endpoint.nonces();
        if !nonces
            .first_use(store, &signer, params.nonce(), now)
            .await?
        {
            return Err(refuse("replayed"));
        }
        Ok(Self {
            peer: peer.name.clone(),
            body,
        })
    }
}

impl FromPeer {
    fn audit(
        &self,
        endpoint: &Endpoint,
        event: &str,
        subject: String,
        detail: String,
    ) -> AuditDraft {
        AuditDraft {
            at: endpoint.now(),
            actor: format!("peer:{}", self.peer),
            event: event.to_owned(),
            subject,
            detail,
            correlation: correlation(),
        }
    }
}

/// Shows that this server holds its key.
async fn hello(State(endpoint): State<Endpoint>, from: FromPeer) -> Answer<Json<HelloAnswer>> {
    let hello: Hello = json(&from.body)?;
    if !(SHORTEST_NONCE..=128).contains(&hello.nonce.len()) {
        return Err(ApiError::invalid("a nonce has 32 to 128 characters"));
    }
    let key = &endpoint.settings().signing_key;
    Ok(Json(HelloAnswer::to(
        &from.peer,
        &hello,
        endpoint.name(),
        key,
    )))
}

/// Says whether this server holds the device.
async fn find(State(endpoint): State<Endpoint>, from: FromPeer) -> Answer<Json<Device>> {
    let asked: PeerFind = json(&from.body)?;
    let filter = DeviceFilter {
        identity: Some(Identity::Imei(asked.imei)),
        ..DeviceFilter::default()
    };
    let page = PageOf {
        cursor: None,
        limit: 1,
    };
    let mut found = endpoint.ports().devices.devices(filter, page).await?;
    let device = found.items.pop().ok_or_else(|| {
        ApiError::new(
            ProblemCode::NotFound,
            "this server does not hold that device",
        )
    })?;
    let subject = format!("device:{}", device.id);
    let entry = from.audit(&endpoint, "federation.found", subject, String::new());
    endpoint.ports().audit.append(entry).await?;
    Ok(Json(device))
}

/// Has a device of this server do something for a peer's operator.
async fn act(
    State(endpoint): State<Endpoint>,
    from: FromPeer,
) -> Answer<(StatusCode, Json<ActionView>)> {
    let RemoteAction {
        mut request,
        operator,
        key,
    } = json(&from.body)?;
    // One hop only: a peer cannot have us ask a third server.
    request.server = None;
    let told = format!(
        "{} for {operator} at {}; reason: {}; ticket: {}",
        request.action.name(),
        from.peer,
        request.reason.as_deref().unwrap_or("none"),
        request.ticket.as_deref().unwrap_or("none"),
    );
    evaluation::admit_action(&endpoint, &request.action).await?;
    let subject = format!("device:{}", request.device);
    let entry = from.audit(&endpoint, "federation.action", subject, told);
    endpoint.ports().audit.append(entry).await?;
    let order = ActOrder {
        consent: consent(&request.accept_risk, request.reason.as_ref()),
        operator: format!("{operator}@{}", from.peer),
        idempotency: Some(IdempotencyKey {
            key: format!("peer:{}:{key}", from.peer),
            digest: Sha256::digest(&from.body).into(),
        }),
        correlation: correlation(),
        request,
    };
    let view = flow::create(endpoint.ports(), order).await?;
    Ok((StatusCode::CREATED, Json(view)))
}

/// How an action that a peer asked for goes on. Of other actions it learns nothing.
async fn action(
    State(endpoint): State<Endpoint>,
    Place((_destination, id)): Place<(String, ShortId)>,
    from: FromPeer,
) -> Answer<Json<ActionView>> {
    let view = endpoint.ports().actions.action(id).await?;
    let theirs = format!("@{}", from.peer);
    view.filter(|view| view.operator.ends_with(&theirs))
        .map(Json)
        .ok_or_else(|| ApiError::not_found(format_args!("action {id}")))
}

/// Reveals the PINs of the locks that the peer's operators asked for; those of others are no business of theirs.
async fn pins(State(endpoint): State<Endpoint>, from: FromPeer) -> Answer<Json<Vec<PinView>>> {
    let asked: RemotePins = json(&from.body)?;
    let filter = ActionFilter {
        device: Some(asked.device),
        name: Some("lck".to_owned()),
        ..ActionFilter::default()
    };
    let page = PageOf {
        cursor: None,
        limit: 1_000,
    };
    let locks = endpoint.ports().actions.actions(filter, page).await?;
    let theirs = format!("@{}", from.peer);
    let locks = locks.items.into_iter();
    let locks: Vec<ShortId> = locks
        .filter(|lock| lock.operator.ends_with(&theirs))
        .map(|lock| lock.id)
        .collect();
    if locks.is_empty() {
        return Err(ApiError::new(
            ProblemCode::NotFound,
            format!(
                "{} never locked that device: whoever did can show its PIN at {}",
                from.peer,
                endpoint.name()
            ),
        ));
    }
    let told = format!(
        "for {} at {}; reason: {}; ticket: {}",
        asked.operator,
        from.peer,
        asked.reason.as_deref().unwrap_or("none"),
        asked.ticket.as_deref().unwrap_or("none"),
    );
    let subject = format!("device:{}", asked.device);
    let stamp = Stamp {
        audit: Some(from.audit(&endpoint, "pin.reveal", subject, told)),
        ..Stamp::default()
    };
    let mut pins = endpoint.parts().pins.pins(asked.device, stamp).await?;
    pins.retain(|pin| locks.contains(&pin.action));
    Ok(Json(pins))
}

/// Has a device of this server call an application server for a peer's operator.
async fn call(
    State(endpoint): State<Endpoint>,
    from: FromPeer,
) -> Answer<(StatusCode, Json<CallbackView>)> {
    let RemoteCallback {
        mut request,
        operator,
        key,
    } = json(&from.body)?;
    // One hop only: this server reaches the device itself.
    request.server = Some(endpoint.name().to_owned());
    let told = format!(
        "for {operator} at {}; reason: {}",
        from.peer,
        request.reason.as_deref().unwrap_or("none"),
    );
    let subject = format!("device:{}", request.device);
    let entry = from.audit(&endpoint, "federation.callback", subject, told);
    endpoint.ports().audit.append(entry).await?;
    let caller = flow::Caller {
        operator: format!("{operator}@{}", from.peer),
        correlation: correlation(),
    };
    let key = IdempotencyKey {
        key: format!("peer:{}:{key}", from.peer),
        digest: Sha256::digest(&from.body).into(),
    };
    let view = ask_callback(&endpoint, request, caller, Some(key)).await?;
    Ok((StatusCode::CREATED, Json(view)))
}

/// How a callback that a peer asked for goes on. Of others it learns nothing.
async fn callback(
    State(endpoint): State<Endpoint>,
    Place((_destination, id)): Place<(String, ShortId)>,
    from: FromPeer,
) -> Answer<Json<CallbackView>> {
    let view = callback_anywhere(&endpoint, id, None).await?;
    if view.operator.ends_with(&format!("@{}", from.peer)) {
        return Ok(Json(view));
    }
    Err(ApiError::not_found(format_args!("callback {id}")))
}
