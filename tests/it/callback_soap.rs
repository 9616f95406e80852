//! The SOAP entry, asked by zeep; what was asked for arrives at a SIPp that plays the device.

use std::io::Write;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::device::TestDevice;
use crate::support::server::TestServer;

const IMEI: &str = "358931104120070";

fn peers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers")
}

/// The Python with zeep in it. Without it the test says so and is skipped; under `CI=true` it fails.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn zeep() -> Option<PathBuf> {
    let python = peers().join("soap/venv/bin/python");
    let sipp = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|p| p.join("sipp").is_file()));
    if python.is_file() && sipp {
        return Some(python);
    }
    assert!(
        std::env::var_os("CI").is_none_or(|v| v != "true"),
        "zeep or SIPp is not installed: run tests/run"
    );
    eprintln!("skipped: zeep or SIPp is not installed; tests/run installs them");
    None
}

/// SIPp that answers NOTIFY and writes down what it saw.
struct Sipp {
    child: Child,
    port: u16,
    log: PathBuf,
}

impl Sipp {
    fn start(folder: &Path) -> Self {
        let port = UdpSocket::bind("127.0.0.1:0")
            .and_then(|socket| socket.local_addr())
            .expect("a port")
            .port();
        let log = folder.join("sipp.messages");
        let child = Command::new("sipp")
            .current_dir(folder)
            .arg("-sf")
            .arg(peers().join("sipp/uas_any.xml"))
            .args(["-i", "127.0.0.1", "-p", &port.to_string(), "-nostdin"])
            .args(["-deadcall_wait", "0", "-trace_msg", "-message_file"])
            .arg(&log)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("SIPp starts");
        Self { child, port, log }
    }

