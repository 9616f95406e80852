//! Several communication servers (requirement B10): a device is reached through the one that holds its binding.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use callhome::api::{CallbackState, CallbackView};
use callhome::net::sip_link::{LinkOptions, SipLink};
use callhome::port::SipHandler;
use callhome::sip::contact_me::{CONTENT_TYPE, ContactMe};
use callhome::sip::{InboundRequest, Reply};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::server_others::two_servers;
use crate::support::device::TestDevice;
use crate::support::server::{TestServer, answer};

const IMEI: &str = "358931104120070";

/// A device's SIP socket: takes everything, and hands it to the test.
struct Ear(mpsc::UnboundedSender<InboundRequest>);

#[async_trait]
impl SipHandler for Ear {
    async fn handle(&self, request: InboundRequest) -> Reply {
        // Nobody listens any more only when the test is over.
        drop(self.0.send(request));
        Reply::ok()
    }
}

async fn told(device: &TestDevice, server: &TestServer, contact: Option<String>) {
    let body = json!({ "contact": contact }).to_string();
    let told = device.signed(server, Method::PUT, "/agent/v1/registration", body);
    assert_eq!(told.send().await.expect("an answer").status(), 204);
}

async fn until_delivered(server: &TestServer, view: &CallbackView, at: &str) -> CallbackView {
    let path = format!("/api/v1/callbacks/{}?server={at}", view.id);
    for _ in 0..100 {
        let seen: CallbackView = server.get(&path).await;
        if seen.state != CallbackState::Pending {
            return seen;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{} was not delivered", view.id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_notify_follows_a_device_that_moved_to_another_server() {
    let (north, south) = two_servers().await;
    let (there, here) = (
        TestDevice::enrol(&south, IMEI).await,
        TestDevice::enrol(&north, IMEI).await,
    );
    let (tell, mut heard) = mpsc::unbounded_channel();
    let options = LinkOptions::new(([127, 0, 0, 1], 0).into(), [3; 32]);
    let ear = SipLink::open(options.with_handler(Arc::new(Ear(tell)))).expect("a port");
    let contact = Some(format!("sip:dev@{}", ear.local_addr()));
    let ask = async |id: &str| -> CallbackView {
        let body = json!({ "device": here.enrolled.device, "keep_trying": true, "request_id": id,
            "contact": { "address": "app.example.net", "port": 9000 } });
        north.post("/api/v1/callbacks", &body, 202).await
    };

    // It registers in the south: asked in the north, the south notifies.
    told(&there, &south, contact.clone()).await;
    let view = ask("r-south").await;
    assert_eq!(view.server, "south");
    let request = heard.recv().await.expect("a NOTIFY");
    let wish = ContactMe::parse(CONTENT_TYPE, request.message.body()).expect("contact-me");
    assert_eq!(wish.request_id.as_deref(), Some("r-south"));
    assert_eq!(wish.address.as_deref(), Some("app.example.net"));
    let seen = until_delivered(&north, &view, "south").await;
    assert_eq!(seen.operator, "local@north");
    let trail: Value = south.get("/api/v1/audit?limit=1000").await;
    assert!(trail.to_string().contains("federation.callback"), "{trail}");

    // It moves to the north.
    told(&there, &south, None).await;
    told(&here, &north, contact).await;
    let view = ask("r-north").await;
    assert_eq!(view.server, "north");
    let request = heard.recv().await.expect("a NOTIFY");
    let wish = ContactMe::parse(CONTENT_TYPE, request.message.body()).expect("contact-me");
    assert_eq!(wish.request_id.as_deref(), Some("r-north"));
    until_delivered(&north, &view, "north").await;

    // The application server was called, and says so: that is the end of it, once.
    let report = |id: &CallbackView| {
        let path = format!("/api/v1/callbacks/{}/called-back", id.id);
        north
            .local(Method::POST, &path)
            .json(&json!({ "entry": "POST /x" }))
    };
    let ended: CallbackView = answer(report(&view), 200).await;
    assert_eq!(ended.state, CallbackState::CalledBack);
    let entry = ended.session.expect("a session").entry;
    assert_eq!(entry, "POST /x, told by local");
    let _again: Value = answer(report(&view), 409).await;
    ear.close().await;
}
