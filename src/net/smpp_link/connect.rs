use std::io;
use std::time::Duration;

use rustls::{CertificateError, Error};
use rustls_pki_types::ServerName;
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::SmppSettings;

/// For TCP …
const CONNECT: Duration = Duration::from_secs(5);
/// … and for TLS: a centre that speaks none often waits for the rest of what it takes for a PDU. Shorter than a message
/// waits, so that its sender is told.
const SHAKE: Duration = Duration::from_secs(3);

/// What to try when there is no TLS.
const PLAIN: &str = "where the centre speaks none, its address begins with smpp://";

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
    let shaking = timeout(SHAKE, connector.connect(server, stream));
    match shaking.await {
        Ok(Ok(stream)) => Ok(Box::new(stream)),
        Ok(Err(error)) => Err(told(&error, &settings.host)),
        Err(_) => Err(format!("no TLS within {} s: {PLAIN}", SHAKE.as_secs())),
    }
}

/// Why there is no TLS with a centre, and what to do about it.
fn told(error: &io::Error, host: &str) -> String {
    use CertificateError as Wrong;
    let cause = error.get_ref().and_then(|e| e.downcast_ref());
    match cause {
        Some(Error::InvalidCertificate(Wrong::UnknownIssuer | Wrong::BadSignature)) => {
            "its certificate is of no authority that is trusted here: give the authority's certificate as ca_file"
                .to_owned()
        }
        Some(Error::InvalidCertificate(
            Wrong::NotValidForName | Wrong::NotValidForNameContext { .. },
        )) => format!(
            "its certificate does not name {host}: give the address with the name that is in the certificate"
        ),
        Some(Error::InvalidCertificate(Wrong::Expired | Wrong::ExpiredContext { .. })) => {
            "its certificate has expired: whoever runs the centre has to renew it".to_owned()
        }
        Some(Error::InvalidCertificate(Wrong::NotValidYet | Wrong::NotValidYetContext { .. })) => {
            "its certificate is not valid yet: compare the clocks of both machines".to_owned()
        }
        Some(Error::InvalidMessage(_)) => format!("what it says is not TLS: {PLAIN}"),
        _ if error.kind() == io::ErrorKind::UnexpectedEof => {
            format!("it closed the connection instead of speaking TLS: {PLAIN}")
        }
        _ => format!("TLS: {error}"),
    }
}
