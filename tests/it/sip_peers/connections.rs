//! Which requests a connection takes with it when it is lost.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use callhome::net::sip_link::{LinkOptions, SipLink};
use callhome::net::tls::ClientTls;
use callhome::port::SipHandler;
use callhome::sip::{
    InboundRequest, OutboundRequest, Patience, Reply, SipOutcome, SipReport, SipUri, Target,
};
use tokio::sync::{Semaphore, mpsc};

use super::registrars::loopback;
use super::transports::{certificate, server_config};

/// Tells that it was asked, and answers when it is told to.
struct Later {
    asked: mpsc::UnboundedSender<()>,
    answer: Semaphore,
}

#[async_trait]
impl SipHandler for Later {
    async fn handle(&self, _: InboundRequest) -> Reply {
        self.asked.send(()).expect("the test runs");
        self.answer.acquire().await.expect("never closed").forget();
        Reply::ok()
    }
}

async fn options(link: &SipLink, name: &str, at: SocketAddr) -> SipReport {
    let uri: SipUri = format!("sips:anna@{name}").parse().expect("an address");
    let mut request = OutboundRequest::options(uri);
    request.target = Target::Address(at);
    let patience = Patience::of(Duration::from_secs(30));
    link.request(request, patience).await.expect("open")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_fails_takes_no_request_of_another_one_with_it() {
    let (ca, certificate, key) = certificate(&["anna.test"]);
    let (told, mut asked) = mpsc::unbounded_channel();
    let later = Arc::new(Later {
        asked: told,
        answer: Semaphore::new(0),
    });
    let server = SipLink::open(LinkOptions {
        tls_door: Some((loopback(), server_config(None, &certificate, &key))),
        ..LinkOptions::new(loopback(), [1; 32]).with_handler(later.clone())
    })
    .expect("a port");
    let door = server.tls_addr().expect("open");
    let us = SipLink::open(LinkOptions {
        tls: ClientTls::new(Some(&ca), None).expect("PEM"),
        ..LinkOptions::new(loopback(), [2; 32])
    })
    .expect("a port");
    let first = tokio::spawn({
        let us = us.clone();
        async move { options(&us, "anna.test", door).await }
    });
    asked.recv().await.expect("asked");
    // Another name at the same address, and nobody there has a certificate for it.
    let second = options(&us, "bert.test", door).await;
    let SipOutcome::TransportError { detail } = &second.outcome else {
        panic!("{second:?}");
    };
    assert!(detail.contains("is not for bert.test"), "{detail}");
    later.answer.add_permits(1);
    let first = first.await.expect("no panic");
    assert!(first.outcome.is_delivered(), "{first:?}");
    us.close().await;
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_begins_handshakes_and_never_ends_them_keeps_nobody_else_out() {
    let (ca, certificate, key) = certificate(&["anna.test"]);
    let server = SipLink::open(LinkOptions {
        tls_door: Some((loopback(), server_config(None, &certificate, &key))),
        ..LinkOptions::new(loopback(), [1; 32])
    })
    .expect("a port");
    let door = server.tls_addr().expect("open");
    let mut silent = Vec::new();
    for _ in 0..600 {
        let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
        socket
            .bind(SocketAddr::from(([127, 0, 0, 2], 0)))
            .expect("ours");
        silent.push(socket.connect(door).await.expect("it listens"));
    }
    let us = SipLink::open(LinkOptions {
        tls: ClientTls::new(Some(&ca), None).expect("PEM"),
        ..LinkOptions::new(loopback(), [2; 32])
    })
    .expect("a port");
    let report = options(&us, "anna.test", door).await;
    assert!(report.outcome.is_delivered(), "{report:?}");
    us.close().await;
    // Who comes from the same address waits behind them.
    silent.truncate(256);
    let own = SocketAddr::from(([127, 0, 0, 2], 0));
    let us = SipLink::open(LinkOptions {
        tls: ClientTls::new(Some(&ca), None).expect("PEM"),
        ..LinkOptions::new(own, [3; 32])
    })
    .expect("a port");
    let (report, ()) = tokio::join!(options(&us, "anna.test", door), async {
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        drop(silent);
    });
    assert!(report.outcome.is_delivered(), "{report:?}");
    us.close().await;
    server.close().await;
}
