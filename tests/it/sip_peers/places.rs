//! Where requests go, and where next when a place fails: DNS, 503, redirection, TCP for large requests.

use callhome::sip::{Reply, Transport};
use serde_json::Value;

use super::name_server::{NameServer, a, naptr, number, srv};
use super::peer::{Peer, free_port};
use super::registrars::{aside, loopback};
use super::transports::answering;
use super::{callhome, json, lines};

/// Transport, address and failure of each place that was tried.
pub(super) fn places(report: &Value) -> Vec<String> {
    let attempts = report["attempts"].as_array().expect("a list");
    let place = |a: &Value| {
        let failed = a["failed"].as_str().map(|f| format!(": {f}"));
        format!(
            "{} {}{}",
            a["transport"].as_str().expect("text"),
            a["address"].as_str().expect("text"),
            failed.unwrap_or_default()
        )
    };
    attempts.iter().map(place).collect()
}

#[test]
fn a_large_request_goes_over_tcp_and_over_udp_where_tcp_is_refused() {
    let (Some(tcp), Some(udp)) = (
        Peer::sipp_over("tcp", "uas_any.xml"),
        Peer::sipp("uas_any.xml"),
    ) else {
        return;
    };
    let body = "x".repeat(1400);
    for (port, expected) in [
        (tcp.port, vec![format!("tcp 127.0.0.1:{}", tcp.port)]),
        (
            udp.port,
            vec![
                format!(
                    "tcp 127.0.0.1:{0}: nobody listens on tcp 127.0.0.1:{0}",
                    udp.port
                ),
                format!("udp 127.0.0.1:{}", udp.port),
            ],
        ),
    ] {
        let target = format!("anna@127.0.0.1:{port}");
        let event = ["--event", "check-sync", "--body", &body];
        let (code, report) = json(&[&["sip", "notify", &target], &event[..]].concat());
        assert_eq!(code, 0, "{report}");
        assert_eq!(places(&report), expected);
    }
}

#[test]
fn the_dns_decides_the_order_and_a_dead_place_is_passed() {
    let Some(sipp) = Peer::sipp_over("tcp", "uas_any.xml") else {
        return;
    };
    let dead = free_port();
    let dns = NameServer::with(vec![
        naptr(
            "example.test.",
            20,
            10,
            "SIP+D2U",
            "_sip._udp.example.test.",
        ),
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
    let server = dns.address.to_string();
    let (code, found) = json(&["sip", "resolve", "example.test", "--dns", &server]);
    assert_eq!(code, 0);
    let rows = found["items"].as_array().expect("a list");
    let ports: Vec<_> = rows.iter().map(|r| r["port"].as_u64()).collect();
    assert_eq!(ports, [Some(dead.into()), Some(sipp.port.into())]);
    let why = rows[0]["why"].as_str().expect("told");
    assert!(why.contains("NAPTR 10 10 offers tcp; SRV 1 0"), "{why}");

    let (code, report) = json(&["sip", "options", "anna@example.test", "--dns", &server]);
    assert_eq!(code, 0, "{report}");
    assert_eq!(
        places(&report),
        [
            format!("tcp 127.0.0.1:{dead}: nobody listens on tcp 127.0.0.1:{dead}"),
            format!("tcp 127.0.0.1:{}", sipp.port)
        ]
    );
    let nowhere = callhome(&["sip", "resolve", "nobody.test", "--dns", &server]);
    assert_eq!(nowhere.status.code(), Some(12));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_503_leads_to_the_next_place_and_alone_says_when_to_come_back() {
    let busy = Reply::new(503).with_header("Retry-After", "17");
    let (first, _) = answering(loopback(), busy, |o| o);
    let (second, mut asked) = answering(loopback(), Reply::ok(), |o| o);
    let ports = [&first, &second].map(|l| l.local_addr().port());
    aside(move || {
        let dns = NameServer::with(vec![
            srv("_sip._udp.example.test.", 1, ports[0], "a.example.test."),
            srv("_sip._udp.example.test.", 2, ports[1], "a.example.test."),
            a("a.example.test.", [127, 0, 0, 1]),
        ]);
        let server = dns.address.to_string();
        let (code, report) = json(&["sip", "options", "anna@example.test", "--dns", &server]);
        assert_eq!(code, 0, "{report}");
        assert_eq!(
            lines(&report),
            ["OPTIONS", "503 Service Unavailable", "OPTIONS", "200 OK"]
        );
        assert!(places(&report)[0].ends_with(": 503 Service Unavailable"));
        let alone = callhome(&["sip", "options", &format!("127.0.0.1:{}", ports[0])]);
        let told = String::from_utf8_lossy(&alone.stderr).into_owned();
        assert_eq!(alone.status.code(), Some(11), "{told}");
        assert!(told.contains("tried again in 17 s"), "{told}");
    })
    .await;
    assert_eq!(
        asked.recv().await.expect("asked").method().as_str(),
        "OPTIONS"
    );
    first.close().await;
    second.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redirection_is_followed() {
    let (there, mut asked) = answering(loopback(), Reply::ok(), |o| o);
    let to = format!("<sip:elsewhere@{};transport=tcp>", there.local_addr());
    let moved = Reply::new(302).with_header("Contact", &to);
    let (first, _) = answering(loopback(), moved, |o| o);
    let target = format!("anna@{}", first.local_addr());
    let (code, report) = aside(move || json(&["sip", "notify", &target])).await;
    assert_eq!(code, 0, "{report}");
    let seen = lines(&report);
    assert!(seen[1].starts_with("302"), "{seen:?}");
    assert_eq!(seen[2..], ["NOTIFY", "200 OK"]);
    let request = asked.recv().await.expect("asked");
    assert_eq!(request.user().as_deref(), Some("elsewhere"));
    assert_eq!(request.transport, Transport::Tcp);
    first.close().await;
    there.close().await;
}

#[test]
fn a_number_is_called_at_the_address_that_the_dns_has_for_it() {
    let Some(sipp) = Peer::sipp("uas_any.xml") else {
        return;
    };
    let owner = "7.3.1.0.5.5.5.8.0.4.1.e164.arpa.";
    let rule = format!(r"!^\+1408(.*)$!sip:\1@127.0.0.1:{}!", sipp.port);
    let dns = NameServer::with(vec![
        number(owner, 10, "!^.*$!mailto:anna@example.test!"),
        number(owner, 20, &rule),
    ]);
    let server = dns.address.to_string();
    let at = format!("sip:5550137@127.0.0.1:{}", sipp.port);
    let (code, found) = json(&["sip", "resolve", "+14085550137", "--dns", &server]);
    assert_eq!(
        (code, &found["items"][0]["uri"]),
        (0, &at.as_str().into()),
        "{found}"
    );
    for verb in ["options", "notify", "invite"] {
        let (code, report) = json(&["sip", verb, "+14085550137", "--dns", &server]);
        assert_eq!(
            (code, &report["target"]),
            (0, &at.as_str().into()),
            "{report}"
        );
    }
    let refused = callhome(&["sip", "options", "tel:+14085550138", "--dns", &server]);
    assert_eq!(refused.status.code(), Some(12), "{refused:?}");
    let words = String::from_utf8_lossy(&refused.stderr);
    assert!(words.contains("+14085550138 has no SIP address"), "{words}");
}
