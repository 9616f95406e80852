//! Registration: sipsak at our registrar, our device at Kamailio.

use std::net::SocketAddr;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::mpsc;

use callhome::domain::{Binding, Timestamp};
use callhome::net::sip_link::{LinkOptions, SipLink};
use callhome::port::SipHandler;
use callhome::sip::digest::{DigestFault, NonceSource, Verifier};
use callhome::sip::{Applicant, Decision, InboundRequest, Registrar, RegistrarLimits, Reply};

use super::peer::{Peer, installed};
use super::{callhome, json, lines, password_file};

pub(super) fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// A registrar of one user that keeps its bindings in memory.
pub(super) struct OneUser {
    pub(super) registrar: Registrar,
    pub(super) bindings: Mutex<Vec<Binding>>,
}

#[async_trait]
impl SipHandler for OneUser {
    async fn handle(&self, request: InboundRequest) -> Reply {
        let applicant = self.registrar.claimed_user(&request).map(|user| Applicant {
            password: (user == "dev1").then(|| "secret1".to_owned()),
            user,
            registers_others: false,
        });
        let mut stored = self.bindings.lock().expect("no panic before");
        let now = Timestamp::from_millis(1_800_000_000_000);
        let decision = self
            .registrar
            .decide(&request, applicant.as_ref(), stored.clone(), now);
        match decision {
            Decision::Refused(reply) => reply,
            Decision::Registered {
                bindings, reply, ..
            } => {
                *stored = bindings;
                reply
            }
        }
    }
}

fn one_user() -> (Arc<OneUser>, SipLink) {
    let nonces = NonceSource::new([3; 32], Duration::from_secs(300));
    let registrar = Registrar::new(Verifier::new("devices", nonces), RegistrarLimits::default());
    let user = Arc::new(OneUser {
        registrar,
        bindings: Mutex::default(),
    });
    let options = LinkOptions::new(loopback(), [8; 32]).with_handler(user.clone());
    (user, SipLink::open(options).expect("a port"))
}

/// Blocking work beside the runtime that serves the sockets.
pub(super) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("no panic")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sipsak_registers_at_our_registrar_and_only_with_the_password() {
    if !installed(&["sipsak"]) {
        return;
    }
    let (user, link) = one_user();
    let port = link.local_addr().port();
    let sipsak = |password: &'static str| {
        aside(move || {
            Command::new("sipsak")
                .args(["-U", "-C", "sip:dev1@127.0.0.1:5071", "-x", "600"])
                .args(["-s", &format!("sip:dev1@127.0.0.1:{port}")])
                .args(["-u", "dev1", "-a", password, "-vv"])
                .output()
                .expect("sipsak runs")
        })
    };
    let refused = sipsak("guess").await;
    assert!(!refused.status.success());
    assert!(user.bindings.lock().expect("no panic").is_empty());
    let taken = sipsak("secret1").await;
    let told = String::from_utf8_lossy(&[taken.stdout, taken.stderr].concat()).into_owned();
    assert!(taken.status.success(), "{told}");
    let bindings = user.bindings.lock().expect("no panic").clone();
    assert_eq!(bindings.len(), 1, "{told}");
    assert_eq!(bindings[0].contact, "sip:dev1@127.0.0.1:5071");
    // sipsak cuts the fifth digit off the port in To: only the part before it is compared.
    assert!(
        bindings[0].aor.starts_with("sip:dev1@127.0.0.1:"),
        "{}",
        bindings[0].aor
    );
    link.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_register_command_and_our_registrar_understand_each_other() {
    let (user, link) = one_user();
    let port = link.local_addr().port();
    let folder = tempfile::tempdir().expect("a scratch folder");
    let password = password_file(&folder, "secret1");
    let register = move |expires: &'static str| {
        let password = password.clone();
        aside(move || {
            let aor = format!("dev1@127.0.0.1:{port}");
            json(&[
                "sip",
                "register",
                &aor,
                "--contact",
                "dev1@127.0.0.1:5072",
                "--instance",
                "urn:uuid:1",
                "--expires",
                expires,
                "--user",
                "dev1",
                "--password-file",
                password.to_str().expect("text"),
            ])
        })
    };
    let (code, report) = register("600").await;
    assert_eq!(code, 0, "{report}");
    let contact = report["answer"]["headers"]["Contact"]
        .as_str()
        .expect("told");
    assert!(contact.contains("expires=600"), "{contact}");
    {
        let bindings = user.bindings.lock().expect("no panic");
        assert_eq!(bindings[0].instance, "<urn:uuid:1>");
        assert_eq!(
            bindings[0].accept,
            [callhome::sip::contact_me::CONTENT_TYPE]
        );
    }
    assert_eq!(register("0").await.0, 0);
    assert!(user.bindings.lock().expect("no panic").is_empty());
    let (code, _) = register("5").await;
    assert_eq!(code, 11, "an interval that is too brief");
    link.close().await;
}

/// A device that tells what it was asked, and takes it.
struct Device(mpsc::UnboundedSender<InboundRequest>);

