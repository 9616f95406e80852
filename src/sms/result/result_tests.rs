use proptest::prelude::*;

use super::*;

fn result(payload: Payload) -> ActionResult {
    let action: Action = "loc(1)".parse().expect("an action");
    ActionResult::new(
        Sequence::new(0x174ef),
        &action,
        ResultStatus::Done,
        Timestamp::from_millis(1_763_647_331_043),
    )
    .with_payload(payload)
}

fn payloads() -> Vec<Payload> {
    let at = Timestamp::from_millis(1_763_647_331_043);
    vec![
        Payload::Nothing,
        Payload::Text("no such file: \"P Dat.txt\" <&> ]]>\r\n\tend".into()),
        Payload::Audit(vec![
            ("model & maker".into(), "Nokia G42".into()),
            ("battery".into(), "81 %".into()),
        ]),
        Payload::Location(vec![
            Fix::new(55.704_66, -13.191_01, 12, at).expect("on the globe"),
        ]),
        Payload::File {
            name: "P Dat.txt".into(),
            size_bytes: 1024,
            sha256: "0a".repeat(32),
        },
        Payload::Backup {
            kind: "contacts".into(),
            items: 42,
            size_bytes: 9001,
        },
        Payload::Lock { locked: true },
        Payload::Terms { accepted: false },
        Payload::Log(vec![
            "first line".into(),
            String::new(),
            " spaces kept ".into(),
        ]),
    ]
}

#[test]
fn every_payload_is_written_and_read_back() {
    for payload in payloads() {
        let result = result(payload)
            .with_code("code-1")
            .with_session("4t9wz0kc".parse().expect("a short id"));
        let xml = result.to_xml();
        assert_eq!(ActionResult::from_xml(xml.as_bytes()).expect(&xml), result);
        let json = serde_json::to_string(&result).expect("plain data");
        let back: ActionResult = serde_json::from_str(&json).expect("own form");
        assert_eq!(back, result);
    }
}

#[test]
fn a_document_looks_as_published() {
    let xml = result(Payload::Lock { locked: true }).to_xml();
    assert_eq!(
        xml,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <result xmlns=\"urn:callhome:result:1\" sequence=\"000174ef\" action=\"loc\" status=\"done\" \
         at=\"2025-11-20T14:02:11.043Z\"><lock state=\"locked\"/></result>\n"
    );
}

#[test]
fn other_prefixes_comments_and_references_mean_the_same() {
    let xml = "<!-- made elsewhere --><r:result xmlns:r='urn:callhome:result:1' sequence='00000001' \
               action='msg' status='failed' at='2025-11-20T14:02:11+01:00'>\n \
               <r:text>caf&#xe9; &amp; <![CDATA[<more>]]></r:text></r:result>";
    let result = ActionResult::from_xml(xml.as_bytes()).expect("valid");
    assert_eq!(result.payload(), &Payload::Text("café & <more>".into()));
    assert_eq!(result.status(), ResultStatus::Failed);
}

#[test]
fn what_the_schema_does_not_allow_is_refused() {
    let good = "<result xmlns=\"urn:callhome:result:1\" sequence=\"00000001\" action=\"aud\" \
                status=\"done\" at=\"2025-11-20T14:02:11Z\"><lock state=\"locked\"/></result>";
    assert!(ActionResult::from_xml(good.as_bytes()).is_ok());
    for (what, from, to) in [
        ("namespace", "result:1", "result:2"),
        ("sequence", "00000001", "1"),
        ("upper case", "00000001", "0000000A"),
        ("action", "aud", "audit"),
        ("status", "done", "finished"),
        ("time", "2025-11-20T14:02:11Z", "yesterday"),
        ("state", "\"locked\"", "\"maybe\""),
        ("attribute", "state=", "colour=\"red\" state="),
        ("element", "<lock state=\"locked\"/>", "<lick/>"),
        ("two payloads", "<lock", "<text/><lock"),
        ("stray text", "<lock", "words<lock"),
        ("cut", "</result>", ""),
        ("twice", "</result>", "</result><result/>"),
        (
            "depth",
            "<lock state=\"locked\"/>",
            "<audit><item name=\"a\"><b><c/></b></item></audit>",
        ),
        (
            "doctype",
            "<result ",
            "<!DOCTYPE result [<!ENTITY a \"b\">]><result ",
        ),
        ("entity", "<lock state=\"locked\"/>", "<text>&a;</text>"),
        ("instruction", "<lock", "<?php ?><lock"),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "{what}");
        assert!(ActionResult::from_xml(bad.as_bytes()).is_err(), "{what}");
    }
    let long = format!("{good}{}", " ".repeat(MAX_RESULT_OCTETS));
    assert!(matches!(
        ActionResult::from_xml(long.as_bytes()),
        Err(InvalidResult::TooLarge)
    ));
}

