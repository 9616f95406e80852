//! The device's side of `/agent/v1`: HTTPS with a pinned CA, every request signed (RFC 9421).
//!
//! One [`AgentHttp`] (connections, TLS session) serves any number of devices; each device has
//! its own [`HttpDoor`] with its id and key. Nothing here retries: a device has a queue for that.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use data_encoding::HEXLOWER;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Client, Method, Response, StatusCode, Url};
use rustls_pki_types::{CertificateDer, pem::PemObject};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::api::signature::{Algorithm, Params, content_digest, hmac_signature, signature_header};
use crate::api::{
    AgentReport, BackupReceipt, EnrolRequest, EnrolResponse, KeyId, NumberCode, Problem,
    RegisterRequest, SessionRequest, SessionResponse,
};
use crate::domain::{DeviceId, DeviceSecret, Purpose, Sequence, ShortId, SystemId};
use crate::port::{Clock, Door, DoorError, Entropy, WebCaller};

use super::answer::{self, Unread};

/// A path segment: everything but `unreserved` (RFC 3986 §2.3) is escaped.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Downloads above this size are refused, in bytes.
const MAX_DOWNLOAD: usize = 64 * 1024 * 1024;
/// What is read of a refusal.
const MAX_PROBLEM: usize = 64 * 1024;

