use std::sync::Arc;

use data_encoding::HEXLOWER;
use ring::digest::{SHA256, digest};
use rustls::crypto::ring as provider;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Url;

use super::ClientError;
use crate::net::tls::{Onlooker, judged_by};

/// What a server presents as its authority when it is met for the first time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresentedAuthority {
    /// The certificate (PEM), to be pinned once somebody has compared the fingerprint.
    pub pem: String,
    /// SHA-256 over the certificate, as 64 lower-case hexadecimal digits.
    pub fingerprint: String,
}

impl PresentedAuthority {
    /// The authority in a PEM file.
    ///
    /// # Errors
    /// [`ClientError::Unusable`] when there is no certificate in it.
    pub fn from_pem(pem: &str) -> Result<Self, ClientError> {
        let der = CertificateDer::from_pem_slice(pem.as_bytes())
            .map_err(|_| ClientError::Unusable("there is no certificate (PEM) in it".into()))?;
        Ok(Self {
            pem: pem.to_owned(),
            fingerprint: HEXLOWER.encode(digest(&SHA256, &der).as_ref()),
        })
    }
}

fn builder() -> rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier> {
    ClientConfig::builder_with_provider(Arc::new(provider::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider has the suites of both TLS versions")
}

/// A configuration that trusts one authority.
pub(super) fn only(ca_pem: &str) -> Result<ClientConfig, ClientError> {
    let bad = |_| ClientError::Unusable("the pinned authority's certificate cannot be read".into());
    let mut roots = RootCertStore::empty();
    let der = CertificateDer::from_pem_slice(ca_pem.as_bytes()).map_err(bad)?;
    roots
        .add(der)
        .map_err(|e| ClientError::Unusable(format!("the pinned authority is unusable: {e}")))?;
    Ok(builder()
        .with_root_certificates(roots)
        .with_no_client_auth())
}

/// A configuration for connections that have no TLS.
pub(super) fn no_trust() -> ClientConfig {
    builder()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth()
}

/// Connects once to see which authority a server presents. Nothing is sent over the connection.
///
/// The answer proves nothing by itself: somebody has to compare the fingerprint with
/// what the server's own side says.
///
/// # Errors
/// [`ClientError::Unreachable`], or [`ClientError::Protocol`] when no authority is presented.
pub async fn fetch_authority(url: &Url) -> Result<PresentedAuthority, ClientError> {
    let server = url.as_str().trim_end_matches('/').to_owned();
    let unreachable = |reason: String| ClientError::Unreachable {
        server: server.clone(),
        reason,
        unsent: true,
    };
    let host = url
        .host_str()
        .ok_or_else(|| ClientError::Unusable(format!("{url} names no host")))?;
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let port = url.port_or_known_default().unwrap_or(8443);
    let name = ServerName::try_from(bare.to_owned())
        .map_err(|_| ClientError::Unusable(format!("{host} is no host name")))?;
    let onlooker = Arc::new(Onlooker::default());
    let config = judged_by(Arc::clone(&onlooker))
        .map_err(|e| ClientError::Unusable(e.to_string()))?
        .with_no_client_auth();
    let handshake = async {
        let stream = TcpStream::connect((bare, port)).await?;
        TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), handshake)
        .await
        .map_err(|_| unreachable("it took too long".into()))?
        .map_err(|e| unreachable(e.to_string()))?;
    let chain = onlooker.seen();
    // The server sends its certificate, then its authority's.
    let authority = chain.get(1).ok_or_else(|| ClientError::Protocol {
        server,
        reason: "it does not present its authority's certificate; ask its keeper for ca.pem and give --ca-file".into(),
    })?;
    Ok(PresentedAuthority {
        pem: to_pem(authority),
        fingerprint: HEXLOWER.encode(digest(&SHA256, authority).as_ref()),
    })
}

fn to_pem(der: &[u8]) -> String {
    let base64 = data_encoding::BASE64.encode(der);
    let lines: Vec<&str> = base64
        .as_bytes()
        .chunks(64)
        .map(|c| std::str::from_utf8(c).unwrap_or_default())
        .collect();
    format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        lines.join("\n")
    )
}
