//! A request out of a message that somebody else wrote, to be sent anew.

use super::header::NameAddr;
use super::method::Method;
use super::request::OutboundRequest;
use super::uri::InvalidSipUri;
use super::wire::Message;

/// Why a message is no request that can be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSendable {
    /// It is an answer.
    #[error("this is an answer, not a request")]
    Answer,
    /// It belongs to another request.
    #[error("{0} means nothing on its own: it belongs to an INVITE")]
    Dependent(Method),
    /// It is for nobody.
    #[error(transparent)]
    Uri(#[from] InvalidSipUri),
}

impl TryFrom<&Message> for OutboundRequest {
    type Error = NotSendable;

    /// The request that a message stands for: what the endpoint writes itself is left out, the rest stands.
    fn try_from(message: &Message) -> Result<Self, NotSendable> {
        let (Some(method), Some(uri)) = (message.method(), message.uri()) else {
            return Err(NotSendable::Answer);
        };
        if method == Method::ACK || method == Method::CANCEL {
            return Err(NotSendable::Dependent(method));
        }
        let mut request = Self::new(method, uri.parse()?);
        request.from = message.from().and_then(|a| a.sip_uri().ok());
        request.to = message.to().and_then(|a| a.sip_uri().ok());
        for route in message.list("Route") {
            request.route.push(NameAddr::parse(route).uri().parse()?);
        }
        for (name, value) in message.fields() {
            match name {
                "Via" | "From" | "To" | "Call-ID" | "CSeq" | "Max-Forwards" | "Route"
                | "Content-Length" => {}
                "Content-Type" => request.content_type = Some(value.to_owned()),
                "Contact" => request.contact = Some(value.to_owned()),
                _ => request.headers.push((name.to_owned(), value.to_owned())),
            }
        }
        request.body = message.body().to_vec();
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_keeps_its_own_headers_and_body() {
        let message = Message::parse(b"NOTIFY sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK1\r\nRoute: <sip:p;lr>\r\nf: <sip:me@h>;tag=1\r\nt: <sip:a@b>\r\nCall-ID: 1\r\nCSeq: 9 NOTIFY\r\no: check-sync\r\nContact: <sip:me@h>\r\nc: text/plain\r\n\r\nhi").expect("valid");
        let request = OutboundRequest::try_from(&message).expect("a request");
        assert_eq!(request.next_hop().to_string(), "sip:p;lr");
        assert_eq!(request.contact.as_deref(), Some("<sip:me@h>"));
        assert_eq!(request.body, b"hi");
        assert_eq!(
            request.headers,
            [("Event".to_owned(), "check-sync".to_owned())]
        );
        assert_eq!(
            request.from.map(|f| f.to_string()).as_deref(),
            Some("sip:me@h")
        );
    }

    #[test]
    fn answers_and_requests_without_a_transaction_are_refused() {
        for text in [
            "SIP/2.0 200 OK\r\n\r\n",
            "ACK sip:a SIP/2.0\r\n\r\n",
            "CANCEL sip:a SIP/2.0\r\n\r\n",
            "OPTIONS tel:+1 SIP/2.0\r\n\r\n",
        ] {
            let message = Message::parse(text.as_bytes()).expect("valid");
            assert!(OutboundRequest::try_from(&message).is_err(), "{text}");
        }
    }
}
