use std::net::SocketAddr;
use std::sync::Arc;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::neighbours::Neighbours;
use crate::domain::{RelayForm, Timestamp};
use crate::sip::{
    Hop, Message, Method, NameAddr, Reply, SipUri, Start, Transport, Via, relay_path,
};

/// A message to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Where to.
    pub to: Hop,
    /// Who has to be there, where a connection may be opened; else it goes over one that is there.
    pub name: Option<Arc<str>>,
    /// The message.
    pub bytes: Vec<u8>,
}

/// The registrar that a proxy passes registrations to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// Where it is, and how it is spoken to.
    pub hop: Hop,
    /// Who it has to prove to be, over TLS.
    pub name: Arc<str>,
}

/// Where a proxy listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doors {
    /// For UDP and TCP.
    pub plain: SocketAddr,
    /// For TLS.
    pub tls: Option<SocketAddr>,
}

/// A stateless SIP proxy in front of devices with private addresses (RFC 3261 §16.11, RFC 3327).
///
/// It remembers no transactions, only which contacts registered through it, and on which connections: requests from
/// outside go to those and nowhere else, requests from inside go to the registrar and nowhere else. An answer is taken
/// from where its request was sent, and goes back to where that came from: both are in the branch, under a key of this
/// proxy.
pub struct Relay {
    key: [u8; 32],
    own: Doors,
    registrar: Upstream,
    /// Where it works in its own name, and which form of relaying it wants.
    desk: Option<(SocketAddr, RelayForm)>,
    devices: Neighbours,
}

/// How many of what it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct RelayCounts {
    /// Devices registered through it now.
    pub devices: usize,
}

impl Doors {
    /// Where messages over a transport are taken.
    fn of(&self, transport: Transport) -> SocketAddr {
        match transport {
            Transport::Tls | Transport::Wss => self.tls.unwrap_or(self.plain),
            Transport::Udp | Transport::Tcp | Transport::Ws => self.plain,
        }
    }

    fn has(&self, address: SocketAddr) -> bool {
        address == self.plain || Some(address) == self.tls
    }

    /// The proxy as those see it who speak to it over a transport.
    fn uri(&self, transport: Transport) -> SipUri {
        let uri = SipUri::at("", self.of(transport));
        match transport {
            Transport::Udp => uri,
            stream => uri.with_param("transport", Some(stream.as_str())),
        }
    }
}

impl Relay {
    /// A relay with these doors that sends registrations to `registrar`; `key` is random.
    #[must_use]
    pub fn new(own: Doors, registrar: Upstream, key: [u8; 32]) -> Self {
        Self {
            key,
            own,
            registrar,
            desk: None,
            devices: Neighbours::default(),
        }
    }

    /// Also has a desk at this address, where it registers devices in its own name and takes outer messages.
    #[must_use]
    pub fn with_desk(self, desk: SocketAddr, form: RelayForm) -> Self {
        Self {
            desk: Some((desk, form)),
            ..self
        }
    }

    /// Whom it relays to.
    pub(super) fn neighbours(&self) -> &Neighbours {
        &self.devices
    }

    /// What it registers as the way to the devices behind it: over the transport that it speaks to the registrar.
    #[must_use]
    pub fn path(&self) -> SipUri {
        let form = self.desk.map_or(RelayForm::Route, |(_, form)| form);
        let port = self.desk.map(|(desk, _)| desk.port());
        relay_path(self.own.uri(self.registrar.hop.transport), port, form)
    }

    /// Where its own desk hands it requests for devices.
    pub(super) fn inside(&self) -> SipUri {
        self.own.uri(Transport::Udp).with_param("lr", None)
    }

    /// What it has.
    #[must_use]
    pub fn counts(&self, now: Timestamp) -> RelayCounts {
        RelayCounts {
            devices: self.devices.count(now),
        }
    }

    /// Takes a message and gives what it becomes, if anything.
    pub fn relay(&mut self, bytes: &[u8], source: Hop, now: Timestamp) -> Option<Outgoing> {
        let message = Message::parse(bytes).ok()?;
        match message.start() {
            Start::Request { method, .. } => {
                let method = method.clone();
                self.request(message, &method, source, now)
            }
            Start::Response { .. } => self.response(message, source, now),
        }
    }

