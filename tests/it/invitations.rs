//! Invitations on their way: text message, letter, link.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use callhome::api::{Device, EnrolResponse, Invitation, InvitationWay, JoinLink, Problem};
use callhome::domain::{DeviceId, DeviceSecret};
use callhome::net::mail::{MailSecurity, MailSettings, SmtpMailer};
use callhome::net::management::fetch_authority;
use callhome::net::tls::Acquaintances;
use callhome::port::{BearerError, OutboundSms, SmsAccepted, SmsGateway};
use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufStream};
use tokio::net::TcpListener;

use crate::support::device::{enrolment, random};
use crate::support::server::{Setup, TestServer, answer, keys_of};

const NUMBER: &str = "+14085550137";

/// Keeps what it is to send, or refuses.
#[derive(Default)]
struct Letterbox {
    sent: Mutex<Vec<OutboundSms>>,
    refuses: bool,
}

#[async_trait]
impl SmsGateway for Letterbox {
    fn name(&self) -> &str {
        "letterbox"
    }

    async fn send(&self, sms: OutboundSms) -> Result<SmsAccepted, BearerError> {
        if self.refuses {
            return Err(BearerError::Unreachable("letterbox".into()));
        }
        self.sent.lock().expect("no panic").push(sms);
        Ok(SmsAccepted {
            answer: "0: Accepted for delivery".into(),
            reference: None,
        })
    }
}

#[tokio::test]
async fn an_invitation_by_text_message_verifies_the_number_that_comes_with_its_code() {
    let gateway = Arc::new(Letterbox::default());
    let server = TestServer::with(Setup {
        gateways: vec![Arc::clone(&gateway) as _],
        ..Setup::default()
    })
    .await;
    let asked = json!({"count": 1, "send": {"by": "sms", "to": NUMBER}});
    let invitation: Invitation = server.post("/api/v1/invitations", &asked, 201).await;
    let sent = invitation.sent.as_ref().expect("sent");
    assert_eq!(sent.through, "letterbox");
    assert_eq!(
        sent.way,
        InvitationWay::Sms {
            to: NUMBER.parse().expect("valid")
        }
    );
    let sms = gateway.sent.lock().expect("no panic")[0].clone();
    assert_eq!(sms.to.to_string(), NUMBER);

    // What came by SMS leads to this server, and proves which one it is.
    let link: JoinLink = sms
        .text
        .split_whitespace()
        .find_map(|word| word.parse().ok())
        .expect("a link");
    assert_eq!(link.to_string(), invitation.links[0]);
    assert_eq!(link.server_url, server.url);
    let met = fetch_authority(&link.server_url.parse().expect("an address")).await;
    assert!(link.names(&met.expect("reached").fingerprint));
    // A browser that opens it gets words, and the code stays with the browser.
    let page = server
        .network(Method::GET, "/join")
        .send()
        .await
        .expect("an answer");
    assert!(
        page.text()
            .await
            .expect("text")
            .contains("invitation for a phone")
    );

    let (id, secret) = (
        DeviceId::from_random(random()),
        DeviceSecret::from_bytes(random()),
    );
    let body = enrolment(&invitation, id, &secret, "358931104120070");
    let request = server.network(Method::POST, "/agent/v1/enrol").json(&body);
    let enrolled: EnrolResponse = answer(request, 200).await;
    let device: Device = server
        .get(&format!("/api/v1/devices/{}", enrolled.device))
        .await;
    assert!(device.numbers[0].verified_at.is_some(), "{device:?}");

    // A phone with another number does not get this one.
    let asked = json!({"count": 1, "send": {"by": "sms", "to": "+46701234567"}});
    let other: Invitation = server.post("/api/v1/invitations", &asked, 201).await;
    let (id, secret) = (
        DeviceId::from_random(random()),
        DeviceSecret::from_bytes(random()),
    );
    let body = enrolment(&other, id, &secret, "490154203237518");
    let request = server.network(Method::POST, "/agent/v1/enrol").json(&body);
    let enrolled: EnrolResponse = answer(request, 200).await;
    let device: Device = server
        .get(&format!("/api/v1/devices/{}", enrolled.device))
        .await;
    assert_eq!(device.numbers.len(), 1);
    assert!(device.numbers[0].verified_at.is_none(), "{device:?}");
    server.stop().await;
}

#[tokio::test]
async fn an_invitation_that_cannot_be_sent_says_why() {
    let server = TestServer::start().await;
    for (way, word) in [
        (json!({"by": "sms", "to": NUMBER}), "gateway"),
        (
            json!({"by": "email", "to": "anna@example.net"}),
            "mail server",
        ),
    ] {
        let asked = json!({"count": 1, "send": way});
        let problem: Problem = server.post("/api/v1/invitations", &asked, 422).await;
        assert!(problem.detail.contains(word), "{problem:?}");
        assert!(problem.next.contains("server."), "{problem:?}");
    }
    let many = json!({"count": 2, "send": {"by": "sms", "to": NUMBER}});
    let _problem: Problem = server.post("/api/v1/invitations", &many, 422).await;
    server.stop().await;
    let server = TestServer::with(Setup {
        gateways: vec![Arc::new(Letterbox {
            refuses: true,
            ..Letterbox::default()
        }) as _],
        ..Setup::default()
    })
    .await;
    let asked = json!({"count": 1, "send": {"by": "sms", "to": NUMBER}});
    let problem: Problem = server.post("/api/v1/invitations", &asked, 504).await;
    assert!(problem.next.contains("another way"), "{problem:?}");
    server.stop().await;
}

