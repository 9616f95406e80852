//! A simulated home router: the proxy through which indirect devices register (requirements A4, A5).
//!
//! Devices name it as their proxy; it passes their registrations on with a `Path` to itself,
//! so that the server's requests come by it with a loose route, which it strips. It sees no
//! keys, answers for no device, and is no open relay.
//!
//! ## Deviations
//!
//! * The published form, an outer message to the proxy with the inner one as its
//!   `message/sip` body, is not taken yet; the loose route of RFC 3261 §16.12 carries the same.
//! * RFC 3261 §16.11 lets a stateless proxy forward anywhere. This one forwards only between the
//!   registrar and contacts that the registrar took.

mod relay;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::UdpSocket;
use tokio_util::sync::CancellationToken;

pub use relay::{Datagram, Relay, RelayCounts};

use crate::port::Clock;

/// Longer than any UDP datagram.
const LONGEST: usize = 65_535;

/// A proxy with its socket.
pub struct Proxy {
    socket: UdpSocket,
    own: SocketAddr,
    relay: Relay,
    clock: Arc<dyn Clock>,
}

impl Proxy {
    /// Listens on `listen` (port 0: the system chooses) and relays to `registrar`.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn bind(
        listen: SocketAddr,
        registrar: SocketAddr,
        clock: Arc<dyn Clock>,
    ) -> io::Result<Self> {
        let socket = UdpSocket::bind(listen).await?;
        let own = socket.local_addr()?;
        Ok(Self {
            socket,
            own,
            relay: Relay::new(own, registrar),
            clock,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.own
    }

    /// Relays until `stop`; gives what it had at the end.
    pub async fn run(mut self, stop: CancellationToken) -> RelayCounts {
        let mut buffer = vec![0; LONGEST];
        loop {
            let received = tokio::select! {
                () = stop.cancelled() => return self.relay.counts(self.clock.now()),
                received = self.socket.recv_from(&mut buffer) => received,
            };
            // An error here is an earlier datagram's ICMP answer: that one is lost, its sender repeats it.
            let Ok((length, source)) = received else {
                continue;
            };
            let bytes = buffer.get(..length).unwrap_or_default();
            if let Some(datagram) = self.relay.relay(bytes, source, self.clock.now())
                && let Err(error) = self.socket.send_to(&datagram.bytes, datagram.to).await
            {
                tracing::debug!("the proxy could not send to {}: {error}", datagram.to);
            }
        }
    }
}
