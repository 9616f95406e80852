use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::sip::{InboundRequest, Method, SipUri};

/// Answers OPTIONS with 200, NOTIFY by the user's name, INVITE with 200, all else with 501.
#[derive(Default)]
struct Devices {
    taken: AtomicUsize,
}

#[async_trait]
impl SipHandler for Devices {
    async fn handle(&self, request: InboundRequest) -> Reply {
        self.taken.fetch_add(1, Ordering::Relaxed);
        match request.method() {
            m if m == Method::NOTIFY && request.user().as_deref() == Some("nobody") => {
                Reply::new(404)
            }
            m if m == Method::REGISTER => Reply::new(501),
            _ => Reply::ok(),
        }
    }
}

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

fn client() -> SipLink {
    SipLink::open(LinkOptions::new(loopback(), [1; 32])).expect("a port")
}

fn devices() -> (Arc<Devices>, SipLink) {
    let devices = Arc::new(Devices::default());
    let options = LinkOptions::new(loopback(), [2; 32]).with_handler(devices.clone());
    (devices, SipLink::open(options).expect("a port"))
}

fn uri(user: &str, at: SocketAddr) -> SipUri {
    SipUri::at(user, at)
}

#[tokio::test]
async fn requests_are_told_apart_by_user_on_one_socket() {
    let (_, server) = devices();
    let us = client();
    for (user, code) in [("anna", 200), ("nobody", 404)] {
        let request =
            OutboundRequest::notify(uri(user, server.local_addr()), "check-sync").expect("valid");
        let report = us
            .request(request, Patience::default())
            .await
            .expect("open");
        assert_eq!(report.outcome.code(), Some(code), "{user}");
    }
}

#[tokio::test]
async fn thousands_at_once_are_each_answered_once() {
    let (devices, server) = devices();
    let us = client();
    let calls = (0..3000).map(|i| {
        let request = OutboundRequest::options(uri(&format!("d{i}"), server.local_addr()));
        us.request(request, Patience::default())
    });
    let reports = futures_util::future::join_all(calls).await;
    let delivered = reports
        .iter()
        .filter(|r| r.as_ref().is_ok_and(|r| r.outcome.is_delivered()))
        .count();
    assert_eq!(delivered, 3000);
    assert_eq!(devices.taken.load(Ordering::Relaxed), 3000);
}

#[tokio::test]
async fn a_closed_port_is_told_at_once_by_a_link_to_one_peer() {
    // The port was ours a moment ago and is free now.
    let free = std::net::UdpSocket::bind("127.0.0.1:0")
        .and_then(|s| s.local_addr())
        .expect("a port");
    let options = LinkOptions {
        only: Some(free),
        ..LinkOptions::new(loopback(), [3; 32])
    };
    let us = SipLink::open(options).expect("a port");
    let request = OutboundRequest::options(uri("", free));
    let report = us
        .request(request, Patience::default())
        .await
        .expect("open");
    assert_eq!(
        report.outcome,
        SipOutcome::TransportError {
            detail: format!("nobody listens on udp {free}")
        }
    );
    assert_eq!(report.retransmissions(), 0, "told before the first copy");
}

#[tokio::test]
async fn silence_is_told_within_the_callers_patience() {
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port");
    let request = OutboundRequest::options(uri("", silent.local_addr().expect("bound")));
    let patience = Patience::of(Duration::from_millis(700));
    let report = client().request(request, patience).await.expect("open");
    assert_eq!(report.outcome, SipOutcome::NoAnswer);
    assert_eq!(report.retransmissions(), 1);
}

#[tokio::test]
async fn a_socket_bound_to_all_addresses_names_the_right_one() {
    let (_, server) = devices();
    let any = SocketAddr::from(([0, 0, 0, 0], 0));
    let us = SipLink::open(LinkOptions::new(any, [4; 32])).expect("a port");
    let ours = us
        .address_towards(server.local_addr())
        .await
        .expect("a route");
    assert_eq!(ours.ip().to_string(), "127.0.0.1");
    assert_eq!(ours.port(), us.local_addr().port());
}

#[tokio::test]
async fn an_unknown_name_is_a_transport_error_and_an_unknown_transport_is_refused() {
    let us = client();
    let request = OutboundRequest::options("sip:a@name.invalid".parse().expect("valid"));
    let report = us
        .request(request, Patience::default())
        .await
        .expect("open");
    assert!(
        matches!(&report.outcome, SipOutcome::TransportError { detail } if detail.contains("name.invalid"))
    );
    for other in [
        "sips:a@127.0.0.1;transport=udp",
        "sip:a@127.0.0.1;transport=sctp",
    ] {
        let request = OutboundRequest::options(other.parse().expect("valid"));
        let refused = us.request(request, Patience::default()).await;
        assert!(matches!(refused, Err(BearerError::Unusable(_))), "{other}");
    }
}

#[tokio::test]
async fn after_close_nothing_is_sent_and_callers_are_told() {
    let (_, server) = devices();
    let us = client();
    us.close().await;
    let request = OutboundRequest::options(uri("", server.local_addr()));
    assert!(us.request(request, Patience::default()).await.is_err());
}

#[tokio::test]
async fn an_invite_runs_to_its_bye_over_real_sockets() {
    let (devices, server) = devices();
    let request = OutboundRequest::invite(uri("anna", server.local_addr()));
    let report = client()
        .request(request, Patience::default())
        .await
        .expect("open");
    let labels: Vec<_> = report.ladder.iter().map(|s| s.label().to_owned()).collect();
    assert_eq!(
        labels,
        ["INVITE", "100 Trying", "200 OK", "ACK", "BYE", "200 OK"]
    );
    assert_eq!(devices.taken.load(Ordering::Relaxed), 2);
}

