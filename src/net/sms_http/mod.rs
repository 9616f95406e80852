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
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use reqwest::{Client, Method, RequestBuilder, Response, Url};
use tokio::time::Instant;

use crate::domain::Msisdn;
use crate::port::{
    BearerError, GatewayHealth, OutboundSms, SmsAccepted, SmsGateway, SmsInbox, SmsPart,
};
use crate::sms::{InvalidSegments, SendOptions, SignedMessage};

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
    inbox: Option<Arc<dyn SmsInbox>>,
    /// Of each sending; the last octet is the reference of its segments.
    sends: AtomicU32,
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
            inbox: None,
            sends: AtomicU32::new(0),
        })
    }

    /// The same gateway, for numbers that begin with one of these prefixes (as in `+1408`); for all when there is none.
    #[must_use]
    pub fn serving(mut self, prefixes: Vec<String>) -> Self {
        self.prefixes = prefixes;
        self
    }

    /// The same gateway, whose segments are noted in `inbox`; `first` is random and numbers the first sending.
    #[must_use]
    pub fn telling(mut self, inbox: Arc<dyn SmsInbox>, first: u32) -> Self {
        self.inbox = Some(inbox);
        self.sends = AtomicU32::new(first);
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
        let unusable = |e: InvalidSegments| BearerError::Unusable(e.to_string());
        let calls = match &self.kind {
            Kind::Kannel(settings) => settings.hidden().calls(&shown, 0).map_err(unusable)?,
            Kind::Template(_) => self.calls(&shown, 0)?,
        };
        let shown: Vec<String> = calls
            .iter()
            .map(|call| {
                let url = call.url.as_str().replace('+', " ");
                let url = percent_encoding::percent_decode_str(&url).decode_utf8_lossy();
                let mut text = format!("{} {url}", call.method);
                for (name, _) in &call.headers {
                    text.push_str(&format!("\n{name}: ••••"));
                }
                if let Some(body) = &call.body {
                    text.push_str(&format!("\n\n{body}"));
                }
                text
            })
            .collect();
        Ok(shown.join("\n"))
    }

    fn calls(&self, sms: &OutboundSms, send: u32) -> Result<Vec<Call>, BearerError> {
        let unusable = |e: &dyn fmt::Display| BearerError::Unusable(e.to_string());
        match &self.kind {
            Kind::Kannel(settings) => settings.calls(sms, send).map_err(|e| unusable(&e)),
            Kind::Template(_) if sms.options != SendOptions::default() => Err(unusable(&format!(
                "{} is described by a template, which takes plain texts only",
                self.name
            ))),
            Kind::Template(settings) => {
                let call = settings.call(sms, send).map_err(|e| unusable(&e))?;
                Ok(vec![call])
            }
        }
    }

    /// Hands over one segment.
    async fn hand_over(&self, call: Call) -> Result<String, BearerError> {
        let response = match self.request(call).send().await {
            Ok(response) => response,
            // The error's text may hold the address, and that the password: only its kind is told.
            Err(error) if error.is_builder() => {
                return Err(BearerError::Unusable(format!(
                    "the request to {} cannot be made",
                    self.name
                )));
            }
            Err(error) if error.is_connect() => {
                return Err(BearerError::Unreachable(format!(
                    "{} at {}",
                    self.name, self.host
                )));
            }
            Err(_) => {
                return Err(BearerError::Uncertain {
                    target: self.name.clone(),
                    reason: "it did not answer".to_owned(),
                });
            }
        };
        let status = response.status();
        let answer = first_words(response).await;
        if status.is_success() {
            return Ok(answer);
        }
        let reason = if answer.is_empty() {
            status.to_string()
        } else {
            format!("{status}: {answer}")
        };
        let target = self.name.clone();
        Err(match status.as_u16() {
            // It had the whole request and failed, or somebody before it did not hear it out.
            500 | 502 | 504 | 520..=527 => BearerError::Uncertain { target, reason },
            _ => BearerError::Refused { target, reason },
        })
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

    fn fit(&self, to: &Msisdn) -> Option<usize> {
        fit(&self.prefixes, to)
    }

    async fn send(&self, sms: OutboundSms) -> Result<SmsAccepted, BearerError> {
        if self.fit(&sms.to).is_none() {
            return Err(BearerError::Unusable(format!(
                "{} does not serve {}",
                self.name,
                sms.to.masked()
            )));
        }
        let send = self.sends.fetch_add(1, Ordering::Relaxed);
        let calls = self.calls(&sms, send)?;
        // 255 at most.
        let total = u8::try_from(calls.len()).unwrap_or(u8::MAX);
        let mut answers = Vec::new();
        for (number, call) in (1..=total).zip(calls) {
            // Where a segment is surely missing, no phone can read the message: those behind it are not sent.
            let answer = match self.hand_over(call).await {
                Err(BearerError::Uncertain { target, reason }) if number < total => {
                    return Err(BearerError::Unreachable(format!(
                        "{target}: segment {number} of {total}: {reason}"
                    )));
                }
                other => other?,
            };
            if let Some(inbox) = &self.inbox {
                let part = SmsPart {
                    reference: sms.reference,
                    send,
                    number,
                    total,
                };
                if let Err(error) = inbox.taken(&self.name, part, None).await {
                    tracing::error!(gateway = %self.name, %error, "a segment cannot be noted");
                }
            }
            answers.push(self.accepted(&answer));
        }
        let mut accepted = answers.into_iter();
        let first = accepted.next();
        first.ok_or_else(|| BearerError::Unusable("there is nothing to send".to_owned()))
    }

    fn describe(&self) -> (String, Vec<String>) {
        let kind = match &self.kind {
            Kind::Kannel(_) => "Kannel",
            Kind::Template(_) => "HTTP",
        };
        (format!("{kind} at {}", self.host), self.prefixes.clone())
    }

    async fn check(&self) -> Result<GatewayHealth, BearerError> {
        let started = Instant::now();
        // The address without what sends: whatever it answers, somebody is there.
        let mut url = match &self.kind {
            Kind::Kannel(settings) => settings.url().clone(),
            Kind::Template(settings) => settings
                .check()
                .map_err(|e| BearerError::Unusable(e.to_string()))?,
        };
        url.set_path("/");
        url.set_query(None);
        match self.client.head(url).send().await {
            Ok(_) => Ok(GatewayHealth {
                ready: true,
                detail: format!("answers in {} ms", started.elapsed().as_millis()),
            }),
            Err(_) => Err(BearerError::Unreachable(format!(
                "{} at {}",
                self.name, self.host
            ))),
        }
    }
}

impl fmt::Debug for HttpGateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpGateway({} at {})", self.name, self.host)
    }
}

/// How well prefixes fit a number; none at all fit every number.
pub(in crate::net) fn fit(prefixes: &[String], to: &Msisdn) -> Option<usize> {
    if prefixes.is_empty() {
        return Some(0);
    }
    let number = to.to_string();
    let fitting = prefixes.iter().filter(|p| number.starts_with(p.as_str()));
    fitting.map(String::len).max()
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
