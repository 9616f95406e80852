use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use super::method::{Method, is_token};
use super::uri::SipUri;

/// A request that we want to send, in our words; Via, tags, Call-ID and `CSeq` come later.
///
/// ```
/// use callhome::sip::OutboundRequest;
/// let request = OutboundRequest::notify("sip:anna@192.0.2.7".parse().unwrap(), "check-sync")
///     .unwrap()
///     .with_body("text/plain", b"hello".to_vec())
///     .unwrap();
/// assert_eq!(request.event.as_deref(), Some("check-sync"));
/// assert!(OutboundRequest::notify("sip:a@b".parse().unwrap(), "x\r\nInjected: y").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboundRequest {
    /// The method.
    pub method: Method,
    /// Request URI: whom it is for in the end.
    pub uri: SipUri,
    /// Route set, first hop first (RFC 3261 §8.1.2); `lr` is added where it is missing.
    pub route: Vec<SipUri>,
    /// Address of record of the sender; `sip:callhome@<local address>` when `None`.
    pub from: Option<SipUri>,
    /// Address of record of the receiver; the request URI when `None`.
    pub to: Option<SipUri>,
    /// `Event`, with its parameters.
    pub event: Option<String>,
    /// `Contact`; the local address when `None`.
    pub contact: Option<String>,
    /// `Expires` in seconds (REGISTER, SUBSCRIBE).
    pub expires: Option<u32>,
    /// Whether `Answer-Mode: Auto` is asked for (RFC 5373).
    pub answer_mode_auto: bool,
    /// Further header fields, in order.
    pub headers: Vec<(String, String)>,
    /// `Content-Type` of the body.
    pub content_type: Option<String>,
    /// The body; may be binary.
    pub body: Vec<u8>,
    /// What digest challenges are answered with.
    pub credentials: Option<Credentials>,
    /// Where the datagram goes.
    pub target: Target,
    /// The dialog that it belongs to; one of its own when `None`.
    pub dialog: Option<Dialog>,
    /// Whether the report is to hold every message whole, for a capture.
    pub captured: bool,
    /// Whether a redirection is the answer that is wanted, and not followed.
    pub stays: bool,
}

/// A dialog as a request in it names it (RFC 3261 §12.2.1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialog {
    /// `Call-ID`.
    pub call_id: String,
    /// Our tag, in From.
    pub local_tag: String,
    /// The peer's tag, in To; empty in the request that makes the dialog.
    pub remote_tag: String,
    /// `CSeq` number of the request; answers to challenges take the ones that follow.
    pub sequence: u32,
}

/// User name and password for digest challenges. `Debug` hides the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    user: String,
    password: String,
}

impl Credentials {
    /// Puts a user name and a password together.
    #[must_use]
    pub fn new(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self {
            user: user.into(),
            password: password.into(),
        }
    }

    /// The user name.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The password, for the digest only.
    #[must_use]
    pub fn password(&self) -> &str {
        &self.password
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({:?}, …)", self.user)
    }
}

/// Where the first copy of a request goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Target {
    /// The topmost route, else the request URI: its host is looked up.
    #[default]
    ByUri,
    /// This address, whatever the URIs say (a proxy, a contact behind NAT).
    Address(SocketAddr),
}

/// How long to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For a final answer, challenges included.
    pub answer: Duration,
    /// How long a phone may ring before the INVITE is cancelled.
    pub ring: Duration,
}

impl Default for Patience {
    /// 32 s (64 × T1, RFC 3261 §17.1.1.2) for an answer; 3 s of ringing.
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(32),
            ring: Duration::from_secs(3),
        }
    }
}

impl Patience {
    /// The usual patience with another time for the answer.
    #[must_use]
    pub fn of(answer: Duration) -> Self {
        Self {
            answer,
            ..Self::default()
        }
    }
}

