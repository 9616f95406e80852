use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use super::{LinkError, LinkOptions, SipLink};
use crate::net::dns::{ResolveError, resolve};
use crate::port::BearerError;
use crate::sip::endpoint::Endpoint;
use crate::sip::{IdSource, OutboundRequest, Patience, SipOutcome, SipReport, Target, Timers};

/// Why a single request could not even be tried.
#[derive(Debug, thiserror::Error)]
pub enum OnceError {
    /// No socket.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The request makes no sense over UDP.
    #[error(transparent)]
    Bearer(#[from] BearerError),
    /// The name has no address; only [`preview`] says it this way.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
}

/// What would be sent, and where to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// Address of the next hop.
    pub to: SocketAddr,
    /// The whole datagram.
    pub bytes: Vec<u8>,
}

const ANY_V4: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
const ANY_V6: SocketAddr = SocketAddr::new(std::net::IpAddr::V6(Ipv6Addr::UNSPECIFIED), 0);

/// The next hop's address: IPv4 where there is one, else IPv6.
async fn address_of(request: &OutboundRequest) -> Result<SocketAddr, ResolveError> {
    if let Target::Address(address) = request.target {
        return Ok(address);
    }
    match resolve(request.next_hop(), ANY_V4).await {
        Err(ResolveError::Family { .. }) => resolve(request.next_hop(), ANY_V6).await,
        found => found,
    }
}

fn open(to: SocketAddr, seed: [u8; 32]) -> Result<SipLink, LinkError> {
    let any = if to.is_ipv4() { ANY_V4 } else { ANY_V6 };
    SipLink::open(LinkOptions {
        only: Some(to),
        ..LinkOptions::new(any, seed)
    })
}

/// Sends one request from a socket of its own, connected to the next hop: a closed port is told at once.
///
/// # Errors
/// [`OnceError`]; what the network or the peer says is in the report.
pub async fn request_once(
    request: OutboundRequest,
    patience: Patience,
    seed: [u8; 32],
) -> Result<SipReport, OnceError> {
    let failed = |detail| SipReport::new(SipOutcome::TransportError { detail }, Duration::ZERO);
    let to = match address_of(&request).await {
        Ok(to) => to,
        Err(error) => return Ok(failed(error.to_string())),
    };
    let link = match open(to, seed) {
        Ok(link) => link,
        Err(LinkError::Bind { source, .. })
            if source.kind() == std::io::ErrorKind::NetworkUnreachable =>
        {
            return Ok(failed(format!("no route to {to}")));
        }
        Err(error) => return Err(error.into()),
    };
    let report = link.request(request.sent_to(to), patience).await?;
    link.close().await;
    Ok(report)
}

/// Builds the first datagram of a request as it would leave this machine, and sends nothing.
///
/// # Errors
/// [`OnceError`].
pub async fn preview(request: OutboundRequest, seed: [u8; 32]) -> Result<Preview, OnceError> {
    let to = address_of(&request).await?;
    // Connecting a UDP socket tells our own address towards the peer and sends nothing.
    let link = open(to, seed)?;
    let local = link.local_addr();
    link.close().await;
    let mut endpoint = Endpoint::new(Timers::default(), IdSource::from_random(seed));
    endpoint.send(Duration::ZERO, request, to, local, Patience::default());
    let bytes = endpoint
        .next_transmit()
        .map(|t| t.bytes.to_vec())
        .unwrap_or_default();
    Ok(Preview { to, bytes })
}
