//! Text messages straight to an SMPP centre that nobody here wrote.

mod killed;
pub(crate) mod peer;
mod routes;
mod server;
mod tls;
mod unkind;
pub(crate) mod wireshark;

use std::sync::Arc;
use std::time::Duration;

use callhome::net::smpp_link::BindMode;
use callhome::port::{BearerError, OutboundSms, SmsGateway};
use callhome::sms::smpp::IdForm;
use callhome::sms::{Meter, ReceiptOutcome, SendOptions};
use serde_json::json;

use peer::{Centre, Noted, PATIENCE, wait_for};

const NUMBER: &str = "+358401234567";

fn sms(text: &str) -> OutboundSms {
    OutboundSms::text(
        NUMBER.parse().expect("a number"),
        text,
        "4t9wz0kc".parse().expect("an id"),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn one_two_and_ten_segments_of_every_kind_arrive_and_each_has_its_receipt() {
    let Some(mut centre) = Centre::start() else {
        return;
    };
    let inbox = Arc::new(Noted::default());
    let gateway = centre.gateway(&inbox, |_| {});
    assert_eq!(centre.next("bind")["version"], 0x34);
    let mut receipts = 0;
    for (text, segments) in [
        ("[short] {with} €scapes ~ ^ | \\ @ _ ä".to_owned(), 1),
        ("0123456789€".repeat(26), 3),
        ("0123456789".repeat(30), 2),
        ("0123456789".repeat(150), 10),
        ("Жёлтая лодка 😀".to_owned(), 1),
        ("Жёлтая лодка 😀 ".repeat(8), 2),
        ("Жёлтая лодка 😀 ".repeat(41), 10),
    ] {
        assert_eq!(
            Meter::of(&text).expect("short").segments,
            segments,
            "{text}"
        );
        let accepted = gateway.send(sms(&text)).await.expect("taken");
        let ids: Vec<String> = accepted
            .reference
            .expect("ids")
            .split(',')
            .map(str::to_owned)
            .collect();
        assert_eq!(ids.len(), segments);
        let mut arrived = String::new();
        for number in 1..=segments {
            let segment = centre.next("text");
            assert_eq!(segment["id"], ids[number - 1].as_str());
            assert_eq!(segment["to"], NUMBER[1..]);
            assert_eq!(
                (&segment["ton"], &segment["registered"]),
                (&json!(1), &json!(1))
            );
            assert_eq!(segment["esm"], if segments > 1 { 0x40 } else { 0 });
            arrived.push_str(segment["text"].as_str().expect("text"));
            let last = segment["udh"][0].as_str().map(|udh| &udh[udh.len() - 4..]);
            let expected = format!("{segments:02x}{number:02x}");
            assert_eq!(last, (segments > 1).then_some(expected.as_str()));
        }
        assert_eq!(arrived, text);
        receipts += segments;
        let heard = inbox.receipts(receipts).await;
        for id in ids {
            let of = heard.iter().filter(|(keys, _)| keys.exact == id);
            let outcomes: Vec<_> = of.map(|(_, outcome)| *outcome).collect();
            assert_eq!(outcomes, [ReceiptOutcome::Delivered], "{id}");
        }
    }
    // Octets with ports, and every option.
    let push = SendOptions {
        octets: Some((0..=255).collect()),
        ports: Some((2948, 9200)),
        validity: Some(Duration::from_secs(3600)),
        deferred: Some(Duration::from_secs(60)),
        priority: Some(2),
        flash: true,
    };
    let octets = OutboundSms {
        options: push,
        ..sms("")
    };
    gateway.send(octets).await.expect("taken");
    let mut arrived = String::new();
    for _ in 0..2 {
        let segment = centre.next("text");
        arrived.push_str(segment["text"].as_str().expect("text"));
        assert_eq!(segment["coding"], 0x14);
        assert_eq!(segment["priority"], 2);
        assert_eq!(segment["udh"][0], "05040b8423f0");
        for (field, expected) in [("validity", 3600), ("schedule", 60)] {
            let seconds = segment[field].as_i64().expect("a time");
            assert!(
                (expected - 3..=expected).contains(&seconds),
                "{field}: {seconds}"
            );
        }
    }
    let expected: Vec<u8> = (0..=255).collect();
    assert_eq!(arrived, data_encoding::HEXLOWER.encode(&expected));
    assert!(gateway.check().await.expect("it is there").ready);
    gateway.close().await;
    centre.next("unbind");
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_of_failure_and_ids_in_two_notations_are_understood() {
    let Some(mut centre) = Centre::start_at(0, &[("FIRST_ID", "4778")]) else {
        return;
    };
    centre.set(&json!({ "state": "UNDELIV", "ids": "hex", "early": true }));
    let inbox = Arc::new(Noted::default());
    let gateway = centre.gateway(&inbox, |settings| {
        settings.ids = IdForm::HexThenDecimal;
        settings.bind = BindMode::Pair;
    });
    let accepted = gateway.send(sms("hello")).await.expect("taken");
    assert_eq!(accepted.reference.as_deref(), Some("12AB"));
    let heard = inbox.receipts(1).await;
    assert_eq!(heard[0].1, ReceiptOutcome::Failed);
    assert_eq!(heard[0].0.exact, "0000004779");
    let taken = inbox.taken.lock().expect("never poisoned")[0]
        .1
        .plain
        .clone();
    assert_eq!(heard[0].0.converted.as_deref(), Some(taken.as_str()));
    assert_eq!(centre.next("kept")["kept"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttling_centre_gets_every_message_once_with_its_wish_for_a_receipt() {
    let Some(mut centre) = Centre::start() else {
        return;
    };
    centre.set(&json!({ "throttle": 7 }));
    let inbox = Arc::new(Noted::default());
    let gateway = Arc::new(centre.gateway(&inbox, |settings| settings.window = 3));
    let sends: Vec<_> = (0..20)
        .map(|n| {
            let gateway = Arc::clone(&gateway);
            tokio::spawn(async move { gateway.send(sms(&format!("message {n}"))).await })
        })
        .collect();
    for send in sends {
        send.await.expect("no panic").expect("taken in the end");
    }
    inbox.receipts(20).await;
    let mut texts: Vec<String> = centre
        .all("text")
        .iter()
        .map(|line| {
            assert_eq!(line["registered"], 1);
            line["text"].as_str().expect("text").to_owned()
        })
        .collect();
    assert_eq!(centre.all("throttled").len(), 7);
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), 20, "each once");
    // One that is refused for good is told at once.
    centre.set(&json!({ "refuse": { "status": 0x0b, "count": 1 } }));
    let error = gateway.send(sms("nobody")).await.expect_err("refused");
    assert!(
        matches!(&error, BearerError::Refused { reason, .. } if reason.contains("0x0b")),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_in_mid_window_loses_nothing_and_doubles_nothing() {
    let Some(mut centre) = Centre::start() else {
        return;
    };
    let inbox = Arc::new(Noted::default());
    let gateway = Arc::new(centre.gateway(&inbox, |settings| settings.window = 5));
    gateway.send(sms("before")).await.expect("taken");
    centre.next("text");
    // The centre keeps five and answers none of them; then the connection is cut.
    centre.set(&json!({ "silent": 5 }));
    let sends: Vec<_> = (0..12)
        .map(|n| {
            let gateway = Arc::clone(&gateway);
            tokio::spawn(async move { (n, gateway.send(sms(&format!("message {n}"))).await) })
        })
        .collect();
    let kept: Vec<String> = (0..5)
        .map(|_| {
            centre.next("text")["text"]
                .as_str()
                .expect("text")
                .to_owned()
        })
        .collect();
    centre.cut();
    let (mut taken, mut unknown) = (Vec::new(), Vec::new());
    for send in sends {
        let (n, outcome) = send.await.expect("no panic");
        match outcome {
            Ok(_) => taken.push(format!("message {n}")),
            Err(BearerError::Uncertain { .. }) => unknown.push(format!("message {n}")),
            Err(other) => panic!("message {n}: {other}"),
        }
    }
    let sorted = |mut texts: Vec<String>| {
        texts.sort();
        texts
    };
    assert_eq!(
        sorted(unknown),
        sorted(kept.clone()),
        "what was unanswered is unknown"
    );
    assert_eq!(taken.len(), 7, "what waited went over the next connection");
    // The receipts of the unknown ones come: the centre had them.
    inbox.receipts(13).await;
    let mut all = kept;
    all.extend(
        centre
            .all("text")
            .iter()
            .map(|l| l["text"].as_str().expect("text").to_owned()),
    );
    let total = all.len();
    let all = sorted(all);
    let mut once = all.clone();
    once.dedup();
    assert_eq!((total, once.len()), (12, 12), "each at the centre once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_centre_that_is_started_again_gets_what_waited_and_is_told_apart_from_one_that_is_gone() {
    let Some(mut centre) = Centre::start() else {
        return;
    };
    let port = centre.port;
    let inbox = Arc::new(Noted::default());
    let gateway = Arc::new(centre.gateway(&inbox, |_| {}));
    gateway.send(sms("first")).await.expect("taken");
    centre.next("text");
    drop(centre);
    // Once it is known to be gone, what is sent waits; before, nobody could say who has it.
    let there = || tokio::time::timeout(Duration::from_millis(200), gateway.check());
    while matches!(there().await, Ok(Ok(_))) {}
    let sending = {
        let gateway = Arc::clone(&gateway);
        tokio::spawn(async move { gateway.send(sms("second")).await })
    };
    let mut centre = Centre::start_at(port, &[]).expect("as before");
    sending
        .await
        .expect("no panic")
        .expect("taken by the new one");
    assert_eq!(centre.next("text")["text"], "second");
    assert_eq!(inbox.ids(), ["m1", "m1"], "it counts from the beginning");
    drop(centre);
    while matches!(there().await, Ok(Ok(_))) {}
    let gone = gateway
        .send(sms("third"))
        .await
        .expect_err("nobody is there");
    assert!(matches!(gone, BearerError::Unreachable(_)), "{gone}");
    assert!(gateway.check().await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_phones_arrive_whole() {
    let Some(mut centre) = Centre::start() else {
        return;
    };
    let inbox = Arc::new(Noted::default());
    let _gateway = centre.gateway(&inbox, |settings| settings.bind = BindMode::Receiver);
    centre.next("bind");
    let long = "KMR 2.00 0011223344556677 ".repeat(12);
    for (text, parts) in [("hello @ {world}", 1), (&long, 3)] {
        centre
            .order(&json!({ "from": "358401234567", "to": "12345", "text": text, "parts": parts }));
        for _ in 0..parts {
            assert_eq!(centre.next("kept")["kept"], 0);
        }
        let message = wait_for("a message", || {
            inbox.messages.lock().expect("never poisoned").pop()
        })
        .await;
        assert_eq!(message.text, text);
        assert_eq!(message.from, NUMBER.parse().ok());
        assert_eq!(message.to, "12345");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_not_let_in_is_told_so() {
    let Some(centre) = Centre::start() else {
        return;
    };
    let inbox = Arc::new(Noted::default());
    let gateway = centre.gateway(&inbox, |settings| settings.password = "wrong".into());
    let error = tokio::time::timeout(PATIENCE, gateway.send(sms("x"))).await;
    let error = error.expect("in time").expect_err("not let in").to_string();
    assert!(error.contains("the password is wrong"), "{error}");
}