/// Connections to management endpoints, shared by all devices of a process.
pub struct AgentHttp {
    client: Client,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl AgentHttp {
    /// Prepares a client that trusts only the certificates in `ca_pem` and keeps up to `idle` connections open.
    ///
    /// # Errors
    /// [`DoorError::Unusable`] when the PEM text holds no certificate or TLS cannot be set up.
    pub fn new(
        ca_pem: &str,
        idle: usize,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, DoorError> {
        let unusable = |e: &dyn std::fmt::Display| DoorError::Unusable(e.to_string());
        let mut roots = rustls::RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(ca_pem.as_bytes()) {
            let certificate = certificate.map_err(|e| unusable(&e))?;
            roots.add(certificate).map_err(|e| unusable(&e))?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| unusable(&e))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(idle)
            .connect_timeout(Duration::from_secs(10))
            .timeout(Duration::from_secs(60))
            // What leads nowhere any more, as from an address that this machine has lost, is noticed before a
            // callback is over.
            .tcp_user_timeout(Duration::from_secs(4))
            .user_agent(concat!("callhome-agent/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|e| unusable(&e))?;
        Ok(Self {
            client,
            clock,
            entropy,
        })
    }

    /// The door of one device to the endpoint `system` at `base`, as in `https://mgmt.example.net:8443`.
    ///
    /// # Errors
    /// [`DoorError::Unusable`] when `base` is no web address.
    pub fn door(
        self: &Arc<Self>,
        base: &str,
        system: SystemId,
        device: DeviceId,
        secret: &DeviceSecret,
    ) -> Result<HttpDoor, DoorError> {
        Ok(HttpDoor {
            http: Arc::clone(self),
            base: parse_base(base)?,
            key_id: KeyId { system, device },
            key: secret.key(Purpose::Http),
        })
    }
}

#[async_trait]
impl WebCaller for AgentHttp {
    async fn call(&self, url: &str) -> Result<u16, DoorError> {
        let url = Url::parse(url).map_err(|_| not_an_address())?;
        let response = self.client.get(url).send().await.map_err(unreachable)?;
        Ok(response.status().as_u16())
    }
}

/// One device's way to its endpoint.
pub struct HttpDoor {
    http: Arc<AgentHttp>,
    base: Url,
    key_id: KeyId,
    key: [u8; 32],
}

/// A request before it is signed.
struct Draft {
    method: Method,
    url: Url,
    content_type: &'static str,
    body: Vec<u8>,
}

impl HttpDoor {
    fn url(&self, path: &str) -> Result<Url, DoorError> {
        self.base
            .join(&format!("agent/v1/{path}"))
            .map_err(|_| not_an_address())
    }

    fn json<T: Serialize>(&self, method: Method, url: Url, body: &T) -> Result<Draft, DoorError> {
        Ok(Draft {
            method,
            url,
            content_type: "application/json",
            body: serde_json::to_vec(body).map_err(|e| DoorError::Unusable(e.to_string()))?,
        })
    }

    async fn signed(&self, draft: Draft) -> Result<Response, DoorError> {
        let mut nonce = [0; 16];
        self.http
            .entropy
            .fill(&mut nonce)
            .map_err(|e| DoorError::Unusable(e.to_string()))?;
        let params = Params::new(
            &self.key_id.to_string(),
            &HEXLOWER.encode(&nonce),
            self.http.clock.now(),
            Algorithm::HmacSha256,
        );
        let digest = content_digest(&draft.body);
        let base = params.base(draft.method.as_str(), draft.url.as_str(), &digest);
        let signature = signature_header(&hmac_signature(&self.key, &base));
        let request = self
            .http
            .client
            .request(draft.method, draft.url)
            .header("content-type", draft.content_type)
            .header("content-digest", digest)
            .header("signature-input", params.input_header())
            .header("signature", signature)
            .body(draft.body);
        accepted(request.send().await.map_err(unreachable)?).await
    }

    async fn get(&self, url: Url) -> Result<Vec<u8>, DoorError> {
        let response = if url.origin() == self.base.origin() {
            let draft = Draft {
                method: Method::GET,
                url,
                content_type: "application/octet-stream",
                body: Vec::new(),
            };
            self.signed(draft).await?
        } else {
            let request = self.http.client.get(url);
            accepted(request.send().await.map_err(unreachable)?).await?
        };
        bounded(response).await
    }
}

#[async_trait]
impl Door for HttpDoor {
    async fn enrol(&self, request: EnrolRequest) -> Result<EnrolResponse, DoorError> {
        let url = self.url("enrol")?;
        let request = self.http.client.post(url).json(&request);
        parsed(accepted(request.send().await.map_err(unreachable)?).await?).await
    }

    async fn register(&self, request: RegisterRequest) -> Result<(), DoorError> {
        let draft = self.json(Method::PUT, self.url("registration")?, &request)?;
        self.signed(draft).await.map(|_| ())
    }

    async fn confirm_number(&self, typed: NumberCode) -> Result<bool, DoorError> {
        let draft = self.json(Method::POST, self.url("numbers")?, &typed)?;
        match self.signed(draft).await {
            Ok(_) => Ok(true),
            // Not a fault: the user may type again.
            Err(DoorError::Unusable(_)) => Ok(false),
            Err(other) => Err(other),
        }
    }

    async fn session(&self, request: SessionRequest) -> Result<SessionResponse, DoorError> {
        let draft = self.json(Method::POST, self.url("session")?, &request)?;
        parsed(self.signed(draft).await?).await
    }

    async fn session_at(
        &self,
        url: &str,
        request: SessionRequest,
    ) -> Result<Option<SessionResponse>, DoorError> {
        let url = Url::parse(url).map_err(|_| not_an_address())?;
        if !matches!(url.scheme(), "https" | "http") || url.host().is_none() {
            return Err(not_an_address());
        }
        let draft = self.json(Method::POST, url, &request)?;
        let body = bounded(self.signed(draft).await?).await?;
        Ok(serde_json::from_slice(&body).ok())
    }

    async fn result(
        &self,
        session: Option<ShortId>,
        _sequence: Sequence,
        xml: &str,
    ) -> Result<(), DoorError> {
        let path = session.map_or_else(
            || "results".to_owned(),
            |session| format!("results?session={session}"),
        );
        let draft = Draft {
            method: Method::POST,
            url: self.url(&path)?,
            content_type: "text/xml",
            body: xml.as_bytes().to_vec(),
        };
        self.signed(draft).await.map(|_| ())
    }

    async fn upload(
        &self,
        backup: ShortId,
        path: &str,
        entries: u32,
        content: Vec<u8>,
    ) -> Result<BackupReceipt, DoorError> {
        let path: Vec<String> = path
            .split('/')
            .map(|part| utf8_percent_encode(part, SEGMENT).to_string())
            .collect();
        let draft = Draft {
            method: Method::PUT,
            url: self.url(&format!(
                "backups/{backup}/{}?entries={entries}",
                path.join("/")
            ))?,
            content_type: "application/octet-stream",
            body: content,
        };
        parsed(self.signed(draft).await?).await
    }

    async fn download(&self, link: &str) -> Result<Vec<u8>, DoorError> {
        let url = match Url::parse(link) {
            Ok(url) => url,
            Err(_) if link.starts_with('/') => {
                self.base.join(link).map_err(|_| not_an_address())?
            }
            Err(_) => self.url(link)?,
        };
        if !matches!(url.scheme(), "https" | "http") {
            return Err(not_an_address());
        }
        self.get(url).await
    }

    async fn report(&self, report: AgentReport) -> Result<(), DoorError> {
        let draft = self.json(Method::POST, self.url("report")?, &report)?;
        self.signed(draft).await.map(|_| ())
    }
}

fn parse_base(base: &str) -> Result<Url, DoorError> {
    let mut url = Url::parse(base.trim()).map_err(|_| not_an_address())?;
    // A device tells its secret there as it enrols: in the clear to nobody.
    if url.scheme() != "https" || url.host().is_none() {
        return Err(not_an_address());
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

fn not_an_address() -> DoorError {
    DoorError::Unusable(
        "not a web address, which begins with https:// as in https://mgmt.example.net:8443"
            .to_owned(),
    )
}

/// The innermost cause says what happened; the layers above only say that something did. The
/// address is left out: it may carry a secret.
fn unreachable(error: reqwest::Error) -> DoorError {
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    DoorError::Unreachable(cause.to_string())
}

async fn accepted(response: Response) -> Result<Response, DoorError> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let problem: Option<Problem> = answer::whole(response, MAX_PROBLEM)
        .await
        .ok()
        .and_then(|body| serde_json::from_slice(&body).ok());
    let words = problem.map_or_else(|| format!("HTTP {status}"), |p| p.to_string());
    Err(match status {
        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => {
            DoorError::Unreachable(words)
        }
        _ if status.is_server_error() => DoorError::Unreachable(words),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::CONFLICT => {
            DoorError::Refused(words)
        }
        _ => DoorError::Unusable(words),
    })
}

async fn parsed<T: DeserializeOwned>(response: Response) -> Result<T, DoorError> {
    let body = bounded(response).await?;
    serde_json::from_slice(&body).map_err(|e| DoorError::Unusable(e.to_string()))
}

async fn bounded(response: Response) -> Result<Vec<u8>, DoorError> {
    let body = answer::whole(response, MAX_DOWNLOAD).await;
    body.map_err(|unread| match unread {
        Unread::Broken(error) => unreachable(error),
        too_long @ Unread::TooLong(_) => DoorError::Unusable(too_long.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_is_a_web_address_and_ends_with_a_slash() {
        assert_eq!(
            parse_base("https://a.example:8443")
                .expect("valid")
                .as_str(),
            "https://a.example:8443/"
        );
        assert_eq!(
            parse_base("https://a.example/x").expect("valid").as_str(),
            "https://a.example/x/"
        );
        for text in [
            "a.example",
            "http://a.example",
            "ftp://a.example",
            "",
            "data:x",
        ] {
            assert!(parse_base(text).is_err(), "{text}");
        }
    }
}
