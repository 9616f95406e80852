use std::time::Duration;

use serde_json::Value;

use super::program::{Home, read, said};

const PHONES: usize = 1000;

const LOCK: &[&str] = &[
    "--data-dir",
    "srv",
    "device",
    "lock",
    "--from",
    "imeis.csv",
    "--yes",
    "--accept-risk",
    "lock,bulk",
    "--reason",
    "drill",
    "--wait",
    "--timeout",
    "10min",
    "-o",
    "json",
];

#[test]
fn a_thousand_phones_are_locked_exactly_once_though_the_server_is_killed_in_the_middle() {
    let home = Home::new();
    let (https, sip) = (free_port(), free_port());
    let (https, sip) = (format!("127.0.0.1:{https}"), format!("127.0.0.1:{sip}"));
    let serve = [
        "--data-dir",
        "srv",
        "serve",
        "--listen",
        &https,
        "--listen-sip",
        &sip,
    ];
    let mut server = home.start(&serve);
    let count = PHONES.to_string();
    let fleet_args = [
        "--data-dir",
        "srv",
        "agent",
        "fleet",
        "--count",
        &count,
        "--imeis",
        "imeis.csv",
        "--report",
        "report.ndjson",
    ];
    let mut fleet = home.start(&fleet_args);

    // The bulk run begins; the server dies once some phones, but not all, have been asked.
    let first = home
        .command(LOCK)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("starts");
    wait_until(&home, |done| done > PHONES / 20);
    server.kill();
    let mut server = home.start(&serve);
    let first = first.wait_with_output().expect("ends");

    // Whatever became of the first command, the same command again brings it to its end.
    if first.status.code() != Some(0) {
        let second = home.run(LOCK);
        assert_eq!(
            second.status.code(),
            Some(0),
            "first: {}\nsecond: {}",
            said(&first),
            said(&second)
        );
    }

    // A new run is refused for every phone, says why for each, and exits 15.
    let again = home.run(LOCK);
    assert_eq!(again.status.code(), Some(15), "{}", said(&again));
    let report = String::from_utf8_lossy(&again.stdout);
    assert_eq!(
        report.matches("already-locked").count(),
        PHONES,
        "{}",
        said(&again)
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
    server.stop();
}

fn free_port() -> u16 {
    loop {
        let tcp = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback");
        let address = tcp.local_addr().expect("bound");
        if std::net::UdpSocket::bind(address).is_ok() {
            return address.port();
        }
    }
}

/// Waits until the server says that `enough` locks are done.
fn wait_until(home: &Home, enough: impl Fn(usize) -> bool) {
    for _ in 0..1200 {
        let output = home.run(&[
            "--data-dir",
            "srv",
            "action",
            "list",
            "--state",
            "done",
            "--limit",
            "1000",
            "-o",
            "name",
        ]);
        if enough(
            output
                .stdout
                .split(|b| *b == b'\n')
                .filter(|l| !l.is_empty())
                .count(),
        ) {
            return;
        }
        // Not luck: the condition is asked again, this only spares the processor.
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("no phone was locked within a minute");
}
