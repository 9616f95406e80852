use std::net::SocketAddr;

use sha2::{Digest, Sha256};

use super::neighbours::Neighbours;
use crate::domain::RelayForm;
use crate::domain::Timestamp;
use crate::sip::{Message, Method, NameAddr, Reply, SipUri, Start, Via, relay_path};

/// A datagram to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Datagram {
    /// Where to.
    pub to: SocketAddr,
    /// The message.
    pub bytes: Vec<u8>,
}

/// A stateless SIP proxy in front of devices with private addresses (RFC 3261 §16.11, RFC 3327).
///
/// It remembers no transactions, only which contacts registered through it: requests from
/// outside go to those and nowhere else, requests from inside go to the registrar and nowhere else.
#[derive(Debug)]
pub struct Relay {
    own: SocketAddr,
    registrar: SocketAddr,
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

impl Relay {
    /// A relay that listens at `own` and sends registrations to `registrar`.
    #[must_use]
    pub fn new(own: SocketAddr, registrar: SocketAddr) -> Self {
        Self {
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

    /// What it registers as the way to the devices behind it.
    #[must_use]
    pub fn path(&self) -> SipUri {
        let form = self.desk.map_or(RelayForm::Route, |(_, form)| form);
        let port = self.desk.map(|(desk, _)| desk.port());
        relay_path(SipUri::at("", self.own), port, form)
    }

    /// What it has.
    #[must_use]
    pub fn counts(&self, now: Timestamp) -> RelayCounts {
        RelayCounts {
            devices: self.devices.count(now),
        }
    }

    /// Takes a datagram and gives what it becomes, if anything.
    pub fn relay(&mut self, bytes: &[u8], source: SocketAddr, now: Timestamp) -> Option<Datagram> {
        let message = Message::parse(bytes).ok()?;
        match message.start() {
            Start::Request { method, .. } => {
                let method = method.clone();
                self.request(message, &method, source, now)
            }
            Start::Response { .. } => self.response(message, now),
        }
    }

    fn request(
        &self,
        mut message: Message,
        method: &Method,
        source: SocketAddr,
        now: Timestamp,
    ) -> Option<Datagram> {
        note_source(&mut message, source)?;
        let refuse = |message: &Message, code, words: &str| {
            // An ACK is never answered (RFC 3261 §17.1.1.3).
            (*method != Method::ACK).then(|| Datagram {
                to: source,
                bytes: Reply::new(code)
                    .because(words)
                    .to_message(message, &tag(message))
                    .to_bytes(),
            })
        };
        let hops: u32 = message
            .header("Max-Forwards")
            .map_or(Some(70), |h| h.trim().parse().ok())?;
        if hops == 0 {
            return refuse(&message, 483, "too many hops");
        }
        message.set("Max-Forwards", &(hops - 1).to_string());
        self.strip_own_route(&mut message);
        let inside =
            *method == Method::REGISTER || source != self.registrar && self.is_inside(source, now);
        let to = if let Some(desk) = self.is_for_desk(&message, method) {
            desk
        } else if inside {
            if *method == Method::REGISTER {
                message.push_front("Path", &format!("<{}>", self.path()));
            }
            self.registrar
        } else {
            match self.device_for(&message, now) {
                Some(device) => device,
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
            // What follows in the dialog comes this way, too.
            message.push_front("Record-Route", &format!("<{}>", self.uri()));
        }
        let branch = branch_of(&message);
        let via = Via::udp(&self.own.to_string(), &branch);
        message.push_front("Via", &via.to_string());
        Some(Datagram {
            to,
            bytes: message.to_bytes(),
        })
    }

    fn response(&mut self, mut message: Message, now: Timestamp) -> Option<Datagram> {
        let own = message.top_via()?;
        if own.sent_by != self.own.to_string() {
            return None;
        }
        if message.code()? / 100 == 2 && message.method()? == Method::REGISTER {
            self.note_registered(&message, now);
        }
        let rest: Vec<String> = message
            .list("Via")
            .into_iter()
            .skip(1)
            .map(str::to_owned)
            .collect();
        let next = Via::parse(rest.first()?)?;
        message.set("Via", &rest.join(", "));
        Some(Datagram {
            to: address_of(&next)?,
            bytes: message.to_bytes(),
        })
    }

    fn uri(&self) -> SipUri {
        SipUri::at("", self.own).with_param("lr", None)
    }

    /// Takes itself off the route, where the sender put it (RFC 3261 §16.4).
    fn strip_own_route(&self, message: &mut Message) {
        let routes: Vec<String> = message
            .list("Route")
            .into_iter()
            .map(str::to_owned)
            .collect();
        let ours = routes
            .first()
            .and_then(|r| NameAddr::parse(r).sip_uri().ok())
            .and_then(|uri| uri.socket_addr());
        if ours != Some(self.own) {
            return;
        }
        if routes.len() == 1 {
            message.remove("Route");
        } else {
            message.set("Route", &routes[1..].join(", "));
        }
    }

    fn is_inside(&self, source: SocketAddr, now: Timestamp) -> bool {
        self.devices.has(source, now)
    }

    /// The desk, for a registration that takes the proxy itself for the registrar.
    fn is_for_desk(&self, message: &Message, method: &Method) -> Option<SocketAddr> {
        let (desk, _) = self.desk?;
        let uri: SipUri = message.uri()?.parse().ok()?;
        let to_us = *method == Method::REGISTER && uri.socket_addr() == Some(self.own);
        to_us.then_some(desk)
    }

    fn device_for(&self, message: &Message, now: Timestamp) -> Option<SocketAddr> {
        let uri: SipUri = message.uri()?.parse().ok()?;
        let address = uri.socket_addr()?;
        self.is_inside(address, now).then_some(address)
    }

    /// The registrar took these contacts: their devices can be reached from outside.
    fn note_registered(&mut self, message: &Message, now: Timestamp) {
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
            let address = contact.sip_uri().ok().and_then(|uri| uri.socket_addr());
            if let Some(address) = address {
                let until = now.after(std::time::Duration::from_secs(expires));
                self.devices.note(address, until, now);
            }
        }
    }
}

/// `received` and `rport` (RFC 3581 §4), by which the answer finds its way back.
fn note_source(message: &mut Message, source: SocketAddr) -> Option<()> {
    let mut via = message.top_via()?;
    via.params.set("received", Some(&source.ip().to_string()));
    via.params.set("rport", Some(&source.port().to_string()));
    message.set_top_via(&via);
    Some(())
}

/// Where the sender of a Via waits for the answer.
fn address_of(via: &Via) -> Option<SocketAddr> {
    let sent_by: SipUri = format!("sip:{}", via.sent_by).parse().ok()?;
    let host = via.params.value("received").unwrap_or(sent_by.host());
    let port = match via.params.value("rport").filter(|p| !p.is_empty()) {
        Some(port) => port.parse().ok()?,
        None => sent_by.port_or_default(),
    };
    let ip = host.trim_matches(['[', ']']).parse().ok()?;
    Some(SocketAddr::new(ip, port))
}

/// The same for every copy of a request, for its CANCEL, and for the ACK of its refusal (RFC 3261 §16.11).
fn branch_of(message: &Message) -> String {
    let below = message.top_via();
    let below = below.as_ref().map_or_else(String::new, |v| {
        format!("{} {}", v.sent_by, v.branch().unwrap_or_default())
    });
    let call = message.header("Call-ID").unwrap_or_default();
    format!("z9hG4bK{}", short_digest(&format!("{below} {call}")))
}

fn tag(message: &Message) -> String {
    short_digest(&format!("tag {}", branch_of(message)))
}

fn short_digest(text: &str) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(text)[..10])
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

