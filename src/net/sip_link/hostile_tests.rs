//! A link among peers that mean it no good.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::StreamExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::sip::{InboundRequest, SipUri};

/// Answers everything with 200, and counts.
#[derive(Default)]
struct Takes(AtomicUsize);

#[async_trait]
impl SipHandler for Takes {
    async fn handle(&self, _: InboundRequest) -> Reply {
        self.0.fetch_add(1, Ordering::Relaxed);
        Reply::ok()
    }
}

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

fn server() -> (SipLink, Arc<Takes>) {
    let takes = Arc::new(Takes::default());
    let options = LinkOptions {
        streams: true,
        ..LinkOptions::new(loopback(), [1; 32]).with_handler(takes.clone())
    };
    (SipLink::open(options).expect("a port"), takes)
}

fn client() -> SipLink {
    SipLink::open(LinkOptions::new(loopback(), [2; 32])).expect("a port")
}

async fn options(link: &SipLink, to: &str, patience: Duration) -> SipReport {
    let request = OutboundRequest::options(to.parse::<SipUri>().expect("an address"));
    let report = link.request(request, Patience::of(patience)).await;
    report.expect("open")
}

const SECONDS: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn phones_on_connections_are_served_beside_a_flood_of_datagrams() {
    let (link, _) = server();
    let to = link.local_addr();
    let over = Arc::new(AtomicBool::new(false));
    // An answer to nothing, long enough that reading it takes longer than sending it.
    let rubbish = format!(
        "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\n\
         To: <sip:c@d>;tag=2\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\n{}\r\n",
        "Subject: nothing at all\r\n".repeat(50)
    );
    let floods: Vec<_> = (0..2)
        .map(|_| {
            let (over, rubbish) = (Arc::clone(&over), rubbish.clone());
            std::thread::spawn(move || {
                let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port");
                while !over.load(Ordering::Relaxed) {
                    // What the system drops is as good as lost.
                    drop(socket.send_to(rubbish.as_bytes(), to));
                }
            })
        })
        .collect();
    // The flood has begun to be read.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let us = client();
    let report = options(&us, &format!("sip:{to};transport=tcp"), SECONDS).await;
    over.store(true, Ordering::Relaxed);
    for flood in floods {
        flood.join().expect("no panic");
    }
    assert!(report.outcome.is_delivered(), "{report:?}");
    link.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_web_socket_that_answers_no_ping_is_given_up() {
    use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
    let listener = TcpListener::bind(loopback()).await.expect("a port");
    let to = listener.local_addr().expect("bound");
    let dead = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a caller");
        #[expect(clippy::result_large_err, reason = "the library's signature")]
        let choose = |_: &Request, mut response: Response| {
            let chosen = "sip".parse().expect("a header value");
            let headers = response.headers_mut();
            headers.insert("Sec-WebSocket-Protocol", chosen);
            Ok(response)
        };
        let socket = tokio_tungstenite::accept_hdr_async(stream, choose).await;
        let mut socket = socket.expect("a WebSocket");
        // It takes the request, and from then on nobody is there.
        drop(socket.next().await);
        socket
    });
    let us = SipLink::open(LinkOptions {
        keep_alive: Duration::from_millis(100),
        ..LinkOptions::new(loopback(), [3; 32])
    })
    .expect("a port");
    let report = options(&us, &format!("sip:{to};transport=ws"), SECONDS * 2).await;
    let SipOutcome::TransportError { detail } = &report.outcome else {
        panic!("{report:?}");
    };
    assert_eq!(detail, "keep-alives are not answered any more");
    assert!(report.elapsed < SECONDS, "{report:?}");
    drop(dead);
}

