//! A run that is cut off goes on by `bulk resume`, and nobody is told twice.

use std::collections::{HashMap, HashSet};
use std::net::UdpSocket;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::targets;
use crate::support::command::{Home, Ran, Running};

const TARGETS: usize = 400;

/// Phones behind one port that answer each request with 200 and remember whom it was for.
struct Phones {
    port: u16,
    /// Call-IDs by user: copies of one request share theirs.
    heard: Arc<Mutex<HashMap<String, HashSet<String>>>>,
    stop: Arc<AtomicBool>,
    answering: Option<JoinHandle<()>>,
}

impl Phones {
    fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let wait = Some(Duration::from_millis(100));
        socket.set_read_timeout(wait).expect("set");
        let heard: Arc<Mutex<HashMap<String, HashSet<String>>>> = Arc::default();
        let stop = Arc::new(AtomicBool::new(false));
        let (known, ended) = (Arc::clone(&heard), Arc::clone(&stop));
        let port = socket.local_addr().expect("bound").port();
        let answering = std::thread::spawn(move || {
            let mut room = [0; 4096];
            while !ended.load(Ordering::SeqCst) {
                let Ok((length, peer)) = socket.recv_from(&mut room) else {
                    continue;
                };
                let text = String::from_utf8_lossy(&room[..length]).into_owned();
                let user = text.split(['@', ':']).nth(1).expect("a user").to_owned();
                let mut call = String::new();
                let kept: String = text
                    .split("\r\n")
                    .filter(|line| {
                        let name = line.split(':').next().unwrap_or_default();
                        if name == "Call-ID" {
                            (*line).clone_into(&mut call);
                        }
                        ["Via", "From", "To", "Call-ID", "CSeq"].contains(&name)
                    })
                    .map(|line| format!("{line}\r\n"))
                    .collect();
                known
                    .lock()
                    .expect("no panic")
                    .entry(user)
                    .or_default()
                    .insert(call);
                let answer = format!("SIP/2.0 200 OK\r\n{kept}Content-Length: 0\r\n\r\n");
                socket.send_to(answer.as_bytes(), peer).expect("sent");
            }
        });
        Self {
            port,
            heard,
            stop,
            answering: Some(answering),
        }
    }

    fn wait_for(&self, many: usize) {
        let end = Instant::now() + Duration::from_secs(30);
        while self.heard.lock().expect("no panic").len() < many {
            assert!(Instant::now() < end, "{many} are not reached");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Who was told, each of them once.
    fn told_once(&self) -> HashSet<String> {
        let heard = self.heard.lock().expect("no panic");
        for (user, calls) in heard.iter() {
            assert_eq!(calls.len(), 1, "{user} was told twice");
        }
        heard.keys().cloned().collect()
    }
}

impl Drop for Phones {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(answering) = self.answering.take() {
            drop(answering.join());
        }
    }
}

fn begin(home: &Home, phones: &Phones) -> Running {
    let file = targets(home, TARGETS, phones.port, &[]);
    let send = ["sip", "notify", "--from", &file, "--rate", "200"];
    let running = home.start("notify", &send, "400 targets");
    phones.wait_for(100);
    running
}

fn run_of(home: &Home) -> String {
    let runs = home.json(&["bulk", "list"]);
    let run = &runs["items"][0];
    assert_eq!(
        (&run["command"], &run["state"]),
        (&"sip.notify".into(), &"unfinished".into()),
        "{runs}"
    );
    run["run"].as_str().expect("an id").to_owned()
}

fn rows(home: &Home, run: &str) -> Vec<Value> {
    let report = home.json(&["bulk", "report", run]);
    report["items"].as_array().expect("a list").clone()
}

fn resume(home: &Home, run: &str) -> Ran {
    home.run(&["bulk", "resume", run])
}

