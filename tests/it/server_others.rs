use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use callhome::api::{ActionView, AuditVerdict, FindResponse, PeerOutcome, Problem};
use callhome::domain::{ActionState, DeviceSecret};
use callhome::host::{OsEntropy, SystemClock};
use callhome::net::federation::{FederationClient, PeerSettings};
use callhome::net::sip_link::{LinkOptions, SipLink};
use callhome::port::{BearerError, OutboundSms, SipSender as _, SmsAccepted, SmsGateway};
use callhome::sip::{Credentials, OutboundRequest, SipOutcome};
use callhome::sms::{Reply, ReplyStatus, SignedMessage, SmsKeys};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::server_contract::events;
use crate::support::device::{TestDevice, random};
use crate::support::server::{Setup, TestServer, answer, keys_of};

const IMEI: &str = "358931104120070";

/// A gateway that hands every text to the test.
struct Tap(mpsc::UnboundedSender<OutboundSms>);

#[async_trait]
impl SmsGateway for Tap {
    fn name(&self) -> &str {
        "tap"
    }

    async fn send(&self, sms: OutboundSms) -> Result<SmsAccepted, BearerError> {
        self.0.send(sms).expect("the test listens");
        Ok(SmsAccepted {
            answer: "0: Accepted for delivery".into(),
            reference: None,
        })
    }
}

#[tokio::test]
async fn a_text_goes_out_signed_and_its_reply_ends_the_action() {
    let (tap, mut texts) = mpsc::unbounded_channel();
    let server = TestServer::with(Setup {
        gateways: vec![Arc::new(Tap(tap))],
        gateway_doors: vec![("tap".into(), "planted-gateway-secret".into())],
        ..Setup::default()
    })
    .await;
    let device = TestDevice::enrol(&server, IMEI).await;
    let no_data = json!({ "numbers": ["+14085550137"], "has_data": false }).to_string();
    let told = device.signed(&server, Method::PUT, "/agent/v1/registration", no_data);
    assert_eq!(told.send().await.expect("an answer").status(), 204);

    let body = json!({ "device": device.enrolled.device, "action": "rng(5)" });
    let made: ActionView = server.post("/api/v1/actions", &body, 201).await;
    let sms = loop {
        let sms = tokio::time::timeout(Duration::from_secs(20), texts.recv())
            .await
            .expect("a text in time")
            .expect("a text");
        // Its number is verified meanwhile, with texts of their own.
        if sms.text.contains(" rng(5)") {
            break sms;
        }
    };
    let message = SignedMessage::parse(sms.text.as_bytes()).expect("an action string");
    let nonce = message
        .reply_nonce()
        .expect("a device without data is asked to reply");

    let keys = SmsKeys::derive(&device.secret);
    let forged = SmsKeys::derive(&DeviceSecret::from_bytes(random()));
    let call_in = |keys: &SmsKeys, secret: &str| {
        let text = Reply::compose(nonce, vec![ReplyStatus::Ok(Vec::new())], keys);
        server
            .network(Method::GET, &format!("/gateway/v1/tap/{secret}/mo"))
            .query(&[
                ("from", "+14085550137"),
                ("to", "callhome"),
                ("text", &text),
                ("id", "1"),
            ])
            .send()
    };
    let state = async || -> ActionState {
        let view: ActionView = server.get(&format!("/api/v1/actions/{}", made.id)).await;
        view.state
    };
    assert_eq!(
        call_in(&keys, "wrong").await.expect("an answer").status(),
        404
    );
    let discarded = call_in(&forged, "planted-gateway-secret")
        .await
        .expect("an answer");
    assert_eq!(discarded.status(), 200);
    assert_ne!(state().await, ActionState::Done);

    // The carrier's receipts: one that it waits changes nothing, one that it arrived does, a repeat adds nothing.
    for (kind, expected, told) in [
        ("4", ActionState::Sent, 0),
        ("16", ActionState::Sent, 1),
        ("1", ActionState::Delivered, 2),
        ("1", ActionState::Delivered, 2),
        ("2", ActionState::Delivered, 2),
    ] {
        let receipt = server
            .network(Method::GET, "/gateway/v1/tap/planted-gateway-secret/dlr")
            .query(&[("ref", made.id.to_string().as_str()), ("type", kind)])
            .send();
        assert_eq!(receipt.await.expect("an answer").status(), 200);
        let view: ActionView = server.get(&format!("/api/v1/actions/{}", made.id)).await;
        assert_eq!(view.state, expected, "{kind}");
        let receipts = |a: &&callhome::api::Attempt| a.outcome.starts_with("receipt: ");
        assert_eq!(
            view.attempts.iter().filter(receipts).count(),
            told,
            "{kind}"
        );
        let sent = &view.attempts[0];
        assert!(
            sent.messages[0].text.starts_with("SMS KME 2.00 "),
            "{sent:?}"
        );
        assert!(
            sent.messages[0].text.contains("................"),
            "{sent:?}"
        );
    }
    let taken = call_in(&keys, "planted-gateway-secret")
        .await
        .expect("an answer");
    assert_eq!(taken.status(), 200);
    assert_eq!(taken.text().await.expect("a body"), "");
    assert_eq!(state().await, ActionState::Done);
    server.stop().await;
}

