//! The server as registrar and notifier, with devices that are nothing but a SIP socket, and with programs nobody
//! here wrote.

mod bindings;
mod challenge;
mod numbers;
mod proxy;
mod subscription;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use callhome::api::{CallbackView, Device};
use callhome::net::sip_link::{LinkOptions, SipLink};
use callhome::port::{SipHandler, SipSender as _};
use callhome::sip::{Credentials, InboundRequest, OutboundRequest, Reply, SipReport, SipUri};
use serde_json::json;
use tokio::sync::mpsc;

use crate::support::device::{TestDevice, random};
use crate::support::server::TestServer;

const IMEI: &str = "358931104120070";
const PATIENCE: Duration = Duration::from_secs(10);

/// Takes every request with 200 and tells it.
struct Takes(mpsc::UnboundedSender<InboundRequest>);

#[async_trait]
impl SipHandler for Takes {
    async fn handle(&self, request: InboundRequest) -> Reply {
        // Nobody listens any more only when the test is over.
        drop(self.0.send(request));
        Reply::ok()
    }
}

/// An enrolled device that is a SIP socket and nothing else: it opens no session.
struct SipDevice {
    test: TestDevice,
    link: SipLink,
    asked: mpsc::UnboundedReceiver<InboundRequest>,
}

impl SipDevice {
    /// Its socket, before it is anybody's.
    fn socket() -> (SipLink, mpsc::UnboundedReceiver<InboundRequest>) {
        let (told, asked) = mpsc::unbounded_channel();
        let options = LinkOptions::new(SocketAddr::from(([127, 0, 0, 1], 0)), random())
            .with_handler(Arc::new(Takes(told)));
        (SipLink::open(options).expect("a port"), asked)
    }

    async fn enrol(server: &TestServer, imei: &str) -> Self {
        let (link, asked) = Self::socket();
        Self::on(link, asked, server, imei).await
    }

    async fn on(
        link: SipLink,
        asked: mpsc::UnboundedReceiver<InboundRequest>,
        server: &TestServer,
        imei: &str,
    ) -> Self {
        let test = TestDevice::enrol(server, imei).await;
        Self { test, link, asked }
    }

    fn user(&self) -> String {
        self.test.id.to_string()
    }

    fn aor(&self) -> SipUri {
        let aor = format!("sip:{}@callhome.test", self.test.id);
        aor.parse().expect("an address")
    }

    fn contact(&self) -> SipUri {
        SipUri::at(&self.user(), self.link.local_addr())
    }

    fn credentials(&self) -> Credentials {
        Credentials::new(self.user(), self.test.secret.sip_password())
    }

    fn register(&self, server: &TestServer, expires: u32) -> OutboundRequest {
        let registrar = SipUri::at("", server.sip());
        let instance = format!(
            "<{}>;+sip.instance=\"<urn:callhome:{}>\"",
            self.contact(),
            self.test.id
        );
        OutboundRequest::register(registrar, self.aor(), expires)
            .with_contact(&instance)
            .expect("a contact")
            .with_credentials(self.credentials())
    }

    async fn send(&self, request: OutboundRequest) -> SipReport {
        let sent = self.link.send(request, PATIENCE).await;
        sent.expect("an address to send to")
    }

    /// The next request that comes in.
    async fn next(&mut self) -> InboundRequest {
        let next = tokio::time::timeout(PATIENCE, self.asked.recv()).await;
        next.expect("in time").expect("the socket is open")
    }
}

fn code(report: &SipReport) -> Option<u16> {
    report.outcome.code()
}

fn header<'a>(request: &'a InboundRequest, name: &str) -> &'a str {
    request.message.header(name).unwrap_or_default()
}

async fn device(server: &TestServer, test: &TestDevice) -> Device {
    server
        .get(&format!("/api/v1/devices/{}", test.enrolled.device))
        .await
}

/// Asks that a device call home.
async fn call(server: &TestServer, test: &TestDevice) -> CallbackView {
    let body = json!({"device": test.enrolled.device, "deadline_ms": 60_000});
    server.post("/api/v1/callbacks", &body, 202).await
}
