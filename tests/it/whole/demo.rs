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
