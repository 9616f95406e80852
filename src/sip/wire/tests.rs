use proptest::prelude::*;

use super::*;

const NOTIFY: &[u8] = b"NOTIFY sip:anna@[2001:db8::7]:5070 SIP/2.0\r\nVia : SIP/2.0/UDP [2001:db8::1]:5060;branch=z9hG4bK1, SIP/2.0/UDP b;branch=z9hG4bK0\r\nf: <sip:x@y>;tag=1\r\nt: \"A, B\" <sip:anna@h>\r\ni: 1@y\r\nCSeq: 7 NOTIFY\r\nm: <sip:a@b>;+sip.instance=\"<urn:uuid:1>\", <sip:c@d>\r\nl: 3\r\n\r\n\xff\0\x01trailing";

#[test]
fn reads_what_the_parser_below_cannot() {
    let message = Message::parse(NOTIFY).expect("valid");
    assert_eq!(message.uri(), Some("sip:anna@[2001:db8::7]:5070"));
    assert_eq!(message.body(), b"\xff\0\x01");
    assert_eq!(message.top_via().expect("via").branch(), Some("z9hG4bK1"));
    assert_eq!(message.list("Contact").len(), 2);
    assert_eq!(message.list("Via").len(), 2);
    assert_eq!(message.cseq().expect("cseq").number, 7);
    // Shown here so that the day rsip can do it this test says so.
    assert!(rsip::SipMessage::try_from(NOTIFY).is_err());
}

#[test]
fn printing_and_reading_again_changes_nothing() {
    let message = Message::parse(NOTIFY).expect("valid");
    assert_eq!(Message::parse(&message.to_bytes()), Ok(message));
}

#[test]
fn unknown_methods_and_reason_phrases_survive() {
    let message =
        Message::parse(b"SIP/2.0 486 Occup\xc3\xa9 ici\r\nX-Y: z\r\n\r\n").expect("valid");
    assert_eq!(message.reason(), Some("Occupé ici"));
    let message = Message::parse(b"FROBNICATE tel:+1408 SIP/2.0\r\n\r\n").expect("valid");
    assert_eq!(message.first_line(), "FROBNICATE tel:+1408 SIP/2.0");
}

#[test]
fn content_length_must_be_kept_and_agreed_upon() {
    for head in ["l: 9", "l: -1", "l: +3", "l: x", "l:", "l: 2\r\nl: 3"] {
        let text = format!("SIP/2.0 200 OK\r\n{head}\r\n\r\nabc");
        assert!(
            matches!(
                Message::parse(text.as_bytes()),
                Err(InvalidMessage::ContentLength(..)
                    | InvalidMessage::Short(..)
                    | InvalidMessage::Lengths(..))
            ),
            "{head}"
        );
    }
}

#[test]
fn first_lines_that_are_not_sip_are_refused() {
    for line in [
        "GET / HTTP/1.1",
        "OPTIONS sip:a SIP/7.0",
        "OPTIONS  SIP/2.0",
        "OPTIONS <sip:a> SIP/2.0",
        "SIP/2.0 99 x",
        "SIP/2.0 700 x",
        "SIP/2.0 20 x",
        "SIP/2.0",
        "SIP/2.0 é00 x",
        "x",
    ] {
        let text = format!("{line}\r\n\r\n");
        assert!(
            matches!(
                Message::parse(text.as_bytes()),
                Err(InvalidMessage::StartLine(_)
                    | InvalidMessage::Version(_)
                    | InvalidMessage::RequestUri(..)
                    | InvalidMessage::StatusCode(_))
            ),
            "{line}"
        );
    }
}

#[test]
fn a_response_carries_what_the_request_needs_back() {
    let request = Message::parse(NOTIFY).expect("valid");
    let answer = Message::response(&request, 200, "OK", "abc");
    assert_eq!(answer.to().expect("to").tag(), Some("abc"));
    assert_eq!(answer.list("Via"), request.list("Via"));
    assert_eq!(answer.header("Contact"), None);
}

#[test]
fn a_value_cannot_begin_another_line() {
    let mut message = Message::request(Method::OPTIONS, "sip:a");
    message.push("Subject", "a\r\nEvil: 1");
    assert_eq!(
        Message::parse(&message.to_bytes())
            .expect("valid")
            .header("Evil"),
        None
    );
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(message) = Message::parse(&bytes) {
            let _again = Message::parse(&message.to_bytes());
        }
    }

    #[test]
    fn no_damage_to_a_real_message_makes_it_panic(
        at in 0..NOTIFY.len(), with in any::<u8>(), cut in 0..NOTIFY.len(),
    ) {
        let mut bytes = NOTIFY.to_vec();
        bytes[at] = with;
        bytes.truncate(cut);
        if let Ok(message) = Message::parse(&bytes) {
            let _typed = (message.top_via(), message.from(), message.to(), message.cseq());
            prop_assert_eq!(Message::parse(&message.to_bytes()), Ok(message));
        }
    }
}
