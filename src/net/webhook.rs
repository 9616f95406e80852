//! Tells third parties of events, in the form of Standard Webhooks 1.0.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use data_encoding::BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::{Client, Url};
use sha2::Sha256;

use crate::api::Event;
use crate::port::{BearerError, Clock, Webhooks};

/// Pauses before the second, third and fourth try.
const PAUSES: [Duration; 3] = [
    Duration::from_millis(500),
    Duration::from_secs(2),
    Duration::from_secs(8),
];
const ANSWER: Duration = Duration::from_secs(10);
/// Keys have 24 to 64 octets, in text `whsec_` and base64.
const PREFIX: &str = "whsec_";

/// One address that wants events. `Debug` hides the key.
pub struct WebhookTarget {
    url: Url,
    key: Vec<u8>,
    kinds: Vec<String>,
}

/// Why a webhook cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum WebhookSetupError {
    /// The key has the wrong form; it is not repeated here.
    #[error(
        "a webhook's key is whsec_ and 24 to 64 octets in base64, as in `openssl rand -base64 32`"
    )]
    Key,
    /// The client cannot be set up.
    #[error("the HTTP client cannot be set up")]
    Client(#[source] reqwest::Error),
}

impl WebhookTarget {
    /// An address, its key as it stands in its file, and the kinds it wants (`message.*` fits all that begin so);
    /// all kinds when there are none.
    ///
    /// # Errors
    /// [`WebhookSetupError::Key`].
    pub fn new(url: Url, key: &str, kinds: Vec<String>) -> Result<Self, WebhookSetupError> {
        let text = key.trim();
        let key = BASE64
            .decode(text.strip_prefix(PREFIX).unwrap_or(text).as_bytes())
            .map_err(|_| WebhookSetupError::Key)?;
        if !(24..=64).contains(&key.len()) {
            return Err(WebhookSetupError::Key);
        }
        Ok(Self { url, key, kinds })
    }

    fn wants(&self, kind: &str) -> bool {
        self.kinds.is_empty()
            || self.kinds.iter().any(|wanted| {
                wanted
                    .strip_suffix('*')
                    .map_or(wanted == kind, |start| kind.starts_with(start))
            })
    }

    /// The value of `webhook-signature` (Standard Webhooks 1.0, symmetric).
    fn signature(&self, id: &str, timestamp: i64, body: &str) -> String {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
        format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes()))
    }
}

impl fmt::Debug for WebhookTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Addresses of webhooks often hold tokens in their path.
        write!(
            f,
            "WebhookTarget({}, …)",
            self.url.host_str().unwrap_or_default()
        )
    }
}

/// Delivers events to all addresses that want them, each with its own retries.
pub struct HttpWebhooks {
    client: Client,
    clock: Arc<dyn Clock>,
    server: String,
    targets: Vec<WebhookTarget>,
}

impl HttpWebhooks {
    /// Sets up the client; `server` is named in each message's id, so that two servers never repeat one.
    ///
    /// # Errors
    /// [`WebhookSetupError::Client`].
    pub fn new(
        server: &str,
        clock: Arc<dyn Clock>,
        targets: Vec<WebhookTarget>,
    ) -> Result<Self, WebhookSetupError> {
        // The first provider of the process stays; ours is the only one there is.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(ANSWER)
            .user_agent(concat!("callhome/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(WebhookSetupError::Client)?;
        Ok(Self {
            client,
            clock,
            server: server.to_owned(),
            targets,
        })
    }

    async fn to_one(
        &self,
        target: &WebhookTarget,
        id: &str,
        body: &str,
    ) -> Result<(), BearerError> {
        let name = target.url.host_str().unwrap_or_default().to_owned();
        let mut pauses = PAUSES.into_iter();
        loop {
            let timestamp = self.clock.now().seconds();
            let sent = self
                .client
                .post(target.url.clone())
                .header("content-type", "application/json")
                .header("webhook-id", id)
                .header("webhook-timestamp", timestamp.to_string())
                .header("webhook-signature", target.signature(id, timestamp, body))
                .body(body.to_owned())
                .send()
                .await;
            let failure = match sent {
                Ok(response) if response.status().is_success() => return Ok(()),
                Ok(response) => BearerError::Refused {
                    target: name.clone(),
                    reason: response.status().to_string(),
                },
                // The error's own words hold the address, and with it perhaps a token.
                Err(_) => BearerError::Unreachable(name.clone()),
            };
            match pauses.next() {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(failure),
            }
        }
    }
}

#[async_trait]
impl Webhooks for HttpWebhooks {
    fn targets(&self) -> usize {
        self.targets.len()
    }

    async fn deliver(&self, target: usize, event: &Event) -> Result<(), BearerError> {
        let target = self.targets.get(target);
        let Some(target) = target.filter(|target| target.wants(&event.kind)) else {
            return Ok(());
        };
        let id = format!("msg_{}_{}", self.server, event.id);
        let body = serde_json::json!({
            "type": event.kind,
            "timestamp": event.at,
            "data": { "subject": event.subject, "device": event.device, "content": event.data },
        })
        .to_string();
        self.to_one(target, &id, &body).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(kinds: &[&str]) -> WebhookTarget {
        WebhookTarget::new(
            "https://hooks.example.net/secret-path"
                .parse()
                .expect("a URL"),
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            kinds.iter().map(|k| (*k).to_owned()).collect(),
        )
        .expect("a target")
    }

    #[test]
    fn signs_like_the_vector_of_the_specification() {
        let signature = target(&[]).signature(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_target_gets_the_kinds_that_it_wants() {
        assert!(target(&[]).wants("action.changed"));
        assert!(target(&["message.*"]).wants("message.received"));
        assert!(!target(&["message.*"]).wants("action.changed"));
        assert!(target(&["action.changed"]).wants("action.changed"));
        assert!(!format!("{:?}", target(&[])).contains("secret-path"));
    }

    #[test]
    fn a_short_key_is_refused() {
        let url: Url = "https://h.example".parse().expect("a URL");
        assert!(WebhookTarget::new(url, "whsec_c2hvcnQ=", Vec::new()).is_err());
    }
}
