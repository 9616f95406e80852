use std::fmt;

use rsip::headers::untyped as known;
use rsip::headers::{Header, Headers, UntypedHeader};

use super::header::{CSeq, NameAddr, Via};
use super::method::Method;
use super::normalise::{long_name, normalise};
use super::params::split_outside_quotes;

/// A SIP message: first line, header fields in their order, body as bytes.
///
/// Header fields are kept in `rsip`'s form; the first line, the body and every header
/// with structure are ours (the room's page says why).
///
/// ```
/// use callhome::sip::Message;
/// let message = Message::parse(b"SIP/2.0 486 Busy Here\r\ni: 1@a\r\nCSeq: 1 NOTIFY\r\n\r\n").unwrap();
/// assert_eq!(message.header("Call-ID"), Some("1@a"));
/// assert!(Message::parse(b"GET / HTTP/1.1\r\n\r\n").is_err());
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    start: Start,
    headers: Headers,
    body: Vec<u8>,
}

/// The first line of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// `METHOD uri SIP/2.0`.
    Request {
        /// The method.
        method: Method,
        /// The request URI as written; may be of another scheme than SIP.
        uri: String,
    },
    /// `SIP/2.0 code reason`.
    Response {
        /// 100 to 699.
        code: u16,
        /// The reason phrase as written; may be empty.
        reason: String,
    },
}

/// Why bytes are not a SIP message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMessage {
    /// Nothing, or only line ends: a keep-alive (RFC 5626 §4.4.1).
    #[error("there is nothing but line ends: a keep-alive")]
    Empty,
    /// No empty line ends the header fields.
    #[error("no empty line ends the header fields (RFC 3261 §7)")]
    NoEndOfHead,
    /// The first line is neither a request's nor a response's.
    #[error("the first line is neither METHOD uri SIP/2.0 nor SIP/2.0 code reason: {0:?}")]
    StartLine(String),
    /// A header line without name or colon.
    #[error("not a header field: {0:?}")]
    Header(String),
    /// `Content-Length` is not a number, contradicts another one, or promises more than came.
    #[error("Content-Length is {0:?} but {1} bytes follow the head (RFC 3261 §18.3)")]
    ContentLength(String, usize),
}

/// Header names that `rsip` knows, with their usual spelling; gives both directions of the mapping.
macro_rules! known_headers {
    ($($variant:ident $name:literal)*) => {
        fn to_header(name: &str, value: &str) -> Header {
            $(if name.eq_ignore_ascii_case($name) {
                return Header::$variant(known::$variant::new(value));
            })*
            Header::Other(name.to_owned(), value.to_owned())
        }

        fn to_parts(header: &Header) -> (&str, &str) {
            match header {
                $(Header::$variant(field) => ($name, field.value()),)*
                Header::Other(name, value) => (name, value),
            }
        }
    };
}

known_headers! {
    Via "Via" From "From" To "To" CallId "Call-ID" CSeq "CSeq" Contact "Contact"
    MaxForwards "Max-Forwards" Route "Route" RecordRoute "Record-Route" Event "Event"
    SubscriptionState "Subscription-State" Expires "Expires" MinExpires "Min-Expires"
    Authorization "Authorization" WwwAuthenticate "WWW-Authenticate"
    ProxyAuthenticate "Proxy-Authenticate" ProxyAuthorization "Proxy-Authorization"
    AuthenticationInfo "Authentication-Info" Accept "Accept" AcceptEncoding "Accept-Encoding"
    AcceptLanguage "Accept-Language" AlertInfo "Alert-Info" Allow "Allow" CallInfo "Call-Info"
    ContentDisposition "Content-Disposition" ContentEncoding "Content-Encoding"
    ContentLanguage "Content-Language" ContentLength "Content-Length" ContentType "Content-Type"
    Date "Date" ErrorInfo "Error-Info" InReplyTo "In-Reply-To" MimeVersion "MIME-Version"
    Organization "Organization" Priority "Priority" ProxyRequire "Proxy-Require"
    ReplyTo "Reply-To" Require "Require" RetryAfter "Retry-After" Server "Server"
    Subject "Subject" Supported "Supported" Timestamp "Timestamp" Unsupported "Unsupported"
    UserAgent "User-Agent" Warning "Warning"
}

