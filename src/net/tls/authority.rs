use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use data_encoding::HEXLOWER;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::RootCertStore;
use rustls::client::{ResolvesClientCert, WebPkiServerVerifier};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;

use super::client::{ClientTls, authorities, system_roots};
use super::shown::{Shown, Source};
use crate::domain::Timestamp;
use crate::port::Clock;

const DAY: Duration = Duration::from_secs(24 * 3600);
/// The authority outlives its certificates, so that clients pin it once.
const AUTHORITY_DAYS: u32 = 3650;
const CERTIFICATE_DAYS: u32 = 365;
/// A certificate is replaced this long before it ends.
const RENEW_DAYS: u32 = 30;

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file does not hold what it should.
    #[error(
        "{path} is not a usable {what}: move it away and it is made anew (clients then pin it again)"
    )]
    Content {
        /// Which file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
    },
    /// A certificate cannot be made.
    #[error("a certificate cannot be made: {0}")]
    Make(#[from] rcgen::Error),
    /// The TLS library refuses what it was given.
    #[error("the TLS configuration is refused: {0}")]
    Config(String),
}

/// The endpoint's authority and certificate.
pub struct ServerIdentity {
    ca_pem: String,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    expires_at: Timestamp,
    source: Source,
    shown: Option<Arc<Shown>>,
}

impl std::fmt::Debug for ServerIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ServerIdentity(until {}, …)", self.expires_at)
    }
}

impl ServerIdentity {
    /// Reads authority and certificate from `dir` (`ca.pem`, `ca.key`, `server.pem`, `server.key`), makes what is
    /// missing, and renews a certificate that is near its end or lacks one of `hosts`. All files have mode 0600.
    ///
    /// `localhost`, `127.0.0.1` and `::1` are always among the names.
    ///
    /// # Errors
    /// [`TlsError`] when a file cannot be used; nothing is replaced that was not made here.
    pub fn open_or_create(
        dir: &Path,
        name: &str,
        hosts: &[String],
        now: Timestamp,
    ) -> Result<Self, TlsError> {
        let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into();
        for host in hosts {
            let host = host.trim_matches(['[', ']']).to_owned();
            if !host.is_empty() && !names.contains(&host) {
                names.push(host);
            }
        }
        let (ca_pem, ca_key) = authority(dir, name, now)?;
        let certificate_path = dir.join("server.pem");
        let key_path = dir.join("server.key");
        if needs_certificate(&certificate_path, &key_path, &names, now)? {
            let issuer = Issuer::from_ca_cert_pem(&ca_pem, ca_key)?;
            let (pem, key) = certificate(name, &names, now, &issuer)?;
            write_secret(&key_path, &key)?;
            write_secret(&certificate_path, &pem)?;
        }
        let pem = read(&certificate_path)?;
        let content = |what, path: &Path| TlsError::Content {
            path: path.to_owned(),
            what,
        };
        // The authority goes along (RFC 8446 §4.4.2 allows it): who meets this server for the first time pins it.
        let mut chain: Vec<_> = certificates(&pem);
        chain.extend(certificates(&ca_pem));
        let expires_at = chain
            .first()
            .and_then(|c| facts(c).map(|f| f.0))
            .ok_or_else(|| content("certificate", &certificate_path))?;
        let key = PrivateKeyDer::from_pem_slice(read(&key_path)?.as_bytes())
            .map_err(|_| content("private key", &key_path))?;
        Ok(Self {
            ca_pem,
            chain,
            key,
            expires_at,
            source: Source {
                dir: dir.to_owned(),
                name: name.to_owned(),
                hosts: hosts.to_vec(),
            },
            shown: None,
        })
    }

    /// Has the certificate renewed while it is shown, by listeners and to those whom we call.
    ///
    /// # Errors
    /// [`TlsError::Config`] when key and certificate do not belong together.
    pub fn renewing(self, clock: Arc<dyn Clock>) -> Result<Self, TlsError> {
        let shown = Some(Arc::new(Shown::new(&self, clock)?));
        Ok(Self { shown, ..self })
    }

    pub(super) fn source(&self) -> &Source {
        &self.source
    }

