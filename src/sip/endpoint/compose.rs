use super::exchange::Exchange;
use crate::sip::header::{NameAddr, Via};
use crate::sip::id_source::IdSource;
use crate::sip::method::Method;
use crate::sip::params::split_outside_quotes;
use crate::sip::request::OutboundRequest;
use crate::sip::transport::{Hop, Transport};
use crate::sip::uri::SipUri;
use crate::sip::wire::Message;

/// What we call ourselves when the caller does not say otherwise.
const USER_AGENT: &str = concat!("callhome/", env!("CARGO_PKG_VERSION"));
/// Methods that we take, told where RFC 3261 §20.5 wants it.
pub(super) const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, NOTIFY, MESSAGE";

/// The request of an exchange with its present sequence number and answers to challenges.
pub(super) fn request(exchange: &mut Exchange, ids: &mut IdSource) -> Message {
    let wanted = &exchange.request;
    let local = exchange.attempt.local;
    let uri = wanted.uri.to_string();
    let mut message = Message::request(wanted.method.clone(), &uri);
    let via = via(exchange, exchange.attempt.target.transport, &ids.branch());
    message.push("Via", &via.to_string());
    message.push("Max-Forwards", "70");
    for route in &wanted.route {
        message.push("Route", &format!("<{}>", loose(route.clone())));
    }
    let us = SipUri::at("callhome", local);
    let mut from = NameAddr::new(wanted.from.as_ref().unwrap_or(&us));
    from.set_tag(&exchange.from_tag);
    message.push("From", &from.to_string());
    let to = wanted.to.as_ref().unwrap_or(&wanted.uri);
    let mut to = NameAddr::new(to);
    if let Some(dialog) = wanted.dialog.as_ref().filter(|d| !d.remote_tag.is_empty()) {
        to.set_tag(&dialog.remote_tag);
    }
    message.push("To", &to.to_string());
    message.push("Call-ID", &exchange.call_id);
    message.push("CSeq", &format!("{} {}", exchange.cseq, wanted.method));
    push_contact(&mut message, exchange);
    push_wanted(&mut message, wanted);
    message.set_body(wanted.body.clone());
    let credentials = exchange.request.credentials.as_ref();
    exchange.proofs.answer(&mut message, credentials, ids);
    message
}

/// `lr` marks a loose router; strict ones died with RFC 2543.
fn loose(uri: SipUri) -> SipUri {
    if uri.params().has("lr") {
        uri
    } else {
        uri.with_param("lr", None)
    }
}

/// Our Via. It asks for the source port back (RFC 3581) and, where the other end could prove us to be who we say,
/// offers the connection for requests to us (RFC 5923).
pub(super) fn via(exchange: &Exchange, transport: Transport, branch: &str) -> Via {
    let sent_by = match nowhere(exchange, transport) {
        Some(host) => host,
        None => exchange.attempt.local.to_string(),
    };
    let mut via = Via::udp(&sent_by, branch);
    transport.in_via().clone_into(&mut via.transport);
    if transport == Transport::Tls && exchange.attempt.alias {
        via.params.set("alias", None);
    }
    via
}

/// What a client that nobody can connect to calls itself (RFC 7118 §5).
fn nowhere(exchange: &Exchange, transport: Transport) -> Option<String> {
    transport
        .is_web_socket()
        .then(|| format!("{}.invalid", exchange.from_tag))
}

/// Our own URI as a Contact: reachable over the same transport.
pub(super) fn our_contact(user: &str, us: Hop, host: Option<String>, secure: bool) -> String {
    let scheme = if secure { "sips" } else { "sip" };
    let at = if user.is_empty() { "" } else { "@" };
    let host = host.unwrap_or_else(|| us.address.to_string());
    let transport = match us.transport {
        Transport::Udp => "",
        Transport::Tcp => ";transport=tcp",
        Transport::Tls if secure => "",
        Transport::Tls => ";transport=tls",
        Transport::Ws | Transport::Wss => ";transport=ws",
    };
    format!("<{scheme}:{user}{at}{host}{transport}>")
}

fn push_contact(message: &mut Message, exchange: &Exchange) {
    let wanted = &exchange.request;
    if let Some(contact) = &wanted.contact {
        message.push("Contact", contact);
    } else if wanted.method == Method::REGISTER && wanted.expires.is_none() {
        // A query names no contact: with one it would register it (RFC 3261 §10.2.3).
    } else if ["INVITE", "NOTIFY", "OPTIONS", "REGISTER", "SUBSCRIBE"]
        .contains(&wanted.method.as_str())
    {
        let user = match &wanted.from {
            Some(from) => from.user().unwrap_or_default(),
            None => "callhome",
        };
        // The scheme of what is asked for (RFC 3261 §8.1.1.8).
        let secure = wanted.uri.is_secure() || wanted.next_hop().is_secure();
        let transport = exchange.attempt.target.transport;
        let us = Hop::new(transport, exchange.attempt.local);
        let host = nowhere(exchange, transport);
        message.push("Contact", &our_contact(user, us, host, secure));
    }
}

