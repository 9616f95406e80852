//! `probe` over streams and names: Kamailio, baresip and SIPp as they are, with captures that tshark reads.

use std::path::Path;

use serde_json::Value;

use super::name_server::{NameServer, a, naptr, srv};
use super::peer::{Peer, free_port, installed};
use super::probing::{check, malformed, read};
use super::transports::certificate;
use super::{callhome, password_file};
use crate::support::command::Home;

/// What tshark has to see of one probe that was answered with 200.
fn is_asked_and_answered(file: &Path, port: u16) {
    let fields = [
        "tcp.dstport",
        "tcp.srcport",
        "sip.Method",
        "sip.Status-Code",
    ];
    let seen = read(file, &fields);
    assert_eq!(seen.len(), 2, "{seen:?}");
    let rows: Vec<Vec<&str>> = seen.iter().map(|line| line.split('\t').collect()).collect();
    let port = port.to_string();
    assert_eq!((rows[0][0], rows[0][2]), (port.as_str(), "OPTIONS"));
    assert_eq!((rows[1][1], rows[1][3]), (port.as_str(), "200"));
    assert_eq!(rows[0][1], rows[1][0]);
    // One stream: each direction goes on where it was, and acknowledges what the other one sent.
    let order = read(file, &["tcp.seq_raw", "tcp.ack_raw", "tcp.len"]);
    let numbers: Vec<Vec<u32>> = order
        .iter()
        .map(|line| {
            line.split('\t')
                .map(|n| n.parse().expect("a number"))
                .collect()
        })
        .collect();
    assert_eq!(numbers[1][1], numbers[0][0] + numbers[0][2], "{order:?}");
    assert_eq!(numbers[1][0], numbers[0][1], "{order:?}");
    assert_eq!(malformed(file), "");
}

#[test]
fn over_tcp_the_capture_is_a_stream_that_tshark_follows() {
    let Some(sipp) = Peer::sipp_over("tcp", "uas_any.xml") else {
        return;
    };
    let home = Home::new();
    let target = format!("sip:anna@127.0.0.1:{};transport=tcp", sipp.port);
    let report = home.json(&["probe", &target, "--pcap", "tcp.pcapng"]);
    assert_eq!(report["reachable"], true, "{report}");
    let connection = check(&report, "connection");
    assert_eq!(connection["grade"], "ok");
    assert_eq!(
        connection["finding"],
        format!("tcp 127.0.0.1:{}", sipp.port)
    );
    if installed(&["tshark"]) {
        is_asked_and_answered(&home.path().join("tcp.pcapng"), sipp.port);
    }
}

#[test]
fn kamailio_is_probed_over_tls_and_a_web_socket_with_its_chain_and_what_was_said_inside() {
    let (ca, certificate, key) = certificate(&["localhost"]);
    let tls_port = free_port();
    let tls = Some((tls_port, certificate.as_str(), key.as_str()));
    let (Some(phone), Some(kamailio)) = (
        Peer::sipp_over("tcp", "uas_any.xml"),
        Peer::kamailio_of(tls, &["WITH_WS"]),
    ) else {
        return;
    };
    let home = Home::new();
    home.file("ca.pem", &ca);
    let folder = tempfile::tempdir().expect("a scratch folder");
    let password = password_file(&folder, "secret1");
    let aor = format!("dev1@127.0.0.1:{}", kamailio.port);
    let registered = callhome(&[
        "sip",
        "register",
        &aor,
        "--contact",
        &format!("dev1@127.0.0.1:{};transport=tcp", phone.port),
        "--user",
        "dev1",
        "--password-file",
        password.to_str().expect("text"),
    ]);
    assert!(registered.status.success(), "{registered:?}");

    let target = format!("sip:{aor}");
    let proxy = format!("sip:localhost:{tls_port};transport=tls");
    let probe = ["probe", &target, "--proxy", &proxy, "--ca", "ca.pem"];
    let report = home.json(&[&probe[..], &["--pcap", "tls.pcapng"]].concat());
    assert_eq!(report["reachable"], true, "{report} {}", kamailio.log());
    let tls = check(&report, "tls");
    assert_eq!(tls["grade"], "ok", "{tls}");
    let finding = tls["finding"].as_str().expect("text");
    assert!(
        finding.contains(", signed by CN=authority of the tests")
            && finding.contains(", expires in ")
            && finding.ends_with(" days"),
        "{finding}"
    );
    let file = home.path().join("tls.pcapng");
    if installed(&["tshark"]) {
        is_asked_and_answered(&file, tls_port);
        let via = read(&file, &["sip.Via.transport"]);
        assert!(via[0].starts_with("TLS"), "{via:?}");
        let beside = read(&file, &["frame.comment"]);
        assert!(beside[0].starts_with("inside tls, at "), "{beside:?}");
    }
    // Whoever does not know the authority is told so.
    let ran = home.run(&["probe", &target, "--proxy", &proxy]);
    assert_eq!(ran.code, 12, "{}", ran.stdout);
    let words: Vec<&str> = ran.stdout.split_whitespace().collect();
    let words = words.join(" ");
    assert!(words.contains("certificate is not believed"), "{words}");

    let proxy = format!("sip:127.0.0.1:{};transport=ws", kamailio.port);
    let probe = ["probe", &target, "--proxy", &proxy, "--pcap", "ws.pcapng"];
    let report = home.json(&probe);
    assert_eq!(report["reachable"], true, "{report} {}", kamailio.log());
    if installed(&["tshark"]) {
        let file = home.path().join("ws.pcapng");
        let seen = read(&file, &["sip.Method", "sip.Status-Code"]);
        assert_eq!(seen, ["OPTIONS\t", "\t200"]);
        assert_eq!(malformed(&file), "");
    }
}

