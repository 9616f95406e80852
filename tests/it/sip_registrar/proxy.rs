//! A router of its own name: phones that cannot sign, messages inside messages (requirements A4, A5).

use std::net::SocketAddr;
use std::sync::Arc;

use callhome::agent::proxy::{Proxy, Upstream};
use callhome::api::{CallbackView, Device};
use callhome::domain::RelayForm;
use callhome::host::SystemClock;
use callhome::net::sip_link::{LinkOptions, SipLink, SipPipe};
use callhome::sip::{Hop, OutboundRequest, SipUri};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{IMEI, SipDevice, Takes, code, header};
use crate::sip_peers::Peer;
use crate::support::device::{TestDevice, random};
use crate::support::server::TestServer;

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// An enrolled router between a server and phones.
struct Router {
    address: SocketAddr,
    link: SipLink,
    stop: CancellationToken,
}

impl Router {
    async fn start(server: &TestServer, own: &TestDevice, form: RelayForm) -> Self {
        let wire = SipPipe::open(LinkOptions::new(loopback(), random())).expect("a port");
        let registrar = Upstream {
            hop: Hop::udp(server.sip()),
            name: "127.0.0.1".into(),
        };
        let wire = Arc::new(wire);
        let proxy = Proxy::over(wire, registrar, Arc::new(SystemClock), random());
        let proxy = proxy.expect("a door for UDP");
        let (nobody, _) = tokio::sync::mpsc::unbounded_channel();
        let credentials =
            callhome::sip::Credentials::new(own.id.to_string(), own.secret.sip_password());
        let registrar = SipUri::at("", server.sip());
        let desk = proxy.desk(registrar, credentials, Arc::new(Takes(nobody)));
        let handler = Arc::clone(&desk);
        let options = LinkOptions::new(loopback(), random()).with_handler(handler);
        let link = SipLink::open(options).expect("a port");
        let socket = (Arc::new(link.clone()) as _, link.local_addr());
        let proxy = proxy.opening(&desk, socket, form);
        let (address, stop) = (proxy.address(), CancellationToken::new());
        tokio::spawn(proxy.run(stop.clone()));
        Self {
            address,
            link,
            stop,
        }
    }

    async fn stop(self) {
        self.stop.cancel();
        self.link.close().await;
    }
}

/// A phone without a password: a socket, and a name that only its router knows.
fn desk_phone() -> (
    SipLink,
    tokio::sync::mpsc::UnboundedReceiver<callhome::sip::InboundRequest>,
) {
    let (told, asked) = tokio::sync::mpsc::unbounded_channel();
    let options = LinkOptions::new(loopback(), random()).with_handler(Arc::new(Takes(told)));
    (SipLink::open(options).expect("a port"), asked)
}

