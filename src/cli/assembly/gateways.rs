use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use url::Url;

use super::{text_of, wrong};
use crate::cli::error::{CommandError, ErrorKind};
use crate::cli::server_secrets::ServerSecrets;
use crate::config::{GatewayConfig, GatewayKind, GatewayMethod, ServerConfig, SmppBind};
use crate::flow::PublicAddress;
use crate::host::OsEntropy;
use crate::net::smpp_link::{BindMode, SmppGateway, SmppSettings};
use crate::net::sms_http::{HttpGateway, KannelSettings, TemplateMethod, TemplateSettings};
use crate::net::tls::ClientTls;
use crate::port::{Entropy as _, SmsGateway, SmsInbox};
use crate::server::{GatewayDoor, GatewayInbox};
use crate::sms::CallFields;
use crate::sms::smpp::SubmitSettings;

/// Where Twilio's API is.
const TWILIO: &str = "https://api.twilio.com";

/// The text message gateways of a server.
pub(super) struct Gateways {
    /// Ways out, in order of preference.
    pub(super) ways: Vec<Arc<dyn SmsGateway>>,
    /// Ways in.
    pub(super) doors: Vec<GatewayDoor>,
    /// Those among the ways that have connections to close.
    pub(super) centres: Vec<Arc<SmppGateway>>,
}

impl Gateways {
    /// Sets up what is configured. With `at_once`, centres are connected to now, for what they have to tell.
    pub(super) fn new(
        config: &ServerConfig,
        secrets: &ServerSecrets,
        public: Option<&PublicAddress>,
        inbox: &Arc<GatewayInbox>,
        at_once: bool,
    ) -> Result<Self, CommandError> {
        let mut all = Self {
            ways: Vec::new(),
            doors: Vec::new(),
            centres: Vec::new(),
        };
        for gateway in &config.gateways {
            let secret = match &gateway.callback_secret_file {
                Some(file) => Some(secrets.of(file)?),
                None => None,
            };
            if let Some(secret) = &secret {
                all.doors.push(GatewayDoor {
                    name: gateway.name.clone(),
                    secret_digest: Sha256::digest(secret.as_bytes()).into(),
                    fields: match (&gateway.fields, gateway.kind) {
                        (Some(fields), _) => fields.clone(),
                        (None, GatewayKind::Twilio) => CallFields::twilio(),
                        (None, _) => CallFields::default(),
                    },
                });
            }
            let receipts = match (&secret, public) {
                (Some(secret), Some(public)) => {
                    let text = format!("{}/gateway/v1/{}/{secret}/dlr", public.url(), gateway.name);
                    Some(text.parse::<Url>().map_err(wrong)?)
                }
                _ => None,
            };
            let inbox: Arc<dyn SmsInbox> = Arc::clone(inbox) as _;
            if gateway.kind == GatewayKind::Smpp {
                let centre = Arc::new(centre(gateway, secrets, inbox, at_once)?);
                all.ways.push(Arc::clone(&centre) as _);
                all.centres.push(centre);
            } else {
                let way = web(gateway, secrets, receipts)?.telling(inbox, random()?);
                all.ways.push(way.shared());
            }
        }
        Ok(all)
    }
}

fn random() -> Result<u32, CommandError> {
    let mut bytes = [0; 4];
    OsEntropy.fill(&mut bytes).map_err(wrong)?;
    Ok(u32::from_be_bytes(bytes))
}

fn password(file: Option<&Path>, secrets: &ServerSecrets) -> Result<String, CommandError> {
    file.map_or_else(|| Ok(String::new()), |file| secrets.of(file))
}

