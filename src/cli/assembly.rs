mod gateways;
mod look_ups;
mod pushing;

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use url::Url;

use super::error::{CommandError, ErrorKind};
use super::server_secrets::ServerSecrets;
use crate::api::VerifyingKey;
use crate::config::{
    CustomerConfig, MailConfig, MailProtection, PeerConfig, RouterConfig, ServerConfig,
};
use crate::flow::{Home, PublicAddress, Tries};
use crate::host::{self, DataDir, MasterKey, OsEntropy, SystemClock};
use crate::net::dns::{Resolver, name_server};
use crate::net::federation::{FederationClient, PeerSettings};
use crate::net::mail::{MailSecurity, MailSettings, SmtpMailer};
use crate::net::router::RouterClient;
use crate::net::sip_link::{LinkOptions, Outlook, SipLink};
use crate::net::smpp_link::SmppGateway;
use crate::net::survey::Survey;
use crate::net::tls::{Acquaintances, ServerIdentity, TlsListener};
use crate::net::unix::LocalListener;
use crate::net::webhook::{HttpWebhooks, WebhookTarget};
use crate::port::{Clock as _, Entropy as _, Mailer, RouterDoor, Webhooks};
use crate::server::{
    self, Bearers, Customer, Endpoint, GatewayInbox, Listeners, Machine, Mode, Parts, PeerTrust,
    Settings, SipDoor,
};
use crate::store::SqliteStore;
use gateways::Gateways;
pub(super) use gateways::centre_at;

/// Connections for SIP that a server lets others open, where the system allows enough files.
const PHONES: usize = 20_000;
/// The same for HTTPS.
const CALLERS: usize = 16_384;

/// How many phones may be connected at once: half of what this process may have open, so that operators, gateways and
/// the store have room whoever connects.
pub(super) fn phones_at_once() -> usize {
    host::most_open().map_or(PHONES, |most| (most / 2).min(PHONES))
}

/// How many HTTPS connections may be open at once, of devices, operators, gateways and peers together: a quarter. Each
/// listener takes a quarter of its share again for connections that are not ready yet.
fn callers_at_once() -> usize {
    host::most_open().map_or(CALLERS, |most| (most / 4).min(CALLERS))
}

/// Where a server listens for devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Doors {
    /// HTTPS.
    pub(super) https: SocketAddr,
    /// SIP over UDP and TCP.
    pub(super) sip: SocketAddr,
    /// SIP over TLS, when it does.
    pub(super) sips: Option<SocketAddr>,
}

/// A server that is ready to run.
pub(super) struct Assembled {
    /// The endpoint.
    pub(super) endpoint: Endpoint,
    /// Its listeners.
    pub(super) listeners: Listeners,
    /// The router that is told where it is.
    pub(super) router: Option<Arc<dyn RouterDoor>>,
    /// Its SIP socket.
    pub(super) sip: Option<SipLink>,
    /// Its SMPP centres.
    pub(super) centres: Vec<Arc<SmppGateway>>,
    /// Address for devices, when it listens for them.
    pub(super) url: Option<String>,
    /// SIP address for devices, when it listens for them.
    pub(super) sip_url: Option<String>,
    /// File with the first admin's one-time code, when it was made now.
    pub(super) first_admin: Option<PathBuf>,
}

impl Doors {
    /// What the settings say; this machine only, on the usual ports, when they say nothing.
    pub(super) fn of(config: &ServerConfig) -> Self {
        let sip = config
            .listen_sip
            .unwrap_or_else(|| ([127, 0, 0, 1], 5060).into());
        // The usual port beside the usual port; at others TLS is asked for.
        let beside = (sip.port() == 5060).then(|| SocketAddr::new(sip.ip(), 5061));
        Self {
            https: config
                .listen_https
                .unwrap_or_else(|| ([127, 0, 0, 1], 8443).into()),
            sip,
            sips: config.listen_sips.or(beside),
        }
    }
}

/// Name of the server: as set, else `callhome`.
pub(super) fn name_of(config: &ServerConfig) -> &str {
    config.name.as_deref().unwrap_or("callhome")
}

