//! Devices that are registered elsewhere are found by asking there: Kamailio as directory, SIPp as the device.

use serde_json::Value;

use super::name_server::NameServer;
use super::peer::{Peer, free_port};
use super::{callhome, password_file};
use crate::support::command::Home;

/// A device `dev1` that is registered at a Kamailio of its own.
struct There {
    kamailio: Peer,
    sipp: Peer,
}

impl There {
    fn start(parts: &[&str]) -> Option<Self> {
        let sipp = Peer::sipp("uas_any.xml")?;
        let kamailio = Peer::kamailio_that(parts)?;
        let folder = tempfile::tempdir().expect("a scratch folder");
        let password = password_file(&folder, "secret1");
        let registered = callhome(&[
            "sip",
            "register",
            &format!("dev1@127.0.0.1:{}", kamailio.port),
            "--contact",
            &format!("dev1@127.0.0.1:{}", sipp.port),
            "--user",
            "dev1",
            "--password-file",
            password.to_str().expect("text"),
        ]);
        assert!(registered.status.success(), "{registered:?}");
        Some(Self { kamailio, sipp })
    }

    fn name(&self) -> String {
        format!("127.0.0.1:{}", self.kamailio.port)
    }

    fn contact(&self) -> String {
        format!("sip:dev1@127.0.0.1:{}", self.sipp.port)
    }
}

/// Calls the device over SIP until it takes the NOTIFY; the first rung. SIPp opens no session, so the call ends unheard.
fn first_rung(home: &Home) -> Value {
    let call = [
        "call",
        "serial:dev1",
        "--via",
        "sip-direct",
        "--timeout",
        "2s",
        "-o",
        "json",
    ];
    let ran = home.run(&call);
    let told: Value = serde_json::from_str(&ran.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}{}", ran.stdout, ran.stderr));
    told["rungs"][0].clone()
}

fn check<'a>(report: &'a Value, name: &str) -> &'a Value {
    let checks = report["checks"].as_array().expect("a list");
    let found = checks.iter().find(|c| c["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {report}"))
}

#[test]
fn a_directory_that_redirects_is_asked_and_the_device_is_reached_where_it_points() {
    let Some(there) = There::start(&["WITH_REDIRECT"]) else {
        return;
    };
    let home = Home::new();
    let serve = home.start("serve", &["serve", "--directory", &there.name()], "ready: ");
    home.ok(&["device", "add", "serial:dev1", "--name", "Lobby"]);
    let rung = first_rung(&home);
    assert_eq!(rung["state"], "accepted", "{rung}");
    assert_eq!(
        rung["target"],
        format!("{} by {}", there.contact(), there.name())
    );
    assert_eq!(rung["outcome"].as_str().map(|o| &o[..6]), Some("200 OK"));

    let report = home.json(&["probe", "serial:dev1"]);
    assert_eq!(report["reachable"], true, "{report}");
    assert_eq!(
        report["verdict"],
        "Lobby can be reached: not registered here, it answers where it was looked up."
    );
    let asked = check(&report, "directory");
    assert_eq!(asked["grade"], "ok");
    assert_eq!(
        asked["finding"],
        format!("dev1 is {} by {}", there.contact(), there.name())
    );
    assert_eq!(check(&report, "options")["grade"], "ok");
    assert_eq!(serve.stop(), 0);
}

#[test]
fn a_directory_that_passes_on_is_a_way_itself() {
    let Some(there) = There::start(&[]) else {
        return;
    };
    let home = Home::new();
    let serve = home.start("serve", &["serve", "--directory", &there.name()], "ready: ");
    home.ok(&["device", "add", "serial:dev1"]);
    let rung = first_rung(&home);
    assert_eq!(rung["state"], "accepted", "{rung}");
    assert_eq!(
        rung["target"],
        format!("sip:dev1@{0} by {0}", there.name()),
        "{rung}"
    );
    assert_eq!(serve.stop(), 0);
}

#[test]
fn a_registrar_is_asked_under_a_password_what_it_has_and_told_about_when_it_refuses() {
    let Some(there) = There::start(&[]) else {
        return;
    };
    let password = tempfile::tempdir().expect("a scratch folder");
    for (word, state) in [("secret1", "accepted"), ("guess", "missed")] {
        let file = password_file(&password, word);
        let home = Home::new();
        let folder = home.path().join(".config/callhome");
        std::fs::create_dir_all(&folder).expect("a folder");
        let settings = format!(
            "server:\n  directories:\n    - address: sip:{}\n      ask: register\n      username: dev1\n      password_file: {}\n",
            there.name(),
            file.display()
        );
        std::fs::write(folder.join("config.yaml"), settings).expect("written");
        let serve = home.start("serve", &["serve"], "ready: ");
        home.ok(&["device", "add", "serial:dev1"]);
        let rung = first_rung(&home);
        assert_eq!(rung["state"], state, "{rung}");
        if state == "accepted" {
            let expected = format!("{} by {}", there.contact(), there.name());
            assert_eq!(rung["target"], expected);
        } else {
            let why = rung["outcome"].as_str().expect("text");
            assert!(why.contains("it asks for a password"), "{why}");
            assert!(!serve.log().contains(word));
        }
        assert_eq!(serve.stop(), 0);
    }
}

#[test]
fn who_is_nowhere_is_told_with_who_was_asked() {
    let Some(kamailio) = Peer::kamailio() else {
        return;
    };
    let dns = NameServer::with(Vec::new());
    let home = Home::new();
    let directory = format!("127.0.0.1:{}", kamailio.port);
    let silent = format!("127.0.0.1:{}", free_port());
    let serve = [
        "serve",
        "--dns",
        &dns.address.to_string(),
        "--enum-zone",
        "numbers.test",
        "--directory",
        &directory,
        "--directory",
        &silent,
    ];
    let serve = home.start("serve", &serve, "ready: ");
    home.ok(&["device", "add", "serial:dev1", "--number", "+14085550137"]);
    let rung = first_rung(&home);
    assert_eq!(rung["state"], "missed", "{rung}");
    let why = rung["outcome"].as_str().expect("text");
    for part in [
        "not registered by SIP; ENUM in numbers.test has no SIP address of +14…37",
        &format!("{directory}: +14085550137 is not there (404 Not Found), dev1 is not there"),
        &format!("{silent}: "),
    ] {
        assert!(why.contains(part), "{part} in {why}");
    }
    let ran = home.run(&["probe", "serial:dev1"]);
    assert_eq!(ran.code, 12, "{}{}", ran.stdout, ran.stderr);
    for part in ["  enum ", "  directory "] {
        assert!(ran.stdout.contains(part), "{}", ran.stdout);
    }
    assert!(
        ran.stdout.lines().all(|l| l.chars().count() <= 80),
        "{}",
        ran.stdout
    );
    assert_eq!(serve.stop(), 0);

    for (flag, wrong, hint) in [
        ("--enum-zone", "numbers test", "is no domain"),
        ("--directory", "anna@example.net", "names somebody"),
    ] {
        let ran = home.run(&["serve", flag, wrong]);
        assert_eq!(ran.code, 13, "{}", ran.stderr);
        assert!(ran.stderr.contains(hint), "{}", ran.stderr);
    }
}
