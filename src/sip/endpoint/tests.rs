use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::sip::digest::{Algorithm, Challenge, Qop};
use crate::sip::inbound::Reply;
use crate::sip::method::Method;
use crate::sip::outcome::SipOutcome;
use crate::sip::request::Credentials;

const SECOND: Duration = Duration::from_secs(1);

/// Two endpoints and a pretend network between them, with a pretend clock.
struct Pair {
    us: Endpoint,
    peer: Endpoint,
    now: Duration,
    /// Numbers of the datagrams, in the order of sending, that get lost.
    lost: Vec<usize>,
    sent: usize,
    reports: Vec<SipReport>,
    requests: Vec<String>,
}

fn address(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

type Answer<'a> = dyn FnMut(&InboundRequest) -> Vec<Reply> + 'a;

impl Pair {
    fn new() -> Self {
        let endpoint = |seed| Endpoint::new(Timers::default(), IdSource::from_random([seed; 32]));
        Self {
            us: endpoint(1),
            peer: endpoint(2),
            now: Duration::ZERO,
            lost: Vec::new(),
            sent: 0,
            reports: Vec::new(),
            requests: Vec::new(),
        }
    }

    fn start(&mut self, request: OutboundRequest, patience: Patience) {
        let there = Attempt::udp(address(2), address(1));
        self.us.send(self.now, request, there, vec![], patience);
    }

    fn arrives(&mut self) -> bool {
        self.sent += 1;
        !self.lost.contains(&self.sent)
    }

    /// Delivers and answers until nothing moves at this moment.
    fn settle(&mut self, answer: &mut Answer<'_>) {
        loop {
            let mut moved = false;
            while let Some(t) = self.us.next_transmit() {
                moved = true;
                if self.arrives() {
                    self.peer
                        .receive(self.now, Hop::udp(address(1)), address(2), &t.bytes);
                }
            }
            while let Some(event) = self.peer.next_event() {
                if let Event::Request(key, request) = event {
                    self.requests.push(request.method().to_string());
                    for reply in answer(&request) {
                        self.peer.reply(self.now, &key, &reply);
                    }
                }
            }
            while let Some(t) = self.peer.next_transmit() {
                moved = true;
                if self.arrives() {
                    self.us
                        .receive(self.now, Hop::udp(address(2)), address(1), &t.bytes);
                }
            }
            while let Some(event) = self.us.next_event() {
                if let Event::Finished(_, report) = event {
                    self.reports.push(*report);
                }
            }
            if !moved {
                return;
            }
        }
    }

    /// Lets the clock run, timer by timer, until `end`.
    fn run_until(&mut self, end: Duration, answer: &mut Answer<'_>) {
        self.settle(answer);
        while let Some(at) = [self.us.next_timeout(), self.peer.next_timeout()]
            .into_iter()
            .flatten()
            .min()
            .filter(|at| *at <= end)
        {
            self.now = at;
            self.us.handle_timeout(at);
            self.peer.handle_timeout(at);
            self.settle(answer);
        }
        self.now = end;
    }

    fn labels(&self) -> Vec<&str> {
        let ladder = &self.reports[0].ladder;
        ladder.iter().map(crate::sip::LadderStep::label).collect()
    }
}

fn uri() -> crate::sip::SipUri {
    "sip:anna@127.0.0.1:2".parse().expect("valid")
}

fn notify() -> OutboundRequest {
    OutboundRequest::notify(uri(), "check-sync").expect("valid")
}

#[test]
fn a_notify_is_delivered() {
    let mut pair = Pair::new();
    pair.start(notify(), Patience::default());
    pair.run_until(SECOND, &mut |request| {
        assert_eq!(request.event(), Some("check-sync"));
        assert_eq!(request.user().as_deref(), Some("anna"));
        assert_eq!(
            request
                .message
                .top_via()
                .expect("via")
                .params
                .value("rport"),
            Some("1")
        );
        vec![Reply::ok()]
    });
    assert!(pair.reports[0].outcome.is_delivered());
    assert_eq!(pair.labels(), ["NOTIFY", "200 OK"]);
}

#[test]
fn lost_datagrams_are_made_good_and_the_request_runs_once() {
    let mut pair = Pair::new();
    // The first request, then the first answer.
    pair.lost = vec![1, 3];
    pair.start(notify(), Patience::default());
    pair.run_until(SECOND * 4, &mut |_| vec![Reply::ok()]);
    assert_eq!(pair.requests, ["NOTIFY"]);
    let report = &pair.reports[0];
    assert!(report.outcome.is_delivered());
    assert_eq!(report.retransmissions(), 2);
    assert_eq!(report.elapsed, Duration::from_millis(1500));
}

#[test]
fn silence_is_no_answer_after_the_callers_patience_and_nothing_is_sent_after_it() {
    let mut pair = Pair::new();
    pair.lost = (1..100).collect();
    pair.start(notify(), Patience::of(SECOND * 4));
    pair.run_until(SECOND * 60, &mut |_| vec![]);
    assert_eq!(pair.reports[0].outcome, SipOutcome::NoAnswer);
    assert_eq!(pair.reports[0].elapsed, SECOND * 4);
    assert_eq!(pair.sent, 4);
    assert_eq!(pair.us.transactions(), 0);
}

#[test]
fn silence_ends_by_timer_f_however_patient_the_caller() {
    let mut pair = Pair::new();
    pair.lost = (1..100).collect();
    pair.start(notify(), Patience::of(SECOND * 600));
    pair.run_until(SECOND * 40, &mut |_| vec![]);
    assert_eq!(pair.reports[0].outcome, SipOutcome::NoAnswer);
    assert_eq!(pair.reports[0].elapsed, SECOND * 32);
    assert_eq!(pair.sent, 11);
}

fn challenge() -> Reply {
    let challenge = Challenge {
        realm: "dev".into(),
        nonce: "n".into(),
        opaque: None,
        algorithm: Algorithm::Sha256,
        algorithm_named: true,
        qop: vec![Qop::Auth],
        stale: false,
        proxy: false,
    };
    Reply::new(401).with_header("WWW-Authenticate", &challenge.to_header())
}

#[test]
fn a_challenge_is_answered_once_and_not_again() {
    let mut pair = Pair::new();
    let credentials = Credentials::new("mgmt", "pw");
    pair.start(notify().with_credentials(credentials), Patience::default());
    let mut numbers = Vec::new();
    pair.run_until(SECOND, &mut |request| {
        numbers.push(request.message.cseq().expect("cseq").number);
        vec![challenge()]
    });
    assert_eq!(numbers, [1, 2]);
    assert_eq!(pair.reports[0].outcome.code(), Some(401));
}

#[test]
fn without_a_password_the_challenge_is_the_outcome() {
    let mut pair = Pair::new();
    pair.start(notify(), Patience::default());
    pair.run_until(SECOND, &mut |_| vec![challenge()]);
    assert_eq!(pair.requests.len(), 1);
    assert!(matches!(
        pair.reports[0].outcome,
        SipOutcome::Refused { code: 401, .. }
    ));
}

#[test]
fn an_answered_invite_gets_its_ack_and_bye() {
    let mut pair = Pair::new();
    pair.start(OutboundRequest::invite(uri()), Patience::default());
    pair.run_until(SECOND * 40, &mut |request| match request.method() {
        m if m == Method::INVITE => vec![Reply::new(180), Reply::ok()],
        _ => vec![Reply::ok()],
    });
    assert!(pair.reports[0].outcome.is_delivered());
    assert_eq!(
        pair.labels(),
        [
            "INVITE",
            "100 Trying",
            "180 Ringing",
            "200 OK",
            "ACK",
            "BYE",
            "200 OK"
        ]
    );
    assert_eq!(pair.requests, ["INVITE", "BYE"]);
    assert_eq!((pair.us.transactions(), pair.peer.transactions()), (0, 0));
    assert!(pair.us.exchanges.is_empty() && pair.peer.accepted.is_empty());
}

#[test]
fn a_lost_ack_is_sent_again_with_the_next_copy_of_the_2xx() {
    let mut pair = Pair::new();
    // INVITE, 100, 200, then the ACK.
    pair.lost = vec![4];
    pair.start(OutboundRequest::invite(uri()), Patience::default());
    pair.run_until(SECOND * 40, &mut |_| vec![Reply::ok()]);
    assert_eq!(pair.requests, ["INVITE", "BYE"]);
    assert!(pair.reports[0].outcome.is_delivered());
}

#[test]
fn a_phone_that_rings_for_a_person_is_cancelled_after_three_seconds() {
    let mut pair = Pair::new();
    pair.start(OutboundRequest::invite(uri()), Patience::default());
    pair.run_until(SECOND * 60, &mut |request| match request.method() {
        m if m == Method::INVITE => vec![Reply::new(180)],
        _ => vec![],
    });
    assert_eq!(pair.reports[0].outcome, SipOutcome::Ringing);
    assert_eq!(pair.reports[0].elapsed, SECOND * 3);
    let labels = pair.labels();
    assert_eq!(
        labels[..4],
        ["INVITE", "100 Trying", "180 Ringing", "CANCEL"]
    );
    for label in ["200 OK", "487 Request Terminated", "ACK"] {
        assert!(labels.contains(&label), "{label}: {labels:?}");
    }
    assert_eq!(pair.us.transactions() + pair.peer.transactions(), 0);
}

#[test]
fn an_invite_answered_after_the_caller_left_is_still_ended() {
    let mut pair = Pair::new();
    // Nothing of ours arrives before the fourth second; the 100 is lost as well.
    pair.lost = vec![1, 2, 4];
    pair.start(OutboundRequest::invite(uri()), Patience::of(SECOND));
    pair.run_until(SECOND * 2, &mut |_| vec![]);
    assert_eq!(pair.reports[0].outcome, SipOutcome::NoAnswer);
    let key = pair.peer.servers.keys().next().cloned();
    // It heard nothing yet: both copies were lost, and none follows.
    assert_eq!(key, None);
    assert_eq!(pair.sent, 2);
    pair.run_until(SECOND * 70, &mut |_| vec![]);
    assert!(pair.us.exchanges.is_empty());
}

#[test]
fn a_2xx_that_comes_after_the_caller_left_gets_ack_and_bye() {
    let mut pair = Pair::new();
    pair.lost = vec![2];
    pair.start(OutboundRequest::invite(uri()), Patience::of(SECOND / 4));
    let mut keys = Vec::new();
    pair.run_until(SECOND / 3, &mut |_| vec![]);
    keys.extend(pair.peer.servers.keys().cloned());
    assert_eq!(pair.reports[0].outcome, SipOutcome::NoAnswer);
    pair.peer.reply(pair.now, &keys[0], &Reply::ok());
    pair.run_until(SECOND * 70, &mut |_| vec![Reply::ok()]);
    assert_eq!(pair.requests, ["INVITE", "BYE"]);
    assert_eq!(pair.reports.len(), 1);
    assert_eq!(pair.us.transactions() + pair.peer.transactions(), 0);
}

#[test]
fn what_the_network_refuses_is_told_in_its_words() {
    let mut pair = Pair::new();
    pair.lost = vec![1];
    pair.start(notify(), Patience::default());
    pair.settle(&mut |_| vec![]);
    pair.us
        .destination_failed(pair.now, Hop::udp(address(9)), "somebody else's");
    pair.us
        .destination_failed(pair.now, Hop::udp(address(2)), "port closed");
    pair.settle(&mut |_| vec![]);
    assert_eq!(
        pair.reports[0].outcome,
        SipOutcome::TransportError {
            detail: "port closed".into()
        }
    );
}

#[test]
fn a_request_that_breaks_the_rules_is_answered_400_with_the_reason() {
    let mut pair = Pair::new();
    let bytes = b"OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK7\r\nFrom: <sip:a>;tag=1\r\nTo: <sip:b>\r\nCall-ID: 1\r\nCSeq: 1 NOTIFY\r\n\r\n";
    pair.us
        .receive(pair.now, Hop::udp(address(9)), address(1), bytes);
    let sent = pair.us.next_transmit().expect("an answer");
    // No rport was asked for: the port of the Via at the address it came from (RFC 3261 §18.2.2).
    assert_eq!(sent.to, Hop::udp(address(5060)));
    let answer = Message::parse(&sent.bytes).expect("valid");
    assert_eq!(answer.code(), Some(400));
    assert!(answer.header("Warning").expect("told").contains("§8.1.1.5"));
    assert_eq!(
        answer.top_via().expect("via").params.value("received"),
        Some("127.0.0.1")
    );
    assert!(pair.us.next_event().is_none());
}

#[test]
fn a_keep_alive_gets_a_shorter_answer_and_rubbish_none() {
    let mut pair = Pair::new();
    for datagram in [&b"\r\n"[..], b"", b"\0\0\0\0", b"GET / HTTP/1.1\r\n\r\n"] {
        pair.us
            .receive(pair.now, Hop::udp(address(9)), address(1), datagram);
    }
    assert!(pair.us.next_transmit().is_none());
    assert_eq!(pair.us.discarded(), 2);
    let phone = Hop::udp(address(9));
    pair.us.receive(pair.now, phone, address(1), PING);
    let pong = pair.us.next_transmit().expect("a pong");
    assert_eq!((pong.to, &pong.bytes[..]), (phone, &b"\r\n"[..]));
    // Over streams it is answered where messages are cut out of them.
    let stream = Hop::new(Transport::Tcp, address(9));
    pair.us.receive(pair.now, stream, address(1), PING);
    assert!(pair.us.next_transmit().is_none());
}

proptest! {
    #[test]
    fn no_datagram_makes_it_panic(
        datagrams in proptest::collection::vec(
            (0..MESSAGES.len(), 0..200usize, any::<u8>()), 1..20),
    ) {
        let mut pair = Pair::new();
        pair.start(OutboundRequest::invite(uri()), Patience::default());
        for (which, at, with) in datagrams {
            let mut bytes = MESSAGES[which].as_bytes().to_vec();
            if let Some(slot) = bytes.get_mut(at) {
                *slot = with;
            }
            pair.us
                .receive(pair.now, Hop::udp(address(9)), address(1), &bytes);
            pair.settle(&mut |_| vec![Reply::ok()]);
        }
        pair.run_until(SECOND * 200, &mut |_| vec![]);
    }
}

const MESSAGES: [&str; 4] = [
    "INVITE sip:a SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nMax-Forwards: 70\r\nFrom: <sip:a>;tag=1\r\nTo: <sip:b>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\nContact: <sip:c@d>\r\n\r\n",
    "ACK sip:a SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a>;tag=1\r\nTo: <sip:b>;tag=2\r\nCall-ID: 1\r\nCSeq: 1 ACK\r\n\r\n",
    "CANCEL sip:a SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a>;tag=1\r\nTo: <sip:b>\r\nCall-ID: 1\r\nCSeq: 1 CANCEL\r\n\r\n",
    "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a>;tag=1\r\nTo: <sip:b>;tag=9\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n\r\n",
];