#[tokio::test]
async fn a_device_registers_by_sip_with_its_own_password_only() {
    let server = TestServer::start().await;
    let device = TestDevice::enrol(&server, IMEI).await;
    let link =
        SipLink::open(LinkOptions::new(([127, 0, 0, 1], 0).into(), [3; 32])).expect("a socket");
    let aor = device.enrolled.aor.clone().expect("an address of record");
    let register = |password: &str| {
        let registrar = format!("sip:{}", server.sip()).parse().expect("a URI");
        let mut request = OutboundRequest::register(registrar, aor.parse().expect("a URI"), 3600);
        request.credentials = Some(Credentials::new(device.id.to_string(), password));
        link.send(request, Duration::from_secs(10))
    };
    let wrong = register("wrong").await.expect("an outcome");
    assert!(
        !matches!(wrong.outcome, SipOutcome::Delivered { .. }),
        "{wrong:?}"
    );
    let right = register(&device.secret.sip_password())
        .await
        .expect("an outcome");
    assert!(
        matches!(right.outcome, SipOutcome::Delivered { .. }),
        "{right:?}"
    );
    let path = format!("/api/v1/devices/{}", device.enrolled.device);
    let seen: callhome::api::Device = server.get(&path).await;
    assert_eq!(seen.bindings.len(), 1);
    assert_eq!(seen.bindings[0].aor, aor);
    link.close().await;
    server.stop().await;
}

/// Two servers that know each other; the second listens first, so that the first has its address.
pub(crate) async fn two_servers() -> (TestServer, TestServer) {
    let dirs = [(); 2].map(|()| tempfile::tempdir().expect("a scratch folder"));
    let (north, north_key) = keys_of(&dirs[0], "north");
    let (south, south_key) = keys_of(&dirs[1], "south");
    let [north_dir, south_dir] = dirs;
    let know = |name: &str,
                identity: &callhome::net::tls::ServerIdentity,
                key: &callhome::api::SigningKey| {
        (
            name.to_owned(),
            identity.ca_pem().to_owned(),
            key.verifying_key(),
        )
    };
    let second = TestServer::with(Setup {
        name: "south".into(),
        dir: Some(south_dir),
        known_peers: vec![know("north", &north, &north_key)],
        ..Setup::default()
    })
    .await;
    let south = PeerSettings {
        name: "south".into(),
        url: second.url.parse().expect("a URL"),
        ca_pem: south.ca_pem().to_owned(),
        key: south_key.verifying_key(),
    };
    let impostor = PeerSettings {
        name: "west".into(),
        key: north_key.verifying_key(),
        ..south.clone()
    };
    let client = FederationClient::new(
        "north",
        north_key,
        &north,
        Arc::new(SystemClock),
        Arc::new(OsEntropy),
        vec![south, impostor],
    )
    .expect("a client");
    let first = TestServer::with(Setup {
        name: "north".into(),
        dir: Some(north_dir),
        peers: Some(Arc::new(client)),
        ..Setup::default()
    })
    .await;
    (first, second)
}