fn parse_start(line: &str) -> Result<Start, InvalidMessage> {
    let bad = || InvalidMessage::StartLine(line.chars().take(60).collect());
    if let Some(status) = line
        .get(..8)
        .filter(|v| v.eq_ignore_ascii_case("SIP/2.0 "))
        .map(|_| &line[8..])
    {
        let (code, reason) = status.split_once(' ').unwrap_or((status, ""));
        if code.len() != 3 || !code.bytes().all(|b| b.is_ascii_digit()) {
            return Err(bad());
        }
        let code: u16 = code.parse().map_err(|_| bad())?;
        if !(100..700).contains(&code) {
            return Err(bad());
        }
        return Ok(Start::Response {
            code,
            reason: reason.trim().to_owned(),
        });
    }
    let (head, version) = line.trim_end().rsplit_once(' ').ok_or_else(bad)?;
    if !version.eq_ignore_ascii_case("SIP/2.0") {
        return Err(bad());
    }
    let (method, uri) = head.split_once(' ').ok_or_else(bad)?;
    let uri = uri.trim();
    let plain = |c: char| !c.is_whitespace() && !c.is_control();
    if uri.is_empty() || !uri.chars().all(plain) || uri.starts_with('<') {
        return Err(bad());
    }
    Ok(Start::Request {
        method: method.parse().map_err(|_| bad())?,
        uri: uri.to_owned(),
    })
}

impl Message {
    /// Reads one message from a datagram or file.
    ///
    /// A body longer than `Content-Length` is cut (RFC 3261 §18.3); without that header the body is all the rest.
    ///
    /// # Errors
    /// One [`InvalidMessage`] for each thing without which the message cannot be told apart.
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidMessage> {
        let plain = normalise(bytes)?;
        let start = parse_start(&plain.start)?;
        let mut body = plain.body;
        let mut lengths = plain
            .fields
            .iter()
            .filter(|(n, _)| n.eq_ignore_ascii_case("Content-Length"))
            .map(|(_, v)| v);
        if let Some(first) = lengths.next() {
            let bad = |text: &str| {
                InvalidMessage::ContentLength(text.chars().take(20).collect(), plain.body.len())
            };
            let digits = !first.is_empty() && first.bytes().all(|b| b.is_ascii_digit());
            let length: usize = first
                .parse()
                .ok()
                .filter(|_| digits)
                .ok_or_else(|| bad(first))?;
            if let Some(other) = lengths.find(|l| *l != first) {
                return Err(bad(other));
            }
            body = body.get(..length).ok_or_else(|| bad(first))?;
        }
        Ok(Self {
            start,
            headers: plain
                .fields
                .iter()
                .filter(|(n, _)| !n.eq_ignore_ascii_case("Content-Length"))
                .map(|(n, v)| to_header(n, v))
                .collect::<Vec<_>>()
                .into(),
            body: body.to_vec(),
        })
    }

    /// A request with no header fields yet.
    #[must_use]
    pub fn request(method: Method, uri: &str) -> Self {
        Self {
            start: Start::Request {
                method,
                uri: uri.to_owned(),
            },
            headers: Headers::default(),
            body: Vec::new(),
        }
    }

    /// The response to `request` (RFC 3261 §8.2.6): its Via, From, To, Call-ID and `CSeq`; `tag` is put to To if that has none.
    #[must_use]
    pub fn response(request: &Self, code: u16, reason: &str, tag: &str) -> Self {
        let mut answer = Self {
            start: Start::Response {
                code,
                reason: reason.to_owned(),
            },
            headers: Headers::default(),
            body: Vec::new(),
        };
        for (name, value) in request.fields() {
            match name {
                "Via" | "From" | "Call-ID" | "CSeq" => answer.push(name, value),
                // Needed for the dialog that a 2xx makes (RFC 3261 §12.1.1).
                "Record-Route" if (101..300).contains(&code) => answer.push(name, value),
                "To" if code == 100 || tag.is_empty() => answer.push(name, value),
                "To" => {
                    let mut to = NameAddr::parse(value);
                    if to.tag().is_none() {
                        to.set_tag(tag);
                    }
                    answer.push(name, &to.to_string());
                }
                _ => {}
            }
        }
        answer
    }

    /// The first line.
    #[must_use]
    pub fn start(&self) -> &Start {
        &self.start
    }

    /// The method of a request; of a response, that of its `CSeq`.
    #[must_use]
    pub fn method(&self) -> Option<Method> {
        match &self.start {
            Start::Request { method, .. } => Some(method.clone()),
            Start::Response { .. } => self.cseq().map(|c| c.method),
        }
    }

    /// The request URI as written.
    #[must_use]
    pub fn uri(&self) -> Option<&str> {
        match &self.start {
            Start::Request { uri, .. } => Some(uri),
            Start::Response { .. } => None,
        }
    }