#[test]
fn the_short_form_says_the_little_that_fits() {
    let statuses: Vec<String> = payloads()
        .into_iter()
        .map(|p| result(p).to_reply_status().to_string())
        .collect();
    assert_eq!(
        statuses,
        [
            "ok()",
            "ok()",
            "ok()",
            "ok(55.704660,-13.191010,12)",
            "ok()",
            "ok(42)",
            "ok(locked)",
            "ok(decline)",
            "ok()"
        ]
    );
    let action: Action = "ulk()".parse().expect("an action");
    let refused = ActionResult::new(
        Sequence::FIRST,
        &action,
        ResultStatus::Refused,
        Timestamp::default(),
    )
    .with_code("not-locked");
    assert_eq!(
        refused.to_reply_status().to_string(),
        "err(refused,not-locked)"
    );
}

#[test]
fn a_reply_gives_back_what_its_words_carry() {
    let at = Timestamp::from_millis(1_763_647_331_043);
    for (action, status, expected) in [
        (
            "lck()",
            "ok(locked)",
            result(Payload::Lock { locked: true }),
        ),
        (
            "trm(x)",
            "ok(accept)",
            result(Payload::Terms { accepted: true }),
        ),
        ("aud()", "ok()", result(Payload::Nothing)),
        (
            "loc(1)",
            "ok(55.704660,-13.191010,12)",
            result(Payload::Location(vec![
                Fix::new(55.704_66, -13.191_01, 12, at).expect("on the globe"),
            ])),
        ),
        ("get(a)", "ok(42)", result(Payload::Text("42".into()))),
    ] {
        let action: Action = action.parse().expect("an action");
        let reply = format!("KMR 2.00 0011223344556677 0011223344556677 {status}");
        let reply = super::super::Reply::parse(reply.as_bytes()).expect("a reply");
        let got = ActionResult::from_reply(Sequence::new(9), &action, &reply.statuses()[0], at);
        assert_eq!(got.payload(), expected.payload(), "{status}");
        assert_eq!(got.status(), ResultStatus::Done);
    }
    let refused = ReplyStatus::Err {
        code: "refused".into(),
        text: "not-locked".into(),
    };
    let action: Action = "ulk()".parse().expect("an action");
    let got = ActionResult::from_reply(Sequence::new(9), &action, &refused, at);
    assert_eq!(got.status(), ResultStatus::Refused);
    assert_eq!(got.code(), Some("not-locked"));
}

#[test]
fn payloads_are_flattened_for_tables() {
    let fields: Vec<String> = payloads()
        .into_iter()
        .map(|p| result(p).fields().into_keys().collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(
        fields,
        [
            "",
            "text",
            "battery model & maker",
            "accuracy_m fix_at fixes latitude longitude",
            "name sha256 size_bytes",
            "items kind size_bytes",
            "locked",
            "accepted",
            "lines log"
        ]
    );
}

#[test]
fn no_place_is_off_the_globe() {
    for (latitude, longitude) in [
        (90.1, 0.0),
        (0.0, -180.1),
        (f64::NAN, 0.0),
        (0.0, f64::INFINITY),
    ] {
        assert_eq!(Fix::new(latitude, longitude, 1, Timestamp::default()), None);
    }
}

proptest! {
    #[test]
    fn any_octets_are_read_without_panic(text in ".{0,200}", octets in proptest::collection::vec(any::<u8>(), 0..80)) {
        let _ = ActionResult::from_xml(text.as_bytes()).is_ok();
        let _ = ActionResult::from_xml(&octets).is_ok();
    }

    #[test]
    fn any_words_survive_the_document(name in "[ -~\\t\\n\\r😀]{1,20}", value in "[ -~\\t\\n\\r😀]{0,20}") {
        let result = result(Payload::Audit(vec![(name, value)]));
        let xml = result.to_xml();
        prop_assert_eq!(ActionResult::from_xml(xml.as_bytes()).expect(&xml), result);
    }

    #[test]
    fn what_xml_cannot_hold_is_replaced(value in any::<String>()) {
        let xml = result(Payload::Text(value)).to_xml();
        prop_assert!(ActionResult::from_xml(xml.as_bytes()).is_ok(), "{}", xml);
    }
}