/// Why a request cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRequest {
    /// A header name that is not a token.
    #[error("{0:?} is not a header name")]
    HeaderName(String),
    /// A line break or another control character in a value.
    #[error("the value of {0} has a line break or control character in it")]
    HeaderValue(String),
    /// Headers that the transaction layer writes itself.
    #[error("{0} is set by the endpoint and cannot be given")]
    Reserved(String),
    /// An empty `Event`.
    #[error("an event package is one word as in check-sync, found {0:?}")]
    Event(String),
}

fn checked(name: &str, value: &str) -> Result<String, InvalidRequest> {
    if value.chars().any(|c| c.is_control() && c != '\t') {
        return Err(InvalidRequest::HeaderValue(name.to_owned()));
    }
    Ok(value.trim().to_owned())
}

impl OutboundRequest {
    /// A request of any method with nothing but its URI.
    #[must_use]
    pub fn new(method: Method, uri: SipUri) -> Self {
        Self {
            method,
            uri,
            route: Vec::new(),
            from: None,
            to: None,
            event: None,
            contact: None,
            expires: None,
            answer_mode_auto: false,
            headers: Vec::new(),
            content_type: None,
            body: Vec::new(),
            credentials: None,
            target: Target::ByUri,
            dialog: None,
            captured: false,
            stays: false,
        }
    }

    /// The same request; its report holds every message whole.
    #[must_use]
    pub fn captured(self) -> Self {
        Self {
            captured: true,
            ..self
        }
    }

    /// NOTIFY of an event package outside a dialog (RFC 6665 §4.2.1; implicit subscription).
    ///
    /// # Errors
    /// [`InvalidRequest::Event`] when `event` does not begin with a token.
    pub fn notify(uri: SipUri, event: &str) -> Result<Self, InvalidRequest> {
        let event = checked("Event", event)?;
        if !is_token(event.split(';').next().unwrap_or_default().trim()) {
            return Err(InvalidRequest::Event(event));
        }
        Ok(Self {
            event: Some(event),
            ..Self::new(Method::NOTIFY, uri)
        })
    }

    /// INVITE without media that asks to be answered by the device itself.
    #[must_use]
    pub fn invite(uri: SipUri) -> Self {
        Self {
            answer_mode_auto: true,
            ..Self::new(Method::INVITE, uri)
        }
    }

    /// OPTIONS.
    #[must_use]
    pub fn options(uri: SipUri) -> Self {
        Self::new(Method::OPTIONS, uri)
    }

    /// REGISTER of `aor` at the registrar's domain `uri`, for `expires` seconds (0 removes).
    #[must_use]
    pub fn register(uri: SipUri, aor: SipUri, expires: u32) -> Self {
        Self {
            from: Some(aor.clone()),
            to: Some(aor),
            expires: Some(expires),
            ..Self::new(Method::REGISTER, uri)
        }
    }

    /// REGISTER that changes nothing and asks the registrar which contacts `aor` has (RFC 3261 §10.2.3).
    #[must_use]
    pub fn query(uri: SipUri, aor: SipUri) -> Self {
        Self {
            expires: None,
            ..Self::register(uri, aor, 0)
        }
    }

    /// The same request; a redirection is its answer and is not followed.
    #[must_use]
    pub fn staying(self) -> Self {
        Self {
            stays: true,
            ..self
        }
    }

    /// SUBSCRIBE of `aor` to an event package, for `expires` seconds (0 ends it; RFC 6665 §4.1.2).
    ///
    /// # Errors
    /// [`InvalidRequest::Event`] when `event` does not begin with a token.
    pub fn subscribe(
        uri: SipUri,
        aor: SipUri,
        event: &str,
        expires: u32,
    ) -> Result<Self, InvalidRequest> {
        Ok(Self {
            method: Method::SUBSCRIBE,
            from: Some(aor.clone()),
            to: Some(aor),
            expires: Some(expires),
            ..Self::notify(uri, event)?
        })
    }

    /// MESSAGE with a text (RFC 3428).
    #[must_use]
    pub fn message(uri: SipUri, text: &str) -> Self {
        Self {
            content_type: Some("text/plain;charset=UTF-8".to_owned()),
            body: text.as_bytes().to_vec(),
            ..Self::new(Method::MESSAGE, uri)
        }
    }

