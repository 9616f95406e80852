use serde::{Deserialize, Serialize};

use crate::domain::{ShortId, Timestamp};

/// Why a device can or cannot be reached (requirement F3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct ProbeReport {
    /// The device; absent when a bare SIP address was probed.
    pub device: Option<ShortId>,
    /// The device's name or the address.
    pub target: String,
    /// When it began.
    pub at: Timestamp,
    /// True when at least one bearer reaches it now.
    pub reachable: bool,
    /// The answer in one sentence.
    pub verdict: String,
    /// The evidence, in the order in which a message travels.
    pub checks: Vec<ProbeCheck>,
    /// Commands to run next, best first, each with what it does.
    pub next: Vec<String>,
    /// The SIP messages that crossed, without secrets.
    #[serde(default)]
    pub messages: Vec<ProbeMessage>,
}

/// One piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct ProbeCheck {
    /// What was looked at: `binding`, `enum`, `directory`, `name`, `connection`, `tls`, `options`, the same with `proxy-` before it and `proxy`
    /// for the answer there, `sms`, `session`, `waiting`.
    pub name: String,
    /// What was seen.
    pub finding: String,
    /// What that means.
    pub grade: ProbeGrade,
    /// How long it took, in milliseconds; absent when nothing was measured.
    pub elapsed_ms: Option<u64>,
}

/// What a finding means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ProbeGrade {
    /// As it should be.
    Ok,
    /// Worth a look.
    Warning,
    /// This is why.
    Bad,
    /// Not tried, for the reason in the finding.
    Skipped,
}

/// A SIP message that crossed while something was probed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct ProbeMessage {
    /// Microseconds since the probe began.
    pub at_us: u64,
    /// True for what was sent from here.
    pub sent: bool,
    /// Our address, as the message tells it.
    pub local: String,
    /// The other side's address.
    pub peer: String,
    /// As in `udp`.
    pub transport: String,
    /// A copy sent again by a timer.
    pub again: bool,
    /// The message; digests and tokens are replaced by `x`.
    pub text: String,
}