/// Puts a server together from the settings over a data folder that the caller has locked.
///
/// # Errors
/// [`ErrorKind::Config`] for settings that do not fit; [`ErrorKind::Conflict`] for addresses that are taken.
pub(super) async fn assemble(
    dir: &DataDir,
    config: &ServerConfig,
    secrets: &ServerSecrets,
    mode: Mode,
    doors: Option<Doors>,
) -> Result<Assembled, CommandError> {
    let now = SystemClock.now();
    let name = name_of(config);
    let hosts = hosts(config, doors);
    let identity = ServerIdentity::open_or_create(dir.path(), name, &hosts, now)
        .and_then(|identity| identity.renewing(Arc::new(SystemClock)))
        .map_err(wrong)?;
    let signing_key = Arc::new(server::signing_key(dir.path(), &OsEntropy).map_err(wrong)?);
    server::sweep_copies(dir.path());
    let sealer = Arc::new(MasterKey::open_or_create(&dir.master_key())?);
    let store = SqliteStore::open(&dir.database(), Arc::clone(&sealer) as _).map_err(wrong)?;
    let store = Arc::new(store);
    let peers = peers(&config.peers)?;
    let known: Vec<_> = peers
        .iter()
        .map(|p| (p.name.clone(), p.ca_pem.clone()))
        .collect();
    let acquaintances = Arc::new(Acquaintances::new(&known).map_err(wrong)?);

    let https = match doors {
        Some(doors) => {
            let tls = identity.server_config(&acquaintances).map_err(wrong)?;
            let listener = TlsListener::bind(doors.https, tls, callers_at_once());
            Some(listener.map_err(taken("HTTPS", doors.https))?)
        }
        None => None,
    };
    let public = match &https {
        Some(listener) => Some(public_address(config, listener.address())?),
        None => None,
    };
    let sip_domain = config.sip_domain.clone().unwrap_or_else(|| name.to_owned());
    let mut nonce_key = [0; 32];
    OsEntropy.fill(&mut nonce_key).map_err(wrong)?;
    let sip_door = Arc::new(SipDoor::new(
        &sip_domain,
        nonce_key,
        Arc::clone(&store) as _,
        Arc::clone(&store) as _,
        Arc::new(SystemClock),
    ));
    let outlook = outlook(config, &identity)?;
    let sip = match doors {
        Some(doors) => {
            let mut seed = [0; 32];
            OsEntropy.fill(&mut seed).map_err(wrong)?;
            let tls = Arc::new(identity.server_config(&acquaintances).map_err(wrong)?);
            let options = LinkOptions {
                streams: true,
                guests: phones_at_once(),
                tls_door: doors.sips.map(|at| (at, tls)),
                tls: outlook.tls.clone(),
                resolver: Arc::clone(&outlook.resolver),
                ..LinkOptions::new(doors.sip, seed).with_handler(Arc::clone(&sip_door) as _)
            };
            Some(SipLink::open(options).map_err(|e| {
                CommandError::new(ErrorKind::Conflict, e.to_string()).hint(
                    "Choose another one:  --listen-sip ADDRESS:PORT --listen-sips ADDRESS:PORT",
                )
            })?)
        }
        None => None,
    };
    let sip_host = public
        .as_ref()
        .map(|public| match public.host.contains(':') {
            true => format!("[{}]", public.host),
            false => public.host.clone(),
        });
    let at_port = |door: Option<SocketAddr>, how: &str| {
        let (host, door) = (sip_host.as_ref()?, door?);
        Some(format!("sip:{host}:{}{how}", door.port()))
    };
    let sip_url = at_port(sip.as_ref().map(SipLink::local_addr), "");
    let sips_url = at_port(sip.as_ref().and_then(SipLink::tls_addr), ";transport=tls");
    let inbox = Arc::new(GatewayInbox::new());
    let Gateways {
        ways: gateways,
        doors: gateway_doors,
        centres,
    } = Gateways::new(
        config,
        secrets,
        public.as_ref(),
        &inbox,
        mode == Mode::Serve,
    )?;
    let webhooks = webhooks(name, config, secrets)?;
    let peer_trust = trust(&peers);
    let federation = FederationClient::new(
        name,
        Arc::clone(&signing_key),
        &identity,
        Arc::new(SystemClock),
        Arc::new(OsEntropy),
        peers,
    )
    .map_err(wrong)?;

    let settings = Settings {
        system_id: server::system_id(&*store, &OsEntropy)
            .await
            .map_err(wrong)?,
        mode,
        data_dir: dir.path().to_owned(),
        ca_pem: identity.ca_pem().to_owned(),
        certificate_expires_at: Some(identity.term()),
        sip: sip_url.clone(),
        sips: sips_url,
        sip_domain,
        trusted_servers: config.trusted_servers.clone(),
        sms_sender: config.gateways.iter().find_map(|g| g.from.clone()),
        gateway_doors,
        peer_trust,
        customers: customers(config)?,
        acquaintances,
        signing_key,
    };
    let router = match &config.router {
        Some(router) => Some(router_door(router, &settings)?),
        None => None,
    };
    let url = public.as_ref().map(PublicAddress::url);
    let home = Home {
        name: name.to_owned(),
        https: public,
        certificate_pin: Some(identity.ca_pin()),
        max_segments: 1,
        tries: Tries {
            sip: config.tries.sip.get(),
            push: config.tries.push.get(),
            sms: config.tries.sms.get(),
        },
    };
    let machine = Machine {
        clock: Arc::new(SystemClock),
        entropy: Arc::new(OsEntropy),
        sealer,
    };
    let bearers = Bearers {
        sip: sip.clone().map(|link| Arc::new(link) as _),
        look_ups: look_ups::look_ups(config, secrets, &outlook.resolver)?,
        surveyor: Some(Arc::new(Survey::new(outlook))),
        gateways,
        push: pushing::services(&config.push, secrets)?,
        peers: Some(Arc::new(federation)),
        webhooks,
        mailer: match &config.mail {
            Some(mail) => Some(Arc::new(mailer(mail, secrets)?) as Arc<dyn Mailer>),
            None => None,
        },
    };
    let endpoint = Endpoint::new(Parts::over(&store, settings, home, machine, bearers));
    sip_door.attach(&endpoint);
    inbox.attach(&endpoint);
    let first_admin = server::first_admin(&endpoint).await.map_err(wrong)?;
    let socket = dir.socket();
    let local = LocalListener::bind(&socket)
        .map_err(|e| CommandError::new(ErrorKind::Config, e.to_string()))?;
    Ok(Assembled {
        endpoint,
        listeners: Listeners {
            local: Some(local),
            https,
            https_at_most: callers_at_once(),
        },
        sip,
        centres,
        router,
        url,
        sip_url,
        first_admin,
    })
}

