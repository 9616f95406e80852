//! `callhome decode`: what each kind of message looks like when it is explained.

use crate::support::program::{callhome, file};

const SECRET: &str = "0707070707070707070707070707070707070707070707070707070707070707\n";
const EXAMPLE: &str = "KME 1.00 000174ef 5d783e9708ffb691 aud() loc(1) get(P%20Dat.txt,1024)\n";

#[test]
fn an_action_string_with_anothers_token_differs() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let key = file(&folder, "phone.key", 0o600, SECRET.as_bytes());
    let (code, out, err) = callhome(&["decode", "--secret-file", &key], EXAMPLE);
    assert_eq!(code, 17, "{err}");
    assert_eq!(
        out,
        "Action string, version 1.00\n  \
           sequence   000174ef (95,471), and the next two\n  \
           token      5d783e9708ffb691  ✗ does not match: altered, or another device's secret\n  \
           1  aud()                   audit\n  \
           2  loc(1)                  location, 1 sample\n  \
           3  get(P%20Dat.txt,1024)   file \"P Dat.txt\", at most 1,024 bytes\n"
    );
    let (code, out, _) = callhome(&["decode"], EXAMPLE);
    assert_eq!(code, 0);
    assert!(out.contains("not checked"), "{out}");
    // The right token, but below the version of the enrolment.
    let genuine = EXAMPLE.replace("5d783e9708ffb691", "c4700cb3f077cb0b");
    let check = ["decode", "--secret-file", &key];
    assert_eq!(callhome(&check, &genuine).0, 0);
    let (code, out, _) = callhome(&[&check[..], &["--enrolled", "2.00"]].concat(), &genuine);
    assert_eq!(code, 17);
    assert!(out.contains("below 2.00"), "{out}");
}

#[test]
fn a_notification_is_found_in_a_push_and_its_digest_checked() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let push = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/vectors/oma/pkg0-wsp.bin"
    );
    let password = file(&folder, "dm.pw", 0o600, b"srvpw");
    for (nonce, expected, verdict) in [
        ("bm9uY2U=", 0, "✓ genuine"),
        ("b3RoZXI=", 17, "✗ does not match"),
    ] {
        let (code, out, err) = callhome(
            &[
                "decode",
                push,
                "--password-file",
                &password,
                "--nonce",
                nonce,
            ],
            "",
        );
        assert_eq!(code, expected, "{err}");
        assert!(out.contains(verdict), "{out}");
        assert!(out.contains("server     mgmt.example"), "{out}");
        assert!(out.contains("session    A5"), "{out}");
    }
    let digits: String = std::fs::read(push)
        .expect("a vector")
        .iter()
        .map(|b| format!("{b:02X} "))
        .collect();
    let (code, out, _) = callhome(&["decode", "--text", &digits, "-o", "json"], "");
    let json: serde_json::Value = serde_json::from_str(&out).expect("one document");
    assert_eq!((code, &json["kind"]), (0, &"notification".into()));
}

#[test]
fn a_sip_message_is_explained_with_its_body_and_its_faults() {
    let notify = "NOTIFY sip:phone@192.0.2.9 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\n\
                  Max-Forwards: 70\nFrom: <sip:a@h>;tag=1\nTo: <sip:b@h>\nCall-ID: 1\nCSeq: 1 NOTIFY\n\
                  Event: application-server-contact-me\nSubscription-State: active\n\
                  Content-Type: application/application-server-contact-me\n\nPort: 8443\n";
    let (code, out, err) = callhome(&["decode"], notify);
    assert_eq!(code, 0, "{err}{out}");
    assert!(
        out.starts_with("Notification of application-server-contact-me, to sip:phone@192.0.2.9\n"),
        "{out}"
    );
    assert!(out.contains("  Port   8443\n"), "{out}");
    assert!(out.lines().all(|l| l.chars().count() <= 80), "{out}");
    // Readable, but RFC 3261 forbids it: valid it is not.
    let (code, out, _) = callhome(
        &["decode"],
        &notify.replace("CSeq: 1 NOTIFY", "CSeq: 1 INVITE"),
    );
    assert_eq!(code, 2, "{out}");
    assert!(out.contains("RFC 3261"), "{out}");
}

