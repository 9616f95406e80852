use serde_json::Value;

use super::program::{Home, said};

#[test]
fn every_step_of_the_demo_is_as_it_should_be() {
    let home = Home::new();
    let output = home.run(&["demo", "-o", "json"]);
    let document: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", said(&output)));
    let steps = document["steps"].as_array().expect("a list of steps");
    for step in steps {
        assert_eq!(step["outcome"], "ok", "{step}");
    }
    assert_eq!(steps.len(), 10);
    assert_eq!(document["schema"], "callhome/demo/v1");
    assert_eq!(document["complete"], true);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}
