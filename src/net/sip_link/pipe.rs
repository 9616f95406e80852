use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection::Heard;
use super::connections::{Connections, Sent, Told};
use super::doors::{canonical, for_socket};
use super::sockets::Sockets;
use super::{GRACE, LinkError, LinkOptions};
use crate::port::{BearerError, SipWire};
use crate::sip::endpoint::Transmit;
use crate::sip::{Hop, Transport};

/// No UDP datagram is longer.
const LONGEST: usize = 65_536;

/// The sockets of a link without its transactions: whole messages in and out, for a stateless proxy.
pub struct SipPipe {
    socket: UdpSocket,
    /// What it is bound to.
    bound: SocketAddr,
    local: SocketAddr,
    tls_local: Option<SocketAddr>,
    connections: Mutex<Connections>,
    inbox: tokio::sync::Mutex<Inbox>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

struct Inbox {
    heard: mpsc::Receiver<Heard>,
    buffer: Vec<u8>,
}

impl SipPipe {
    /// Binds the sockets, TCP at the port of UDP; what is said of timers, seed and handler does not matter.
    ///
    /// # Errors
    /// [`LinkError::Bind`].
    pub fn open(options: LinkOptions) -> Result<Self, LinkError> {
        let options = LinkOptions {
            streams: true,
            ..options
        };
        let sockets = Sockets::open(&options)?;
        Ok(Self {
            socket: sockets.udp,
            bound: sockets.bound,
            local: sockets.local,
            tls_local: sockets.tls_local,
            connections: Mutex::new(sockets.connections),
            inbox: tokio::sync::Mutex::new(Inbox {
                heard: sockets.heard,
                buffer: vec![0; LONGEST],
            }),
            stop: sockets.stop,
            tasks: sockets.tasks,
        })
    }

    fn hear(&self, heard: Heard) -> Option<(Hop, Vec<u8>)> {
        let connections = self.connections.lock();
        // The tables are whole after every call.
        let mut connections = connections.unwrap_or_else(PoisonError::into_inner);
        match connections.hear(heard) {
            Told::Message { source, octets, .. } => Some((source, octets)),
            Told::Closed { .. } | Told::Nothing => None,
        }
    }
}

#[async_trait]
impl SipWire for SipPipe {
    fn address(&self, transport: Transport) -> Option<SocketAddr> {
        match transport {
            Transport::Udp | Transport::Tcp => Some(self.local),
            Transport::Tls => self.tls_local,
            Transport::Ws | Transport::Wss => None,
        }
    }

    async fn next(&self) -> Option<(Hop, Vec<u8>)> {
        let mut inbox = self.inbox.lock().await;
        let Inbox { heard, buffer } = &mut *inbox;
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return None,
                received = self.socket.recv_from(buffer) => {
                    // An error here is an earlier datagram's ICMP answer: that one is lost, its sender repeats it.
                    if let Ok((length, source)) = received {
                        let octets = buffer.get(..length).unwrap_or_default().to_vec();
                        return Some((Hop::udp(canonical(source)), octets));
                    }
                }
                Some(heard) = heard.recv() => {
                    if let Some(message) = self.hear(heard) {
                        return Some(message);
                    }
                }
            }
        }
    }

    async fn send(&self, to: Hop, name: Option<&str>, octets: Vec<u8>) -> Result<(), BearerError> {
        if to.transport == Transport::Udp {
            let address = for_socket(self.bound, to.address);
            let sent = self.socket.send_to(&octets, address).await;
            return sent
                .map(drop)
                .map_err(|e| BearerError::Unreachable(format!("{to}: {e}")));
        }
        let transmit = Transmit {
            to,
            name: name.map(Arc::from),
            otherwise: None,
            request: None,
            bytes: octets.into(),
        };
        let connections = self.connections.lock();
        let mut connections = connections.unwrap_or_else(PoisonError::into_inner);
        let Sent { over, .. } = connections.send(transmit);
        over.map(drop).map_err(BearerError::Unreachable)
    }

    async fn close(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .close_all();
        // A connection that takes longer to say goodbye is cut.
        let _late = tokio::time::timeout(GRACE, self.tasks.wait()).await;
    }
}
