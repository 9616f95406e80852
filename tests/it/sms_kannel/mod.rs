//! Text messages through a real Kannel to an SMPP centre, and back.

mod carrying;
mod peer;
mod wireshark;

use callhome::domain::{Action, DeviceSecret, Sequence, Timestamp};
use callhome::net::sms_http::{HttpGateway, KannelSettings};
use callhome::port::{OutboundSms, SmsGateway};
use callhome::sms::{
    ActionResult, Decision, Inbound, Meter, Payload, Receipt, ReceiptOutcome, Receiver, Reply,
    ResultStatus, SignedMessage, SmsKeys, Version,
};

use crate::support::program::{callhome, file};

use peer::Kannel;

const NUMBER: &str = "+358401234567";

fn pairs(parameters: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
    parameters.iter().map(|(n, v)| (n.as_str(), v.as_str()))
}

#[test]
fn what_was_composed_arrives_exactly_and_the_reply_comes_back_as_a_result() {
    let Some(mut kannel) = Kannel::start() else {
        return;
    };
    let folder = tempfile::tempdir().expect("a scratch folder");
    let secret = DeviceSecret::from_bytes([7; 32]);
    let key = file(&folder, "phone.key", 0o600, secret.to_hex().as_bytes());
    let password = file(&folder, "kannel.pw", 0o600, b"kmepw\n");
    let gateway = format!("kannel+http://kme@127.0.0.1:{}", kannel.port);
    let send = [
        "sms",
        "send",
        "--to",
        NUMBER,
        "--gateway-url",
        &gateway,
        "--password-file",
        &password,
    ];

    // compose | sign | send
    let actions = ["aud()", "lck(Lost? Call IT & ask)", "num(00112233aabbccdd)"];
    let compose = [&["sms", "compose", "--sequence", "1"][..], &actions].concat();
    let (code, draft, _) = callhome(&compose, "");
    assert_eq!(code, 0);
    let sign = ["sms", "sign", "--secret-file", &key];
    let (code, signed, _) = callhome(&sign, &draft);
    assert_eq!(code, 0);

    // It locks: nobody is there to confirm it, and nothing is sent.
    let (code, _, told) = callhome(&[&send[..], &["--no-input"]].concat(), &signed);
    assert_eq!(code, 2, "{told}");
    assert!(told.contains("--accept-risk lock"), "{told}");
    let consent = ["--yes", "--accept-risk", "lock", "--reason", "stolen"];
    let (code, sent, told) = callhome(&[&send[..], &consent].concat(), &signed);
    assert_eq!(code, 0, "{told}");
    assert!(sent.starts_with("Accepted for delivery"), "{sent}");

    let arrived = kannel.next_at_centre();
    let text = arrived["text"].as_str().expect("text");
    assert_eq!(text, signed.trim_end());
    assert_eq!(arrived["to"], NUMBER[1..]);
    assert_eq!(arrived["from"], "12345");

    // The phone believes it, does it, and answers by text message.
    let keys = SmsKeys::derive(&secret);
    let message = SignedMessage::parse(text.as_bytes())
        .expect("an action string")
        .verify(&keys, Version::V2)
        .expect("genuine");
    let now = Timestamp::from_millis(1_763_647_331_043);
    let mut phone = Receiver::default();
    let mut reply = None;
    for decision in phone.receive(&message, now) {
        let Decision::Run { sequence, action } = decision else {
            panic!("only actions to run");
        };
        let result = ActionResult::new(sequence, &action, ResultStatus::Done, now);
        let result = match action.name().as_str() {
            "lck" => result.with_payload(Payload::Lock { locked: true }),
            _ => result,
        };
        for decision in phone.finish(result) {
            if let Decision::Reply { nonce, statuses } = decision {
                reply = Some(Reply::compose(nonce, statuses, &keys));
            }
        }
    }
    kannel.send_from_phone(&NUMBER[1..], "12345", &reply.expect("all actions ended"));

    let inbound = Inbound::from_parameters(pairs(&kannel.web.next("/mo"))).expect("a message");
    assert_eq!(inbound.from, NUMBER.parse().ok());
    let reply = Reply::parse(inbound.text.as_bytes()).expect("a reply");
    assert_eq!(reply.verify(&keys), Ok(()));
    assert_eq!(reply.nonce().to_string(), "00112233aabbccdd");
    let lock: Action = "lck()".parse().expect("an action");
    let status = &reply.statuses()[1];
    let result = ActionResult::from_reply(Sequence::new(2), &lock, status, now);
    assert_eq!(result.status(), ResultStatus::Done);
    assert_eq!(result.payload(), &Payload::Lock { locked: true });
    let (code, explained, _) = callhome(
        &["decode", "--secret-file", &key, "--text", &inbound.text],
        "",
    );
    assert_eq!(code, 0, "{explained}");
    assert!(explained.contains("genuine"), "{explained}");

    // A wrong password is refused in Kannel's words.
    let wrong = file(&folder, "wrong.pw", 0o600, b"s3cret-pw");
    let mut refused = send;
    refused[7] = &wrong;
    let (code, _, told) = callhome(&refused, "hello");
    assert_eq!(code, 11, "{told}");
    assert!(told.contains("Authorization failed"), "{told}");
    assert!(!told.contains("s3cret-pw"), "{told}");
}

#[tokio::test]
async fn long_texts_take_as_many_messages_as_the_meter_says_and_receipts_name_ours() {
    let Some(mut kannel) = Kannel::start() else {
        return;
    };
    let address = format!("http://127.0.0.1:{}/cgi-bin/sendsms", kannel.port);
    let settings = KannelSettings::new(&address, Some("kme"), "kmepw")
        .expect("an address")
        .receipts_at(Some(
            kannel.web.address("/dlr").parse().expect("an address"),
        ));
    let gateway = HttpGateway::kannel("kannel-1", settings, None).expect("set up");
    for (reference, text) in [
        ("4t9wz0kc", "[short] {with} €scapes ~ ^ | \\".to_owned()),
        ("4t9wz0kd", "0123456789".repeat(31)),
        ("4t9wz0ke", "Жёлтая подводная лодка 😀 ".repeat(6)),
    ] {
        let sms = OutboundSms::text(
            NUMBER.parse().expect("a number"),
            text.clone(),
            reference.parse().expect("an id"),
        );
        let accepted = gateway.send(sms).await.expect("accepted");
        assert_eq!(accepted.answer, "Accepted for delivery");
        let meter = Meter::of(&text).expect("short");
        let mut arrived = String::new();
        for number in 1..=meter.segments {
            let segment = kannel.next_at_centre();
            arrived.push_str(segment["text"].as_str().expect("text"));
            let last = segment["udh"][0]
                .as_str()
                .map(|udh| udh[udh.len() - 4..].to_owned());
            let expected = format!("{:02x}{number:02x}", meter.segments);
            assert_eq!(last, (meter.segments > 1).then_some(expected), "{segment}");
        }
        assert_eq!(arrived, text);
        // Each segment has its own, in whatever order they come.
        let mut heard = Vec::new();
        for _ in 0..meter.segments {
            let told = kannel.web.next("/dlr");
            let receipt = Receipt::from_parameters(pairs(&told)).expect("a receipt");
            assert_eq!(receipt.reference.to_string(), reference);
            assert_eq!(receipt.outcome, ReceiptOutcome::Delivered);
            let (_, number, total) = Receipt::segment_of(pairs(&told)).expect("a segment");
            assert_eq!(usize::from(total), meter.segments);
            heard.push(usize::from(number));
        }
        heard.sort_unstable();
        assert!(heard.into_iter().eq(1..=meter.segments), "one for each");
    }
}
