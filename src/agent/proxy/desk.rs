use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;

use super::neighbours::Neighbours;
use crate::port::{Clock, SipHandler, SipSender};
use crate::sip::{
    Credentials, InboundRequest, MESSAGE_SIP, Method, OutboundRequest, Reply, SipOutcome, SipUri,
    Transport, inner_request, relayed_reply,
};

/// For the server's answer to a registration.
const REGISTRATION: Duration = Duration::from_secs(10);
/// For the device's answer to an inner message.
const RELAYED: Duration = Duration::from_secs(8);

/// What a proxy does in its own name, at a port of its own: it registers devices that cannot sign, takes outer
/// messages and relays what is inside. What is for the proxy itself goes to its own device.
pub struct Desk {
    registrar: SipUri,
    credentials: Credentials,
    neighbours: Neighbours,
    own: Arc<dyn SipHandler>,
    clock: Arc<dyn Clock>,
    way_out: OnceLock<WayOut>,
}

struct WayOut {
    sip: Arc<dyn SipSender>,
    path: SipUri,
    /// The proxy's own door, behind which its devices' connections are.
    inside: SipUri,
}

impl Desk {
    pub(super) fn new(
        registrar: SipUri,
        credentials: Credentials,
        neighbours: Neighbours,
        own: Arc<dyn SipHandler>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            registrar,
            credentials,
            neighbours,
            own,
            clock,
            way_out: OnceLock::new(),
        }
    }

    pub(super) fn attach(&self, sip: Arc<dyn SipSender>, path: SipUri, inside: SipUri) {
        // A second call changes nothing: a desk has one socket.
        drop(self.way_out.set(WayOut { sip, path, inside }));
    }

    /// Requirement A5: registers a device with the server, signed by the proxy.
    async fn register(&self, way_out: &WayOut, request: &InboundRequest) -> Reply {
        let message = &request.message;
        let Some(user) = message
            .to()
            .and_then(|to| to.sip_uri().ok())
            .and_then(|uri| uri.user().map(str::to_owned))
        else {
            return Reply::new(400).because("To names no user");
        };
        let built = self.registration(way_out, request, &user);
        let Ok(upstream) = built else {
            return Reply::new(400).because("this registration cannot be passed on");
        };
        let report = match way_out.sip.send(upstream, REGISTRATION).await {
            Ok(report) => report,
            Err(error) => return Reply::new(503).because(&error.to_string()),
        };
        match (&report.outcome, &report.answer) {
            // A challenge to the proxy is not the device's to answer.
            (SipOutcome::Refused { code: 401, .. }, _) => {
                Reply::new(403).because("this proxy is not known to the server")
            }
            (outcome, Some(answer)) if outcome.code().is_some() => {
                let mut reply = Reply::new(answer.code);
                for name in ["Contact", "Min-Expires", "Retry-After", "Warning"] {
                    for value in answer.header(name) {
                        reply = reply.with_header(name, value);
                    }
                }
                reply
            }
            (outcome, _) => Reply::new(503)
                .with_header("Retry-After", "5")
                .because(&format!("the server: {outcome}")),
        }
    }

    fn registration(
        &self,
        way_out: &WayOut,
        request: &InboundRequest,
        user: &str,
    ) -> Result<OutboundRequest, crate::sip::InvalidRequest> {
        let message = &request.message;
        let aor = self.registrar.clone().with_user(user);
        let contacts = message.list("Contact").join(", ");
        let mut upstream = OutboundRequest::register(self.registrar.clone(), aor, 3600)
            .with_contact(&contacts)?
            .with_header("Path", &format!("<{}>", way_out.path))?
            .with_header("Supported", "path")?
            .with_credentials(self.credentials.clone());
        upstream.expires = message
            .header("Expires")
            .and_then(|e| e.trim().parse().ok());
        for name in ["Accept", "User-Agent", "Allow"] {
            for value in message.list(name) {
                upstream = upstream.with_header(name, value)?;
            }
        }
        Ok(upstream)
    }

    /// Requirement A4: strips the outer message and relays the inner one, to devices that registered through here only.
    async fn relay(&self, way_out: &WayOut, request: &InboundRequest) -> Reply {
        let inner = match inner_request(&request.message) {
            Ok(inner) => inner,
            Err(error) => return Reply::new(400).because(&error.to_string()),
        };
        let now = self.clock.now();
        let address = inner.uri.socket_addr();
        let inner = match address.and_then(|address| self.neighbours.way_to(address, now)) {
            None => {
                return Reply::new(404).because("no device behind this router has that address");
            }
            Some(way) if way.transport == Transport::Udp => inner.sent_to(way.address),
            // Its connection is one of the proxy's.
            Some(_) => inner.via_route(vec![way_out.inside.clone()]),
        };
        match way_out.sip.send(inner, RELAYED).await {
            Ok(report) => relayed_reply(&report),
            Err(error) => Reply::new(480).because(&error.to_string()),
        }
    }
}

#[async_trait]
impl SipHandler for Desk {
    async fn handle(&self, request: InboundRequest) -> Reply {
        let Some(way_out) = self.way_out.get() else {
            return Reply::new(503).with_header("Retry-After", "1");
        };
        let content_type = request.message.header("Content-Type").unwrap_or_default();
        let kind = content_type.split(';').next().unwrap_or_default().trim();
        if request.method() == Method::REGISTER {
            self.register(way_out, &request).await
        } else if kind.eq_ignore_ascii_case(MESSAGE_SIP) {
            self.relay(way_out, &request).await
        } else {
            self.own.handle(request).await
        }
    }
}
