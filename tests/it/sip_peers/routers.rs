//! Phones behind a simulated home router, over every transport on both of its sides.

use std::io::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::free_port;
use crate::support::command::{Home, Running};

const IMEI: &str = "358931104120070";

/// A server at these ports for SIP and SIP over TLS, which trusts what is in this file beside the usual.
fn serve(home: &Home, name: &str, [sip, sips]: [u16; 2], ca: Option<&str>) -> Running {
    let (sip, sips) = (format!("127.0.0.1:{sip}"), format!("127.0.0.1:{sips}"));
    let mut args = vec!["serve", "--listen", "127.0.0.1:0"];
    args.extend(["--listen-sip", &sip, "--listen-sips", &sips]);
    args.extend(ca.into_iter().flat_map(|ca| ["--sip-ca", ca]));
    home.start(name, &args, "ready: ")
}

fn router(home: &Home, name: &str, args: &[&str]) -> Running {
    let all = ["agent", "proxy", "--sip-listen", "127.0.0.1:0"];
    home.start(name, &[&all, args].concat(), "ready: ")
}

/// Its binding by SIP, once it satisfies a condition.
fn binding(home: &Home, phone: &Running, holds: impl Fn(&Value) -> bool) -> Value {
    let end = Instant::now() + Duration::from_secs(30);
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

/// Calls it by way of its router; it has to call home.
fn called(home: &Home, phone: &Running, router: &Running) {
    let called = home.json(&["call", IMEI, "--via", "sip-proxy"]);
    let logs = || format!("{called} {} {}", phone.log(), router.log());
    assert_eq!(called["state"], "called-back", "{}", logs());
    assert_eq!(called["rungs"][0]["bearer"], "sip-proxy", "{}", logs());
}

fn path(binding: &Value) -> &str {
    binding["path"][0].as_str().unwrap_or_default()
}

#[test]
fn a_phone_is_called_through_its_router_over_each_transport_on_either_side() {
    for (inside, outside) in [
        ("udp", "tcp"),
        ("tcp", "udp"),
        ("tcp", "tcp"),
        ("tls", "tls"),
    ] {
        let home = Home::new();
        // Makes the server's authority.
        home.json(&["server", "status"]);
        let own = home.data().join("ca.pem").display().to_string();
        let [sip, sips] = [free_port(), free_port()];
        let port = if outside == "tls" { sips } else { sip };
        let registrar = format!("sip:127.0.0.1:{port};transport={outside}");
        let mut args = vec!["--registrar", &registrar, "--sip-ca", &own, "--state", "r"];
        if inside == "tls" {
            args.extend(["--tls-listen", "127.0.0.1:0"]);
        }
        let router = router(&home, "router", &args);
        let authority = home.path().join("r/router-router-tls/ca.pem");
        let authority = authority.display().to_string();
        let trusted = (outside == "tls").then_some(authority.as_str());
        let server = serve(&home, "serve", [sip, sips], trusted);
        let door = match inside {
            "tls" => format!(
                "{};transport=tls",
                router.address("sips:").replace("sips", "sip")
            ),
            other => format!("{};transport={other}", router.address("sip:")),
        };
        let mut args = vec!["agent", "run", "--imei", IMEI, "--sip-proxy", &door];
        if inside == "tls" {
            args.extend(["--sip-ca", &authority]);
        }
        let phone = home.start("phone", &args, "ready: on");
        let bound = binding(&home, &phone, |_| true);
        let way = match outside {
            "udp" => ";lr".to_owned(),
            stream => format!(";transport={stream};lr"),
        };
        assert!(path(&bound).contains(&way), "{inside} {outside}: {bound}");
        let contact = bound["contact"].as_str().expect("an address");
        let over = format!(";transport={inside}");
        assert_eq!(contact.ends_with(&over), inside != "udp", "{bound}");
        called(&home, &phone, &router);
        // Once more, on what is open now.
        called(&home, &phone, &router);
        assert_eq!(phone.stop(), 0);
        assert_eq!(router.stop(), 0);
        assert_eq!(server.stop(), 0);
    }
}

#[test]
fn inside_a_message_to_its_router_a_phone_on_a_connection_is_called_too() {
    let home = Home::new();
    let ports = [free_port(), free_port()];
    let server = serve(&home, "serve", ports, None);
    let registrar = format!("sip:127.0.0.1:{};transport=tcp", ports[0]);
    let relay = ["--enrol", "--relay", "encapsulate"];
    let args = [&["--registrar", &registrar][..], &relay].concat();
    let router = router(&home, "router", &args);
    let door = format!("{};transport=tcp", router.address("sip:"));
    let args = ["agent", "run", "--imei", IMEI, "--sip-proxy", &door];
    let phone = home.start("phone", &args, "ready: on");
    let bound = binding(&home, &phone, |_| true);
    assert!(path(&bound).contains("relay=encapsulate"), "{bound}");
    called(&home, &phone, &router);
    assert_eq!(phone.stop(), 0);
    assert_eq!(router.stop(), 0);
    assert_eq!(server.stop(), 0);
}

#[test]
fn a_phone_that_moves_behind_another_router_is_reached_there() {
    let home = Home::new();
    let ports = [free_port(), free_port()];
    let server = serve(&home, "serve", ports, None);
    let registrar = format!("sip:127.0.0.1:{}", ports[0]);
    let over_tcp = format!("{registrar};transport=tcp");
    let first = router(&home, "first", &["--registrar", &registrar]);
    let second = router(&home, "second", &["--registrar", &over_tcp]);
    let (before, after) = (first.address("sip:"), second.address("sip:"));
    let args = ["agent", "run", "--imei", IMEI, "--sip-proxy", &before];
    let mut command = home.command(&args);
    command.stdin(Stdio::piped());
    let mut phone = home.start_command("phone", command, "ready: on");
    let mut keyboard = phone.child.stdin.take().expect("piped");
    let bound = binding(&home, &phone, |_| true);
    assert!(path(&bound).contains(&before), "{bound}");
    called(&home, &phone, &first);

    // A slip changes nothing.
    writeln!(keyboard, "proxy 127.0.0.1").expect("typed");
    writeln!(keyboard, "proxy {after};transport=tcp").expect("typed");
    let bound = binding(&home, &phone, |b| path(b).contains(&after));
    assert!(phone.log().contains("is no router"), "{}", phone.log());
    assert_eq!(
        bound["contact"]
            .as_str()
            .map(|c| c.ends_with(";transport=tcp")),
        Some(true)
    );
    // The first one is switched off: it is not needed any more.
    assert_eq!(first.stop(), 0);
    called(&home, &phone, &second);

    writeln!(keyboard, "proxy none").expect("typed");
    binding(&home, &phone, |b| b["path"] == serde_json::json!([]));
    let end = Instant::now() + Duration::from_secs(30);
    while home.json(&["device", "show", IMEI])["proxy"] != Value::Null {
        assert!(Instant::now() < end, "{}", phone.log());
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(second.stop(), 0);
    let called = home.json(&["call", IMEI, "--via", "sip-direct"]);
    assert_eq!(called["state"], "called-back", "{called} {}", phone.log());
    assert_eq!(phone.stop(), 0);
    assert_eq!(server.stop(), 0);
}
