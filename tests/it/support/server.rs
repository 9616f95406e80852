//! A whole management endpoint in this process: SQLite in a scratch folder, HTTPS and the local socket on what the system gives.

use std::path::PathBuf;
use std::sync::Arc;

use callhome::api::SigningKey;
use callhome::domain::Timestamp;
use callhome::flow::{Home, PublicAddress};
use callhome::host::{MasterKey, OsEntropy, SystemClock};
use callhome::net::sip_link::{LinkOptions, SipLink};
use callhome::net::tls::{Acquaintances, ServerIdentity, TlsListener};
use callhome::net::unix::LocalListener;
use callhome::port::{Clock, Mailer, Peers, PushService, SmsGateway, Webhooks};
use callhome::server::{
    self, Bearers, Endpoint, GatewayDoor, GatewayInbox, Listeners, Machine, Mode, Parts, PeerTrust,
    Settings, SipDoor,
};
use callhome::store::SqliteStore;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// What a test server is to have beside the ordinary.
#[derive(Default)]
pub(crate) struct Setup {
    /// Its name; `test` when empty.
    pub(crate) name: String,
    /// Where it keeps its files; a fresh scratch folder when `None`.
    pub(crate) dir: Option<TempDir>,
    /// Text message gateways.
    pub(crate) gateways: Vec<Arc<dyn SmsGateway>>,
    /// Push services.
    pub(crate) push: Vec<Arc<dyn PushService>>,
    /// What gateways with connections of their own tell goes there.
    pub(crate) inbox: Option<Arc<GatewayInbox>>,
    /// Name and secret of gateways that may call in.
    pub(crate) gateway_doors: Vec<(String, String)>,
    /// Third parties.
    pub(crate) webhooks: Option<Arc<dyn Webhooks>>,
    /// Servers that may register their system ids here.
    pub(crate) customers: Vec<callhome::server::Customer>,
    /// Sends letters.
    pub(crate) mailer: Option<Arc<dyn Mailer>>,
    /// Name, authority and key of peers that may call in.
    pub(crate) known_peers: Vec<(String, String, callhome::api::VerifyingKey)>,
    /// Peers that it asks.
    pub(crate) peers: Option<Arc<dyn Peers>>,
    /// Who is asked for addresses that the registry does not have.
    pub(crate) look_ups: callhome::port::LookUps,
    /// How many HTTPS connections it has open at most.
    pub(crate) https_at_most: Option<usize>,
    /// By how much its clock is ahead.
    pub(crate) ahead: std::time::Duration,
}

/// A clock that is ahead of the system's.
struct Ahead(std::time::Duration);

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        SystemClock.now().after(self.0)
    }
}

/// A running endpoint.
pub(crate) struct TestServer {
    pub(crate) url: String,
    pub(crate) ca_pem: String,
    pub(crate) socket: PathBuf,
    local: reqwest::Client,
    network: reqwest::Client,
    link: SipLink,
    dir: TempDir,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// The lasting halves of a server, made before it runs: peers need each other's.
pub(crate) fn keys_of(dir: &TempDir, name: &str) -> (ServerIdentity, Arc<SigningKey>) {
    let identity = ServerIdentity::open_or_create(dir.path(), name, &[], SystemClock.now())
        .expect("an authority and a certificate");
    let key = server::signing_key(dir.path(), &OsEntropy).expect("a key");
    (identity, Arc::new(key))
}

impl TestServer {
    /// An ordinary one.
    pub(crate) async fn start() -> Self {
        Self::with(Setup::default()).await
    }