#[tokio::test]
async fn a_device_of_a_peer_is_found_and_locked_through_it_and_both_trails_tell() {
    let (north, south) = two_servers().await;
    let device = TestDevice::enrol(&south, IMEI).await;
    let found: FindResponse = north
        .post("/api/v1/find", &json!({ "term": IMEI }), 200)
        .await;
    assert_eq!(found.found.len(), 1);
    assert_eq!(found.found[0].server, "south");
    // The one that is not who it is said to be is named as refusing.
    let west = found
        .peers
        .iter()
        .find(|p| p.server == "west")
        .expect("named");
    assert_eq!(west.outcome, PeerOutcome::Refused);

    let lock = json!({
        "device": found.found[0].device.id, "server": "south", "action": "lck(Found%20by%20north)",
        "reason": "stolen", "ticket": "INC-7", "accept_risk": ["lock"],
    });
    let made: ActionView = north.post("/api/v1/actions", &lock, 201).await;
    assert_eq!(made.server, "south");
    assert_eq!(device.session(&south).await.actions.len(), 1);
    let seen: ActionView = north
        .get(&format!("/api/v1/actions/{}?server=south", made.id))
        .await;
    assert_eq!(seen.state, ActionState::Delivered);
    let again: Problem = north.post("/api/v1/actions", &lock, 409).await;
    assert!(again.detail.contains("south"), "{again:?}");
    for server in [&north, &south] {
        let trail: Value = server.get("/api/v1/audit?limit=1000").await;
        let text = trail.to_string();
        assert!(text.contains("INC-7") && text.contains("stolen"), "{text}");
        let verdict: AuditVerdict = server.get("/api/v1/audit/verify").await;
        assert!(verdict.intact, "{verdict:?}");
    }
    north.stop().await;
    south.stop().await;
}

#[tokio::test]
async fn a_peer_without_its_certificate_is_nobody() {
    let (north, south) = two_servers().await;
    let request = south
        .network(Method::POST, "/federation/v1/south/find")
        .json(&json!({ "imei": IMEI }));
    let problem: Problem = answer(request, 401).await;
    assert_eq!(
        problem.code,
        callhome::api::ProblemCode::AuthenticationFailure
    );
    north.stop().await;
    south.stop().await;
}

#[tokio::test]
async fn parts_of_a_reply_that_come_by_http_wait_in_the_store_and_outlive_the_server() {
    const DOOR: &str = "planted-gateway-secret";
    let (tap, mut texts) = mpsc::unbounded_channel();
    let setup = |dir| Setup {
        dir,
        gateways: vec![Arc::new(Tap(tap.clone()))],
        gateway_doors: vec![("tap".into(), DOOR.into())],
        ..Setup::default()
    };
    let server = TestServer::with(setup(None)).await;
    let device = TestDevice::enrol(&server, IMEI).await;
    let no_data = json!({ "numbers": ["+14085550137"], "has_data": false }).to_string();
    let told = device.signed(&server, Method::PUT, "/agent/v1/registration", no_data);
    assert_eq!(told.send().await.expect("an answer").status(), 204);
    let body = json!({ "device": device.enrolled.device, "action": "rng(5)" });
    let made: ActionView = server.post("/api/v1/actions", &body, 201).await;
    let sms = loop {
        let sms = tokio::time::timeout(Duration::from_secs(20), texts.recv());
        let sms = sms.await.expect("a text in time").expect("a text");
        // Its number is verified meanwhile, with texts of their own.
        if sms.text.contains(" rng(5)") {
            break sms;
        }
    };
    let message = SignedMessage::parse(sms.text.as_bytes()).expect("an action string");
    let nonce = message.reply_nonce().expect("asked to reply");
    let words = ReplyStatus::Ok(vec!["x".repeat(200)]);
    let reply = Reply::compose(nonce, vec![words], &SmsKeys::derive(&device.secret));
    let (first, second) = reply.split_at(150);
    // As Kannel fills in %u; the reference is no text.
    let part = async |server: &TestServer, number: u8, text: &str| {
        let door = format!("/gateway/v1/tap/{DOOR}/mo?udh=%05%00%03%CC%02%{number:02X}");
        let words = [("from", "+14085550137"), ("to", "callhome"), ("text", text)];
        let told = server.network(Method::GET, &door).query(&words).send();
        assert_eq!(told.await.expect("an answer").status(), 200);
        let view: ActionView = server.get(&format!("/api/v1/actions/{}", made.id)).await;
        view.state
    };
    assert_ne!(part(&server, 2, second).await, ActionState::Done);
    let dir = server.stop().await;
    let server = TestServer::with(setup(Some(dir))).await;
    assert_eq!(part(&server, 1, first).await, ActionState::Done);
    // Whoever hands it over again changes nothing.
    assert_eq!(part(&server, 1, first).await, ActionState::Done);
    server.stop().await;
}