#[test]
fn other_messages_are_told_apart() {
    let reply = "KMR 2.00 00112233aabbccdd 0123456789abcdef ok(locked) err(refused,not-locked)";
    let result = "<result xmlns=\"urn:callhome:result:1\" sequence=\"00000007\" action=\"lck\" \
                  status=\"done\" at=\"2026-11-20T14:02:11Z\"><lock state=\"locked\"/></result>";
    for (message, kind, words) in [
        (reply, "reply", "done: locked"),
        (result, "result", "Result of lck(): done"),
        (
            "Address: 192.0.2.7\nRequest-Id: 4t9wz0kc\n",
            "contact-me",
            "ties the call to the request",
        ),
        ("KME 2.00 ........ lck()", "action", "not reserved yet"),
    ] {
        let (code, out, err) = callhome(&["decode"], message);
        assert_eq!(code, 0, "{message}: {err}");
        assert!(out.contains(words), "{out}");
        let (_, out, _) = callhome(&["decode", "-o", "json"], message);
        let json: serde_json::Value = serde_json::from_str(&out).expect("one document");
        assert_eq!(json["kind"], kind);
    }
}

#[test]
fn what_cannot_be_read_says_what_is_wrong() {
    for (args, input, words) in [
        (&["decode"][..], "hello", "--kind sip|contact-me|action"),
        (&["decode"], "KME 2.00 000174ef aud(", "action 1"),
        (
            &["decode", "--kind", "result"],
            "<result/>",
            "not a result document",
        ),
        (
            &["decode", "--kind", "notification"],
            "00",
            "not a DM notification",
        ),
        (&["decode", "/nonexistent"], "", "callhome decode --text"),
    ] {
        let (code, out, err) = callhome(args, input);
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}: {err}");
        assert!(err.contains(words), "{args:?}: {err}");
    }
}

