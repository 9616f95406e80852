use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::transport::Transport;

/// Which way a message went, seen from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From here to the peer.
    Sent,
    /// From the peer to here.
    Received,
}

/// One message of an exchange, for people: when, which way, between whom, first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LadderStep {
    /// Time since the exchange began.
    #[serde(rename = "at_ms", serialize_with = "as_millis")]
    pub at: Duration,
    /// Which way it went.
    pub direction: Direction,
    /// The address of the other side.
    pub peer: SocketAddr,
    /// How it went.
    pub transport: Transport,
    /// First line, as in `NOTIFY sip:anna@192.0.2.7 SIP/2.0`.
    pub line: String,
    /// True for a copy sent again by a timer.
    pub again: bool,
    /// The whole message, secrets included, when the request was to be captured.
    #[serde(skip)]
    pub octets: Option<Arc<[u8]>>,
}

fn as_millis<S: serde::Serializer>(at: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(at.as_millis()).unwrap_or(u64::MAX))
}

impl LadderStep {
    /// What one writes above the arrow: `NOTIFY`, `200 OK`.
    #[must_use]
    pub fn label(&self) -> &str {
        match self.line.strip_prefix("SIP/2.0 ") {
            Some(status) => status,
            None => self.line.split(' ').next().unwrap_or_default(),
        }
    }
}

impl fmt::Display for LadderStep {
    /// One line: time, arrow with label, peer.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let again = if self.again { " (again)" } else { "" };
        let label = format!("{}{again}", self.label());
        let ms = self.at.as_millis();
        match self.direction {
            Direction::Sent => write!(f, "{ms:>6} ms  │── {label:<28} ─▶│  {}", self.peer),
            Direction::Received => write!(f, "{ms:>6} ms  │◀─ {label:<28} ──│  {}", self.peer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_reads_as_one_arrow() {
        let mut step = LadderStep {
            at: Duration::from_millis(38),
            direction: Direction::Received,
            peer: SocketAddr::from(([127, 0, 0, 1], 5070)),
            transport: Transport::Udp,
            line: "SIP/2.0 200 OK".into(),
            again: false,
            octets: None,
        };
        assert_eq!(step.label(), "200 OK");
        assert!(step.to_string().contains("38 ms  │◀─ 200 OK"));
        step.line = "NOTIFY sip:a@b SIP/2.0".into();
        step.direction = Direction::Sent;
        assert!(step.to_string().contains("│── NOTIFY"));
    }
}
