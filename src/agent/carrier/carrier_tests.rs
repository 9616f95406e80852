use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::*;
use crate::domain::Msisdn;
use crate::port::{DoorError, WebCaller};

/// Notes what was called; fails the first `failures` calls.
#[derive(Default)]
struct Calls {
    urls: Mutex<Vec<String>>,
    failures: Mutex<u32>,
}

#[async_trait]
impl WebCaller for Calls {
    async fn call(&self, url: &str) -> Result<u16, DoorError> {
        let mut failures = self.failures.lock().expect("no panic in tests");
        if *failures > 0 {
            *failures -= 1;
            return Err(DoorError::Unreachable("nobody".into()));
        }
        self.urls
            .lock()
            .expect("no panic in tests")
            .push(url.into());
        Ok(202)
    }
}

impl Calls {
    async fn wait_for(&self, part: &str) -> String {
        let found = timeout(Duration::from_secs(10), async {
            loop {
                let hit = self
                    .urls
                    .lock()
                    .expect("no panic in tests")
                    .iter()
                    .find(|u| u.contains(part))
                    .cloned();
                match hit {
                    Some(url) => return url,
                    None => tokio::time::sleep(Duration::from_millis(5)).await,
                }
            }
        });
        found.await.expect("the address is called")
    }
}

fn any() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

async fn start(settings: CarrierSettings, calls: &Arc<Calls>) -> Carrier {
    Carrier::start(any(), any(), settings, Arc::clone(calls) as _)
        .await
        .expect("loopback can be bound")
}

async fn http(carrier: &Carrier, query: &str) -> String {
    let mut stream = TcpStream::connect(carrier.http()).await.expect("listens");
    let request = format!("GET /cgi-bin/sendsms?{query} HTTP/1.0\r\nHost: x\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("taken");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("answered");
    answer
}

fn number() -> Msisdn {
    "+14085550137".parse().expect("valid")
}

#[tokio::test]
async fn a_message_reaches_the_attached_device_unchanged_and_its_receipt_the_sender() {
    let calls = Arc::new(Calls::default());
    let carrier = start(CarrierSettings::default(), &calls).await;
    let mut line = CarrierLine::dial(carrier.line(), &[number()])
        .await
        .expect("dials");
    // The first message waits or not, depending on who is faster: both are right.
    let answer = http(&carrier, "to=%2B14085550137&from=srv&text=KME%202.00%20x%20msg(a%2520b)&dlr-url=https%3A%2F%2Fh%2Fdlr%3Fref%3D1%26type%3D%25d").await;
    assert!(answer.starts_with("HTTP/1.0 202"), "{answer}");
    let sms = line.next().await.expect("a message");
    assert_eq!(
        (sms.text.as_str(), sms.from.as_str()),
        ("KME 2.00 x msg(a%20b)", "srv")
    );
    assert!(
        calls.urls.lock().expect("no panic in tests").is_empty(),
        "no receipt before it arrived"
    );
    line.received(sms.id).await.expect("connected");
    assert_eq!(calls.wait_for("/dlr").await, "https://h/dlr?ref=1&type=1");
    carrier.stop().await;
}

#[tokio::test]
async fn a_message_for_an_absent_device_waits_and_survives_a_broken_line() {
    let calls = Arc::new(Calls::default());
    let carrier = start(CarrierSettings::default(), &calls).await;
    let answer = http(&carrier, "to=14085550137&text=hello").await;
    assert!(answer.contains("3: Queued for later delivery"), "{answer}");
    let mut line = CarrierLine::dial(carrier.line(), &[number()])
        .await
        .expect("dials");
    let first = line.next().await.expect("a message");
    drop(line);
    // Not acknowledged: it comes again.
    let again = timeout(Duration::from_secs(10), async {
        loop {
            let mut line = CarrierLine::dial(carrier.line(), &[number()])
                .await
                .expect("dials");
            if let Ok(Ok(sms)) = timeout(Duration::from_millis(100), line.next()).await {
                return sms;
            }
        }
    });
    assert_eq!(again.await.expect("delivered again"), first);
    carrier.stop().await;
}

#[tokio::test]
async fn a_message_from_a_device_is_handed_on_until_the_server_takes_it() {
    let calls = Arc::new(Calls::default());
    *calls.failures.lock().expect("no panic in tests") = 1;
    let settings = CarrierSettings {
        mo_url: Some("https://h/gateway/v1/sim/s/mo".into()),
        ..CarrierSettings::default()
    };
    let carrier = start(settings, &calls).await;
    let mut line = CarrierLine::dial(carrier.line(), &[number()])
        .await
        .expect("dials");
    let sms = Sms {
        id: String::new(),
        from: number().to_string(),
        to: "srv".into(),
        text: "KMR 2.00 ok()".into(),
    };
    line.send(sms).await.expect("connected");
    let url = calls.wait_for("/mo").await;
    assert!(url.starts_with("https://h/gateway/v1/sim/s/mo?from=%2B14085550137&to=srv&text=KMR%202.00%20ok%28%29&id="), "{url}");
    carrier.stop().await;
}

#[tokio::test]
async fn strangers_and_nonsense_are_refused_as_kannel_does() {
    let settings = CarrierSettings {
        account: Some(("kannel".into(), "secret".into())),
        ..CarrierSettings::default()
    };
    let carrier = start(settings, &Arc::new(Calls::default())).await;
    for (query, status) in [
        (
            "username=kannel&password=secret&to=%2B14085550137&text=a",
            "202",
        ),
        (
            "username=kannel&password=wrong&to=%2B14085550137&text=a",
            "403",
        ),
        ("to=%2B14085550137&text=a", "403"),
        ("username=kannel&password=secret&text=a", "400"),
        ("username=kannel&password=secret&to=%2B14085550137", "400"),
        ("username=kannel&password=secret&to=abc&text=a", "400"),
    ] {
        let answer = http(&carrier, query).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.0 {status}")),
            "{query}: {answer}"
        );
    }
    assert_eq!(carrier.counts().taken, 1);
    carrier.stop().await;
}