fn vector(name: &str) -> String {
    format!("{}/tests/vectors/sip/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn every_header_is_told_in_words_and_every_fault_with_its_section() {
    let (code, out, err) = callhome(&["decode", &vector("rfc4475/wsinv.sip")], "");
    assert_eq!(code, 0, "{err}{out}");
    for words in [
        "Call, to sip:vivekg@chair-dnrc.example.com;unknownparam\n",
        "68 more hops allowed",
        "to pass services.example.com",
        "asked by J Rosenberg \\\", sip:jdrosen@example.com",
        "not a registered header: passed on, not looked at",
        "· Via: branch does not begin with z9hG4bK, as in RFC 2543 (RFC 3261 §8.1.1.7)",
    ] {
        assert!(out.contains(words), "{words}: {out}");
    }
    let (code, out, _) = callhome(&["decode", &vector("rfc4475/badinv01.sip")], "");
    assert_eq!(code, 2, "{out}");
    assert!(
        out.contains("✗ Via: a parameter between semicolons is empty (RFC 3261 §20.42)"),
        "{out}"
    );
    // What no endpoint takes is explained as far as it goes.
    let (code, out, _) = callhome(&["decode", &vector("rfc4475/bigcode.sip")], "");
    assert_eq!(code, 2, "{out}");
    assert!(out.contains("not a status code of three digits"), "{out}");
    assert!(out.contains("request number 353494, INVITE"), "{out}");
    let (code, out, _) = callhome(
        &["decode", &vector("rfc4475/scalar02.sip"), "-o", "json"],
        "",
    );
    let json: serde_json::Value = serde_json::from_str(&out).expect("one document");
    assert_eq!(
        (code, &json["schema"], &json["valid"]),
        (2, &"callhome/decode/v1".into(), &false.into())
    );
    assert_eq!(json["faults"].as_array().expect("a list").len(), 4, "{out}");
    assert_eq!(json["faults"][0]["rule"], "RFC 3261 §20.16");
}

#[test]
fn no_torture_test_fills_more_than_80_columns_or_fails_otherwise() {
    for folder in ["rfc4475", "rfc5118"] {
        for entry in std::fs::read_dir(vector(folder)).expect("vectors") {
            let path = entry.expect("readable").path();
            if path.extension().is_none_or(|e| e != "sip") {
                continue;
            }
            let name = path.display().to_string();
            let (code, out, err) = callhome(&["decode", "--kind", "sip", &name], "");
            assert!(matches!(code, 0 | 2), "{name}: {code} {err}");
            assert_eq!(err, "", "{name}");
            // The text of a body is shown as it is.
            let head = out.lines().take_while(|l| !l.starts_with("Body, "));
            let widest = head.map(|l| l.chars().count()).max();
            assert!(widest.is_some_and(|w| w <= 80), "{name}: {widest:?}\n{out}");
        }
    }
}

#[test]
fn all_sip_of_a_capture_is_explained() {
    // Captured between two SIPp; tshark counts the same messages.
    for (name, transport, from) in [
        ("sipp-udp.pcap", "UDP", "127.0.0.1:5060"),
        ("sipp-tcp.pcapng", "TCP", "127.0.0.1:40585"),
        ("sipp-udp6.pcapng", "UDP", "[::1]:5060"),
    ] {
        let file = vector(&format!("captures/{name}"));
        let (code, out, err) = callhome(&["decode", &file], "");
        assert_eq!(code, 0, "{err}{out}");
        assert!(out.ends_with("\n6 SIP messages, nothing wrong.\n"), "{out}");
        assert_eq!(
            out.matches("\nNotification of application-server-contact-me")
                .count(),
            2
        );
        assert!(out.contains("  Request-Id   4t9wz0kc\n"), "{out}");
        let (code, out, _) = callhome(&["decode", "--kind", "sip", &file, "-o", "json"], "");
        let json: serde_json::Value = serde_json::from_str(&out).expect("one document");
        assert_eq!(
            (code, &json["schema"]),
            (0, &"callhome/decode-list/v1".into())
        );
        let items = json["items"].as_array().expect("a list");
        assert_eq!(items.len(), 6);
        assert_eq!(
            (&items[0]["transport"], &items[0]["source"]),
            (&transport.into(), &from.into())
        );
        assert_eq!(items[1]["summary"], "Answer to OPTIONS: 200 OK (success)");
    }
    // A capture that breaks off keeps what it has.
    let whole = std::fs::read(vector("captures/sipp-udp.pcap")).expect("a capture");
    let folder = tempfile::tempdir().expect("a scratch folder");
    let cut = file(&folder, "cut.pcap", 0o600, &whole[..whole.len() - 20]);
    let (code, out, err) = callhome(&["decode", &cut], "");
    assert_eq!(code, 0, "{err}");
    assert!(out.ends_with("\n5 SIP messages, nothing wrong.\n"), "{out}");
    assert!(
        err.contains("the capture ends in the middle of a packet"),
        "{err}"
    );
    let empty = file(&folder, "empty.pcap", 0o600, &whole[..24]);
    let (code, _, err) = callhome(&["decode", &empty], "");
    assert_eq!(code, 2);
    assert!(
        err.contains("there is no SIP in this capture of 0 packets"),
        "{err}"
    );
}

#[test]
fn sip_is_read_from_dumps_and_base64() {
    let bytes = std::fs::read(vector("rfc4475/dblreq.sip")).expect("a vector");
    let dump: String = bytes
        .chunks(16)
        .enumerate()
        .map(|(row, line)| {
            let digits: Vec<String> = line.iter().map(|b| format!("{b:02x}")).collect();
            let text: String = line
                .iter()
                .map(|b| {
                    if b.is_ascii_graphic() {
                        char::from(*b)
                    } else {
                        '.'
                    }
                })
                .collect();
            format!("{:08x}  {:<47}  |{text}|\n", row * 16, digits.join(" "))
        })
        .collect();
    let digits: String = bytes.iter().map(|b| format!("{b:02X}")).collect();
    let base64 = data_encoding::BASE64.encode(&bytes);
    for written in [dump, digits, base64] {
        let (code, out, err) = callhome(&["decode"], &written);
        assert_eq!(code, 0, "{err}{out}");
        assert!(
            out.starts_with("Registration, to sip:example.com\n"),
            "{out}"
        );
        assert!(
            out.contains("bytes behind the body are passed over"),
            "{out}"
        );
    }
}

#[test]
fn smpp_pdus_and_receipts_are_explained_with_what_is_wrong_with_them() {
    let answer = "0000001480000004000000000000003 86d313900".replace(' ', "");
    let (code, told, _) = callhome(&["decode", "--text", &answer], "");
    assert_eq!(code, 0, "{told}");
    assert!(
        told.contains("SMPP submit_sm_resp, sequence number 56"),
        "{told}"
    );
    assert!(told.contains("\"m19\""), "{told}");
    let cut = answer.replacen("00000014", "00000015", 1);
    let (code, told, _) = callhome(&["decode", "--kind", "smpp", "--text", &cut], "");
    assert_eq!(code, 2, "{told}");
    assert!(
        told.contains("command_length is 21, there are 20 octets"),
        "{told}"
    );
    let receipt = "id:m19 sub:001 dlvrd:001 stat:EXPIRED err:069 text:hello";
    let (code, told, _) = callhome(&["decode", "--text", receipt], "");
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("EXPIRED: not delivered"), "{told}");
}
