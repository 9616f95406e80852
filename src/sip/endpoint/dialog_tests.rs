//! What belongs together on the wire: the requests of a dialog, and those of a connection.

use super::*;
use crate::sip::ladder::LadderStep;
use crate::sip::locate::Located;
use crate::sip::outcome::SipOutcome;
use crate::sip::params::unquote;
use crate::sip::request::Credentials;

const SECOND: Duration = Duration::from_secs(1);
const NONE: Duration = Duration::ZERO;

fn local() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 9], 5060))
}

fn at(transport: Transport) -> Attempt {
    let hop = Hop::new(transport, SocketAddr::from(([192, 0, 2, 1], 5060)));
    Attempt::new(Located::given(hop, "test"), local())
}

fn endpoint() -> Endpoint {
    Endpoint::new(Timers::default(), IdSource::from_random([7; 32]))
}

fn uri() -> crate::sip::SipUri {
    "sip:anna@example.net".parse().expect("valid")
}

fn sent(us: &mut Endpoint) -> Vec<Transmit> {
    std::iter::from_fn(|| us.next_transmit()).collect()
}

fn parsed(transmit: &Transmit) -> Message {
    Message::parse(&transmit.bytes).expect("valid")
}

fn report(us: &mut Endpoint) -> Option<SipReport> {
    let event = us.next_event()?;
    match event {
        Event::Finished(_, report) => Some(*report),
        other => panic!("{other:?}"),
    }
}

/// Answers what was sent; with a header for the answer.
fn answer(
    us: &mut Endpoint,
    now: Duration,
    to: &Transmit,
    code: u16,
    header: Option<(&str, &str)>,
) {
    let mut answer = Message::response(&parsed(to), code, "x", "far");
    if code / 100 == 2 {
        answer.push("Contact", "<sip:phone@192.0.2.1:5080>");
    }
    if let Some((name, value)) = header {
        answer.push(name, value);
    }
    us.receive(now, to.to, local(), &answer.to_bytes());
}

/// Has an INVITE with a password answered; gives it and its BYE.
fn answered_call(us: &mut Endpoint, asked: Option<(&str, &str)>) -> (Transmit, Transmit) {
    let request = OutboundRequest::invite(uri()).with_credentials(Credentials::new("anna", "pw"));
    us.send(
        NONE,
        request,
        at(Transport::Udp),
        vec![],
        Patience::default(),
    );
    let mut invite = us.next_transmit().expect("an INVITE");
    if asked.is_some() {
        answer(us, NONE, &invite, 401, asked);
        invite = sent(us).pop().expect("the INVITE again");
    }
    answer(us, NONE, &invite, 200, None);
    let mut after = sent(us);
    let bye = after.pop().expect("a BYE");
    assert_eq!(
        parsed(&bye).first_line(),
        "BYE sip:phone@192.0.2.1:5080 SIP/2.0"
    );
    (invite, bye)
}

fn proof(message: &Message, header: &str, name: &str) -> Option<String> {
    let value = message.header(header)?;
    let found = value.split(',').find_map(|pair| {
        let pair = pair.strip_prefix("Digest ").unwrap_or(pair);
        pair.strip_prefix(name)?.strip_prefix('=')
    });
    found.map(unquote)
}

const BY_PROXY: (&str, &str) = (
    "Proxy-Authenticate",
    "Digest realm=\"p\", nonce=\"n1\", qop=\"auth\"",
);

#[test]
fn a_bye_that_is_challenged_is_proved_in_its_dialog_and_its_call_ends() {
    let mut us = endpoint();
    let (invite, bye) = answered_call(&mut us, None);
    assert_eq!(parsed(&bye).header("Proxy-Authorization"), None);
    answer(&mut us, NONE, &bye, 407, Some(BY_PROXY));
    assert!(report(&mut us).is_none(), "the call has not ended yet");
    let again = sent(&mut us).pop().expect("the BYE once more");
    let (first, second) = (parsed(&bye), parsed(&again));
    for same in ["From", "To", "Call-ID"] {
        assert_eq!(first.header(same), second.header(same), "{same}");
    }
    assert_eq!(parsed(&invite).cseq().expect("there").number, 1);
    assert_eq!(first.header("CSeq"), Some("2 BYE"));
    assert_eq!(second.header("CSeq"), Some("3 BYE"));
    assert_eq!((first.uri(), bye.to), (second.uri(), again.to));
    let branches = [&first, &second].map(|m| m.top_via().expect("there").to_string());
    assert_ne!(branches[0], branches[1]);
    let header = "Proxy-Authorization";
    assert_eq!(proof(&second, header, "nonce").as_deref(), Some("n1"));
    assert_eq!(proof(&second, header, "uri").as_deref(), second.uri());

    answer(&mut us, NONE, &again, 200, None);
    let report = report(&mut us).expect("told");
    assert!(report.outcome.is_delivered());
    let labels: Vec<_> = report.ladder.iter().map(LadderStep::label).collect();
    assert_eq!(
        labels,
        ["INVITE", "200 x", "ACK", "BYE", "407 x", "BYE", "200 x"]
    );
    us.handle_timeout(SECOND * 100);
    assert_eq!(us.transactions(), 0);
    assert!(us.exchanges.is_empty());
}

