use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::program::{Home, said};
use crate::support::command;

#[test]
fn every_step_of_the_demo_is_as_it_should_be() {
    let home = Home::new();
    let output = home.run(&["demo", "-o", "json", "--trace", "sip,http,sms"]);
    let document: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", said(&output)));
    let steps = document["steps"].as_array().expect("a list of steps");
    for step in steps {
        assert_eq!(step["outcome"], "ok", "{step}");
    }
    assert_eq!(steps.len(), 10);
    // What crossed the wire is shown beside each step: the ladder of a call, a text message, a request.
    let trace = |id: &str| {
        let step = steps.iter().find(|s| s["id"] == id).expect("a step");
        step["trace"].to_string()
    };
    for (id, word) in [
        ("notify", "NOTIFY"),
        ("notify", "POST /api/v1/callbacks"),
        ("invite", "INVITE"),
        ("invite-relayed", "ACK"),
        ("sms-lock", "KME 2.00"),
        ("audit", "GET /api/v1/audit/verify"),
    ] {
        assert!(trace(id).contains(word), "{id}: {word} in {}", trace(id));
    }
    assert_eq!(document["schema"], "callhome/demo/v1");
    assert_eq!(document["complete"], true);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}

/// The programs that work in a folder, or in one below it.
fn at_work_in(folder: &Path) -> Vec<String> {
    let all = std::fs::read_dir("/proc").expect("Linux");
    let place = |entry: std::fs::DirEntry| {
        let works_in = std::fs::read_link(entry.path().join("cwd")).ok()?;
        let line = std::fs::read_to_string(entry.path().join("cmdline")).ok()?;
        // Of one that has ended and is not fetched yet, there is no line.
        (works_in.starts_with(folder) && !line.is_empty()).then(|| line.replace('\0', " "))
    };
    all.filter_map(|entry| place(entry.ok()?)).collect()
}

#[test]
fn what_a_killed_demo_started_ends_with_it() {
    let home = command::Home::new();
    let temporary = home.path().join("tmp");
    std::fs::create_dir(&temporary).expect("made");
    let mut demo = home.command(&["demo"]);
    demo.env("TMPDIR", &temporary);
    let mut demo = home.start_command("killed", demo, "");
    let deadline = Instant::now() + Duration::from_secs(90);
    let serves = |line: &String| line.contains(" serve") || line.contains(" agent ");
    while at_work_in(&temporary).iter().filter(|l| serves(l)).count() < 2 {
        assert!(Instant::now() < deadline, "no server and no phone came");
        std::thread::sleep(Duration::from_millis(20));
    }
    demo.child.kill().expect("it runs");
    demo.child.wait().expect("it ends");
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let left = at_work_in(&temporary);
        if left.is_empty() {
            break;
        }
        assert!(Instant::now() < deadline, "{left:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_demo_that_is_told_to_end_leaves_nothing_behind() {
    let home = command::Home::new();
    let temporary = home.path().join("tmp");
    std::fs::create_dir(&temporary).expect("made");
    for signal in ["TERM", "HUP", "INT"] {
        let mut demo = home.command(&["demo"]);
        demo.env("TMPDIR", &temporary);
        let mut demo = home.start_command(signal, demo, "");
        let shown = home.path().join(signal).with_extension("out");
        let deadline = Instant::now() + Duration::from_secs(90);
        // A phone, a server and a command are in the middle of something then.
        while !std::fs::read_to_string(&shown).is_ok_and(|text| text.contains("NOTIFY")) {
            assert!(Instant::now() < deadline, "{signal}: no step was played");
            std::thread::sleep(Duration::from_millis(20));
        }
        demo.signal(signal);
        let status = demo.child.wait().expect("it ends");
        assert_eq!(status.code(), Some(130), "{signal}: {}", demo.log());
        let left: Vec<_> = std::fs::read_dir(&temporary)
            .expect("a folder")
            .filter_map(|entry| Some(entry.ok()?.file_name()))
            .collect();
        assert_eq!(left, Vec::<std::ffi::OsString>::new(), "{signal}");
    }
}
