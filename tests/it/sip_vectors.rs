//! Messages that strain a parser, as files: the torture tests of RFC 4475 and RFC 5118 with a table of what must
//! be said of each, and our own, where the first word of the name says what they are.

use std::path::{Path, PathBuf};

use callhome::sip::{Explanation, Fault, InvalidMessage, Message, explain, faults};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/vectors/sip")
        .join(name)
}

fn vectors(of: &str) -> Vec<(String, Vec<u8>)> {
    let mut found: Vec<_> = std::fs::read_dir(folder(of))
        .expect("a folder of ours")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|e| e == "sip"))
        .map(|path| {
            let name = path.file_stem().expect("a name").to_string_lossy();
            (name.into_owned(), std::fs::read(&path).expect("readable"))
        })
        .collect();
    found.sort();
    found
}

fn vector(of: &str, name: &str) -> Vec<u8> {
    std::fs::read(folder(of).join(name).with_extension("sip")).expect("a vector")
}

/// Header and rule of each, as the table has them.
fn keys(faults: &[Fault]) -> Vec<String> {
    let mut keys: Vec<String> = faults
        .iter()
        .map(|fault| match fault.header {
            "" => format!("message {}", fault.rule),
            header => format!("{header} {}", fault.rule),
        })
        .collect();
    keys.sort();
    keys
}

fn listed(column: &str) -> Vec<String> {
    let mut keys: Vec<String> = column
        .split("; ")
        .filter(|key| *key != "-")
        .map(str::to_owned)
        .collect();
    keys.sort();
    keys
}

/// What the endpoint makes of it: the same calls that it makes.
fn treatment(bytes: &[u8], told: &Explanation) -> &'static str {
    match Message::parse(bytes) {
        Ok(message) if !faults(&message).iter().any(Fault::is_fatal) => {
            if told.faults.is_empty() {
                "valid"
            } else {
                "borne"
            }
        }
        _ => "refused",
    }
}

fn differences(of: &str) -> Vec<String> {
    let table = std::fs::read_to_string(folder(of).join("expected.tsv")).expect("a table");
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split('\t').collect())
        .collect();
    assert_eq!(rows.len(), vectors(of).len(), "one row for each file");
    let mut wrong = Vec::new();
    for row in rows {
        let [name, _section, verdict, faults, remarks] = row[..] else {
            panic!("five columns: {row:?}");
        };
        let bytes = vector(of, name);
        let told = match explain(&bytes) {
            Ok(told) => told,
            Err(error) => {
                wrong.push(format!("{name}: not explained: {error}"));
                continue;
            }
        };
        let found = (
            treatment(&bytes, &told),
            keys(&told.faults),
            keys(&told.remarks),
        );
        if found != (verdict, listed(faults), listed(remarks)) {
            wrong.push(format!(
                "{name}: {found:?}\n   {:?} {:?}",
                told.faults, told.remarks
            ));
        }
        if let Some(header) = told.headers.iter().find(|h| h.meaning.is_empty()) {
            wrong.push(format!("{name}: {} is not explained", header.name));
        }
    }
    wrong
}

#[test]
fn every_message_of_rfc_4475_is_judged_and_explained_as_the_rfc_says() {
    let none: [String; 0] = [];
    assert_eq!(differences("rfc4475"), none);
}

#[test]
fn every_message_of_rfc_5118_is_judged_and_explained_as_the_rfc_says() {
    let none: [String; 0] = [];
    assert_eq!(differences("rfc5118"), none);
}

#[test]
fn the_difficult_parts_of_valid_messages_are_read_rightly() {
    let read = |name: &str| Message::parse(&vector("rfc4475", name)).expect(name);
    let message = read("wsinv");
    assert_eq!(message.list("Via").len(), 3);
    assert_eq!(message.cseq().expect("CSeq").number, 9);
    assert_eq!(message.to().expect("To").tag(), Some("1918181833n"));
    assert_eq!(
        message.from().expect("From").display_name(),
        r#"J Rosenberg \""#
    );
    assert_eq!(message.body().len(), 150);
    let message = read("intmeth");
    let method = "!interesting-Method0123456789_*+`.%indeed'~";
    assert_eq!(message.method().expect("a method").as_str(), method);
    assert!(message.to().expect("To").display_name().contains('\0'));
    assert_eq!(
        message.from().expect("From").tag(),
        Some("_token~1'+`*%!-.")
    );
    // A method and a header with % in their names are not the ones they would be without.
    let message = read("esc02");
    assert_eq!(message.method().expect("a method").as_str(), "RE%47IST%45R");
    assert_eq!(message.list("Contact").len(), 2);
    assert_eq!(read("escnull").list("Contact").len(), 2);
    assert_eq!(read("longreq").list("Via").len(), 34);
    // The request behind the end of the first one is not read.
    let message = read("dblreq");
    assert_eq!(
        (message.body(), message.first_line().as_str()),
        (&b""[..], "REGISTER sip:example.com SIP/2.0")
    );
    assert_eq!(read("noreason").reason(), Some(""));
    assert!(
        read("mpart01")
            .body()
            .windows(4)
            .any(|w| w == [0x30, 0x82, 0x01, 0x52])
    );
    let message = read("cparam01");
    assert!(
        message
            .header("Contact")
            .expect("Contact")
            .ends_with(";unknownparam")
    );
}

#[test]
fn our_own_vectors_are_what_their_names_say() {
    let vectors = vectors("own");
    assert_eq!(vectors.len(), 9);
    for (name, bytes) in vectors {
        let told = explain(&bytes).unwrap_or_else(|e| panic!("{name}: {e}"));
        match name.split('-').next() {
            Some("good") => assert_eq!(told.faults, [], "{name}"),
            Some("fault") => assert_eq!(told.faults.len(), 1, "{name}: {:?}", told.faults),
            Some("unreadable") => {
                let error = Message::parse(&bytes).expect_err(&name);
                assert!(told.faults.iter().any(|f| f.rule == error.rule()), "{name}");
            }
            other => panic!("{name} begins with {other:?}"),
        }
    }
}

#[test]
fn what_can_be_read_is_the_same_after_printing() {
    for of in ["own", "rfc4475", "rfc5118"] {
        for (name, bytes) in vectors(of) {
            if let Ok(message) = Message::parse(&bytes) {
                let printed = message.to_bytes();
                assert_eq!(Message::parse(&printed).as_ref(), Ok(&message), "{name}");
            }
        }
    }
}

#[test]
fn what_is_no_message_at_all_is_an_error() {
    assert_eq!(explain(b"\r\n\r\n"), Err(InvalidMessage::Empty));
    assert!(matches!(
        explain(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"),
        Err(InvalidMessage::StartLine(_))
    ));
}

#[test]
fn the_typed_headers_of_a_folded_message_are_right() {
    let message = Message::parse(&vector("own", "good-folded-and-compact")).expect("valid");
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
