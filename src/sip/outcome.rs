use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use serde::Serialize;

use super::header::NameAddr;
use super::ladder::LadderStep;
use super::locate::Located;
use super::params::split_outside_quotes;
use super::transport::Transport;
use super::uri::SipUri;

/// How a request ended. Kinds are kept apart: a code is always one that the peer sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum SipOutcome {
    /// A 2xx answer.
    Delivered {
        /// 200 to 299.
        code: u16,
        /// Reason phrase as the peer wrote it.
        reason: String,
    },
    /// 481, 489 or 405: somebody is there but does not know the event or the method.
    Alive {
        /// 405, 481 or 489.
        code: u16,
        /// Reason phrase as the peer wrote it.
        reason: String,
    },
    /// Any other final answer.
    Refused {
        /// 300 to 699.
        code: u16,
        /// Reason phrase as the peer wrote it.
        reason: String,
    },
    /// An INVITE made a phone ring for a person; it was cancelled.
    Ringing,
    /// Nothing final came within the time given.
    NoAnswer,
    /// The network said no: name not found, port closed, no route.
    TransportError {
        /// What the network said, in words.
        detail: String,
    },
}

impl SipOutcome {
    /// Sorts a final answer (200 to 699) into its kind.
    #[must_use]
    pub fn from_answer(code: u16, reason: &str) -> Self {
        let reason = reason.to_owned();
        match code {
            200..=299 => Self::Delivered { code, reason },
            405 | 481 | 489 => Self::Alive { code, reason },
            _ => Self::Refused { code, reason },
        }
    }

    /// Whether the peer took it (2xx).
    #[must_use]
    pub fn is_delivered(&self) -> bool {
        matches!(self, Self::Delivered { .. })
    }

    /// Whether anything at all answered.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        !matches!(self, Self::NoAnswer | Self::TransportError { .. })
    }

    /// The status code, when the peer sent one.
    #[must_use]
    pub fn code(&self) -> Option<u16> {
        match self {
            Self::Delivered { code, .. }
            | Self::Alive { code, .. }
            | Self::Refused { code, .. } => Some(*code),
            _ => None,
        }
    }
}

impl fmt::Display for SipOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delivered { code, reason }
            | Self::Alive { code, reason }
            | Self::Refused { code, reason } => write!(f, "{code} {reason}"),
            Self::Ringing => f.write_str("ringing"),
            Self::NoAnswer => f.write_str("no answer"),
            Self::TransportError { detail } => f.write_str(detail),
        }
    }
}

/// A final answer as far as a caller needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SipAnswer {
    /// Status code.
    pub code: u16,
    /// Reason phrase.
    pub reason: String,
    /// Header fields in their order, names in long form.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl SipAnswer {
    /// All values of a header field, by its long name.
    pub fn header<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v.as_str())
    }

    /// The items of a header that is a list, whether they stand in one field or in several.
    pub fn list<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.header(name)
            .flat_map(|value| split_outside_quotes(value, b','))
            .map(str::trim)
            .filter(|item| !item.is_empty())
    }

    /// The SIP URIs of its Contact fields that hold, by falling q: where a 3xx leads, what a registrar knows.
    #[must_use]
    pub fn contacts(&self) -> Vec<SipUri> {
        let mut found: Vec<(u32, SipUri)> = self
            .list("Contact")
            .filter_map(|item| {
                let contact = NameAddr::parse(item);
                if contact.params().value("expires") == Some("0") {
                    return None;
                }
                let q = contact.params().value("q").and_then(|q| q.parse().ok());
                let q: f32 = q.unwrap_or(1.0);
                // Between 0 and 1 by the grammar; whatever else stands there is cut to it.
                Some(((q.clamp(0.0, 1.0) * 1000.0) as u32, contact.sip_uri().ok()?))
            })
            .collect();
        found.sort_by_key(|(q, _)| std::cmp::Reverse(*q));
        found.into_iter().map(|(_, uri)| uri).collect()
    }
}

/// One place where a request was tried (RFC 3263 §4.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SipAttempt {
    /// How.
    pub transport: Transport,
    /// Where.
    pub address: SocketAddr,
    /// Why there.
    pub why: String,
    /// Why the next place was tried after it; absent where it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

impl SipAttempt {
    /// A try that has not failed.
    #[must_use]
    pub fn at(target: &Located) -> Self {
        Self {
            transport: target.transport,
            address: target.address,
            why: target.why.clone(),
            failed: None,
        }
    }
}

/// What became of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SipReport {
    /// How it ended.
    pub outcome: SipOutcome,
    /// From the first send to the outcome.
    pub elapsed: Duration,
    /// The final answer, if one came.
    pub answer: Option<SipAnswer>,
    /// Every message that went over the wire, in order.
    pub ladder: Vec<LadderStep>,
    /// Every place where it was tried, in order.
    pub attempts: Vec<SipAttempt>,
}

impl SipReport {
    /// A report with an outcome only.
    #[must_use]
    pub fn new(outcome: SipOutcome, elapsed: Duration) -> Self {
        Self {
            outcome,
            elapsed,
            answer: None,
            ladder: Vec::new(),
            attempts: Vec::new(),
        }
    }

    /// How many messages were sent again by a timer.
    #[must_use]
    pub fn retransmissions(&self) -> usize {
        self.ladder.iter().filter(|step| step.again).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_fall_into_their_kinds() {
        for (code, delivered, alive) in [
            (200, true, false),
            (202, true, false),
            (405, false, true),
            (481, false, true),
            (489, false, true),
            (404, false, false),
            (302, false, false),
            (603, false, false),
        ] {
            let outcome = SipOutcome::from_answer(code, "x");
            assert_eq!(outcome.is_delivered(), delivered, "{code}");
            assert_eq!(matches!(outcome, SipOutcome::Alive { .. }), alive, "{code}");
            assert_eq!(outcome.code(), Some(code));
        }
        assert!(!SipOutcome::NoAnswer.is_answered());
        assert!(SipOutcome::Ringing.is_answered());
    }
}
