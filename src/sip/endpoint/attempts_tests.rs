use super::*;
use crate::sip::inbound::Reply;
use crate::sip::ladder::LadderStep;
use crate::sip::locate::Located;
use crate::sip::method::Method;
use crate::sip::outcome::SipOutcome;
use crate::sip::transport::Transport;

const SECOND: Duration = Duration::from_secs(1);

fn hop(transport: Transport, port: u16) -> Hop {
    Hop::new(transport, SocketAddr::from(([192, 0, 2, 1], port)))
}

fn attempt(transport: Transport, port: u16) -> Attempt {
    let local = SocketAddr::from(([192, 0, 2, 9], 5060));
    Attempt::new(Located::given(hop(transport, port), "test"), local)
}

fn endpoint() -> Endpoint {
    Endpoint::new(Timers::default(), IdSource::from_random([7; 32]))
}

fn options() -> OutboundRequest {
    OutboundRequest::options("sip:anna@example.net".parse().expect("valid"))
}

/// Lets the clock run to `end`; gives what was sent, with when, and the report if there is one.
fn run(endpoint: &mut Endpoint, end: Duration) -> (Vec<(Duration, Transmit)>, Option<SipReport>) {
    let (mut sent, mut report) = (Vec::new(), None);
    let mut now = Duration::ZERO;
    loop {
        while let Some(transmit) = endpoint.next_transmit() {
            sent.push((now, transmit));
        }
        while let Some(event) = endpoint.next_event() {
            if let Event::Finished(_, told) = event {
                report = Some(*told);
            }
        }
        match endpoint.next_timeout().filter(|at| *at <= end) {
            Some(at) => {
                now = at;
                endpoint.handle_timeout(at);
            }
            None => return (sent, report),
        }
    }
}

fn answer(endpoint: &mut Endpoint, now: Duration, to: &Transmit, code: u16) {
    let request = Message::parse(&to.bytes).expect("valid");
    let answer = Message::response(&request, code, "x", "tag");
    let local = SocketAddr::from(([192, 0, 2, 9], 5060));
    endpoint.receive(now, to.to, local, &answer.to_bytes());
}

#[test]
fn over_a_reliable_transport_nothing_is_sent_twice_and_nothing_lingers() {
    for transport in [Transport::Tcp, Transport::Tls, Transport::Ws] {
        let mut us = endpoint();
        us.send(
            Duration::ZERO,
            options(),
            attempt(transport, 1),
            vec![],
            Patience::of(SECOND * 60),
        );
        let (sent, report) = run(&mut us, SECOND * 60);
        assert_eq!(sent.len(), 1);
        let report = report.expect("told");
        assert_eq!(report.outcome, SipOutcome::NoAnswer);
        assert_eq!(report.elapsed, SECOND * 32, "timer F");

        us.send(
            SECOND * 60,
            options(),
            attempt(transport, 1),
            vec![],
            Patience::of(SECOND),
        );
        let transmit = us.next_transmit().expect("sent");
        answer(&mut us, SECOND * 60, &transmit, 200);
        us.handle_timeout(SECOND * 60);
        assert_eq!(us.transactions(), 0, "timer K is zero");
    }
}

#[test]
fn via_and_contact_name_the_transport() {
    for (transport, via, contact) in [
        (Transport::Udp, "SIP/2.0/UDP 192.0.2.9:5060", "9:5060>"),
        (
            Transport::Tcp,
            "SIP/2.0/TCP 192.0.2.9:5060",
            ";transport=tcp>",
        ),
        (
            Transport::Tls,
            "SIP/2.0/TLS 192.0.2.9:5060",
            ";transport=tls>",
        ),
    ] {
        let mut us = endpoint();
        let first = attempt(transport, 1);
        us.send(
            Duration::ZERO,
            options(),
            first,
            vec![],
            Patience::default(),
        );
        let sent = us.next_transmit().expect("sent");
        let message = Message::parse(&sent.bytes).expect("valid");
        let top = message.top_via().expect("there").to_string();
        assert!(top.starts_with(via), "{top}");
        let told = message.header("Contact").expect("there");
        assert!(told.ends_with(contact), "{told}");
    }
}