/// A gateway that is spoken to by HTTP.
fn web(
    gateway: &GatewayConfig,
    secrets: &ServerSecrets,
    receipts: Option<Url>,
) -> Result<HttpGateway, CommandError> {
    let ca = gateway.ca_file.as_deref().map(text_of).transpose()?;
    let password = password(gateway.password_file.as_deref(), secrets)?;
    let built = match gateway.kind {
        GatewayKind::Kannel | GatewayKind::Smpp => {
            let settings =
                KannelSettings::new(&gateway.url, gateway.username.as_deref(), &password)
                    .map_err(wrong)?
                    .sent_from(gateway.from.clone())
                    .receipts_at(receipts);
            HttpGateway::kannel(&gateway.name, settings, ca.as_deref())
        }
        GatewayKind::Twilio => {
            let account = gateway.username.as_deref().ok_or_else(|| {
                CommandError::new(
                    ErrorKind::Config,
                    format!("gateway {}: username is the account's SID", gateway.name),
                )
            })?;
            let address = if gateway.url.is_empty() {
                TWILIO
            } else {
                &gateway.url
            };
            let mut settings = TemplateSettings::twilio(address, account, &password, receipts);
            settings.from.clone_from(&gateway.from);
            HttpGateway::template(&gateway.name, settings, ca.as_deref())
        }
        GatewayKind::Http => {
            let mut headers: Vec<(String, String)> = gateway.headers.clone().into_iter().collect();
            for (name, file) in &gateway.header_files {
                headers.push((name.clone(), secrets.of(file)?));
            }
            let settings = TemplateSettings {
                method: gateway.method.map(|m| match m {
                    GatewayMethod::Get => TemplateMethod::Get,
                    GatewayMethod::Post => TemplateMethod::Post,
                    GatewayMethod::Put => TemplateMethod::Put,
                }),
                url: gateway.url.clone(),
                headers,
                body: gateway.body.clone(),
                from: gateway.from.clone(),
                receipts,
            };
            HttpGateway::template(&gateway.name, settings, ca.as_deref())
        }
    };
    Ok(built.map_err(wrong)?.serving(gateway.prefixes.clone()))
}

/// A gateway that speaks SMPP.
fn centre(
    gateway: &GatewayConfig,
    secrets: &ServerSecrets,
    inbox: Arc<dyn SmsInbox>,
    at_once: bool,
) -> Result<SmppGateway, CommandError> {
    let password = password(gateway.password_file.as_deref(), secrets)?;
    let ca = gateway.ca_file.as_deref().map(text_of).transpose()?;
    let mut settings = centre_at(
        &gateway.url,
        gateway.username.as_deref(),
        &password,
        ca.as_deref(),
    )?;
    let smpp = gateway.smpp.clone().unwrap_or_default();
    settings.bind = match smpp.bind {
        SmppBind::Transceiver => BindMode::Transceiver,
        SmppBind::Transmitter => BindMode::Transmitter,
        SmppBind::Receiver => BindMode::Receiver,
        SmppBind::Pair => BindMode::Pair,
    };
    settings.system_type = smpp.system_type;
    settings.window = smpp.window.unwrap_or(settings.window);
    settings.per_second = smpp.per_second;
    if let Some(seconds) = smpp.enquire_s {
        settings.enquire = Duration::from_secs(seconds.max(1));
    }
    settings.ids = smpp.ids;
    settings.messages = SubmitSettings {
        from: gateway.from.clone().unwrap_or_default(),
        alphabet: smpp.alphabet,
        wide_reference: smpp.wide_reference,
        // A transmitter hears of no receipt.
        registered_delivery: u8::from(smpp.bind != SmppBind::Transmitter),
        service_type: smpp.service_type,
    };
    SmppGateway::start(
        &gateway.name,
        settings,
        gateway.prefixes.clone(),
        inbox,
        at_once,
    )
    .map_err(wrong)
}

/// Reads `smpp://[user@]host[:2775]` or `smpps://…` (TLS, port 3550).
///
/// # Errors
/// [`ErrorKind::Config`] when it is none, or names no user.
pub(in crate::cli) fn centre_at(
    address: &str,
    username: Option<&str>,
    password: &str,
    ca: Option<&str>,
) -> Result<SmppSettings, CommandError> {
    let wrong_form = || {
        CommandError::new(
            ErrorKind::Config,
            "an SMPP centre is named as in smpp://user@host:2775, or smpps:// for TLS",
        )
    };
    let url = Url::parse(address).map_err(|_| wrong_form())?;
    let secure = match url.scheme() {
        "smpp" => false,
        "smpps" => true,
        _ => return Err(wrong_form()),
    };
    if url.password().is_some() {
        return Err(CommandError::new(
            ErrorKind::Config,
            "a password does not belong into the address: give it in a file",
        ));
    }
    let host = url.host_str().ok_or_else(wrong_form)?;
    let port = url.port().unwrap_or(if secure { 3550 } else { 2775 });
    let named = percent_encoding::percent_decode_str(url.username()).decode_utf8_lossy();
    let user = username.unwrap_or(&named);
    let host = host.trim_matches(['[', ']']);
    let mut settings = SmppSettings::new(host, port, user, password);
    if secure {
        settings.tls = Some(ClientTls::of_host(ca).map_err(wrong)?);
    }
    OsEntropy.fill(&mut settings.seed).map_err(wrong)?;
    Ok(settings)
}