#[test]
fn after_ctrl_c_the_rest_is_told_and_nobody_twice() {
    let (home, phones) = (Home::new(), Phones::start());
    let running = begin(&home, &phones);
    assert_eq!(running.stop(), 130);
    let first = phones.told_once().len();
    assert!((100..TARGETS).contains(&first), "{first}");
    let run = run_of(&home);
    let log = std::fs::read_to_string(home.path().join("notify.log")).expect("written");
    assert!(
        log.contains(&format!("callhome bulk resume {run}")),
        "{log}"
    );
    // All who were begun had answered: nothing is in doubt, and the rest was not tried.
    let before = rows(&home, &run);
    let count =
        |rows: &[Value], status: &str| rows.iter().filter(|r| r["status"] == status).count();
    assert_eq!(count(&before, "done"), first);
    assert_eq!(count(&before, "not tried"), TARGETS - first);
    assert_eq!(
        (&before[0]["site"], &before[0]["attempts"]),
        (&"Lund".into(), &1.into())
    );

    let ran = resume(&home, &run);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert_eq!(phones.told_once().len(), TARGETS);
    let after = rows(&home, &run);
    assert_eq!(count(&after, "done"), TARGETS);
    let again = resume(&home, &run);
    assert_eq!(again.code, 15, "{}", again.stderr);
    assert!(again.stderr.contains("finished"), "{}", again.stderr);
    let shown = home.run(&["bulk", "report", &run]);
    let words = format!("{}{}", shown.stdout, shown.stderr);
    assert!(words.contains("Every row is done."), "{words}");
}

#[test]
fn after_kill_9_who_may_have_been_told_is_left_and_said_and_nobody_is_told_twice() {
    let (home, phones) = (Home::new(), Phones::start());
    let mut running = begin(&home, &phones);
    running.signal("KILL");
    running.child.wait().expect("it ended");
    let run = run_of(&home);
    let ran = resume(&home, &run);
    let told = phones.told_once();
    let rows = rows(&home, &run);
    assert_eq!(rows.len(), TARGETS);
    let mut in_doubt = 0;
    for row in &rows {
        let user = row["target"].as_str().expect("text").split('@').next();
        let user = user.expect("a user");
        if row["status"] == "done" {
            assert!(told.contains(user), "{row}");
        } else {
            assert_eq!(
                (&row["status"], &row["code"]),
                (&"unconfirmed".into(), &"cut-off".into())
            );
            in_doubt += 1;
        }
    }
    // A quarter of a second's worth: what was handed over and not begun, or begun and not written down.
    assert!((1..=80).contains(&in_doubt), "{in_doubt}");
    assert_eq!(ran.code, 7, "{}{}", ran.stdout, ran.stderr);
    let words = "may have been reached when it was stopped";
    assert!(ran.stderr.contains(words), "{}", ran.stderr);
    let people = home.run(&["bulk", "report", &run]).stdout;
    assert!(people.contains("cut-off"), "{people}");
}

#[test]
fn a_run_whose_message_was_changed_or_piped_is_not_gone_on_with() {
    let (home, phones) = (Home::new(), Phones::start());
    let file = targets(&home, TARGETS, phones.port, &[]);
    home.file("body", "one");
    let send = ["sip", "notify", "--from", &file, "--rate", "100"];
    let body = [
        "--event",
        "x",
        "--body-file",
        "body",
        "--content-type",
        "text/plain",
    ];
    let running = home.start("notify", &[&send[..], &body].concat(), "400 targets");
    phones.wait_for(10);
    assert_eq!(running.stop(), 130);
    let run = run_of(&home);
    home.file("body", "two");
    let ran = resume(&home, &run);
    assert_eq!(ran.code, 15, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("not what run"), "{}", ran.stderr);
    assert!(phones.told_once().len() < TARGETS);
    home.file("body", "one");
    assert_eq!(resume(&home, &run).code, 0);
    assert_eq!(phones.told_once().len(), TARGETS);
}

#[test]
fn another_transport_than_udp_is_refused_and_nobody_is_told() {
    let (home, phones) = (Home::new(), Phones::start());
    let file = targets(&home, 3, phones.port, &[]);
    let proxy = format!("127.0.0.1:{};transport=tls", phones.port);
    for flags in [["--transport", "tcp"], ["--proxy", &proxy]] {
        let ran = home.run(&[&["sip", "notify", "--from", &file][..], &flags].concat());
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains("only UDP is spoken"), "{}", ran.stderr);
    }
    assert!(phones.told_once().is_empty());
    let udp = ["sip", "notify", "--from", &file, "--transport", "udp"];
    assert_eq!(home.run(&udp).code, 0);
    assert_eq!(phones.told_once().len(), 3);
}
