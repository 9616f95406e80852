use serde_json::Value;

use super::program::{Home, said};

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