fn push_wanted(message: &mut Message, wanted: &OutboundRequest) {
    if let Some(event) = &wanted.event {
        message.push("Event", event);
    }
    if let Some(expires) = wanted.expires {
        message.push("Expires", &expires.to_string());
    }
    if wanted.answer_mode_auto {
        message.push("Answer-Mode", "Auto");
    }
    for (name, value) in &wanted.headers {
        message.push(name, value);
    }
    if wanted.method == Method::NOTIFY && message.header("Subscription-State").is_none() {
        // Nobody subscribed in a dialog: this one NOTIFY is all (RFC 6665 §4.2.2).
        message.push("Subscription-State", "terminated;reason=noresource");
    }
    if matches!(wanted.method.as_str(), "INVITE" | "OPTIONS") && message.header("Allow").is_none() {
        message.push("Allow", ALLOW);
    }
    if message.header("User-Agent").is_none() {
        message.push("User-Agent", USER_AGENT);
    }
    if let Some(content_type) = &wanted.content_type {
        message.push("Content-Type", content_type);
    }
}

/// CANCEL, or the ACK of a refusal: same request URI, topmost Via, Route, From, Call-ID and number (RFC 3261 §9.1, §17.1.1.3).
pub(super) fn within_transaction(request: &Message, method: Method, to: Option<&str>) -> Message {
    let mut message = Message::request(method.clone(), request.uri().unwrap_or_default());
    for (name, value) in request.fields() {
        match name {
            "Via" | "Max-Forwards" | "Route" | "From" | "Call-ID" => message.push(name, value),
            "To" => message.push(name, to.unwrap_or(value)),
            "CSeq" => {
                let number = request.cseq().map_or(1, |c| c.number);
                message.push(name, &format!("{number} {method}"));
            }
            _ => {}
        }
    }
    message
}

/// ACK of a 2xx, or BYE: a request in the dialog that `answer` made (RFC 3261 §12.2.1.1, §13.2.2.4).
pub(super) fn within_dialog(
    invite: &Message,
    answer: &Message,
    method: Method,
    number: u32,
    via: &Via,
) -> Message {
    let target = answer
        .list("Contact")
        .first()
        .map(|c| NameAddr::parse(c).uri().to_owned())
        .filter(|uri| !uri.is_empty())
        .or_else(|| invite.uri().map(str::to_owned))
        .unwrap_or_default();
    let mut message = Message::request(method.clone(), &target);
    message.push("Via", &via.to_string());
    message.push("Max-Forwards", "70");
    for route in answer.list("Record-Route").into_iter().rev() {
        message.push("Route", route);
    }
    message.push("From", invite.header("From").unwrap_or_default());
    message.push("To", answer.header("To").unwrap_or_default());
    message.push("Call-ID", invite.header("Call-ID").unwrap_or_default());
    message.push("CSeq", &format!("{number} {method}"));
    message.push("User-Agent", USER_AGENT);
    if method == Method::ACK {
        for (name, value) in invite.fields() {
            if matches!(name, "Authorization" | "Proxy-Authorization") {
                message.push(name, value);
            }
        }
    }
    message
}

/// A request of a dialog once more, with the next number and a transaction of its own; what it proved is left out.
pub(super) fn once_more(request: &Message, via: &Via) -> Message {
    let method = request.method().unwrap_or(Method::BYE);
    let mut message = Message::request(method.clone(), request.uri().unwrap_or_default());
    for (name, value) in request.fields() {
        match name {
            "Via" => message.push(name, &via.to_string()),
            "CSeq" => {
                let number = request.cseq().map_or(1, |c| c.number);
                message.push(name, &format!("{} {method}", number + 1));
            }
            "Authorization" | "Proxy-Authorization" => {}
            _ => message.push(name, value),
        }
    }
    message
}

/// Where a request in a dialog goes: the first route if it is an IP address, else where the answer came from.
///
/// The client of a WebSocket stays on it: proxies write `transport=ws` for secure ones, too (RFC 7118 §5.2.1).
pub(super) fn dialog_target(answer: &Message, came_from: Hop) -> Hop {
    if came_from.transport.is_web_socket() {
        return came_from;
    }
    answer
        .list("Record-Route")
        .last()
        .and_then(|route| split_outside_quotes(route, b',').first().copied())
        .and_then(|route| NameAddr::parse(route).sip_uri().ok())
        .and_then(|uri| Hop::of(&uri))
        .unwrap_or(came_from)
}
