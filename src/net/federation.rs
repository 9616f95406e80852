//! The other servers: mutual TLS, every request signed with its destination in the signed octets.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use data_encoding::HEXLOWER;
use reqwest::{Client, Method, Response, StatusCode, Url};
use serde::de::DeserializeOwned;

use crate::api::signature::{Algorithm, Params, content_digest, signature_header};
use crate::api::{
    ActionView, CallbackView, Device, Hello, HelloAnswer, PeerFind, PeerStatus, PinView, Problem,
    SigningKey, VerifyingKey,
};
use crate::domain::{Imei, ShortId};
use crate::port::{Clock, Entropy, PeerError, Peers, RemoteAction, RemoteCallback, RemotePins};

use super::answer::{self, Unread};
use super::tls::{ServerIdentity, TlsError};

const CONNECT: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_secs(20);
/// Largest answer that is read.
const MAX_ANSWER: usize = 1024 * 1024;

/// A peer as it is configured.
#[derive(Debug, Clone)]
pub struct PeerSettings {
    /// Its name.
    pub name: String,
    /// Its address, as in `https://eu-south.example.net:8443`.
    pub url: Url,
    /// Certificate of its authority (PEM).
    pub ca_pem: String,
    /// Its Ed25519 key.
    pub key: VerifyingKey,
}

/// Why federation cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum FederationSetupError {
    /// A peer's authority cannot be used.
    #[error("peer {name}: {source}")]
    Tls {
        /// The peer.
        name: String,
        /// Why.
        #[source]
        source: TlsError,
    },
    /// A peer's address is not HTTPS.
    #[error("peer {0}: its address must begin with https://")]
    Url(String),
    /// The client cannot be set up.
    #[error("the HTTP client cannot be set up")]
    Client(#[source] reqwest::Error),
}

/// Asks the configured peers.
pub struct FederationClient {
    name: String,
    key: Arc<SigningKey>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    peers: Vec<Peer>,
}

struct Peer {
    settings: PeerSettings,
    client: Client,
}

impl FederationClient {
    /// Sets up a client for each peer: it trusts that peer's authority only, and shows our certificate.
    ///
    /// # Errors
    /// [`FederationSetupError`].
    pub fn new(
        name: &str,
        key: Arc<SigningKey>,
        identity: &ServerIdentity,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        peers: Vec<PeerSettings>,
    ) -> Result<Self, FederationSetupError> {
        let peers = peers
            .into_iter()
            .map(|settings| {
                if settings.url.scheme() != "https" {
                    return Err(FederationSetupError::Url(settings.name));
                }
                let tls = identity.client_config(&settings.ca_pem).map_err(|source| {
                    FederationSetupError::Tls {
                        name: settings.name.clone(),
                        source,
                    }
                })?;
                let client = Client::builder()
                    .no_proxy()
                    .https_only(true)
                    .redirect(reqwest::redirect::Policy::none())
                    .tls_backend_preconfigured(tls)
                    .connect_timeout(CONNECT)
                    .timeout(ANSWER)
                    .user_agent(concat!("callhome/", env!("CARGO_PKG_VERSION")))
                    .build()
                    .map_err(FederationSetupError::Client)?;
                Ok(Peer { settings, client })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            name: name.to_owned(),
            key,
            clock,
            entropy,
            peers,
        })
    }

    fn peer(&self, name: &str) -> Result<&Peer, PeerError> {
        self.peers
            .iter()
            .find(|peer| peer.settings.name == name)
            .ok_or_else(|| PeerError::Refused(format!("no peer named {name} is configured")))
    }

    fn nonce(&self) -> Result<String, PeerError> {
        let mut bytes = [0; 16];
        self.entropy
            .fill(&mut bytes)
            .map_err(|error| PeerError::Refused(error.to_string()))?;
        Ok(HEXLOWER.encode(&bytes))
    }

    /// Sends a signed request. The destination's name is in the path, and so in what is signed.
    async fn exchange(
        &self,
        peer: &Peer,
        method: Method,
        what: &str,
        body: Vec<u8>,
        within: Duration,
    ) -> Result<Response, PeerError> {
        let name = &peer.settings.name;
        let path = format!("/federation/v1/{name}/{what}");
        let url = peer
            .settings
            .url
            .join(&path)
            .map_err(|_| PeerError::Refused(format!("{name}: its address cannot be used")))?;
        let params = Params::new(
            &self.name,
            &self.nonce()?,
            self.clock.now(),
            Algorithm::Ed25519,
        );
        let digest = content_digest(&body);
        let base = params.base(method.as_str(), url.as_str(), &digest);
        let signature = self.key.sign(base.as_bytes());
        peer.client
            .request(method, url)
            .timeout(within.min(ANSWER))
            .header("content-type", "application/json")
            .header("content-digest", digest)
            .header("signature-input", params.input_header())
            .header("signature", signature_header(&signature))
            .body(body)
            .send()
            .await
            .map_err(|error| silence(&error))
    }

