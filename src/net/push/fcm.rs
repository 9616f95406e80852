//! Firebase Cloud Messaging, HTTP v1: `projects/{project}/messages:send`, with an OAuth 2.0 access token that a
//! service account gets for a signed assertion (RFC 7523).

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::{Client, StatusCode, Url};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Mutex;

use crate::domain::Timestamp;
use crate::port::{BearerError, Clock, PushError, PushMessage, PushService};

use super::jwt::Signer;
use super::patience::Patience;
use super::{PushSetup, PushSetupError, body, retry_after, silent};

const SERVICE: &str = "fcm";
const USUAL_URL: &str = "https://fcm.googleapis.com";
const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// An assertion holds so long; more is refused.
const ASSERTION_LIFE: Duration = Duration::from_secs(3600);
/// An access token is renewed so long before its end.
const EARLY: Duration = Duration::from_secs(60);
/// The longest that the service keeps a message.
const LONGEST_TTL: u64 = 28 * 24 * 3600;

/// What Google hands out for a service account; other fields are not used.
#[derive(Deserialize)]
struct ServiceAccount {
    project_id: String,
    private_key_id: String,
    private_key: String,
    client_email: String,
    token_uri: String,
}

struct Fcm {
    name: String,
    client: Client,
    send_url: Url,
    account: Account,
    access: Mutex<Option<Access>>,
    patience: Patience,
    clock: Arc<dyn Clock>,
}

struct Account {
    signer: Signer,
    key_id: String,
    email: String,
    token_url: Url,
}

/// An access token and when to get a new one.
struct Access {
    token: String,
    until: Timestamp,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: u64,
}

#[derive(Deserialize)]
struct Sent {
    name: String,
}

/// An error as Google's services tell it.
#[derive(Deserialize)]
struct Refusal {
    error: RefusalBody,
}

#[derive(Deserialize)]
struct RefusalBody {
    #[serde(default)]
    message: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    details: Vec<RefusalDetail>,
}

#[derive(Deserialize)]
struct RefusalDetail {
    #[serde(default, rename = "errorCode")]
    error_code: String,
}

/// Sets it up from a service account's file.
pub(super) fn open(setup: PushSetup) -> Result<Arc<dyn PushService>, PushSetupError> {
    let account: ServiceAccount = serde_json::from_str(&setup.credentials)
        // What the parser says may quote the file.
        .map_err(|_| setup.unusable("it is not a service account's JSON file"))?;
    let signer = Signer::rs256(&account.private_key).map_err(|e| setup.unusable(e))?;
    let project = setup
        .options
        .get("project")
        .unwrap_or(&account.project_id)
        .clone();
    let base = match &setup.url {
        Some(url) => url.clone(),
        None => USUAL_URL.parse().map_err(|e| setup.unusable(e))?,
    };
    let token_url = Url::parse(&account.token_uri)
        .ok()
        .filter(|url| url.scheme() == "https" && url.has_host())
        .ok_or_else(|| setup.unusable("its token_uri is no https address"))?;
    let mut send_url = base;
    send_url.set_path(&format!("/v1/projects/{project}/messages:send"));
    Ok(Arc::new(Fcm {
        client: setup.client(|builder| builder)?,
        send_url,
        account: Account {
            signer,
            key_id: account.private_key_id,
            email: account.client_email,
            token_url,
        },
        access: Mutex::new(None),
        patience: Patience::default(),
        clock: setup.clock,
        name: setup.name,
    }))
}

#[async_trait]
impl PushService for Fcm {
    fn name(&self) -> &str {
        &self.name
    }

    fn service(&self) -> &'static str {
        SERVICE
    }

    async fn push(&self, message: PushMessage) -> Result<String, PushError> {
        self.patience.check(&self.name)?;
        let access = self.access().await?;
        let answer = self.send(&message, &access).await?;
        // Google may end a token before its time: one more try with a new one.
        let answer = match answer.status() {
            StatusCode::UNAUTHORIZED => {
                *self.access.lock().await = None;
                let access = self.access().await?;
                self.send(&message, &access).await?
            }
            _ => answer,
        };
        self.understand(answer).await
    }
}

