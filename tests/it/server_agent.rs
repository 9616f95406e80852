use std::time::Duration;

use callhome::api::{EnrolResponse, Page, Problem, enrolment_proof};
use callhome::domain::{AuditEntry, DeviceId, DeviceSecret, Purpose};
use data_encoding::HEXLOWER;
use reqwest::Method;
use serde_json::Value;

use crate::support::device::{TestDevice, enrolment, invite, random};
use crate::support::server::{Setup, TestServer, answer, now};

const IMEI: &str = "358931104120070";
const SESSION: &str = "/agent/v1/session";

async fn refusal(request: reqwest::RequestBuilder) -> Value {
    let mut problem: Value = answer(request, 401).await;
    // The one part that differs from request to request.
    problem["correlation"] = Value::Null;
    problem
}

#[tokio::test]
async fn every_wrong_signature_gets_the_same_answer() {
    let server = TestServer::start().await;
    let device = TestDevice::enrol(&server, IMEI).await;
    let stranger = TestDevice {
        system: device.system,
        id: DeviceId::from_random(random()),
        secret: DeviceSecret::from_bytes(random()),
        enrolled: device.enrolled.clone(),
    };
    let elsewhere = TestDevice {
        system: "123456789X".parse().expect("a system id"),
        id: device.id,
        secret: device.secret.clone(),
        enrolled: device.enrolled.clone(),
    };
    let impostor = TestDevice {
        system: device.system,
        id: device.id,
        secret: DeviceSecret::from_bytes(random()),
        enrolled: device.enrolled.clone(),
    };
    let used = device.signed_at(&server, Method::POST, SESSION, "{}", now(), "n-1");
    let _session: Value = answer(used, 200).await;
    let long_ago = now().before(Duration::from_secs(301));
    let ahead = now().after(Duration::from_secs(301));
    let cases = [
        (
            "unknown",
            stranger.signed(&server, Method::POST, SESSION, "{}"),
        ),
        (
            "system id of another server",
            elsewhere.signed(&server, Method::POST, SESSION, "{}"),
        ),
        (
            "wrong key",
            impostor.signed(&server, Method::POST, SESSION, "{}"),
        ),
        (
            "replayed",
            device.signed_at(&server, Method::POST, SESSION, "{}", now(), "n-1"),
        ),
        (
            "stale",
            device.signed_at(&server, Method::POST, SESSION, "{}", long_ago, "n-2"),
        ),
        (
            "from the future",
            device.signed_at(&server, Method::POST, SESSION, "{}", ahead, "n-3"),
        ),
        (
            "altered body",
            device
                .signed(&server, Method::POST, SESSION, "{}")
                .body("{ }"),
        ),
        (
            "other method",
            device.signed(&server, Method::PUT, SESSION, "{}"),
        ),
        ("unsigned", server.network(Method::POST, SESSION).body("{}")),
    ];
    let expected = refusal(server.network(Method::POST, SESSION)).await;
    assert_eq!(expected["code"], "authentication-failure");
    for (name, request) in cases {
        if name == "other method" {
            let there = request.send().await.expect("an answer");
            assert_eq!(there.status(), 405, "{name}");
        } else {
            assert_eq!(refusal(request).await, expected, "{name}");
        }
    }
    let told: Page<AuditEntry> = server.get("/api/v1/audit?limit=200").await;
    let own = format!("device:{}", device.enrolled.device);
    let reasons: Vec<&str> = told
        .items
        .iter()
        .filter(|e| e.draft.event == "device.refused" && e.draft.actor == own)
        .map(|e| e.draft.detail.as_str())
        .collect();
    assert!(
        reasons.contains(&"system id of another server"),
        "{reasons:?}"
    );
    // Wrong ones never stop right ones from working.
    assert!(device.session(&server).await.actions.is_empty());

    // A server that was stopped in between knows what was used before.
    let dir = Some(server.stop().await);
    let server = TestServer::with(Setup {
        dir,
        ..Setup::default()
    })
    .await;
    let again = device.signed_at(&server, Method::POST, SESSION, "{}", now(), "n-1");
    assert_eq!(refusal(again).await, expected);
    let fresh = device.signed_at(&server, Method::POST, SESSION, "{}", now(), "n-9");
    let _session: Value = answer(fresh, 200).await;
    server.stop().await;
}

