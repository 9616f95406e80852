//! Apple Push Notification service: HTTP/2 to `/3/device/{token}`, with a provider token that the team's key signs.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::{Client, Url};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Mutex;

use crate::domain::Timestamp;
use crate::port::{BearerError, Clock, PushError, PushMessage, PushService};

use super::jwt::Signer;
use super::patience::Patience;
use super::{PushSetup, PushSetupError, body, retry_after, silent};

const SERVICE: &str = "apns";
const USUAL_URL: &str = "https://api.push.apple.com";
/// A provider token is refused after an hour, and so are new ones more often than every 20 minutes.
const TOKEN_LIFE: Duration = Duration::from_secs(50 * 60);
/// Connections are kept alive so that one serves many messages, as the service wants it.
const PING_EVERY: Duration = Duration::from_secs(60);

struct Apns {
    name: String,
    client: Client,
    url: Url,
    topic: String,
    signer: Signer,
    key_id: String,
    team_id: String,
    provider: Mutex<Option<Provider>>,
    patience: Patience,
    clock: Arc<dyn Clock>,
}

/// A provider token and when to sign a new one.
struct Provider {
    token: String,
    until: Timestamp,
}

/// `{"reason": "Unregistered", "timestamp": 1454948015990}`
#[derive(Deserialize)]
struct Refusal {
    reason: String,
}

/// Sets it up from a team's authentication key (`.p8`), with the options `key_id`, `team_id` and `topic`.
pub(super) fn open(setup: PushSetup) -> Result<Arc<dyn PushService>, PushSetupError> {
    let signer = Signer::es256(&setup.credentials).map_err(|e| setup.unusable(e))?;
    let url = match &setup.url {
        Some(url) => url.clone(),
        None => USUAL_URL.parse().map_err(|e| setup.unusable(e))?,
    };
    let client = setup.client(|builder| {
        builder
            .http2_prior_knowledge()
            .http2_keep_alive_interval(PING_EVERY)
            .http2_keep_alive_while_idle(true)
    })?;
    Ok(Arc::new(Apns {
        client,
        url,
        topic: setup.option("topic")?,
        signer,
        key_id: setup.option("key_id")?,
        team_id: setup.option("team_id")?,
        provider: Mutex::new(None),
        patience: Patience::default(),
        clock: setup.clock,
        name: setup.name,
    }))
}

#[async_trait]
impl PushService for Apns {
    fn name(&self) -> &str {
        &self.name
    }

    fn service(&self) -> &'static str {
        SERVICE
    }

    async fn push(&self, message: PushMessage) -> Result<String, PushError> {
        self.patience.check(&self.name)?;
        let provider = self.provider().await?;
        let mut url = self.url.clone();
        url.set_path(&format!("/3/device/{}", message.to.token()));
        let content = json!({
            // Background only: the application is woken, its user sees nothing.
            "aps": { "content-available": 1 },
            "callhome": "contact-me",
            "request_id": message.request_id,
        });
        let answer = self
            .client
            .post(url)
            .header("authorization", format!("bearer {provider}"))
            .header("apns-topic", &self.topic)
            .header("apns-push-type", "background")
            // The only priority that background messages may have.
            .header("apns-priority", "5")
            .header("apns-expiration", message.expires_at.seconds().to_string())
            .header("apns-collapse-id", "callhome")
            .json(&content)
            .send()
            .await
            .map_err(|_| silent(&self.name, &self.url))?;
        self.understand(answer).await
    }
}

impl Apns {
    async fn understand(&self, answer: reqwest::Response) -> Result<String, PushError> {
        let status = answer.status();
        let id = answer.headers().get("apns-id");
        let id = id.and_then(|id| id.to_str().ok()).unwrap_or_default();
        if status.is_success() {
            return Ok(id.to_owned());
        }
        let wait = retry_after(&answer);
        let octets = body(answer).await;
        let refusal = serde_json::from_slice::<Refusal>(&octets).ok();
        let reason = refusal.map_or_else(|| status.to_string(), |r| r.reason);
        let gone = status.as_u16() == 410
            || matches!(
                reason.as_str(),
                "BadDeviceToken" | "DeviceTokenNotForTopic" | "Unregistered" | "ExpiredToken"
            );
        if gone {
            return Err(PushError::Gone {
                service: self.name.clone(),
                reason,
            });
        }
        if reason == "ExpiredProviderToken" {
            *self.provider.lock().await = None;
        }
        let reason = match status.as_u16() {
            429 | 500 | 503 => {
                let wait = self.patience.asked(wait);
                format!("{reason}: again in {} s", wait.as_secs())
            }
            _ => reason,
        };
        Err(BearerError::Refused {
            target: self.name.clone(),
            reason,
        }
        .into())
    }

    /// The provider token; signed anew when the last one is old.
    async fn provider(&self) -> Result<String, PushError> {
        let mut provider = self.provider.lock().await;
        let now = self.clock.now();
        if let Some(held) = provider.as_ref().filter(|p| now < p.until) {
            return Ok(held.token.clone());
        }
        let claims = json!({ "iss": self.team_id, "iat": now.seconds() });
        let token = self
            .signer
            .token(json!({ "kid": self.key_id }), &claims)
            .map_err(|e| BearerError::Unusable(format!("{}: {e}", self.name)))?;
        *provider = Some(Provider {
            token: token.clone(),
            until: now.after(TOKEN_LIFE),
        });
        Ok(token)
    }
}
