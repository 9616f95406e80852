//! One connection that carries SIP: messages cut out of a stream, or the messages of a WebSocket.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use rustls_pki_types::ServerName;
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::{Message as WsMessage, WebSocketConfig};

use crate::net::crowd::{Crowd, Place};
use crate::net::tls::ClientTls;
use crate::sip::{Frame, Framer, Hop, Transport};

/// Names a connection among those of one link.
pub(super) type ConnectionId = u64;
/// Octets of one message.
pub(super) type Octets = Arc<[u8]>;

/// Messages that wait for a peer that reads slowly; more mean that it does not read.
pub(super) const OUTBOX: usize = 256;
/// For TCP, TLS and WebSocket handshakes, each.
const CONNECT: Duration = Duration::from_secs(5);
/// A peer that takes nothing for this long is gone.
const WRITE: Duration = Duration::from_secs(10);
/// A message that has begun has to be whole by then, and the first one to have come.
pub(super) const STALL: Duration = Duration::from_secs(32);
/// Octets of a message that any connection may hold before it is whole; above that it needs one of [`LARGE`] places.
const SMALL: usize = 16 * 1024;
/// Larger messages that come in at once, over all connections of a link.
pub(super) const LARGE: usize = 128;
/// Of them, over connections from one address.
pub(super) const LARGE_FROM_ONE: usize = LARGE / 4;
/// The other side answers a keep-alive within this time, if it answers any (RFC 5626 §4.4.1).
const PONG: Duration = Duration::from_secs(10);
/// A connection that others opened and do not use is closed: longer than any registration holds.
const IDLE: Duration = Duration::from_secs(2 * 3600);

/// A message in a WebSocket at most.
const LONGEST_IN_WEB_SOCKET: usize = 1024 * 1024;

/// The driver's end of a connection.
pub(super) struct Connection {
    /// The other side.
    pub(super) hop: Hop,
    /// Who the other side proved to be, or was to prove to be.
    pub(super) names: Vec<String>,
    /// Whether we opened it.
    pub(super) ours: bool,
    /// Our end of one that we opened, once it stands.
    pub(super) from: Option<IpAddr>,
    /// The address at which the other side listens and to which it offers this connection (RFC 5923).
    pub(super) alias: Option<Hop>,
    /// Messages to write; when this is dropped, what waits is written and the connection is closed.
    pub(super) outbox: mpsc::Sender<Octets>,
}

/// What a connection tells the driver.
pub(super) enum Heard {
    /// Somebody connected.
    Accepted(ConnectionId, Connection),
    /// A connection that we opened stands, from this address of ours.
    Opened(ConnectionId, IpAddr),
    /// A message came.
    Message {
        id: ConnectionId,
        local: SocketAddr,
        octets: Vec<u8>,
    },
    /// It is over, and why.
    Closed { id: ConnectionId, detail: String },
}

/// What a connection needs to talk to its driver.
pub(super) struct Ends {
    pub(super) id: ConnectionId,
    pub(super) inbox: mpsc::Receiver<Octets>,
    /// For pongs; weak, so that the driver's end alone keeps the connection.
    pub(super) pongs: mpsc::WeakSender<Octets>,
    pub(super) heard: mpsc::Sender<Heard>,
    /// After how long without a word of ours a keep-alive goes out.
    pub(super) keep_alive: Duration,
    /// Places for messages that are large.
    pub(super) large: Large,
    /// Who takes them: where the other side is, when it opened the connection. What comes back over one of ours was
    /// asked for.
    pub(super) guest: Option<IpAddr>,
}

/// Places for large messages that are not whole yet.
#[derive(Clone)]
pub(super) struct Large {
    places: Arc<Semaphore>,
    crowd: Crowd,
}

/// A place for one; dropped, it is free again.
pub(super) struct Room {
    _place: OwnedSemaphorePermit,
    _share: Option<Place>,
}

impl Large {
    pub(super) fn new() -> Self {
        Self {
            places: Arc::new(Semaphore::new(LARGE)),
            crowd: Crowd::new(LARGE_FROM_ONE),
        }
    }

    /// A place; `None` when all are taken, or this guest's.
    fn room(&self, guest: Option<IpAddr>) -> Option<Room> {
        let share = match guest {
            Some(address) => Some(self.crowd.admit(address)?),
            None => None,
        };
        let place = Arc::clone(&self.places).try_acquire_owned().ok()?;
        Some(Room {
            _place: place,
            _share: share,
        })
    }
}

trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