#[tokio::test]
async fn which_of_our_addresses_faces_a_peer_is_asked_again_after_a_while() {
    let any = SocketAddr::from(([0, 0, 0, 0], 0));
    let us = SipLink::open(LinkOptions::new(any, [4; 32])).expect("a port");
    let peer = SocketAddr::from(([127, 0, 0, 1], 9));
    let before = IpAddr::from([127, 0, 0, 9]);
    for (age, expected) in [(FACING / 2, before), (FACING, IpAddr::from([127, 0, 0, 1]))] {
        let at = Instant::now().checked_sub(age).expect("the machine runs");
        let known = Facing { ours: before, at };
        let facing = us.shared.facing.lock();
        facing.expect("whole").insert(peer.ip(), known);
        let ours = us.address_towards(peer).await.expect("a route");
        assert_eq!(ours.ip(), expected, "known for {age:?}");
    }
}

const ASKED: &str = "OPTIONS sip:anna@h SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\n\
     Max-Forwards: 70\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:anna@h>\r\nCall-ID: 1\r\n\
     CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";

async fn connect(link: &SipLink) -> TcpStream {
    let stream = TcpStream::connect(link.local_addr()).await;
    let stream = stream.expect("it listens");
    stream.set_nodelay(true).expect("a connection");
    stream
}

/// The same, from another address of this machine.
async fn connect_from(host: u8, link: &SipLink) -> TcpStream {
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    let own = SocketAddr::from(([127, 0, 0, host], 0));
    socket.bind(own).expect("ours");
    let stream = socket.connect(link.local_addr()).await;
    stream.expect("it listens")
}