async fn reached_behind(form: RelayForm) {
    use callhome::port::SipSender as _;
    let server = TestServer::start().await;
    let own = TestDevice::enrol(&server, IMEI).await;
    let entry = json!({
        "name": "desk phone",
        "identities": ["mac:0015653a9001"],
        "attributes": {"sip-proxy": own.id},
    });
    let added: Value = server.post("/api/v1/devices", &entry, 201).await;
    let router = Router::start(&server, &own, form).await;
    let (phone, mut asked) = desk_phone();
    let contact = format!(
        "<{}>;mac=0015653a9001",
        SipUri::at("200", phone.local_addr())
    );
    let aor = SipUri::at("200", router.address);
    let register = OutboundRequest::register(SipUri::at("", router.address), aor.clone(), 600)
        .with_contact(&contact)
        .and_then(|r| r.with_header("User-Agent", "Yealink SIP-T46S 66.85.0.5"))
        .expect("valid");
    let report = phone
        .send(register.clone(), super::PATIENCE)
        .await
        .expect("sent");
    assert_eq!(code(&report), Some(200), "{report:?}");

    let body = json!({"device": added["id"]});
    let _call: Value = server.post("/api/v1/callbacks", &body, 202).await;
    let notify = tokio::time::timeout(super::PATIENCE, asked.recv()).await;
    let notify = notify.expect("in time").expect("the socket is open");
    assert_eq!(header(&notify, "Event"), "application-server-contact-me");
    assert!(notify.message.body().starts_with(b"Address: "));
    assert!(notify.message.header("Route").is_none());
    let hops = notify.message.list("Via").len();
    match form {
        RelayForm::Route => assert_eq!((hops, notify.source), (2, router.address)),
        RelayForm::Encapsulate => {
            assert_eq!((hops, notify.source), (1, router.link.local_addr()));
        }
    }
    // The other form is there for the asking.
    let (other, word) = match form {
        RelayForm::Route => (RelayForm::Encapsulate, "encapsulate"),
        RelayForm::Encapsulate => (RelayForm::Route, "route"),
    };
    let body = json!({"device": added["id"], "relay": word});
    let call: CallbackView = server.post("/api/v1/callbacks", &body, 202).await;
    assert_eq!(call.request.and_then(|r| r.relay), Some(other));
    let notify = tokio::time::timeout(super::PATIENCE, asked.recv()).await;
    let notify = notify.expect("in time").expect("the socket is open");
    let hops = notify.message.list("Via").len();
    match other {
        RelayForm::Route => assert_eq!((hops, notify.source), (2, router.address)),
        RelayForm::Encapsulate => {
            assert_eq!((hops, notify.source), (1, router.link.local_addr()));
        }
    }
    let wrong = server.local(reqwest::Method::POST, "/api/v1/callbacks");
    let wrong = wrong.json(&json!({"device": added["id"], "relay": "pigeon"}));
    let refused = wrong.send().await.expect("an answer");
    assert!(refused.status().is_client_error(), "{refused:?}");
    // A phone that names no router is not the router's to register.
    let mut stranger = register;
    stranger.contact = Some(format!(
        "<{}>;mac=0015653a9002",
        SipUri::at("201", loopback())
    ));
    let report = phone.send(stranger, super::PATIENCE).await.expect("sent");
    assert_eq!(code(&report), Some(403));
    router.stop().await;
    phone.close().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_that_cannot_sign_is_reached_through_its_router_by_loose_route() {
    reached_behind(RelayForm::Route).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_that_cannot_sign_is_reached_inside_a_message_to_its_router() {
    reached_behind(RelayForm::Encapsulate).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_challenge_from_behind_the_router_is_answered_inside() {
    use callhome::agent::brain::{Brain, Persona};
    use callhome::sip::{InboundRequest, Reply};

    /// A phone that asks who sends, as the simulated ones do.
    struct Challenging(
        std::sync::Mutex<Brain>,
        tokio::sync::mpsc::UnboundedSender<u16>,
    );

    #[async_trait::async_trait]
    impl callhome::port::SipHandler for Challenging {
        async fn handle(&self, request: InboundRequest) -> Reply {
            use callhome::port::Clock as _;
            let mut brain = self.0.lock().expect("no panic before");
            let (reply, _) = brain.receive_sip(&request, SystemClock.now());
            // Nobody listens any more only when the test is over.
            self.1.send(reply.code).ok();
            reply
        }
    }

    let server = TestServer::start().await;
    let own = TestDevice::enrol(&server, IMEI).await;
    let router = Router::start(&server, &own, RelayForm::Encapsulate).await;
    let device = SipDevice::enrol(&server, "358931104120088").await;
    let persona = Persona {
        device_id: device.test.id,
        secret: device.test.secret.clone(),
        identities: Vec::new(),
        numbers: Vec::new(),
        name: None,
        model: None,
        has_data: true,
    };
    let brain = Brain::new(persona, 1)
        .challenging(random())
        .trusting(&["127.0.0.1".to_owned()]);
    let (told, mut answers) = tokio::sync::mpsc::unbounded_channel();
    let phone = Challenging(std::sync::Mutex::new(brain), told);
    let options = LinkOptions::new(loopback(), random()).with_handler(Arc::new(phone));
    let link = SipLink::open(options).expect("a port");
    let device = SipDevice { link, ..device };
    // It signs for itself, through the router.
    let register = device
        .register(&server, 600)
        .via_route(vec![SipUri::at("", router.address).with_param("lr", None)]);
    assert_eq!(code(&device.send(register).await), Some(200));
    super::call(&server, &device.test).await;
    for expected in [401, 200] {
        let answer = tokio::time::timeout(super::PATIENCE, answers.recv()).await;
        assert_eq!(answer.expect("in time"), Some(expected));
    }
    router.stop().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn baresip_without_a_password_is_registered_and_reached_by_its_router() {
    let server = TestServer::start().await;
    let own = TestDevice::enrol(&server, IMEI).await;
    let entry = json!({
        "name": "lobby",
        "identities": ["serial:200"],
        "attributes": {"sip-proxy": own.id},
    });
    let added: Value = server.post("/api/v1/devices", &entry, 201).await;
    let router = Router::start(&server, &own, RelayForm::Encapsulate).await;
    let account = format!("<sip:200@{};transport=udp>;regint=60", router.address);
    let phone = tokio::task::spawn_blocking(move || Peer::baresip_as("udp", &account));
    let Some(phone) = phone.await.expect("no panic") else {
        return;
    };
    let path = format!("/api/v1/devices/{}", added["id"].as_str().expect("an id"));
    let registered = async {
        loop {
            let device: Device = server.get(&path).await;
            if let Some(binding) = device.bindings.into_iter().next() {
                return binding;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    let binding = tokio::time::timeout(super::PATIENCE, registered).await;
    let binding = binding.unwrap_or_else(|_| panic!("not registered: {}", phone.log()));
    assert!(
        binding
            .user_agent
            .is_some_and(|agent| agent.starts_with("baresip"))
    );

    let body = json!({"device": added["id"], "deadline_ms": 5_000});
    let _call: Value = server.post("/api/v1/callbacks", &body, 202).await;
    // It gets the NOTIFY, alone and from the router, and answers for itself.
    tokio::task::spawn_blocking(move || {
        phone.wait_for("NOTIFY sip:200");
        phone.wait_for("481 Subscription Does Not Exist");
    })
    .await
    .expect("no panic");
    router.stop().await;
    server.stop().await;
}
