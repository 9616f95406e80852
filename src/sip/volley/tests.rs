use std::collections::HashMap;

use super::*;
use crate::domain::Timestamp;
use crate::sip::digest::{NonceSource, Verifier};
use crate::sip::inbound::Reply;
use crate::sip::request::OutboundRequest;
use crate::sip::{Method, faults};

const MS: Duration = Duration::from_millis(1);

fn address(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

fn target(index: u32) -> VolleyTarget {
    VolleyTarget {
        index,
        to: address(5060),
        local: address(40_000),
        uri: format!("sip:dev{index}@127.0.0.1:5060").into(),
    }
}

fn ends(volley: &mut Volley) -> Vec<VolleyEnd> {
    let mut ends = Vec::new();
    volley.take_ends(&mut ends);
    ends
}

fn volley(rate: Option<f64>, jobs: usize, credentials: Option<Credentials>) -> Volley {
    let uri = "sip:nobody@192.0.2.1".parse().expect("valid");
    let request = OutboundRequest::notify(uri, "check-sync")
        .and_then(|r| r.with_header("Subject", "1 NOTIFY CSeq: 1 NOTIFY"))
        .and_then(|r| r.with_body("text/plain", b"hello\r\nCSeq: 1 \r\n".to_vec()))
        .expect("a request");
    let mut ids = IdSource::from_random([7; 32]);
    let plan = VolleyPlan {
        template: Template::new(request, &mut ids),
        credentials,
        timers: Timers::default(),
        patience: Duration::from_secs(32),
        rate,
        jobs,
    };
    Volley::new(plan, IdSource::from_random([8; 32]))
}

fn next(volley: &mut Volley, now: Duration) -> Option<Message> {
    let mut bytes = Vec::new();
    volley.handle_timeout(now);
    volley.next_transmit(now, &mut bytes)?;
    Some(Message::parse(&bytes).expect("a message"))
}

fn answer(request: &Message, reply: &Reply) -> Vec<u8> {
    reply.to_message(request, "peer").to_bytes()
}

#[test]
fn each_message_is_a_good_one_of_its_own() {
    let mut volley = volley(None, 10, None);
    let mut seen: HashMap<String, u32> = HashMap::new();
    for index in 0..3 {
        volley.offer(target(index));
        let message = next(&mut volley, Duration::ZERO).expect("sent");
        let uri = format!("sip:dev{index}@127.0.0.1:5060");
        assert_eq!(message.uri(), Some(uri.as_str()));
        assert_eq!(message.to().expect("to").uri(), uri);
        assert_eq!(message.body(), b"hello\r\nCSeq: 1 \r\n");
        assert_eq!(message.header("Subject"), Some("1 NOTIFY CSeq: 1 NOTIFY"));
        assert_eq!(
            message.header("Contact"),
            Some("<sip:callhome@127.0.0.1:40000>")
        );
        assert_eq!(message.method(), Some(Method::NOTIFY));
        assert!(faults(&message).is_empty(), "{:?}", faults(&message));
        for name in ["Via", "Call-ID", "From"] {
            *seen
                .entry(message.header(name).expect(name).to_owned())
                .or_default() += 1;
        }
    }
    assert!(seen.values().all(|n| *n == 1), "{seen:?}");
    assert_eq!(seen.len(), 9);
}

#[test]
fn a_silent_target_gets_eleven_equal_messages_in_32_seconds_and_ends_as_no_answer() {
    let mut volley = volley(None, 1, None);
    volley.offer(target(5));
    let (mut now, mut sent) = (Duration::ZERO, Vec::new());
    while now <= Duration::from_secs(33) {
        if let Some(message) = next(&mut volley, now) {
            sent.push((now, message.to_bytes()));
        }
        now += MS * 5;
    }
    let at: Vec<f64> = sent.iter().map(|(at, _)| at.as_secs_f64()).collect();
    for (at, wanted) in at
        .iter()
        .zip([0.0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5])
    {
        assert!((0.0..0.15).contains(&(at - wanted)), "{at} for {wanted}");
    }
    assert_eq!(at.len(), 11);
    assert!(sent.iter().all(|(_, bytes)| *bytes == sent[0].1));
    let end = ends(&mut volley).pop().expect("it ended");
    assert_eq!(
        (end.index, end.outcome, end.copies),
        (5, SipOutcome::NoAnswer, 10)
    );
    assert!(volley.is_idle() && volley.next_timeout().is_none());
}

#[test]
fn an_answer_ends_its_target_once_and_its_copies_are_dropped() {
    let mut volley = volley(None, 8, None);
    for index in 0..2 {
        volley.offer(target(index));
    }
    let first = next(&mut volley, Duration::ZERO).expect("sent");
    let second = next(&mut volley, Duration::ZERO).expect("sent");
    volley.receive(MS * 7, &answer(&first, &Reply::new(100)));
    volley.receive(MS * 8, &answer(&first, &Reply::ok()));
    volley.receive(MS * 9, &answer(&first, &Reply::ok()));
    // With folding and compact names it takes the long way.
    let text = String::from_utf8(answer(&second, &Reply::new(489))).expect("text");
    let odd = text.replacen("Via: SIP/2.0/UDP", "v:\r\n SIP/2.0/UDP", 1);
    volley.receive(MS * 9, odd.as_bytes());
    let ended = ends(&mut volley);
    assert_eq!(ended[0].outcome.code(), Some(200));
    assert_eq!((ended[0].elapsed, ended[0].copies), (MS * 8, 0));
    assert!(matches!(
        ended[1].outcome,
        SipOutcome::Alive { code: 489, .. }
    ));
    assert_eq!(ended.len(), 2);
    assert_eq!(volley.counts().discarded, 1);
    for rubbish in [
        &b""[..],
        b"\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"SIP/2.0 200 OK\r\n\r\n",
    ] {
        volley.receive(MS * 10, rubbish);
    }
    assert!(ends(&mut volley).is_empty());
}

#[test]
fn challenges_are_answered_in_the_same_run_and_only_once() {
    let verifier = Verifier::new("phones", NonceSource::new([3; 32], Duration::from_secs(60)));
    let now = Timestamp::from_millis(1_000);
    for (password, code) in [("right", 200), ("wrong", 401)] {
        let mut volley = volley(None, 8, Some(Credentials::new("mgmt", password)));
        volley.offer(target(1));
        let first = next(&mut volley, Duration::ZERO).expect("sent");
        let mut asked = Reply::new(401);
        for challenge in verifier.challenges(now, false) {
            asked = asked.with_header("WWW-Authenticate", &challenge.to_header());
        }
        volley.receive(MS, &answer(&first, &asked));
        let second = next(&mut volley, MS).expect("sent again with the answer");
        assert_eq!(second.cseq().expect("number").number, 2);
        assert_eq!(second.header("Call-ID"), first.header("Call-ID"));
        assert_eq!(second.header("From"), first.header("From"));
        assert_ne!(second.header("Via"), first.header("Via"));
        assert!(faults(&second).is_empty());
        let verdict = verifier.verify(&second, "mgmt", Some("right"), now);
        assert_eq!(verdict.is_ok(), code == 200);
        let reply = if verdict.is_ok() { Reply::ok() } else { asked };
        volley.receive(MS * 2, &answer(&second, &reply));
        let end = ends(&mut volley).pop().expect("it ended");
        assert_eq!(end.outcome.code(), Some(code));
        assert!(next(&mut volley, MS * 2).is_none() && volley.is_idle());
    }
}

#[test]
fn a_proxy_asks_once_and_everybody_after_brings_the_answer_along() {
    let nonces = NonceSource::new([3; 32], Duration::from_secs(60));
    let verifier = Verifier::new("proxy", nonces).as_proxy();
    let ask = |request: &Message, at: i64, stale: bool| {
        answer(
            request,
            &verifier.ask(request, Timestamp::from_millis(at), stale),
        )
    };
    let mut volley = volley(None, 8, Some(Credentials::new("mgmt", "right")));
    (0..5).for_each(|index| volley.offer(target(index)));
    // What one was asked for may be that device's own: two are.
    for _ in 0..2 {
        let first = next(&mut volley, Duration::ZERO).expect("sent");
        assert_eq!(first.header("Proxy-Authorization"), None);
        volley.receive(MS, &ask(&first, 1_000, false));
        let second = next(&mut volley, MS).expect("the answer");
        volley.receive(MS * 2, &answer(&second, &Reply::ok()));
    }

    let now = Timestamp::from_millis(1_002);
    let mut seen = Vec::new();
    for index in 2..4 {
        let ahead = next(&mut volley, MS * 2).expect("sent");
        assert_eq!(ahead.cseq().expect("number").number, 1);
        assert!(
            ahead
                .uri()
                .expect("a request")
                .starts_with(&format!("sip:dev{index}@"))
        );
        assert_eq!(verifier.verify(&ahead, "mgmt", Some("right"), now), Ok(()));
        seen.push(
            ahead
                .header("Proxy-Authorization")
                .expect("an answer")
                .to_owned(),
        );
        assert!(faults(&ahead).is_empty());
        if index == 2 {
            volley.receive(MS * 3, &answer(&ahead, &Reply::ok()));
        } else {
            // The nonce is no longer good: the new one is answered, and who comes next brings nothing of the old.
            volley.receive(MS * 3, &ask(&ahead, 90_000, true));
        }
    }
    assert!(
        seen[0].contains("nc=00000002") && seen[1].contains("nc=00000003"),
        "{seen:?}"
    );
    let again = next(&mut volley, MS * 4).expect("answered anew");
    assert_eq!(again.cseq().expect("number").number, 2);
    let later = Timestamp::from_millis(90_001);
    assert_eq!(
        verifier.verify(&again, "mgmt", Some("right"), later),
        Ok(())
    );
    let last = next(&mut volley, MS * 4).expect("sent");
    assert_eq!(last.header("Proxy-Authorization"), None);
    volley.receive(MS * 5, &answer(&again, &Reply::ok()));
    volley.receive(MS * 5, &answer(&last, &Reply::ok()));
    assert!(
        ends(&mut volley)
            .iter()
            .all(|end| end.outcome.code() == Some(200))
    );
    assert!(volley.is_idle());
}

#[test]
fn an_answer_that_was_brought_along_is_no_answer_of_ones_own() {
    let nonces = || NonceSource::new([3; 32], Duration::from_secs(60));
    let proxy = Verifier::new("proxy", nonces()).as_proxy();
    let phone = Verifier::new("phone", nonces());
    let at = Timestamp::from_millis;
    let mut volley = volley(None, 8, Some(Credentials::new("mgmt", "right")));
    (0..3).for_each(|index| volley.offer(target(index)));
    for _ in 0..2 {
        let first = next(&mut volley, Duration::ZERO).expect("sent");
        volley.receive(MS, &answer(&first, &proxy.ask(&first, at(1_000), false)));
        let second = next(&mut volley, MS).expect("the answer");
        volley.receive(MS, &answer(&second, &Reply::ok()));
    }
    // The phone asks, too; when the answer to that arrives, the proxy's nonce is too old, and it does not say so.
    let ahead = next(&mut volley, MS).expect("sent");
    volley.receive(MS, &answer(&ahead, &phone.ask(&ahead, at(1_001), false)));
    let both = next(&mut volley, MS).expect("the phone is answered");
    assert_eq!(
        proxy.verify(&both, "mgmt", Some("right"), at(1_002)),
        Ok(())
    );
    assert_eq!(
        phone.verify(&both, "mgmt", Some("right"), at(1_002)),
        Ok(())
    );
    volley.receive(MS, &answer(&both, &proxy.ask(&both, at(90_000), false)));
    let third = next(&mut volley, MS).expect("the proxy is answered");
    assert_eq!(
        proxy.verify(&third, "mgmt", Some("right"), at(90_001)),
        Ok(())
    );
    // Now it was asked itself: a third time with the same realm is a refusal.
    volley.receive(MS, &answer(&third, &proxy.ask(&third, at(90_002), false)));
    let ended = ends(&mut volley);
    assert_eq!(ended.last().and_then(|end| end.outcome.code()), Some(407));
    assert!(volley.is_idle());
}

#[test]
fn copies_count_against_the_rate_and_starve_nobody() {
    // 2,000 silent targets first, then 2,000 that answer at once; 1,000 messages a second.
    let mut volley = volley(Some(1_000.0), 10_000, None);
    for index in 0..4_000 {
        volley.offer(target(index));
    }
    let (mut now, mut last) = (Duration::ZERO, Duration::ZERO);
    let (mut answered, mut in_second) = (0, HashMap::<u64, u32>::new());
    while now < Duration::from_secs(60) {
        while let Some(message) = next(&mut volley, now) {
            *in_second.entry(now.as_secs()).or_default() += 1;
            let user = message.uri().expect("a request")[7..].split('@').next();
            if user.and_then(|u| u.parse::<u32>().ok()).expect("a number") >= 2_000 {
                volley.receive(now, &answer(&message, &Reply::ok()));
                answered += 1;
                last = now;
            }
        }
        now += MS * 5;
    }
    assert!(in_second.values().all(|n| *n <= 1_021), "{in_second:?}");
    assert_eq!(answered, 2_000);
    assert!(
        last < Duration::from_secs(9),
        "the last one waited for {last:?}"
    );
    let ended = ends(&mut volley);
    let silent: Vec<_> = ended
        .iter()
        .filter(|e| e.outcome == SipOutcome::NoAnswer)
        .collect();
    assert_eq!((ended.len(), silent.len()), (4_000, 2_000));
    assert!(silent.iter().all(|e| e.copies >= 4), "too few copies");
}

#[test]
fn no_more_than_the_jobs_are_on_their_way() {
    let mut volley = volley(None, 2, None);
    for index in 0..5 {
        volley.offer(target(index));
    }
    let first = next(&mut volley, Duration::ZERO).expect("sent");
    assert!(next(&mut volley, Duration::ZERO).is_some());
    assert!(next(&mut volley, Duration::ZERO).is_none());
    assert_eq!(volley.counts().open, 2);
    volley.receive(MS, &answer(&first, &Reply::ok()));
    assert!(next(&mut volley, MS).is_some());
    assert_eq!(volley.stop().len(), 2);
}

#[test]
fn what_the_network_sends_back_ends_the_target_it_belongs_to() {
    let mut volley = volley(None, 2, None);
    volley.offer(target(0));
    volley.offer(target(1));
    let message = next(&mut volley, Duration::ZERO).expect("sent");
    next(&mut volley, Duration::ZERO).expect("sent");
    let bytes = message.to_bytes();
    volley.transport_failed(MS, &bytes[..120], "nobody listens");
    volley.transport_failed(MS, &bytes[..60], "cut too short to tell");
    let end = ends(&mut volley).pop().expect("it ended");
    assert_eq!(end.index, 0);
    assert!(
        matches!(end.outcome, SipOutcome::TransportError { detail } if detail == "nobody listens")
    );
    assert!(ends(&mut volley).is_empty());
}
