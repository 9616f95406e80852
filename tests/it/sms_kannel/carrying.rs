//! Everything that is to arrive through Kannel, and what it makes of a centre that refuses, throttles or goes away.

use std::collections::BTreeMap;
use std::sync::Arc;

use callhome::domain::{DeviceSecret, Sequence, Timestamp};
use callhome::net::sms_http::{HttpGateway, KannelSettings};
use callhome::port::{OutboundSms, SmsGateway as _};
use callhome::sms::{
    ActionResult, Decision, Draft, Fragment, FromPhone, Meter, Receipt, ReceiptOutcome, Receiver,
    ResultStatus, SendOptions, SignedMessage, SmsKeys, Version,
};
use serde_json::{Value, json};

use super::peer::Kannel;
use super::{NUMBER, pairs};

pub(super) fn gateway(kannel: &Kannel) -> Arc<HttpGateway> {
    let address = format!("http://127.0.0.1:{}/cgi-bin/sendsms", kannel.port);
    let receipts = kannel.web.address("/dlr").parse().expect("an address");
    let settings = KannelSettings::new(&address, Some("kme"), "kmepw")
        .expect("an address")
        .receipts_at(Some(receipts));
    Arc::new(HttpGateway::kannel("kannel-1", settings, None).expect("set up"))
}

pub(super) fn sms(text: &str) -> OutboundSms {
    let reference = "4t9wz0kc".parse().expect("an id");
    OutboundSms::text(NUMBER.parse().expect("a number"), text, reference)
}

/// What was told of so many segments: the number of each, and its outcome.
pub(super) fn receipts(kannel: &Kannel, count: usize) -> Vec<(usize, ReceiptOutcome)> {
    let mut told: Vec<(usize, ReceiptOutcome)> = (0..count)
        .map(|_| {
            let call = kannel.web.next("/dlr");
            let receipt = Receipt::from_parameters(pairs(&call)).expect("a receipt");
            let (_, number, _) = Receipt::segment_of(pairs(&call)).expect("a segment");
            (usize::from(number), receipt.outcome)
        })
        .collect();
    told.sort_by_key(|(number, _)| *number);
    told
}

