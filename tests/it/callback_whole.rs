//! Callbacks as a user sees them: the server, a simulated phone, and an application server that is neither.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use callhome::domain::Timestamp;
use serde_json::Value;

use crate::support::command::{Home, Running};

const IMEI: &str = "358931104120070";

/// An application server: takes whatever is posted to it, and tells first line and body.
pub(crate) struct App {
    pub(crate) port: u16,
    pub(crate) calls: Receiver<(String, Value)>,
}

impl App {
    pub(crate) fn start() -> Self {
        Self::at(0)
    }

    /// One at a port that is known already.
    fn at(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let (tell, calls) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut reader = BufReader::new(stream.expect("a connection"));
                let (mut first, mut length) = (String::new(), 0);
                if reader.read_line(&mut first).is_ok_and(|read| read == 0) {
                    continue;
                }
                loop {
                    let mut line = String::new();
                    reader.read_line(&mut line).expect("a header");
                    let line = line.trim().to_ascii_lowercase();
                    if let Some(value) = line.strip_prefix("content-length:") {
                        length = value.trim().parse().expect("a number");
                    }
                    if line.is_empty() {
                        break;
                    }
                }
                let mut body = vec![0; length];
                reader.read_exact(&mut body).expect("a body");
                let answer =
                    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\ntaken";
                reader.get_mut().write_all(answer.as_bytes()).expect("sent");
                let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
                if tell.send((first.trim().to_owned(), body)).is_err() {
                    return;
                }
            }
        });
        Self { port, calls }
    }

    /// Listens no more.
    fn stop(self) {
        let port = self.port;
        drop(self.calls);
        // The next call finds that nobody wants to know, and ends it; that may be this one or another's.
        if let Ok(mut last) = TcpStream::connect(("127.0.0.1", port)) {
            drop(last.write_all(b"GET / HTTP/1.1\r\n\r\n"));
            drop(last.read_to_end(&mut Vec::new()));
        }
        while TcpStream::connect(("127.0.0.1", port)).is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn call(&self) -> (String, Value) {
        let call = self.calls.recv_timeout(Duration::from_secs(20));
        call.expect("the phone calls")
    }
}

fn phone(home: &Home, name: &str) -> Running {
    home.start(name, &["agent", "run", "--imei", IMEI], "ready")
}

#[test]
fn a_phone_calls_the_application_server_that_was_named_and_nobody_else() {
    let home = Home::new();
    let _server = home.start("server", &["serve"], "ready:");
    let running = phone(&home, "phone");
    let app = App::start();
    let (port, closed) = (app.port.to_string(), {
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        free.local_addr().expect("bound").port().to_string()
    });
    let address = format!("127.0.0.1:{port}");
    let asked = home.json(&[
        "callback",
        "request",
        IMEI,
        "--address",
        &address,
        "--protocol",
        "http",
        "--path",
        "/provision?v=2",
        "--component",
        "phonebook",
        "--api",
        "json/2",
        "--request-id",
        "order 17/a",
        "--part",
        "X-Reason=update",
    ]);
    assert_eq!(asked["schema"], "callhome/callback/v1");
    let (first, body) = app.call();
    assert_eq!(first, "POST /provision?v=2 HTTP/1.1");
    assert_eq!(body["request_id"], "order 17/a");
    assert_eq!(
        (&body["component"], &body["api"]),
        (&"phonebook".into(), &"json/2".into())
    );
    // The call went elsewhere: this server only knows that the phone was told.
    let watched = home.run(&["callback", "watch", "order 17/a", "--timeout", "1s"]);
    assert_eq!(watched.code, 10, "{watched:?}");
    let shown = home.json(&["callback", "show", "order 17/a"]);
    assert_eq!(
        (&shown["id"], &shown["state"]),
        (&asked["id"], &"delivered".into())
    );

    // The address does not answer; the alternative does. One that is not trusted is not called.
    let ran = home.ok(&[
        "callback",
        "request",
        IMEI,
        "--address",
        &format!("127.0.0.1:{closed}"),
        "--protocol",
        "http",
        "--alternative",
        "192.0.2.66:80",
        "--alternative",
        &address,
    ]);
    assert!(ran.contains("or        192.0.2.66:80"), "{ran}");
    assert_eq!(app.call().0, "POST /agent/v1/session HTTP/1.1");

    let stranger = home.run(&[
        "callback",
        "request",
        IMEI,
        "--address",
        "192.0.2.66",
        "--deadline",
        "2s",
        "--wait",
    ]);
    assert_eq!(stranger.code, 12, "{stranger:?}");
    assert!(stranger.stdout.contains("403 "), "{stranger:?}");

    let late = home.run(&[
        "callback",
        "request",
        IMEI,
        "--not-after",
        "2020-01-01T00:00:00Z",
    ]);
    assert_eq!(late.code, 2, "{late:?}");
    assert!(late.stderr.contains("time slot was over"), "{late:?}");

    let list = home.json(&["callback", "list"]);
    assert_eq!(list["items"].as_array().map(Vec::len), Some(3));
    assert_eq!(running.stop(), 0);
}

