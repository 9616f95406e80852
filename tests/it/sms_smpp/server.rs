use std::sync::Arc;
use std::time::Duration;

use callhome::api::ActionView;
use callhome::domain::ActionState;
use callhome::net::smpp_link::{SmppGateway, SmppSettings};
use callhome::server::GatewayInbox;
use callhome::sms::{Reply, ReplyStatus, SignedMessage, SmsKeys};
use reqwest::Method;
use serde_json::json;

use super::peer::{Centre, PATIENCE};
use crate::support::device::TestDevice;
use crate::support::server::{Setup, TestServer};

const NUMBER: &str = "+358401234567";

async fn until(
    server: &TestServer,
    action: &ActionView,
    what: &str,
    found: impl Fn(&ActionView) -> bool,
) -> ActionView {
    let asked = async {
        loop {
            let view: ActionView = server.get(&format!("/api/v1/actions/{}", action.id)).await;
            if found(&view) {
                return view;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, asked)
        .await
        .unwrap_or_else(|_| panic!("{what} did not come"))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_over_smpp_is_delivered_when_all_its_segments_are_and_done_when_the_phone_says_so()
 {
    let Some(mut centre) = Centre::start() else {
        return;
    };
    let inbox = Arc::new(GatewayInbox::new());
    let mut settings = SmppSettings::new("127.0.0.1", centre.port, "foo", "bar");
    settings.messages.from = "12345".to_owned();
    let gateway = SmppGateway::start(
        "smsc-1",
        settings,
        Vec::new(),
        Arc::clone(&inbox) as _,
        true,
    )
    .expect("set up");
    let server = TestServer::with(Setup {
        gateways: vec![Arc::new(gateway)],
        inbox: Some(inbox),
        ..Setup::default()
    })
    .await;
    let device = TestDevice::enrol(&server, "358931104120070").await;
    let no_data = json!({ "numbers": [NUMBER], "has_data": false }).to_string();
    let told = device.signed(&server, Method::PUT, "/agent/v1/registration", no_data);
    assert_eq!(told.send().await.expect("an answer").status(), 204);

    let text = "please%20call%20".repeat(20);
    let body = json!({ "device": device.enrolled.device, "action": format!("msg({text})") });
    let made: ActionView = server.post("/api/v1/actions", &body, 201).await;
    // Its number is verified meanwhile, with short texts of their own.
    let mut segment = || loop {
        let line = centre.next("text");
        if line["udh"][0].is_string() {
            return line;
        }
    };
    let first = segment();
    let segments = first["udh"][0].as_str().expect("long");
    let total = u8::from_str_radix(&segments[segments.len() - 4..segments.len() - 2], 16);
    let total = usize::from(total.expect("hexadecimal"));
    assert!(total > 2, "{segments}");
    let mut whole = first["text"].as_str().expect("text").to_owned();
    for _ in 1..total {
        whole.push_str(segment()["text"].as_str().expect("text"));
    }
    let delivered = |view: &ActionView| view.state == ActionState::Delivered;
    let view = until(&server, &made, "all receipts", delivered).await;
    let told: Vec<&str> = view
        .attempts
        .iter()
        .map(|a| a.outcome.as_str())
        .filter(|o| o.starts_with("receipt"))
        .collect();
    assert_eq!(
        told,
        ["receipt: delivered to the phone"],
        "once for all {total}"
    );

    // The phone answers by text message, through the same centre.
    let message = SignedMessage::parse(whole.as_bytes()).expect("put together by the test");
    let nonce = message.reply_nonce().expect("asked to reply");
    let keys = SmsKeys::derive(&device.secret);
    let reply = Reply::compose(nonce, vec![ReplyStatus::Ok(Vec::new())], &keys);
    centre.order(&json!({ "from": &NUMBER[1..], "to": "12345", "text": reply, "parts": 2 }));
    let done = |view: &ActionView| view.state == ActionState::Done;
    until(&server, &made, "the result", done).await;

    // One segment that will never arrive is told with the action, which stays open.
    centre.set(&json!({ "state": "UNDELIV" }));
    let body = json!({ "device": device.enrolled.device, "action": "rng(5)" });
    let made: ActionView = server.post("/api/v1/actions", &body, 201).await;
    let failed = |view: &ActionView| {
        view.attempts
            .iter()
            .any(|a| a.outcome == "receipt: not delivered" && !a.accepted)
    };
    let view = until(&server, &made, "the bad news", failed).await;
    assert_eq!(view.state, ActionState::Sent);
    server.stop().await;
}
