//! The doors of a link: its UDP socket, and TCP and TLS listeners that wait for connections.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection::{Connection, Ends, Heard, Large, OUTBOX, prepare, serve};
use super::{LinkError, LinkOptions};
use crate::net::crowd::{Crowd, Place};
use crate::net::tls::{TlsListener, sip_names};
use crate::port::task;
use crate::sip::{Hop, Transport};

/// Of the connections that others may open, one address (IPv6: one network) gets this part: nobody takes all.
const PART: usize = 10;
/// But an office full of phones behind one address has room where that is small, up to half of all.
const OFFICE: usize = 256;
const BACKLOG: i32 = 4096;
/// A port that the system chose for UDP may be taken for TCP: then it chooses again.
const TRIES: usize = 16;

/// All that a link listens with.
pub(super) struct Doors {
    pub(super) udp: UdpSocket,
    pub(super) local: SocketAddr,
    /// Receive and send buffer that the system gave, in bytes.
    pub(super) buffers: (usize, usize),
    pub(super) tcp: Option<TcpListener>,
    pub(super) tls: Option<TlsListener>,
}

impl Doors {
    pub(super) fn open(options: &LinkOptions) -> Result<Self, LinkError> {
        let failed = |transport: Transport, address| {
            move |source| LinkError::Bind {
                transport,
                address,
                source,
            }
        };
        let mut tries = 0;
        let (udp, buffers, local, tcp) = loop {
            tries += 1;
            let refused = failed(Transport::Udp, options.bind);
            let (udp, buffers) = open_udp(options).map_err(refused)?;
            let local = udp.local_addr().map_err(refused)?;
            if !options.streams {
                break (udp, buffers, local, None);
            }
            let at = SocketAddr::new(options.bind.ip(), local.port());
            match open_tcp(at) {
                Ok(tcp) => break (udp, buffers, local, Some(tcp)),
                Err(e)
                    if e.kind() == io::ErrorKind::AddrInUse
                        && options.bind.port() == 0
                        && tries < TRIES => {}
                Err(error) => return Err(failed(Transport::Tcp, at)(error)),
            }
        };
        let tls = match &options.tls_door {
            Some((at, config)) => {
                let mut config = (**config).clone();
                // SIP has no word for ALPN that clients would send.
                config.alpn_protocols.clear();
                let listener = TlsListener::bind(*at, config, options.guests);
                Some(listener.map_err(failed(Transport::Tls, *at))?)
            }
            None => None,
        };
        Ok(Self {
            udp,
            local,
            buffers,
            tcp,
            tls,
        })
    }
}

fn open_udp(options: &LinkOptions) -> io::Result<(UdpSocket, (usize, usize))> {
    let domain = Domain::for_address(options.bind);
    let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
    if options.bind.is_ipv6() && options.bind.ip().is_unspecified() {
        socket.set_only_v6(false)?;
    }
    // Less than asked for is no error: what the system gave is read back and shown.
    let _refused = socket.set_recv_buffer_size(options.buffer_bytes).is_err();
    let _refused = socket.set_send_buffer_size(options.buffer_bytes).is_err();
    let buffers = (socket.recv_buffer_size()?, socket.send_buffer_size()?);
    socket.set_nonblocking(true)?;
    socket.bind(&options.bind.into())?;
    if let Some(only) = options.only {
        socket.connect(&for_socket(options.bind, only).into())?;
    }
    Ok((UdpSocket::from_std(socket.into())?, buffers))
}