#[test]
fn a_silent_place_gets_its_share_and_the_network_and_503_lead_on_at_once() {
    let mut us = endpoint();
    let others = vec![
        attempt(Transport::Udp, 2),
        attempt(Transport::Tcp, 3),
        attempt(Transport::Udp, 4),
    ];
    us.send(
        Duration::ZERO,
        options(),
        attempt(Transport::Udp, 1),
        others,
        Patience::of(SECOND * 12),
    );
    let (sent, report) = run(&mut us, SECOND * 3);
    assert_eq!(report, None);
    let (at, second) = sent.last().expect("sent");
    assert_eq!((*at, second.to), (SECOND * 3, hop(Transport::Udp, 2)));
    answer(&mut us, SECOND * 3, second, 503);
    let third = us.next_transmit().expect("sent");
    assert_eq!(third.to, hop(Transport::Tcp, 3));
    let refused = third.request.as_ref().expect("a request");
    us.refused(SECOND * 3, refused, "nobody listens");
    let fourth = us.next_transmit().expect("sent");
    answer(&mut us, SECOND * 4, &fourth, 200);
    let (_, report) = run(&mut us, SECOND * 4);
    let report = report.expect("told");
    assert!(report.outcome.is_delivered());
    let failed: Vec<_> = report.attempts.iter().map(|a| a.failed.clone()).collect();
    let because = |words: &str| Some(words.to_owned());
    assert_eq!(
        failed,
        [
            because("no answer"),
            because("503 x"),
            because("nobody listens"),
            None
        ]
    );
    // Each try is a transaction of its own in one and the same attempt to reach somebody (RFC 3263 §4.3).
    let [first, last] = [&sent[0].1, &fourth].map(|t| Message::parse(&t.bytes).expect("valid"));
    assert_eq!(first.header("Call-ID"), last.header("Call-ID"));
    assert_ne!(
        first.top_via().expect("there").branch(),
        last.top_via().expect("there").branch()
    );
}

#[test]
fn a_large_request_moves_to_tcp_and_back_only_when_that_is_refused() {
    let large = || {
        let body = vec![b'x'; 1300];
        options().with_body("text/plain", body).expect("valid")
    };
    for (refused, expected) in [(true, Some(Transport::Udp)), (false, None)] {
        let mut us = endpoint();
        us.send(
            Duration::ZERO,
            large(),
            attempt(Transport::Udp, 1),
            vec![],
            Patience::default(),
        );
        let first = us.next_transmit().expect("sent");
        assert_eq!(first.to, hop(Transport::Tcp, 1));
        let via = Message::parse(&first.bytes).expect("valid").top_via();
        assert_eq!(via.expect("there").transport, "TCP");
        if refused {
            let request = first.request.as_ref().expect("a request");
            us.refused(Duration::ZERO, request, "refused");
        } else {
            answer(&mut us, Duration::ZERO, &first, 503);
        }
        assert_eq!(us.next_transmit().map(|t| t.to.transport), expected);
    }
}

#[test]
fn an_invite_over_tcp_is_acknowledged_and_ended_on_its_connection() {
    let mut us = endpoint();
    let request = OutboundRequest::invite("sip:anna@example.net".parse().expect("valid"));
    us.send(
        Duration::ZERO,
        request,
        attempt(Transport::Tcp, 1),
        vec![],
        Patience::default(),
    );
    let invite = us.next_transmit().expect("sent");
    answer(&mut us, SECOND, &invite, 200);
    let sent: Vec<Transmit> = std::iter::from_fn(|| us.next_transmit()).collect();
    let methods = sent.iter().map(|t| {
        assert_eq!(t.to, invite.to);
        Message::parse(&t.bytes).expect("valid").method()
    });
    assert_eq!(
        methods.collect::<Vec<_>>(),
        [Some(Method::ACK), Some(Method::BYE)]
    );
    answer(&mut us, SECOND, &sent[1], 200);
    let (_, report) = run(&mut us, SECOND);
    let report = report.expect("told");
    let labels: Vec<_> = report.ladder.iter().map(LadderStep::label).collect();
    assert_eq!(labels, ["INVITE", "200 x", "ACK", "BYE", "200 x"]);
}

