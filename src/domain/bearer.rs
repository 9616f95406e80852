use std::fmt;
use std::str::FromStr;

/// A way in which a device can be told to call home: a rung of the ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Bearer {
    /// The device fetched it in a session of its own accord.
    Session,
    /// SIP straight to the device's registered contact.
    SipDirect,
    /// SIP to the proxy the device is behind.
    SipProxy,
    /// A push service wakes the application on the device.
    Push,
    /// A signed text message through a gateway.
    Sms,
}

/// Why a text is not a bearer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a bearer is session, sip-direct, sip-proxy, push or sms, found {0:?}")]
pub struct InvalidBearer(String);

impl Bearer {
    /// All bearers, in the order in which `call` climbs them.
    pub const ALL: [Self; 5] = [
        Self::Session,
        Self::SipDirect,
        Self::SipProxy,
        Self::Push,
        Self::Sms,
    ];
}

impl FromStr for Bearer {
    type Err = InvalidBearer;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|b| b.to_string() == text)
            .ok_or_else(|| InvalidBearer(text.chars().take(20).collect()))
    }
}

impl fmt::Display for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Session => "session",
            Self::SipDirect => "sip-direct",
            Self::SipProxy => "sip-proxy",
            Self::Push => "push",
            Self::Sms => "sms",
        })
    }
}

serde_text!(Bearer);