    /// Waits until it has seen this, and gives all that it saw.
    fn seen(&self, words: &str) -> String {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            let text = std::fs::read(&self.log).unwrap_or_default();
            let text = String::from_utf8_lossy(&text).replace('\r', "");
            if text.contains(words) {
                return text;
            }
            assert!(Instant::now() < end, "{words:?} is not in: {text}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Sipp {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What zeep says to these calls.
fn ask(python: &Path, server: &TestServer, token: &str, calls: &Value) -> Vec<Value> {
    let file = |name: &str, text: &str| {
        let path = server.path().join(name);
        std::fs::write(&path, text).expect("a scratch file");
        path
    };
    let mut child = Command::new(python)
        .arg(peers().join("soap/client.py"))
        .arg(&server.url)
        .args([
            file("soap-ca.pem", &server.ca_pem),
            file("soap-token", token),
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python starts");
    let mut stdin = child.stdin.take().expect("piped");
    stdin
        .write_all(calls.to_string().as_bytes())
        .expect("written");
    drop(stdin);
    let output = child.wait_with_output().expect("ends");
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).expect("a list")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn zeep_asks_over_both_versions_and_every_part_reaches_the_device_as_it_was_said() {
    let Some(python) = zeep() else {
        return;
    };
    let server = TestServer::start().await;
    let device = TestDevice::enrol(&server, IMEI).await;
    let sipp = Sipp::start(server.path());
    let told = json!({ "contact": format!("sip:dev@127.0.0.1:{}", sipp.port) }).to_string();
    let told = device.signed(&server, Method::PUT, "/agent/v1/registration", told);
    assert_eq!(told.send().await.expect("an answer").status(), 204);
    let token = async |name: &str, role: &str| -> String {
        let body = json!({ "name": name, "role": role, "valid_days": 1 });
        let made: Value = server.post("/api/v1/tokens", &body, 201).await;
        made["secret"]
            .as_str()
            .or(made["token"].as_str())
            .expect("a token")
            .to_owned()
    };
    let (may, viewer) = (
        token("billing", "helpdesk").await,
        token("reader", "viewer").await,
    );
    let day = time::OffsetDateTime::now_utc().date() + time::Duration::days(20);
    let full = |port: &str, id: &str| {
        json!({ "operation": "CallbackRequest", "port": port, "parts": {
            "device": IMEI, "address": "127.0.0.1", "port": 9443, "requestId": id,
            "path": "/a?b=1&c=<é>", "component": "phone book", "protocol": "http", "api": "json/2",
            "notAfter": format!("{day}T00:00:00Z"), "alternative": ["app2.example.net:443", "[2001:db8::7]:80"],
            "part": [["X-Reason", "update & restart"], ["X-Empty", "-"]],
        }})
    };
    let state = json!({ "operation": "CallbackState", "port": "Soap12", "parts": { "requestId": "order 11" } });
    let calls = json!([full("Soap11", "order 11"), full("Soap12", "order 12"), full("Soap11", "order 11"), state,
        { "operation": "CallbackRequest", "port": "Soap11", "parts": { "device": "nobody" } },
        { "operation": "CallbackRequest", "port": "Soap12", "parts": { "device": "nobody" } },
        { "operation": "CallbackRequest", "port": "Soap12", "parts": { "device": IMEI, "path": " x" } },
    ]);
    let answers = ask(&python, &server, &may, &calls);
    assert_eq!(answers[0]["requestId"], "order 11", "{answers:?}");
    assert_eq!(answers[0]["server"], "test");
    assert_eq!(answers[1]["requestId"], "order 12");
    assert_eq!(
        answers[2]["callback"], answers[0]["callback"],
        "the same message again is the same request"
    );
    assert_eq!(answers[3]["callback"], answers[0]["callback"]);
    let said = |i: usize| {
        let fault = answers[i]["fault"].as_str().unwrap_or_default();
        let message = answers[i]["message"].as_str().unwrap_or_default();
        (fault.to_owned(), message.to_owned())
    };
    assert!(said(4).0.ends_with("Client"), "{answers:?}");
    assert!(said(5).0.ends_with("Sender"), "{answers:?}");
    assert!(said(5).1.contains("nobody"), "{answers:?}");
    assert!(said(6).1.contains("Path"), "{answers:?}");

    for id in ["order 11", "order 12"] {
        let expected = format!(
            "Address: 127.0.0.1\nPort: 9443\nRequest-Id: {id}\nPath: /a?b=1&c=<é>\nComponent: phone book\n\
             Not-After: {day}T00:00:00.000Z\nProtocol: http\nApi: json/2\nAlternative: app2.example.net:443\n\
             Alternative: [2001:db8::7]:80\nX-Reason: update & restart\nX-Empty: -\n"
        );
        let seen = sipp.seen(&format!("Request-Id: {id}"));
        assert!(
            seen.replace("T00:00:00Z", "T00:00:00.000Z")
                .contains(&expected),
            "{seen}"
        );
        assert!(seen.contains("Event: application-server-contact-me"));
    }

    // Who may only look gets a fault; a token that is none is not let in.
    let refused = ask(
        &python,
        &server,
        &viewer,
        &json!([full("Soap12", "order 13")]),
    );
    let text = refused[0].to_string();
    assert!(text.contains("helpdesk") || text.contains("403"), "{text}");
    let stranger = ask(
        &python,
        &server,
        "no-token",
        &json!([full("Soap11", "order 14")]),
    );
    let text = stranger[0].to_string();
    assert!(text.contains("401") || text.contains("logged in"), "{text}");
}

#[tokio::test]
async fn a_document_type_is_refused_with_a_fault() {
    let server = TestServer::start().await;
    let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbb\">]><e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Body>&b;</e:Body></e:Envelope>";
    let answer = server
        .local(Method::POST, "/soap")
        .header("content-type", "text/xml")
        .body(bomb)
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 500);
    let text = answer.text().await.expect("a body");
    assert!(
        text.contains("<faultcode>soap:Client</faultcode>") && text.contains("document types"),
        "{text}"
    );
    let unread = server.network(Method::POST, "/soap").body("<x/>").send();
    let unread = unread.await.expect("an answer");
    assert_eq!(unread.status(), 401);
    assert!(unread.text().await.expect("a body").contains("soap:Fault"));
}