/// Talks SMTP (RFC 5321) with one client: STARTTLS first, then a login, then one letter, which it gives.
async fn one_letter(listener: TcpListener, tls: tokio_rustls::TlsAcceptor) -> (String, String) {
    let (stream, _) = listener.accept().await.expect("a client");
    let mut plain = BufStream::new(stream);
    say(&mut plain, "220 mail ESMTP").await;
    assert!(hear(&mut plain).await.starts_with("EHLO"));
    say(&mut plain, "250-mail\r\n250 STARTTLS").await;
    assert_eq!(hear(&mut plain).await, "STARTTLS");
    say(&mut plain, "220 go ahead").await;
    let mut safe = BufStream::new(tls.accept(plain.into_inner()).await.expect("TLS"));
    assert!(hear(&mut safe).await.starts_with("EHLO"));
    say(&mut safe, "250-mail\r\n250 AUTH PLAIN").await;
    let login = hear(&mut safe).await;
    say(&mut safe, "235 welcome").await;
    assert!(
        hear(&mut safe)
            .await
            .starts_with("MAIL FROM:<devices@example.net>")
    );
    say(&mut safe, "250 ok").await;
    assert_eq!(hear(&mut safe).await, "RCPT TO:<anna@example.net>");
    say(&mut safe, "250 ok").await;
    assert_eq!(hear(&mut safe).await, "DATA");
    say(&mut safe, "354 go on").await;
    let mut letter = String::new();
    loop {
        let line = hear(&mut safe).await;
        if line == "." {
            break;
        }
        letter.push_str(&line);
        letter.push('\n');
    }
    say(&mut safe, "250 taken").await;
    (login, letter)
}

async fn say<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufStream<S>, words: &str) {
    stream
        .write_all(format!("{words}\r\n").as_bytes())
        .await
        .expect("said");
    stream.flush().await.expect("said");
}

async fn hear<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufStream<S>) -> String {
    let mut line = String::new();
    stream.read_line(&mut line).await.expect("heard");
    line.trim_end().to_owned()
}

fn mailer(port: u16, ca_pem: &str) -> SmtpMailer {
    SmtpMailer::new(MailSettings {
        host: "localhost".into(),
        port,
        security: MailSecurity::StartTls,
        account: Some(("callhome".into(), "mail-password".into())),
        from: "Device care <devices@example.net>".into(),
        ca_pem: Some(ca_pem.to_owned()),
    })
    .expect("good settings")
}

#[tokio::test]
async fn a_letter_goes_out_under_tls_to_the_server_that_it_is_for_and_to_no_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let (identity, _) = keys_of(&folder, "mail");
    let nobody = Acquaintances::new(&[]).expect("none");
    let tls = Arc::new(identity.server_config(&nobody).expect("TLS"));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let port = listener.local_addr().expect("bound").port();
    let desk = tokio::spawn(one_letter(listener, Arc::clone(&tls).into()));
    let server = TestServer::with(Setup {
        mailer: Some(Arc::new(mailer(port, identity.ca_pem()))),
        ..Setup::default()
    })
    .await;
    let asked = json!({"count": 1, "send": {"by": "email", "to": "anna@example.net"}});
    let invitation: Invitation = server.post("/api/v1/invitations", &asked, 201).await;
    let (login, letter) = desk.await.expect("no panic");
    let expected = data_encoding::BASE64.encode(b"\0callhome\0mail-password");
    assert_eq!(login, format!("AUTH PLAIN {expected}"));
    assert!(
        letter.contains("Subject: test invites your phone"),
        "{letter}"
    );
    // Quoted-printable lines (RFC 2045) are joined again.
    let text = letter.replace("=\n", "").replace("=3D", "=");
    for part in [&invitation.codes[0].to_string(), &invitation.links[0]] {
        assert!(text.contains(part), "{part} in {text}");
    }
    server.stop().await;

    // Somebody with another authority's certificate gets neither password nor letter.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let port = listener.local_addr().expect("bound").port();
    let impostor = tokio::spawn(one_letter(listener, tls.into()));
    let elsewhere = tempfile::tempdir().expect("a folder");
    let (other, _) = keys_of(&elsewhere, "other");
    let server = TestServer::with(Setup {
        mailer: Some(Arc::new(mailer(port, other.ca_pem()))),
        ..Setup::default()
    })
    .await;
    let problem: Problem = server.post("/api/v1/invitations", &asked, 504).await;
    assert!(problem.detail.contains("UnknownIssuer"), "{problem:?}");
    assert!(impostor.await.is_err(), "the handshake failed");
    server.stop().await;
}
