//! A message inside a message (requirement A4): the outer one is for the proxy, the inner one, its `message/sip`
//! body, for the device behind it. The loose route of RFC 3261 §16.12 carries the same; which one a proxy wants is in
//! the Path that it registers: parameter `message-sip` is the port where it takes outer messages, `relay=encapsulate`
//! says that it wants no others.

use super::digest::{Challenge, ClientNonce};
use super::header::NameAddr;
use super::inbound::Reply;
use super::outcome::{SipAnswer, SipOutcome, SipReport};
use super::request::{InvalidRequest, OutboundRequest};
use super::resend::NotSendable;
use super::uri::SipUri;
use super::wire::{InvalidMessage, Message};
use crate::domain::RelayForm;

/// Type of a body that is a SIP message (RFC 3261 §28.4).
pub const MESSAGE_SIP: &str = "message/sip";

/// The Path of a proxy at `route`, which takes outer messages at port `desk`.
#[must_use]
pub fn relay_path(route: SipUri, desk: Option<u16>, form: RelayForm) -> SipUri {
    let path = route.with_param("lr", None);
    match (desk, form) {
        (None, _) => path,
        (Some(port), RelayForm::Route) => path.with_param("message-sip", Some(&port.to_string())),
        (Some(port), RelayForm::Encapsulate) => path
            .with_param("message-sip", Some(&port.to_string()))
            .with_param("relay", Some("encapsulate")),
    }
}

/// The hop as it looks when it wants this form, whatever it registered. A proxy that has told no port for outer
/// messages gets them where it listens.
#[must_use]
pub fn wanting(hop: SipUri, form: RelayForm) -> SipUri {
    match form {
        RelayForm::Route => hop.with_param("relay", Some("route")),
        RelayForm::Encapsulate => {
            let port = match hop.params().value("message-sip") {
                Some(port) => port.to_owned(),
                None => hop.port_or_default().to_string(),
            };
            hop.with_param("message-sip", Some(&port))
                .with_param("relay", Some("encapsulate"))
        }
    }
}

/// Where the outer message goes, when the first hop of a route wants one.
#[must_use]
pub fn wants_outer(hop: &SipUri) -> Option<SipUri> {
    let params = hop.params();
    if params.value("relay") != Some("encapsulate") {
        return None;
    }
    let port = params.value("message-sip")?;
    // The host as it is written: IPv6 keeps its brackets.
    let host = match hop.host() {
        v6 if v6.contains(':') => format!("[{v6}]"),
        host => host.to_owned(),
    };
    format!("sip:{host}:{port}").parse().ok()
}

/// The outer message to the proxy at `desk` with `inner` as its body; `id` is a fresh word.
///
/// # Errors
/// [`InvalidRequest`] when a header cannot be.
pub fn encapsulated(
    inner: &OutboundRequest,
    desk: &SipUri,
    id: &str,
) -> Result<OutboundRequest, InvalidRequest> {
    let mut outer = OutboundRequest::new(inner.method.clone(), desk.clone())
        .with_body(MESSAGE_SIP, inner_message(inner, id).to_bytes())?;
    outer.event.clone_from(&inner.event);
    outer.from.clone_from(&inner.from);
    Ok(outer)
}

/// The inner message; what belongs to a hop is the proxy's to make anew.
fn inner_message(inner: &OutboundRequest, id: &str) -> Message {
    let mut message = Message::request(inner.method.clone(), &inner.uri.to_string());
    message.push(
        "Via",
        &format!("SIP/2.0/UDP callhome.invalid;branch=z9hG4bK{id}"),
    );
    message.push("Max-Forwards", "70");
    let from = match &inner.from {
        Some(from) => from.to_string(),
        None => "sip:callhome@callhome.invalid".to_owned(),
    };
    message.push("From", &format!("<{from}>;tag={id}"));
    let to = inner.to.as_ref().unwrap_or(&inner.uri);
    message.push("To", &NameAddr::new(to).to_string());
    message.push("Call-ID", id);
    message.push("CSeq", &format!("1 {}", inner.method));
    if let Some(event) = &inner.event {
        message.push("Event", event);
    }
    if inner.answer_mode_auto {
        message.push("Answer-Mode", "Auto");
    }
    for (name, value) in &inner.headers {
        message.push(name, value);
    }
    if let Some(content_type) = &inner.content_type {
        message.push("Content-Type", content_type);
    }
    message.set_body(inner.body.clone());
    message
}

