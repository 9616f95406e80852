//! `probe` and `sip listen` against programs nobody here wrote: SIPp, OpenSSL, sipsak; tshark reads the captures.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use serde_json::Value;

use super::peer::{Peer, free_port, installed};
use crate::support::command::Home;

/// What tshark makes of a capture: one line of these fields for each SIP message.
pub(super) fn read(file: &Path, fields: &[&str]) -> Vec<String> {
    let mut command = Command::new("tshark");
    command
        .arg("-r")
        .arg(file)
        .args(["-Y", "sip", "-T", "fields"]);
    for field in fields {
        command.args(["-e", field]);
    }
    let output = command.output().expect("tshark runs");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines().map(str::to_owned).collect()
}

pub(super) fn malformed(file: &Path) -> String {
    let judged = Command::new("tshark")
        .arg("-r")
        .arg(file)
        .args([
            "-Y",
            "_ws.malformed || _ws.expert.severity == 8388608 || !sip",
        ])
        .output()
        .expect("tshark runs");
    String::from_utf8_lossy(&judged.stdout).into_owned()
}

pub(super) fn check<'a>(report: &'a Value, name: &str) -> &'a Value {
    let checks = report["checks"].as_array().expect("a list");
    let found = checks.iter().find(|c| c["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {report}"))
}