fn streams() -> SipLink {
    let options = LinkOptions {
        streams: true,
        ..LinkOptions::new(loopback(), [5; 32]).with_handler(Arc::new(Devices::default()))
    };
    SipLink::open(options).expect("a port")
}

async fn until(stream: &mut tokio::net::TcpStream, end: &[u8]) -> Vec<u8> {
    use tokio::io::AsyncReadExt as _;
    let mut came = Vec::new();
    while !came.ends_with(end) {
        let octet = stream.read_u8();
        let octet = tokio::time::timeout(Duration::from_secs(5), octet).await;
        came.push(octet.expect("in time").expect("open"));
    }
    came
}

#[tokio::test]
async fn a_stream_in_pieces_is_answered_on_its_connection_and_pings_get_pongs() {
    use tokio::io::AsyncWriteExt as _;
    let link = streams();
    let mut stream = tokio::net::TcpStream::connect(link.local_addr())
        .await
        .expect("it listens");
    let request = "OPTIONS sip:anna@h SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.99:9;branch=z9hG4bK1\r\nMax-Forwards: 70\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:anna@h>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
    for piece in request.as_bytes().chunks(100) {
        stream.write_all(piece).await.expect("open");
        stream.flush().await.expect("open");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // The Via names another address: over a stream the answer comes back all the same (RFC 3261 §18.2.2).
    let answer = until(&mut stream, b"\r\n\r\n").await;
    assert!(answer.starts_with(b"SIP/2.0 200 OK\r\n"));
    stream.write_all(b"\r\n\r\n").await.expect("open");
    assert_eq!(until(&mut stream, b"\r\n").await, b"\r\n");
    link.close().await;
}

#[tokio::test]
async fn a_stream_that_cannot_be_followed_is_closed() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let link = streams();
    let mut stream = tokio::net::TcpStream::connect(link.local_addr())
        .await
        .expect("it listens");
    stream
        .write_all(b"OPTIONS sip:a SIP/2.0\r\nCall-ID: no length\r\n\r\n")
        .await
        .expect("open");
    let mut rest = Vec::new();
    let ended = stream.read_to_end(&mut rest);
    let ended = tokio::time::timeout(Duration::from_secs(5), ended).await;
    assert_eq!(ended.expect("in time").expect("closed in order"), 0);
}

#[tokio::test]
async fn two_requests_to_one_place_share_a_connection() {
    let server = streams();
    let us = client();
    let uri: SipUri = format!("sip:anna@{};transport=tcp", server.local_addr())
        .parse()
        .expect("valid");
    for _ in 0..2 {
        let request = OutboundRequest::options(uri.clone());
        let report = us.request(request, Patience::default()).await;
        assert!(report.expect("open").outcome.is_delivered());
    }
    let connections = std::fs::read_to_string("/proc/net/tcp").expect("the table of sockets");
    let to = format!(":{:04X} 01 ", server.local_addr().port());
    let shared = connections
        .lines()
        .filter(|line| line.contains(&to))
        .count();
    assert_eq!(shared, 1, "established towards the server");
}

/// Answers when it is told to.
struct Later(tokio::sync::Semaphore);

#[async_trait]
impl SipHandler for Later {
    async fn handle(&self, _: InboundRequest) -> Reply {
        self.0.acquire().await.expect("never closed").forget();
        Reply::ok()
    }
}

// One thread: when the caller sees the end of its connection, the driver has been told of it, too.
#[tokio::test]
async fn an_answer_whose_connection_is_gone_goes_to_where_the_caller_listens() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let later = Arc::new(Later(tokio::sync::Semaphore::new(0)));
    let options = LinkOptions {
        streams: true,
        ..LinkOptions::new(loopback(), [4; 32]).with_handler(later.clone())
    };
    let server = SipLink::open(options).expect("a port");
    let listens = tokio::net::TcpListener::bind(loopback())
        .await
        .expect("a port");
    let port = listens.local_addr().expect("bound").port();
    let mut stream = tokio::net::TcpStream::connect(server.local_addr())
        .await
        .expect("it listens");
    // The name in Via is another one: it is the address that the request came from that counts.
    let request = format!(
        "OPTIONS sip:a@h SIP/2.0\r\nVia: SIP/2.0/TCP elsewhere.test:{port};branch=z9hG4bKx\r\n\
         Max-Forwards: 70\r\nFrom: <sip:b@h>;tag=1\r\nTo: <sip:a@h>\r\nCall-ID: c\r\n\
         CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.expect("open");
    stream.shutdown().await.expect("open");
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.expect("open");
    assert_eq!(rest, b"", "no answer yet");
    later.0.add_permits(1);
    let accepted = tokio::time::timeout(Duration::from_secs(10), listens.accept()).await;
    let (mut back, _) = accepted.expect("in time").expect("a connection");
    let mut answer = vec![0; 12];
    back.read_exact(&mut answer).await.expect("an answer");
    assert_eq!(answer, b"SIP/2.0 200 ");
    server.close().await;
}

#[tokio::test]
async fn a_keep_alive_over_udp_is_answered() {
    let (devices, server) = devices();
    let phone = tokio::net::UdpSocket::bind(loopback())
        .await
        .expect("a port");
    phone
        .send_to(b"\r\n\r\n", server.local_addr())
        .await
        .expect("loopback");
    let mut pong = [0; 16];
    let heard = tokio::time::timeout(Duration::from_secs(10), phone.recv_from(&mut pong)).await;
    let (length, from) = heard.expect("in time").expect("a datagram");
    assert_eq!((&pong[..length], from), (&b"\r\n"[..], server.local_addr()));
    assert_eq!(devices.taken.load(Ordering::Relaxed), 0);
}