fn invite() -> OutboundRequest {
    OutboundRequest::new(
        Method::INVITE,
        "sip:anna@example.net".parse().expect("valid"),
    )
}

fn first_lines(sent: &[Transmit]) -> Vec<(u16, String)> {
    let line = |t: &Transmit| {
        let message = Message::parse(&t.bytes).expect("valid");
        message.method().expect("a request").to_string()
    };
    let all = sent.iter();
    all.map(|t| (t.to.address.port(), line(t))).collect()
}

fn sent(endpoint: &mut Endpoint) -> Vec<Transmit> {
    std::iter::from_fn(|| endpoint.next_transmit()).collect()
}

#[test]
fn a_phone_that_answers_at_a_place_that_was_left_is_hung_up_and_decides_nothing() {
    for late in [180, 200] {
        let mut us = endpoint();
        let (first, second) = (attempt(Transport::Udp, 1), attempt(Transport::Udp, 2));
        let patience = Patience::of(SECOND * 8);
        us.send(Duration::ZERO, invite(), first, vec![second], patience);
        let asked = us.next_transmit().expect("sent");
        let (repeats, report) = run(&mut us, SECOND * 4);
        assert_eq!(report, None);
        let (_, there) = repeats.last().expect("sent").clone();
        assert_eq!(there.to.address.port(), 2, "the second had its turn");

        answer(&mut us, SECOND * 5, &asked, late);
        let said = first_lines(&sent(&mut us));
        let expected: &[&str] = match late {
            180 => &["CANCEL"],
            _ => &["ACK", "BYE"],
        };
        let expected: Vec<_> = expected.iter().map(|m| (1, (*m).to_owned())).collect();
        assert_eq!(said, expected);
        assert!(us.next_event().is_none(), "it is not over");
        // Said again, it is not believed either; a 2xx gets its ACK every time.
        answer(&mut us, SECOND * 5, &asked, late);
        let again: Vec<_> = first_lines(&sent(&mut us))
            .into_iter()
            .map(|(_, m)| m)
            .collect();
        assert_eq!(again, if late == 200 { vec!["ACK"] } else { vec![] });

        answer(&mut us, SECOND * 5, &there, 486);
        let Some(Event::Finished(_, report)) = us.next_event() else {
            panic!("it is over");
        };
        assert_eq!(report.outcome.code(), Some(486));
        let (_, more) = run(&mut us, SECOND * 120);
        assert_eq!(more, None, "told once");
        assert_eq!(us.transactions(), 0);
    }
}

#[test]
fn what_one_server_asked_is_not_answered_to_the_next() {
    use crate::sip::request::Credentials;
    let mut us = endpoint();
    let (first, second) = (attempt(Transport::Udp, 1), attempt(Transport::Udp, 2));
    let request = options().with_credentials(Credentials::new("anna", "secret"));
    let patience = Patience::of(SECOND * 30);
    us.send(Duration::ZERO, request, first, vec![second], patience);
    let challenged = |us: &mut Endpoint, nonce: &str| {
        let asked = us.next_transmit().expect("sent");
        let request = Message::parse(&asked.bytes).expect("valid");
        let mut reply = Message::response(&request, 401, "x", "tag");
        let value = format!("Digest realm=\"one\", nonce=\"{nonce}\", qop=\"auth\"");
        reply.push("WWW-Authenticate", &value);
        let local = SocketAddr::from(([192, 0, 2, 9], 5060));
        us.receive(Duration::ZERO, asked.to, local, &reply.to_bytes());
        request
    };
    challenged(&mut us, "n1");
    let answered = us.next_transmit().expect("sent again");
    assert!(String::from_utf8_lossy(&answered.bytes).contains("n1"));
    answer(&mut us, Duration::ZERO, &answered, 503);
    // The next server hears nothing of the first one's nonce, and its own challenge is answered.
    let fresh = challenged(&mut us, "n2");
    assert_eq!(fresh.header("Authorization"), None);
    let answered = us.next_transmit().expect("sent again");
    assert_eq!(answered.to.address.port(), 2);
    assert!(String::from_utf8_lossy(&answered.bytes).contains("n2"));
}

