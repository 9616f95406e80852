//! A device that is not registered is found by its number (requirement A2).

use std::sync::Arc;

use callhome::api::{CallbackState, CallbackView, RungState, SessionResponse};
use callhome::domain::Bearer;
use callhome::net::dns::{EnumZone, Resolver};
use callhome::port::LookUps;
use reqwest::Method;
use serde_json::json;

use super::{IMEI, SipDevice, call, header};
use crate::sip_peers::name_server::{NameServer, number};
use crate::support::server::{Setup, TestServer, answer};

fn asking(dns: &NameServer) -> Setup {
    let resolver = Arc::new(Resolver::at(dns.address));
    Setup {
        look_ups: LookUps {
            numbers: Some(Arc::new(EnumZone::new(resolver, "numbers.test"))),
            directories: Vec::new(),
        },
        ..Setup::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_is_not_registered_is_called_at_the_address_that_enum_has_and_calls_home() {
    let (link, asked) = SipDevice::socket();
    let port = link.local_addr().port();
    let rule = format!(r"!^\+1408(.*)$!sip:\1@127.0.0.1:{port}!");
    let dns = NameServer::with(vec![number(
        "7.3.1.0.5.5.5.8.0.4.1.numbers.test.",
        10,
        &rule,
    )]);
    let server = TestServer::with(asking(&dns)).await;
    let mut device = SipDevice::on(link, asked, &server, IMEI).await;

    let callback = call(&server, &device.test).await;
    let notify = device.next().await;
    assert_eq!(notify.user().as_deref(), Some("5550137"));
    assert_eq!(header(&notify, "Event"), "application-server-contact-me");
    let body = json!({"request_id": callback.id}).to_string();
    let session = device
        .test
        .signed(&server, Method::POST, "/agent/v1/session", body);
    let _opened: SessionResponse = answer(session, 200).await;
    let path = format!("/api/v1/callbacks/{}", callback.id);
    let view: CallbackView = server.get(&path).await;
    assert_eq!(view.state, CallbackState::CalledBack, "{view:?}");
    let rung = &view.rungs[0];
    assert_eq!(rung.bearer, Bearer::SipDirect);
    assert_eq!(
        rung.target,
        format!("sip:5550137@127.0.0.1:{port} by ENUM in numbers.test")
    );

    // Once it registers, nobody is asked any more.
    let register = device.register(&server, 600);
    assert_eq!(super::code(&device.send(register).await), Some(200));
    let callback = call(&server, &device.test).await;
    let notify = device.next().await;
    assert_eq!(notify.user(), Some(device.user()));
    let path = format!("/api/v1/callbacks/{}", callback.id);
    let view: CallbackView = server.get(&path).await;
    assert!(!view.rungs[0].target.contains("ENUM"), "{view:?}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_nobody_knows_is_told_as_the_reason() {
    let dns = NameServer::with(Vec::new());
    let server = TestServer::with(asking(&dns)).await;
    let device = SipDevice::enrol(&server, IMEI).await;
    let body = json!({"device": device.test.enrolled.device, "deadline_ms": 5_000});
    let callback: CallbackView = server.post("/api/v1/callbacks", &body, 202).await;
    let path = format!("/api/v1/callbacks/{}", callback.id);
    let told = async {
        loop {
            let view: CallbackView = server.get(&path).await;
            if let Some(rung) = view.rungs.first() {
                return rung.clone();
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let rung = tokio::time::timeout(super::PATIENCE, told).await;
    let rung = rung.expect("in time");
    assert_eq!(
        (rung.bearer, rung.state),
        (Bearer::SipDirect, RungState::Missed)
    );
    assert_eq!(
        rung.outcome,
        "not registered by SIP; ENUM in numbers.test has no SIP address of +14…37"
    );
    server.stop().await;
}
