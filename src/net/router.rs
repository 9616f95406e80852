//! Both ways to a router: a server registers its system id there, a device asks where it enrols.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use data_encoding::HEXLOWER;
use reqwest::{Certificate, Client, Response, StatusCode, Url};
use serde::de::DeserializeOwned;

use crate::api::signature::{Algorithm, Params, content_digest, signature_header};
use crate::api::{Problem, RouteAnswer, RouteQuestion, RouteRegistration, SigningKey};
use crate::domain::SystemId;
use crate::port::{BearerError, Clock, DoorError, Entropy, RouterDoor};

use super::answer::{self, Unread};

const ANSWER: Duration = Duration::from_secs(20);
/// An address and an authority's certificate take a few kilobytes.
const MAX_ANSWER: usize = 256 * 1024;

/// Registers one system id, signed with the server's key.
pub struct RouterClient {
    url: Url,
    client: Client,
    system_id: SystemId,
    key: Arc<SigningKey>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl RouterClient {
    /// Prepares the way to the router at `url`; it must show a certificate of the authority in `ca_pem`, else of one of
    /// the system's.
    ///
    /// # Errors
    /// [`DoorError::Unusable`] when address or certificate cannot be used.
    pub fn new(
        url: &Url,
        ca_pem: Option<&str>,
        system_id: SystemId,
        key: Arc<SigningKey>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, DoorError> {
        let path = format!("/router/v1/customers/{system_id}");
        Ok(Self {
            url: url.join(&path).map_err(|e| unusable(&e))?,
            client: client(ca_pem)?,
            system_id,
            key,
            clock,
            entropy,
        })
    }

    async fn put(&self, registration: &RouteRegistration) -> Result<Response, String> {
        let body = serde_json::to_vec(registration).map_err(|e| e.to_string())?;
        let mut nonce = [0; 16];
        self.entropy.fill(&mut nonce).map_err(|e| e.to_string())?;
        let params = Params::new(
            &self.system_id.to_string(),
            &HEXLOWER.encode(&nonce),
            self.clock.now(),
            Algorithm::Ed25519,
        );
        let digest = content_digest(&body);
        let base = params.base("PUT", self.url.as_str(), &digest);
        let signature = self.key.sign(base.as_bytes());
        self.client
            .put(self.url.clone())
            .header("content-type", "application/json")
            .header("content-digest", digest)
            .header("signature-input", params.input_header())
            .header("signature", signature_header(&signature))
            .body(body)
            .send()
            .await
            .map_err(|e| told(&e))
    }
}

#[async_trait]
impl RouterDoor for RouterClient {
    async fn register(&self, registration: &RouteRegistration) -> Result<RouteAnswer, BearerError> {
        let target = self.url.host_str().unwrap_or("the router").to_owned();
        let response = self
            .put(registration)
            .await
            .map_err(|why| BearerError::Unreachable(format!("{target} ({why})")))?;
        // A router that has nothing to say of us says nothing.
        if response.status() == StatusCode::NO_CONTENT {
            return Ok(RouteAnswer::default());
        }
        if response.status().is_success() {
            return parsed(response).await.map_err(|why| BearerError::Refused {
                target,
                reason: format!("its answer cannot be read: {why}"),
            });
        }
        Err(BearerError::Refused {
            target,
            reason: refusal(response).await,
        })
    }
}

impl fmt::Debug for RouterClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RouterClient({})", self.url)
    }
}

/// Asks a router where a system id leads. Neither code nor secret is told to it.
///
/// # Errors
/// [`DoorError::Refused`] for a system id that the router does not know.
pub async fn directions(
    router: &Url,
    ca_pem: Option<&str>,
    system_id: SystemId,
) -> Result<RouteRegistration, DoorError> {
    let url = router
        .join("/agent/v1/enrol/server")
        .map_err(|e| unusable(&e))?;
    let question = RouteQuestion { system_id };
    let sent = client(ca_pem)?.post(url).json(&question).send().await;
    let response = sent.map_err(|e| DoorError::Unreachable(told(&e)))?;
    if !response.status().is_success() {
        return Err(DoorError::Refused(refusal(response).await));
    }
    parsed(response).await.map_err(|e| unusable(&e))
}

fn client(ca_pem: Option<&str>) -> Result<Client, DoorError> {
    // The first provider of the process stays; there is only this one.
    drop(rustls::crypto::ring::default_provider().install_default());
    let mut builder = Client::builder()
        .no_proxy()
        .https_only(true)
        .redirect(reqwest::redirect::Policy::none())
        .timeout(ANSWER)
        .user_agent(concat!("callhome/", env!("CARGO_PKG_VERSION")));
    if let Some(pem) = ca_pem {
        let ca = Certificate::from_pem(pem.as_bytes()).map_err(|e| unusable(&e))?;
        builder = builder.tls_certs_only([ca]);
    }
    builder.build().map_err(|e| unusable(&e))
}

async fn parsed<T: DeserializeOwned>(response: Response) -> Result<T, String> {
    let body = answer::whole(response, MAX_ANSWER).await;
    let body = body.map_err(|unread| match unread {
        Unread::Broken(error) => told(&error),
        too_long @ Unread::TooLong(_) => too_long.to_string(),
    })?;
    serde_json::from_slice(&body).map_err(|e| e.to_string())
}

async fn refusal(response: Response) -> String {
    let status = response.status();
    match parsed::<Problem>(response).await {
        Ok(problem) if problem.detail.is_empty() => problem.title,
        Ok(problem) => problem.detail,
        Err(_) => status.to_string(),
    }
}

fn told(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

fn unusable(error: &dyn fmt::Display) -> DoorError {
    DoorError::Unusable(error.to_string())
}
