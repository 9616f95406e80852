use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::api::{Problem, ProblemCode};

/// First pause before a repeat; doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// Longest answer that is read into memory, in bytes (backups are streamed by other means).
const MAX_BODY: usize = 256 * 1024 * 1024;

/// Where the endpoint is.
#[derive(Clone)]
pub enum Door {
    /// The socket of a server on this machine.
    Socket(PathBuf),
    /// A server elsewhere.
    Https {
        /// Its address, as in `https://mgmt.example.net:8443`.
        url: Url,
        /// The certificate of its authority (PEM), the only one that is trusted.
        ca_pem: String,
        /// Bearer token; none before logging in.
        token: Option<String>,
    },
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => write!(f, "Socket({})", path.display()),
            Self::Https { url, .. } => write!(f, "Https({url}, …)"),
        }
    }
}

/// Takes lines of a trace.
pub type Trace = Arc<dyn Fn(&str) + Send + Sync>;

/// How a client behaves.
#[derive(Clone)]
pub struct ClientOptions {
    /// How long a connection that cannot be made is tried again.
    pub patience: Duration,
    /// How long one request may take.
    pub timeout: Duration,
    /// Correlation id for the server's log and audit trail.
    pub correlation: String,
    /// Record writes instead of sending them.
    pub dry_run: bool,
    /// Told of each request and answer, in one line without secrets.
    pub trace: Option<Trace>,
}

/// A write that was recorded instead of sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The request as it would stand on the wire, the token masked.
    pub text: String,
}

/// Why there is no answer that could be used.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The server answered with a problem.
    #[error(transparent)]
    Problem(Box<Problem>),
    /// The server was not heard.
    #[error("no answer from {server}: {reason}")]
    Unreachable {
        /// Which.
        server: String,
        /// What the connection said, innermost cause.
        reason: String,
        /// True when nothing can have reached the server.
        unsent: bool,
    },
    /// The server does not present a certificate of the pinned authority.
    #[error(
        "{server} is not the server it was: its certificate is not from the authority that was pinned"
    )]
    Untrusted {
        /// Which.
        server: String,
    },
    /// The answer is not what the contract says.
    #[error("{server} does not answer like a callhome server: {reason}")]
    Protocol {
        /// Which.
        server: String,
        /// What was wrong.
        reason: String,
    },
    /// The client cannot be built.
    #[error("{0}")]
    Unusable(String),
    /// `dry_run`: this would have been sent.
    #[error("nothing was sent")]
    DryRun(Recorded),
}

impl From<Problem> for ClientError {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

/// What goes beside the body of a write.
#[derive(Debug, Clone, Default)]
pub struct Write {
    /// Makes a repeat harmless; without one a write is not repeated.
    pub key: Option<String>,
    /// Version that is to be changed (`If-Match`).
    pub version: Option<u64>,
}

impl Write {
    /// A write that may be repeated under `key`.
    #[must_use]
    pub fn keyed(key: impl Into<String>) -> Self {
        Self {
            key: Some(key.into()),
            version: None,
        }
    }
}

/// A client of one management endpoint.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    door: Door,
    options: ClientOptions,
}

