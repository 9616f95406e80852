use std::net::SocketAddr;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection::Heard;
use super::connections::{Common, Connections};
use super::doors::{Doors, Guests, Porter, canonical, for_socket};
use super::{GRACE, HEARD, LinkError, LinkOptions};
use crate::port::{BearerError, SipWire};
use crate::sip::endpoint::Transmit;
use crate::sip::{Hop, Transport};

/// No UDP datagram is longer.
const LONGEST: usize = 65_536;

/// The sockets of a link without its transactions: whole messages in and out, for a stateless proxy.
pub struct SipPipe {
    socket: UdpSocket,
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
        let doors = Doors::open(&options)?;
        let (told, heard) = mpsc::channel(HEARD);
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let ids = Arc::new(AtomicU64::new(1));
        let tls_local = doors.tls.as_ref().map(|d| canonical(d.address()));
        let porter = Porter {
            ids: Arc::clone(&ids),
            heard: told.clone(),
            tasks: tasks.clone(),
            stop: stop.clone(),
            keep_alive: options.keep_alive,
            guests: Guests::default(),
        };
        if let Some(listener) = doors.tcp {
            tasks.spawn(porter.clone().accept_tcp(listener));
        }
        if let Some(listener) = doors.tls {
            tasks.spawn(porter.accept_tls(listener));
        }
        let local = canonical(doors.local);
        let connections = Connections::new(Common {
            ids,
            heard: told,
            tasks: tasks.clone(),
            tls: options.tls,
            local,
            keep_alive: options.keep_alive,
            // Nobody counts them here.
            lost: watch::Sender::new(0),
        });
        Ok(Self {
            socket: doors.udp,
            local,
            tls_local,
            connections: Mutex::new(connections),
            inbox: tokio::sync::Mutex::new(Inbox {
                heard,
                buffer: vec![0; LONGEST],
            }),
            stop,
            tasks,
        })
    }

    fn hear(&self, heard: Heard) -> Option<(Hop, Vec<u8>)> {
        let connections = self.connections.lock();
        // The tables are whole after every call.
        let mut connections = connections.unwrap_or_else(PoisonError::into_inner);
        match heard {
            Heard::Accepted(id, connection) => connections.add(id, connection),
            Heard::Opened(id, from) => connections.opened(id, from),
            Heard::Message { id, octets, .. } => {
                let source = connections.hop(id)?;
                connections.note_alias(id, &octets);
                return Some((source, octets));
            }
            Heard::Closed { id, detail } => {
                if let Some(hop) = connections.remove(id) {
                    tracing::debug!(%hop, detail, "a SIP connection ended");
                }
            }
        }
        None
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
            let address = for_socket(self.local, to.address);
            let sent = self.socket.send_to(&octets, address).await;
            return sent
                .map(drop)
                .map_err(|e| BearerError::Unreachable(format!("{to}: {e}")));
        }
        let transmit = Transmit {
            to,
            name: name.map(Arc::from),
            otherwise: None,
            bytes: octets.into(),
        };
        let connections = self.connections.lock();
        let mut connections = connections.unwrap_or_else(PoisonError::into_inner);
        connections.send(transmit).map_err(BearerError::Unreachable)
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
