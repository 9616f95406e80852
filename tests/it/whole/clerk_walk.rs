//! The clerk's walk: five commands from an invitation to an unlocked phone, with a phone that has text messages only.

use std::process::Output;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::program::{Home, read, said};

const NUMBER: &str = "+14085550137";
const SECRET: &str = "0123456789abcdef0123456789abcdef";
const PATIENCE: Duration = Duration::from_secs(60);

fn free_port() -> u16 {
    let tcp = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback");
    tcp.local_addr().expect("bound").port()
}

fn private(home: &Home, name: &str, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let path = home.path(name);
    std::fs::write(&path, text).expect("written");
    let mode = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(path, mode).expect("private");
}

/// A clerk types this.
fn clerk(home: &Home, words: &[&str]) -> Output {
    let mut all = vec!["--data-dir", "srv"];
    all.extend(words);
    home.run(&all)
}

fn right(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", said(output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn json(output: &Output) -> Value {
    let text = right(output);
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e} in {text}"))
}

#[test]
fn a_clerk_invites_locks_and_unlocks_a_phone_that_has_text_messages_only() {
    let home = Home::new();
    let (https, sip) = (free_port(), free_port());
    let (http, line) = (free_port(), free_port());
    private(&home, "gateway.password", "gateway-password\n");
    private(&home, "gateway.secret", SECRET);
    private(
        &home,
        "mo.url",
        &format!("https://127.0.0.1:{https}/gateway/v1/carrier/{SECRET}/mo"),
    );
    let config = home.path(".config/callhome");
    std::fs::create_dir_all(&config).expect("a folder");
    let at = |name: &str| home.path(name).display().to_string();
    let settings = format!(
        "server:\n  name: eu-north\n  gateways:\n    - name: carrier\n      kind: kannel\n      \
         url: http://127.0.0.1:{http}/cgi-bin/sendsms\n      username: callhome\n      \
         password_file: {}\n      callback_secret_file: {}\n",
        at("gateway.password"),
        at("gateway.secret"),
    );
    std::fs::write(config.join("config.yaml"), settings).expect("written");
    let (https, sip) = (format!("127.0.0.1:{https}"), format!("127.0.0.1:{sip}"));
    let (http, line) = (format!("127.0.0.1:{http}"), format!("127.0.0.1:{line}"));
    let mut server = home.start(&[
        "--data-dir",
        "srv",
        "serve",
        "--listen",
        &https,
        "--listen-sip",
        &sip,
    ]);
    let mut carrier = home.start(&[
        "agent",
        "carrier",
        "--http",
        &http,
        "--line",
        &line,
        "--user",
        "callhome",
        "--password-file",
        "gateway.password",
        "--mo-url-file",
        "mo.url",
        "--ca-file",
        "srv/ca.pem",
    ]);
    let mut phone = home.start(&[
        "agent",
        "run",
        "--name",
        "Anna's phone",
        "--imei",
        "358931104120070",
        "--number",
        NUMBER,
        "--no-data",
        "--carrier",
        &line,
        "--state",
        "phone",
        "--invited-by-sms",
        "--report",
        "report.ndjson",
    ]);

    // 1. The invitation goes to the phone by SMS.
    let invited = right(&clerk(
        &home,
        &["device", "invite", "--by", "sms", "--number", NUMBER],
    ));
    assert!(
        invited.starts_with(&format!("Sent by SMS to {NUMBER} through carrier.")),
        "{invited}"
    );

    // 2. It comes in; its number is verified, because the code went there.
    let began = Instant::now();
    let card = loop {
        let shown = clerk(&home, &["device", "show", NUMBER]);
        if shown.status.code() == Some(0) {
            break right(&shown);
        }
        assert!(began.elapsed() < PATIENCE, "{}", said(&shown));
        std::thread::sleep(Duration::from_millis(50));
    };
    assert!(card.contains(&format!("{NUMBER} (verified")), "{card}");
    assert!(
        card.contains("none: it is reached and answers by SMS"),
        "{card}"
    );

    // 3. It is lost.
    let risk = [
        "--yes",
        "--accept-risk",
        "lock",
        "--reason",
        "lost on the train",
    ];
    let mut lock = vec!["device", "lock", NUMBER, "--wait", "--timeout", "60s"];
    lock.extend(risk);
    let locked = clerk(&home, &lock);
    right(&locked);

    // 4. It is found: its finder gets the PIN.
    let pins = json(&clerk(&home, &["device", "pin", NUMBER, "-o", "json"]));
    let text = pins.to_string();
    assert!(text.contains("\"pin\""), "{text}");

    // 5. Or it is unlocked from here.
    let unlocked = clerk(
        &home,
        &[
            "device",
            "unlock",
            NUMBER,
            "--wait",
            "--timeout",
            "60s",
            "--yes",
            "--accept-risk",
            "lock",
            "--reason",
            "found",
        ],
    );
    right(&unlocked);

    phone.stop();
    let report: Value =
        serde_json::from_str(read(&home.path("report.ndjson")).trim()).expect("a report");
    let counters = &report["counters"];
    assert_eq!(counters["executed"]["lck"], 1, "{report}");
    assert_eq!(counters["executed"]["ulk"], 1, "{report}");
    assert_eq!(counters["sessions"], 0, "it has no data path: {report}");
    assert_eq!(report["locked"], false, "{report}");
    carrier.stop();
    server.stop();
}