/// Opens a connection to `hop`, whose other end has to prove to be `name`, and runs it to its end.
pub(super) async fn dial(mut ends: Ends, hop: Hop, name: Arc<str>, from: IpAddr, tls: ClientTls) {
    let heard = ends.heard.clone();
    let id = ends.id;
    let opened = tokio::select! {
        opened = open(hop, &name, from, &tls) => opened,
        // The link was closed.
        () = heard.closed() => return,
    };
    // A driver that is gone does not want to know.
    let stands = async |local: SocketAddr| heard.send(Heard::Opened(id, local.ip())).await;
    let detail = match opened {
        Ok((stream, local)) if hop.transport.is_web_socket() => {
            match upgrade(stream, hop, &name).await {
                Ok(socket) => {
                    let _gone = stands(local).await;
                    pump_web_socket(socket, &mut ends, local).await
                }
                Err(detail) => detail,
            }
        }
        Ok((stream, local)) => {
            let _gone = stands(local).await;
            pump(stream, &mut ends, local, Framer::opened()).await
        }
        Err(detail) => detail,
    };
    // A driver that is gone does not want to know.
    let _gone = heard.send(Heard::Closed { id, detail }).await;
}

/// Runs a connection that somebody opened to us.
pub(super) async fn serve<S>(stream: S, mut ends: Ends, local: SocketAddr)
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let detail = pump(stream, &mut ends, local, Framer::accepted()).await;
    let id = ends.id;
    let _gone = ends.heard.send(Heard::Closed { id, detail }).await;
}

/// What every SIP connection is set to.
pub(super) fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    // A peer that vanished without a word is noticed even when nothing is sent to it.
    let keepalive = TcpKeepalive::new()
        .with_time(Duration::from_secs(60))
        .with_interval(Duration::from_secs(20));
    SockRef::from(stream).set_tcp_keepalive(&keepalive)
}

async fn open(
    hop: Hop,
    name: &str,
    from: IpAddr,
    tls: &ClientTls,
) -> Result<(Box<dyn Duplex>, SocketAddr), String> {
    let late = |_| format!("no connection to {hop} within {} s", CONNECT.as_secs());
    let connecting = timeout(CONNECT, connect(hop.address, from));
    let stream = match connecting.await.map_err(late)? {
        Ok(stream) => stream,
        Err(error) => return Err(refusal(hop, &error)),
    };
    let local = stream.local_addr().map_err(|e| e.to_string())?;
    if !hop.transport.is_secure() {
        return Ok((Box::new(stream), local));
    }
    let server = ServerName::try_from(name.to_owned())
        .map_err(|_| format!("{name} is no name that a certificate could have"))?;
    let connector = TlsConnector::from(tls.config()?);
    let shaking = timeout(CONNECT, connector.connect(server, stream));
    match shaking.await.map_err(late)? {
        Ok(stream) => Ok((Box::new(stream), local)),
        Err(error) => Err(distrust(hop, name, &error)),
    }
}

async fn connect(to: SocketAddr, from: IpAddr) -> io::Result<TcpStream> {
    let socket = if to.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    if !from.is_unspecified() && from.is_ipv4() == to.is_ipv4() {
        socket.bind(SocketAddr::new(from, 0))?;
    }
    let stream = socket.connect(to).await?;
    prepare(&stream)?;
    Ok(stream)
}

/// Why there is no connection, in words.
fn refusal(hop: Hop, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            let stream = if hop.transport == Transport::Udp {
                "udp"
            } else {
                "tcp"
            };
            format!("nobody listens on {stream} {}", hop.address)
        }
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            format!("no route to {}", hop.address)
        }
        _ => format!("no connection to {hop}: {error}"),
    }
}

/// Why a TLS handshake failed, in words.
fn distrust(hop: Hop, name: &str, error: &io::Error) -> String {
    use rustls::{CertificateError, Error};
    let inner = error.get_ref().and_then(|e| e.downcast_ref::<Error>());
    let address = hop.address;
    match inner {
        Some(Error::InvalidCertificate(CertificateError::NotValidForName)) => {
            format!("the certificate of {address} is not for {name}")
        }
        Some(Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
            format!("the certificate of {address} is from no authority that is trusted here")
        }
        Some(Error::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        )) => format!("the certificate of {address} has ended"),
        Some(Error::AlertReceived(alert)) => {
            format!("{address} refused the TLS handshake: {alert:?}")
        }
        _ => format!("no TLS with {address}: {error}"),
    }
}

