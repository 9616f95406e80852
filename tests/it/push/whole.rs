//! A phone that only a push service reaches: server, service, and the session that follows.

use std::time::{Duration, Instant};

use callhome::api::{ActionView, CallbackState, CallbackView, Device, RungState};
use callhome::domain::{ActionState, Bearer};
use reqwest::Method;
use serde_json::{Value, json};

use super::peer::{PATIENCE, StandIn};
use super::{apns, fcm};
use crate::support::device::TestDevice;
use crate::support::server::{Setup, TestServer, answer};

const IMEI: &str = "358931104120070";

async fn told(phone: &TestDevice, server: &TestServer, push: &[&str]) {
    let body = json!({ "numbers": [], "has_data": true, "push": push }).to_string();
    let request = phone.signed(server, Method::PUT, "/agent/v1/registration", body);
    let status = request.send().await.expect("an answer").status();
    assert!(status.is_success(), "{status}");
}

/// Waits for what a service saw without holding up the server in this process.
async fn saw(peer: &std::sync::Arc<StandIn>) -> Value {
    let peer = std::sync::Arc::clone(peer);
    tokio::task::spawn_blocking(move || peer.saw())
        .await
        .expect("a request")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_is_called_over_push_and_calls_home() {
    let google = std::sync::Arc::new(StandIn::start("fcm"));
    let apple = std::sync::Arc::new(StandIn::start("apns"));
    let server = TestServer::with(Setup {
        push: vec![fcm(&google), apns(&apple)],
        ..Setup::default()
    })
    .await;
    let phone = TestDevice::enrol(&server, IMEI).await;
    let device = phone.enrolled.device;
    // One token has ended, the other serves.
    told(
        &phone,
        &server,
        &["apns:unregistered1", "fcm:dGVzdC10b2tlbg"],
    )
    .await;

    let asked: CallbackView = server
        .post("/api/v1/callbacks", &json!({ "device": device }), 202)
        .await;
    assert_eq!(saw(&apple).await["token"], "unregistered1");
    let push = saw(&google).await;
    assert_eq!(push["request_id"], asked.id.to_string());
    let body = json!({ "request_id": push["request_id"] }).to_string();
    let session = phone.signed(&server, Method::POST, "/agent/v1/session", body);
    let opened: Value = answer(session, 200).await;
    assert!(opened["session"].is_string(), "{opened}");

    let path = format!("/api/v1/callbacks/{}", asked.id);
    let started = Instant::now();
    let called = loop {
        let view: CallbackView = server.get(&path).await;
        let answered = view.rungs.iter().all(|r| r.state != RungState::Trying);
        if view.state == CallbackState::CalledBack && answered {
            break view;
        }
        assert!(started.elapsed() < PATIENCE, "{view:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let rungs: Vec<_> = called
        .rungs
        .iter()
        .map(|r| (r.bearer, r.target.as_str(), r.state))
        .collect();
    assert_eq!(
        rungs,
        [
            (
                Bearer::Push,
                "apns:unre…red1 through main",
                RungState::Missed
            ),
            (
                Bearer::Push,
                "fcm:dGVz…tlbg through main",
                RungState::Accepted
            ),
        ]
    );
    assert_eq!(
        called.rungs[0].outcome,
        "main says that this token has ended: Unregistered"
    );
    assert!(
        called.rungs[1].messages[0]
            .text
            .contains("contact-me, request"),
        "{:?}",
        called.rungs[1].messages
    );
    // The token that ended is forgotten, and the trail says why.
    let known: Device = server.get(&format!("/api/v1/devices/{device}")).await;
    assert_eq!(known.push.len(), 1);
    assert_eq!(known.push[0].service(), "fcm");
    let trail: Value = server.get("/api/v1/audit?limit=100").await;
    let trail = trail.to_string();
    assert!(
        trail.contains("push.ended") && !trail.contains("unregistered1"),
        "{trail}"
    );

    // An action takes the same way: one push, then the session hands it out.
    let made: ActionView = server
        .post(
            "/api/v1/actions",
            &json!({ "device": device, "action": "loc(1)", "via": "push" }),
            201,
        )
        .await;
    assert_eq!(saw(&google).await["request_id"], made.id.to_string());
    let session = phone.session(&server).await;
    assert_eq!(session.actions.len(), 1);
    // The session may have been faster than the service's answer.
    let path = format!("/api/v1/actions/{}", made.id);
    let started = Instant::now();
    loop {
        let view: ActionView = server.get(&path).await;
        assert_eq!(view.state, ActionState::Delivered);
        if let Some(sent) = view.attempts.iter().find(|a| a.bearer == Bearer::Push) {
            assert!(sent.accepted, "{sent:?}");
            break;
        }
        assert!(started.elapsed() < PATIENCE, "{view:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    server.stop().await;
}