#[test]
fn baresip_is_probed_and_answers() {
    let Some(phone) = Peer::baresip() else {
        return;
    };
    let home = Home::new();
    let target = format!("sip:bare@127.0.0.1:{}", phone.port);
    let report = home.json(&["probe", &target]);
    assert_eq!(report["reachable"], true, "{report} {}", phone.log());
    let options = check(&report, "options");
    assert_eq!(options["grade"], "ok", "{options}");
    let answer = report["messages"][1]["text"].as_str().expect("text");
    assert!(answer.starts_with("SIP/2.0 200 "), "{answer}");
    phone.wait_for("OPTIONS sip:");
}

#[test]
fn the_places_of_a_name_are_told_in_the_order_in_which_they_are_tried() {
    let Some(sipp) = Peer::sipp_over("tcp", "uas_any.xml") else {
        return;
    };
    let dead = free_port();
    let dns = NameServer::with(vec![
        naptr(
            "example.test.",
            10,
            10,
            "SIP+D2T",
            "_sip._tcp.example.test.",
        ),
        srv("_sip._tcp.example.test.", 2, sipp.port, "b.example.test."),
        srv("_sip._tcp.example.test.", 1, dead, "a.example.test."),
        a("a.example.test.", [127, 0, 0, 1]),
        a("b.example.test.", [127, 0, 0, 1]),
    ]);
    let home = Home::new();
    let server = dns.address.to_string();
    let probe = ["probe", "sip:anna@example.test", "--dns", &server];
    let report = home.json(&probe);
    let name = check(&report, "name");
    let finding = name["finding"].as_str().expect("text");
    let (first, second) = finding.split_once(", then ").expect("two places");
    assert!(
        first.starts_with(&format!("example.test → tcp 127.0.0.1:{dead} (NAPTR 10 10")),
        "{finding}"
    );
    assert!(
        second.starts_with(&format!("tcp 127.0.0.1:{} (", sipp.port)) && second.contains("SRV 2"),
        "{finding}"
    );
    let connection = check(&report, "connection");
    assert_eq!(connection["grade"], "warning", "the first is dead");
    assert_eq!(report["reachable"], true);
    let ran = home.run(&probe);
    assert!(
        ran.stdout.lines().all(|l| l.chars().count() <= 80),
        "{}",
        ran.stdout
    );
}

#[test]
fn what_is_heard_over_tcp_is_captured_without_its_secrets() {
    if !installed(&["tshark"]) {
        return;
    }
    let home = Home::new();
    let args = ["sip", "listen", "--on", "127.0.0.1:0", "--count", "1"];
    let more = ["--timeout", "30s", "--pcap", "heard.pcapng", "-o", "ndjson"];
    let mut listening = home.start("listen", &[&args[..], &more].concat(), "ready: ");
    let address = listening.address("sip:");
    let secret = "Authorization: Digest username=\"anna\", realm=\"x\", nonce=\"n0nce\", uri=\"sip:x\", response=\"5ec2e75ec2e75ec2e75ec2e75ec2e75e\"";
    let target = format!("{address};transport=tcp");
    let sent = callhome(&["sip", "options", &target, "--header", secret]);
    assert!(sent.status.success(), "{sent:?}");
    let status = listening.child.wait().expect("it ends");
    assert!(status.success(), "{}", listening.log());
    let file = home.path().join("heard.pcapng");
    let seen = read(&file, &["sip.Method", "sip.auth.username", "tcp.dstport"]);
    let port = address.rsplit(':').next().expect("a port");
    assert_eq!(seen, [format!("OPTIONS\t\"anna\"\t{port}")]);
    assert_eq!(malformed(&file), "");
    let octets = std::fs::read(&file).expect("written");
    let octets = String::from_utf8_lossy(&octets);
    assert!(!octets.contains("5ec2e7"), "{octets}");
    let told = std::fs::read_to_string(home.path().join("listen.out")).expect("written");
    let heard: Value = serde_json::from_str(told.trim()).expect("a document");
    assert_eq!(heard["transport"], "tcp");
    assert!(!told.contains("5ec2e7"), "{told}");
}