    fn at(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    const PROXY: u16 = 5070;
    const REGISTRAR: u16 = 5060;
    const PHONE: u16 = 40_000;

    fn relay() -> Relay {
        Relay::new(at(PROXY), at(REGISTRAR))
    }

    fn message(first: &str, headers: &[(&str, &str)]) -> Vec<u8> {
        let mut text = format!("{first}\r\n");
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        text.into_bytes()
    }

    fn register() -> Vec<u8> {
        message(
            "REGISTER sip:127.0.0.1:5060 SIP/2.0",
            &[
                ("Via", "SIP/2.0/UDP 127.0.0.1:40000;branch=z9hG4bKa;rport"),
                ("Route", "<sip:127.0.0.1:5070;lr>"),
                ("From", "<sip:d@h>;tag=1"),
                ("To", "<sip:d@h>"),
                ("Call-ID", "c1"),
                ("CSeq", "1 REGISTER"),
                ("Contact", "<sip:d@127.0.0.1:40000>"),
                ("Max-Forwards", "70"),
            ],
        )
    }

    /// A relay through which the phone has registered.
    fn registered() -> Relay {
        let mut relay = relay();
        let up = relay.relay(&register(), at(PHONE), NOW).expect("relayed");
        let request = Message::parse(&up.bytes).expect("a message");
        let mut answer = Message::response(&request, 200, "OK", "t");
        answer.push("Contact", "<sip:d@127.0.0.1:40000>;expires=600");
        let down = relay
            .relay(&answer.to_bytes(), at(REGISTRAR), NOW)
            .expect("relayed");
        assert_eq!(down.to, at(PHONE));
        assert_eq!(
            Message::parse(&down.bytes)
                .expect("a message")
                .list("Via")
                .len(),
            1
        );
        relay
    }

    fn notify(uri: &str, via: &str, hops: &str) -> Vec<u8> {
        message(
            &format!("NOTIFY {uri} SIP/2.0"),
            &[
                ("Via", via),
                ("Route", "<sip:127.0.0.1:5070;lr>"),
                ("From", "<sip:s@h>;tag=1"),
                ("To", "<sip:d@h>"),
                ("Call-ID", "c2"),
                ("CSeq", "1 NOTIFY"),
                ("Event", "application-server-contact-me"),
                ("Max-Forwards", hops),
            ],
        )
    }

    const VIA: &str = "SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKb;rport";

    #[test]
    fn a_registration_goes_up_with_the_path_back() {
        let up = relay().relay(&register(), at(PHONE), NOW).expect("relayed");
        assert_eq!(up.to, at(REGISTRAR));
        let message = Message::parse(&up.bytes).expect("a message");
        assert_eq!(message.header("Path"), Some("<sip:127.0.0.1:5070;lr>"));
        assert_eq!(message.header("Route"), None);
        assert_eq!(message.header("Max-Forwards"), Some("69"));
        assert_eq!(message.list("Via").len(), 2);
    }

    #[test]
    fn a_notification_reaches_the_device_stripped_of_the_route_and_its_answer_the_sender() {
        let mut relay = registered();
        let uri = "sip:d@127.0.0.1:40000";
        let down = relay
            .relay(&notify(uri, VIA, "70"), at(REGISTRAR), NOW)
            .expect("relayed");
        assert_eq!(down.to, at(PHONE));
        let message = Message::parse(&down.bytes).expect("a message");
        assert_eq!((message.header("Route"), message.uri()), (None, Some(uri)));
        let again = relay
            .relay(&notify(uri, VIA, "70"), at(REGISTRAR), NOW)
            .expect("relayed");
        assert_eq!(again, down, "a copy is the same copy further on");
        let answer = Message::response(&message, 200, "OK", "t").to_bytes();
        let up = relay.relay(&answer, at(PHONE), NOW).expect("relayed");
        assert_eq!(up.to, at(REGISTRAR));
        let via = Message::parse(&up.bytes)
            .expect("a message")
            .top_via()
            .expect("a Via");
        assert_eq!(via.branch(), Some("z9hG4bKb"));
    }

    #[test]
    fn only_devices_that_registered_are_reached_and_only_while_they_are() {
        let mut relay = registered();
        let late = NOW.after(Duration::from_secs(601));
        for (name, bytes, now, code) in [
            (
                "a stranger",
                notify("sip:x@127.0.0.1:9", VIA, "70"),
                NOW,
                404,
            ),
            (
                "gone",
                notify("sip:d@127.0.0.1:40000", VIA, "70"),
                late,
                404,
            ),
            (
                "a loop",
                notify("sip:d@127.0.0.1:40000", VIA, "0"),
                NOW,
                483,
            ),
        ] {
            let answer = relay.relay(&bytes, at(REGISTRAR), now).expect(name);
            assert_eq!(answer.to, at(REGISTRAR), "{name}");
            let message = Message::parse(&answer.bytes).expect("a message");
            assert_eq!(message.code(), Some(code), "{name}");
        }
        assert_eq!(relay.counts(NOW).devices, 1);
    }

    #[test]
    fn an_invitation_comes_back_this_way_and_nonsense_goes_nowhere() {
        let mut relay = registered();
        let invite = String::from_utf8(notify("sip:d@127.0.0.1:40000", VIA, "70"))
            .expect("text")
            .replace("NOTIFY", "INVITE");
        let down = relay
            .relay(invite.as_bytes(), at(REGISTRAR), NOW)
            .expect("relayed");
        let message = Message::parse(&down.bytes).expect("a message");
        assert_eq!(
            message.header("Record-Route"),
            Some("<sip:127.0.0.1:5070;lr>")
        );
        for bytes in [
            &b"\r\n\r\n"[..],
            b"hello",
            b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 1.2.3.4\r\n\r\n",
        ] {
            assert_eq!(relay.relay(bytes, at(9), NOW), None);
        }
    }
}
