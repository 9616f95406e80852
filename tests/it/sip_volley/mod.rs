//! One SIP request to many targets, with SIPp at the other end and over a network that loses a third.

mod loss;
mod resume;

use std::fmt::Write as _;
use std::net::UdpSocket;
use std::process::Stdio;

use serde_json::Value;

use crate::sip_peers::peer::Peer;
use crate::support::command::Home;

/// A file with `count` users at a port of loopback, and other lines.
fn targets(home: &Home, count: usize, port: u16, more: &[String]) -> String {
    let mut text = "target,site\n".to_owned();
    for number in 0..count {
        writeln!(text, "dev{number}@127.0.0.1:{port},Lund").expect("memory");
    }
    for line in more {
        writeln!(text, "{line},Oslo").expect("memory");
    }
    let file = home.file("targets.csv", &text);
    file.to_str().expect("text").to_owned()
}

fn document(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

#[test]
fn each_row_is_notified_and_the_summary_says_how_it_went() {
    let Some(sipp) = Peer::sipp("uas_any.xml") else {
        return;
    };
    let home = Home::new();
    let closed = crate::sip_peers::peer::free_port();
    let others = [
        format!("nobody@127.0.0.1:{closed}"),
        "not an address".to_owned(),
        format!("anna@127.0.0.1:{};transport=tcp", sipp.port),
    ];
    let file = targets(&home, 300, sipp.port, &others);
    let ran = home.run(&[
        "sip", "notify", "--from", &file, "--rate", "600", "-o", "json",
    ]);
    assert_eq!(ran.code, 7, "{}", ran.stderr);
    let told = document(&ran.stdout);
    let numbers = [
        "targets",
        "delivered",
        "transport_errors",
        "bad",
        "not_tried",
        "messages",
    ];
    let numbers = numbers.map(|name| told[name].as_u64().expect("a number"));
    assert_eq!(
        numbers,
        [
            303,
            300,
            1,
            2,
            0,
            301 + told["retransmissions"].as_u64().expect("one")
        ]
    );
    assert_eq!(told["answers"][0]["count"], 300);
    let steps = told["answer_time"]["histogram"].as_array().expect("steps");
    let counted: u64 = steps
        .iter()
        .map(|s| s["count"].as_u64().expect("one"))
        .sum();
    assert_eq!(counted, 300);
    // Half a second at least for 301 messages at 600 a second.
    assert!(told["elapsed_ms"].as_u64() >= Some(480), "{told}");
}

#[test]
fn targets_come_from_standard_input_and_each_ends_on_a_line_of_its_own() {
    let Some(sipp) = Peer::sipp("uas_any.xml") else {
        return;
    };
    let home = Home::new();
    let mut child = home
        .command(&["sip", "options", "--from", "-", "-o", "ndjson"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("our program runs");
    let text: String = (0..20)
        .map(|n| format!("dev{n}@127.0.0.1:{}\n", sipp.port))
        .collect();
    let mut input = child.stdin.take().expect("a pipe");
    std::io::Write::write_all(&mut input, text.as_bytes()).expect("taken");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    let lines: Vec<Value> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(document)
        .collect();
    assert_eq!(lines.len(), 20);
    for line in lines {
        assert_eq!(
            (&line["outcome"], &line["code"]),
            (&"delivered".into(), &200.into())
        );
        assert!(
            line["line"].is_u64() && line["elapsed_ms"].is_f64(),
            "{line}"
        );
    }
}

#[test]
fn targets_that_ask_for_a_password_get_it_in_the_same_run() {
    use std::os::unix::fs::PermissionsExt;
    let Some(sipp) = Peer::sipp("uas_challenge.xml") else {
        return;
    };
    let home = Home::new();
    let file = targets(&home, 50, sipp.port, &[]);
    let secret = home.file("mgmt.pw", "mgmtpw\n");
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).expect("ours");
    let notify = [
        "sip",
        "notify",
        "--from",
        &file,
        "--event",
        "check-sync",
        "-o",
        "json",
    ];
    let with = [
        "--user",
        "mgmt",
        "--password-file",
        secret.to_str().expect("text"),
    ];
    let ran = home.run(&[&notify[..], &with].concat());
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert_eq!(document(&ran.stdout)["delivered"], 50);
    // Without it everybody refuses.
    let ran = home.run(&notify);
    assert_eq!(ran.code, 11, "{}", ran.stderr);
    assert_eq!(document(&ran.stdout)["answers"][0]["code"], 401);
}

#[test]
fn a_run_that_was_stopped_goes_on_with_who_is_left() {
    let Some(sipp) = Peer::sipp("uas_any.xml") else {
        return;
    };
    let home = Home::new();
    // A closed port first: it fails at once, and the run stops there.
    let closed = crate::sip_peers::peer::free_port();
    let mut text = format!("target\nx@127.0.0.1:{closed}\n");
    for number in 0..400 {
        writeln!(text, "dev{number}@127.0.0.1:{}", sipp.port).expect("memory");
    }
    let file = home.file("targets.csv", &text);
    let file = file.to_str().expect("text");
    let send = [
        "sip", "notify", "--from", file, "--rate", "200", "-o", "json",
    ];
    let ran = home.run(&[&send[..], &["--stop-after-failures", "1"]].concat());
    assert_eq!(ran.code, 7, "{}", ran.stderr);
    let first = document(&ran.stdout);
    let left = first["not_tried"].as_u64().expect("a number");
    assert!(left > 100 && first["complete"] == false, "{first}");
    let ran = home.run(&send);
    let second = document(&ran.stdout);
    assert!(ran.stderr.contains("begun before"), "{}", ran.stderr);
    assert_eq!(second["run"], first["run"]);
    assert_eq!(second["delivered"].as_u64(), Some(left), "{second}");
    assert_eq!(second["not_tried"], 0);
    // It is over now: the same input is a new run.
    let third = document(&home.run(&send).stdout);
    assert_ne!(third["run"], first["run"]);
    assert_eq!(third["delivered"], 400);
}

#[test]
fn nobody_there_ends_with_12_and_silence_costs_little_memory() {
    let silent = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let port = silent.local_addr().expect("bound").port();
    let home = Home::new();
    let file = targets(&home, 20_000, port, &[]);
    let arguments = [
        "sip",
        "options",
        "--from",
        &file,
        "--rate",
        "0",
        "--timeout",
        "32s",
        "-o",
        "json",
    ];
    let child = home
        .command(&arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("our program runs");
    let status = format!("/proc/{}/status", child.id());
    let most = std::thread::spawn(move || {
        // What the run itself takes; the pages of the program are the same for one target, and many in a debug build.
        let mut most = 0;
        while let Ok(text) = std::fs::read_to_string(&status) {
            let Some(line) = text.lines().find(|l| l.starts_with("RssAnon:")) else {
                break;
            };
            let kib = line
                .split_whitespace()
                .nth(1)
                .and_then(|n| n.parse::<u64>().ok());
            most = most.max(kib.unwrap_or_default());
            std::thread::sleep(std::time::Duration::from_millis(200));
        }
        most
    });
    let output = child.wait_with_output().expect("it ends");
    let most = most.join().expect("read");
    assert_eq!(output.status.code(), Some(12));
    let told = document(&String::from_utf8_lossy(&output.stdout));
    assert_eq!(told["no_answer"], 20_000);
    // Ten copies each; on a busy machine the last one may fall behind the end.
    assert!(told["retransmissions"].as_u64() >= Some(150_000), "{told}");
    assert!((1..=20 << 10).contains(&most), "{most} KiB");
    // What the run says of itself holds the program's own pages, too.
    assert!(
        told["memory_peak_bytes"].as_u64() >= Some(most << 10),
        "{told}"
    );
}
