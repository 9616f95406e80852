//! Looks at the way to a SIP address: where its name leads, whether a connection is taken, what certificate is shown.
//!
//! The certificate is looked at in a handshake of its own that believes anything and says nothing afterwards, so that
//! one that is not believed can be told about; whether it is believed is what SIP itself is told in a second one.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rustls::{ClientConfig, Error};
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;

use super::sip_link::Outlook;
use super::tls::{Onlooker, judged_by};
use crate::domain::Timestamp;
use crate::port::{self, CertificateFacts, Connection, Place, Surveyor, TlsFinding};
use crate::sip::{Located, SipUri, Transport};

/// For one connection, and for one handshake.
const PATIENCE: Duration = Duration::from_secs(4);
/// More places than these are not tried.
const PLACES: usize = 3;

/// Looks at ways with this machine's sockets.
#[derive(Debug, Clone, Default)]
pub struct Survey {
    outlook: Outlook,
}

impl Survey {
    /// One that finds names and trusts as told.
    #[must_use]
    pub fn new(outlook: Outlook) -> Self {
        Self { outlook }
    }

    async fn connect(&self, places: &[Located]) -> (Connection, Option<(TcpStream, Located)>) {
        let mut missed = Vec::new();
        let mut last = None;
        for place in places.iter().take(PLACES) {
            if let Some((address, why)) = last.take() {
                missed.push(format!("{address} ({why})"));
            }
            let started = Instant::now();
            match open(place.address).await {
                Ok(stream) => {
                    let connection = Connection {
                        address: place.address,
                        outcome: Ok(started.elapsed()),
                        missed,
                    };
                    return (connection, Some((stream, place.clone())));
                }
                Err(why) => last = Some((place.address, why)),
            }
        }
        let (address, why) =
            last.unwrap_or_else(|| (SocketAddr::from(([0; 4], 0)), "no place to try".to_owned()));
        let connection = Connection {
            address,
            outcome: Err(why),
            missed,
        };
        (connection, None)
    }

    async fn tls(&self, stream: TcpStream, place: &Located) -> TlsFinding {
        let started = Instant::now();
        let (seen, trusted) = tokio::join!(look(stream, &place.name), self.believe(place));
        let elapsed = started.elapsed();
        match seen {
            Ok(chain) => TlsFinding {
                chain: chain.iter().filter_map(facts).collect(),
                refused: trusted.err(),
                elapsed,
            },
            Err(why) => TlsFinding {
                chain: Vec::new(),
                refused: Some(why),
                elapsed,
            },
        }
    }

    /// Whether SIP over TLS would go on: the same trust, the same name.
    async fn believe(&self, place: &Located) -> Result<(), String> {
        let config = self.outlook.tls.config()?;
        let stream = open(place.address).await?;
        handshake(config, stream, &place.name).await.map(drop)
    }
}

#[async_trait]
impl Surveyor for Survey {
    async fn survey(&self, uri: &SipUri) -> port::Survey {
        let started = Instant::now();
        // Weights of SRV records are drawn for each request; here the first by priority serves.
        let located = self.outlook.resolver.locate(uri, 0).await;
        let located_in = started.elapsed();
        let mut survey = port::Survey {
            places: Err(String::new()),
            located_in,
            connection: None,
            tls: None,
        };
        let places = match located {
            Ok(places) => places,
            Err(error) => {
                survey.places = Err(error.to_string());
                return survey;
            }
        };
        let told = |place: &Located| Place {
            transport: place.transport.to_string(),
            address: place.address,
            why: place.why.clone(),
        };
        survey.places = Ok(places.iter().map(told).collect());
        let streams: Vec<Located> = places
            .into_iter()
            .take_while(|place| place.transport.is_reliable())
            .collect();
        if streams.is_empty() {
            return survey;
        }
        let (connection, taken) = self.connect(&streams).await;
        survey.connection = Some(connection);
        if let Some((stream, place)) = taken
            && matches!(place.transport, Transport::Tls | Transport::Wss)
        {
            survey.tls = Some(self.tls(stream, &place).await);
        }
        survey
    }
}

async fn open(address: SocketAddr) -> Result<TcpStream, String> {
    match timeout(PATIENCE, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
            Err("nobody listens there".to_owned())
        }
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer after {} s", PATIENCE.as_secs())),
    }
}

async fn handshake(config: Arc<ClientConfig>, stream: TcpStream, name: &str) -> Result<(), String> {
    let name = ServerName::try_from(name.to_owned()).map_err(|e| format!("{name}: {e}"))?;
    match timeout(PATIENCE, TlsConnector::from(config).connect(name, stream)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(innermost(&error)),
        Err(_) => Err(format!("no answer after {} s", PATIENCE.as_secs())),
    }
}

/// The words of the TLS fault inside an I/O error.
fn innermost(error: &io::Error) -> String {
    match error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Error>())
    {
        Some(Error::InvalidCertificate(fault)) => fault.to_string(),
        Some(fault) => fault.to_string(),
        None => error.to_string(),
    }
}

/// The certificates that the other side shows, whatever they are worth.
async fn look(stream: TcpStream, name: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let onlooker = Arc::new(Onlooker::default());
    // Nothing is said over this connection; it only shows what the other side presents.
    let config = judged_by(Arc::clone(&onlooker)).map_err(|e| e.to_string())?;
    let ended = handshake(Arc::new(config.with_no_client_auth()), stream, name).await;
    let seen = onlooker.seen();
    match ended {
        // One that wants a certificate of ours breaks off after it has shown its own.
        Err(why) if seen.is_empty() => Err(why),
        _ => Ok(seen),
    }
}

fn facts(certificate: &CertificateDer<'_>) -> Option<CertificateFacts> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).ok()?;
    let at = |time: x509_parser::time::ASN1Time| {
        Timestamp::from_millis(time.timestamp().saturating_mul(1_000))
    };
    let validity = parsed.validity();
    Some(CertificateFacts {
        subject: parsed.subject().to_string(),
        issuer: parsed.issuer().to_string(),
        begins: at(validity.not_before),
        ends: at(validity.not_after),
    })
}