    /// The answer to a request that could not be passed on: the connection of its device is gone, or the registrar
    /// cannot be connected to.
    #[must_use]
    pub fn undeliverable(&self, bytes: &[u8], source: Hop) -> Option<Outgoing> {
        let mut message = Message::parse(bytes).ok()?;
        let method = message.method().filter(|_| message.code().is_none())?;
        note_source(&mut message, source)?;
        let up = method == Method::REGISTER;
        let (code, words) = match up {
            true => (503, "the registrar cannot be connected to"),
            false => (480, "the device's connection is gone"),
        };
        self.refusal(&message, &method, source, code, words)
    }

    fn request(
        &self,
        mut message: Message,
        method: &Method,
        source: Hop,
        now: Timestamp,
    ) -> Option<Outgoing> {
        note_source(&mut message, source)?;
        let refuse = |message: &Message, code, words: &str| {
            self.refusal(message, method, source, code, words)
        };
        let hops: u32 = message
            .header("Max-Forwards")
            .map_or(Some(70), |h| h.trim().parse().ok())?;
        if hops == 0 {
            return refuse(&message, 483, "too many hops");
        }
        message.set("Max-Forwards", &(hops - 1).to_string());
        self.strip_own_route(&mut message);
        let inside = *method == Method::REGISTER
            || source != self.registrar.hop && self.is_inside(source, now);
        let (to, name) = if let Some(desk) = self.is_for_desk(&message, method) {
            (Hop::udp(desk), None)
        } else if inside {
            if *method == Method::REGISTER {
                message.push_front("Path", &format!("<{}>", self.path()));
            }
            (self.registrar.hop, Some(Arc::clone(&self.registrar.name)))
        } else {
            match self.device_for(&message, now) {
                Some(device) => (device, None),
                None => {
                    return refuse(
                        &message,
                        404,
                        "no device behind this router has that address",
                    );
                }
            }
        };
        if *method == Method::INVITE || *method == Method::SUBSCRIBE {
            // What follows in the dialog comes this way, too; where the transport changes, each side is told the
            // door that it knows (RFC 5658 §3.1).
            for side in [source.transport, to.transport] {
                let route = self.own.uri(side).with_param("lr", None);
                message.push_front("Record-Route", &format!("<{route}>"));
                if source.transport == to.transport {
                    break;
                }
            }
        }
        let below = message.top_via()?;
        let branch = self.branch(&message, &below, to);
        let mut via = Via::udp(&self.own.of(to.transport).to_string(), &branch);
        to.transport.in_via().clone_into(&mut via.transport);
        message.push_front("Via", &via.to_string());
        Some(Outgoing {
            to,
            name,
            bytes: message.to_bytes(),
        })
    }

    fn response(&mut self, mut message: Message, source: Hop, now: Timestamp) -> Option<Outgoing> {
        let own = message.top_via()?;
        if !own.sent_by.parse().is_ok_and(|at| self.own.has(at)) {
            return None;
        }
        let rest: Vec<String> = message
            .list("Via")
            .into_iter()
            .skip(1)
            .map(str::to_owned)
            .collect();
        let below = Via::parse(rest.first()?)?;
        let expected = self.branch(&message, &below, source);
        let given = own.branch().unwrap_or_default();
        if !bool::from(expected.as_bytes().ct_eq(given.as_bytes())) {
            // Not an answer to what was sent there, or one to somebody else.
            return None;
        }
        let to = way_back(&below)?;
        if message.code()? / 100 == 2 && message.method()? == Method::REGISTER {
            self.note_registered(&message, to, now);
        }
        message.set("Via", &rest.join(", "));
        Some(Outgoing {
            to,
            name: None,
            bytes: message.to_bytes(),
        })
    }

    /// Takes itself off the route, where the sender put it, once for each of its doors (RFC 3261 §16.4).
    fn strip_own_route(&self, message: &mut Message) {
        let routes: Vec<String> = message
            .list("Route")
            .into_iter()
            .map(str::to_owned)
            .collect();
        let is_ours = |route: &&String| {
            let uri = NameAddr::parse(route).sip_uri().ok();
            uri.and_then(|uri| uri.socket_addr())
                .is_some_and(|at| self.own.has(at))
        };
        let ours = routes.iter().take_while(is_ours).count();
        if ours == 0 {
            return;
        }
        if routes.len() == ours {
            message.remove("Route");
        } else {
            message.set("Route", &routes[ours..].join(", "));
        }
    }

    fn is_inside(&self, source: Hop, now: Timestamp) -> bool {
        self.devices.has(source, now)
    }

