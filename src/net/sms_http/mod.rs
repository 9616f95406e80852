//! Text message gateways that are spoken to by HTTP: Kannel's `sendsms`, and any other by templates.
//!
//! | file | what |
//! |---|---|
//! | `kannel` | the request to Kannel and what its answers mean |
//! | `template` | requests described by method, address, headers and body |

mod kannel;
mod template;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::{Client, Method, RequestBuilder, Response, Url};

use crate::port::{BearerError, OutboundSms, SmsAccepted, SmsGateway};
use crate::sms::SignedMessage;

pub use kannel::{InvalidKannelUrl, KannelSettings};
pub use template::{InvalidTemplate, TemplateMethod, TemplateSettings};

/// How long a gateway may take to connect and to answer.
const CONNECT: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_secs(30);

/// Octets of an answer that are read; the rest is not looked at.
const MAX_ANSWER: usize = 8 * 1024;

/// Characters of an answer that are shown.
const SHOWN_ANSWER: usize = 160;

/// A gateway that takes text messages by HTTP. `Debug` shows its name only.
pub struct HttpGateway {
    name: String,
    host: String,
    prefixes: Vec<String>,
    client: Client,
    kind: Kind,
}

enum Kind {
    Kannel(KannelSettings),
    Template(TemplateSettings),
}

