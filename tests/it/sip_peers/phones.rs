//! Phones that people use: baresip on its desk, and a phone on PJSUA2.

use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use callhome::net::sip_link::{LinkOptions, SipLink};
use callhome::sip::digest::{NonceSource, Verifier};
use callhome::sip::{OutboundRequest, Patience, Registrar, RegistrarLimits, Transport, towards};

use super::peer::{Peer, installed};
use super::registrars::{OneUser, aside, loopback};
use super::transports::{certificate, server_config};
use super::{json, lines};
use crate::support::command::Home;

#[test]
fn a_phone_that_rings_for_a_person_is_hung_up_within_the_time_and_told_as_ringing() {
    let account = "<sip:bare@127.0.0.1;transport=udp>;answermode=manual;regint=0";
    let Some(phone) = Peer::baresip_as("udp", account) else {
        return;
    };
    let target = format!("bare@127.0.0.1:{}", phone.port);
    let (code, report) = json(&["sip", "invite", &target]);
    assert_eq!(
        (code, &report["outcome"]),
        (11, &"ringing".into()),
        "{report} {}",
        phone.log()
    );
    let seen = lines(&report);
    assert!(seen.contains(&"180 Ringing".to_owned()), "{seen:?}");
    assert!(seen.contains(&"CANCEL".to_owned()), "{seen:?}");
    // What comes after CANCEL comes after the report: the phone's own log knows it.
    phone.wait_for("CANCEL sip:");
    phone.wait_for("487 Request Terminated");
    let took = report["elapsed_ms"].as_u64().expect("a number");
    assert!((3_000..4_500).contains(&took), "rang for 3 s: {took} ms");
    // It is free for the next call.
    let (code, _) = json(&["sip", "options", &target]);
    assert_eq!(code, 0);
}

