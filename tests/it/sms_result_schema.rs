//! Result documents and their published schema agree, as libxml2 judges.

use std::process::{Command, Stdio};

use callhome::domain::{Action, Sequence, Timestamp};
use callhome::sms::{ActionResult, Fix, Payload, RESULT_XSD, ResultStatus};

const AT: Timestamp = Timestamp::from_millis(1_763_647_331_043);

/// Whether libxml2 finds the document valid; `None` without it, which is a failure under `CI=true`.
fn is_valid(folder: &tempfile::TempDir, document: &str) -> Option<bool> {
    let schema = folder.path().join("result.xsd");
    let path = folder.path().join("result.xml");
    std::fs::write(&schema, RESULT_XSD).expect("a scratch file");
    std::fs::write(&path, document).expect("a scratch file");
    let run = Command::new("xmllint")
        .args(["--noout", "--nonet", "--schema"])
        .args([&schema, &path])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    match run {
        Ok(status) => Some(status.success()),
        Err(error) => {
            let ci = std::env::var_os("CI").is_some_and(|v| v == "true");
            assert!(!ci, "xmllint: {error}; tests/run installs it");
            None
        }
    }
}

fn documents() -> Vec<String> {
    let action: Action = "aud()".parse().expect("an action");
    let payloads = [
        Payload::Nothing,
        Payload::Text("no such file <&> \r\n".into()),
        Payload::Audit(vec![("model & \"maker\"".into(), "Nokia G42".into())]),
        Payload::Location(vec![
            Fix::new(-89.999_999, 180.0, 0, AT).expect("on the globe"),
            Fix::new(0.000_001, -0.5, 12, AT).expect("on the globe"),
        ]),
        Payload::File {
            name: "P Dat.txt".into(),
            size_bytes: u64::MAX,
            sha256: "0a".repeat(32),
        },
        Payload::Backup {
            kind: "contacts".into(),
            items: 42,
            size_bytes: 9001,
        },
        Payload::Lock { locked: false },
        Payload::Terms { accepted: true },
        Payload::Log(vec![String::new(), "line".into()]),
    ];
    let statuses = [
        ResultStatus::Done,
        ResultStatus::Failed,
        ResultStatus::Refused,
        ResultStatus::Superseded,
        ResultStatus::Unsupported,
    ];
    payloads
        .into_iter()
        .zip(statuses.into_iter().cycle())
        .map(|(payload, status)| {
            ActionResult::new(Sequence::new(0x174ef), &action, status, AT)
                .with_code("no-such-file")
                .with_session("4t9wz0kc".parse().expect("a short id"))
                .with_payload(payload)
                .to_xml()
        })
        .collect()
}

#[test]
fn every_document_that_is_written_is_valid() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    for document in documents() {
        match is_valid(&folder, &document) {
            Some(valid) => assert!(valid, "{document}"),
            None => return,
        }
    }
}

#[test]
fn reader_and_schema_refuse_the_same() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let good = "<result xmlns=\"urn:callhome:result:1\" sequence=\"00000001\" action=\"aud\" \
                status=\"done\" at=\"2025-11-20T14:02:11Z\"><lock state=\"locked\"/></result>";
    for (from, to) in [
        ("", ""),
        ("sequence=\"00000001\" ", ""),
        ("00000001", "0000000A"),
        ("aud", "audit"),
        ("done", "finished"),
        ("status", "code=\"\" status"),
        ("status", "session=\"x\" status"),
        ("2025-11-20T14:02:11Z", "yesterday"),
        ("\"locked\"", "\"maybe\""),
        ("<lock", "<text/><lock"),
        ("<lock state=\"locked\"/>", "<lick/>"),
        ("<lock", "words<lock"),
        ("state=\"locked\"", "state=\"locked\" colour=\"red\""),
        (
            "<lock state=\"locked\"/>",
            "<file name=\"a\" size=\"-1\" sha256=\"00\"/>",
        ),
        (
            "<lock state=\"locked\"/>",
            "<location><fix latitude=\"91\" longitude=\"0\" accuracy=\"1\" at=\"2025-11-20T14:02:11Z\"/></location>",
        ),
        (
            "<lock state=\"locked\"/>",
            "<backup kind=\"a\" items=\"1\"/>",
        ),
        ("<lock state=\"locked\"/>", "<log><item/></log>"),
        ("<lock state=\"locked\"/>", "<terms answer=\"accept\"/>"),
        ("<lock state=\"locked\"/>", ""),
    ] {
        let document = good.replacen(from, to, 1);
        let ours = ActionResult::from_xml(document.as_bytes()).is_ok();
        match is_valid(&folder, &document) {
            Some(theirs) => assert_eq!(ours, theirs, "{document}"),
            None => return,
        }
    }
}