    /// Certificate and key as listeners want them.
    pub(super) fn certified(&self) -> Result<Arc<CertifiedKey>, TlsError> {
        let key = self.key.clone_key();
        let made = CertifiedKey::from_der(self.chain.clone(), key, &provider());
        made.map(Arc::new).map_err(refused)
    }

    /// The authority's certificate in PEM, for clients to pin.
    #[must_use]
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// SHA-256 of the authority's certificate (DER), 64 hexadecimal digits: what a bootstrapped device pins.
    #[must_use]
    pub fn ca_pin(&self) -> String {
        certificates(&self.ca_pem)
            .first()
            .map(|der| HEXLOWER.encode(&Sha256::digest(der)))
            .unwrap_or_default()
    }

    /// When the certificate ends.
    #[must_use]
    pub const fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// When the certificate ends that listeners show, now and later.
    #[must_use]
    pub fn term(&self) -> watch::Receiver<Timestamp> {
        match &self.shown {
            Some(shown) => shown.term(),
            None => watch::Sender::new(self.expires_at).subscribe(),
        }
    }

    /// Configuration for a listener; callers may present a certificate that an authority of `known` issued.
    ///
    /// # Errors
    /// [`TlsError::Config`] when key and certificate do not belong together.
    pub fn server_config(&self, known: &Acquaintances) -> Result<rustls::ServerConfig, TlsError> {
        let builder = rustls::ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(refused)?;
        let builder = match known.any()? {
            Some(verifier) => builder.with_client_cert_verifier(verifier),
            None => builder.with_no_client_auth(),
        };
        let mut config = match &self.shown {
            Some(shown) => builder.with_cert_resolver(Arc::clone(shown) as _),
            None => builder
                .with_single_cert(self.chain.clone(), self.key.clone_key())
                .map_err(refused)?,
        };
        // What `server/listen` speaks. Offering more would have clients choose it.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }

    /// For calling devices by SIP over TLS: trusts the system's authorities, this one and `others` (PEM), and shows
    /// this certificate.
    ///
    /// # Errors
    /// [`TlsError::Config`] when a text holds no certificate, or key and certificate do not belong together.
    pub fn sip_client(&self, others: &[String]) -> Result<ClientTls, TlsError> {
        let mut trusted = system_roots();
        for pem in others {
            trusted.roots.extend(authorities(pem)?.roots);
        }
        trusted.roots.extend(roots(&self.ca_pem)?.roots);
        ClientTls::of(trusted, Some(self.shown_to_called()?))
    }

    /// Configuration for calling a peer: trusts only the peer's authority and presents this certificate.
    ///
    /// # Errors
    /// [`TlsError::Config`] when `ca_pem` holds no certificate.
    pub fn client_config(&self, ca_pem: &str) -> Result<rustls::ClientConfig, TlsError> {
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots(ca_pem)?), provider())
                .build()
                .map_err(refused)?;
        let builder = rustls::ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(refused)?
            .with_webpki_verifier(verifier);
        Ok(builder.with_client_cert_resolver(self.shown_to_called()?))
    }

    /// What is shown to those whom we call: like listeners' certificate it is renewed meanwhile.
    fn shown_to_called(&self) -> Result<Arc<dyn ResolvesClientCert>, TlsError> {
        Ok(match &self.shown {
            Some(shown) => Arc::clone(shown) as _,
            None => Arc::new(SingleCertAndKey::from(self.certified()?)),
        })
    }
}

/// Authorities of the peers, by the peers' names.
#[derive(Debug)]
pub struct Acquaintances {
    peers: Vec<(String, Arc<dyn ClientCertVerifier>)>,
    all: RootCertStore,
}

impl Default for Acquaintances {
    /// Knows nobody.
    fn default() -> Self {
        Self {
            peers: Vec::new(),
            all: RootCertStore::empty(),
        }
    }
}

