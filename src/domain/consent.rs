use std::fmt;
use std::str::FromStr;

/// A kind of harm that somebody must accept before it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Risk {
    /// Who can use the device changes: it is locked, or opened to whoever holds it.
    Lock,
    /// Data on the device or the server is gone for good.
    DataLoss,
    /// More than one device is touched.
    Bulk,
}

/// Why a text is not a risk.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a risk is lock, data-loss or bulk, found {0:?}")]
pub struct InvalidRisk(String);

/// Proof that a person or a script accepted the risks of a harmful act, and why.
///
/// Harmful flows take it by value. Only the prompt of the command line and the
/// endpoint's checked request make one; `tests/architecture.rs` holds that.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "consent is given to be used"]
pub struct Consent {
    risks: Vec<Risk>,
    reason: Option<String>,
}

impl Consent {
    /// Records that `risks` were accepted.
    pub fn given(risks: impl IntoIterator<Item = Risk>, reason: Option<String>) -> Self {
        let mut risks: Vec<Risk> = risks.into_iter().collect();
        risks.sort_unstable();
        risks.dedup();
        Self { risks, reason }
    }

    /// Whether this covers `risk`.
    #[must_use]
    pub fn covers(&self, risk: Risk) -> bool {
        self.risks.contains(&risk)
    }

    /// The accepted risks, in order and without repeats.
    #[must_use]
    pub fn risks(&self) -> &[Risk] {
        &self.risks
    }

    /// Why it is done, for the audit trail.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }
}

impl FromStr for Risk {
    type Err = InvalidRisk;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "lock" => Ok(Self::Lock),
            "data-loss" => Ok(Self::DataLoss),
            "bulk" => Ok(Self::Bulk),
            other => Err(InvalidRisk(other.chars().take(20).collect())),
        }
    }
}

impl fmt::Display for Risk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lock => "lock",
            Self::DataLoss => "data-loss",
            Self::Bulk => "bulk",
        })
    }
}

serde_text!(Risk);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consent_covers_only_what_was_accepted() {
        let consent = Consent::given(
            [Risk::Bulk, Risk::Lock, Risk::Bulk],
            Some("lost in Lund".into()),
        );
        assert_eq!(consent.risks(), [Risk::Lock, Risk::Bulk]);
        assert!(!consent.covers(Risk::DataLoss));
        assert_eq!(consent.reason(), Some("lost in Lund"));
    }
}
