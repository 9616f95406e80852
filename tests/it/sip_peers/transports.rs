//! TCP, TLS, WebSocket and IPv6.

use std::net::{Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use callhome::net::sip_link::{LinkOptions, SipLink};
use callhome::net::tls::ClientTls;
use callhome::port::SipHandler;
use callhome::sip::digest::{Algorithm, NonceSource, Verifier};
use callhome::sip::{
    InboundRequest, Message, OutboundRequest, Patience, Registrar, RegistrarLimits, Reply, SipUri,
    Transport,
};
use futures_util::{SinkExt, StreamExt};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::peer::{Peer, free_port};
use super::places::places;
use super::registrars::{OneUser, aside, loopback};
use super::{callhome, json, lines, password_file};

/// Tells what it was asked, and answers with this.
struct Answers(mpsc::UnboundedSender<InboundRequest>, Reply);

#[async_trait]
impl SipHandler for Answers {
    async fn handle(&self, request: InboundRequest) -> Reply {
        // Nobody listens any more only when the test is over.
        drop(self.0.send(request));
        self.1.clone()
    }
}

/// A link with streams that answers everything alike and tells what it was asked.
pub(super) fn answering(
    at: SocketAddr,
    reply: Reply,
    more: impl FnOnce(LinkOptions) -> LinkOptions,
) -> (SipLink, mpsc::UnboundedReceiver<InboundRequest>) {
    let (told, asked) = mpsc::unbounded_channel();
    let options = LinkOptions {
        streams: true,
        ..LinkOptions::new(at, [11; 32]).with_handler(Arc::new(Answers(told, reply)))
    };
    (SipLink::open(more(options)).expect("a port"), asked)
}

/// An authority, and a certificate of it for these names: three texts in PEM.
pub(super) fn certificate(names: &[&str]) -> (String, String, String) {
    let ca_key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(Vec::<String>::new()).expect("no names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    // A name of its own: OpenSSL 1.0 takes a certificate whose issuer has its own name for one that signs itself.
    let name = &mut params.distinguished_name;
    name.push(rcgen::DnType::CommonName, "authority of the tests");
    let ca = params.self_signed(&ca_key).expect("made").pem();
    let issuer = Issuer::from_ca_cert_pem(&ca, ca_key).expect("an authority");
    let key = KeyPair::generate().expect("a key");
    let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
    let params = CertificateParams::new(names).expect("names");
    let certificate = params.signed_by(&key, &issuer).expect("made").pem();
    (ca, certificate, key.serialize_pem())
}

#[test]
fn sipp_over_tcp_takes_what_it_takes_over_udp() {
    let Some(sipp) = Peer::sipp_over("tcp", "uas_any.xml") else {
        return;
    };
    let target = format!("anna@127.0.0.1:{};transport=tcp", sipp.port);
    for verb in ["notify", "options"] {
        let (code, report) = json(&["sip", verb, &target]);
        assert_eq!((code, &report["code"]), (0, &200.into()), "{report}");
        assert_eq!(places(&report), [format!("tcp 127.0.0.1:{}", sipp.port)]);
        assert_eq!(report["ladder"][0]["transport"], "tcp");
    }
    let (code, report) = json(&["sip", "invite", &target]);
    assert_eq!(code, 0, "{report}");
    assert_eq!(
        lines(&report),
        ["INVITE", "180 Ringing", "200 OK", "ACK", "BYE", "200 OK"]
    );
}

#[test]
fn each_leg_of_a_forked_invite_gets_its_ack_and_bye() {
    let Some(sipp) = Peer::sipp("uas_forked.xml") else {
        return;
    };
    let target = format!("anna@127.0.0.1:{}", sipp.port);
    let (code, report) = json(&["sip", "invite", &target]);
    assert_eq!(code, 0, "{report}");
    let seen = lines(&report);
    for twice in ["180 Ringing", "ACK", "BYE"] {
        assert_eq!(seen.iter().filter(|l| *l == twice).count(), 2, "{seen:?}");
    }
}

#[test]
fn baresip_answers_over_tcp() {
    let account = "<sip:bare@127.0.0.1;transport=tcp>;answermode=auto;regint=0";
    let Some(phone) = Peer::baresip_as("tcp", account) else {
        return;
    };
    let target = format!("bare@127.0.0.1:{};transport=tcp", phone.port);
    let (code, report) = json(&["sip", "options", &target]);
    assert_eq!(code, 0, "{report} {}", phone.log());
    let (code, report) = json(&["sip", "invite", &target]);
    assert_eq!(code, 0, "{report} {}", phone.log());
    let seen = lines(&report);
    assert_eq!(seen[seen.len() - 3..], ["ACK", "BYE", "200 OK"]);
    phone.wait_for("BYE sip:");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_that_registered_over_tcp_is_reached_on_its_own_connection() {
    // The phone of this version reads no challenge but the first, and knows MD5 alone.
    let nonces = NonceSource::new([3; 32], Duration::from_secs(300));
    let verifier = Verifier::new("devices", nonces).offering(&[Algorithm::Md5]);
    let user = Arc::new(OneUser {
        registrar: Registrar::new(verifier, RegistrarLimits::default()),
        bindings: Mutex::default(),
    });
    let options = LinkOptions {
        streams: true,
        ..LinkOptions::new(loopback(), [8; 32]).with_handler(user.clone())
    };
    let link = SipLink::open(options).expect("a port");
    let account = format!(
        "<sip:dev1@127.0.0.1:{};transport=tcp>;auth_user=dev1;auth_pass=secret1;regint=600",
        link.local_addr().port()
    );
    let Some(phone) = aside(move || Peer::baresip_as("tcp", &account)).await else {
        return;
    };
    let binding = {
        let mut waited = 0;
        loop {
            if let Some(binding) = user.bindings.lock().expect("no panic").first().cloned() {
                break binding;
            }
            waited += 1;
            assert!(waited < 200, "no registration: {}", phone.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let came_from = binding.received.expect("known");
    assert_ne!(came_from.port(), phone.port, "a port of its own choice");
    let contact: SipUri = binding.contact.parse().expect("a URI");
    let back: SipUri = format!("sip:{came_from};transport=tcp")
        .parse()
        .expect("a URI");
    let request = OutboundRequest::options(contact).via_route(vec![back]);
    let report = link
        .request(request, Patience::default())
        .await
        .expect("open");
    assert!(report.outcome.is_delivered(), "{report:?} {}", phone.log());
    assert!(report.ladder.iter().all(|s| s.peer == came_from));
    assert!(report.ladder.iter().all(|s| s.transport == Transport::Tcp));
    link.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kamailio_over_tls_is_trusted_by_its_authority_and_its_name_alone() {
    let (ca, certificate, key) = certificate(&["localhost"]);
    let tls_port = free_port();
    let kamailio = aside(move || Peer::kamailio_with(Some((tls_port, &certificate, &key)))).await;
    let Some(kamailio) = kamailio else {
        return;
    };
    let folder = tempfile::tempdir().expect("a scratch folder");
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, ca).expect("a scratch file");
    let ca_file = ca_file.to_str().expect("text").to_owned();
    let password = password_file(&folder, "secret1");
    let (device, mut asked) = answering(loopback(), Reply::ok(), |o| o);
    let contact = format!("dev1@{};transport=tcp", device.local_addr());

    aside(move || {
        let registrar = format!("sips:localhost:{tls_port}");
        let register = [
            "sip",
            "register",
            "dev1@127.0.0.1",
            "--registrar",
            &registrar,
            "--contact",
            &contact,
            "--user",
            "dev1",
            "--password-file",
            password.to_str().expect("text"),
        ];
        // Nobody vouches for its authority here …
        let (code, report) = json(&register);
        assert_eq!(code, 12, "{report}");
        let detail = report["detail"].as_str().expect("told");
        assert!(detail.contains("no authority that is trusted"), "{detail}");
        // … its certificate is not for the address …
        let by_address = register.map(|word| match word {
            word if word == registrar => format!("sips:127.0.0.1:{tls_port}"),
            word => word.to_owned(),
        });
        let by_address: Vec<&str> = by_address.iter().map(String::as_str).collect();
        let (code, report) = json(&[&by_address[..], &["--ca", &ca_file]].concat());
        assert_eq!(code, 12, "{report}");
        let detail = report["detail"].as_str().expect("told");
        assert!(detail.contains("is not for 127.0.0.1"), "{detail}");
        // … and with both it is taken.
        let (code, report) = json(&[&register[..], &["--ca", &ca_file]].concat());
        assert_eq!(code, 0, "{report} {}", kamailio.log());
        assert_eq!(
            lines(&report),
            ["REGISTER", "401 Unauthorized", "REGISTER", "200 OK"]
        );
        assert_eq!(report["ladder"][0]["transport"], "tls");

        // In over TLS and over TCP, out over TCP to the device.
        let plain = format!("127.0.0.1:{};transport=tcp", kamailio.port);
        let sure = format!("localhost:{tls_port};transport=tls");
        for (proxy, verb) in [(&plain, "notify"), (&sure, "notify"), (&sure, "invite")] {
            let target = format!("dev1@127.0.0.1:{}", kamailio.port);
            let (code, report) = json(&["sip", verb, &target, "--proxy", proxy, "--ca", &ca_file]);
            assert_eq!(code, 0, "{verb} {proxy} {report} {}", kamailio.log());
        }
    })
    .await;
    for method in ["NOTIFY", "NOTIFY", "INVITE", "BYE"] {
        let request = asked.recv().await.expect("a request");
        assert_eq!(request.method().as_str(), method);
        assert_eq!(request.transport, Transport::Tcp);
    }
    device.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_own_tls_door_serves_and_a_certificate_lets_it_call_back() {
    let (ca, certificate, key) = certificate(&["127.0.0.1"]);
    let tls = ClientTls::new(Some(&ca), Some((&certificate, &key))).expect("PEM");
    let mut links = Vec::new();
    for seed in [1, 2] {
        let config = server_config(Some(&ca), &certificate, &key);
        let tls = tls.clone();
        links.push(answering(loopback(), Reply::ok(), move |o| LinkOptions {
            seed: [seed; 32],
            tls_door: Some((loopback(), config)),
            tls,
            ..o
        }));
    }
    let (there, mut asked_there) = links.pop().expect("two");
    let (here, mut asked_here) = links.pop().expect("two");
    let [to_there, to_here] =
        [&there, &here].map(|l| l.tls_addr().map(|a| format!("sips:dev@{a}")).expect("open"));
    let send = async |link: &SipLink, to: &str| {
        let request = OutboundRequest::options(to.parse().expect("a URI"));
        let report = link.request(request, Patience::default()).await;
        report.expect("open")
    };
    let report = send(&here, &to_there).await;
    assert!(report.outcome.is_delivered(), "{report:?}");
    let request = asked_there.recv().await.expect("a request");
    let via = request.message.top_via().expect("there");
    assert_eq!(via.transport, "TLS");
    assert!(via.params.has("alias"), "{via}");
    let opened_from = request.source;

    // RFC 5923: back over the connection that is there, to the address at which the first one listens.
    let report = send(&there, &to_here).await;
    assert!(report.outcome.is_delivered(), "{report:?}");
    assert_eq!(
        report.ladder[0].peer,
        to_here[9..].parse().expect("an address"),
        "told as the address that was asked for"
    );
    let back = asked_here.recv().await.expect("a request");
    assert_eq!(
        back.local, opened_from,
        "on the connection of the first request"
    );
    here.close().await;
    there.close().await;
}

/// TLS of a server; with an authority, callers have to show a certificate of it.
pub(super) fn server_config(
    ca: Option<&str>,
    certificate: &str,
    key: &str,
) -> Arc<rustls::ServerConfig> {
    use rustls_pki_types::pem::PemObject;
    use rustls_pki_types::{CertificateDer, PrivateKeyDer};
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let der = |pem: &str| CertificateDer::from_pem_slice(pem.as_bytes()).expect("PEM");
    let builder = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .expect("versions");
    let builder = match ca {
        Some(ca) => {
            let mut roots = rustls::RootCertStore::empty();
            roots.add(der(ca)).expect("an authority");
            let clients = rustls::server::WebPkiClientVerifier::builder_with_provider(
                Arc::new(roots),
                provider,
            );
            builder.with_client_cert_verifier(clients.build().expect("roots"))
        }
        None => builder.with_no_client_auth(),
    };
    let config = builder.with_single_cert(
        vec![der(certificate)],
        PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("PEM"),
    );
    Arc::new(config.expect("they belong together"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ipv6_works_over_udp_and_tcp() {
    let here = SocketAddr::from((Ipv6Addr::LOCALHOST, 0));
    let (device, mut asked) = answering(here, Reply::ok(), |o| o);
    for transport in ["udp", "tcp"] {
        let target = format!("anna@{}", device.local_addr());
        let (code, report) =
            aside(move || json(&["sip", "invite", &target, "--transport", transport])).await;
        assert_eq!(code, 0, "{report}");
        assert_eq!(lines(&report).last().map(String::as_str), Some("200 OK"));
        for method in ["INVITE", "BYE"] {
            let request = asked.recv().await.expect("asked");
            assert_eq!(request.method().as_str(), method);
            assert!(request.source.is_ipv6());
            assert_eq!(request.transport.as_str(), transport);
        }
    }
    device.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sip_travels_in_a_web_socket() {
    use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
    use tokio_tungstenite::tungstenite::protocol::Message as Frame;
    let listener = TcpListener::bind(loopback()).await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a caller");
        #[expect(clippy::result_large_err, reason = "the library's signature")]
        let choose = |request: &Request, mut response: Response| {
            assert_eq!(request.headers()["Sec-WebSocket-Protocol"], "sip");
            let chosen = "sip".parse().expect("a header value");
            response
                .headers_mut()
                .insert("Sec-WebSocket-Protocol", chosen);
            Ok(response)
        };
        let mut socket = tokio_tungstenite::accept_hdr_async(stream, choose)
            .await
            .expect("a WebSocket");
        let Some(Ok(Frame::Text(text))) = socket.next().await else {
            panic!("no text");
        };
        let request = Message::parse(text.as_bytes()).expect("SIP");
        let answer = Message::response(&request, 200, "OK", "x").to_bytes();
        let answer = String::from_utf8(answer).expect("text");
        socket.send(Frame::text(answer)).await.expect("open");
        request
    });
    let target = format!("anna@{address}");
    let (code, report) =
        aside(move || json(&["sip", "options", &target, "--transport", "ws"])).await;
    assert_eq!(code, 0, "{report}");
    let request = server.await.expect("no panic");
    let via = request.top_via().expect("there");
    assert_eq!(via.transport, "WS");
    assert!(via.sent_by.ends_with(".invalid"), "{via}");
}

#[test]
fn serve_answers_over_tcp_and_over_tls_with_its_own_authority() {
    use std::io::{BufRead, BufReader};
    let home = tempfile::tempdir().expect("a scratch folder");
    let any = "127.0.0.1:0";
    let data = home.path().join("data");
    let mut server = std::process::Command::new(env!("CARGO_BIN_EXE_callhome"))
        .args(["serve", "--listen", any, "--listen-sip", any])
        .args(["--listen-sips", any, "--data-dir"])
        .arg(&data)
        .env_clear()
        .env("HOME", home.path())
        .stdin(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("our own program");
    let told = BufReader::new(server.stderr.take().expect("piped"));
    let (mut tls, mut plain) = (String::new(), String::new());
    for line in told.lines().map_while(Result::ok) {
        if let Some(at) = line.strip_prefix("SIP over TLS at 127.0.0.1:") {
            at.clone_into(&mut tls);
        }
        if line.starts_with("ready: ") {
            line.rsplit("sip:")
                .next()
                .expect("told")
                .clone_into(&mut plain);
            break;
        }
    }
    let ca = data.join("ca.pem");
    let tried = [
        format!("{plain};transport=tcp"),
        format!("sips:localhost:{tls}"),
    ]
    .map(|target| {
        json(&[
            "sip",
            "options",
            &target,
            "--ca",
            ca.to_str().expect("text"),
        ])
    });
    server.kill().expect("it runs");
    server.wait().expect("it ended");
    for (code, report) in tried {
        assert_eq!((code, &report["code"]), (0, &200.into()), "{report}");
    }
}

#[test]
fn tshark_finds_nothing_malformed_in_a_stream_of_ours() {
    if !super::peer::installed(&["tshark", "text2pcap"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a scratch folder");
    let (text, pcap) = (folder.path().join("dump"), folder.path().join("pcap"));
    let mut dump = String::new();
    let target = "anna@127.0.0.1:5060";
    for transport in ["tcp", "tls", "ws"] {
        for verb in ["notify", "options", "invite"] {
            let output = callhome(&["sip", verb, target, "--transport", transport, "-n"]);
            assert!(output.status.success(), "{verb} {transport}");
            for (i, chunk) in output.stdout.chunks(16).enumerate() {
                let octets: Vec<_> = chunk.iter().map(|b| format!("{b:02x}")).collect();
                dump.push_str(&format!("{:06x} {}\n", i * 16, octets.join(" ")));
            }
        }
    }
    std::fs::write(&text, dump).expect("a scratch file");
    let made = std::process::Command::new("text2pcap")
        .args(["-q", "-T", "5060,5060"])
        .args([&text, &pcap])
        .status();
    assert!(made.expect("text2pcap runs").success());
    let judged = std::process::Command::new("tshark")
        .args([
            "-T",
            "fields",
            "-e",
            "sip.Method",
            "-e",
            "sip.Via.transport",
        ])
        .args(["-e", "_ws.expert.message", "-r"])
        .arg(&pcap)
        .output()
        .expect("tshark runs");
    let told = String::from_utf8_lossy(&judged.stdout);
    let seen: Vec<_> = told.lines().map(str::trim).collect();
    let expected: Vec<_> = ["TCP", "TLS", "WS"]
        .iter()
        .flat_map(|t| ["NOTIFY", "OPTIONS", "INVITE"].map(|m| format!("{m}\t{t}")))
        .collect();
    assert_eq!(seen, expected);
}