#[test]
fn a_time_slot_is_waited_for_and_a_phone_that_is_off_is_told_when_it_comes_back() {
    let home = Home::new();
    let _server = home.start("server", &["serve"], "ready:");
    let running = phone(&home, "phone");
    let began = Instant::now();
    let slot = [
        "callback",
        "request",
        IMEI,
        "--not-before",
        "+3s",
        "--not-after",
        "+60s",
        "--wait",
        "--timeout",
        "30s",
    ];
    let called = home.json(&slot);
    assert_eq!(called["state"], "called-back");
    let at = |value: &Value| -> Timestamp {
        let text = value.as_str().expect("a time");
        text.parse().expect("RFC 3339")
    };
    let begin = at(&called["request"]["contact"]["not_before"]);
    assert!(at(&called["session"]["at"]) >= begin, "{called}");
    assert!(began.elapsed() >= Duration::from_secs(3));

    assert_eq!(running.stop(), 0);
    let asked = home.json(&["callback", "request", IMEI, "--request-id", "when-back"]);
    let _running = phone(&home, "phone-again");
    let watched = home.run(&[
        "callback",
        "watch",
        "when-back",
        "--timeout",
        "40s",
        "-o",
        "json",
    ]);
    assert_eq!(watched.code, 0, "{watched:?}");
    let view: Value = serde_json::from_str(&watched.stdout).expect("a document");
    assert_eq!(
        (&view["id"], &view["state"]),
        (&asked["id"], &"called-back".into())
    );
}

#[test]
fn a_phone_calls_elsewhere_when_the_health_check_of_its_application_server_fails() {
    let home = Home::new();
    let (well, instead) = (App::start(), App::start());
    let settings = format!(
        "server:\n  application_servers:\n    - name: billing\n      health_url: http://127.0.0.1:{}/healthz\n      every_s: 1\n      failures: 2\n      devices: ['{IMEI}', nobody]\n      instead:\n        address: 127.0.0.1\n        port: {}\n        protocol: http\n        path: /standby\n",
        well.port, instead.port
    );
    let folder = home.path().join(".config/callhome");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("config.yaml"), settings).expect("settings");
    let server = home.start("server", &["serve"], "ready:");
    let _phone = phone(&home, "phone");
    let (asked, _) = well.call();
    assert_eq!(asked, "GET /healthz HTTP/1.1");
    well.call();
    assert!(instead.calls.try_recv().is_err(), "while it is well");

    let port = well.port;
    well.stop();
    let (first, body) = instead.call();
    assert_eq!(first, "POST /standby HTTP/1.1", "{}", server.log());
    let listed = home.json(&["callback", "list"]);
    let made = &listed["items"][0];
    assert_eq!(
        (&made["operator"], &made["request"]["reason"]),
        (&"trigger:billing".into(), &"billing does not answer".into())
    );
    assert_eq!(body["request_id"], made["id"]);
    // One outage, one request, however long it lasts; the device that is not there harms no other.
    std::thread::sleep(Duration::from_secs(3));
    let listed = home.json(&["callback", "list"]);
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1));

    let back = App::at(port);
    back.call();
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let trail = home.ok(&["audit", "list", "-o", "ndjson"]);
        if trail.contains("application-server.up") {
            assert!(trail.contains("application-server.down"), "{trail}");
            break;
        }
        assert!(Instant::now() < end, "{trail}");
        std::thread::sleep(Duration::from_millis(200));
    }
}