#[tokio::test]
async fn a_code_lets_in_one_device_even_when_many_try_at_once() {
    let server = TestServer::start().await;
    let invitation = invite(&server, 1).await;
    let tries = (0..12).map(|_| {
        let (id, secret) = (
            DeviceId::from_random(random()),
            DeviceSecret::from_bytes(random()),
        );
        let body = enrolment(&invitation, id, &secret, IMEI);
        server
            .network(Method::POST, "/agent/v1/enrol")
            .json(&body)
            .send()
    });
    let mut let_in = 0;
    for outcome in futures_util::future::join_all(tries).await {
        match outcome.expect("an answer").status().as_u16() {
            200 => let_in += 1,
            401 => {}
            other => panic!("{other}"),
        }
    }
    assert_eq!(let_in, 1);
    server.stop().await;
}

#[tokio::test]
async fn a_known_identity_comes_back_only_with_proof_or_an_operators_word() {
    let server = TestServer::start().await;
    let device = TestDevice::enrol(&server, IMEI).await;
    let (id, secret) = (
        DeviceId::from_random(random()),
        DeviceSecret::from_bytes(random()),
    );
    let enrol = |body: &Value| server.network(Method::POST, "/agent/v1/enrol").json(body);

    let invitation = invite(&server, 1).await;
    let mut body = enrolment(&invitation, id, &secret, IMEI);
    let problem: Problem = answer(enrol(&body), 401).await;
    assert!(problem.next.contains("device invite"), "{problem:?}");

    body["proof"] = HEXLOWER.encode(&[0; 32]).into();
    let _wrong: Problem = answer(enrol(&body), 401).await;

    let key = device.secret.key(Purpose::Http);
    body["proof"] = enrolment_proof(&key, id).into();
    body["code"] = serde_json::to_value(&invite(&server, 1).await.codes[0]).expect("a code");
    let again: EnrolResponse = answer(enrol(&body), 200).await;
    assert_eq!(again.device, device.enrolled.device);
    assert_eq!(again.epoch, device.enrolled.epoch + 1);

    // The old secret is worth nothing now.
    refusal(device.signed(&server, Method::POST, SESSION, "{}")).await;

    let path = "/api/v1/invitations";
    let asked = serde_json::json!({ "count": 1, "device": again.device });
    let personal: callhome::api::Invitation = server.post(path, &asked, 201).await;
    let id = DeviceId::from_random(random());
    let body = enrolment(&personal, id, &secret, IMEI);
    let third: EnrolResponse = answer(enrol(&body), 200).await;
    assert_eq!(third.epoch, again.epoch + 1);
    server.stop().await;
}

#[tokio::test]
async fn guessing_codes_is_slowed_down_and_says_so() {
    let server = TestServer::start().await;
    let invitation = invite(&server, 1).await;
    let (id, secret) = (
        DeviceId::from_random(random()),
        DeviceSecret::from_bytes(random()),
    );
    let mut body = enrolment(&invitation, id, &secret, IMEI);
    body["code"] = "00000-00000".into();
    let mut refused = None;
    for _ in 0..200 {
        let response = server
            .network(Method::POST, "/agent/v1/enrol")
            .json(&body)
            .send()
            .await
            .expect("an answer");
        if response.status() == 429 {
            refused = response.headers().get("retry-after").cloned();
            break;
        }
        assert_eq!(response.status(), 401);
    }
    assert!(refused.is_some(), "200 guesses were let through");
    server.stop().await;
}