    /// The desk, for a registration that takes the proxy itself for the registrar, and for outer messages that came
    /// by the proxy's own doors.
    fn is_for_desk(&self, message: &Message, method: &Method) -> Option<SocketAddr> {
        let (desk, _) = self.desk?;
        let uri: SipUri = message.uri()?.parse().ok()?;
        let at = uri.socket_addr()?;
        let to_us = *method == Method::REGISTER && self.own.has(at);
        (to_us || at == desk).then_some(desk)
    }

    fn device_for(&self, message: &Message, now: Timestamp) -> Option<Hop> {
        let uri: SipUri = message.uri()?.parse().ok()?;
        self.devices.way_to(uri.socket_addr()?, now)
    }

    /// The registrar took these contacts: their devices can be reached from outside. A device that came over a
    /// connection is reached on it; `from` is where the answer goes.
    fn note_registered(&mut self, message: &Message, from: Hop, now: Timestamp) {
        let header: Option<u64> = message
            .header("Expires")
            .and_then(|e| e.trim().parse().ok());
        for contact in message.list("Contact") {
            let contact = NameAddr::parse(contact);
            let expires = contact
                .params()
                .value("expires")
                .and_then(|e| e.parse().ok())
                .or(header)
                .unwrap_or(3600);
            let Some(uri) = contact.sip_uri().ok() else {
                continue;
            };
            let Some(address) = uri.socket_addr() else {
                continue;
            };
            let over = Transport::asked_by(&uri).ok().flatten();
            let over = over.unwrap_or(match uri.is_secure() {
                true => Transport::Tls,
                false => Transport::Udp,
            });
            let way = match over {
                Transport::Udp => Hop::udp(address),
                // Of several contacts the one that this connection is of.
                stream if stream == from.transport && address.ip() == from.address.ip() => from,
                _ => continue,
            };
            let until = now.after(std::time::Duration::from_secs(expires));
            self.devices.note(address, way, until, now);
        }
    }

    fn refusal(
        &self,
        message: &Message,
        method: &Method,
        to: Hop,
        code: u16,
        words: &str,
    ) -> Option<Outgoing> {
        // An ACK is never answered (RFC 3261 §17.1.1.3).
        if *method == Method::ACK {
            return None;
        }
        let below = message.top_via()?;
        let tag = self.keyed(&[b"tag", self.branch(message, &below, to).as_bytes()]);
        Some(Outgoing {
            to,
            name: None,
            bytes: Reply::new(code)
                .because(words)
                .to_message(message, &tag)
                .to_bytes(),
        })
    }

    /// The same for every copy of a request that goes to `to`, for its CANCEL, and for the ACK of its refusal (RFC 3261
    /// §16.11); nobody else can make it.
    fn branch(&self, message: &Message, below: &Via, to: Hop) -> String {
        let param = |name| below.params.value(name).unwrap_or_default();
        let word = self.keyed(&[
            to.to_string().as_bytes(),
            below.transport.to_ascii_uppercase().as_bytes(),
            below.sent_by.as_bytes(),
            below.branch().unwrap_or_default().as_bytes(),
            param("received").as_bytes(),
            param("rport").as_bytes(),
            message.header("Call-ID").unwrap_or_default().as_bytes(),
        ]);
        format!("z9hG4bK{word}")
    }

    fn keyed(&self, parts: &[&[u8]]) -> String {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        for part in parts {
            mac.update(part);
            mac.update(b"\0");
        }
        data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes()[..16])
    }
}

/// `received` and `rport` (RFC 3581 §4), by which the answer finds its way back.
fn note_source(message: &mut Message, source: Hop) -> Option<()> {
    let mut via = message.top_via()?;
    via.params
        .set("received", Some(&source.address.ip().to_string()));
    via.params
        .set("rport", Some(&source.address.port().to_string()));
    message.set_top_via(&via);
    Some(())
}

/// Where the sender of a Via waits for the answer.
fn way_back(via: &Via) -> Option<Hop> {
    let sent_by: SipUri = format!("sip:{}", via.sent_by).parse().ok()?;
    let host = via.params.value("received").unwrap_or(sent_by.host());
    let port = match via.params.value("rport").filter(|p| !p.is_empty()) {
        Some(port) => port.parse().ok()?,
        None => sent_by.port_or_default(),
    };
    let ip = host.trim_matches(['[', ']']).parse().ok()?;
    let transport = via.transport.parse().ok()?;
    Some(Hop::new(transport, SocketAddr::new(ip, port)))
}