#[test]
fn the_answer_to_a_byes_challenge_is_not_given_again_unless_only_the_nonce_was_old() {
    let stale = "Digest realm=\"p\", nonce=\"n2\", qop=\"auth\", stale=true";
    for (second, byes) in [(BY_PROXY.1, 2), (stale, 3)] {
        let mut us = endpoint();
        let (_, mut bye) = answered_call(&mut us, None);
        let mut count = 1;
        answer(&mut us, NONE, &bye, 407, Some(BY_PROXY));
        while let Some(again) = sent(&mut us).pop() {
            count += 1;
            bye = again;
            let code = if count < 3 { 407 } else { 200 };
            answer(&mut us, NONE, &bye, code, Some((BY_PROXY.0, second)));
        }
        assert_eq!(count, byes, "{second}");
        assert!(report(&mut us).expect("told").outcome.is_delivered());
    }
}

#[test]
fn what_the_invite_had_to_prove_its_bye_proves_unasked_and_once_more_when_asked() {
    let mut us = endpoint();
    let asked = |nonce: &str| format!("Digest realm=\"d\", nonce=\"{nonce}\", qop=\"auth\"");
    let header = "Authorization";
    let (_, bye) = answered_call(&mut us, Some(("WWW-Authenticate", &asked("n1"))));
    let first = parsed(&bye);
    assert_eq!(first.header("CSeq"), Some("3 BYE"));
    assert_eq!(proof(&first, header, "nonce").as_deref(), Some("n1"));
    assert_eq!(proof(&first, header, "nc").as_deref(), Some("00000002"));
    assert_eq!(proof(&first, header, "uri").as_deref(), first.uri());
    // Its nonces serve once.
    let next = asked("n2");
    answer(&mut us, NONE, &bye, 401, Some(("WWW-Authenticate", &next)));
    let again = sent(&mut us).pop().expect("once more");
    let second = parsed(&again);
    let proofs = second.fields().filter(|(name, _)| *name == header);
    assert_eq!(proofs.count(), 1);
    assert_eq!(proof(&second, header, "nonce").as_deref(), Some("n2"));
    assert_eq!(proof(&second, header, "nc").as_deref(), Some("00000001"));
    answer(&mut us, NONE, &again, 200, None);
    assert!(report(&mut us).expect("told").outcome.is_delivered());
}

#[test]
fn without_a_password_a_challenged_bye_is_the_end_of_it() {
    let mut us = endpoint();
    let there = at(Transport::Tcp);
    us.send(
        NONE,
        OutboundRequest::invite(uri()),
        there,
        vec![],
        Patience::default(),
    );
    let invite = us.next_transmit().expect("an INVITE");
    answer(&mut us, NONE, &invite, 200, None);
    let bye = sent(&mut us).pop().expect("a BYE");
    answer(&mut us, NONE, &bye, 407, Some(BY_PROXY));
    assert!(sent(&mut us).is_empty());
    assert!(report(&mut us).expect("told").outcome.is_delivered());
}

#[test]
fn a_call_that_was_answered_when_nobody_waited_any_more_is_ended_with_proof_too() {
    let mut us = endpoint();
    let request = OutboundRequest::invite(uri()).with_credentials(Credentials::new("anna", "pw"));
    let patience = Patience::of(SECOND);
    us.send(NONE, request, at(Transport::Udp), vec![], patience);
    let invite = us.next_transmit().expect("an INVITE");
    us.handle_timeout(SECOND);
    let told = report(&mut us).expect("told");
    assert_eq!(told.outcome, SipOutcome::NoAnswer);
    sent(&mut us);
    answer(&mut us, SECOND * 2, &invite, 200, None);
    let bye = sent(&mut us).pop().expect("a BYE");
    answer(&mut us, SECOND * 2, &bye, 407, Some(BY_PROXY));
    let again = parsed(&sent(&mut us).pop().expect("once more"));
    assert!(again.header("Proxy-Authorization").is_some());
}

fn options(us: &mut Endpoint, transport: Transport) -> Transmit {
    let request = OutboundRequest::options(uri());
    us.send(NONE, request, at(transport), vec![], Patience::default());
    us.next_transmit().expect("sent")
}

fn key(transmit: &Transmit) -> &RequestKey {
    transmit.request.as_ref().expect("a request")
}

#[test]
fn a_connection_takes_with_it_what_it_carried_and_nothing_else_at_that_address() {
    let mut us = endpoint();
    let requests = [(); 3].map(|()| options(&mut us, Transport::Tls));
    for (request, connection) in requests.iter().zip([1, 2, 2]) {
        us.carried(key(request), connection);
    }
    // An answer came to the third: the loss of its connection does not change that.
    answer(&mut us, NONE, &requests[2], 200, None);
    assert!(report(&mut us).expect("told").outcome.is_delivered());
    us.connection_lost(SECOND, 7, "nobody's");
    us.connection_lost(SECOND, 2, "the certificate is not for b.test");
    let SipOutcome::TransportError { detail } = report(&mut us).expect("told").outcome else {
        panic!("the second was lost");
    };
    assert_eq!(detail, "the certificate is not for b.test");
    assert!(us.next_event().is_none(), "the first goes on");
    answer(&mut us, SECOND, &requests[0], 200, None);
    assert!(report(&mut us).expect("told").outcome.is_delivered());
    us.handle_timeout(SECOND);
    assert!(us.carried.is_empty(), "nothing is kept");
}

#[test]
fn a_request_that_is_refused_by_itself_fails_by_itself() {
    let mut us = endpoint();
    let [small, large] = [(); 2].map(|()| options(&mut us, Transport::Udp));
    us.refused(NONE, key(&large), "too long for a datagram");
    let outcome = report(&mut us).expect("told").outcome;
    assert!(matches!(outcome, SipOutcome::TransportError { .. }));
    assert!(us.next_event().is_none(), "the other goes on");
    us.destination_failed(NONE, small.to, "no route");
    assert!(report(&mut us).is_some());
}