fn all(count: usize, outcome: ReceiptOutcome) -> Vec<(usize, ReceiptOutcome)> {
    (1..=count).map(|number| (number, outcome)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_segments_in_both_alphabets_and_octets_arrive_and_each_has_its_receipt() {
    let Some(mut kannel) = Kannel::start() else {
        return;
    };
    let gateway = gateway(&kannel);
    for (text, coding) in [
        ("0123456789".repeat(150), 0),
        ("Жёлтая лодка 😀 ".repeat(41), 8),
    ] {
        assert_eq!(Meter::of(&text).expect("short").segments, 10);
        gateway.send(sms(&text)).await.expect("accepted");
        let mut segments = BTreeMap::new();
        for _ in 0..10 {
            let segment = kannel.next_at_centre();
            assert_eq!(
                (&segment["coding"], &segment["registered"]),
                (&json!(coding), &json!(1))
            );
            let udh = segment["udh"][0].as_str().expect("long").to_owned();
            assert_eq!(udh[udh.len() - 4..udh.len() - 2], *"0a");
            let words = segment["text"].as_str().expect("text").to_owned();
            segments.insert(udh[udh.len() - 2..].to_owned(), words);
        }
        let arrived: String = segments.into_values().collect();
        assert_eq!(arrived, text);
        assert_eq!(receipts(&kannel, 10), all(10, ReceiptOutcome::Delivered));
    }
    // A push: octets, to a port.
    let octets: Vec<u8> = (0..=255).collect();
    let push = OutboundSms {
        options: SendOptions {
            octets: Some(octets.clone()),
            ports: Some((2948, 9200)),
            ..SendOptions::default()
        },
        ..sms("")
    };
    gateway.send(push).await.expect("accepted");
    let mut arrived = String::new();
    for _ in 0..2 {
        let segment = kannel.next_at_centre();
        assert_eq!(segment["coding"], 4);
        assert_eq!(segment["udh"][0], "05040b8423f0");
        arrived.push_str(segment["text"].as_str().expect("hexadecimal"));
    }
    assert_eq!(arrived, data_encoding::HEXLOWER.encode(&octets));
    assert_eq!(receipts(&kannel, 2), all(2, ReceiptOutcome::Delivered));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_arrives_and_what_the_centre_refuses_are_told_apart() {
    let Some(mut kannel) = Kannel::start() else {
        return;
    };
    let gateway = gateway(&kannel);
    kannel.centre.set(&json!({ "state": "UNDELIV" }));
    gateway.send(sms(&"a".repeat(200))).await.expect("accepted");
    assert_eq!(receipts(&kannel, 2), all(2, ReceiptOutcome::Failed));
    kannel
        .centre
        .set(&json!({ "refuse": { "status": 0x0b, "count": 1 } }));
    gateway
        .send(sms("nobody"))
        .await
        .expect("accepted by Kannel");
    assert_eq!(receipts(&kannel, 1), all(1, ReceiptOutcome::Refused));
}

/// A phone that takes signed messages as they come, and counts what it did.
#[derive(Default)]
struct Phone {
    receiver: Receiver,
    ran: BTreeMap<Sequence, u32>,
}

impl Phone {
    fn hear(&mut self, text: &str, keys: &SmsKeys) {
        let now = Timestamp::from_millis(1_763_647_331_043);
        let message = SignedMessage::parse(text.as_bytes()).expect("unchanged");
        let verified = message.verify(keys, Version::V2).expect("genuine");
        let mut decisions = self.receiver.receive(&verified, now);
        while let Some(decision) = decisions.pop() {
            if let Decision::Run { sequence, action } = decision {
                *self.ran.entry(sequence).or_default() += 1;
                let result = ActionResult::new(sequence, &action, ResultStatus::Done, now);
                decisions.extend(self.receiver.finish(result));
            }
        }
    }
}

/// Signed messages, numbered from `first`.
fn signed(first: u32, count: u32, keys: &SmsKeys) -> Vec<String> {
    let texts = (first..first + count).map(|n| {
        let text = format!("KME 2.00 {n:08x} msg(number%20{n})");
        let draft: Draft = text.parse().expect("a draft");
        draft.sign(keys).expect("numbered").to_string()
    });
    texts.collect()
}

async fn send_all(gateway: &Arc<HttpGateway>, texts: &[String]) {
    let sends: Vec<_> = texts
        .iter()
        .map(|text| {
            let (gateway, sms) = (Arc::clone(gateway), sms(text));
            tokio::spawn(async move { gateway.send(sms).await })
        })
        .collect();
    for send in sends {
        send.await.expect("no panic").expect("accepted");
    }
}

fn text(line: &Value) -> String {
    line["text"].as_str().expect("text").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn throttling_a_cut_and_a_restart_lose_nothing_and_the_phone_does_everything_once() {
    let Some(mut kannel) = Kannel::start() else {
        return;
    };
    let gateway = gateway(&kannel);
    let keys = SmsKeys::derive(&DeviceSecret::from_bytes([7; 32]));
    let mut phone = Phone::default();
    // How often the centre took each text: Kannel repeats what was not answered.
    let mut copies: BTreeMap<String, u32> = BTreeMap::new();

    kannel.centre.set(&json!({ "throttle": 3 }));
    let throttled = signed(1, 6, &keys);
    send_all(&gateway, &throttled).await;
    for _ in &throttled {
        let line = kannel.next_at_centre();
        assert_eq!(line["registered"], 1, "its wish for a receipt stays");
        *copies.entry(text(&line)).or_default() += 1;
    }
    assert_eq!(kannel.centre.all("throttled").len(), 3);
    assert_eq!(copies.len(), 6);
    receipts(&kannel, 6);

    // Five are in the centre's hands, unanswered, when the connection is cut.
    kannel.centre.set(&json!({ "silent": 5 }));
    let cut = signed(7, 12, &keys);
    send_all(&gateway, &cut).await;
    for _ in 0..5 {
        *copies.entry(text(&kannel.next_at_centre())).or_default() += 1;
    }
    kannel.centre.cut();
    while copies.len() < 18 || copies.values().sum::<u32>() < 18 + 5 {
        *copies.entry(text(&kannel.next_at_centre())).or_default() += 1;
    }
    receipts(&kannel, 12);

    // The centre is gone for a while.
    kannel.stop_centre();
    send_all(&gateway, &signed(19, 6, &keys)).await;
    kannel.start_centre();
    while copies.len() < 24 {
        *copies.entry(text(&kannel.next_at_centre())).or_default() += 1;
    }
    assert!(
        receipts(&kannel, 6)
            .iter()
            .all(|(_, o)| *o == ReceiptOutcome::Delivered)
    );

    for (text, copies) in &copies {
        for _ in 0..*copies {
            phone.hear(text, &keys);
        }
    }
    assert_eq!(phone.ran.len(), 24, "{:?}", phone.ran);
    assert!(
        phone.ran.values().all(|times| *times == 1),
        "{:?}",
        phone.ran
    );
}

#[test]
fn parts_that_kannel_does_not_combine_are_told_by_their_header_and_joined() {
    let Some(mut kannel) = Kannel::start_with(false) else {
        return;
    };
    let text = "KMR-2.00-0011223344556677-".repeat(12);
    kannel
        .centre
        .order(&json!({ "from": &NUMBER[1..], "to": "12345", "text": text, "parts": 3 }));
    let mut parts: Vec<Fragment> = Vec::new();
    for _ in 0..3 {
        let call = kannel.web.next("/mo");
        let udh = pairs(&call).find(|(name, _)| *name == "udh");
        let udh = udh.expect("there").1.as_bytes().to_vec();
        let words: Vec<_> = pairs(&call).collect();
        match FromPhone::from_parameters(words, &udh) {
            Ok(FromPhone::Part(part)) => parts.push(part),
            other => panic!("{other:?}"),
        }
    }
    let whole = Fragment::join(&parts).expect("all of it");
    assert_eq!(whole.text, text);
    assert_eq!(whole.from, NUMBER.parse().ok());
}