#[test]
fn invitations_from_anywhere_are_bounded_and_those_above_get_one_word_each() {
    let mut us = endpoint();
    let local = SocketAddr::from(([192, 0, 2, 9], 5060));
    let source = hop(Transport::Udp, 1);
    let invite = |us: &mut Endpoint, number: usize, source: Hop| {
        let text = format!(
            "INVITE sip:us@192.0.2.9 SIP/2.0\r\nVia: SIP/2.0/{} 192.0.2.1:1;branch=z9hG4bK{number}\r\n\
             From: <sip:a@b>;tag=1\r\nTo: <sip:us@192.0.2.9>\r\nCall-ID: {number}\r\nCSeq: 1 INVITE\r\n\
             Contact: <sip:a@192.0.2.1:1>\r\nMax-Forwards: 70\r\n\r\n",
            source.transport.in_via()
        );
        us.receive(Duration::ZERO, source, local, text.as_bytes());
        let codes = sent(us).into_iter().map(|t| {
            let reply = Message::parse(&t.bytes).expect("valid");
            reply.code().expect("an answer")
        });
        codes.collect::<Vec<_>>()
    };
    for number in 0..server::MOST_INVITES {
        assert_eq!(invite(&mut us, number, source), [100]);
    }
    let before = us.transactions();
    assert_eq!(invite(&mut us, 1_000_000, source), [503]);
    assert_eq!(invite(&mut us, 1_000_000, source), [503]);
    assert_eq!(us.transactions(), before, "nothing is kept of it");
    // Over a connection nobody forges a sender.
    let stream = hop(Transport::Tcp, 1);
    assert_eq!(invite(&mut us, 1_000_001, stream), [100]);
    // When those are over there is room again.
    while let Some(event) = us.next_event() {
        if let Event::Request(key, _) = event {
            us.reply(Duration::ZERO, &key, &Reply::new(486));
        }
    }
    let (_, _) = run(&mut us, SECOND * 60);
    assert_eq!(invite(&mut us, 1_000_002, source), [100]);
}

#[test]
fn long_requests_from_anywhere_are_bounded_by_their_octets() {
    let mut us = endpoint();
    let local = SocketAddr::from(([192, 0, 2, 9], 5060));
    let source = hop(Transport::Udp, 1);
    let filling = "x".repeat(60_000);
    let ask = |us: &mut Endpoint, number: usize, filling: &str| {
        let text = format!(
            "REGISTER sip:us SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:1;branch=z9hG4bK{number}\r\n\
             From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: {number}\r\nCSeq: 1 REGISTER\r\n\
             Max-Forwards: 70\r\nSubject: {filling}\r\n\r\n"
        );
        us.receive(Duration::ZERO, source, local, text.as_bytes());
        match us.next_event() {
            Some(Event::Request(key, _)) => us.reply(Duration::ZERO, &key, &Reply::new(401)),
            Some(other) => panic!("{other:?}"),
            None => {}
        }
        let reply = us.next_transmit().expect("an answer");
        Message::parse(&reply.bytes).expect("valid").code()
    };
    let room = server::MOST_OCTETS / filling.len();
    let taken = (0..room + 10)
        .take_while(|number| ask(&mut us, *number, &filling) == Some(401))
        .count();
    assert!((room - 10..=room).contains(&taken), "{taken} of {room}");
    assert_eq!(ask(&mut us, 1_000_000, &filling), Some(503));
    assert_eq!(us.transactions(), taken, "nothing is kept of it");
    // When those are over there is room again.
    let (_, _) = run(&mut us, SECOND * 60);
    assert_eq!((us.transactions(), us.kept), (0, 0));
    assert_eq!(ask(&mut us, 1_000_001, &filling), Some(401));
}
