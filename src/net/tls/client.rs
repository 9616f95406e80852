use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use rustls::client::{
    ResolvesClientCert, verify_server_cert_signed_by_trust_anchor, verify_server_name,
};
use rustls::crypto::CryptoProvider;
use rustls::server::ParsedCertificate;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{CertificateError, ClientConfig, Error, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use x509_parser::extensions::GeneralName;

use super::authority::TlsError;
use super::judge::{Judge, judged_by};

/// What is trusted, and what is shown, when we connect by SIP or SMPP over TLS.
///
/// Verification is always on: the chain has to end at a trusted authority. For SIP the certificate has to name the host
/// of the SIP URI as RFC 5922 has it (§7.1: `sip:` URIs first, then DNS names; §7.2: no wildcards), for others as on the
/// web (RFC 6125).
#[derive(Clone)]
pub struct ClientTls {
    config: Arc<OnceLock<Result<Arc<ClientConfig>, String>>>,
    /// Trusted beside the system's authorities, until the configuration is made.
    more: Arc<RootCertStore>,
    shows_certificate: bool,
}

impl std::fmt::Debug for ClientTls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClientTls(…)")
    }
}

impl ClientTls {
    /// Trusts the system's authorities, which are read when the first connection needs them.
    #[must_use]
    pub fn system() -> Self {
        Self {
            config: Arc::default(),
            more: Arc::new(RootCertStore::empty()),
            shows_certificate: false,
        }
    }

    /// Trusts the authorities in the PEM text `ca`, else the system's, and shows a certificate (chain and key in PEM)
    /// to those who ask for one.
    ///
    /// # Errors
    /// [`TlsError::Config`] when a text holds no certificate or key, or both do not belong together.
    pub fn new(ca: Option<&str>, shown: Option<(&str, &str)>) -> Result<Self, TlsError> {
        let roots = match ca {
            Some(pem) => authorities(pem)?,
            None => system_roots(),
        };
        let shown = shown.map(|(chain, key)| fixed(chain, key)).transpose()?;
        Self::of(roots, shown)
    }

    /// Trusts the system's authorities, which are read when the first connection needs them, and these (PEM).
    ///
    /// # Errors
    /// [`TlsError::Config`] when a text holds no certificate.
    pub fn also_trusting(others: &[String]) -> Result<Self, TlsError> {
        let mut more = RootCertStore::empty();
        for pem in others {
            more.roots.extend(authorities(pem)?.roots);
        }
        Ok(Self {
            more: Arc::new(more),
            ..Self::system()
        })
    }

    /// For a server that is no SIP server: trusts the authorities in the PEM text `ca`, else the system's, and takes
    /// certificates that name the host as on the web.
    ///
    /// # Errors
    /// [`TlsError::Config`] when the text holds no certificate.
    pub fn of_host(ca: Option<&str>) -> Result<Self, TlsError> {
        let roots = match ca {
            Some(pem) => authorities(pem)?,
            None => system_roots(),
        };
        let config = judged_by(Arc::new(HostJudge { roots }))
            .map(|builder| builder.with_no_client_auth())
            .map_err(|e| TlsError::Config(e.to_string()))?;
        Ok(Self {
            config: Arc::new(OnceLock::from(Ok(Arc::new(config)))),
            more: Arc::new(RootCertStore::empty()),
            shows_certificate: false,
        })
    }

    pub(super) fn of(
        roots: RootCertStore,
        shown: Option<Arc<dyn ResolvesClientCert>>,
    ) -> Result<Self, TlsError> {
        let shows_certificate = shown.is_some();
        let config = build(roots, shown).map_err(|e| TlsError::Config(e.to_string()))?;
        Ok(Self {
            config: Arc::new(OnceLock::from(Ok(Arc::new(config)))),
            more: Arc::new(RootCertStore::empty()),
            shows_certificate,
        })
    }

    /// Whether a certificate of ours is shown to those who ask.
    #[must_use]
    pub fn shows_certificate(&self) -> bool {
        self.shows_certificate
    }

    /// The configuration for a connection.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(in crate::net) fn config(&self) -> Result<Arc<ClientConfig>, String> {
        self.config
            .get_or_init(|| {
                let mut roots = system_roots();
                roots.roots.extend(self.more.roots.iter().cloned());
                build(roots, None).map(Arc::new).map_err(|e| e.to_string())
            })
            .clone()
    }
}

pub(super) fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    for error in found.errors {
        tracing::warn!(%error, "an authority of the system cannot be read");
    }
    let _counts = roots.add_parsable_certificates(found.certs);
    roots
}

pub(super) fn authorities(pem: &str) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    let found = CertificateDer::pem_slice_iter(pem.as_bytes()).filter_map(Result::ok);
    let (added, _) = roots.add_parsable_certificates(found);
    if added == 0 {
        return Err(TlsError::Config("no certificate in the PEM text".into()));
    }
    Ok(roots)
}

fn build(
    roots: RootCertStore,
    shown: Option<Arc<dyn ResolvesClientCert>>,
) -> Result<ClientConfig, Error> {
    let builder = judged_by(Arc::new(SipJudge { roots }))?;
    Ok(match shown {
        Some(shown) => builder.with_client_cert_resolver(shown),
        None => builder.with_no_client_auth(),
    })
}