    async fn hello(&self, peer: &Peer) -> Result<(), PeerError> {
        let name = &peer.settings.name;
        let hello = Hello {
            nonce: self.nonce()?,
        };
        let answered = self
            .exchange(peer, Method::POST, "hello", json(&hello)?, ANSWER)
            .await?;
        let answer: HelloAnswer = read(answered).await?;
        if answer.is_from(name, &peer.settings.key, &self.name, &hello) {
            Ok(())
        } else {
            Err(PeerError::Refused(
                "it could not show that it holds the key that is configured for it".into(),
            ))
        }
    }
}

#[async_trait]
impl Peers for FederationClient {
    fn peers(&self) -> Vec<PeerStatus> {
        self.peers
            .iter()
            .map(|peer| PeerStatus {
                name: peer.settings.name.clone(),
                url: peer.settings.url.to_string(),
            })
            .collect()
    }

    async fn find(
        &self,
        peer: &str,
        imei: Imei,
        deadline: Duration,
    ) -> Result<Option<Device>, PeerError> {
        let peer = self.peer(peer)?;
        let body = json(&PeerFind { imei })?;
        let answer = self
            .exchange(peer, Method::POST, "find", body, deadline)
            .await?;
        if answer.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        read(answer).await.map(Some)
    }

    async fn act(&self, peer: &str, action: RemoteAction) -> Result<ActionView, PeerError> {
        let peer = self.peer(peer)?;
        self.hello(peer).await?;
        let body = json(&action)?;
        read(
            self.exchange(peer, Method::POST, "actions", body, ANSWER)
                .await?,
        )
        .await
    }

    async fn action(&self, peer: &str, id: ShortId) -> Result<ActionView, PeerError> {
        let peer = self.peer(peer)?;
        let what = format!("actions/{id}");
        read(
            self.exchange(peer, Method::GET, &what, Vec::new(), ANSWER)
                .await?,
        )
        .await
    }

    async fn call(&self, peer: &str, callback: RemoteCallback) -> Result<CallbackView, PeerError> {
        let peer = self.peer(peer)?;
        self.hello(peer).await?;
        let body = json(&callback)?;
        let asked = self.exchange(peer, Method::POST, "callbacks", body, ANSWER);
        read(asked.await?).await
    }

    async fn pins(&self, peer: &str, look: RemotePins) -> Result<Vec<PinView>, PeerError> {
        let peer = self.peer(peer)?;
        self.hello(peer).await?;
        let body = json(&look)?;
        let asked = self.exchange(peer, Method::POST, "pins", body, ANSWER);
        read(asked.await?).await
    }

    async fn callback(&self, peer: &str, id: ShortId) -> Result<CallbackView, PeerError> {
        let peer = self.peer(peer)?;
        let what = format!("callbacks/{id}");
        let asked = self.exchange(peer, Method::GET, &what, Vec::new(), ANSWER);
        read(asked.await?).await
    }
}

impl fmt::Debug for FederationClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "FederationClient({}, {} peers)",
            self.name,
            self.peers.len()
        )
    }
}

fn json<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, PeerError> {
    serde_json::to_vec(value).map_err(|error| PeerError::Refused(error.to_string()))
}

async fn read<T: DeserializeOwned>(response: Response) -> Result<T, PeerError> {
    let status = response.status();
    let content = answer::whole(response, MAX_ANSWER).await;
    let content = content.map_err(|unread| match unread {
        Unread::Broken(error) => silence(&error),
        too_long @ Unread::TooLong(_) => PeerError::Refused(too_long.to_string()),
    })?;
    if status.is_success() {
        return serde_json::from_slice(&content)
            .map_err(|_| PeerError::Refused("its answer makes no sense".into()));
    }
    match serde_json::from_slice::<Problem>(&content) {
        Ok(problem) if status != StatusCode::UNAUTHORIZED => Err(PeerError::Problem(Box::new(problem))),
        Ok(_) => Err(PeerError::Refused(
            "it does not accept this server: certificate, key or clock do not fit what is configured there".into(),
        )),
        Err(_) => Err(PeerError::Refused(format!("it answered {status}"))),
    }
}

/// Why a peer was not heard, in words for people. A certificate that does not fit is a refusal: the peer was heard.
fn silence(error: &reqwest::Error) -> PeerError {
    let mut cause = String::new();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        cause = inner.to_string();
        source = inner.source();
    }
    if cause.contains("certificate") || cause.contains("AlertReceived") {
        return PeerError::Refused(format!("TLS: {cause}"));
    }
    if error.is_timeout() {
        return PeerError::Silent("no answer in time".into());
    }
    PeerError::Silent(cause)
}