#[async_trait]
impl SipHandler for Device {
    async fn handle(&self, request: InboundRequest) -> Reply {
        // Nobody listens any more only when the test is over.
        drop(self.0.send(request));
        Reply::ok()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_registered_at_kamailio_is_notified_and_called_through_it() {
    let Some(kamailio) = aside(Peer::kamailio).await else {
        return;
    };
    let (told, mut asked) = mpsc::unbounded_channel();
    let options = LinkOptions::new(loopback(), [9; 32]).with_handler(Arc::new(Device(told)));
    let device = SipLink::open(options).expect("a port");
    let folder = tempfile::tempdir().expect("a scratch folder");
    let password = password_file(&folder, "secret1");
    let aor = format!("dev1@127.0.0.1:{}", kamailio.port);
    let contact = format!("dev1@{}", device.local_addr());
    let (code, report) = {
        let (aor, contact) = (aor.clone(), contact.clone());
        aside(move || {
            json(&[
                "sip",
                "register",
                &aor,
                "--contact",
                &contact,
                "--user",
                "dev1",
                "--password-file",
                password.to_str().expect("text"),
            ])
        })
        .await
    };
    assert_eq!(code, 0, "{report} {}", kamailio.log());
    assert_eq!(
        lines(&report),
        ["REGISTER", "401 Unauthorized", "REGISTER", "200 OK"]
    );

    // To the address of record: the proxy finds the contact.
    let target = aor.clone();
    let (code, report) =
        aside(move || json(&["sip", "notify", &target, "--request-id", "4t9wz0kc"])).await;
    assert_eq!(code, 0, "{report} {}", kamailio.log());
    let request = asked.recv().await.expect("a request");
    assert_eq!(request.event(), Some("application-server-contact-me"));
    assert_eq!(request.message.body(), b"Request-Id: 4t9wz0kc\r\n");
    assert_eq!(request.message.list("Via").len(), 2, "through the proxy");

    // To the contact itself, through the proxy by loose route.
    let (target, proxy) = (contact, format!("127.0.0.1:{}", kamailio.port));
    let (code, report) = aside(move || json(&["sip", "invite", &target, "--proxy", &proxy])).await;
    assert_eq!(code, 0, "{report} {}", kamailio.log());
    assert_eq!(
        asked.recv().await.expect("a request").method().as_str(),
        "INVITE"
    );
    assert_eq!(
        asked.recv().await.expect("a request").method().as_str(),
        "BYE"
    );

    let nobody = aor.replace("dev1", "nobody");
    let refused = aside(move || callhome(&["sip", "notify", &nobody])).await;
    assert_eq!(refused.status.code(), Some(11));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("404"));
    device.close().await;
}

/// A device that wants to know who sends, with the body covered.
struct Asking(Verifier);

#[async_trait]
impl SipHandler for Asking {
    async fn handle(&self, request: InboundRequest) -> Reply {
        let now = Timestamp::from_millis(1_800_000_000_000);
        let message = &request.message;
        match self.0.verify(message, "dev1", Some("secret1"), now) {
            Ok(()) => Reply::ok(),
            Err(DigestFault::Missing) => self.0.ask(message, now, false),
            Err(_) => Reply::new(403),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kamailio_and_the_device_behind_it_both_challenge_and_both_are_answered() {
    let parts = &["WITH_SHA256", "WITH_PROXY_AUTH"];
    let Some(kamailio) = aside(move || Peer::kamailio_that(parts)).await else {
        return;
    };
    let nonces = NonceSource::new([4; 32], Duration::from_secs(300));
    let verifier = Verifier::new("device", nonces)
        .covering_bodies()
        .behind_proxies();
    let options = LinkOptions::new(loopback(), [10; 32]).with_handler(Arc::new(Asking(verifier)));
    let device = SipLink::open(options).expect("a port");
    let folder = tempfile::tempdir().expect("a scratch folder");
    let password = password_file(&folder, "secret1");
    let password = password.to_str().expect("text").to_owned();
    let aor = format!("dev1@127.0.0.1:{}", kamailio.port);
    let contact = format!("dev1@{}", device.local_addr());
    let (registered, notified) = aside(move || {
        let signed = ["--user", "dev1", "--password-file", &password];
        let register = ["sip", "register", &aor, "--contact", &contact];
        let registered = json(&[&register[..], &signed].concat());
        let notify = [
            "sip",
            "notify",
            &aor,
            "--as",
            &aor,
            "--request-id",
            "4t9wz0kc",
        ];
        (registered, json(&[&notify[..], &signed].concat()))
    })
    .await;
    let (code, report) = registered;
    assert_eq!(code, 0, "{report} {}", kamailio.log());
    let (code, report) = notified;
    assert_eq!(code, 0, "{report} {}", kamailio.log());
    assert_eq!(
        lines(&report),
        [
            "NOTIFY",
            "407 Proxy Authentication Required",
            "NOTIFY",
            "401 Unauthorized",
            "NOTIFY",
            "200 OK"
        ]
    );
    device.close().await;
}