async fn upgrade(
    stream: Box<dyn Duplex>,
    hop: Hop,
    name: &str,
) -> Result<WebSocketStream<Box<dyn Duplex>>, String> {
    let failed = |e: &dyn std::fmt::Display| format!("no WebSocket with {hop}: {e}");
    let scheme = hop.transport.as_str();
    let host = if name.contains(':') {
        format!("[{name}]")
    } else {
        name.to_owned()
    };
    let mut request = format!("{scheme}://{host}:{}/", hop.address.port())
        .into_client_request()
        .map_err(|e| failed(&e))?;
    let protocol = HeaderValue::from_static("sip");
    request
        .headers_mut()
        .insert("Sec-WebSocket-Protocol", protocol);
    let limits = WebSocketConfig::default()
        .max_message_size(Some(LONGEST_IN_WEB_SOCKET))
        .max_frame_size(Some(LONGEST_IN_WEB_SOCKET));
    let shaking = timeout(
        CONNECT,
        tokio_tungstenite::client_async_with_config(request, stream, Some(limits)),
    );
    let (socket, answer) = match shaking.await {
        Ok(Ok(done)) => done,
        Ok(Err(error)) => return Err(failed(&error)),
        Err(_) => return Err(failed(&"no answer")),
    };
    let chosen = answer.headers().get("Sec-WebSocket-Protocol");
    if chosen.is_none_or(|chosen| chosen != "sip") {
        return Err(failed(&"it does not speak SIP there (RFC 7118 §4)"));
    }
    Ok(socket)
}

/// Carries messages both ways until one side ends; gives the reason.
async fn pump<S>(stream: S, ends: &mut Ends, local: SocketAddr, framer: Framer) -> String
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let (reader, mut writer) = tokio::io::split(stream);
    let pulse = Pulse::default();
    let hearing = Hearing {
        id: ends.id,
        local,
        pongs: &ends.pongs,
        heard: &ends.heard,
        large: &ends.large,
        guest: ends.guest,
    };
    let detail = tokio::select! {
        detail = read(reader, framer, &hearing, &pulse) => detail,
        detail = write(&mut writer, &mut ends.inbox, ends.keep_alive, &pulse) => detail,
    };
    // A last word of TLS; when it cannot be said, nothing is lost.
    let _unsaid = timeout(Duration::from_secs(1), writer.shutdown()).await;
    detail
}

/// What one half of a connection knows of the other half's life.
#[derive(Default)]
struct Pulse {
    /// How often something came.
    beats: AtomicU64,
    /// Whether a keep-alive of ours was ever answered: not everybody does.
    pongs: AtomicBool,
}

/// What the reading half of a connection needs of it.
struct Hearing<'a> {
    id: ConnectionId,
    local: SocketAddr,
    pongs: &'a mpsc::WeakSender<Octets>,
    heard: &'a mpsc::Sender<Heard>,
    large: &'a Large,
    guest: Option<IpAddr>,
}

