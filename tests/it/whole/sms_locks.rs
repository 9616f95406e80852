//! Signed locks through an SMPP centre and a carrier that loses, repeats and reorders: each phone is locked exactly once.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::program::{Home, read, said};
use crate::sms_smpp::peer::Centre;

/// `benches/sms-locks` does the same with as many as it is told.
const PHONES: usize = 120;
/// Long: the machine may be busy with other tests.
const PATIENCE: Duration = Duration::from_secs(240);

fn free_ports() -> [u16; 4] {
    let held = [0; 4].map(|any| TcpListener::bind(("127.0.0.1", any)).expect("a port"));
    held.map(|listener| listener.local_addr().expect("bound").port())
}

fn private(home: &Home, name: &str, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let path = home.path(name);
    std::fs::write(&path, text).expect("written");
    let mode = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(path, mode).expect("private");
}

/// The ids of actions in a state.
fn actions(home: &Home, state: &str) -> Vec<String> {
    let output = home.run(&[
        "--data-dir",
        "srv",
        "action",
        "list",
        "--state",
        state,
        "--limit",
        "1000",
        "-o",
        "name",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().map(str::to_owned).collect()
}

#[test]
fn every_phone_is_locked_exactly_once_over_a_network_that_loses_repeats_and_reorders() {
    let [https, sip, http, line] = free_ports();
    let sms_url = format!("http://127.0.0.1:{http}/cgi-bin/sendsms");
    let Some(mut centre) = Centre::start_at(0, &[("SMS_URL", &sms_url)]) else {
        return;
    };
    let home = Home::new();
    private(&home, "smpp.password", "bar\n");
    let config = home.path(".config/callhome");
    std::fs::create_dir_all(&config).expect("a folder");
    let settings = format!(
        "server:\n  name: eu-north\n  gateways:\n    - name: smsc-1\n      kind: smpp\n      \
         url: smpp://foo@127.0.0.1:{}\n      password_file: {}\n      from: callhome\n      \
         smpp:\n        window: 50\n",
        centre.port,
        home.path("smpp.password").display(),
    );
    std::fs::write(config.join("config.yaml"), settings).expect("written");
    let (https, sip) = (format!("127.0.0.1:{https}"), format!("127.0.0.1:{sip}"));
    let (http, line) = (format!("127.0.0.1:{http}"), format!("127.0.0.1:{line}"));
    let serve = ["--listen", &https, "--listen-sip", &sip];
    let mut server = home.start(&[&["--data-dir", "srv", "serve"], &serve[..]].concat());
    let faults = [
        "--loss",
        "10",
        "--repeat",
        "10",
        "--reorder",
        "30",
        "--delay-max-ms",
        "200",
    ];
    let phones = centre.phones.expect("it hands on");
    private(&home, "mo.url", &format!("http://127.0.0.1:{phones}/mo"));
    let carrier = [
        "agent",
        "carrier",
        "--http",
        &http,
        "--line",
        &line,
        "--mo-url-file",
        "mo.url",
    ];
    let mut carrier = home.start(&[&carrier[..], &faults].concat());
    let count = PHONES.to_string();
    let mut fleet = home.start(&[
        "--data-dir",
        "srv",
        "agent",
        "fleet",
        "--count",
        &count,
        "--carrier",
        &line,
        "--imeis",
        "imeis.csv",
        "--report",
        "report.ndjson",
    ]);
    let locked = home.run(&[
        "--data-dir",
        "srv",
        "device",
        "lock",
        "--from",
        "imeis.csv",
        "--via",
        "sms",
        "--yes",
        "--accept-risk",
        "lock,bulk",
        "--reason",
        "drill",
    ]);
    assert_eq!(locked.status.code(), Some(0), "{}", said(&locked));

    // What got lost is sent again after a minute; here at once, when nothing more is on its way.
    let began = Instant::now();
    let mut known = usize::MAX;
    loop {
        let open = [
            actions(&home, "pending"),
            actions(&home, "sent"),
            actions(&home, "delivered"),
        ];
        let open = open.concat();
        if open.is_empty() {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "not done: {open:?}");
        if open.len() == known {
            for id in &open {
                let again = home.run(&["--data-dir", "srv", "action", "retry", id]);
                // It may have ended at this very moment.
                assert!(
                    matches!(again.status.code(), Some(0 | 15)),
                    "{}",
                    said(&again)
                );
            }
        }
        known = open.len();
        std::thread::sleep(Duration::from_millis(500));
    }
    assert_eq!(actions(&home, "done").len(), PHONES);

    centre.order(&json!({ "count": PHONES }));
    let counted = centre.next("count");
    let submitted = counted["count"]["submitted"].as_u64().expect("a number");
    assert!(
        submitted > PHONES as u64,
        "some were lost, and sent again: {counted}"
    );
    fleet.stop();
    let report = read(&home.path("report.ndjson"));
    let phones: Vec<Value> = report
        .lines()
        .map(|l| serde_json::from_str(l).expect("NDJSON"))
        .collect();
    assert_eq!(phones.len(), PHONES);
    for phone in &phones {
        assert_eq!(phone["counters"]["executed"]["lck"], 1, "{phone}");
        assert_eq!(phone["locked"], true, "{phone}");
    }
    carrier.stop();
    server.stop();
}
