//! A simulated home router: the proxy through which indirect devices register (requirements A4, A5).
//!
//! Devices name it as their proxy; it passes their registrations on with a `Path` to itself,
//! so that the server's requests come by it with a loose route, which it strips. It sees no
//! keys of devices and is no open relay. With an identity of its own it has a desk, at a port
//! of its own: devices that cannot sign take it for their registrar, and it registers them in
//! its name; and it takes outer messages with the inner one as `message/sip` body, strips
//! them and relays what is inside.
//!
//! | file | holds |
//! |---|---|
//! | `relay` | the stateless proxy, as a function of datagrams |
//! | `desk` | what it does in its own name |
//! | `neighbours` | whom it relays to |
//!
//! ## Deviations
//!
//! * RFC 3261 §16.11 lets a stateless proxy forward anywhere. This one forwards only between the
//!   registrar and contacts that the registrar took.

mod desk;
mod neighbours;
mod relay;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::UdpSocket;
use tokio_util::sync::CancellationToken;

pub use desk::Desk;
pub use relay::{Datagram, Relay, RelayCounts};

use crate::domain::RelayForm;
use crate::port::{Clock, SipHandler, SipSender};
use crate::sip::{Credentials, SipUri};

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

    /// A desk of this proxy, to be the handler of its own socket; what is for the proxy itself goes to `own`.
    #[must_use]
    pub fn desk(
        &self,
        registrar: SipUri,
        credentials: Credentials,
        own: Arc<dyn SipHandler>,
    ) -> Arc<Desk> {
        let neighbours = self.relay.neighbours().clone();
        let clock = Arc::clone(&self.clock);
        Arc::new(Desk::new(registrar, credentials, neighbours, own, clock))
    }

    /// Opens the desk on its socket, and tells which form of relaying the proxy wants.
    #[must_use]
    pub fn opening(
        self,
        desk: &Desk,
        socket: (Arc<dyn SipSender>, SocketAddr),
        form: RelayForm,
    ) -> Self {
        let (sip, address) = socket;
        let relay = self.relay.with_desk(address, form);
        desk.attach(sip, relay.path());
        Self { relay, ..self }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.own
    }

    /// What it has now.
    #[must_use]
    pub fn counts(&self) -> RelayCounts {
        self.relay.counts(self.clock.now())
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
