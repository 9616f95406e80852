use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

use serde::{Deserialize, Deserializer, Serialize, de};
use url::Url;

use crate::sms::CallFields;
use crate::sms::smpp::{Alphabet, IdForm};

/// Name of the built-in context: the endpoint over the data folder of this machine.
pub const EMBEDDED: &str = "embedded";

/// All settings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The context that commands use; [`EMBEDDED`] when absent.
    #[serde(
        default,
        rename = "current-context",
        skip_serializing_if = "Option::is_none"
    )]
    pub current_context: Option<String>,
    /// Endpoints by name. `embedded` is built in and cannot be redefined.
    #[serde(
        default,
        deserialize_with = "contexts",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub contexts: BTreeMap<String, Context>,
    /// Folder of the embedded endpoint and of `serve`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_dir: Option<PathBuf>,
    /// Output form when `-o` is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// What `serve` and the embedded endpoint are to be.
    #[serde(default, skip_serializing_if = "ServerConfig::is_empty")]
    pub server: ServerConfig,
}

/// An endpoint that commands may talk to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Context {
    /// Its address, as in `https://mgmt.example.net:8443`.
    #[serde(deserialize_with = "https_url", serialize_with = "as_text")]
    pub server: Url,
    /// Certificate (PEM) of the CA that signs the server's; the system's CAs are used when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// The operator to log in as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    /// File with a service token (mode 0600); the secret store is asked when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_file: Option<PathBuf>,
}

/// What a server is to be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerConfig {
    /// Its name in the federation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where it listens for HTTPS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listen_https: Option<SocketAddr>,
    /// Where it listens for SIP over UDP and TCP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listen_sip: Option<SocketAddr>,
    /// Where it listens for SIP over TLS; 5061 when absent and the other one is 5060.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listen_sips: Option<SocketAddr>,
    /// The address under which devices reach it, when that is not the one it listens at.
    #[serde(
        default,
        deserialize_with = "some_https_url",
        serialize_with = "as_some_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub public_url: Option<Url>,
    /// Domain of SIP addresses of record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sip_domain: Option<String>,
    /// Name server that is asked where SIP addresses lead, instead of the system's; without a port, 53.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_server: Option<String>,
    /// Certificates (PEM) of further authorities that are trusted for SIP over TLS, beside the system's and its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sip_ca_files: Vec<PathBuf>,
    /// ENUM zone in which the SIP addresses of numbers are looked up for devices that are not registered, as in
    /// `e164.arpa`; nobody is asked when absent, because a question tells whose number is of interest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enum_zone: Option<String>,
    /// SIP servers that are asked where a device is that is not registered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub directories: Vec<DirectoryConfig>,
    /// Text message gateways, in order of preference.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gateways: Vec<GatewayConfig>,
    /// How often a way is tried in vain before another one is.
    #[serde(default, skip_serializing_if = "TriesConfig::is_default")]
    pub tries: TriesConfig,
    /// Push services, which wake applications on devices.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub push: Vec<PushConfig>,
    /// The router with which this server registers its system id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub router: Option<RouterConfig>,
    /// Servers that may register their system ids here: this server is their router.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub customers: Vec<CustomerConfig>,
    /// The mail server through which invitations by e-mail go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<MailConfig>,
    /// Addresses that are told what happens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub webhooks: Vec<WebhookConfig>,
    /// Other servers of the federation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub peers: Vec<PeerConfig>,
    /// Application servers that are watched, and whom their devices call while one is down.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub application_servers: Vec<ApplicationServerConfig>,
    /// Further hosts that devices may be called back to; the server itself always is one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trusted_servers: Vec<String>,
}

/// How often in a row a way to a device is tried without an answer before the next one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TriesConfig {
    /// By SIP.
    pub sip: NonZeroU32,
    /// By push message.
    pub push: NonZeroU32,
    /// By text message, each gateway.
    pub sms: NonZeroU32,
}

impl Default for TriesConfig {
    fn default() -> Self {
        Self {
            sip: NonZeroU32::MIN,
            push: NonZeroU32::MIN,
            sms: NonZeroU32::MIN.saturating_add(2),
        }
    }
}