/// A certificate from texts, the same for ever.
fn fixed(chain: &str, key: &str) -> Result<Arc<dyn ResolvesClientCert>, TlsError> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(chain.as_bytes())
        .filter_map(Result::ok)
        .collect();
    if chain.is_empty() {
        return Err(TlsError::Config("no certificate in the PEM text".into()));
    }
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
        .map_err(|_| TlsError::Config("no private key in the PEM text".into()))?;
    let provider = rustls::crypto::ring::default_provider();
    let made = CertifiedKey::from_der(chain, key, &provider);
    let made = made.map_err(|e| TlsError::Config(e.to_string()))?;
    Ok(Arc::new(SingleCertAndKey::from(made)))
}

/// The own certificate of a chain that ends at one of these authorities.
fn trusted<'a, 'c>(
    chain: &'a [CertificateDer<'c>],
    roots: &RootCertStore,
    now: UnixTime,
    provider: &CryptoProvider,
) -> Result<&'a CertificateDer<'c>, Error> {
    let (own, intermediates) = chain.split_first().ok_or(Error::NoCertificatesPresented)?;
    verify_server_cert_signed_by_trust_anchor(
        &ParsedCertificate::try_from(own)?,
        roots,
        intermediates,
        now,
        provider.signature_verification_algorithms.all,
    )?;
    Ok(own)
}

/// Not less than the usual verification: the same chain, and stricter rules for names.
#[derive(Debug)]
struct SipJudge {
    roots: RootCertStore,
}

impl Judge for SipJudge {
    fn judge(
        &self,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
        provider: &CryptoProvider,
    ) -> Result<(), Error> {
        let own = trusted(chain, &self.roots, now, provider)?;
        let wanted = name.to_str();
        let names = sip_names(own);
        if names.iter().any(|name| name.eq_ignore_ascii_case(&wanted)) {
            return Ok(());
        }
        Err(CertificateError::NotValidForName.into())
    }
}

/// The usual verification.
#[derive(Debug)]
struct HostJudge {
    roots: RootCertStore,
}

impl Judge for HostJudge {
    fn judge(
        &self,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
        provider: &CryptoProvider,
    ) -> Result<(), Error> {
        let own = trusted(chain, &self.roots, now, provider)?;
        verify_server_name(&ParsedCertificate::try_from(own)?, name)
    }
}

/// Whom a certificate names for SIP (RFC 5922 §7.1): the hosts of its `sip:` URIs, if it has any, else its DNS names
/// without wildcards; always its addresses.
#[must_use]
pub fn sip_names(certificate: &CertificateDer<'_>) -> Vec<String> {
    let Ok((_, parsed)) = x509_parser::parse_x509_certificate(certificate) else {
        return Vec::new();
    };
    let Ok(Some(extension)) = parsed.subject_alternative_name() else {
        return Vec::new();
    };
    let (mut uris, mut names, mut addresses) = (Vec::new(), Vec::new(), Vec::new());
    for name in &extension.value.general_names {
        match name {
            // With a user part it names a person, not a server.
            GeneralName::URI(uri) => {
                uris.extend(uri.strip_prefix("sip:").filter(|h| !h.contains('@')));
            }
            GeneralName::DNSName(name) if !name.contains('*') => names.push(*name),
            GeneralName::IPAddress(octets) => addresses.extend(to_ip(octets)),
            _ => {}
        }
    }
    let hosts = if uris.is_empty() { names } else { uris };
    hosts
        .into_iter()
        .map(str::to_owned)
        .chain(addresses.iter().map(IpAddr::to_string))
        .collect()
}

fn to_ip(octets: &[u8]) -> Option<IpAddr> {
    <[u8; 4]>::try_from(octets)
        .map(IpAddr::from)
        .or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from))
        .ok()
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, SanType};

    use super::*;

    fn named(names: Vec<SanType>) -> CertificateDer<'static> {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        params.subject_alt_names = names;
        params.self_signed(&key).expect("made").der().clone()
    }

    fn dns(name: &str) -> SanType {
        SanType::DnsName(name.try_into().expect("ASCII"))
    }

    #[test]
    fn a_sip_uri_in_the_certificate_speaks_for_it_alone() {
        let uri = |u: &str| SanType::URI(u.try_into().expect("ASCII"));
        let both = named(vec![
            dns("host.example.net"),
            uri("sip:example.net"),
            uri("sip:anna@example.org"),
        ]);
        assert_eq!(sip_names(&both), ["example.net"]);
        let plain = named(vec![
            dns("host.example.net"),
            dns("*.example.net"),
            SanType::IpAddress([192, 0, 2, 7].into()),
        ]);
        assert_eq!(sip_names(&plain), ["host.example.net", "192.0.2.7"]);
    }

    #[test]
    fn a_text_without_certificate_is_refused() {
        assert!(ClientTls::new(Some("nothing"), None).is_err());
        assert!(ClientTls::new(None, Some(("nothing", "nothing"))).is_err());
    }
}