/// Why a gateway cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum GatewaySetupError {
    /// A template is wrong.
    #[error(transparent)]
    Template(#[from] InvalidTemplate),
    /// The certificates to trust cannot be read.
    #[error("the certificates to trust for this gateway cannot be read")]
    Certificates(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// TLS or the client cannot be set up.
    #[error("the HTTP client cannot be set up")]
    Client(#[source] reqwest::Error),
}

/// A request before it is sent; not shown, because it may hold passwords.
struct Call {
    method: Method,
    url: Url,
    headers: Vec<(String, String)>,
    body: Option<String>,
}

impl HttpGateway {
    /// Sets up a Kannel.
    ///
    /// # Errors
    /// [`GatewaySetupError`] when the client cannot be set up.
    pub fn kannel(
        name: impl Into<String>,
        settings: KannelSettings,
        ca_pem: Option<&str>,
    ) -> Result<Self, GatewaySetupError> {
        let host = host_of(settings.url());
        Self::build(name.into(), host, Kind::Kannel(settings), ca_pem)
    }

    /// Sets up a gateway that is described by templates.
    ///
    /// # Errors
    /// [`GatewaySetupError`] when a template is wrong or the client cannot be set up.
    pub fn template(
        name: impl Into<String>,
        settings: TemplateSettings,
        ca_pem: Option<&str>,
    ) -> Result<Self, GatewaySetupError> {
        let host = host_of(&settings.check()?);
        Self::build(name.into(), host, Kind::Template(settings), ca_pem)
    }

    fn build(
        name: String,
        host: String,
        kind: Kind,
        ca_pem: Option<&str>,
    ) -> Result<Self, GatewaySetupError> {
        // The first provider of the process stays; ours is the only one there is.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut builder = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .user_agent(concat!("callhome/", env!("CARGO_PKG_VERSION")));
        if let Some(pem) = ca_pem {
            let certificates = reqwest::Certificate::from_pem_bundle(pem.as_bytes())
                .map_err(|e| GatewaySetupError::Certificates(e.into()))?;
            builder = builder.tls_certs_only(certificates);
        }
        Ok(Self {
            name,
            host,
            prefixes: Vec::new(),
            client: builder.build().map_err(GatewaySetupError::Client)?,
            kind,
        })
    }

    /// The same gateway, for numbers that begin with one of these prefixes (as in `+1408`); for all when there is none.
    #[must_use]
    pub fn serving(mut self, prefixes: Vec<String>) -> Self {
        self.prefixes = prefixes;
        self
    }

    /// Shares the gateway.
    #[must_use]
    pub fn shared(self) -> Arc<dyn SmsGateway> {
        Arc::new(self)
    }

    /// The request that would be sent, for a dry run: password, headers and the token of an action string are hidden.
    ///
    /// # Errors
    /// [`BearerError::Unusable`] when the request cannot be made.
    pub fn preview(&self, sms: &OutboundSms) -> Result<String, BearerError> {
        let masked = SignedMessage::parse(sms.text.as_bytes()).map(|m| m.masked());
        let shown = OutboundSms {
            text: masked.unwrap_or_else(|_| sms.text.clone()),
            ..sms.clone()
        };
        let call = match &self.kind {
            Kind::Kannel(settings) => settings.hidden().call(&shown),
            Kind::Template(_) => self.call(&shown)?,
        };
        let url = call.url.as_str().replace('+', " ");
        let url = percent_encoding::percent_decode_str(&url).decode_utf8_lossy();
        let mut text = format!("{} {url}", call.method);
        for (name, _) in &call.headers {
            text.push_str(&format!("\n{name}: ••••"));
        }
        if let Some(body) = &call.body {
            text.push_str(&format!("\n\n{body}"));
        }
        Ok(text)
    }

    fn call(&self, sms: &OutboundSms) -> Result<Call, BearerError> {
        match &self.kind {
            Kind::Kannel(settings) => Ok(settings.call(sms)),
            Kind::Template(settings) => settings
                .call(sms)
                .map_err(|e| BearerError::Unusable(e.to_string())),
        }
    }

    fn accepted(&self, answer: &str) -> SmsAccepted {
        match &self.kind {
            Kind::Kannel(_) => kannel::accepted(answer),
            Kind::Template(_) => SmsAccepted {
                answer: answer.to_owned(),
                reference: None,
            },
        }
    }

    fn request(&self, call: Call) -> RequestBuilder {
        let mut request = self.client.request(call.method, call.url);
        for (name, value) in call.headers {
            request = request.header(name, value);
        }
        match call.body {
            Some(body) => request.body(body),
            None => request,
        }
    }
}

#[async_trait]
impl SmsGateway for HttpGateway {
    fn name(&self) -> &str {
        &self.name
    }

    async fn send(&self, sms: OutboundSms) -> Result<SmsAccepted, BearerError> {
        let number = sms.to.to_string();
        if !self.prefixes.is_empty() && !self.prefixes.iter().any(|p| number.starts_with(p)) {
            return Err(BearerError::Unusable(format!(
                "{} does not serve {}",
                self.name,
                sms.to.masked()
            )));
        }
        let request = self.request(self.call(&sms)?);
        let silent = || BearerError::Unreachable(format!("{} at {}", self.name, self.host));
        let refused = |reason| BearerError::Refused {
            target: self.name.clone(),
            reason,
        };
        let response = match request.send().await {
            Ok(response) => response,
            // The error's text may hold the address, and that the password: only its kind is told.
            Err(error) if error.is_builder() => {
                return Err(BearerError::Unusable(format!(
                    "the request to {} cannot be made",
                    self.name
                )));
            }
            Err(_) => return Err(silent()),
        };
        let status = response.status();
        let answer = first_words(response).await;
        if status.is_success() {
            return Ok(self.accepted(&answer));
        }
        let words = if answer.is_empty() {
            status.to_string()
        } else {
            format!("{status}: {answer}")
        };
        Err(refused(words))
    }
}

impl fmt::Debug for HttpGateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpGateway({} at {})", self.name, self.host)
    }
}

fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// The beginning of an answer on one line, for people.
async fn first_words(mut response: Response) -> String {
    let mut octets = Vec::new();
    // An answer that breaks off says as much as has come.
    while let Ok(Some(chunk)) = response.chunk().await {
        octets.extend_from_slice(&chunk);
        if octets.len() >= MAX_ANSWER {
            break;
        }
    }
    let text = String::from_utf8_lossy(&octets);
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|w| !w.is_empty())
        .collect();
    words.join(" ").chars().take(SHOWN_ANSWER).collect()
}

#[cfg(test)]
#[path = "sms_http_tests.rs"]
mod tests;
