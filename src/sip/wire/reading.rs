use super::Start;
use super::normalise::normalise;
use super::start::{method_of, spacing};
use crate::sip::method::Method;

/// Why bytes are not a SIP message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMessage {
    /// Nothing, or only line ends: a keep-alive (RFC 5626 §4.4.1).
    #[error("there is nothing but line ends: a keep-alive")]
    Empty,
    /// No empty line ends the header fields.
    #[error("no empty line ends the header fields")]
    NoEndOfHead,
    /// The first line is neither a request's nor a response's.
    #[error("the first line is neither METHOD uri SIP/2.0 nor SIP/2.0 code reason: {0:?}")]
    StartLine(String),
    /// Another version than 2.0; a server answers 505.
    #[error("version {0:?} is not SIP/2.0")]
    Version(String),
    /// The request URI is not one word, or not bare; why.
    #[error("the request URI {0:?} {1}")]
    RequestUri(String, &'static str),
    /// The code of an answer is not a number from 100 to 699.
    #[error("{0:?} is not a status code of three digits, 100 to 699")]
    StatusCode(String),
    /// A header line without name or colon.
    #[error("not a header field: {0:?}")]
    Header(String),
    /// A carriage return within a line: others may take it for the line's end.
    #[error("a carriage return that ends no line: {0:?}")]
    BareCr(String),
    /// `Content-Length` is not a number.
    #[error("{0:?} is not a number of bytes")]
    ContentLength(String),
    /// `Content-Length` promises more than came.
    #[error("promises {0} bytes, but {1} follow the head")]
    Short(String, usize),
    /// `Content-Length` stands there more than once, with different values.
    #[error("stands there as {0:?} and as {1:?}")]
    Lengths(String, String),
}

impl InvalidMessage {
    /// The section that forbids it.
    #[must_use]
    pub fn rule(&self) -> &'static str {
        match self {
            Self::Empty => "RFC 5626 §4.4.1",
            Self::NoEndOfHead | Self::StartLine(_) => "RFC 3261 §7",
            Self::Version(_) | Self::RequestUri(..) => "RFC 3261 §7.1",
            Self::StatusCode(_) => "RFC 3261 §7.2",
            Self::Header(_) => "RFC 3261 §7.3.1",
            Self::BareCr(_) => "RFC 3261 §25.1",
            Self::ContentLength(_) | Self::Lengths(..) => "RFC 3261 §20.14",
            Self::Short(..) => "RFC 3261 §18.3",
        }
    }

    /// The header field that it is about; empty for the first line and the message as a whole.
    #[must_use]
    pub fn header(&self) -> &'static str {
        match self {
            Self::ContentLength(_) | Self::Lengths(..) | Self::Short(..) => "Content-Length",
            _ => "",
        }
    }
}

/// What a message says as far as it can be read, and what stands in the way of taking it.
#[derive(Debug)]
pub(in crate::sip) struct Reading<'a> {
    /// The first line as it stands there.
    pub(in crate::sip) line: String,
    /// What the first line means.
    pub(in crate::sip) start: Result<Start, InvalidMessage>,
    /// Long name and value of each header field, `Content-Length` included.
    pub(in crate::sip) fields: Vec<(String, String)>,
    /// The body: as long as `Content-Length` says, else all the rest.
    pub(in crate::sip) body: &'a [u8],
    /// What the message is refused for, the first line apart.
    pub(in crate::sip) refused: Vec<InvalidMessage>,
    /// How many bytes follow the body.
    pub(in crate::sip) surplus: usize,
    /// Whether bytes of the head were not UTF-8.
    pub(in crate::sip) is_lossy: bool,
}

impl<'a> Reading<'a> {
    /// Reads as much as there is.
    pub(in crate::sip) fn of(bytes: &'a [u8]) -> Result<Self, InvalidMessage> {
        let plain = normalise(bytes)?;
        let mut refused = Vec::new();
        if !plain.has_end {
            refused.push(InvalidMessage::NoEndOfHead);
        }
        refused.extend(plain.bare_cr.map(InvalidMessage::BareCr));
        refused.extend(plain.odd_lines.into_iter().map(InvalidMessage::Header));
        let mut body = plain.body;
        let mut lengths = plain
            .fields
            .iter()
            .filter(|(n, _)| n.eq_ignore_ascii_case("Content-Length"))
            .map(|(_, v)| v);
        if let Some(first) = lengths.next() {
            let brief = |text: &str| text.chars().take(20).collect::<String>();
            let is_number = !first.is_empty() && first.bytes().all(|b| b.is_ascii_digit());
            if let Some(other) = lengths.find(|l| *l != first) {
                refused.push(InvalidMessage::Lengths(brief(first), brief(other)));
            } else if !is_number {
                refused.push(InvalidMessage::ContentLength(brief(first)));
            } else if let Some(cut) = first.parse().ok().and_then(|n: usize| body.get(..n)) {
                body = cut;
            } else {
                refused.push(InvalidMessage::Short(brief(first), body.len()));
            }
        }
        Ok(Self {
            start: Start::parse(&plain.start),
            line: plain.start,
            surplus: plain.body.len() - body.len(),
            fields: plain.fields,
            body,
            refused,
            is_lossy: plain.is_lossy,
        })
    }

    /// Blanks too many in a first line that can be read all the same.
    pub(in crate::sip) fn odd_spacing(&self) -> Option<&'static str> {
        self.start.as_ref().ok().and_then(|_| spacing(&self.line))
    }

    /// The method, also of a request whose first line is refused.
    pub(in crate::sip) fn method(&self) -> Option<Method> {
        match &self.start {
            Ok(Start::Request { method, .. }) => Some(method.clone()),
            Ok(Start::Response { .. }) | Err(InvalidMessage::StatusCode(_)) => None,
            Err(_) => method_of(&self.line),
        }
    }
}