fn wrong(error: impl std::error::Error) -> CommandError {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(&format!(": {inner}"));
        cause = inner.source();
    }
    CommandError::new(ErrorKind::Config, text)
}

fn wrong_setting(name: &str, why: &str) -> CommandError {
    CommandError::new(ErrorKind::Config, format!("{name}: {why}"))
}

fn taken(what: &'static str, address: SocketAddr) -> impl Fn(std::io::Error) -> CommandError {
    move |error| {
        CommandError::new(
            ErrorKind::Conflict,
            format!("cannot listen for {what} on {address}: {error}"),
        )
        .hint("Choose another one:  --listen ADDRESS:PORT")
    }
}

/// Names that the certificate must have beside those of this machine.
fn hosts(config: &ServerConfig, doors: Option<Doors>) -> Vec<String> {
    let public = config.public_url.as_ref().and_then(Url::host_str);
    let bound = doors
        .map(|d| d.https.ip())
        .filter(|ip| !ip.is_unspecified());
    public
        .map(str::to_owned)
        .into_iter()
        .chain(bound.as_ref().map(IpAddr::to_string))
        .collect()
}

/// Where devices reach the server.
fn public_address(config: &ServerConfig, bound: SocketAddr) -> Result<PublicAddress, CommandError> {
    if let Some(url) = &config.public_url {
        let host = url.host_str().unwrap_or_default();
        return Ok(PublicAddress {
            host: host.trim_matches(['[', ']']).to_owned(),
            port: url.port_or_known_default().unwrap_or(443),
        });
    }
    if bound.ip().is_unspecified() {
        return Err(CommandError::new(
            ErrorKind::Config,
            format!(
                "{bound} is every address of this machine: under which one do devices reach it?"
            ),
        )
        .hint("Say so:  --public-url https://mgmt.example.net:8443"));
    }
    Ok(PublicAddress {
        host: bound.ip().to_string(),
        port: bound.port(),
    })
}

