use std::net::SocketAddr;
use std::time::Duration;

use async_trait::async_trait;

use crate::domain::Timestamp;
use crate::sip::SipUri;

/// What lies between this machine and a SIP address, looked at without saying a word of SIP.
#[async_trait]
pub trait Surveyor: Send + Sync {
    /// Looks the address up, connects where it asks for a connection, and looks at the certificate.
    async fn survey(&self, uri: &SipUri) -> Survey;
}

/// What was found on the way.
#[derive(Debug, Clone)]
pub struct Survey {
    /// Where the name leads, in the order in which it is tried; or why it leads nowhere.
    pub places: Result<Vec<Place>, String>,
    /// How long that took.
    pub located_in: Duration,
    /// The connection; `None` over datagrams and where there is no place.
    pub connection: Option<Connection>,
    /// What the other side showed; `None` without TLS and without a connection.
    pub tls: Option<TlsFinding>,
}

/// A place where a SIP address leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// As in `tls`.
    pub transport: String,
    /// Address and port.
    pub address: SocketAddr,
    /// Why this one, and why at this place in the order.
    pub why: String,
}

/// A connection that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Where to.
    pub address: SocketAddr,
    /// How long it took, or why there is none.
    pub outcome: Result<Duration, String>,
    /// Places that were tried in vain before it, with the reason.
    pub missed: Vec<String>,
}

/// The other side's TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFinding {
    /// Its certificates, its own first; empty when it showed none.
    pub chain: Vec<CertificateFacts>,
    /// Why it is not believed; `None` when it is.
    pub refused: Option<String>,
    /// How long the handshake took.
    pub elapsed: Duration,
}

/// What one certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFacts {
    /// Whom it names, as in `CN=gw-lund.example.net`.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// From when it holds.
    pub begins: Timestamp,
    /// Until when.
    pub ends: Timestamp,
}
