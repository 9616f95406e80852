//! Simulated phones on connections that they open themselves, and phones that move.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::peer::{Peer, free_port, installed};
use super::transports::certificate;
use super::{json, password_file};
use crate::support::cable::{Cable, ip};
use crate::support::command::{Home, Running};

const IMEI: &str = "358931104120070";

/// A server at these ports of loopback; 0 lets the system choose.
fn serve(home: &Home, name: &str, ports: [u16; 3], more: &[&str]) -> Running {
    let [https, sip, sips] = ports.map(|port| format!("127.0.0.1:{port}"));
    let args = [
        &["serve", "--listen", &https, "--listen-sip", &sip],
        &["--listen-sips", &sips][..],
        more,
    ]
    .concat();
    home.start(name, &args, "ready: ")
}

fn phone(home: &Home, more: &[&str]) -> Running {
    let args = [&["agent", "run", "--imei", IMEI, "--name", "Anna"], more].concat();
    home.start("phone", &args, "ready: on")
}

/// Calls it over SIP to its own address; it has to call home. The target of the rung.
fn called(home: &Home) -> String {
    let called = home.json(&["call", IMEI, "--via", "sip-direct"]);
    assert_eq!(called["state"], "called-back", "{called}");
    let target = called["rungs"][0]["target"].as_str().expect("an address");
    target.to_owned()
}

/// Its binding by SIP, once it satisfies a condition.
fn binding(home: &Home, phone: &Running, holds: impl Fn(&Value) -> bool) -> Value {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let device = home.json(&["device", "show", IMEI]);
        let bindings = device["bindings"].as_array().cloned().unwrap_or_default();
        if let Some(found) = bindings.iter().find(|b| b["call_id"] != "" && holds(b)) {
            return found.clone();
        }
        assert!(Instant::now() < end, "{device} {}", phone.log());
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_phone_on_a_connection_is_called_on_it_and_makes_another_when_it_is_lost() {
    for transport in ["tcp", "tls"] {
        let home = Home::new();
        let ports = [free_port(), free_port(), free_port()];
        let server = serve(&home, "serve", ports, &[]);
        let phone = phone(&home, &["--transport", transport, "--keep-alive", "1s"]);
        let before = binding(&home, &phone, |b| b["received"].is_string());
        let contact = before["contact"].as_str().expect("an address");
        assert!(contact.ends_with(&format!(";transport={transport}")));
        let target = called(&home);
        assert_eq!(target, contact);

        // The server goes away and comes back: the phone is there again by itself.
        assert_eq!(server.stop(), 0);
        let server = serve(&home, "serve-again", ports, &[]);
        let after = binding(&home, &phone, |b| b["received"] != before["received"]);
        assert_eq!(after["contact"], before["contact"]);
        assert_eq!(called(&home), contact);
        assert_eq!(phone.stop(), 0);
        assert_eq!(server.stop(), 0);
    }
}

#[test]
fn behind_kamailio_a_phone_is_reached_on_its_connection_by_tls_and_by_web_socket() {
    let (ca, certificate, key) = certificate(&["localhost"]);
    let tls_port = free_port();
    let tls = Some((tls_port, certificate.as_str(), key.as_str()));
    let Some(kamailio) = Peer::kamailio_of(tls, &["WITH_WS", "WITH_NAT"]) else {
        return;
    };
    let home = Home::new();
    let ca = home.file("ca.pem", &ca);
    let ca = ca.to_str().expect("text");
    let folder = tempfile::tempdir().expect("a scratch folder");
    let password = password_file(&folder, "secret1");
    let password = password.to_str().expect("text");
    let server = serve(&home, "serve", [0; 3], &["--sip-ca", ca]);
    for (transport, host, port) in [
        ("tls", "localhost", tls_port),
        ("ws", "127.0.0.1", kamailio.port),
        ("wss", "localhost", tls_port),
    ] {
        let registrar = format!("sip:{host}:{port}");
        let phone = phone(
            &home,
            &[
                &["--transport", transport, "--registrar", &registrar],
                &["--sip-user", "dev1@127.0.0.1", "--sip-password-file"][..],
                &[password, "--sip-ca", ca],
            ]
            .concat(),
        );
        // Somebody else asks the proxy for it: only the phone's connection leads to it.
        let aor = format!("dev1@127.0.0.1:{}", kamailio.port);
        let (code, report) = json(&["sip", "options", &aor]);
        assert_eq!(code, 0, "{transport} {report} {}", kamailio.log());
        let agent = report["answer"]["headers"]["User-Agent"].as_str();
        assert!(agent.is_some_and(|a| a.starts_with("callhome-agent")));
        // And the server calls it through the proxy, over the same transport.
        let target = called(&home);
        assert!(
            target.ends_with(&format!(";transport={transport}")),
            "{target}"
        );
        assert_eq!(phone.stop(), 0);
    }
    assert_eq!(server.stop(), 0);
}

#[test]
fn what_a_transport_cannot_do_is_said_before_anything_is_asked() {
    let home = Home::new();
    for (args, words) in [
        (&["--transport", "ws"][..], "speaks no SIP in WebSockets"),
        (&["--transport", "sctp"], "udp, tcp, tls, ws or wss"),
    ] {
        let ran = home.run(&[&["agent", "run"], args].concat());
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    }
}

/// A network of two machines; `None`, and said so, where there may be none.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn cable() -> Option<Cable> {
    if !installed(&["ip"]) {
        return None;
    }
    let cable = Cable::losing(0);
    if cable.is_none() {
        eprintln!("skipped: no network namespaces for this user and kernel");
    }
    cable
}