    /// Adds a body and its type.
    ///
    /// # Errors
    /// [`InvalidRequest::HeaderValue`] when the type has a control character in it.
    pub fn with_body(mut self, content_type: &str, body: Vec<u8>) -> Result<Self, InvalidRequest> {
        self.content_type = Some(checked("Content-Type", content_type)?);
        self.body = body;
        Ok(self)
    }

    /// Adds a header field.
    ///
    /// # Errors
    /// When the name is not a token, belongs to the endpoint (`Via`, `CSeq`, …), or the value has a control character in it.
    pub fn with_header(mut self, name: &str, value: &str) -> Result<Self, InvalidRequest> {
        const RESERVED: [&str; 9] = [
            "Via",
            "From",
            "To",
            "Call-ID",
            "CSeq",
            "Content-Length",
            "Content-Type",
            "Max-Forwards",
            "Route",
        ];
        if !is_token(name) {
            return Err(InvalidRequest::HeaderName(name.chars().take(40).collect()));
        }
        if let Some(name) = RESERVED.iter().find(|r| r.eq_ignore_ascii_case(name)) {
            return Err(InvalidRequest::Reserved((*name).to_owned()));
        }
        self.headers.push((name.to_owned(), checked(name, value)?));
        Ok(self)
    }

    /// Sets the `Contact` value, as in `<sip:anna@192.0.2.7:5070>;+sip.instance="…"`.
    ///
    /// # Errors
    /// [`InvalidRequest::HeaderValue`] when it has a control character in it.
    pub fn with_contact(mut self, contact: &str) -> Result<Self, InvalidRequest> {
        self.contact = Some(checked("Contact", contact)?);
        Ok(self)
    }

    /// Sends it through these proxies, first hop first.
    #[must_use]
    pub fn via_route(mut self, route: Vec<SipUri>) -> Self {
        self.route = route;
        self
    }

    /// Sends it to this address, whatever the URIs say (a contact behind NAT).
    #[must_use]
    pub fn sent_to(mut self, address: SocketAddr) -> Self {
        self.target = Target::Address(address);
        self
    }

    /// Says who sends.
    #[must_use]
    pub fn from_aor(mut self, from: SipUri) -> Self {
        self.from = Some(from);
        self
    }

    /// Answers digest challenges with these.
    #[must_use]
    pub fn with_credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Sends it in a dialog.
    #[must_use]
    pub fn in_dialog(mut self, dialog: Dialog) -> Self {
        self.dialog = Some(dialog);
        self
    }

    /// The URI whose host is the next hop: topmost route, else request URI.
    #[must_use]
    pub fn next_hop(&self) -> &SipUri {
        self.route.first().unwrap_or(&self.uri)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri() -> SipUri {
        "sip:anna@192.0.2.7".parse().expect("valid")
    }

    #[test]
    fn nothing_can_be_smuggled_into_the_head() {
        let request = OutboundRequest::options(uri());
        for (name, value) in [
            ("Subject", "a\r\nEvil: 1"),
            ("Sub ject", "a"),
            ("Subject:", "a"),
            ("via", "SIP/2.0/UDP x"),
            ("", "a"),
        ] {
            assert!(request.clone().with_header(name, value).is_err(), "{name}");
        }
        assert!(request.clone().with_body("a/b\n", Vec::new()).is_err());
        assert!(request.with_contact("<sip:a>\n").is_err());
    }

    #[test]
    fn the_first_route_is_the_next_hop() {
        let proxy: SipUri = "sip:10.0.0.1;lr".parse().expect("valid");
        let request = OutboundRequest::invite(uri());
        assert_eq!(request.next_hop(), &uri());
        assert_eq!(request.via_route(vec![proxy.clone()]).next_hop(), &proxy);
    }

    #[test]
    fn the_password_is_never_shown() {
        let text = format!("{:?}", Credentials::new("anna", "hunter2"));
        assert!(!text.contains("hunter2"), "{text}");
    }
}