#[test]
fn baresip_answers_over_tls() {
    let (ca, own, key) = certificate(&["127.0.0.1"]);
    let Some(phone) = Peer::baresip_over_tls(&format!("{key}{own}")) else {
        return;
    };
    let folder = tempfile::tempdir().expect("a scratch folder");
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, ca).expect("a scratch file");
    let target = format!("bare@127.0.0.1:{};transport=tls", phone.port);
    let trusting = ["--ca", file.to_str().expect("text")];
    for (verb, last) in [("options", "200 OK"), ("invite", "200 OK")] {
        let (code, report) = json(&[&["sip", verb, &target][..], &trusting].concat());
        assert_eq!(code, 0, "{report} {}", phone.log());
        assert_eq!(lines(&report).last().map(String::as_str), Some(last));
        assert_eq!(report["ladder"][0]["transport"], "tls");
    }
    phone.wait_for("BYE sip:");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sipsak_registers_over_tcp_and_tls() {
    if !installed(&["sipsak"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a scratch folder");
    for (seed, transport) in [(34, "tcp"), (35, "tls")] {
        let (user, link, ca) = registrar(seed);
        let file = folder.path().join("ca.pem");
        std::fs::write(&file, ca).expect("a scratch file");
        let port = match transport {
            "tcp" => link.local_addr().port(),
            _ => link.tls_addr().expect("open").port(),
        };
        let sent = aside(move || {
            let trust = format!("--tls-ca-cert={}", file.display());
            let mut sipsak = Command::new("sipsak");
            sipsak
                .args(["-U", "-C", "sip:dev1@127.0.0.1:5071", "-x", "600"])
                .args(["-s", &format!("sip:dev1@127.0.0.1:{port}")])
                .args(["-u", "dev1", "-a", "secret1", "-vv"])
                .arg(format!("--transport={transport}"));
            if transport == "tls" {
                sipsak.arg(trust);
            }
            sipsak.output().expect("sipsak runs")
        });
        let sent = sent.await;
        let told = String::from_utf8_lossy(&[sent.stdout, sent.stderr].concat()).into_owned();
        assert!(sent.status.success(), "{transport}: {told}");
        let bindings = user.bindings.lock().expect("no panic").clone();
        assert_eq!(bindings.len(), 1, "{told}");
        assert_eq!(bindings[0].contact, "sip:dev1@127.0.0.1:5071");
        link.close().await;
    }
}

/// A registrar of dev1 at all transports, with a certificate for this machine.
fn registrar(seed: u8) -> (Arc<OneUser>, SipLink, String) {
    let (ca, own, key) = certificate(&["localhost", "127.0.0.1"]);
    let nonces = NonceSource::new([seed; 32], Duration::from_secs(300));
    let verifier = Verifier::new("devices", nonces);
    let user = Arc::new(OneUser {
        registrar: Registrar::new(verifier, RegistrarLimits::default()),
        bindings: Mutex::default(),
    });
    let mut config = rustls::ServerConfig::clone(&server_config(None, &own, &key));
    // sipsak 0.9.8 takes a session ticket for the end of the connection.
    config.send_tls13_tickets = 0;
    let options = LinkOptions {
        streams: true,
        tls_door: Some((loopback(), Arc::new(config))),
        ..LinkOptions::new(loopback(), [seed; 32]).with_handler(user.clone())
    };
    (user, SipLink::open(options).expect("a port"), ca)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pjsua_registers_over_udp_tcp_and_tls_and_is_reached_where_it_registered() {
    for (seed, transport) in [(31, "udp"), (32, "tcp"), (33, "tls")] {
        let (user, link, ca) = registrar(seed);
        let uri = match transport {
            "udp" => format!("sip:{}", link.local_addr()),
            "tcp" => format!("sip:{};transport=tcp", link.local_addr()),
            _ => {
                let door = link.tls_addr().expect("open");
                format!("sip:localhost:{};transport=tls", door.port())
            }
        };
        let ca = (transport == "tls").then_some(ca);
        let phone = aside(move || {
            let phone = Peer::pjsua(transport, Some(&uri), ca.as_deref())?;
            phone.wait_for("registration 200");
            Some(phone)
        });
        let Some(phone) = phone.await else {
            return;
        };
        let binding = user.bindings.lock().expect("no panic")[0].clone();
        let (contact, route) = towards(&binding).expect("an address");
        // OPTIONS it answers, INVITE it takes, and an event that it does not know it refuses by name or not at all.
        let options = OutboundRequest::options(contact.clone()).via_route(route.clone());
        let invite = OutboundRequest::invite(contact).via_route(route);
        for request in [options, invite] {
            let method = request.method.clone();
            let report = link.request(request, Patience::default()).await;
            let report = report.expect("open");
            assert!(
                report.outcome.is_delivered(),
                "{method} over {transport}: {report:?} {}",
                phone.log()
            );
            let over = |t: &Transport| t.as_str() == transport;
            assert!(report.ladder.iter().all(|s| over(&s.transport)));
            if transport != "udp" {
                let peer = binding.received.expect("known");
                assert!(
                    report.ladder.iter().all(|s| s.peer == peer),
                    "its own connection"
                );
            }
        }
        aside(move || {
            phone.wait_for("call CONFIRMED");
            phone.wait_for("call DISCONNECTED");
        })
        .await;
        link.close().await;
    }
}

#[test]
fn a_phone_of_a_known_make_is_told_in_its_own_word_and_seen_to_register_again() {
    // Over a connection only the server has the way to it.
    for (transport, sent_by) in [("udp", "command"), ("tcp", "server"), ("tls", "server")] {
        let home = Home::new();
        let serve = home.start(
            "serve",
            &["serve", "--listen-sips", "127.0.0.1:0"],
            "ready: ",
        );
        let run = [
            &[
                "agent",
                "run",
                "--imei",
                "358931104120070",
                "--name",
                "Desk",
            ][..],
            &["--user-agent", "Yealink SIP-T46S 66.85.0.5"],
            &["--transport", transport],
        ]
        .concat();
        let phone = home.start("phone", &run, "ready: ");
        let notify = [
            &["sip", "notify", "358931104120070", "--event", "reboot"][..],
            &["--vendor", "auto", "--wait=20s"],
        ]
        .concat();
        let told = home.json(&notify);
        assert_eq!(told["vendor"], "Yealink", "{told}");
        assert_eq!(told["user_agent"], "Yealink SIP-T46S 66.85.0.5");
        assert_eq!(
            (&told["code"], &told["event"]),
            (&200.into(), &"check-sync;reboot=true".into())
        );
        assert_eq!(told["sent_by"], sent_by, "{told}");
        assert!(told["registered_again_ms"].is_u64(), "{told}");
        // What the server sent is in its trail.
        let trail = home.ok(&["audit", "list", "-o", "json"]);
        assert_eq!(
            trail.contains("\"sip.event\""),
            sent_by == "server",
            "{trail}"
        );
        if sent_by == "server" {
            // What only the command could do is said, and nothing is sent.
            let ran = home.run(&[&notify[..], &["--header", "Subject: x"]].concat());
            assert_eq!(ran.code, 2, "{}", ran.stderr);
            assert!(ran.stderr.contains("by the server alone"), "{}", ran.stderr);
        }
        assert_eq!(phone.stop(), 0);
        assert_eq!(serve.stop(), 0);
    }
}

#[test]
fn a_simulated_phone_on_tcp_is_called_on_the_connection_that_it_made() {
    let home = Home::new();
    let serve = home.start("serve", &["serve"], "ready: ");
    let imei = ["--imei", "358931104120070", "--transport", "tcp"];
    let phone = home.start("phone", &[&["agent", "run"], &imei[..]].concat(), "ready: ");
    let called = home.json(&["call", "358931104120070", "--via", "sip-direct"]);
    assert_eq!(called["state"], "called-back", "{called}");
    let target = called["rungs"][0]["target"].as_str().expect("an address");
    assert!(target.ends_with(";transport=tcp"), "{target}");
    assert_eq!(phone.stop(), 0);
    assert_eq!(serve.stop(), 0);
}