#[test]
fn sipp_is_probed_in_every_style_and_the_capture_is_one_that_wireshark_opens() {
    let Some(sipp) = Peer::sipp("uas_any.xml") else {
        return;
    };
    let home = Home::new();
    let target = format!("sip:anna@127.0.0.1:{}", sipp.port);
    let report = home.json(&["probe", &target]);
    assert_eq!(report["schema"], "callhome/probe/v1");
    assert_eq!(
        (&report["reachable"], &report["device"]),
        (&true.into(), &Value::Null)
    );
    assert_eq!(
        report["verdict"],
        format!("{target} can be reached: it answers.")
    );
    assert_eq!(check(&report, "options")["grade"], "ok");
    assert_eq!(report["messages"].as_array().map(Vec::len), Some(2));

    let file = home.path().join("probe.pcapng");
    let args = [
        "probe", &target, "--count", "3", "--every", "1s", "-v", "--pcap",
    ];
    let ran = home.run(&[&args[..], &["probe.pcapng"]].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("│── OPTIONS ─"), "{}", ran.stdout);
    assert!(
        ran.stdout.lines().all(|l| l.chars().count() <= 80),
        "{}",
        ran.stdout
    );
    assert!(ran.stderr.contains("3 probes, 3 reached"), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("6 messages in probe.pcapng"),
        "{}",
        ran.stderr
    );
    if installed(&["tshark"]) {
        let port = sipp.port.to_string();
        let seen = read(
            &file,
            &[
                "udp.dstport",
                "udp.srcport",
                "sip.Method",
                "sip.Status-Code",
            ],
        );
        assert_eq!(seen.len(), 6, "{seen:?}");
        for pair in seen.chunks(2) {
            let (asked, told): (Vec<_>, Vec<_>) =
                (pair[0].split('\t').collect(), pair[1].split('\t').collect());
            assert_eq!((asked[0], asked[2]), (port.as_str(), "OPTIONS"));
            assert_eq!((told[1], told[3]), (port.as_str(), "200"));
            assert_eq!(asked[1], told[0]);
        }
        assert_eq!(malformed(&file), "");
    }

    let ran = home.run(&["probe", &target, "--exit-style", "nagios"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let start = format!("CALLHOME OK - {target} can be reached: it answers. | options=");
    assert!(ran.stdout.starts_with(&start), "{}", ran.stdout);
    assert_eq!(ran.stdout.lines().count(), 1);
    drop(sipp);
    let ran = home.run(&["probe", &target, "--exit-style", "nagios"]);
    assert_eq!(ran.code, 2, "{}{}", ran.stdout, ran.stderr);
    assert!(
        ran.stdout.starts_with("CALLHOME CRITICAL - "),
        "{}",
        ran.stdout
    );
    let ran = home.run(&["probe", "nobody", "--exit-style", "nagios"]);
    assert_eq!(ran.code, 3, "{}{}", ran.stdout, ran.stderr);
    assert!(
        ran.stdout.starts_with("CALLHOME UNKNOWN - "),
        "{}",
        ran.stdout
    );
    let ran = home.run(&["probe", &target]);
    assert_eq!(ran.code, 12, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("--watch"), "{}", ran.stdout);
}

/// OpenSSL's server with a certificate for 127.0.0.1 that ends in this year; the authority's certificate is in `ca.pem`.
struct TlsPeer(Child);

/// Python's TLS is OpenSSL; `openssl s_server` itself serves one connection after the other, and the checks of a probe
/// run side by side.
const TLS_SERVER: &str = r#"
import socket, ssl, sys, threading
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("own.pem", "own.key")
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("ACCEPT")
def serve(raw):
    try:
        with context.wrap_socket(raw, server_side=True) as tls:
            while tls.recv(4096):
                pass
    except OSError:
        pass
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"#;

impl TlsPeer {
    fn start(folder: &Path, port: u16, last_year: i32) -> Self {
        let authority = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(DnType::CommonName, "Test authority");
        params.not_after = date_time_ymd(2090, 1, 1);
        let ca = params.self_signed(&authority).expect("signed");
        std::fs::write(folder.join("ca.pem"), ca.pem()).expect("written");
        let key = KeyPair::generate().expect("a key");
        let mut own = CertificateParams::new(vec!["127.0.0.1".into()]).expect("a name");
        own.distinguished_name
            .push(DnType::CommonName, "gw-lund.example.net");
        own.not_before = date_time_ymd(2020, 1, 1);
        own.not_after = date_time_ymd(last_year, 1, 1);
        let issuer = Issuer::from_params(&params, &authority);
        let signed = own.signed_by(&key, &issuer).expect("signed");
        std::fs::write(folder.join("own.pem"), signed.pem()).expect("written");
        std::fs::write(folder.join("own.key"), key.serialize_pem()).expect("written");
        let mut child = Command::new("python3")
            .args(["-u", "-c", TLS_SERVER])
            .arg(port.to_string())
            .current_dir(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Python runs");
        let mut said = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut line = String::new();
        while !line.contains("ACCEPT") {
            line.clear();
            assert_ne!(said.read_line(&mut line).expect("readable"), 0, "it ended");
        }
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Self(child)
    }
}

impl Drop for TlsPeer {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn a_certificate_that_ended_or_is_not_believed_is_named_as_the_reason() {
    if !installed(&["python3"]) {
        return;
    }
    let home = Home::new();
    let port = free_port();
    let target = format!("sips:127.0.0.1:{port}");
    let probe = |more: &[&str]| {
        let ran = home.run(&[&["probe", &target, "-o", "json"][..], more].concat());
        let report: Value = serde_json::from_str(&ran.stdout).expect("a document");
        assert_eq!(ran.code, 12, "{report}");
        report
    };
    let refused = probe(&[]);
    assert_eq!(check(&refused, "connection")["grade"], "bad");
    let verdict = refused["verdict"].as_str().expect("text");
    assert!(verdict.contains("nobody listens there"), "{verdict}");

    let peer = TlsPeer::start(home.path(), port, 2021);
    let expired = probe(&["--ca", "ca.pem"]);
    assert_eq!(check(&expired, "connection")["grade"], "ok");
    let tls = check(&expired, "tls");
    assert_eq!(tls["grade"], "bad");
    let finding = tls["finding"].as_str().expect("text");
    assert!(
        finding.starts_with("CN=gw-lund.example.net, signed by CN=Test authority, expired "),
        "{finding}"
    );
    let verdict = expired["verdict"].as_str().expect("text");
    let start = format!("{target} cannot be reached because its certificate expired ");
    assert!(verdict.starts_with(&start), "{verdict}");
    drop(peer);

    let _peer = TlsPeer::start(home.path(), port, 2085);
    let strange = probe(&[]);
    let verdict = strange["verdict"].as_str().expect("text");
    assert!(
        verdict.contains("its certificate is not believed: "),
        "{verdict}"
    );
    let believed = probe(&["--ca", "ca.pem"]);
    let tls = check(&believed, "tls");
    assert_eq!(tls["grade"], "ok", "{tls}");
    // This server speaks TLS and no SIP.
    let verdict = believed["verdict"].as_str().expect("text");
    assert!(verdict.contains("gives no answer"), "{verdict}");
    let sent = &believed["messages"][0];
    assert_eq!(
        (&sent["transport"], &sent["sent"]),
        (&"tls".into(), &true.into())
    );
}

#[test]
fn what_sipsak_sends_is_heard_answered_and_written_down() {
    if !installed(&["sipsak", "tshark"]) {
        return;
    }
    let home = Home::new();
    let args = [
        "sip",
        "listen",
        "--on",
        "127.0.0.1:0",
        "--count",
        "2",
        "-o",
        "ndjson",
    ];
    let args = [&args[..], &["--timeout", "30s", "--pcap", "heard.pcapng"]].concat();
    let mut listening = home.start("listen", &args, "ready: ");
    let port = listening
        .address("sip:")
        .rsplit(':')
        .next()
        .expect("a port")
        .to_owned();
    for _ in 0..2 {
        let sent = Command::new("sipsak")
            .args(["-s", &format!("sip:anna@127.0.0.1:{port}")])
            .output()
            .expect("sipsak runs");
        assert!(sent.status.success(), "{sent:?}");
    }
    let end = Instant::now() + Duration::from_secs(20);
    let status = loop {
        if let Some(status) = listening.child.try_wait().expect("can be asked") {
            break status;
        }
        assert!(Instant::now() < end, "{}", listening.log());
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(status.code(), Some(0), "{}", listening.log());
    let told = std::fs::read_to_string(home.path().join("listen.out")).expect("written");
    let heard: Vec<Value> = told
        .lines()
        .map(|line| serde_json::from_str(line).expect("a document a line"))
        .collect();
    assert_eq!(heard.len(), 2);
    assert_eq!(
        (&heard[0]["method"], &heard[0]["answered"]),
        (&"OPTIONS".into(), &200.into())
    );
    // Ports of five digits lose one in sipsak's request line.
    let uri = heard[0]["uri"].as_str().expect("text");
    assert!(uri.starts_with("sip:anna@127.0.0.1:"), "{uri}");
    let file = home.path().join("heard.pcapng");
    assert_eq!(
        read(&file, &["sip.Method", "udp.dstport"]),
        vec![format!("OPTIONS\t{port}"); 2]
    );
    assert_eq!(malformed(&file), "");
}

#[test]
fn a_phone_is_probed_by_its_server_and_the_messages_come_along() {
    let home = Home::new();
    let serve = home.start("serve", &["serve"], "ready: ");
    let phone = [
        "agent",
        "run",
        "--imei",
        "358931104120070",
        "--name",
        "Nokia",
    ];
    let phone = home.start("phone", &phone, "ready: ");
    let report = home.json(&["probe", "358931104120070", "--pcap", "phone.pcapng"]);
    assert_eq!(report["reachable"], true, "{report}");
    assert_eq!(check(&report, "options")["grade"], "ok");
    let messages = report["messages"].as_array().expect("a list");
    assert!(messages.len() >= 2, "{report}");
    if installed(&["tshark"]) {
        let file = home.path().join("phone.pcapng");
        assert_eq!(read(&file, &["sip.Method"])[0], "OPTIONS");
        assert_eq!(malformed(&file), "");
    }
    let ran = home.run(&["probe", "358931104120070"]);
    assert!(
        ran.stdout.lines().all(|l| l.chars().count() <= 80),
        "{}",
        ran.stdout
    );
    assert_eq!(phone.stop(), 0);
    assert_eq!(serve.stop(), 0);
}