impl TriesConfig {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// An application server that is watched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApplicationServerConfig {
    /// Its name, as in `billing`.
    pub name: String,
    /// Address that answers with 2xx while it is well.
    #[serde(deserialize_with = "http_url", serialize_with = "as_text")]
    pub health_url: Url,
    /// Certificate (PEM) of its CA; the system's are used when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// Seconds between two checks.
    #[serde(default = "ten")]
    pub every_s: u64,
    /// Checks in a row that fail before it counts as down.
    #[serde(default = "three")]
    pub failures: u32,
    /// Devices that call elsewhere then: identities, numbers or names.
    pub devices: Vec<String>,
    /// Whom they call then; its host has to be one that they trust.
    pub instead: crate::api::Contact,
}

const fn ten() -> u64 {
    10
}

const fn three() -> u32 {
    3
}

/// A SIP server that knows where devices are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DirectoryConfig {
    /// Its address, as in `sip:directory.example.net`.
    pub address: String,
    /// How it is asked; options when absent.
    #[serde(default)]
    pub ask: DirectoryAsk,
    /// User name there, for digest challenges.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// File with the password (mode 0600).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
}

/// How a directory is asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DirectoryAsk {
    /// OPTIONS for the number or name; a redirection says where it is.
    #[default]
    Options,
    /// A REGISTER that only asks what is registered.
    Register,
}

/// A router of system ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouterConfig {
    /// Its address.
    #[serde(deserialize_with = "https_url", serialize_with = "as_text")]
    pub url: Url,
    /// Certificate (PEM) of its CA; the system's are used when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
}

/// A server whose devices find it through this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomerConfig {
    /// Its system id.
    pub system_id: crate::domain::SystemId,
    /// Its Ed25519 public key, 64 hexadecimal digits.
    #[serde(deserialize_with = "public_key")]
    pub key: String,
}

/// A mail server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailConfig {
    /// Its host.
    pub host: String,
    /// Its port; 587 for starttls, 465 for tls, 25 for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// How the connection is protected; starttls when absent.
    #[serde(default)]
    pub security: MailProtection,
    /// The sender, as in `Device care <devices@example.net>`.
    pub from: String,
    /// User name there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// File with the password (mode 0600), or `keyring:NAME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// Certificate (PEM) of its CA; the system's are used when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
}

/// How the connection to a mail server is protected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailProtection {
    /// STARTTLS, without which nothing is sent.
    #[default]
    StartTls,
    /// TLS from the first octet.
    Tls,
    /// Not at all: only to this machine itself.
    None,
}

/// A text message gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewayConfig {
    /// Its name, as in `kannel-1`.
    pub name: String,
    /// How it is talked to.
    pub kind: GatewayKind,
    /// Its address; a template for kind `http`.
    pub url: String,
    /// HTTP method for kind `http`; POST when there is a body, else GET.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<GatewayMethod>,
    /// HTTP headers for kind `http`. No secrets here: see `header_files`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// HTTP headers whose values stand in files (mode 0600) or in the keyring (`keyring:NAME`), as `Authorization`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub header_files: BTreeMap<String, PathBuf>,
    /// Body template for kind `http`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// User name at the gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// File with the password (mode 0600), or `keyring:NAME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// Sender number or name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Numbers that it serves, as in `+1408`; all when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prefixes: Vec<String>,
    /// File with the secret part of the addresses at which the gateway calls in (mode 0600), or `keyring:NAME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback_secret_file: Option<PathBuf>,
    /// Certificate (PEM) of the gateway's CA; the system's are used when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// What an SMPP centre has to know beside that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smpp: Option<SmppConfig>,
    /// How a gateway of kind `http` writes its receipts and messages, where not as Kannel does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<CallFields>,
}

/// An account at an SMPP centre.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SmppConfig {
    /// Directions.
    pub bind: SmppBind,
    /// Kind of account, as the centre wants it.
    pub system_type: String,
    /// Service type of messages.
    pub service_type: String,
    /// Unanswered messages at once; 10 when absent.
    pub window: Option<usize>,
    /// Messages a second at most.
    pub per_second: Option<u32>,
    /// Seconds of silence after which the centre is asked whether it is there; 30 when absent.
    pub enquire_s: Option<u64>,
    /// What data coding 0 means there.
    pub alphabet: Alphabet,
    /// How it writes its ids in answers and receipts.
    pub ids: IdForm,
    /// Whether long messages have a 16-bit reference.
    pub wide_reference: bool,
}

/// Directions of an SMPP session.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmppBind {
    /// Both over one connection.
    #[default]
    Transceiver,
    /// To phones only.
    Transmitter,
    /// From phones only.
    Receiver,
    /// Both, each over a connection of its own.
    Pair,
}

