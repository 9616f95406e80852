use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{ShortId, Timestamp};

/// Why a device can or cannot be reached (requirement F3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProbeReport {
    /// The device; absent when a bare SIP address was probed.
    pub device: Option<ShortId>,
    /// The device's name or the address.
    pub target: String,
    /// When.
    pub at: Timestamp,
    /// True when at least one bearer reaches it now.
    pub reachable: bool,
    /// The answer in one sentence.
    pub verdict: String,
    /// The evidence, in the order in which a message travels.
    pub checks: Vec<ProbeCheck>,
    /// Commands to run next, best first, each with what it does.
    pub next: Vec<String>,
}

/// One piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProbeCheck {
    /// What was looked at: `name`, `connection`, `options`, `binding`, `proxy`, `sms`, `session`, `waiting`.
    pub name: String,
    /// What was seen.
    pub finding: String,
    /// What that means.
    pub grade: ProbeGrade,
    /// How long it took, in milliseconds; absent when nothing was measured.
    pub elapsed_ms: Option<u64>,
}

/// What a finding means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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