impl Acquaintances {
    /// Reads the peers' authorities: pairs of name and PEM.
    ///
    /// # Errors
    /// [`TlsError::Config`] when a PEM holds no certificate.
    pub fn new(peers: &[(String, String)]) -> Result<Self, TlsError> {
        let mut known = Self::default();
        for (name, pem) in peers {
            let own = roots(pem)?;
            known.all.roots.extend(own.roots.iter().cloned());
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(own), provider())
                .build()
                .map_err(refused)?;
            known.peers.push((name.clone(), verifier));
        }
        Ok(known)
    }

    fn any(&self) -> Result<Option<Arc<dyn ClientCertVerifier>>, TlsError> {
        if self.peers.is_empty() {
            return Ok(None);
        }
        WebPkiClientVerifier::builder_with_provider(Arc::new(self.all.clone()), provider())
            .allow_unauthenticated()
            .build()
            .map(Some)
            .map_err(refused)
    }

    /// Whether the authority of the peer `name` issued the certificate chain that a caller presented.
    #[must_use]
    pub fn vouches(&self, name: &str, chain: &[CertificateDer<'_>], now: Timestamp) -> bool {
        let Some((leaf, rest)) = chain.split_first() else {
            return false;
        };
        let now = UnixTime::since_unix_epoch(Duration::from_millis(
            u64::try_from(now.millis()).unwrap_or(0),
        ));
        self.peers
            .iter()
            .find(|(peer, _)| peer == name)
            .is_some_and(|(_, verifier)| verifier.verify_client_cert(leaf, rest, now).is_ok())
    }
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn refused(error: impl std::fmt::Display) -> TlsError {
    TlsError::Config(error.to_string())
}

fn certificates(pem: &str) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem.as_bytes())
        .filter_map(Result::ok)
        .collect()
}

fn roots(pem: &str) -> Result<RootCertStore, TlsError> {
    let mut store = RootCertStore::empty();
    let (added, _) = store.add_parsable_certificates(certificates(pem));
    if added == 0 {
        return Err(TlsError::Config("no certificate in the PEM text".into()));
    }
    Ok(store)
}