    /// One with extras.
    pub(crate) async fn with(setup: Setup) -> Self {
        let dir = setup
            .dir
            .unwrap_or_else(|| tempfile::tempdir().expect("a scratch folder"));
        let name = if setup.name.is_empty() {
            "test"
        } else {
            &setup.name
        };
        let (identity, key) = keys_of(&dir, name);
        let sealer = Arc::new(
            MasterKey::open_or_create(&dir.path().join("master.key")).expect("a master key"),
        );
        let store = Arc::new(
            SqliteStore::open(&dir.path().join("callhome.db"), sealer.clone()).expect("a store"),
        );
        let known: Vec<_> = setup
            .known_peers
            .iter()
            .map(|(name, pem, _)| (name.clone(), pem.clone()))
            .collect();
        let acquaintances = Arc::new(Acquaintances::new(&known).expect("authorities"));
        let config = identity.server_config(&acquaintances).expect("TLS");
        let https =
            TlsListener::bind(([127, 0, 0, 1], 0).into(), config, 4000).expect("a port for HTTPS");
        let address = https.address();
        let socket = dir.path().join("callhome.sock");
        let door = Arc::new(SipDoor::new(
            "callhome.test",
            [7; 32],
            store.clone(),
            store.clone(),
            Arc::new(Ahead(setup.ahead)),
        ));
        let options = LinkOptions::new(([127, 0, 0, 1], 0).into(), [9; 32]);
        let link = SipLink::open(options.with_handler(door.clone())).expect("a port for SIP");
        let settings = Settings {
            system_id: server::system_id(&*store, &OsEntropy)
                .await
                .expect("a system id"),
            mode: Mode::Serve,
            data_dir: dir.path().to_owned(),
            ca_pem: identity.ca_pem().to_owned(),
            certificate_expires_at: Some(identity.term()),
            sip: Some(format!("sip:{}", link.local_addr())),
            sips: None,
            sip_domain: "callhome.test".into(),
            trusted_servers: Vec::new(),
            sms_sender: None,
            gateway_doors: setup
                .gateway_doors
                .iter()
                .map(|(name, secret)| GatewayDoor {
                    name: name.clone(),
                    secret_digest: Sha256::digest(secret.as_bytes()).into(),
                    fields: callhome::sms::CallFields::default(),
                })
                .collect(),
            peer_trust: setup
                .known_peers
                .iter()
                .map(|(name, _, key)| PeerTrust {
                    name: name.clone(),
                    key: *key,
                })
                .collect(),
            customers: setup.customers,
            acquaintances,
            signing_key: key,
        };
        let home = Home {
            name: name.to_owned(),
            https: Some(PublicAddress {
                host: address.ip().to_string(),
                port: address.port(),
            }),
            certificate_pin: Some(identity.ca_pin()),
            max_segments: 1,
            tries: callhome::flow::Tries::default(),
        };
        let machine = Machine {
            clock: Arc::new(Ahead(setup.ahead)),
            entropy: Arc::new(OsEntropy),
            sealer,
        };
        let bearers = Bearers {
            sip: Some(Arc::new(link.clone())),
            surveyor: None,
            look_ups: setup.look_ups,
            gateways: setup.gateways,
            push: setup.push,
            peers: setup.peers,
            webhooks: setup.webhooks,
            mailer: setup.mailer,
        };
        let endpoint = Endpoint::new(Parts::over(&store, settings, home, machine, bearers));
        door.attach(&endpoint);
        if let Some(inbox) = &setup.inbox {
            inbox.attach(&endpoint);
        }
        server::first_admin(&endpoint).await.expect("a first admin");
        let listeners = Listeners {
            local: Some(LocalListener::bind(&socket).expect("a local socket")),
            https: Some(https),
            https_at_most: setup.https_at_most.unwrap_or(1000),
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            let ended = async move { drop(stopped.await) };
            server::run(endpoint, listeners, ended).await.expect("runs");
        });
        // The first provider of the process stays; there is only this one.
        drop(rustls::crypto::ring::default_provider().install_default());
        let ca = reqwest::Certificate::from_pem(identity.ca_pem().as_bytes()).expect("a CA");
        Self {
            url: format!("https://{address}"),
            ca_pem: identity.ca_pem().to_owned(),
            local: reqwest::Client::builder()
                .unix_socket(socket.clone())
                .build()
                .expect("a client"),
            network: reqwest::Client::builder()
                .no_proxy()
                .tls_certs_only([ca])
                .build()
                .expect("a client"),
            socket,
            link,
            dir,
            stop,
            task,
        }
    }

    /// A request over the local socket, as the operator `local`.
    pub(crate) fn local(&self, method: Method, path: &str) -> RequestBuilder {
        self.local
            .request(method, format!("http://localhost{path}"))
    }

    /// A request over HTTPS.
    pub(crate) fn network(&self, method: Method, path: &str) -> RequestBuilder {
        self.network.request(method, format!("{}{path}", self.url))
    }

    /// Posts JSON over the local socket and reads the answer, which must have `status`.
    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &Value,
        status: u16,
    ) -> T {
        answer(self.local(Method::POST, path).json(body), status).await
    }

    /// Gets over the local socket and reads the answer, which must be 200.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> T {
        answer(self.local(Method::GET, path), 200).await
    }

    /// The one-time code of the first admin.
    pub(crate) fn first_code(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("first-admin.code"))
            .expect("the code's file")
            .trim()
            .to_owned()
    }

    /// Where SIP is listened for.
    pub(crate) fn sip(&self) -> std::net::SocketAddr {
        self.link.local_addr()
    }

    /// The folder.
    pub(crate) fn path(&self) -> &std::path::Path {
        self.dir.path()
    }

    /// Stops it in good order and gives its folder.
    pub(crate) async fn stop(self) -> TempDir {
        drop(self.stop);
        self.task.await.expect("stops");
        self.link.close().await;
        self.dir
    }
}

/// Sends a request and reads the answer, which must have `status`.
pub(crate) async fn answer<T: DeserializeOwned>(request: RequestBuilder, status: u16) -> T {
    let response = request.send().await.expect("an answer");
    let found = response.status();
    let text = response.text().await.expect("a body");
    assert_eq!(
        found,
        StatusCode::from_u16(status).expect("a status"),
        "{text}"
    );
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

/// Now, on the wire's clock.
pub(crate) fn now() -> Timestamp {
    SystemClock.now()
}
