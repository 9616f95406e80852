//! Centres that hang up, do not listen, or talk too much.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use callhome::net::smpp_link::{SmppGateway, SmppSettings};
use callhome::port::{ReceiptKey, SmsInbox, SmsPart, StoreError};
use callhome::sms::smpp::{Bind, Frame, IdKeys, Pdu, ShortMessage, Status};
use callhome::sms::{Fragment, Inbound, ReceiptOutcome};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::peer::{Noted, PATIENCE, wait_for};

fn gateway(
    listener: &TcpListener,
    inbox: Arc<dyn SmsInbox>,
    change: impl FnOnce(&mut SmppSettings),
) -> SmppGateway {
    let port = listener.local_addr().expect("bound").port();
    let mut settings = SmppSettings::new("127.0.0.1", port, "foo", "bar");
    change(&mut settings);
    SmppGateway::start("smsc-1", settings, Vec::new(), inbox, true).expect("set up")
}

/// The next connection.
async fn called(listener: &TcpListener) -> TcpStream {
    let accepted = timeout(PATIENCE, listener.accept()).await;
    accepted.expect("a connection in time").expect("accepted").0
}

async fn read(stream: &mut TcpStream) -> Frame {
    let mut octets = vec![0; 4];
    stream.read_exact(&mut octets).await.expect("a length");
    let length = Frame::length(&octets)
        .expect("a length")
        .expect("all of it");
    octets.resize(length, 0);
    stream.read_exact(&mut octets[4..]).await.expect("a PDU");
    Frame::read(&octets).expect("well formed")
}

/// The next connection, let in.
async fn bound(listener: &TcpListener) -> TcpStream {
    let mut stream = called(listener).await;
    let asked = read(&mut stream).await;
    assert!(matches!(asked.pdu, Ok(Pdu::Bind { .. })), "{asked:?}");
    let answer = Pdu::BindResp {
        bind: Bind::Transceiver,
        system_id: "TEST".into(),
    };
    let answer = Frame::write(asked.sequence, Status::OK, &answer).expect("fits");
    stream.write_all(&answer).await.expect("written");
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn a_centre_that_lets_in_and_hangs_up_is_called_less_and_less_often() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let _gateway = gateway(&listener, Arc::new(Noted::default()), |_| {});
    drop(bound(&listener).await);
    let first = Instant::now();
    for _ in 0..4 {
        drop(bound(&listener).await);
    }
    // Waits of 0.5, 1, 2 and 4 s, of which chance takes half at most.
    let took = first.elapsed();
    assert!(took >= Duration::from_millis(3700), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_centre_that_asks_and_never_reads_an_answer_is_left() {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4096).expect("set");
    socket
        .bind("127.0.0.1:0".parse().expect("an address"))
        .expect("loopback");
    let listener = socket.listen(8).expect("listens");
    let _gateway = gateway(&listener, Arc::new(Noted::default()), |settings| {
        settings.enquire = Duration::from_millis(300);
    });
    let mut stream = bound(&listener).await;
    let questions: Vec<u8> = (1..=4096)
        .flat_map(|n| Frame::write(n, Status::OK, &Pdu::EnquireLink).expect("fits"))
        .collect();
    let asking = tokio::spawn(async move { while stream.write_all(&questions).await.is_ok() {} });
    bound(&listener).await;
    // It noticed that it was left.
    let noticed = timeout(PATIENCE, asking).await;
    noticed.expect("in time").expect("no panic");
}

/// A store that keeps nothing until it is told to.
struct Slow {
    begun: AtomicUsize,
    leave: Semaphore,
}

#[async_trait]
impl SmsInbox for Slow {
    async fn taken(&self, _: &str, _: SmsPart, _: Option<IdKeys>) -> Result<(), StoreError> {
        Ok(())
    }

    async fn receipt(
        &self,
        _: &str,
        _: ReceiptKey,
        _: ReceiptOutcome,
        _: &str,
    ) -> Result<(), StoreError> {
        Ok(())
    }

    async fn message(&self, _: &str, _: Inbound) -> Result<(), StoreError> {
        self.begun.fetch_add(1, Ordering::Relaxed);
        let left = self.leave.acquire().await;
        left.expect("never closed").forget();
        Ok(())
    }

    async fn part(&self, _: &str, _: Fragment) -> Result<(), StoreError> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_centre_that_hands_over_more_than_can_be_kept_has_to_wait_and_nothing_is_lost() {
    const ALL: u32 = 3_000;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let slow = Arc::new(Slow {
        begun: AtomicUsize::new(0),
        leave: Semaphore::new(0),
    });
    let _gateway = gateway(&listener, Arc::clone(&slow) as _, |_| {});
    let stream = bound(&listener).await;
    let (mut reader, mut writer) = stream.into_split();
    let handing = tokio::spawn(async move {
        for n in 1..=ALL {
            let message = ShortMessage {
                octets: format!("message {n}").into(),
                ..ShortMessage::default()
            };
            let pdu = Pdu::Deliver(Box::new(message));
            let octets = Frame::write(n, Status::OK, &pdu).expect("fits");
            writer.write_all(&octets).await.expect("written");
        }
        writer
    });
    let begun = || slow.begun.load(Ordering::Relaxed);
    wait_for("a thousand messages", || (begun() >= 1_000).then_some(())).await;
    // Those that came in one piece with the last of them are begun too.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(begun() < 1_600, "{} at once", begun());
    slow.leave.add_permits(ALL as usize);
    let mut answers = vec![0; ALL as usize * 17];
    let answered = timeout(PATIENCE, reader.read_exact(&mut answers)).await;
    answered.expect("in time").expect("an answer for each");
    assert_eq!(begun(), ALL as usize);
    let _writer = handing.await.expect("no panic");
}
