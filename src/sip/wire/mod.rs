//! Bytes ⇄ [`Message`]: the only place that names `rsip`.
//!
//! | file | holds |
//! |---|---|
//! | `normalise` | unfolded lines, long names, head and body apart |
//! | `start` | the first line |
//! | `reading` | what a message says as far as it can be read, and what stands in the way |
//! | `known` | header names that `rsip` has a type for |

mod known;
mod normalise;
mod reading;
mod start;
#[cfg(test)]
mod tests;

use std::fmt;

use rsip::headers::Headers;

use super::header::{CSeq, NameAddr, Via};
use super::method::Method;
use super::params::split_outside_quotes;

use known::{to_header, to_parts};
use normalise::long_name;

pub use reading::InvalidMessage;
pub(super) use reading::Reading;
pub use start::Start;

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

impl Message {
    /// Reads one message from a datagram or file.
    ///
    /// A body longer than `Content-Length` is cut (RFC 3261 §18.3); without that header the body is all the rest.
    ///
    /// # Errors
    /// One [`InvalidMessage`] for each thing without which the message cannot be told apart.
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidMessage> {
        let reading = Reading::of(bytes)?;
        if let Some(first) = reading.refused.into_iter().next() {
            return Err(first);
        }
        Ok(Self {
            start: reading.start?,
            headers: reading
                .fields
                .iter()
                .filter(|(n, _)| !n.eq_ignore_ascii_case("Content-Length"))
                .map(|(n, v)| to_header(n, v))
                .collect::<Vec<_>>()
                .into(),
            body: reading.body.to_vec(),
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
