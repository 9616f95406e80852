//! Who is where: instances, addresses that change, proxies that register for others, restarts, and many of them.

use std::time::{Duration, Instant};

use callhome::domain::Binding;
use callhome::sip::{OutboundRequest, SipUri};
use serde_json::{Value, json};

use super::{IMEI, SipDevice, code, device};
use crate::support::server::{Setup, TestServer};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_moves_is_reached_where_it_is_now_also_after_a_restart() {
    let server = TestServer::start().await;
    let mut phone = SipDevice::enrol(&server, IMEI).await;
    assert_eq!(
        code(&phone.send(phone.register(&server, 600)).await),
        Some(200)
    );
    let before = device(&server, &phone.test).await;
    assert_eq!(before.bindings.len(), 1);

    // The same instance at another address: the old contact is gone.
    let moved = SipDevice::enrol(&server, "358931104120088").await;
    let (test, old) = (phone.test, phone.link);
    phone = SipDevice { test, ..moved };
    assert_eq!(
        code(&phone.send(phone.register(&server, 600)).await),
        Some(200)
    );
    let after = device(&server, &phone.test).await;
    let contacts: Vec<_> = after.bindings.iter().map(|b| b.contact.clone()).collect();
    assert_eq!(contacts, [phone.contact().to_string()]);
    old.close().await;

    let dir = server.stop().await;
    let server = TestServer::with(Setup {
        dir: Some(dir),
        ..Setup::default()
    })
    .await;
    let asked = super::call(&server, &phone.test).await;
    let notify = phone.next().await;
    let wish = String::from_utf8_lossy(notify.message.body()).into_owned();
    assert!(wish.contains(&asked.id.to_string()), "{wish}");
    server.stop().await;
}

