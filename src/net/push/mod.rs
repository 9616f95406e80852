//! Push services: bearers beside text messages that wake an application on a device, which then calls home.
//!
//! A push carries the request id and nothing else: no address, no credential, no action. Whoever reads it can do
//! nothing with it, and an application that gets a false one opens one session with its own server.
//!
//! Another service is one module with a function like [`fcm::open`], and one line in [`SERVICES`]; nothing else needs
//! a change (requirement C12).
//!
//! | file | what |
//! |---|---|
//! | `fcm` | Firebase Cloud Messaging, HTTP v1 |
//! | `apns` | Apple Push Notification service, HTTP/2 with provider tokens |
//! | `jwt` | signed tokens (RFC 7519) with which the server proves itself to them |
//! | `patience` | not asking again before a service wants to be |

mod apns;
mod fcm;
mod jwt;
mod patience;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, ClientBuilder, Url};

use crate::port::{BearerError, Clock, PushService};

pub use jwt::InvalidKey;

/// How long a service may take to connect and to answer.
const CONNECT: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_secs(10);
/// Octets of an answer that are read.
const MAX_ANSWER: usize = 16 * 1024;

/// What a service is set up with.
pub struct PushSetup {
    /// The name under which it is configured.
    pub name: String,
    /// The content of its credentials file.
    pub credentials: String,
    /// Its address, when it is not the usual one.
    pub url: Option<Url>,
    /// Further settings by name, as `topic`.
    pub options: BTreeMap<String, String>,
    /// Certificates (PEM) to trust instead of the system's.
    pub ca_pem: Option<String>,
    /// The time, for tokens.
    pub clock: Arc<dyn Clock>,
}

/// Why a push service cannot be set up. Never repeats credentials.
#[derive(Debug, thiserror::Error)]
pub enum PushSetupError {
    /// Nothing here speaks to such a service.
    #[error("{kind:?} is no push service that is known here; known: {known}")]
    Unknown {
        /// What was asked for.
        kind: String,
        /// What there is.
        known: String,
    },
    /// A setting is missing.
    #[error("push service {name}: {what} is missing")]
    Missing {
        /// Its name.
        name: String,
        /// What.
        what: &'static str,
    },
    /// The credentials file cannot be used.
    #[error("push service {name}: its credentials file cannot be used: {why}")]
    Credentials {
        /// Its name.
        name: String,
        /// Why, without its content.
        why: String,
    },
    /// The certificates to trust cannot be read, or TLS cannot be set up.
    #[error("push service {name}: the HTTP client cannot be set up")]
    Client {
        /// Its name.
        name: String,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
}

type Open = fn(PushSetup) -> Result<Arc<dyn PushService>, PushSetupError>;

/// The services that are known here.
const SERVICES: &[(&str, Open)] = &[("fcm", fcm::open), ("apns", apns::open)];

/// Sets up the service of a kind.
///
/// # Errors
/// [`PushSetupError`].
pub fn open(kind: &str, setup: PushSetup) -> Result<Arc<dyn PushService>, PushSetupError> {
    match SERVICES.iter().find(|(name, _)| *name == kind) {
        Some((_, open)) => open(setup),
        None => Err(PushSetupError::Unknown {
            kind: kind.to_owned(),
            known: SERVICES
                .iter()
                .map(|(name, _)| *name)
                .collect::<Vec<_>>()
                .join(", "),
        }),
    }
}

impl PushSetup {
    fn option(&self, what: &'static str) -> Result<String, PushSetupError> {
        self.options
            .get(what)
            .filter(|value| !value.is_empty())
            .cloned()
            .ok_or_else(|| PushSetupError::Missing {
                name: self.name.clone(),
                what,
            })
    }

    fn unusable(&self, why: impl ToString) -> PushSetupError {
        PushSetupError::Credentials {
            name: self.name.clone(),
            why: why.to_string(),
        }
    }

    /// A client for this service; `special` adds what only it needs.
    fn client(
        &self,
        special: impl FnOnce(ClientBuilder) -> ClientBuilder,
    ) -> Result<Client, PushSetupError> {
        // The first provider of the process stays; ours is the only one there is.
        drop(rustls::crypto::ring::default_provider().install_default());
        let wrong = |source| PushSetupError::Client {
            name: self.name.clone(),
            source,
        };
        let mut builder = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .user_agent(concat!("callhome/", env!("CARGO_PKG_VERSION")));
        if let Some(pem) = &self.ca_pem {
            let trusted = reqwest::Certificate::from_pem_bundle(pem.as_bytes()).map_err(wrong)?;
            builder = builder.tls_certs_only(trusted);
        }
        special(builder).build().map_err(wrong)
    }
}

/// A request that got no answer. The error's text may hold addresses with tokens: only its kind is told.
fn silent(name: &str, url: &Url) -> BearerError {
    BearerError::Unreachable(format!("{name} at {}", url.host_str().unwrap_or_default()))
}

/// The body of an answer, cut off where it is longer than anything that means something.
async fn body(mut response: reqwest::Response) -> Vec<u8> {
    let mut octets = Vec::new();
    // An answer that breaks off says as much as has come.
    while let Ok(Some(chunk)) = response.chunk().await {
        octets.extend_from_slice(&chunk);
        if octets.len() >= MAX_ANSWER {
            octets.truncate(MAX_ANSWER);
            break;
        }
    }
    octets
}

/// The seconds of a Retry-After header (RFC 9110 §10.2.3); dates are not used by these services.
fn retry_after(response: &reqwest::Response) -> Option<Duration> {
    let text = response.headers().get(reqwest::header::RETRY_AFTER)?;
    let seconds = text.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}
