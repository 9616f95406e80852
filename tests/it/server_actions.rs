use callhome::api::{ActionView, Device, PinView, Problem, ProblemCode};
use callhome::domain::ActionState;
use callhome::sms::{SignedMessage, SmsKeys, Version};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::device::TestDevice;
use crate::support::server::{TestServer, answer};

const IMEI: &str = "358931104120070";

fn lock(device: &TestDevice) -> Value {
    json!({
        "device": device.enrolled.device,
        "action": "lck(Please%20call%20IT)",
        "reason": "stolen in Lund",
        "ticket": "INC-4471",
        "accept_risk": ["lock"],
    })
}

fn result(sequence: &str, action: &str, status: &str) -> String {
    format!(
        r#"<result xmlns="urn:callhome:result:1" sequence="{sequence}" action="{action}" status="{status}" at="2026-11-20T14:02:11.043Z"/>"#
    )
}

#[tokio::test]
async fn a_lock_goes_from_the_request_through_a_session_to_its_result() {
    let server = TestServer::start().await;
    let device = TestDevice::enrol(&server, IMEI).await;
    let made: ActionView = server.post("/api/v1/actions", &lock(&device), 201).await;
    assert!(!made.state.is_final());

    let session = device.session(&server).await;
    assert_eq!(session.actions.len(), 1);
    let keys = SmsKeys::derive(&device.secret);
    let text = SignedMessage::parse(session.actions[0].text.as_bytes())
        .expect("an action string")
        .verify(&keys, Version::V2)
        .expect("the server signed it");
    assert_eq!(text.message().actions(), std::slice::from_ref(&made.action));

    let xml = result(&made.sequence.to_string(), "lck", "done");
    let path = format!("/agent/v1/results?session={}", session.session);
    for _ in 0..2 {
        let taken = device
            .signed(&server, Method::POST, &path, xml.clone())
            .send()
            .await
            .expect("an answer");
        assert_eq!(taken.status(), 204);
    }
    let ended: ActionView = server.get(&format!("/api/v1/actions/{}", made.id)).await;
    assert_eq!(ended.state, ActionState::Done);
    let seen: Device = server
        .get(&format!("/api/v1/devices/{}", device.enrolled.device))
        .await;
    assert!(seen.lock.locked);
    assert_eq!(seen.lock.ticket.as_deref(), Some("INC-4471"));
    assert!(device.session(&server).await.actions.is_empty());
    server.stop().await;
}

#[tokio::test]
async fn a_second_lock_is_refused_and_told_what_to_do() {
    let server = TestServer::start().await;
    let device = TestDevice::enrol(&server, IMEI).await;
    let _first: ActionView = server.post("/api/v1/actions", &lock(&device), 201).await;
    let problem: Problem = server.post("/api/v1/actions", &lock(&device), 409).await;
    assert_eq!(problem.code, ProblemCode::AlreadyLocked);
    assert!(problem.next.contains("callhome device"), "{problem:?}");
    server.stop().await;
}

#[tokio::test]
async fn the_same_idempotency_key_makes_one_action() {
    let server = TestServer::start().await;
    let device = TestDevice::enrol(&server, IMEI).await;
    let body = json!({ "device": device.enrolled.device, "action": "rng(10)" });
    let ask = |body: &Value| {
        server
            .local(Method::POST, "/api/v1/actions")
            .header("idempotency-key", "k-1")
            .json(body)
    };
    let first: ActionView = answer(ask(&body), 201).await;
    let again: ActionView = answer(ask(&body), 201).await;
    assert_eq!(first.id, again.id);
    let other = json!({ "device": device.enrolled.device, "action": "rng(11)" });
    let problem: Problem = answer(ask(&other), 422).await;
    assert_eq!(problem.code, ProblemCode::KeyReused);
    server.stop().await;
}

#[tokio::test]
async fn a_lock_without_the_accepted_risk_is_not_made() {
    let server = TestServer::start().await;
    let device = TestDevice::enrol(&server, IMEI).await;
    let body = json!({ "device": device.enrolled.device, "action": "lck()" });
    let problem: Problem = server.post("/api/v1/actions", &body, 403).await;
    assert_eq!(problem.code, ProblemCode::RiskNotAccepted);
    let list: Value = server.get("/api/v1/actions").await;
    assert_eq!(list["items"].as_array().map(Vec::len), Some(0));
    server.stop().await;
}

#[tokio::test]
async fn the_pin_is_there_before_the_phone_is_locked_and_each_reveal_is_in_the_trail() {
    let server = TestServer::start().await;
    let device = TestDevice::enrol(&server, IMEI).await;
    let made: ActionView = server.post("/api/v1/actions", &lock(&device), 201).await;
    let path = format!("/api/v1/devices/{}/pin", device.enrolled.device);
    let pins: Vec<PinView> = server
        .post(&path, &json!({ "reason": "owner is here" }), 200)
        .await;
    assert_eq!(pins.len(), 1);
    assert_eq!(pins[0].action, made.id);
    assert_eq!(
        pins[0].pin,
        callhome::sms::unlock_pin(&device.secret, made.sequence)
    );
    let trail: Value = server.get("/api/v1/audit?limit=1000").await;
    let reveals: Vec<_> = trail["items"]
        .as_array()
        .expect("entries")
        .iter()
        .filter(|e| e["event"] == "pin.reveal")
        .collect();
    assert_eq!(reveals.len(), 1);
    assert!(!reveals[0].to_string().contains(&pins[0].pin));
    server.stop().await;
}

#[tokio::test]
async fn a_session_that_names_the_action_as_its_request_is_handed_it() {
    let server = TestServer::start().await;
    let device = TestDevice::enrol(&server, IMEI).await;
    let made: ActionView = server.post("/api/v1/actions", &lock(&device), 201).await;
    for request_id in [
        made.id.to_string(),
        format!("{}.2", made.id),
        "not ours".into(),
    ] {
        let body = json!({ "request_id": request_id }).to_string();
        let request = device.signed(&server, Method::POST, "/agent/v1/session", body);
        let session: Value = answer(request, 200).await;
        assert_eq!(
            session["actions"].as_array().map(Vec::len),
            Some(1),
            "{request_id}"
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn a_locked_device_is_not_forgotten_with_its_pins_unless_that_is_meant() {
    let server = TestServer::start().await;
    let device = TestDevice::enrol(&server, IMEI).await;
    let made: ActionView = server.post("/api/v1/actions", &lock(&device), 201).await;
    device.session(&server).await;
    let xml = result(&made.sequence.to_string(), "lck", "done");
    let told = device.signed(&server, Method::POST, "/agent/v1/results", xml);
    assert_eq!(told.send().await.expect("an answer").status(), 204);
    let path = format!("/api/v1/devices/{}", device.enrolled.device);
    let refused: Problem = answer(server.local(Method::DELETE, &path), 409).await;
    assert!(refused.detail.contains("PIN"), "{refused:?}");
    assert!(refused.next.contains("device unlock"), "{refused:?}");
    let meant = server.local(Method::DELETE, &format!("{path}?forget_pins=true"));
    assert_eq!(meant.send().await.expect("an answer").status(), 204);
    server.stop().await;
}
