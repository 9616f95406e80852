use proptest::prelude::*;

use super::*;
use crate::domain::DeviceSecret;

const EXAMPLE: &str = "KME 1.00 000174ef 5d783e9708ffb691 aud() loc(1) get(P%20Dat.txt,1024)";

fn keys() -> SmsKeys {
    SmsKeys::derive(&DeviceSecret::from_bytes([7; 32]))
}

#[test]
fn the_published_example_is_read_and_composed_again() {
    let message = SignedMessage::parse(EXAMPLE.as_bytes()).expect("published");
    assert_eq!(message.version(), Version::V1);
    assert_eq!(message.token().to_string(), "5d783e9708ffb691");
    let numbers: Vec<_> = message
        .numbered_actions()
        .map(|n| n.sequence.map(Sequence::value))
        .collect();
    assert_eq!(numbers, [Some(95_471), Some(95_472), Some(95_473)]);
    assert_eq!(message.actions()[2].param(0), Some("P Dat.txt"));

    let draft = Draft::new(
        Version::V1,
        Some(Sequence::new(0x174ef)),
        message.actions().to_vec(),
    )
    .expect("nothing destructive");
    assert_eq!(
        draft.to_string(),
        "KME 1.00 000174ef aud() loc(1) get(P%20Dat.txt,1024)"
    );
    assert_eq!(draft.to_string().parse(), Ok(draft));
}

#[test]
fn what_the_grammar_does_not_allow_is_refused_and_named() {
    use InvalidMessage as E;
    let long = format!("{EXAMPLE}{}", "x".repeat(MAX_OCTETS));
    let many = format!("KME 2.00 00000001 0123456789abcdef{}", " aud()".repeat(65));
    let table: Vec<(&str, E)> = vec![
        ("", E::Prefix),
        ("kme 1.00 000174ef 5d783e9708ffb691 aud()", E::Prefix),
        (
            "KME  1.00 000174ef 5d783e9708ffb691 aud()",
            E::Version(String::new()),
        ),
        (
            "KME 3.00 000174ef 5d783e9708ffb691 aud()",
            E::Version("3.00".into()),
        ),
        (
            "KME 1.0 000174ef 5d783e9708ffb691 aud()",
            E::Version("1.0".into()),
        ),
        (
            "KME 1.00 000174EF 5d783e9708ffb691 aud()",
            E::Sequence("000174EF".into()),
        ),
        (
            "KME 1.00 ........ 5d783e9708ffb691 aud()",
            E::Sequence("........".into()),
        ),
        ("KME 1.00 000174ef 5D783E9708FFB691 aud()", E::Token),
        ("KME 1.00 000174ef aud()", E::Token),
        ("KME 1.00 000174ef 5d783e9708ffb691", E::NoAction),
        (
            "KME 1.00 fffffff1 5d783e9708ffb691 aud()",
            E::SequenceOverflow,
        ),
        (
            "KME 1.00 fffffff0 5d783e9708ffb691 aud() aud()",
            E::SequenceOverflow,
        ),
        (
            "KME 1.00 000174ef 5d783e9708ffb691 num(0123456789abcdef) aud()",
            E::ReplyNumberNotLast,
        ),
        (
            "KME 1.00 000174ef 5d783e9708ffb691 aud() url(https%3A%2F%2Fx)",
            E::LinkNotAlone,
        ),
        (
            "KME 1.00 000174ef 5d783e9708ffb691 aud() num(1)",
            E::Nonce(InvalidNonce),
        ),
        (
            "KME 1.00 000174ef 5d783e9708ffb691 msg(\u{e9})",
            E::NotAscii(40),
        ),
        (&long, E::TooLong(long.len())),
        (&many, E::TooManyActions(65)),
    ];
    for (text, expected) in table {
        assert_eq!(
            SignedMessage::parse(text.as_bytes()).map(|_| ()),
            Err(expected),
            "{text:.80}"
        );
    }
    for text in [
        "KME 1.00 000174ef 5d783e9708ffb691  aud()",
        "KME 1.00 000174ef 5d783e9708ffb691 aud() ",
        "KME 1.00 000174ef 5d783e9708ffb691 aud()\n\n",
        "KME 1.00 000174ef 5d783e9708ffb691 aud()\u{0}",
    ] {
        assert!(SignedMessage::parse(text.as_bytes()).is_err(), "{text:?}");
    }
}

