use std::net::SocketAddr;

use super::method::Method;
use super::params::quote;
use super::transport::Transport;
use super::uri::SipUri;
use super::wire::Message;

/// A request that came in, with where from; repeated copies never get this far.
#[derive(Debug, Clone)]
pub struct InboundRequest {
    /// The request; its topmost Via carries `received` and `rport` (RFC 3581).
    pub message: Message,
    /// The transport address it came from.
    pub source: SocketAddr,
    /// Our address that it came to.
    pub local: SocketAddr,
    /// How it came. Over a reliable one, requests to the sender go out on the same connection.
    pub transport: Transport,
}

impl InboundRequest {
    /// The method.
    #[must_use]
    pub fn method(&self) -> Method {
        self.message.method().unwrap_or(Method::OPTIONS)
    }

    /// The user part of the request URI: which of the devices behind one socket is meant.
    #[must_use]
    pub fn user(&self) -> Option<String> {
        let uri: SipUri = self.message.uri()?.parse().ok()?;
        uri.user().map(str::to_owned)
    }

    /// Event package without its parameters.
    #[must_use]
    pub fn event(&self) -> Option<&str> {
        let value = self.message.header("Event")?;
        Some(value.split(';').next().unwrap_or(value).trim())
    }
}

/// What to answer; Via, From, To, Call-ID, `CSeq` and a tag come by themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// 200 to 699.
    pub code: u16,
    /// Reason phrase.
    pub reason: String,
    /// Header fields.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Our tag, when the answer makes a dialog that goes on; any otherwise.
    pub tag: Option<String>,
}

impl Reply {
    /// An answer with the usual reason phrase of its code.
    #[must_use]
    pub fn new(code: u16) -> Self {
        Self {
            code,
            reason: reason_phrase(code).to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            tag: None,
        }
    }

    /// `200 OK`.
    #[must_use]
    pub fn ok() -> Self {
        Self::new(200)
    }

    /// Adds a header field. Line breaks in the value become blanks.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds a body and its type.
    #[must_use]
    pub fn with_body(self, content_type: &str, body: Vec<u8>) -> Self {
        Self {
            body,
            ..self.with_header("Content-Type", content_type)
        }
    }

    /// Puts this tag to To.
    #[must_use]
    pub fn with_tag(self, tag: &str) -> Self {
        Self {
            tag: Some(tag.to_owned()),
            ..self
        }
    }

    /// Adds a `Warning` of our own (RFC 3261 §20.43, code 399) that says in words what was wrong.
    #[must_use]
    pub fn because(self, words: &str) -> Self {
        let text = format!("399 callhome {}", quote(words));
        self.with_header("Warning", &text)
    }

    /// The whole response to `request`.
    #[must_use]
    pub fn to_message(&self, request: &Message, tag: &str) -> Message {
        let tag = self.tag.as_deref().unwrap_or(tag);
        let mut message = Message::response(request, self.code, &self.reason, tag);
        for (name, value) in &self.headers {
            message.push(name, value);
        }
        message.set_body(self.body.clone());
        message
    }
}

/// The usual reason phrase of a code; of unknown ones, that of their class.
#[must_use]
pub fn reason_phrase(code: u16) -> &'static str {
    match code {
        100 => "Trying",
        180 => "Ringing",
        200 => "OK",
        202 => "Accepted",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        413 => "Request Entity Too Large",
        415 => "Unsupported Media Type",
        420 => "Bad Extension",
        423 => "Interval Too Brief",
        430 => "Flow Failed",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        482 => "Loop Detected",
        483 => "Too Many Hops",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        489 => "Bad Event",
        500 => "Server Internal Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        603 => "Decline",
        _ => match code / 100 {
            1 => "In Progress",
            2 => "OK",
            3 => "Elsewhere",
            4 => "Request Failure",
            5 => "Server Failure",
            _ => "Global Failure",
        },
    }
}
