//! SIP with programs nobody here wrote: SIPp, baresip, sipsak, Kamailio, PJSUA2, tshark.

mod agents;
mod connections;
mod directories;
mod kamailio;
mod makes;
pub(crate) mod name_server;
pub(crate) mod peer;
mod phones;
mod places;
mod probing;
mod probing_streams;
mod registrars;
mod routers;
mod transports;

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

use peer::free_port;

pub(crate) use peer::{Peer, installed};

/// Runs our program; nothing of the user's own set-up is seen.
fn callhome(arguments: &[&str]) -> Output {
    let home = tempfile::tempdir().expect("a scratch folder");
    Command::new(env!("CARGO_BIN_EXE_callhome"))
        .args(arguments)
        .env_clear()
        .env("HOME", home.path())
        .output()
        .expect("our program runs")
}

/// Runs it with `-o json`; gives exit code and document.
fn json(arguments: &[&str]) -> (i32, Value) {
    let output = callhome(&[arguments, &["-o", "json"]].concat());
    let document = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| {
        panic!("{e}: {}", String::from_utf8_lossy(&output.stderr));
    });
    (output.status.code().expect("an exit code"), document)
}

fn lines(report: &Value) -> Vec<String> {
    report["ladder"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|step| step["again"] == false)
        .map(|step| step["line"].as_str().expect("text").to_owned())
        .map(|line| match line.strip_prefix("SIP/2.0 ") {
            Some(status) => status.to_owned(),
            None => line.split(' ').next().unwrap_or_default().to_owned(),
        })
        .collect()
}

fn password_file(folder: &tempfile::TempDir, password: &str) -> PathBuf {
    let path = folder.path().join(password);
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .and_then(|mut file| writeln!(file, "{password}"))
        .expect("a scratch file");
    path
}

#[test]
fn sipp_takes_notify_options_invite_and_a_message_from_a_file() {
    let Some(sipp) = Peer::sipp("uas_any.xml") else {
        return;
    };
    let target = format!("anna@127.0.0.1:{}", sipp.port);
    let notify = [
        "sip",
        "notify",
        &target,
        "--address",
        "mgmt.example.net:8443",
    ];
    let (code, report) = json(&notify);
    assert_eq!((code, &report["outcome"]), (0, &"delivered".into()));
    let (code, report) = json(&["sip", "options", &target]);
    assert_eq!((code, &report["code"]), (0, &200.into()));
    let allow = report["answer"]["headers"]["Allow"].as_str().expect("told");
    assert!(allow.contains("NOTIFY"), "{allow}");
    let (code, report) = json(&["sip", "invite", &target]);
    assert_eq!(code, 0);
    assert_eq!(
        lines(&report),
        ["INVITE", "180 Ringing", "200 OK", "ACK", "BYE", "200 OK"]
    );
    let folder = tempfile::tempdir().expect("a scratch folder");
    let file = folder.path().join("message.sip");
    let dry = callhome(&[&notify[..], &["--dry-run"]].concat());
    assert!(dry.stdout.starts_with(b"NOTIFY sip:anna@127.0.0.1:"));
    std::fs::write(&file, dry.stdout).expect("a scratch file");
    let (code, report) = json(&["sip", "send", file.to_str().expect("text")]);
    assert_eq!(
        (code, lines(&report)),
        (0, vec!["NOTIFY".into(), "200 OK".into()])
    );
}

#[test]
fn sipp_checks_our_digest_answer() {
    let Some(sipp) = Peer::sipp("uas_challenge.xml") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a scratch folder");
    let target = format!("dev@127.0.0.1:{}", sipp.port);
    let notify = ["sip", "notify", &target, "--event", "check-sync"];
    for (password, exit, last) in [("mgmtpw", 0, "200 OK"), ("guess", 11, "403 Forbidden")] {
        let file = password_file(&folder, password);
        let with = [
            "--user",
            "mgmt",
            "--password-file",
            file.to_str().expect("text"),
        ];
        let (code, report) = json(&[&notify[..], &with].concat());
        assert_eq!(code, exit, "{report}");
        assert_eq!(
            lines(&report),
            ["NOTIFY", "401 Unauthorized", "NOTIFY", last]
        );
        assert!(!report.to_string().contains(password));
    }
    let refused = callhome(&notify);
    let told = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(11));
    assert!(told.contains("--password-file"), "{told}");
}