async fn read<R>(mut reader: R, mut framer: Framer, hearing: &Hearing<'_>, pulse: &Pulse) -> String
where
    R: AsyncRead + Unpin + Send,
{
    let mut buffer = vec![0; 4 * 1024];
    // Who connects and says nothing is not waited for; who was connected to may keep silent.
    let mut patience = if framer.is_of_ours() { IDLE } else { STALL };
    // Until when what has begun has to be whole: however slowly it drips, it is not waited for longer.
    let mut whole_by = None;
    let mut place = None;
    loop {
        let now = Instant::now();
        whole_by = framer
            .is_within_message()
            .then(|| whole_by.unwrap_or(now + STALL));
        let limit = whole_by.map_or(patience, |by| by.saturating_duration_since(now));
        let length = match timeout(limit, reader.read(&mut buffer)).await {
            Ok(Ok(0)) => return "the other side closed the connection".to_owned(),
            Ok(Ok(length)) => length,
            Ok(Err(error)) => return format!("the connection broke: {error}"),
            Err(_) if whole_by.is_some() => return "a message did not end in time".to_owned(),
            Err(_) => return "nothing came over the connection any more".to_owned(),
        };
        pulse.beats.fetch_add(1, Ordering::Relaxed);
        framer.push(&buffer[..length]);
        loop {
            match framer.next_frame() {
                Ok(Some(Frame::Message(octets))) => {
                    patience = IDLE;
                    whole_by = None;
                    let (id, local) = (hearing.id, hearing.local);
                    let message = Heard::Message { id, local, octets };
                    if hearing.heard.send(message).await.is_err() {
                        return "closed".to_owned();
                    }
                }
                Ok(Some(Frame::Ping)) => {
                    patience = IDLE;
                    if let Some(pongs) = hearing.pongs.upgrade() {
                        // A full outbox shows as well that we are alive.
                        let _busy = pongs.try_send(Octets::from(&b"\r\n"[..]));
                    }
                }
                Ok(Some(Frame::Pong)) => pulse.pongs.store(true, Ordering::Relaxed),
                Ok(None) => break,
                Err(error) => return error.to_string(),
            }
        }
        if framer.held() <= SMALL {
            place = None;
        } else if place.is_none() {
            place = hearing.large.room(hearing.guest);
            if place.is_none() {
                return "too many large messages come in at once".to_owned();
            }
        }
    }
}

async fn write<W>(
    writer: &mut W,
    inbox: &mut mpsc::Receiver<Octets>,
    keep_alive: Duration,
    pulse: &Pulse,
) -> String
where
    W: AsyncWrite + Unpin + Send,
{
    // A keep-alive that is out: until when an answer is waited for, and what had come before.
    let mut asked: Option<(Instant, u64)> = None;
    loop {
        let beats = pulse.beats.load(Ordering::Relaxed);
        asked = asked.filter(|(_, before)| *before == beats);
        let wait = match asked {
            Some((until, _)) => until.saturating_duration_since(Instant::now()),
            None => keep_alive,
        };
        let octets = match (timeout(wait, inbox.recv()).await, asked) {
            (Ok(Some(octets)), _) => octets,
            (Ok(None), _) => return "closed".to_owned(),
            (Err(_), Some((_, before))) => {
                let silent = pulse.beats.load(Ordering::Relaxed) == before;
                if silent && pulse.pongs.load(Ordering::Relaxed) {
                    return "keep-alives are not answered any more".to_owned();
                }
                asked = None;
                continue;
            }
            (Err(_), None) => {
                asked = Some((Instant::now() + PONG.min(keep_alive), beats));
                Octets::from(&b"\r\n\r\n"[..])
            }
        };
        let written = timeout(WRITE, async {
            writer.write_all(&octets).await?;
            writer.flush().await
        });
        match written.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return format!("the connection broke: {error}"),
            Err(_) => return "the other side does not read".to_owned(),
        }
    }
}

/// One SIP message in each message of the WebSocket (RFC 7118 §5).
async fn pump_web_socket(
    socket: WebSocketStream<Box<dyn Duplex>>,
    ends: &mut Ends,
    local: SocketAddr,
) -> String {
    let (mut sink, mut stream) = socket.split();
    let mut ping = tokio::time::interval(ends.keep_alive);
    ping.tick().await;
    // Whether nothing came since the last ping; a WebSocket answers each (RFC 6455 §5.5.2).
    let mut quiet = false;
    loop {
        tokio::select! {
            came = stream.next() => {
                quiet = false;
                let octets = match came {
                    Some(Ok(WsMessage::Text(text))) => text.as_bytes().to_vec(),
                    Some(Ok(WsMessage::Binary(octets))) => octets.to_vec(),
                    Some(Ok(WsMessage::Close(_))) | None => {
                        return "the other side closed the connection".to_owned();
                    }
                    // Pings are answered by the library.
                    Some(Ok(_)) => continue,
                    Some(Err(error)) => return format!("the connection broke: {error}"),
                };
                if octets.iter().all(|b| matches!(b, b'\r' | b'\n')) {
                    continue;
                }
                let id = ends.id;
                if ends.heard.send(Heard::Message { id, local, octets }).await.is_err() {
                    return "closed".to_owned();
                }
            }
            octets = ends.inbox.recv() => {
                let Some(octets) = octets else {
                    let _unsaid = timeout(Duration::from_secs(1), sink.close()).await;
                    return "closed".to_owned();
                };
                let message = match std::str::from_utf8(&octets) {
                    Ok(text) => WsMessage::text(text),
                    Err(_) => WsMessage::binary(octets.to_vec()),
                };
                match timeout(WRITE, sink.send(message)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => return format!("the connection broke: {error}"),
                    Err(_) => return "the other side does not read".to_owned(),
                }
            }
            _ = ping.tick() => {
                if quiet {
                    return "keep-alives are not answered any more".to_owned();
                }
                quiet = true;
                match timeout(WRITE, sink.send(WsMessage::Ping(Vec::new().into()))).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => return format!("the connection broke: {error}"),
                    Err(_) => return "the other side does not read".to_owned(),
                }
            }
        }
    }
}