/// Why a message has no inner one that can be relayed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotRelayable {
    /// The body is no SIP message.
    #[error("the body is no SIP message: {0}")]
    Message(#[from] InvalidMessage),
    /// It is an answer, or a request that means nothing on its own.
    #[error("the body is no request that can be sent: {0}")]
    Request(#[from] NotSendable),
}

/// The request inside an outer message, to be sent on; its way is the proxy's to choose.
///
/// # Errors
/// [`NotRelayable`].
pub fn inner_request(outer: &Message) -> Result<OutboundRequest, NotRelayable> {
    let mut inner = OutboundRequest::try_from(&Message::parse(outer.body())?)?;
    inner.route.clear();
    inner.contact = None;
    Ok(inner)
}

/// The answer to an outer message: what the device said to the inner one.
#[must_use]
pub fn relayed_reply(report: &SipReport) -> Reply {
    const TOLD: [&str; 7] = [
        "WWW-Authenticate",
        "Proxy-Authenticate",
        "Warning",
        "Retry-After",
        "Allow",
        "Allow-Events",
        "Accept",
    ];
    match (&report.outcome, &report.answer) {
        (
            SipOutcome::Delivered { code, reason }
            | SipOutcome::Alive { code, reason }
            | SipOutcome::Refused { code, reason },
            answer,
        ) => {
            let mut reply = Reply::new(*code);
            reply.reason.clone_from(reason);
            for (name, value) in answer.iter().flat_map(|a| &a.headers) {
                if TOLD.contains(&name.as_str()) {
                    reply = reply.with_header(name, value);
                }
            }
            reply
        }
        (other, _) => Reply::new(480).because(&format!("the device behind: {other}")),
    }
}

/// The inner request once more with an answer to the challenge that the device gave; `None` when there is nothing to
/// answer, or nothing to answer with. `cnonce` is a fresh word.
#[must_use]
pub fn answering(
    inner: &OutboundRequest,
    answer: &SipAnswer,
    cnonce: &str,
) -> Option<OutboundRequest> {
    let credentials = inner.credentials.as_ref()?;
    let asked = answer
        .header("WWW-Authenticate")
        .find_map(|value| Challenge::parse(value, false))?;
    let answered = inner
        .headers
        .iter()
        .any(|(name, _)| name == "Authorization");
    if answered && !asked.stale {
        return None;
    }
    let client = ClientNonce { cnonce, count: 1 };
    let uri = inner.uri.to_string();
    let value = asked.answer(credentials, &inner.method, &uri, &inner.body, client);
    let mut again = inner.clone();
    again.headers.retain(|(name, _)| name != "Authorization");
    again.headers.push(("Authorization".to_owned(), value));
    Some(again)
}

#[cfg(test)]
mod tests {
    use super::super::method::Method;
    use super::*;

    #[test]
    fn what_was_put_into_an_outer_message_comes_out_of_it() {
        let uri: SipUri = "sip:dev@10.0.0.7:5070".parse().expect("valid");
        let inner = OutboundRequest::notify(uri.clone(), "check-sync;reboot=false")
            .and_then(|r| r.with_body("text/plain", b"x\0y".to_vec()))
            .and_then(|r| r.with_header("Subscription-State", "active"))
            .expect("valid");
        let desk: SipUri = "sip:192.0.2.2:5071".parse().expect("valid");
        let outer = encapsulated(&inner, &desk, "word").expect("valid");
        assert_eq!((&outer.uri, outer.method.as_str()), (&desk, "NOTIFY"));
        let mut message = Message::request(outer.method.clone(), "sip:192.0.2.2:5071");
        message.set_body(outer.body);
        let out = inner_request(&message).expect("a request");
        assert_eq!(out.uri, uri);
        assert_eq!(out.body, b"x\0y");
        let header = |name: &str| out.headers.iter().find(|(n, _)| n == name);
        assert_eq!(
            header("Event").map(|(_, v)| v.as_str()),
            Some("check-sync;reboot=false")
        );
        assert!(header("Subscription-State").is_some());
        assert!(header("Via").is_none());
    }

    #[test]
    fn nothing_but_a_request_comes_out() {
        let mut outer = Message::request(Method::NOTIFY, "sip:p");
        for body in [
            "",
            "SIP/2.0 200 OK\r\n\r\n",
            "ACK sip:a SIP/2.0\r\n\r\n",
            "OPTIONS tel:1 SIP/2.0\r\n\r\n",
        ] {
            outer.set_body(body.as_bytes().to_vec());
            assert!(inner_request(&outer).is_err(), "{body}");
        }
    }

    #[test]
    fn a_form_that_was_chosen_is_taken_whatever_the_proxy_registered() {
        let uri = |text: &str| text.parse::<SipUri>().expect("valid");
        let outer = |hop: &str, form| wants_outer(&wanting(uri(hop), form)).map(|u| u.to_string());
        let registered = "sip:192.0.2.2:5070;lr;message-sip=5071;relay=encapsulate";
        assert_eq!(outer(registered, RelayForm::Route), None);
        for (hop, desk) in [
            (registered, "sip:192.0.2.2:5071"),
            (
                "sip:192.0.2.2:5070;lr;message-sip=5071",
                "sip:192.0.2.2:5071",
            ),
            ("sip:192.0.2.2:5070", "sip:192.0.2.2:5070"),
            ("sip:[2001:db8::1]", "sip:[2001:db8::1]:5060"),
        ] {
            assert_eq!(
                outer(hop, RelayForm::Encapsulate).as_deref(),
                Some(desk),
                "{hop}"
            );
        }
    }

    #[test]
    fn the_path_says_which_form_a_proxy_wants() {
        let route: SipUri = "sip:[2001:db8::1]:5070".parse().expect("valid");
        let outer = |form| {
            let path = relay_path(route.clone(), Some(5071), form).to_string();
            wants_outer(&path.parse().expect("valid")).map(|uri| uri.to_string())
        };
        assert_eq!(outer(RelayForm::Route), None);
        assert_eq!(
            outer(RelayForm::Encapsulate).as_deref(),
            Some("sip:[2001:db8::1]:5071")
        );
    }
}
