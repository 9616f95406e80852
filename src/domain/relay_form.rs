use std::fmt;
use std::str::FromStr;

/// How a request reaches a device behind a proxy (requirement A4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RelayForm {
    /// By loose route (RFC 3261 §16.12).
    #[default]
    Route,
    /// Inside an outer message to the proxy, which strips it.
    Encapsulate,
}

/// Why a text is not a form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a relay form is route or encapsulate, found {0:?}")]
pub struct InvalidRelayForm(String);

impl FromStr for RelayForm {
    type Err = InvalidRelayForm;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "route" => Ok(Self::Route),
            "encapsulate" => Ok(Self::Encapsulate),
            other => Err(InvalidRelayForm(other.chars().take(20).collect())),
        }
    }
}

impl fmt::Display for RelayForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Route => "route",
            Self::Encapsulate => "encapsulate",
        })
    }
}

serde_text!(RelayForm);