fn authority(dir: &Path, name: &str, now: Timestamp) -> Result<(String, KeyPair), TlsError> {
    let (pem_path, key_path) = (dir.join("ca.pem"), dir.join("ca.key"));
    if pem_path.exists() {
        let pem = read(&pem_path)?;
        let key = KeyPair::from_pem(&read(&key_path)?).map_err(|_| TlsError::Content {
            path: key_path.clone(),
            what: "private key",
        })?;
        if certificates(&pem).is_empty() {
            return Err(TlsError::Content {
                path: pem_path,
                what: "certificate",
            });
        }
        return Ok((pem, key));
    }
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(Vec::<String>::new())?;
    params.distinguished_name = subject(&format!("{name} authority"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    between(&mut params, now, AUTHORITY_DAYS);
    let pem = params.self_signed(&key)?.pem();
    // The key first: a certificate without its key would look like a finished authority.
    write_secret(&key_path, &key.serialize_pem())?;
    write_secret(&pem_path, &pem)?;
    Ok((pem, key))
}

fn certificate(
    name: &str,
    names: &[String],
    now: Timestamp,
    issuer: &Issuer<'_, KeyPair>,
) -> Result<(String, String), TlsError> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(names.to_vec())?;
    params.distinguished_name = subject(name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    // The same certificate shows who we are when we call a peer.
    params.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedKeyUsagePurpose::ClientAuth,
    ];
    params.use_authority_key_identifier_extension = true;
    between(&mut params, now, CERTIFICATE_DAYS);
    let pem = params.signed_by(&key, issuer)?.pem();
    Ok((pem, key.serialize_pem()))
}

fn subject(common_name: &str) -> DistinguishedName {
    let mut subject = DistinguishedName::new();
    subject.push(DnType::OrganizationName, "callhome");
    subject.push(DnType::CommonName, common_name);
    subject
}

fn between(params: &mut CertificateParams, now: Timestamp, days: u32) {
    // An hour back: clocks of devices are not exact.
    params.not_before = now.before(Duration::from_secs(3600)).to_date_time();
    params.not_after = now.after(DAY * days).to_date_time();
}

fn needs_certificate(
    pem_path: &Path,
    key_path: &Path,
    names: &[String],
    now: Timestamp,
) -> Result<bool, TlsError> {
    if !(pem_path.exists() && key_path.exists()) {
        return Ok(true);
    }
    let Some((ends, held)) = certificates(&read(pem_path)?).first().and_then(facts) else {
        return Ok(true);
    };
    let soon = now.after(DAY * RENEW_DAYS);
    Ok(ends <= soon || names.iter().any(|n| !held.contains(n)))
}

/// When a certificate ends, and the names in it.
fn facts(certificate: &CertificateDer<'_>) -> Option<(Timestamp, Vec<String>)> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).ok()?;
    let ends = Timestamp::from_millis(parsed.validity().not_after.timestamp().checked_mul(1000)?);
    let names = parsed
        .subject_alternative_name()
        .ok()
        .flatten()
        .map(|extension| {
            extension
                .value
                .general_names
                .iter()
                .filter_map(alternative_name)
                .collect()
        })
        .unwrap_or_default();
    Some((ends, names))
}

fn alternative_name(name: &x509_parser::extensions::GeneralName<'_>) -> Option<String> {
    use x509_parser::extensions::GeneralName;
    match name {
        GeneralName::DNSName(text) => Some((*text).to_owned()),
        GeneralName::IPAddress(octets) => match octets.len() {
            4 => <[u8; 4]>::try_from(*octets)
                .ok()
                .map(|o| std::net::Ipv4Addr::from(o).to_string()),
            16 => <[u8; 16]>::try_from(*octets)
                .ok()
                .map(|o| std::net::Ipv6Addr::from(o).to_string()),
            _ => None,
        },
        _ => None,
    }
}

fn read(path: &Path) -> Result<String, TlsError> {
    fs::read_to_string(path).map_err(|source| TlsError::File {
        path: path.to_owned(),
        source,
    })
}

/// Writes a file with mode 0600 under another name first, so that a crash never leaves half of it.
fn write_secret(path: &Path, text: &str) -> Result<(), TlsError> {
    let file_error = |source| TlsError::File {
        path: path.to_owned(),
        source,
    };
    let beside = path.with_extension("new");
    // A leftover of a crash is ours and worthless; that it is not there is the usual case.
    drop(fs::remove_file(&beside));
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)
        .map_err(file_error)?;
    file.write_all(text.as_bytes()).map_err(file_error)?;
    file.sync_all().map_err(file_error)?;
    fs::rename(&beside, path).map_err(file_error)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn now() -> Timestamp {
        "2026-11-21T00:00:00Z".parse().expect("valid")
    }

    fn identity(dir: &Path, hosts: &[String], at: Timestamp) -> ServerIdentity {
        ServerIdentity::open_or_create(dir, "eu-north", hosts, at).expect("made")
    }

    #[test]
    fn is_made_once_and_kept_in_private_files() {
        let dir = tempfile::tempdir().expect("scratch");
        let first = identity(dir.path(), &[], now());
        let again = identity(dir.path(), &[], now());
        assert_eq!(first.ca_pem(), again.ca_pem());
        assert_eq!(first.chain, again.chain);
        for file in ["ca.pem", "ca.key", "server.pem", "server.key"] {
            let mode = fs::metadata(dir.path().join(file))
                .expect(file)
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
    }

    #[test]
    fn a_new_name_or_a_near_end_brings_a_new_certificate_under_the_same_authority() {
        let dir = tempfile::tempdir().expect("scratch");
        let first = identity(dir.path(), &[], now());
        let named = identity(dir.path(), &["mgmt.example.net".to_owned()], now());
        assert_ne!(first.chain, named.chain);
        let later = identity(
            dir.path(),
            &["mgmt.example.net".to_owned()],
            now().after(DAY * 340),
        );
        assert_ne!(named.chain, later.chain);
        assert_eq!(first.ca_pem(), later.ca_pem());
        assert!(later.expires_at() > named.expires_at());
    }

    #[test]
    fn only_the_peers_own_authority_vouches_for_it() {
        let dirs = [(); 2].map(|()| tempfile::tempdir().expect("scratch"));
        let [north, south] = dirs.each_ref().map(|d| identity(d.path(), &[], now()));
        let known = Acquaintances::new(&[
            ("north".to_owned(), north.ca_pem().to_owned()),
            ("south".to_owned(), south.ca_pem().to_owned()),
        ])
        .expect("two authorities");
        assert!(known.vouches("north", &north.chain, now()));
        assert!(!known.vouches("south", &north.chain, now()));
        assert!(!known.vouches("west", &north.chain, now()));
        assert!(!known.vouches("north", &[], now()));
        assert!(!known.vouches("north", &north.chain, now().after(DAY * 366)));
    }
}