#[tokio::test]
async fn a_wrong_system_id_and_a_wrong_code_are_answered_alike_and_noted() {
    let server = TestServer::start().await;
    let invitation = invite(&server, 1).await;
    let (id, secret) = (
        DeviceId::from_random(random()),
        DeviceSecret::from_bytes(random()),
    );
    let right = enrolment(&invitation, id, &secret, IMEI);
    let mut wrong_code = right.clone();
    wrong_code["code"] = "00000-00000".into();
    let mut wrong_system = right.clone();
    wrong_system["system_id"] = "0306406152".into();
    let enrol = |body: &Value| server.network(Method::POST, "/agent/v1/enrol").json(body);
    let answer_to_code = refusal(enrol(&wrong_code)).await;
    assert_eq!(refusal(enrol(&wrong_system)).await, answer_to_code);
    let entries: callhome::api::Page<callhome::domain::AuditEntry> =
        server.get("/api/v1/audit?limit=100").await;
    let noted = entries
        .items
        .iter()
        .filter(|e| e.draft.event == "device.enrol-refused")
        .count();
    assert_eq!(noted, 2);
    // Neither used the code up.
    let _let_in: EnrolResponse = answer(enrol(&right), 200).await;
    server.stop().await;
}

#[tokio::test]
async fn a_device_whose_answer_was_lost_asks_again_and_gets_it() {
    let server = TestServer::start().await;
    let invitation = invite(&server, 1).await;
    let (id, secret) = (
        DeviceId::from_random(random()),
        DeviceSecret::from_bytes(random()),
    );
    let body = enrolment(&invitation, id, &secret, IMEI);
    let enrol = |body: &Value| server.network(Method::POST, "/agent/v1/enrol").json(body);
    let first: EnrolResponse = answer(enrol(&body), 200).await;
    let again: EnrolResponse = answer(enrol(&body), 200).await;
    assert_eq!(again, first);
    // Somebody who saw the code, but not the secret, gets nothing for it.
    let mut thief = enrolment(&invitation, id, &DeviceSecret::from_bytes(random()), IMEI);
    refusal(enrol(&thief)).await;
    thief["device_id"] = DeviceId::from_random(random()).to_string().into();
    refusal(enrol(&thief)).await;
    server.stop().await;
}

#[tokio::test]
async fn a_backup_goes_up_and_comes_back_only_to_its_own_device() {
    let server = TestServer::start().await;
    let device = TestDevice::enrol(&server, IMEI).await;
    let other = TestDevice::enrol(&server, "490154203237518").await;
    let path = "/agent/v1/backups/4t9wz0kc/documents/Plan%202026.txt";
    let put = device.signed(&server, Method::PUT, path, "the plan");
    let receipt: Value = answer(put, 200).await;
    assert_eq!(receipt["size_bytes"], 8);
    let get = |device: &TestDevice| device.signed(&server, Method::GET, path, "").send();
    let own = get(&device).await.expect("an answer");
    assert_eq!(own.text().await.expect("text"), "the plan");
    assert_eq!(get(&other).await.expect("an answer").status(), 404);
    let item: String = server
        .local(
            Method::GET,
            "/api/v1/backups/4t9wz0kc/items/documents/Plan%202026.txt",
        )
        .send()
        .await
        .expect("an answer")
        .text()
        .await
        .expect("text");
    assert_eq!(item, "the plan");
    server.stop().await;
}

#[tokio::test]
async fn nobody_is_listened_to_before_it_is_known_who_speaks() {
    let server = TestServer::start().await;
    let device = TestDevice::enrol(&server, IMEI).await;
    let stranger = TestDevice {
        system: device.system,
        id: DeviceId::from_random(random()),
        secret: DeviceSecret::from_bytes(random()),
        enrolled: device.enrolled.clone(),
    };
    let large = vec![b' '; 200 * 1024];
    // A stranger does not even learn that it is too much.
    refusal(stranger.signed(&server, Method::POST, SESSION, large.clone())).await;
    let own = device.signed(&server, Method::POST, SESSION, large.clone());
    let problem: Problem = answer(own, 413).await;
    assert!(problem.detail.contains("65536"), "{problem:?}");
    // Where more is expected, more is taken.
    let item = "/agent/v1/backups/4t9wz0kc/documents/plan.txt";
    let put = device.signed(&server, Method::PUT, item, large);
    let receipt: Value = answer(put, 200).await;
    assert_eq!(receipt["size_bytes"], 200 * 1024);
    server.stop().await;
}