impl Client {
    /// Builds a client; nothing is connected yet.
    ///
    /// # Errors
    /// [`ClientError::Unusable`] when the authority's certificate cannot be read.
    pub fn new(door: Door, options: ClientOptions) -> Result<Self, ClientError> {
        let builder = reqwest::Client::builder()
            .no_proxy()
            .connect_timeout(Duration::from_secs(10))
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("callhome/", env!("CARGO_PKG_VERSION")));
        let (builder, base) = match &door {
            Door::Socket(path) => (
                builder
                    .unix_socket(path.clone())
                    .tls_backend_preconfigured(super::pin::no_trust()),
                Url::parse("http://localhost/").expect("a constant"),
            ),
            Door::Https { url, ca_pem, .. } => (
                builder.tls_backend_preconfigured(super::pin::only(ca_pem)?),
                url.clone(),
            ),
        };
        let http = builder
            .build()
            .map_err(|e| ClientError::Unusable(e.to_string()))?;
        Ok(Self {
            http,
            base,
            door,
            options,
        })
    }

    /// The same client with more or less patience for a server that is away.
    #[must_use]
    pub fn patient(mut self, patience: Duration) -> Self {
        self.options.patience = patience;
        self
    }

    /// The same client, which records writes instead of sending them when `on`.
    #[must_use]
    pub fn recording(mut self, on: bool) -> Self {
        self.options.dry_run = on;
        self
    }

    /// The name of the server for messages: its address or its socket.
    #[must_use]
    pub fn server(&self) -> String {
        match &self.door {
            Door::Socket(path) => path.display().to_string(),
            Door::Https { url, .. } => url.as_str().trim_end_matches('/').to_owned(),
        }
    }

    /// How long this client tries again.
    pub(super) const fn patience(&self) -> Duration {
        self.options.patience
    }

    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut url = self.base.clone();
        let (path, query) = match path.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (path, None),
        };
        url.set_path(path);
        url.set_query(query);
        let mut request = self
            .http
            .request(method, url)
            .header("x-correlation-id", &self.options.correlation);
        if let Door::Https {
            token: Some(token), ..
        } = &self.door
        {
            request = request.bearer_auth(token);
        }
        request
    }

    /// Reads a resource.
    pub(super) async fn read<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<T, ClientError> {
        let response = self.get(path, query).await?;
        self.json(response).await
    }

    /// Reads a resource as it is.
    pub(super) async fn get(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<Response, ClientError> {
        let build = || {
            self.request(Method::GET, path)
                .query(query)
                .timeout(self.options.timeout)
        };
        self.send(&format!("GET {path}"), build, true).await
    }

    /// Writes, and reads what the server answers.
    pub(super) async fn write<B: Serialize + ?Sized, T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&B>,
        write: &Write,
    ) -> Result<T, ClientError> {
        let response = self.write_raw(method, path, body, write).await?;
        self.json(response).await
    }

    /// Writes, where the server answers nothing or something else than JSON.
    pub(super) async fn write_raw<B: Serialize + ?Sized>(
        &self,
        method: Method,
        path: &str,
        body: Option<&B>,
        write: &Write,
    ) -> Result<Response, ClientError> {
        if self.options.dry_run {
            let label = format!("{method} {path}");
            return Err(ClientError::DryRun(self.record(&label, body, write)));
        }
        let json = body.map(serde_json::to_vec).transpose();
        let json = json.map_err(|e| ClientError::Unusable(e.to_string()))?;
        self.write_bytes(method, path, json, write).await
    }

    async fn write_bytes(
        &self,
        method: Method,
        path: &str,
        json: Option<Vec<u8>>,
        write: &Write,
    ) -> Result<Response, ClientError> {
        let build = || {
            let mut request = self
                .request(method.clone(), path)
                .timeout(self.options.timeout);
            if let Some(key) = &write.key {
                request = request.header("idempotency-key", key);
            }
            if let Some(version) = write.version {
                request = request.header("if-match", format!("\"{version}\""));
            }
            match &json {
                Some(json) => request
                    .header("content-type", "application/json")
                    .body(json.clone()),
                None => request,
            }
        };
        // A delete is the same done twice; other writes need their key.
        let repeatable = write.key.is_some() || method == Method::DELETE;
        self.send(&format!("{method} {path}"), build, repeatable)
            .await
    }

    fn record<B: Serialize + ?Sized>(
        &self,
        label: &str,
        body: Option<&B>,
        write: &Write,
    ) -> Recorded {
        let mut text = format!("{label} HTTP/1.1\n");
        if let Some(host) = self.base.host_str() {
            text.push_str(&format!("host: {host}\n"));
        }
        if matches!(&self.door, Door::Https { token: Some(_), .. }) {
            text.push_str("authorization: Bearer ****\n");
        }
        if let Some(key) = &write.key {
            text.push_str(&format!("idempotency-key: {key}\n"));
        }
        if let Some(version) = write.version {
            text.push_str(&format!("if-match: \"{version}\"\n"));
        }
        if let Some(body) = body {
            let json = serde_json::to_string_pretty(body).unwrap_or_default();
            text.push_str(&format!("content-type: application/json\n\n{json}\n"));
        }
        Recorded { text }
    }

    async fn send(
        &self,
        label: &str,
        build: impl Fn() -> RequestBuilder,
        repeatable: bool,
    ) -> Result<Response, ClientError> {
        let began = tokio::time::Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            let sent = tokio::time::Instant::now();
            let answer = build().send().await;
            let ms = sent.elapsed().as_millis();
            let error = match answer {
                Ok(response) => {
                    self.trace(&format!("http  {label}  {}  {ms} ms", response.status()));
                    return self.checked(response).await;
                }
                Err(error) => self.failure(error),
            };
            self.trace(&format!("http  {label}  {error}  {ms} ms"));
            let unsent = matches!(&error, ClientError::Unreachable { unsent: true, .. });
            let worth_it =
                unsent || (repeatable && matches!(error, ClientError::Unreachable { .. }));
            if !worth_it || began.elapsed() + pause > self.options.patience {
                return Err(error);
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn trace(&self, line: &str) {
        if let Some(trace) = &self.options.trace {
            trace(line);
        }
    }

    pub(super) fn failure(&self, error: reqwest::Error) -> ClientError {
        let unsent = error.is_connect();
        let timeout = error.is_timeout();
        let mut reason = String::new();
        let mut cause: Option<&dyn std::error::Error> = Some(&error);
        while let Some(current) = cause {
            reason = current.to_string();
            cause = current.source();
        }
        if reason.contains("certificate") {
            return ClientError::Untrusted {
                server: self.server(),
            };
        }
        if timeout {
            reason = "it took too long".to_owned();
        }
        ClientError::Unreachable {
            server: self.server(),
            reason,
            unsent,
        }
    }

    /// The response if it is a success, else its problem.
    pub(super) async fn checked(&self, response: Response) -> Result<Response, ClientError> {
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let bytes = self.bytes(response).await?;
        if let Ok(problem) = serde_json::from_slice::<Problem>(&bytes) {
            return Err(problem.into());
        }
        if status == StatusCode::NOT_FOUND {
            return Err(Problem::new(
                ProblemCode::NotFound,
                "this server does not know this request; it may be of another version",
            )
            .into());
        }
        Err(ClientError::Protocol {
            server: self.server(),
            reason: format!("{status} without a problem document"),
        })
    }

    pub(super) async fn json<T: DeserializeOwned>(
        &self,
        response: Response,
    ) -> Result<T, ClientError> {
        let bytes = self.bytes(response).await?;
        serde_json::from_slice(&bytes).map_err(|e| ClientError::Protocol {
            server: self.server(),
            reason: e.to_string(),
        })
    }

    pub(super) async fn bytes(&self, mut response: Response) -> Result<Vec<u8>, ClientError> {
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| self.failure(e))? {
            if bytes.len() + chunk.len() > MAX_BODY {
                return Err(ClientError::Protocol {
                    server: self.server(),
                    reason: "the answer is larger than 256 MiB".into(),
                });
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }
}
