//! Kamailio over every transport that it has: TCP and TLS with SHA-256, WebSocket and secure WebSocket.

use std::time::Duration;

use callhome::sip::{Reply, Transport};
use serde_json::Value;

use super::peer::{Peer, free_port};
use super::registrars::{aside, loopback};
use super::transports::{answering, certificate};
use super::{json, lines, password_file};

struct Centre {
    kamailio: Peer,
    tls_port: u16,
    folder: tempfile::TempDir,
}

impl Centre {
    fn start(parts: &[&str]) -> Option<Self> {
        let (ca, certificate, key) = certificate(&["localhost"]);
        let tls_port = free_port();
        let kamailio = Peer::kamailio_of(Some((tls_port, &certificate, &key)), parts)?;
        let folder = tempfile::tempdir().expect("a scratch folder");
        std::fs::write(folder.path().join("ca.pem"), ca).expect("a scratch file");
        Some(Self {
            kamailio,
            tls_port,
            folder,
        })
    }

    /// Runs `callhome sip` with the authority, and with the password where it is signed.
    fn sip(&self, arguments: &[&str], signed: bool) -> (i32, Value) {
        let ca = self.folder.path().join("ca.pem");
        let mut all = vec!["sip"];
        all.extend(arguments);
        all.extend(["--ca", ca.to_str().expect("text")]);
        let password = self.folder.path().join("secret1");
        if !password.exists() {
            password_file(&self.folder, "secret1");
        }
        if signed {
            let password = password.to_str().expect("text");
            all.extend(["--user", "dev1", "--password-file", password]);
        }
        json(&all)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_tcp_and_tls_it_asks_with_sha_256_and_is_answered() {
    let parts = &["WITH_SHA256", "WITH_PROXY_AUTH"];
    let Some(centre) = aside(move || Centre::start(parts)).await else {
        return;
    };
    let (device, mut asked) = answering(loopback(), Reply::ok(), |o| o);
    let contact = format!("dev1@{};transport=tcp", device.local_addr());
    aside(move || {
        let port = centre.kamailio.port;
        let aor = format!("dev1@127.0.0.1:{port}");
        for (transport, registrar) in [
            ("tcp", format!("sip:127.0.0.1:{port};transport=tcp")),
            ("tls", format!("sips:localhost:{}", centre.tls_port)),
        ] {
            let register = [
                "register",
                &aor,
                "--registrar",
                &registrar,
                "--contact",
                &contact,
            ];
            let (code, report) = centre.sip(&register, true);
            assert_eq!(code, 0, "{report} {}", centre.kamailio.log());
            assert_eq!(
                lines(&report),
                ["REGISTER", "401 Unauthorized", "REGISTER", "200 OK"]
            );
            assert_eq!(report["ladder"][0]["transport"], transport);
            let proxy = registrar.replace("sips:", "sip:").replace(
                &format!(":{}", centre.tls_port),
                &format!(":{};transport=tls", centre.tls_port),
            );
            let notify = ["notify", &aor, "--as", &aor, "--proxy", &proxy];
            let (code, report) = centre.sip(&notify, true);
            assert_eq!(code, 0, "{report} {}", centre.kamailio.log());
            assert_eq!(lines(&report)[1], "407 Proxy Authentication Required");
            assert_eq!(report["ladder"][0]["transport"], transport);
            // It wants a proof of the BYE as well.
            let invite = ["invite", &aor, "--as", &aor, "--proxy", &proxy];
            let (code, report) = centre.sip(&invite, true);
            assert_eq!(code, 0, "{report} {}", centre.kamailio.log());
            let seen = lines(&report);
            assert_eq!(seen[seen.len() - 3..], ["ACK", "BYE", "200 OK"], "{report}");
        }
    })
    .await;
    for _ in 0..2 {
        for method in ["NOTIFY", "INVITE", "BYE"] {
            let heard = tokio::time::timeout(Duration::from_secs(10), asked.recv()).await;
            let request = heard.expect(method).expect("a request");
            assert_eq!(request.method().as_str(), method);
            assert_eq!(request.transport, Transport::Tcp);
        }
    }
    device.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_takes_our_web_sockets_plain_and_inside_tls() {
    let Some(centre) = aside(|| Centre::start(&["WITH_WS"])).await else {
        return;
    };
    let (device, mut asked) = answering(loopback(), Reply::ok(), |o| o);
    let contact = format!("dev1@{};transport=tcp", device.local_addr());
    aside(move || {
        let port = centre.kamailio.port;
        let aor = format!("dev1@127.0.0.1:{port}");
        for (transport, registrar) in [
            ("ws", format!("sip:127.0.0.1:{port};transport=ws")),
            (
                "wss",
                format!("sip:localhost:{};transport=wss", centre.tls_port),
            ),
        ] {
            let register = [
                "register",
                &aor,
                "--registrar",
                &registrar,
                "--contact",
                &contact,
            ];
            let (code, report) = centre.sip(&register, true);
            assert_eq!(code, 0, "{report} {}", centre.kamailio.log());
            assert_eq!(
                lines(&report),
                ["REGISTER", "401 Unauthorized", "REGISTER", "200 OK"]
            );
            assert_eq!(report["ladder"][0]["transport"], transport);
            // In by WebSocket, out over TCP to the device, and the whole dialog comes back the same way.
            for verb in ["notify", "invite"] {
                let (code, report) = centre.sip(&[verb, &aor, "--proxy", &registrar], false);
                assert_eq!(code, 0, "{verb} {report} {}", centre.kamailio.log());
                assert_eq!(report["ladder"][0]["transport"], transport);
            }
        }
        // The authority is asked of a WebSocket, too.
        let target = format!("sip:localhost:{};transport=wss", centre.tls_port);
        let (code, report) = json(&["sip", "options", &target]);
        assert_eq!(code, 12, "{report}");
        let detail = report["detail"].as_str().expect("told");
        assert!(detail.contains("no authority that is trusted"), "{detail}");
    })
    .await;
    for _ in 0..2 {
        for method in ["NOTIFY", "INVITE", "BYE"] {
            let heard = tokio::time::timeout(Duration::from_secs(10), asked.recv()).await;
            let request = heard.expect(method).expect("a request");
            assert_eq!(request.method().as_str(), method);
            assert_eq!(request.message.list("Via").len(), 2, "through Kamailio");
        }
    }
    device.close().await;
}
