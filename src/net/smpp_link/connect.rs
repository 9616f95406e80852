use std::time::Duration;

use rustls_pki_types::ServerName;
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::SmppSettings;

/// For TCP and TLS, each.
const CONNECT: Duration = Duration::from_secs(5);

/// A stream in both directions.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// Opens a connection; the error says what happened, for people.
pub(super) async fn connect(settings: &SmppSettings) -> Result<Box<dyn Duplex>, String> {
    let late = |_| format!("no connection within {} s", CONNECT.as_secs());
    let opening = TcpStream::connect((settings.host.as_str(), settings.port));
    let stream = timeout(CONNECT, opening)
        .await
        .map_err(late)?
        .map_err(|e| e.to_string())?;
    let prepared = stream.set_nodelay(true).and_then(|()| {
        let keepalive = TcpKeepalive::new().with_time(Duration::from_secs(60));
        SockRef::from(&stream).set_tcp_keepalive(&keepalive)
    });
    prepared.map_err(|e| e.to_string())?;
    let Some(tls) = &settings.tls else {
        return Ok(Box::new(stream));
    };
    let server = ServerName::try_from(settings.host.clone())
        .map_err(|_| format!("{} is no name that a certificate could have", settings.host))?;
    let connector = TlsConnector::from(tls.config()?);
    let shaking = timeout(CONNECT, connector.connect(server, stream));
    match shaking.await.map_err(late)? {
        Ok(stream) => Ok(Box::new(stream)),
        Err(error) => Err(format!("TLS: {error}")),
    }
}
