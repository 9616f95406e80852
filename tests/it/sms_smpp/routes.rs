use std::sync::Arc;
use std::time::Duration;

use callhome::api::ActionView;
use callhome::net::smpp_link::{SmppGateway, SmppSettings};
use callhome::port::{SmsGateway, SmsInbox};
use callhome::server::GatewayInbox;
use reqwest::Method;
use serde_json::{Value, json};

use super::peer::{Centre, PATIENCE};
use crate::support::device::TestDevice;
use crate::support::server::{Setup, TestServer};

/// A gateway over a centre, for numbers with these prefixes.
fn gateway(
    name: &str,
    port: u16,
    prefixes: &[&str],
    inbox: &Arc<GatewayInbox>,
) -> Arc<dyn SmsGateway> {
    let mut settings = SmppSettings::new("127.0.0.1", port, "foo", "bar");
    settings.messages.from = "12345".to_owned();
    let prefixes = prefixes.iter().map(|p| (*p).to_owned()).collect();
    let inbox = Arc::clone(inbox) as Arc<dyn SmsInbox>;
    let gateway = SmppGateway::start(name, settings, prefixes, inbox, true);
    Arc::new(gateway.expect("set up"))
}

async fn server(gateways: Vec<Arc<dyn SmsGateway>>, inbox: Arc<GatewayInbox>) -> TestServer {
    let setup = Setup {
        gateways,
        inbox: Some(inbox),
        ..Setup::default()
    };
    TestServer::with(setup).await
}

async fn send(server: &TestServer, to: &str, text: &str) -> Value {
    let body = json!({ "to": to, "text": text });
    server.post("/api/v1/sms/send", &body, 200).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_longest_prefix_of_a_number_decides_and_others_go_to_the_default() {
    let (Some(mut finland), Some(mut mobile), Some(mut world)) =
        (Centre::start(), Centre::start(), Centre::start())
    else {
        return;
    };
    let inbox = Arc::new(GatewayInbox::new());
    // The default is configured first: the order does not count against a prefix.
    let gateways = vec![
        gateway("world", world.port, &[], &inbox),
        gateway("finland", finland.port, &["+358", "+372"], &inbox),
        gateway("mobile", mobile.port, &["+35840"], &inbox),
    ];
    let server = server(gateways, inbox).await;
    for (number, name) in [
        ("+358401234567", "mobile"),
        ("+358501234567", "finland"),
        ("+37251234567", "finland"),
        ("+14085550137", "world"),
        ("+35711234567", "world"),
    ] {
        let centre = match name {
            "mobile" => &mut mobile,
            "finland" => &mut finland,
            _ => &mut world,
        };
        let sent = send(&server, number, name).await;
        assert_eq!(sent["gateway"], name, "{number}: {sent}");
        let arrived = centre.next("text");
        assert_eq!(
            (&arrived["to"], &arrived["text"]),
            (&json!(number[1..]), &json!(name))
        );
    }
    // A fallback is the next that fits, never one that does not serve the number.
    drop(mobile);
    let sent = send(&server, "+358401234567", "fallback").await;
    assert_eq!(sent["gateway"], "finland");
    assert_eq!(finland.next("text")["text"], "fallback");
    assert_eq!(world.all("text"), Vec::<Value>::new());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_goes_to_the_next_gateway_and_its_timeline_says_which_took_it() {
    let (Some(gone), Some(mut busy), Some(mut last)) =
        (Centre::start(), Centre::start(), Centre::start())
    else {
        return;
    };
    // The first is down; the second throttles for good.
    let down = gone.port;
    drop(gone);
    busy.set(&json!({ "throttle": 1_000_000 }));
    let inbox = Arc::new(GatewayInbox::new());
    let gateways = vec![
        gateway("down", down, &[], &inbox),
        gateway("busy", busy.port, &[], &inbox),
        gateway("last", last.port, &[], &inbox),
    ];
    let server = server(gateways, inbox).await;
    let device = TestDevice::enrol(&server, "358931104120070").await;
    let told = json!({ "numbers": ["+358401234567"], "has_data": false }).to_string();
    let told = device.signed(&server, Method::PUT, "/agent/v1/registration", told);
    assert_eq!(told.send().await.expect("an answer").status(), 204);
    let body = json!({ "device": device.enrolled.device, "action": "rng(5)" });
    let made: ActionView = server.post("/api/v1/actions", &body, 201).await;
    let text = last.next_text()["text"].as_str().expect("text").to_owned();
    assert!(text.contains("rng(5)"), "{text}");
    let delivered = async {
        loop {
            let view: ActionView = server.get(&format!("/api/v1/actions/{}", made.id)).await;
            if view
                .attempts
                .iter()
                .any(|a| a.outcome.starts_with("receipt"))
            {
                return view;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let view = tokio::time::timeout(PATIENCE, delivered).await;
    let view = view.expect("a receipt in time");
    let lines: Vec<(bool, String)> = view
        .attempts
        .iter()
        .map(|a| (a.accepted, format!("{} {}", a.target, a.outcome)))
        .collect();
    let [first, second, third, receipt] = &lines[..] else {
        panic!("{lines:?}");
    };
    assert!(!first.0 && first.1.contains("down"), "{first:?}");
    assert!(
        !second.0 && second.1.contains("busy") && second.1.contains("0x58"),
        "{second:?}"
    );
    assert!(third.0 && third.1.contains("last"), "{third:?}");
    assert!(receipt.0 && receipt.1.starts_with("last "), "{receipt:?}");
    // It was asked for a receipt each time, and sent once.
    let throttled = busy.all("throttled");
    assert!(!throttled.is_empty());
    assert!(
        throttled.iter().all(|line| line["throttled"] == 1),
        "{throttled:?}"
    );
    assert_eq!(last.all_texts(), Vec::<Value>::new());
    server.stop().await;
}