#[tokio::test]
async fn a_key_that_was_used_sends_signs_and_asks_nothing_twice() {
    let (tap, mut texts) = mpsc::unbounded_channel();
    let server = TestServer::with(Setup {
        gateways: vec![Arc::new(Tap(tap))],
        ..Setup::default()
    })
    .await;
    let device = TestDevice::enrol(&server, IMEI).await;
    let id = device.enrolled.device;
    // Its number is verified by itself, once.
    let asked = tokio::time::timeout(Duration::from_secs(20), texts.recv()).await;
    assert_eq!(
        asked.expect("in time").expect("a text").to.to_string(),
        "+14085550137"
    );
    let post = |path: &str, key: &str, body: &Value| {
        let request = server.local(Method::POST, path);
        request.header("idempotency-key", key).json(body)
    };

    let sign = json!({ "device": id, "text": "KME 2.00 00000000 aud() loc(1)" });
    let first: Value = answer(post("/api/v1/sms/sign", "s1", &sign), 200).await;
    let again: Value = answer(post("/api/v1/sms/sign", "s1", &sign), 200).await;
    assert_eq!(first, again, "the same text, the same numbers");
    let other: Value = answer(post("/api/v1/sms/sign", "s2", &sign), 200).await;
    assert_eq!(other["sequence"], "00000003");

    let send = json!({ "to": "+14085550199", "text": "hello" });
    let _sent: Value = answer(post("/api/v1/sms/send", "m1", &send), 200).await;
    let told: Problem = answer(post("/api/v1/sms/send", "m1", &send), 409).await;
    assert!(told.detail.contains("under the same key"), "{told:?}");
    assert!(told.next.contains("another key"), "{told:?}");
    let changed = json!({ "to": "+14085550199", "text": "good bye" });
    let _reused: Problem = answer(post("/api/v1/sms/send", "m1", &changed), 422).await;

    let ask = json!({ "number": "+14085550137" });
    let path = format!("/api/v1/devices/{id}/verify");
    for _ in 0..2 {
        let _asked: Value = answer(post(&path, "v1", &ask), 202).await;
    }
    server.stop().await;
    let mut to = Vec::new();
    while let Some(sms) = texts.recv().await {
        to.push(sms.to.to_string());
    }
    assert_eq!(to, ["+14085550199", "+14085550137"]);
}

#[tokio::test]
async fn a_text_that_its_gateway_hands_over_again_is_told_under_the_same_message_id() {
    const DOOR: &str = "planted-gateway-secret";
    let server = TestServer::with(Setup {
        gateway_doors: vec![("tap".into(), DOOR.into())],
        ..Setup::default()
    })
    .await;
    let hand_over = async |text: &str, id: Option<&str>| {
        let mut words = vec![("from", "+14085550137"), ("to", "12345"), ("text", text)];
        words.extend(id.map(|id| ("id", id)));
        let door = format!("/gateway/v1/tap/{DOOR}/mo");
        let told = server.network(Method::GET, &door).query(&words).send();
        assert_eq!(told.await.expect("an answer").status(), 200);
    };
    let keys = SmsKeys::derive(&DeviceSecret::from_bytes([7; 32]));
    let nonce = "00112233aabbccdd".parse().expect("a nonce");
    let reply = Reply::compose(nonce, vec![ReplyStatus::Ok(Vec::new())], &keys);
    for (text, id) in [
        ("hello", Some("k-1")),
        ("hello", Some("k-1")),
        ("hello", Some("k-2")),
        ("hello", None),
        (&reply, None),
        (&reply, Some("k-3")),
    ] {
        hand_over(text, id).await;
    }
    let path = "/api/v1/events?after=0&kind=message.received";
    let told = events(server.local(Method::GET, path), 6).await;
    let ids: Vec<_> = told.iter().map(|e| e.data["message_id"].as_str()).collect();
    let of_reply = Some("reply:00112233aabbccdd");
    assert_eq!(
        ids,
        [
            Some("tap:k-1"),
            Some("tap:k-1"),
            Some("tap:k-2"),
            None,
            of_reply,
            of_reply
        ]
    );
    server.stop().await;
}
