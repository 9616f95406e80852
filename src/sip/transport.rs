use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use serde::Serialize;

use super::uri::SipUri;

/// How SIP messages travel (RFC 3261 §18, RFC 7118).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// Datagrams.
    Udp,
    /// A stream.
    Tcp,
    /// A stream inside TLS.
    Tls,
    /// A WebSocket (RFC 7118); we are its client.
    Ws,
    /// A WebSocket inside TLS.
    Wss,
}

impl Transport {
    /// All of them, in the order in which they are tried when nothing else decides.
    pub const ALL: [Self; 5] = [Self::Udp, Self::Tcp, Self::Tls, Self::Ws, Self::Wss];

    /// Whether the transport itself delivers or says that it could not: nothing is then sent twice.
    #[must_use]
    pub const fn is_reliable(self) -> bool {
        !matches!(self, Self::Udp)
    }

    /// Whether the other end proves who it is and nobody else reads along.
    #[must_use]
    pub const fn is_secure(self) -> bool {
        matches!(self, Self::Tls | Self::Wss)
    }

    /// Whether it is a WebSocket: its client has no address of its own.
    #[must_use]
    pub const fn is_web_socket(self) -> bool {
        matches!(self, Self::Ws | Self::Wss)
    }

    /// The port where none is written (RFC 3261 §19.1.2, RFC 7118 §5).
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Udp | Self::Tcp => 5060,
            Self::Tls => 5061,
            Self::Ws => 80,
            Self::Wss => 443,
        }
    }

    /// As in Via: `UDP`, `TLS`.
    #[must_use]
    pub const fn in_via(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Ws => "WS",
            Self::Wss => "WSS",
        }
    }

    /// As in URI parameters and for people: `udp`, `tls`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Ws => "ws",
            Self::Wss => "wss",
        }
    }

    /// The same transport as it is inside TLS.
    #[must_use]
    pub const fn secured(self) -> Option<Self> {
        match self {
            Self::Udp => None,
            Self::Tcp | Self::Tls => Some(Self::Tls),
            Self::Ws | Self::Wss => Some(Self::Wss),
        }
    }

    /// What a URI asks for by scheme and `transport` parameter; `Ok(None)` when it leaves the choice open.
    ///
    /// # Errors
    /// [`UnknownTransport`] for a name that we do not speak, and for `sips:` over UDP.
    pub fn asked_by(uri: &SipUri) -> Result<Option<Self>, UnknownTransport> {
        let Some(name) = uri.params().value("transport") else {
            return Ok(None);
        };
        let named: Self = name.parse()?;
        if uri.is_secure() {
            let secured = named.secured();
            return secured.map(Some).ok_or_else(|| {
                UnknownTransport(format!("sips, which is TLS always, over {name}"))
            });
        }
        Ok(Some(named))
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A transport that we do not speak.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no transport that we speak: udp, tcp, tls, ws or wss")]
pub struct UnknownTransport(pub String);

impl FromStr for Transport {
    type Err = UnknownTransport;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|t| t.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownTransport(text.chars().take(20).collect()))
    }
}

/// One side of a transport: a socket address and how messages get there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hop {
    /// How.
    pub transport: Transport,
    /// Where.
    pub address: SocketAddr,
}

impl Hop {
    /// Puts both together.
    #[must_use]
    pub const fn new(transport: Transport, address: SocketAddr) -> Self {
        Self { transport, address }
    }

    /// A UDP address.
    #[must_use]
    pub const fn udp(address: SocketAddr) -> Self {
        Self::new(Transport::Udp, address)
    }

    /// The hop that a URI with an IP address for its host names outright.
    #[must_use]
    pub fn of(uri: &SipUri) -> Option<Self> {
        let usual = if uri.is_secure() {
            Transport::Tls
        } else {
            Transport::Udp
        };
        let transport = Transport::asked_by(uri).ok()?.unwrap_or(usual);
        let port = uri.port().unwrap_or(transport.default_port());
        Some(Self::new(
            transport,
            SocketAddr::new(uri.host().parse().ok()?, port),
        ))
    }
}

impl fmt::Display for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.transport, self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(uri: &str) -> Option<String> {
        Hop::of(&uri.parse().expect("a URI")).map(|h| h.to_string())
    }

    #[test]
    fn scheme_and_parameter_decide_transport_and_port() {
        for (uri, expected) in [
            ("sip:192.0.2.7", "udp 192.0.2.7:5060"),
            ("sips:192.0.2.7", "tls 192.0.2.7:5061"),
            ("sip:192.0.2.7;transport=TCP", "tcp 192.0.2.7:5060"),
            ("sip:192.0.2.7;transport=tls", "tls 192.0.2.7:5061"),
            ("sips:192.0.2.7;transport=tcp", "tls 192.0.2.7:5061"),
            ("sips:[::1]:443;transport=ws", "wss [::1]:443"),
            ("sip:[::1]:5070;transport=ws", "ws [::1]:5070"),
        ] {
            assert_eq!(hop(uri).as_deref(), Some(expected), "{uri}");
        }
        for none in [
            "sip:example.net",
            "sips:192.0.2.7;transport=udp",
            "sip:192.0.2.7;transport=sctp",
        ] {
            assert_eq!(hop(none), None, "{none}");
        }
    }
}