#[test]
fn a_number_still_to_be_reserved_is_shown_by_dots() {
    let draft: Draft = "KME 2.00 ........ lck(call%20IT)".parse().expect("valid");
    assert_eq!(draft.sequence(), None);
    assert!(draft.is_destructive());
    assert_eq!(
        draft.clone().sign(&keys()).map(|_| ()),
        Err(InvalidMessage::NoSequence)
    );
    assert_eq!(
        draft.with_placeholders(),
        "KME 2.00 ........ ................ lck(call%20IT)"
    );
    let numbered = draft.numbered(Sequence::new(9)).expect("far from the last");
    assert_eq!(numbered.to_string(), "KME 2.00 00000009 lck(call%20IT)");
}

#[test]
fn destructive_actions_are_not_composed_in_version_1() {
    assert_eq!(
        "KME 1.00 00000001 aud() wip()".parse::<Draft>(),
        Err(InvalidMessage::DestructiveInVersion1("wip".into()))
    );
    assert_eq!(
        "KME 2.00 00000001 0123456789abcdef aud()".parse::<Draft>(),
        Err(InvalidMessage::AlreadySigned)
    );
}

#[test]
fn links_and_reply_nonces_take_no_number() {
    let message = SignedMessage::parse(
        b"KME 2.00 00000005 0123456789abcdef aud() zzz(1) num(00112233aabbccdd)",
    )
    .expect("valid");
    let numbers: Vec<_> = message.numbered_actions().map(|n| n.sequence).collect();
    assert_eq!(
        numbers,
        [Some(Sequence::new(5)), Some(Sequence::new(6)), None]
    );
    assert_eq!(
        message.reply_nonce().map(|n| n.to_string()),
        Some("00112233aabbccdd".into())
    );
    let message = SignedMessage::parse(
        b"KME 2.00 00000005 0123456789abcdef url(https%3A%2F%2Fmdm.example%2Fa) num(00112233aabbccdd)",
    )
    .expect("valid");
    assert_eq!(message.link(), Some("https://mdm.example/a"));
    assert!(message.numbered_actions().all(|n| n.sequence.is_none()));
}

proptest! {
    #[test]
    fn any_octets_are_read_without_panic(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = SignedMessage::parse(&octets).is_ok();
    }

    #[test]
    fn a_text_near_the_grammar_is_read_without_panic(text in "KME [12]\\.00 [0-9a-f.]{7,9} ([0-9a-f]{16} )?([a-z]{3}\\([a-z%0-9A-F,]{0,9}\\) ?){0,3}") {
        let _ = SignedMessage::parse(text.as_bytes()).is_ok();
        let _ = text.parse::<Draft>().is_ok();
    }

    #[test]
    fn what_is_composed_and_signed_is_read_back(
        first in 1_u32..0xffff_ff00,
        params in proptest::collection::vec(proptest::collection::vec(".{0,12}", 0..4), 1..5),
    ) {
        let actions: Vec<_> = params.into_iter().map(|p| Action::new(ActionKind::Message, p)).collect();
        let draft = Draft::new(Version::V2, Some(Sequence::new(first)), actions).expect("well arranged");
        let signed = draft.clone().sign(&keys()).expect("numbered");
        let read = SignedMessage::parse(signed.as_str().as_bytes()).expect("own text");
        prop_assert_eq!(&read, &signed);
        prop_assert_eq!(read.signed_octets(), draft.to_string().into_bytes());
        prop_assert_eq!(read.actions(), draft.actions());
    }
}