/// What comes until the other side hangs up.
async fn rest(mut stream: TcpStream) -> String {
    let mut all = Vec::new();
    let ended = tokio::time::timeout(SECONDS, stream.read_to_end(&mut all)).await;
    // Cut off in the middle of what we sent, the connection may end with a reset.
    drop(ended.expect("it hangs up in time"));
    String::from_utf8_lossy(&all).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn octet_by_octet_a_message_is_one() {
    let (link, takes) = server();
    let mut stream = connect(&link).await;
    for octet in ASKED.as_bytes().chunks(1) {
        stream.write_all(octet).await.expect("open");
    }
    let mut answer = [0; 14];
    let came = tokio::time::timeout(SECONDS, stream.read_exact(&mut answer)).await;
    came.expect("in time").expect("an answer");
    assert_eq!(&answer, b"SIP/2.0 200 OK");
    assert_eq!(takes.0.load(Ordering::Relaxed), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_a_message_ends_its_own_connection_and_no_other() {
    let (link, takes) = server();
    let mut good = connect(&link).await;
    for bad in [
        "OPTIONS sip:a SIP/2.0\r\nContent-Length: 99999999999999999999\r\n\r\n".to_owned(),
        "OPTIONS sip:a SIP/2.0\r\nContent-Length: 4000000000\r\n\r\n".to_owned(),
        format!("OPTIONS sip:a SIP/2.0\r\n{}", "\0".repeat(70_000)),
        format!("OPTIONS sip:a SIP/2.0\r\nX: {}", "x".repeat(70_000)),
    ] {
        let mut stream = connect(&link).await;
        drop(stream.write_all(bad.as_bytes()).await);
        assert_eq!(rest(stream).await, "");
    }
    good.write_all(ASKED.as_bytes()).await.expect("open");
    let mut answer = [0; 14];
    let came = tokio::time::timeout(SECONDS, good.read_exact(&mut answer)).await;
    came.expect("in time").expect("an answer");
    assert_eq!(&answer, b"SIP/2.0 200 OK");
    assert_eq!(takes.0.load(Ordering::Relaxed), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_large_messages_than_there_is_room_for_are_not_taken_in_and_small_ones_are() {
    let (link, _) = server();
    let begun = format!(
        "MESSAGE sip:a SIP/2.0\r\nContent-Length: 1000000\r\n\r\n{}",
        "x".repeat(32 * 1024)
    );
    let mut waiting = Vec::new();
    let hosts = connection::LARGE / connection::LARGE_FROM_ONE;
    for host in (0..connection::LARGE).map(|n| 2 + n % hosts) {
        let mut stream = connect_from(u8::try_from(host).expect("few"), &link).await;
        stream.write_all(begun.as_bytes()).await.expect("open");
        waiting.push(stream);
    }
    // Every one of them was read when one more is refused.
    let mut refused = 0;
    let until = Instant::now() + SECONDS;
    while refused == 0 {
        assert!(Instant::now() < until, "none is refused");
        let mut stream = connect(&link).await;
        drop(stream.write_all(begun.as_bytes()).await);
        let mut octet = [0];
        let ended = tokio::time::timeout(SECONDS / 20, stream.read(&mut octet)).await;
        match ended {
            Ok(_) => refused += 1,
            Err(_) => waiting.push(stream),
        }
    }
    assert!(waiting.len() <= connection::LARGE + 20);
    let us = client();
    let to = format!("sip:{};transport=tcp", link.local_addr());
    assert!(options(&us, &to, SECONDS).await.outcome.is_delivered());
    // When they are gone there is room again.
    drop(waiting);
    let mut whole = ASKED.replace("Content-Length: 0", "Content-Length: 100000");
    whole.push_str(&"x".repeat(100_000));
    loop {
        assert!(Instant::now() < until, "no room");
        let mut stream = connect(&link).await;
        drop(stream.write_all(whole.as_bytes()).await);
        let mut answer = [0; 14];
        if stream.read_exact(&mut answer).await.is_ok() {
            assert_eq!(&answer, b"SIP/2.0 200 OK");
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_fills_its_share_of_large_messages_takes_no_room_from_others() {
    let (link, _) = server();
    let begun = format!(
        "MESSAGE sip:a SIP/2.0\r\nContent-Length: 1000000\r\n\r\n{}",
        "x".repeat(32 * 1024)
    );
    let mut waiting = Vec::new();
    let until = Instant::now() + SECONDS;
    loop {
        assert!(Instant::now() < until, "one address takes all");
        let mut stream = connect_from(2, &link).await;
        drop(stream.write_all(begun.as_bytes()).await);
        let mut octet = [0];
        let ended = tokio::time::timeout(SECONDS / 20, stream.read(&mut octet)).await;
        match (ended, waiting.len()) {
            (Ok(_), held) => {
                assert!(held >= connection::LARGE_FROM_ONE, "{held}");
                break;
            }
            (Err(_), _) => waiting.push(stream),
        }
        // The first ones need not be waited for one by one.
        while waiting.len() < connection::LARGE_FROM_ONE {
            let mut stream = connect_from(2, &link).await;
            stream.write_all(begun.as_bytes()).await.expect("open");
            waiting.push(stream);
        }
    }
    let mut whole = ASKED.replace("Content-Length: 0", "Content-Length: 100000");
    whole.push_str(&"x".repeat(100_000));
    let mut other = connect_from(3, &link).await;
    other.write_all(whole.as_bytes()).await.expect("open");
    let mut answer = [0; 14];
    let came = tokio::time::timeout(SECONDS, other.read_exact(&mut answer)).await;
    came.expect("in time").expect("an answer");
    assert_eq!(&answer, b"SIP/2.0 200 OK");
    drop(waiting);
}

// The clock runs by itself when nothing else does.
#[tokio::test(start_paused = true)]
async fn a_message_that_drips_is_waited_for_once_and_not_for_every_drop() {
    let (near, mut far) = tokio::io::duplex(1024);
    let (heard, mut told) = mpsc::channel(16);
    let (outbox, inbox) = mpsc::channel(1);
    let ends = connection::Ends {
        id: 1,
        inbox,
        pongs: outbox.downgrade(),
        heard,
        keep_alive: SECONDS * 100,
        large: connection::Large::new(),
        guest: None,
    };
    let begun = Instant::now();
    let serving = tokio::spawn(connection::serve(near, ends, loopback()));
    let drips = tokio::spawn(async move {
        for octet in std::iter::repeat(b'x') {
            if far.write_all(&[octet]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
    });
    let Some(connection::Heard::Closed { detail, .. }) = told.recv().await else {
        panic!("it is over");
    };
    assert_eq!(detail, "a message did not end in time");
    assert_eq!(begun.elapsed(), connection::STALL);
    serving.await.expect("no panic");
    drips.abort();
}