#[test]
fn a_phone_whose_address_changes_is_notified_at_the_new_one() {
    let Some(cable) = cable() else {
        return;
    };
    for transport in ["udp", "tcp"] {
        let home = Home::new();
        // The server at 10.99.0.1, the phone on the other machine.
        let at = |end: usize, args: &[&str]| {
            let plain = home.command(args);
            let mut command = cable.within(end, env!("CARGO_BIN_EXE_callhome"));
            command
                .args(args)
                .env_clear()
                .stdin(std::process::Stdio::null());
            command.current_dir(home.path());
            for (name, value) in plain.get_envs() {
                command.env(name, value.unwrap_or_default());
            }
            command
        };
        let listen = ["--listen", "10.99.0.1:0", "--listen-sip", "10.99.0.1:0"];
        let server = at(0, &[&["serve"], &listen[..]].concat());
        let server = home.start_command("serve", server, "ready: ");
        let run = [
            &["agent", "run", "--imei", IMEI, "--transport", transport][..],
            &["--sip-listen", "0.0.0.0:0", "--keep-alive", "1s"],
        ]
        .concat();
        let phone = home.start_command("phone", at(1, &run), "ready: on");
        let before = binding(&home, &phone, |_| true);
        let contact = before["contact"].as_str().expect("an address");
        assert!(contact.contains("@10.99.0.2:"), "{contact}");

        let address = |verb: &str, address: &str| {
            ip(&["-n", cable.name(1), "addr", verb, address, "dev", "veth0"])
        };
        assert!(address("del", "10.99.0.2/24") && address("add", "10.99.0.3/24"));
        let moved = |b: &Value| {
            b["contact"]
                .as_str()
                .is_some_and(|c| c.contains("@10.99.0.3:"))
        };
        let after = binding(&home, &phone, moved);
        let from = after["received"].as_str().expect("an address");
        assert!(from.starts_with("10.99.0.3:"), "{after}");
        let target = called(&home);
        assert!(target.contains("@10.99.0.3:"), "{target}");
        assert_eq!(phone.stop(), 0);
        assert_eq!(server.stop(), 0);
        assert!(address("del", "10.99.0.3/24") && address("add", "10.99.0.2/24"));
    }
}