/// Registers `user` for the sender's proxy, with this contact.
fn on_behalf(proxy: &SipDevice, server: &TestServer, user: &str, contact: &str) -> OutboundRequest {
    let aor: SipUri = format!("sip:{user}@callhome.test").parse().expect("valid");
    OutboundRequest::register(SipUri::at("", server.sip()), aor, 600)
        .with_contact(contact)
        .expect("a contact")
        .with_header(
            "Path",
            &format!("<{};lr>", SipUri::at("", proxy.link.local_addr())),
        )
        .expect("a path")
        .with_credentials(proxy.credentials())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_registers_only_for_devices_that_name_it_and_they_are_told_apart() {
    let server = TestServer::start().await;
    let mut proxy = SipDevice::enrol(&server, IMEI).await;
    let mut ids = Vec::new();
    for mac in ["0015653a9001", "0015653a9002"] {
        let desk = json!({
            "name": mac,
            "identities": [format!("mac:{mac}")],
            "attributes": {"sip-proxy": proxy.user()},
        });
        let added: Value = server.post("/api/v1/devices", &desk, 201).await;
        ids.push(added["id"].as_str().expect("an id").to_owned());
    }
    let stranger = json!({"name": "stranger", "identities": ["mac:0015653a9003"]});
    let _added: Value = server.post("/api/v1/devices", &stranger, 201).await;

    // Two phones on one address of record, told apart by what their contacts say.
    let contacts = [
        "<sip:200@10.0.0.7>;+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-0015653a9001>\"",
        "<sip:200@10.0.0.8>;mac=0015653a9002",
    ];
    for contact in contacts {
        let report = proxy.send(on_behalf(&proxy, &server, "200", contact)).await;
        assert_eq!(code(&report), Some(200), "{report:?}");
    }
    for (id, host) in ids.iter().zip(["10.0.0.7", "10.0.0.8"]) {
        let device: callhome::api::Device = server.get(&format!("/api/v1/devices/{id}")).await;
        let [binding] = device.bindings.as_slice() else {
            panic!("{:?}", device.bindings);
        };
        assert!(binding.contact.contains(host), "{binding:?}");
        assert!(binding.indirect);
        assert_eq!(binding.path.len(), 1);
    }
    // Not named by that one: not its to register.
    let other = "<sip:201@10.0.0.9>;mac=0015653a9003";
    let report = proxy.send(on_behalf(&proxy, &server, "201", other)).await;
    assert_eq!(code(&report), Some(403));
    let nobody = on_behalf(&proxy, &server, "nobody", "<sip:n@10.0.0.9>");
    assert_eq!(code(&proxy.send(nobody).await), Some(403));

    // A phone behind the proxy is called through it.
    let body = json!({"device": ids[0]});
    let _asked: Value = server.post("/api/v1/callbacks", &body, 202).await;
    let notify = proxy.next().await;
    assert_eq!(notify.message.uri(), Some("sip:200@10.0.0.7"));
    assert!(!notify.message.list("Route").is_empty());
    server.stop().await;
}

fn binding(number: u32, at: callhome::domain::Timestamp) -> Binding {
    Binding {
        aor: format!("sip:dev{number}@callhome.test"),
        contact: format!(
            "sip:dev{number}@10.1.{}.{}:5060",
            number / 250,
            number % 250
        ),
        instance: format!("<urn:callhome:{number}>"),
        path: Vec::new(),
        received: None,
        accept: vec!["application/application-server-contact-me".into()],
        user_agent: Some("callhome-agent/0.1.0".into()),
        call_id: format!("c{number}"),
        cseq: 1,
        registered_at: at,
        expires_at: at.after(Duration::from_secs(3600)),
        indirect: false,
    }
}

/// Devices that register at once: commits are shared by those that wait together.
const AT_ONCE: u32 = 1_000;
/// More are counted by the benchmark of the same name.
const BINDINGS: u32 = 4_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn among_thousands_of_bindings_one_is_found_at_once() {
    use callhome::port::{Bindings as _, Devices as _};
    let (store, _keep) = crate::store_sqlite::fresh();
    let now = crate::store_conformance::at(1);
    let mut looked_for = None;
    for round in 0..BINDINGS / AT_ONCE {
        let saved = (round * AT_ONCE..(round + 1) * AT_ONCE).map(|number| {
            let store = store.clone();
            async move {
                let mut device = crate::store_conformance::device(&format!("phone {number}"));
                device.identities = vec![format!("serial:{number}").parse().expect("valid")];
                let stamp = callhome::port::Stamp::default();
                let id = store.save_device(device, stamp).await.expect("saved").id;
                let binding = binding(number, now);
                let aor = binding.aor.clone();
                let kept = store.save_bindings(id, &aor, vec![binding], now).await;
                kept.expect("saved");
                id
            }
        });
        let ids = futures_util::future::join_all(saved).await;
        looked_for.get_or_insert((ids[0], round * AT_ONCE));
    }
    let (id, number) = looked_for.expect("a device");
    let started = Instant::now();
    for _ in 0..100 {
        let device = store.device(id).await.expect("read").expect("there");
        assert_eq!(device.bindings, [binding(number, now)]);
    }
    let each = started.elapsed() / 100;
    assert!(each < Duration::from_millis(20), "{each:?} for one look-up");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn registrations_of_one_moment_lose_none() {
    let server = TestServer::start().await;
    let phone = SipDevice::enrol(&server, IMEI).await;
    // One device, many places: each of them is kept.
    let places: Vec<String> = (1..=8)
        .map(|n| format!("<sip:{}@192.0.2.{n}>", phone.user()))
        .collect();
    let one = phone.send(phone.register(&server, 600)).await;
    assert_eq!(code(&one), Some(200));
    let all = places.iter().map(|contact| {
        let request = OutboundRequest::register(SipUri::at("", server.sip()), phone.aor(), 600)
            .with_contact(contact)
            .expect("a contact")
            .with_credentials(phone.credentials());
        phone.send(request)
    });
    for report in futures_util::future::join_all(all).await {
        assert_eq!(code(&report), Some(200), "{report:?}");
    }
    let seen = device(&server, &phone.test).await;
    for n in 1..=8 {
        let host = format!("192.0.2.{n}");
        let kept = seen.bindings.iter().any(|b| b.contact.contains(&host));
        assert!(kept, "{host}: {:?}", seen.bindings);
    }
    server.stop().await;
}
