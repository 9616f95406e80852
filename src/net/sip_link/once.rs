use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use super::{LOT, LinkError, LinkOptions, SipLink, locate};
use crate::net::dns::Resolver;
use crate::net::tls::ClientTls;
use crate::port::BearerError;
use crate::sip::endpoint::Endpoint;
use crate::sip::{
    IdSource, LocateError, Located, OutboundRequest, Patience, SipOutcome, SipReport, Timers,
    Transport,
};

/// Why a single request could not even be tried.
#[derive(Debug, thiserror::Error)]
pub enum OnceError {
    /// No socket.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The request makes no sense over any transport.
    #[error(transparent)]
    Bearer(#[from] BearerError),
    /// The name has no address; only [`preview`] says it this way.
    #[error(transparent)]
    Locate(#[from] LocateError),
    /// There is no way to that address; only [`preview`] says it this way.
    #[error("{0}")]
    NoRoute(String),
}

/// How a command looks at the world outside: who finds names, and whom it trusts.
#[derive(Debug, Clone)]
pub struct Outlook {
    /// Finds names.
    pub resolver: Arc<Resolver>,
    /// Trusts.
    pub tls: ClientTls,
}

impl Default for Outlook {
    /// The system's.
    fn default() -> Self {
        Self {
            resolver: Arc::new(Resolver::system()),
            tls: ClientTls::system(),
        }
    }
}

/// What would be sent, and where to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// Address of the next hop.
    pub to: SocketAddr,
    /// How it would go there.
    pub transport: Transport,
    /// The whole message.
    pub bytes: Vec<u8>,
}

fn lot(seed: [u8; 32]) -> u64 {
    let mut lot = [0; 8];
    lot.copy_from_slice(&seed[..8]);
    u64::from_be_bytes(lot).wrapping_add(LOT)
}

fn open(places: &[Located], seed: [u8; 32], outlook: &Outlook) -> Result<SipLink, LinkError> {
    let is_v4 = |p: &Located| p.address.is_ipv4();
    // One socket for both families where both are needed.
    let any: IpAddr = if places.iter().all(is_v4) {
        Ipv4Addr::UNSPECIFIED.into()
    } else {
        Ipv6Addr::UNSPECIFIED.into()
    };
    let mut datagrams = places.iter().filter(|p| p.transport == Transport::Udp);
    SipLink::open(LinkOptions {
        only: datagrams.next().map(|p| p.address),
        // Answers may come to the address in our Via even when the connection is gone (RFC 3261 §18.2.2).
        streams: places.iter().any(|p| p.transport == Transport::Tcp),
        resolver: Arc::clone(&outlook.resolver),
        tls: outlook.tls.clone(),
        ..LinkOptions::new(SocketAddr::new(any, 0), seed)
    })
}

/// Sends one request from sockets of its own, connected to the next hop: a closed port is told at once.
///
/// # Errors
/// [`OnceError`]; what the network or the peer says is in the report.
pub async fn request_once(
    request: OutboundRequest,
    patience: Patience,
    seed: [u8; 32],
    outlook: &Outlook,
) -> Result<SipReport, OnceError> {
    let failed = |detail| SipReport::new(SipOutcome::TransportError { detail }, Duration::ZERO);
    let places = match locate(&outlook.resolver, &request, lot(seed)).await {
        Ok(places) => places,
        Err(LocateError::Transport(error)) => {
            return Err(BearerError::Unusable(error.to_string()).into());
        }
        Err(error) => return Ok(failed(error.to_string())),
    };
    let link = match open(&places, seed, outlook) {
        Ok(link) => link,
        Err(LinkError::Bind { source, .. })
            if source.kind() == std::io::ErrorKind::NetworkUnreachable =>
        {
            let to = places.first().map(|p| p.address.to_string());
            return Ok(failed(format!("no route to {}", to.unwrap_or_default())));
        }
        Err(error) => return Err(error.into()),
    };
    let report = link.request_at(request, places, patience).await?;
    link.close().await;
    Ok(report)
}

/// Builds the first message of a request as it would leave this machine, and sends nothing.
///
/// # Errors
/// [`OnceError`].
pub async fn preview(
    request: OutboundRequest,
    seed: [u8; 32],
    outlook: &Outlook,
) -> Result<Preview, OnceError> {
    let mut places = locate(&outlook.resolver, &request, lot(seed)).await?;
    places.truncate(1);
    // Connecting a UDP socket tells our own address towards the peer and sends nothing.
    let link = open(&places, seed, outlook)?;
    let mut attempts = link.attempts(places).await.map_err(OnceError::NoRoute)?;
    link.close().await;
    let mut endpoint = Endpoint::new(Timers::default(), IdSource::from_random(seed));
    let first = attempts.remove(0);
    endpoint.send(
        Duration::ZERO,
        request,
        first,
        Vec::new(),
        Patience::default(),
    );
    let sent = endpoint
        .next_transmit()
        .ok_or_else(|| OnceError::NoRoute("there is nothing to send".to_owned()))?;
    Ok(Preview {
        to: sent.to.address,
        transport: sent.to.transport,
        bytes: sent.bytes.to_vec(),
    })
}
