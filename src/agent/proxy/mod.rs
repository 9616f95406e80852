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
//! | `relay` | the stateless proxy, as a function of messages |
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

#[cfg(test)]
mod relay_tests;

use std::net::SocketAddr;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

pub use desk::Desk;
pub use relay::{Doors, Outgoing, Relay, RelayCounts, Upstream};

use crate::domain::RelayForm;
use crate::port::{Clock, SipHandler, SipSender, SipWire};
use crate::sip::{Credentials, SipUri, Transport};

/// A proxy with its sockets.
pub struct Proxy {
    wire: Arc<dyn SipWire>,
    own: SocketAddr,
    relay: Relay,
    clock: Arc<dyn Clock>,
}

impl Proxy {
    /// Relays what comes over `wire` to `registrar`; `None` when the wire has no door over which the registrar could
    /// come back to it. `key` is random.
    #[must_use]
    pub fn over(
        wire: Arc<dyn SipWire>,
        registrar: Upstream,
        clock: Arc<dyn Clock>,
        key: [u8; 32],
    ) -> Option<Self> {
        let own = wire.address(Transport::Udp)?;
        wire.address(registrar.hop.transport)?;
        let doors = Doors {
            plain: own,
            tls: wire.address(Transport::Tls),
        };
        Some(Self {
            wire,
            own,
            relay: Relay::new(doors, registrar, key),
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
        desk.attach(sip, relay.path(), relay.inside());
        Self { relay, ..self }
    }

    /// Where it listens over UDP and TCP.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.own
    }

    /// Where it listens over TLS, if it does.
    #[must_use]
    pub fn tls_address(&self) -> Option<SocketAddr> {
        self.wire.address(Transport::Tls)
    }

    /// What it has now.
    #[must_use]
    pub fn counts(&self) -> RelayCounts {
        self.relay.counts(self.clock.now())
    }

    /// Relays until `stop`; gives what it had at the end.
    pub async fn run(mut self, stop: CancellationToken) -> RelayCounts {
        loop {
            let arrived = tokio::select! {
                () = stop.cancelled() => None,
                arrived = self.wire.next() => arrived,
            };
            let Some((source, bytes)) = arrived else {
                let counts = self.counts();
                self.wire.close().await;
                return counts;
            };
            let Some(outgoing) = self.relay.relay(&bytes, source, self.clock.now()) else {
                continue;
            };
            let to = outgoing.to;
            let Err(error) = self.send(outgoing).await else {
                continue;
            };
            tracing::debug!("the proxy could not send to {to}: {error}");
            if let Some(refusal) = self.relay.undeliverable(&bytes, source) {
                // Who cannot be told either repeats itself, or gives up.
                drop(self.send(refusal).await);
            }
        }
    }

    async fn send(&self, outgoing: Outgoing) -> Result<(), crate::port::BearerError> {
        let Outgoing { to, name, bytes } = outgoing;
        self.wire.send(to, name.as_deref(), bytes).await
    }
}