    /// Status code of a response.
    #[must_use]
    pub fn code(&self) -> Option<u16> {
        match self.start {
            Start::Response { code, .. } => Some(code),
            Start::Request { .. } => None,
        }
    }

    /// Reason phrase of a response.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match &self.start {
            Start::Response { reason, .. } => Some(reason),
            Start::Request { .. } => None,
        }
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Sets the body; `Content-Length` follows by itself.
    pub fn set_body(&mut self, body: Vec<u8>) {
        self.body = body;
    }

    /// All header fields in their order, `Content-Length` apart, names in long form.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(to_parts)
    }

    /// The first value of a header, by its long name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.fields()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v)
    }

    /// The items of a header that is a list, whether they stand in one field or in several.
    #[must_use]
    pub fn list(&self, name: &str) -> Vec<&str> {
        self.fields()
            .filter(|(n, _)| n.eq_ignore_ascii_case(name))
            .flat_map(|(_, v)| split_outside_quotes(v, b','))
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .collect()
    }

    /// Adds a header field at the end. A value's line breaks become blanks.
    pub fn push(&mut self, name: &str, value: &str) {
        self.headers.push(to_header(long_name(name), &plain(value)));
    }

    /// Adds a header field above all others.
    pub fn push_front(&mut self, name: &str, value: &str) {
        let mut fields = vec![to_header(long_name(name), &plain(value))];
        fields.extend(std::mem::take(&mut self.headers));
        self.headers = fields.into();
    }

    /// Replaces all fields of that name by one at the place of the first.
    pub fn set(&mut self, name: &str, value: &str) {
        let mut new = Some(to_header(long_name(name), &plain(value)));
        let mut fields = Vec::new();
        for field in std::mem::take(&mut self.headers) {
            if to_parts(&field).0.eq_ignore_ascii_case(name) {
                fields.extend(new.take());
            } else {
                fields.push(field);
            }
        }
        fields.extend(new);
        self.headers = fields.into();
    }

    /// Drops all fields of that name.
    pub fn remove(&mut self, name: &str) {
        self.headers
            .retain(|h| !to_parts(h).0.eq_ignore_ascii_case(name));
    }

    /// The topmost Via, if it can be read.
    #[must_use]
    pub fn top_via(&self) -> Option<Via> {
        Via::parse(self.list("Via").first()?)
    }

    /// Replaces the topmost Via, even where several stand in one field.
    pub fn set_top_via(&mut self, via: &Via) {
        let mut all: Vec<String> = self.list("Via").into_iter().map(str::to_owned).collect();
        if let Some(first) = all.first_mut() {
            *first = via.to_string();
            self.set("Via", &all.join(", "));
        }
    }

    /// From.
    #[must_use]
    pub fn from(&self) -> Option<NameAddr> {
        self.header("From").map(NameAddr::parse)
    }

    /// To.
    #[must_use]
    pub fn to(&self) -> Option<NameAddr> {
        self.header("To").map(NameAddr::parse)
    }

    /// `CSeq`, if it can be read.
    #[must_use]
    pub fn cseq(&self) -> Option<CSeq> {
        CSeq::parse(self.header("CSeq")?)
    }

    /// The first line, without its end.
    #[must_use]
    pub fn first_line(&self) -> String {
        match &self.start {
            Start::Request { method, uri } => format!("{method} {uri} SIP/2.0"),
            Start::Response { code, reason } => format!("SIP/2.0 {code} {reason}"),
        }
    }

    /// The bytes for the wire, with the right `Content-Length`.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut head = self.first_line();
        for (name, value) in self.fields() {
            head.push_str("\r\n");
            head.push_str(name);
            head.push_str(": ");
            head.push_str(value);
        }
        head.push_str(&format!("\r\nContent-Length: {}\r\n\r\n", self.body.len()));
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// Control characters, which could begin a header of their own, become blanks.
fn plain(value: &str) -> String {
    value.replace(|c: char| c.is_control() && c != '\t', " ")
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Header fields name people and carry credentials.
        write!(
            f,
            "Message({:?}, {} header fields, {} bytes)",
            self.first_line().split(' ').next().unwrap_or_default(),
            self.headers.iter().count(),
            self.body.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOTIFY: &[u8] = b"NOTIFY sip:anna@[2001:db8::7]:5070 SIP/2.0\r\nVia : SIP/2.0/UDP [2001:db8::1]:5060;branch=z9hG4bK1, SIP/2.0/UDP b;branch=z9hG4bK0\r\nf: <sip:x@y>;tag=1\r\nt: \"A, B\" <sip:anna@h>\r\ni: 1@y\r\nCSeq: 7 NOTIFY\r\nm: <sip:a@b>;+sip.instance=\"<urn:uuid:1>\", <sip:c@d>\r\nl: 3\r\n\r\n\xff\0\x01trailing";

    #[test]
    fn reads_what_the_parser_below_cannot() {
        let message = Message::parse(NOTIFY).expect("valid");
        assert_eq!(message.uri(), Some("sip:anna@[2001:db8::7]:5070"));
        assert_eq!(message.body(), b"\xff\0\x01");
        assert_eq!(message.top_via().expect("via").branch(), Some("z9hG4bK1"));
        assert_eq!(message.list("Contact").len(), 2);
        assert_eq!(message.list("Via").len(), 2);
        assert_eq!(message.cseq().expect("cseq").number, 7);
        // Shown here so that the day rsip can do it this test says so.
        assert!(rsip::SipMessage::try_from(NOTIFY).is_err());
    }

    #[test]
    fn printing_and_reading_again_changes_nothing() {
        let message = Message::parse(NOTIFY).expect("valid");
        assert_eq!(Message::parse(&message.to_bytes()), Ok(message));
    }

    #[test]
    fn unknown_methods_and_reason_phrases_survive() {
        let message =
            Message::parse(b"SIP/2.0 486 Occup\xc3\xa9 ici\r\nX-Y: z\r\n\r\n").expect("valid");
        assert_eq!(message.reason(), Some("Occupé ici"));
        let message = Message::parse(b"FROBNICATE tel:+1408 SIP/2.0\r\n\r\n").expect("valid");
        assert_eq!(message.first_line(), "FROBNICATE tel:+1408 SIP/2.0");
    }

    #[test]
    fn content_length_must_be_kept_and_agreed_upon() {
        for head in ["l: 9", "l: -1", "l: +3", "l: x", "l:", "l: 2\r\nl: 3"] {
            let text = format!("SIP/2.0 200 OK\r\n{head}\r\n\r\nabc");
            assert!(
                matches!(
                    Message::parse(text.as_bytes()),
                    Err(InvalidMessage::ContentLength(..))
                ),
                "{head}"
            );
        }
    }

    #[test]
    fn first_lines_that_are_not_sip_are_refused() {
        for line in [
            "GET / HTTP/1.1",
            "OPTIONS sip:a SIP/7.0",
            "OPTIONS  SIP/2.0",
            "OPTIONS <sip:a> SIP/2.0",
            "SIP/2.0 99 x",
            "SIP/2.0 700 x",
            "SIP/2.0 20 x",
            "SIP/2.0",
            "SIP/2.0 é00 x",
            "x",
        ] {
            let text = format!("{line}\r\n\r\n");
            assert!(
                matches!(
                    Message::parse(text.as_bytes()),
                    Err(InvalidMessage::StartLine(_))
                ),
                "{line}"
            );
        }
    }

    #[test]
    fn a_response_carries_what_the_request_needs_back() {
        let request = Message::parse(NOTIFY).expect("valid");
        let answer = Message::response(&request, 200, "OK", "abc");
        assert_eq!(answer.to().expect("to").tag(), Some("abc"));
        assert_eq!(answer.list("Via"), request.list("Via"));
        assert_eq!(answer.header("Contact"), None);
    }

    #[test]
    fn a_value_cannot_begin_another_line() {
        let mut message = Message::request(Method::OPTIONS, "sip:a");
        message.push("Subject", "a\r\nEvil: 1");
        assert_eq!(
            Message::parse(&message.to_bytes())
                .expect("valid")
                .header("Evil"),
            None
        );
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            if let Ok(message) = Message::parse(&bytes) {
                let _again = Message::parse(&message.to_bytes());
            }
        }

        #[test]
        fn no_damage_to_a_real_message_makes_it_panic(
            at in 0..NOTIFY.len(), with in any::<u8>(), cut in 0..NOTIFY.len(),
        ) {
            let mut bytes = NOTIFY.to_vec();
            bytes[at] = with;
            bytes.truncate(cut);
            if let Ok(message) = Message::parse(&bytes) {
                let _typed = (message.top_via(), message.from(), message.to(), message.cseq());
                prop_assert_eq!(Message::parse(&message.to_bytes()), Ok(message));
            }
        }
    }
}
