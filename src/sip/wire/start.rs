use super::InvalidMessage;
use crate::sip::method::{Method, is_token};

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

const VERSION: &str = "SIP/2.0";

impl Start {
    /// Reads the first line. Blanks between its parts and at its end are passed over (RFC 4475 §3.1.2.9 and .10
    /// leave that to the reader); [`super::Reading`] tells of them.
    pub(super) fn parse(line: &str) -> Result<Self, InvalidMessage> {
        let bad = || InvalidMessage::StartLine(short(line));
        let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
        if first
            .get(..4)
            .is_some_and(|v| v.eq_ignore_ascii_case("SIP/"))
        {
            return Self::status(first, rest);
        }
        let (head, version) = line.trim_end().rsplit_once(' ').ok_or_else(bad)?;
        if !version
            .get(..4)
            .is_some_and(|v| v.eq_ignore_ascii_case("SIP/"))
        {
            return Err(bad());
        }
        let (method, uri) = head.split_once(' ').ok_or_else(bad)?;
        let method: Method = method.parse().map_err(|_| bad())?;
        if !version.eq_ignore_ascii_case(VERSION) {
            return Err(InvalidMessage::Version(short(version)));
        }
        let uri = uri.trim();
        let refused = |why| InvalidMessage::RequestUri(short(uri), why);
        if uri.is_empty() {
            return Err(bad());
        } else if uri.starts_with('<') {
            return Err(refused("stands in angle brackets"));
        } else if uri.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(refused("has blanks or control characters in it"));
        }
        Ok(Self::Request {
            method,
            uri: uri.to_owned(),
        })
    }

    fn status(version: &str, rest: &str) -> Result<Self, InvalidMessage> {
        if !version.eq_ignore_ascii_case(VERSION) {
            return Err(InvalidMessage::Version(short(version)));
        }
        let (code, reason) = rest.split_once(' ').unwrap_or((rest, ""));
        let number = Some(code)
            .filter(|c| c.len() == 3 && c.bytes().all(|b| b.is_ascii_digit()))
            .and_then(|c| c.parse().ok())
            .filter(|c| (100..700).contains(c))
            .ok_or_else(|| InvalidMessage::StatusCode(short(code)))?;
        Ok(Self::Response {
            code: number,
            reason: reason.trim().to_owned(),
        })
    }
}

/// What is wrong with the blanks of a first line that can be read (RFC 3261 §7.1, §25.1: one space each).
pub(super) fn spacing(line: &str) -> Option<&'static str> {
    if line
        .get(..4)
        .is_some_and(|v| v.eq_ignore_ascii_case("SIP/"))
    {
        return None;
    }
    if line.ends_with([' ', '\t']) {
        Some("there are blanks behind the version")
    } else if line.split(' ').filter(|part| !part.is_empty()).count() != line.split(' ').count() {
        Some("more than one space parts method, URI and version")
    } else {
        None
    }
}

/// Whether `line` begins as a request would.
pub(super) fn method_of(line: &str) -> Option<Method> {
    let word = line.split(' ').next().filter(|w| is_token(w))?;
    word.parse().ok()
}

fn short(text: &str) -> String {
    text.chars().take(60).collect()
}