#[test]
fn sipp_wants_a_password_for_the_end_of_a_call_and_gets_it() {
    let Some(sipp) = Peer::sipp("uas_challenges_bye.xml") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a scratch folder");
    let target = format!("dev@127.0.0.1:{}", sipp.port);
    let invite = ["sip", "invite", &target];
    for (password, last) in [("mgmtpw", "200 OK"), ("guess", "403 Forbidden")] {
        let file = password_file(&folder, password);
        let with = [
            "--user",
            "mgmt",
            "--password-file",
            file.to_str().expect("text"),
        ];
        let (code, report) = json(&[&invite[..], &with].concat());
        assert_eq!(code, 0, "{report}");
        assert_eq!(
            lines(&report),
            [
                "INVITE",
                "200 OK",
                "ACK",
                "BYE",
                "401 Unauthorized",
                "BYE",
                last
            ]
        );
    }
}

#[test]
fn baresip_answers_our_invite_and_sees_ack_and_bye() {
    let Some(phone) = Peer::baresip() else {
        return;
    };
    let target = format!("bare@127.0.0.1:{}", phone.port);
    let (code, report) = json(&["sip", "invite", &target]);
    assert_eq!(code, 0, "{report} {}", phone.log());
    let seen = lines(&report);
    assert_eq!(seen[0], "INVITE");
    assert_eq!(
        seen[seen.len() - 4..],
        ["200 Answering", "ACK", "BYE", "200 OK"]
    );
    phone.wait_for("ACK sip:");
    phone.wait_for("BYE sip:");
    let (code, _) = json(&["sip", "options", &target]);
    assert_eq!(code, 0);
    // It knows no such event: somebody is there, but it was not taken.
    let (code, report) = json(&["sip", "notify", &target, "--event", "no-such-event"]);
    assert_eq!(
        (code, &report["outcome"]),
        (11, &"alive".into()),
        "{report}"
    );
}

#[test]
fn nobody_there_is_told_within_the_timeout_and_ends_with_12() {
    let closed = format!("127.0.0.1:{}", free_port());
    let (code, report) = json(&["sip", "options", &closed]);
    assert_eq!((code, &report["outcome"]), (12, &"transport_error".into()));
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port");
    let silent = silent.local_addr().map(|a| (a, silent)).expect("bound");
    let (code, report) = json(&["sip", "options", &silent.0.to_string(), "--timeout", "1s"]);
    assert_eq!((code, &report["outcome"]), (12, &"no_answer".into()));
    let took = report["elapsed_ms"].as_u64().expect("a number");
    assert!((1000..3000).contains(&took), "{took}");
}

#[test]
fn tshark_finds_nothing_malformed_in_what_we_send() {
    if !installed(&["tshark", "text2pcap"]) {
        return;
    }
    let target = "anna@127.0.0.1:5060";
    let contact = [
        "sip",
        "register",
        target,
        "--contact",
        "anna@[::1]:5070",
        "--instance",
        "urn:uuid:1",
        "-n",
    ];
    let commands: [&[&str]; 6] = [
        &[
            "sip",
            "notify",
            target,
            "--address",
            "[2001:db8::7]:8443",
            "-n",
        ],
        &[
            "sip",
            "notify",
            target,
            "--xml",
            "--request-id",
            "4t9wz0kc",
            "-n",
        ],
        &[
            "sip",
            "notify",
            "[::1]",
            "--event",
            "check-sync;reboot=true",
            "-n",
        ],
        &[
            "sip",
            "invite",
            target,
            "--proxy",
            "127.0.0.1",
            "--body",
            "x",
            "-n",
        ],
        &["sip", "options", target, "--header", "Subject: été", "-n"],
        &contact,
    ];
    let folder = tempfile::tempdir().expect("a scratch folder");
    let mut dump = String::new();
    for command in commands {
        let output = callhome(command);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{command:?}: {told}");
        for (i, chunk) in output.stdout.chunks(16).enumerate() {
            let octets: Vec<_> = chunk.iter().map(|b| format!("{b:02x}")).collect();
            dump.push_str(&format!("{:06x} {}\n", i * 16, octets.join(" ")));
        }
    }
    let (text, pcap) = (folder.path().join("dump"), folder.path().join("pcap"));
    std::fs::write(&text, dump).expect("a scratch file");
    let made = Command::new("text2pcap")
        .args(["-q", "-u", "5060,5060"])
        .args([&text, &pcap])
        .output()
        .expect("text2pcap runs");
    assert!(made.status.success());
    let judged = Command::new("tshark")
        .args([
            "-T",
            "fields",
            "-e",
            "sip.Method",
            "-e",
            "_ws.expert.message",
            "-r",
        ])
        .arg(&pcap)
        .output()
        .expect("tshark runs");
    let told = String::from_utf8_lossy(&judged.stdout);
    let seen: Vec<_> = told.lines().map(str::trim).collect();
    assert_eq!(
        seen,
        [
            "NOTIFY", "NOTIFY", "NOTIFY", "INVITE", "OPTIONS", "REGISTER"
        ]
    );
}