fn open_tcp(at: SocketAddr) -> io::Result<TcpListener> {
    let domain = Domain::for_address(at);
    let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
    if at.is_ipv6() && at.ip().is_unspecified() {
        socket.set_only_v6(false)?;
    }
    // A restart must not wait for connections of the run before (TIME_WAIT).
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&at.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// An address as a socket bound to `local` takes it: an IPv6 socket reaches IPv4 by mapped addresses.
pub(super) fn for_socket(local: SocketAddr, to: SocketAddr) -> SocketAddr {
    match (local, to) {
        (SocketAddr::V6(_), SocketAddr::V4(v4)) => {
            SocketAddr::new(v4.ip().to_ipv6_mapped().into(), v4.port())
        }
        _ => to,
    }
}

/// An address as people write it: IPv4 that came through an IPv6 socket is IPv4.
pub(super) fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// Makes the two ends of a connection.
pub(super) fn ends(
    ids: &AtomicU64,
    heard: &mpsc::Sender<Heard>,
    keep_alive: Duration,
    large: &Large,
    guest: Option<IpAddr>,
) -> (u64, mpsc::Sender<Arc<[u8]>>, Ends) {
    let id = ids.fetch_add(1, Ordering::Relaxed);
    let (outbox, inbox) = mpsc::channel(OUTBOX);
    let ends = Ends {
        id,
        inbox,
        pongs: outbox.downgrade(),
        heard: heard.clone(),
        keep_alive,
        large: large.clone(),
        guest,
    };
    (id, outbox, ends)
}

/// What the tasks that accept connections share.
#[derive(Clone)]
pub(super) struct Porter {
    pub(super) ids: Arc<AtomicU64>,
    pub(super) heard: mpsc::Sender<Heard>,
    pub(super) tasks: TaskTracker,
    pub(super) stop: CancellationToken,
    pub(super) keep_alive: Duration,
    pub(super) guests: Guests,
    pub(super) large: Large,
}

/// Room for the connections that others open.
#[derive(Clone)]
pub(super) struct Guests {
    crowd: Crowd,
    /// For all of them; more wait in the system's backlog.
    slots: Arc<Semaphore>,
}

impl Guests {
    pub(super) fn at_most(most: usize) -> Self {
        Self {
            crowd: Crowd::new(from_one(most)),
            slots: Arc::new(Semaphore::new(most)),
        }
    }
}

/// How many of them may come from one address.
fn from_one(most: usize) -> usize {
    (most / PART).max(OFFICE.min(most / 2))
}

impl Porter {
    /// Accepts TCP connections until the link is closed.
    pub(super) async fn accept_tcp(self, listener: TcpListener) {
        let slots = Arc::clone(&self.guests.slots);
        loop {
            let accepted = tokio::select! {
                () = self.stop.cancelled() => return,
                accepted = accept_with_slot(&listener, &slots) => accepted,
            };
            let Some((stream, source, slot)) = accepted else {
                continue;
            };
            let Some(guest) = self.guests.crowd.admit(source.ip()) else {
                tracing::debug!(%source, "it has too many SIP connections");
                continue;
            };
            let Ok(local) = stream.local_addr() else {
                continue;
            };
            if let Err(error) = prepare(&stream) {
                tracing::debug!(%error, "a connection was gone before it began");
                continue;
            }
            let hop = Hop::new(Transport::Tcp, canonical(source));
            self.serve(stream, hop, Vec::new(), canonical(local), (slot, guest));
        }
    }

    /// Accepts TLS connections until the link is closed.
    pub(super) async fn accept_tls(self, mut listener: TlsListener) {
        let slots = Arc::clone(&self.guests.slots);
        let address = listener.address();
        loop {
            let Ok(slot) = Arc::clone(&slots).acquire_owned().await else {
                return;
            };
            let accepted = tokio::select! {
                () = self.stop.cancelled() => None,
                accepted = listener.accept() => accepted,
            };
            let Some(accepted) = accepted else {
                listener.close().await;
                return;
            };
            let Some(guest) = self.guests.crowd.admit(accepted.address.ip()) else {
                tracing::debug!(peer = %accepted.address, "it has too many SIP connections");
                continue;
            };
            let local = accepted.stream.get_ref().0.local_addr();
            let local = canonical(local.unwrap_or(address));
            let hop = Hop::new(Transport::Tls, canonical(accepted.address));
            // Verified by the handshake, when one was shown.
            let names = accepted
                .certificates
                .first()
                .map(sip_names)
                .unwrap_or_default();
            self.serve(accepted.stream, hop, names, local, (slot, guest));
        }
    }

    fn serve<S>(
        &self,
        stream: S,
        hop: Hop,
        names: Vec<String>,
        local: SocketAddr,
        place: (OwnedSemaphorePermit, Place),
    ) where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    {
        let guest = Some(hop.address.ip());
        let (id, outbox, ends) = ends(&self.ids, &self.heard, self.keep_alive, &self.large, guest);
        let connection = Connection {
            hop,
            names,
            ours: false,
            from: None,
            alias: None,
            outbox,
        };
        self.tasks.spawn(task(async move {
            let accepted = Heard::Accepted(id, connection);
            if ends.heard.send(accepted).await.is_ok() {
                serve(stream, ends, local).await;
            }
            drop(place);
        }));
    }
}

async fn accept_with_slot(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let slot = Arc::clone(slots).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, source)) => Some((stream, source, slot)),
        Err(error) => {
            // Out of file descriptors, as a rule: wait instead of spinning.
            tracing::warn!(%error, "cannot accept a SIP connection");
            tokio::time::sleep(Duration::from_millis(100)).await;
            None
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_office_has_room_where_there_is_little_and_a_part_where_there_is_much() {
        for (most, from_one) in [(8, 4), (512, 256), (10_000, 1_000), (20_000, 2_000)] {
            assert_eq!(super::from_one(most), from_one);
        }
    }
}
