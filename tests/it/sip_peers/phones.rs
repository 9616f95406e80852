//! Phones that people use: baresip on its desk, and a phone on PJSUA2.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use callhome::net::sip_link::{LinkOptions, SipLink};
use callhome::sip::digest::{NonceSource, Verifier};
use callhome::sip::{OutboundRequest, Patience, Registrar, RegistrarLimits, Transport, towards};

use super::peer::Peer;
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

/// A registrar of dev1 at all transports, with a certificate for this machine.
fn registrar(seed: u8) -> (Arc<OneUser>, SipLink, String) {
    let (ca, own, key) = certificate(&["localhost", "127.0.0.1"]);
    let nonces = NonceSource::new([seed; 32], Duration::from_secs(300));
    let verifier = Verifier::new("devices", nonces);
    let user = Arc::new(OneUser {
        registrar: Registrar::new(verifier, RegistrarLimits::default()),
        bindings: Mutex::default(),
    });
    let options = LinkOptions {
        streams: true,
        tls_door: Some((loopback(), server_config(None, &own, &key))),
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
    let home = Home::new();
    let serve = home.start("serve", &["serve"], "ready: ");
    let run = [
        "agent",
        "run",
        "--imei",
        "358931104120070",
        "--name",
        "Desk",
        "--user-agent",
        "Yealink SIP-T46S 66.85.0.5",
    ];
    let phone = home.start("phone", &run, "ready: ");
    let notify = [
        "sip",
        "notify",
        "358931104120070",
        "--event",
        "reboot",
        "--vendor",
        "auto",
        "--wait=20s",
    ];
    let told = home.json(&notify);
    assert_eq!(told["vendor"], "Yealink", "{told}");
    assert_eq!(told["user_agent"], "Yealink SIP-T46S 66.85.0.5");
    assert_eq!(
        (&told["code"], &told["event"]),
        (&200.into(), &"check-sync;reboot=true".into())
    );
    assert!(told["registered_again_ms"].is_u64(), "{told}");
    assert_eq!(phone.stop(), 0);
    assert_eq!(serve.stop(), 0);
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
