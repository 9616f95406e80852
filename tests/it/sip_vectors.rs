//! Messages that strain a parser, as files: the first word of the name says what they are.

use std::path::Path;

use callhome::sip::{Message, explain};

fn vectors() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/sip");
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .expect("a folder of ours")
        .map(|entry| entry.expect("readable").path())
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy();
            (name.into_owned(), std::fs::read(&path).expect("readable"))
        })
        .collect();
    found.sort();
    found
}

#[test]
fn each_vector_is_what_its_name_says() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 9);
    for (name, bytes) in vectors {
        let told = explain(&bytes);
        match name.split('-').next() {
            Some("good") => {
                let told = told.unwrap_or_else(|e| panic!("{name}: {e}"));
                let none: [String; 0] = [];
                assert_eq!(told.faults, none, "{name}");
            }
            Some("fault") => {
                let told = told.unwrap_or_else(|e| panic!("{name}: {e}"));
                assert_eq!(told.faults.len(), 1, "{name}: {:?}", told.faults);
            }
            Some("unreadable") => assert!(told.is_err(), "{name}"),
            other => panic!("{name} begins with {other:?}"),
        }
    }
}

#[test]
fn what_can_be_read_is_the_same_after_printing() {
    for (name, bytes) in vectors() {
        if let Ok(message) = Message::parse(&bytes) {
            assert_eq!(
                Message::parse(&message.to_bytes()).as_ref(),
                Ok(&message),
                "{name}"
            );
        }
    }
}

#[test]
fn the_typed_headers_of_a_folded_message_are_right() {
    let (_, bytes) = vectors()
        .into_iter()
        .find(|(name, _)| name == "good-folded-and-compact.sip")
        .expect("there");
    let message = Message::parse(&bytes).expect("valid");
    let via = message.top_via().expect("a Via");
    assert_eq!(via.branch(), Some("z9hG4bK.folded"));
    assert_eq!(via.sent_by, "[2001:db8::1]:5060");
    assert_eq!(message.list("Via").len(), 2);
    let from = message.from().expect("From");
    assert_eq!(from.display_name(), "Office \"quoted\", room <1>");
    assert_eq!(from.tag(), Some("9-a"));
    assert_eq!(message.to().expect("To").uri(), "sip:lamp@example.net");
    assert_eq!(message.cseq().expect("CSeq").number, 7);
    assert_eq!(message.list("Contact").len(), 2);
    assert_eq!(message.body(), b"Request-Id: 4t9wz0kc");
}
