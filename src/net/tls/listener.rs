use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::CertificateDer;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use crate::net::crowd::Crowd;
use crate::port::task;

/// Handshakes under way at once; more wait.
const HANDSHAKES: usize = 512;
/// Of them, from one address: who only connects there does not keep others out.
const FROM_ONE: usize = HANDSHAKES / 2;
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// Connections that are not ready yet, where there is room for so many; more wait in the system's backlog. Half of them
/// may come from one address: an office full of phones that all connect at once waits for its turn.
const COMING: usize = 4096;
/// And however little room there is, so many.
const LEAST: usize = 64;
/// But not for longer than this, as long as callers have patience.
const TURN_TIMEOUT: Duration = Duration::from_secs(20);
const BACKLOG: i32 = 4096;

/// A connection whose handshake is done.
#[derive(Debug)]
pub struct TlsConnection {
    /// The stream.
    pub stream: TlsStream<TcpStream>,
    /// The caller's address.
    pub address: SocketAddr,
    /// The certificates that the caller presented, its own first; verified against the known authorities.
    pub certificates: Vec<CertificateDer<'static>>,
}

/// Accepts TLS connections. Handshakes never hold up the next caller.
#[derive(Debug)]
pub struct TlsListener {
    ready: mpsc::Receiver<TlsConnection>,
    address: SocketAddr,
    stop: CancellationToken,
    task: Option<tokio::task::JoinHandle<()>>,
}

impl TlsListener {
    /// Binds and begins to accept. Of connections that are not ready yet, no more are taken in than there is `room` for
    /// ready ones, but always some.
    ///
    /// # Errors
    /// The system's error when the address cannot be bound.
    pub fn bind(
        address: SocketAddr,
        config: rustls::ServerConfig,
        room: usize,
    ) -> io::Result<Self> {
        let socket = socket2::Socket::new(
            socket2::Domain::for_address(address),
            socket2::Type::STREAM,
            Some(socket2::Protocol::TCP),
        )?;
        // A restart must not wait for connections of the run before (TIME_WAIT).
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        let listener = TcpListener::from_std(socket.into())?;
        let address = listener.local_addr()?;
        let (done, ready) = mpsc::channel(64);
        let stop = CancellationToken::new();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let coming = (room / 4).clamp(LEAST, COMING);
        let task = tokio::spawn(task(accept_all(
            listener,
            acceptor,
            coming,
            done,
            stop.clone(),
        )));
        Ok(Self {
            ready,
            address,
            stop,
            task: Some(task),
        })
    }

    /// The address that was bound; with the system's choice of port.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next connection; `None` after [`TlsListener::close`].
    pub async fn accept(&mut self) -> Option<TlsConnection> {
        self.ready.recv().await
    }

    /// Stops accepting, drops handshakes under way, and waits until that is done.
    pub async fn close(&mut self) {
        self.stop.cancel();
        self.ready.close();
        if let Some(task) = self.task.take() {
            // A panic there was reported by the runtime already; there is nothing left to save.
            drop(task.await);
        }
    }
}

impl Drop for TlsListener {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn accept_all(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    coming: usize,
    done: mpsc::Sender<TlsConnection>,
    stop: CancellationToken,
) {
    let crowd = Crowd::new(coming / 2).in_turns(FROM_ONE.min(coming / 2));
    let coming = Arc::new(Semaphore::new(coming));
    let slots = Arc::new(Semaphore::new(HANDSHAKES));
    let mut handshakes = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = handshakes.join_next() => continue,
            accepted = accept_with_slot(&listener, &coming) => accepted,
        };
        match accepted {
            Ok((stream, address, came)) => {
                let Some(place) = crowd.admit(address.ip()) else {
                    tracing::debug!(peer = %address, "too many TLS handshakes of that address wait");
                    continue;
                };
                let (acceptor, done) = (acceptor.clone(), done.clone());
                let slots = Arc::clone(&slots);
                handshakes.spawn(task(async move {
                    let turn = tokio::time::timeout(TURN_TIMEOUT, async {
                        // First among those of its address: who waits there takes none of all the slots.
                        let turn = place.turn().await;
                        (slots.acquire_owned().await, turn)
                    });
                    let Ok((slot, turn)) = turn.await else {
                        tracing::debug!(peer = %address, "a TLS handshake waited too long for its turn");
                        return;
                    };
                    let shaken = tokio::time::timeout(
                        HANDSHAKE_TIMEOUT,
                        handshake(stream, address, &acceptor),
                    );
                    let shaken = shaken.await;
                    // Who has shaken hands keeps nobody of that address out, however long it waits to be taken.
                    drop((turn, place, came));
                    match shaken {
                        // When nobody takes it the listener is closing: the caller sees a closed connection.
                        Ok(Ok(connection)) => drop(done.send(connection).await),
                        Ok(Err(error)) => {
                            tracing::debug!(peer = %address, %error, "a TLS handshake failed");
                        }
                        Err(_) => tracing::debug!(peer = %address, "a TLS handshake took too long"),
                    }
                    drop(slot);
                }));
            }
            Err(error) => {
                // Out of file descriptors, as a rule: wait instead of spinning.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    handshakes.shutdown().await;
}

async fn accept_with_slot(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let slot = Arc::clone(slots)
        .acquire_owned()
        .await
        .map_err(io::Error::other)?;
    let (stream, address) = listener.accept().await?;
    Ok((stream, address, slot))
}

async fn handshake(
    stream: TcpStream,
    address: SocketAddr,
    acceptor: &TlsAcceptor,
) -> io::Result<TlsConnection> {
    stream.set_nodelay(true)?;
    let stream = acceptor.accept(stream).await?;
    let certificates = stream
        .get_ref()
        .1
        .peer_certificates()
        .map(|chain| chain.iter().map(|c| c.clone().into_owned()).collect())
        .unwrap_or_default();
    Ok(TlsConnection {
        stream,
        address,
        certificates,
    })
}
