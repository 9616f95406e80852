//! A router hands devices the address and authority of the server that has their system id.

use std::sync::Arc;

use callhome::api::{EnrolResponse, Invitation, Page, RouteRegistration, SigningKey};
use callhome::domain::AuditEntry;
use callhome::host::{OsEntropy, SystemClock};
use callhome::net::router::{RouterClient, directions};
use callhome::net::tls::{Acquaintances, ServerIdentity};
use callhome::port::{BearerError, DoorError, RouterDoor as _};
use callhome::server::Customer;
use reqwest::{Method, Url};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::support::device::{TestDevice, enrolment, invite, random};
use crate::support::server::{Setup, TestServer, answer, keys_of};

fn door(router: &TestServer, invitation: &Invitation, key: &Arc<SigningKey>) -> RouterClient {
    RouterClient::new(
        &router.url.parse().expect("an address"),
        Some(&router.ca_pem),
        invitation.system_id,
        Arc::clone(key),
        Arc::new(SystemClock),
        Arc::new(OsEntropy),
    )
    .expect("a client")
}

#[tokio::test]
async fn a_device_finds_its_server_through_the_router_with_nothing_but_its_system_id() {
    let server = TestServer::start().await;
    let invitation = invite(&server, 1).await;
    let folder = tempfile::tempdir().expect("a folder");
    let (_, key) = keys_of(&folder, "customer");
    let customers = vec![Customer {
        system_id: invitation.system_id,
        key: key.verifying_key(),
    }];
    let router = TestServer::with(Setup {
        name: "router".into(),
        customers: customers.clone(),
        ..Setup::default()
    })
    .await;
    let url: Url = router.url.parse().expect("an address");
    let ask = |id| directions(&url, Some(&router.ca_pem), id);

    // Nobody registered yet, and nobody ever will: the same answer.
    let early = ask(invitation.system_id).await.expect_err("not yet");
    let never = ask("0306406152".parse().expect("valid")).await;
    assert_eq!(never.expect_err("unknown"), early);
    assert!(matches!(early, DoorError::Refused(_)), "{early:?}");

    let route = RouteRegistration {
        server_url: invitation.server_url.clone(),
        ca_pem: invitation.ca_pem.clone(),
    };
    // Only the customer's key registers its system id.
    let elsewhere = tempfile::tempdir().expect("a folder");
    let (_, thief) = keys_of(&elsewhere, "thief");
    let stolen = door(&router, &invitation, &thief).register(&route).await;
    assert!(
        matches!(stolen, Err(BearerError::Refused { .. })),
        "{stolen:?}"
    );
    assert!(ask(invitation.system_id).await.is_err());

    let customer = door(&router, &invitation, &key);
    for _ in 0..2 {
        let answer = customer.register(&route).await.expect("registered");
        assert_eq!(answer.evaluation_until, None);
    }
    let found = ask(invitation.system_id).await.expect("known");
    assert_eq!(found, route);

    // Also right after a restart, before the customer says it again.
    let router = TestServer::with(Setup {
        name: "router".into(),
        dir: Some(router.stop().await),
        customers: customers.clone(),
        ..Setup::default()
    })
    .await;
    let url: Url = router.url.parse().expect("an address");
    let again = directions(&url, Some(&router.ca_pem), invitation.system_id).await;
    assert_eq!(again.expect("known"), route);
    let trail: Page<AuditEntry> = router.get("/api/v1/audit").await;
    let registered = |e: &&AuditEntry| e.draft.event == "router.register";
    assert_eq!(trail.items.iter().filter(registered).count(), 1);

    // With what the router said the device enrols at its server, which alone gets code and secret.
    let there = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([reqwest::Certificate::from_pem(found.ca_pem.as_bytes()).expect("a CA")])
        .build()
        .expect("a client");
    let device = TestDevice::enrol(&server, "490154203237518").await;
    let body = enrolment(
        &invitation,
        callhome::domain::DeviceId::from_random(random()),
        &device.secret,
        "358931104120070",
    );
    let request = there
        .request(Method::POST, format!("{}/agent/v1/enrol", found.server_url))
        .json(&body);
    let _enrolled: EnrolResponse = answer(request, 200).await;
    // A server knows the way to itself.
    let own = json!({ "system_id": invitation.system_id });
    let own = server
        .network(Method::POST, "/agent/v1/enrol/server")
        .json(&own);
    assert_eq!(answer::<RouteRegistration>(own, 200).await, route);
    router.stop().await;
    server.stop().await;
}

/// Answers every request over TLS with a body that never ends; how much of it was written before nobody listened.
async fn talks_without_end(
    identity: ServerIdentity,
    status: &'static str,
) -> (Url, JoinHandle<usize>) {
    let nobody = Acquaintances::new(&[]).expect("none");
    let tls = Arc::new(identity.server_config(&nobody).expect("TLS"));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let port = listener.local_addr().expect("bound").port();
    let talking = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a client");
        let tls = tokio_rustls::TlsAcceptor::from(tls);
        let mut stream = tls.accept(stream).await.expect("TLS");
        let mut asked = vec![0; 8 * 1024];
        let _length = stream.read(&mut asked).await.expect("a request");
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n\""
        );
        stream.write_all(head.as_bytes()).await.expect("written");
        let mut written = 0;
        while stream.write_all(&[b'x'; 16 * 1024]).await.is_ok() {
            written += 16 * 1024;
        }
        written
    });
    let url = format!("https://localhost:{port}");
    (url.parse().expect("an address"), talking)
}

#[tokio::test]
async fn a_router_that_never_ends_its_answer_is_not_listened_to_for_long() {
    for status in ["200 OK", "403 Forbidden"] {
        let folder = tempfile::tempdir().expect("a folder");
        let (identity, key) = keys_of(&folder, "router");
        let ca_pem = identity.ca_pem().to_owned();
        let system_id = "0306406152".parse().expect("valid");
        let (url, talking) = talks_without_end(identity, status).await;
        let asked = directions(&url, Some(&ca_pem), system_id).await;
        assert!(asked.is_err(), "{asked:?}");
        let written = talking.await.expect("no panic");
        // What it holds at most, and what sockets hold.
        assert!(written < 16 * 1024 * 1024, "{written}");

        let (identity, _) = keys_of(&folder, "router");
        let (url, talking) = talks_without_end(identity, status).await;
        let clock = Arc::new(SystemClock);
        let entropy = Arc::new(OsEntropy);
        let door = RouterClient::new(&url, Some(&ca_pem), system_id, key, clock, entropy);
        let route = RouteRegistration {
            server_url: "https://a.example".to_owned(),
            ca_pem: ca_pem.clone(),
        };
        let told = door.expect("a client").register(&route).await;
        assert!(matches!(told, Err(BearerError::Refused { .. })), "{told:?}");
        let written = talking.await.expect("no panic");
        assert!(written < 16 * 1024 * 1024, "{written}");
    }
}

#[tokio::test]
async fn guessing_system_ids_is_slowed_down() {
    let router = TestServer::start().await;
    let body = json!({ "system_id": "0306406152" });
    let mut last = 0;
    for _ in 0..200 {
        let asked = router
            .network(Method::POST, "/agent/v1/enrol/server")
            .json(&body);
        let response = asked.send().await.expect("an answer");
        last = response.status().as_u16();
        if last == 429 {
            break;
        }
        let _problem: Value = response.json().await.expect("a problem");
    }
    assert_eq!(last, 429);
    router.stop().await;
}
