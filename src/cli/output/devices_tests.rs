use serde_json::json;

use super::*;
use crate::cli::output::{Format, Style, render};

#[test]
fn an_address_that_is_registered_twice_is_told_once() {
    let now = Timestamp::from_millis(1_795_000_000_000);
    let binding = |call_id: &str, contact: &str, indirect: bool| {
        json!({
            "aor": "sip:a@b", "contact": contact, "instance": call_id, "call_id": call_id, "cseq": 1,
            "registered_at": now, "expires_at": now.after(std::time::Duration::from_secs(60)),
            "indirect": indirect,
        })
    };
    let device = json!({
        "id": "4t9wz0kc", "server": "lund", "name": "Reception", "identities": [], "numbers": [],
        "epoch": 1, "has_data": true, "lock": {"locked": false}, "version": 1,
        "bindings": [
            binding("1", "sip:a@10.0.0.7:5060", false),
            binding("2", "sip:a@10.0.0.7:5060", false),
            binding("3", "sip:a@10.0.0.7:5060", true),
            binding("4", "sip:a@10.0.0.8:5060", false),
        ],
    });
    let device: Device = serde_json::from_value(device).expect("a device");
    let view = device_card(&device, now);
    let style = Style {
        format: Format::Table,
        columns: Vec::new(),
        jq: None,
        width: 80,
    };
    let text = render::render(&view, &style).expect("for people");
    let told: Vec<_> = text
        .lines()
        .filter_map(|l| l.trim().strip_prefix("SIP "))
        .map(str::trim)
        .collect();
    assert_eq!(
        told,
        [
            "sip:a@10.0.0.7:5060",
            "sip:a@10.0.0.7:5060 through its proxy",
            "sip:a@10.0.0.8:5060"
        ]
    );
}
