use std::net::SocketAddr;

use super::*;
use crate::sip::digest::{ClientNonce, NonceSource, challenges};
use crate::sip::{Credentials, Message, Method};

const URI: &str = "sip:anna@example.net";
const NOW: Timestamp = Timestamp::from_millis(1_000_000_000);

fn notifier() -> Notifier {
    let nonces = NonceSource::new([5; 32], Duration::from_secs(300));
    Notifier::new(
        Verifier::new("example.net", nonces),
        RegistrarLimits::default(),
    )
}

fn anna() -> Applicant {
    Applicant {
        user: "anna".into(),
        password: Some("secret".into()),
        registers_others: false,
    }
}

fn subscribe(to: &str, number: u32, lines: &str) -> InboundRequest {
    let text = format!(
        "SUBSCRIBE {URI} SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK{number}\r\nFrom: <{URI}>;tag=a\r\n\
         To: {to}\r\nCall-ID: c\r\nCSeq: {number} SUBSCRIBE\r\nContact: <sip:anna@10.0.0.7:5070>\r\n{lines}\r\n"
    );
    InboundRequest {
        message: Message::parse(text.as_bytes()).expect("valid"),
        source: SocketAddr::from(([192, 0, 2, 9], 4711)),
        local: SocketAddr::from(([192, 0, 2, 1], 5060)),
        transport: crate::sip::Transport::Udp,
    }
}

fn signed(mut request: InboundRequest, user: &str) -> InboundRequest {
    let asked = Message::response(&request.message, 401, "x", "t");
    let mut asked = asked;
    for (name, value) in notifier()
        .verifier
        .ask(&request.message, NOW, false)
        .headers
    {
        asked.push(&name, &value);
    }
    let client = ClientNonce {
        cnonce: "x",
        count: 1,
    };
    let answer = challenges(&asked)[0].answer(
        &Credentials::new(user, "secret"),
        &Method::SUBSCRIBE,
        URI,
        b"",
        client,
    );
    request.message.push("Authorization", &answer);
    request
}

fn decide(request: &InboundRequest, current: Option<Subscription>) -> SubscribeDecision {
    let contact: SipUri = "sip:192.0.2.1:5060".parse().expect("valid");
    notifier().decide(request, Some(&anna()), current, ("ours", &contact), NOW)
}

fn taken(decision: SubscribeDecision) -> (Subscription, Reply) {
    match decision {
        SubscribeDecision::Subscribed {
            subscription,
            reply,
        } => (*subscription, reply),
        SubscribeDecision::Refused(reply) => panic!("{reply:?}"),
    }
}

fn code(decision: SubscribeDecision) -> u16 {
    match decision {
        SubscribeDecision::Subscribed { reply, .. } | SubscribeDecision::Refused(reply) => {
            reply.code
        }
    }
}

const EVENT: &str = "Event: application-server-contact-me;id=7\r\n";

fn first(lines: &str) -> InboundRequest {
    let to = format!("<{URI}>");
    signed(subscribe(&to, 1, &format!("{EVENT}{lines}")), "anna")
}

fn again(number: u32, lines: &str) -> InboundRequest {
    let to = format!("<{URI}>;tag=ours");
    signed(subscribe(&to, number, &format!("{EVENT}{lines}")), "anna")
}

#[test]
fn a_subscription_begins_is_refreshed_and_is_given_up() {
    let (begun, reply) = taken(decide(&first("Expires: 600\r\n"), None));
    assert_eq!(reply.tag.as_deref(), Some("ours"));
    assert_eq!(begun.expires_at, NOW.after(Duration::from_secs(600)));
    let refresh = again(2, "Expires: 900\r\n");
    assert_eq!(Notifier::key(&refresh), Some(begun.key()));
    let (longer, _) = taken(decide(&refresh, Some(begun.clone())));
    assert_eq!(longer.expires_at, NOW.after(Duration::from_secs(900)));
    assert_eq!(longer.key(), begun.key());
    let (ended, _) = taken(decide(&again(3, "Expires: 0\r\n"), Some(longer)));
    assert!(!ended.is_current(NOW));
}

#[test]
fn what_cannot_be_subscribed_to_is_refused_with_its_reason() {
    let to = format!("<{URI}>");
    let unsigned = subscribe(&to, 1, EVENT);
    assert_eq!(code(decide(&unsigned, None)), 401);
    let dialog = signed(subscribe(&to, 1, "Event: dialog\r\n"), "anna");
    assert_eq!(code(decide(&dialog, None)), 489);
    let other = signed(subscribe("<sip:bert@example.net>", 1, EVENT), "anna");
    assert_eq!(code(decide(&other, None)), 403);
    assert_eq!(code(decide(&first("Expires: 5\r\n"), None)), 423);
    assert_eq!(code(decide(&first("Accept: text/plain\r\n"), None)), 406);
    // Nothing is known of this dialog: it was of a run long ago, or never was.
    assert_eq!(code(decide(&again(2, ""), None)), 481);
    let (begun, _) = taken(decide(&first(""), None));
    let late = signed(subscribe(&format!("<{URI}>;tag=ours"), 1, EVENT), "anna");
    assert_eq!(code(decide(&late, Some(begun))), 500);
}

#[test]
fn a_notify_goes_back_in_the_dialog_through_the_nat() {
    let (mut subscription, _) = taken(decide(&first(""), None));
    let state = SubscriptionState::Active(Duration::from_secs(60));
    let one = notification(&mut subscription, state).expect("an address");
    assert_eq!(one.uri.to_string(), "sip:anna@10.0.0.7:5070");
    assert_eq!(one.next_hop().to_string(), "sip:192.0.2.9:4711");
    assert_eq!(
        one.event.as_deref(),
        Some("application-server-contact-me;id=7")
    );
    let two = notification(&mut subscription, state).expect("an address");
    let number = |r: &OutboundRequest| r.dialog.as_ref().map(|d| d.sequence);
    assert!(number(&two) > number(&one).map(|n| n + 5));
    assert!(
        one.headers
            .contains(&("Subscription-State".into(), "active;expires=60".into()))
    );
}