/// How a gateway is talked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GatewayKind {
    /// Kannel's `sendsms`.
    Kannel,
    /// A request made from templates.
    Http,
    /// An SMPP 3.4 centre.
    Smpp,
    /// Twilio's API.
    Twilio,
}

/// HTTP methods of gateways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum GatewayMethod {
    /// GET.
    #[serde(rename = "GET", alias = "get")]
    Get,
    /// POST.
    #[serde(rename = "POST", alias = "post")]
    Post,
    /// PUT.
    #[serde(rename = "PUT", alias = "put")]
    Put,
}

/// A push service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PushConfig {
    /// Its name, as in `fcm-main`.
    pub name: String,
    /// Which service, as in `fcm` or `apns`.
    pub kind: String,
    /// File with its credentials (mode 0600), or `keyring:NAME`: a service account's JSON for `fcm`, the team's key (`.p8`) for `apns`.
    pub credentials_file: PathBuf,
    /// Its address, when it is not the usual one.
    #[serde(
        default,
        deserialize_with = "some_https_url",
        serialize_with = "as_some_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub url: Option<Url>,
    /// Certificate (PEM) of its CA; the system's are used when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// What else it has to know: `key_id`, `team_id` and `topic` for `apns`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
}

/// An address that is told what happens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookConfig {
    /// The address.
    #[serde(deserialize_with = "http_url", serialize_with = "as_text")]
    pub url: Url,
    /// File with the key that signs deliveries (mode 0600), or `keyring:NAME`.
    pub secret_file: PathBuf,
    /// Kinds of events that it wants; all when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<String>,
}

/// Another server of the federation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeerConfig {
    /// Its name.
    pub name: String,
    /// Its address.
    #[serde(deserialize_with = "https_url", serialize_with = "as_text")]
    pub url: Url,
    /// Certificate (PEM) of its CA.
    pub ca_file: PathBuf,
    /// Its Ed25519 public key, 64 hexadecimal digits.
    #[serde(deserialize_with = "public_key")]
    pub key: String,
}

impl Config {
    /// Name of the context in force.
    #[must_use]
    pub fn context_name(&self) -> &str {
        self.current_context.as_deref().unwrap_or(EMBEDDED)
    }

    /// The context in force; `None` for the built-in one.
    #[must_use]
    pub fn context(&self) -> Option<&Context> {
        self.contexts.get(self.context_name())
    }
}

impl ServerConfig {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn url_of<'de, D: Deserializer<'de>>(
    deserializer: D,
    schemes: &[&str],
    expected: &str,
) -> Result<Url, D::Error> {
    let text = String::deserialize(deserializer)?;
    let url = Url::parse(&text)
        .map_err(|e| de::Error::custom(format!("expected {expected}, found {text:?} ({e})")))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(de::Error::custom(
            "an address holds no user name or password: put the secret into a file of mode 0600",
        ));
    }
    if schemes.contains(&url.scheme()) && url.has_host() {
        Ok(url)
    } else {
        Err(de::Error::custom(format!(
            "expected {expected}, found {text:?}"
        )))
    }
}

fn https_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
    url_of(
        deserializer,
        &["https"],
        "an address as in https://mgmt.example.net:8443",
    )
}

fn some_https_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Url>, D::Error> {
    https_url(deserializer).map(Some)
}

fn http_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
    url_of(
        deserializer,
        &["https", "http"],
        "an address as in https://hooks.example.net/callhome",
    )
}

fn public_key<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        Ok(text.to_ascii_lowercase())
    } else {
        Err(de::Error::custom(
            "expected the peer's public key, 64 hexadecimal digits (callhome server status shows it)",
        ))
    }
}

fn contexts<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, Context>, D::Error> {
    let contexts = BTreeMap::<String, Context>::deserialize(deserializer)?;
    if contexts.contains_key(EMBEDDED) {
        return Err(de::Error::custom(
            "the context \"embedded\" is built in: choose another name",
        ));
    }
    Ok(contexts)
}

fn as_text<S: serde::Serializer>(url: &Url, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(url.as_str())
}

fn as_some_text<S: serde::Serializer>(url: &Option<Url>, serializer: S) -> Result<S::Ok, S::Error> {
    match url {
        Some(url) => as_text(url, serializer),
        None => serializer.serialize_none(),
    }
}