impl Fcm {
    async fn send(
        &self,
        message: &PushMessage,
        access: &str,
    ) -> Result<reqwest::Response, PushError> {
        let left = message.expires_at.since(self.clock.now());
        let content = json!({
            "message": {
                "token": message.to.token(),
                // Data only: the application is woken, its user sees nothing.
                "data": { "callhome": "contact-me", "request_id": message.request_id },
                "android": {
                    "priority": "HIGH",
                    "ttl": format!("{}s", left.as_secs().min(LONGEST_TTL)),
                    "collapse_key": "callhome",
                },
            }
        });
        self.client
            .post(self.send_url.clone())
            .bearer_auth(access)
            .json(&content)
            .send()
            .await
            .map_err(|_| silent(&self.name, &self.send_url).into())
    }

    async fn understand(&self, answer: reqwest::Response) -> Result<String, PushError> {
        let status = answer.status();
        let wait = retry_after(&answer);
        let octets = body(answer).await;
        if status.is_success() {
            return match serde_json::from_slice::<Sent>(&octets) {
                Ok(sent) => Ok(sent.name),
                Err(_) => Err(self.refused("its answer makes no sense".to_owned()).into()),
            };
        }
        let refusal = serde_json::from_slice::<Refusal>(&octets).ok();
        let error = refusal.map(|r| r.error);
        let code = error.as_ref().and_then(|e| {
            let detail = e.details.iter().map(|d| d.error_code.as_str());
            detail.chain([e.status.as_str()]).find(|c| !c.is_empty())
        });
        let word = code.map_or_else(|| status.to_string(), str::to_owned);
        if word == "UNREGISTERED" {
            return Err(PushError::Gone {
                service: self.name.clone(),
                reason: word,
            });
        }
        if matches!(status.as_u16(), 429 | 500 | 503) {
            let wait = self.patience.asked(wait);
            let reason = format!("{word}: again in {} s", wait.as_secs());
            return Err(self.refused(reason).into());
        }
        let said = error.map(|e| e.message).unwrap_or_default();
        Err(self.refused(plain(&word, &said)).into())
    }

    /// The access token; got anew when there is none that holds.
    async fn access(&self) -> Result<String, PushError> {
        let mut access = self.access.lock().await;
        let now = self.clock.now();
        if let Some(held) = access.as_ref().filter(|a| now < a.until) {
            return Ok(held.token.clone());
        }
        let granted = self.grant(now).await?;
        let life = Duration::from_secs(granted.expires_in).saturating_sub(EARLY);
        *access = Some(Access {
            token: granted.access_token.clone(),
            until: now.after(life),
        });
        Ok(granted.access_token)
    }

    async fn grant(&self, now: Timestamp) -> Result<Granted, PushError> {
        let account = &self.account;
        let claims = json!({
            "iss": account.email,
            "scope": SCOPE,
            "aud": account.token_url.as_str(),
            "iat": now.seconds(),
            "exp": now.after(ASSERTION_LIFE).seconds(),
        });
        let assertion = account
            .signer
            .token(json!({ "typ": "JWT", "kid": account.key_id }), &claims)
            .map_err(|e| BearerError::Unusable(format!("{}: {e}", self.name)))?;
        let form = [("grant_type", GRANT), ("assertion", assertion.as_str())];
        let answer = self
            .client
            .post(account.token_url.clone())
            .form(&form)
            .send()
            .await
            .map_err(|_| silent(&self.name, &account.token_url))?;
        let status = answer.status();
        if !status.is_success() {
            let octets = body(answer).await;
            // `{"error": "invalid_grant", "error_description": "Invalid JWT Signature."}` (RFC 6749 §5.2)
            let told = serde_json::from_slice::<serde_json::Value>(&octets).ok();
            let word = |at: &str| {
                let value = told.as_ref().and_then(|t| t.get(at));
                value
                    .and_then(|v| v.as_str())
                    .unwrap_or_default()
                    .to_owned()
            };
            let reason = plain(&word("error"), &word("error_description"));
            return Err(self
                .refused(format!("no access token: {status} {reason}"))
                .into());
        }
        serde_json::from_slice(&body(answer).await)
            .map_err(|_| self.refused("its token makes no sense".to_owned()).into())
    }

    fn refused(&self, reason: String) -> BearerError {
        BearerError::Refused {
            target: self.name.clone(),
            reason,
        }
    }
}

/// A code and its explanation on one short line.
fn plain(code: &str, said: &str) -> String {
    let words: Vec<&str> = said.split_whitespace().collect();
    let said: String = words.join(" ").chars().take(120).collect();
    match said.is_empty() {
        true => code.to_owned(),
        false => format!("{code}: {said}"),
    }
}