/// Who finds names for SIP, and whom it trusts.
fn outlook(config: &ServerConfig, identity: &ServerIdentity) -> Result<Outlook, CommandError> {
    let resolver = match &config.name_server {
        Some(text) => Resolver::at(
            name_server(text).map_err(|why| wrong_setting("server.name_server", &why))?,
        ),
        None => Resolver::system(),
    };
    let files = config.sip_ca_files.iter();
    let others: Vec<String> = files.map(|f| text_of(f)).collect::<Result<_, _>>()?;
    let tls = identity.sip_client(&others).map_err(|error| {
        CommandError::new(ErrorKind::Config, format!("server.sip_ca_files: {error}"))
            .hint("It takes files in PEM form (-----BEGIN CERTIFICATE-----)")
    })?;
    Ok(Outlook {
        resolver: Arc::new(resolver),
        tls,
    })
}

fn text_of(file: &Path) -> Result<String, CommandError> {
    std::fs::read_to_string(file)
        .map_err(|e| CommandError::new(ErrorKind::Config, format!("{}: {e}", file.display())))
}

fn peers(configured: &[PeerConfig]) -> Result<Vec<PeerSettings>, CommandError> {
    configured
        .iter()
        .map(|peer| {
            Ok(PeerSettings {
                name: peer.name.clone(),
                url: peer.url.clone(),
                ca_pem: text_of(&peer.ca_file)?,
                key: peer.key.parse::<VerifyingKey>().map_err(wrong)?,
            })
        })
        .collect()
}

fn trust(peers: &[PeerSettings]) -> Vec<PeerTrust> {
    peers
        .iter()
        .map(|peer| PeerTrust {
            name: peer.name.clone(),
            key: peer.key,
        })
        .collect()
}

fn webhooks(
    name: &str,
    config: &ServerConfig,
    secrets: &ServerSecrets,
) -> Result<Option<Arc<dyn Webhooks>>, CommandError> {
    if config.webhooks.is_empty() {
        return Ok(None);
    }
    let mut targets = Vec::new();
    for hook in &config.webhooks {
        let key = secrets.of(&hook.secret_file)?;
        let target = WebhookTarget::new(hook.url.clone(), &key, hook.kinds.clone());
        targets.push(target.map_err(wrong)?);
    }
    let hooks = HttpWebhooks::new(name, Arc::new(SystemClock), targets).map_err(wrong)?;
    Ok(Some(Arc::new(hooks)))
}

fn customers(config: &ServerConfig) -> Result<Vec<Customer>, CommandError> {
    let customer = |customer: &CustomerConfig| {
        Ok(Customer {
            system_id: customer.system_id,
            key: customer.key.parse::<VerifyingKey>().map_err(wrong)?,
        })
    };
    config.customers.iter().map(customer).collect()
}

fn router_door(
    router: &RouterConfig,
    settings: &Settings,
) -> Result<Arc<dyn RouterDoor>, CommandError> {
    let ca_pem = router.ca_file.as_deref().map(text_of).transpose()?;
    let client = RouterClient::new(
        &router.url,
        ca_pem.as_deref(),
        settings.system_id,
        Arc::clone(&settings.signing_key),
        Arc::new(SystemClock),
        Arc::new(OsEntropy),
    );
    Ok(Arc::new(client.map_err(wrong)?))
}

/// The way to the mail server.
///
/// # Errors
/// [`ErrorKind::Config`] for settings that do not fit.
pub(super) fn mailer(
    mail: &MailConfig,
    secrets: &ServerSecrets,
) -> Result<SmtpMailer, CommandError> {
    let (security, usual) = match mail.security {
        MailProtection::StartTls => (MailSecurity::StartTls, 587),
        MailProtection::Tls => (MailSecurity::Tls, 465),
        MailProtection::None => (MailSecurity::None, 25),
    };
    let account = match (&mail.username, &mail.password_file) {
        (Some(user), Some(file)) => Some((user.clone(), secrets.of(file)?)),
        (None, None) => None,
        _ => {
            return Err(CommandError::new(
                ErrorKind::Config,
                "server.mail: username and password_file go together",
            )
            .hint("Keep the password:  callhome server secret set mail")
            .hint("and name it:        password_file: keyring:mail   (or the path of a file of mode 0600)"));
        }
    };
    let settings = MailSettings {
        host: mail.host.clone(),
        port: mail.port.unwrap_or(usual),
        security,
        account,
        from: mail.from.clone(),
        ca_pem: mail.ca_file.as_deref().map(text_of).transpose()?,
    };
    SmtpMailer::new(settings).map_err(wrong)
}
