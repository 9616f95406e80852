use serde_json::Value;

use super::view::{Column, View};
use super::words::{ago, clock_time};
use crate::api::Device;
use crate::domain::{Identity, Timestamp};

/// What people call a device: `Nokia G42 of M. Eriksson`, or its name.
#[must_use]
pub(crate) fn device_title(device: &Device) -> String {
    match (&device.model, &device.owner) {
        (Some(model), Some(owner)) => format!("{model} of {owner}"),
        (None, Some(owner)) => format!("{} of {owner}", device.name),
        (Some(model), None) if device.name.is_empty() => model.clone(),
        _ => device.name.clone(),
    }
}

/// `IMEI 35 893110 412007 0`, or another identity with its kind.
#[must_use]
pub(crate) fn identity_words(identity: &Identity) -> String {
    match identity {
        Identity::Imei(imei) => format!("IMEI {}", imei.spaced()),
        other => format!("{} {}", kind_words(other), other.value()),
    }
}

fn kind_words(identity: &Identity) -> String {
    let word = identity.kind().word();
    match identity {
        Identity::Serial(_) => word.to_owned(),
        _ => word.to_uppercase(),
    }
}

/// One line about a device: title, identity, when it was heard.
#[must_use]
pub(crate) fn device_line(device: &Device, now: Timestamp) -> String {
    let mut parts = vec![device_title(device)];
    parts.extend(device.identities.first().map(identity_words));
    parts.push(heard(device, now));
    parts.join("  ·  ")
}

fn heard(device: &Device, now: Timestamp) -> String {
    device.last_heard.map_or_else(
        || "never heard".to_owned(),
        |at| format!("last heard {}", ago(at, now)),
    )
}

/// The facts that somebody should see before harming a device.
#[must_use]
pub(crate) fn device_facts(device: &Device, elsewhere: Option<&str>, now: Timestamp) -> String {
    let mut lines = vec![format!("  Device   {}", device_title(device))];
    for identity in &device.identities {
        let label = kind_words(identity);
        let value = match identity {
            Identity::Imei(imei) => imei.spaced(),
            other => other.value(),
        };
        lines.push(format!("  {label:<8} {value}"));
    }
    let number = device
        .numbers
        .first()
        .map(|n| n.number.to_string())
        .unwrap_or_else(|| "none".into());
    lines.push(format!("  Number   {number}      {}", heard(device, now)));
    if let Some(server) = elsewhere {
        lines.push(format!(
            "  Server   {server} (this phone is managed there, not here)"
        ));
    }
    if device.lock.locked {
        lines.push(format!("  Lock     {}", lock_words(device, now)));
    }
    lines.join("\n")
}

fn lock_words(device: &Device, now: Timestamp) -> String {
    if !device.lock.locked {
        return "not locked".into();
    }
    let mut text = "locked".to_owned();
    if let Some(since) = device.lock.since {
        text.push_str(&format!(" since {}", clock_time(since, now)));
    }
    if let Some(by) = &device.lock.by {
        text.push_str(&format!(" by {by}"));
    }
    if let Some(ticket) = &device.lock.ticket {
        text.push_str(&format!(", ticket {ticket}"));
    }
    text
}

/// A list of devices.
#[must_use]
pub(crate) fn device_list(devices: &[Device], now: Timestamp) -> View {
    View::many("device", devices)
        .when_empty("No device fits. Let one in:  callhome device invite")
        .columns(vec![
            Column::at("id", "/id"),
            Column::at("name", "/name"),
            Column::of("identity", first_identity),
            Column::at("number", "/numbers/0/number"),
            Column::of("lock", |d| {
                let locked = d.pointer("/lock/locked") == Some(&Value::Bool(true));
                if locked {
                    "locked".into()
                } else {
                    String::new()
                }
            }),
            Column::since("heard", "/last_heard", now),
            Column::at("owner", "/owner").wide(),
            Column::at("model", "/model").wide(),
            Column::at("server", "/server").wide(),
            Column::since("enrolled", "/enrolled_at", now).wide(),
            Column::at("data", "/has_data").wide(),
            Column::at("open", "/open_actions").wide(),
            Column::at("agent", "/agent_id").wide(),
            Column::at("identities", "/identities").wide(),
        ])
}

fn first_identity(device: &Value) -> String {
    let first = device
        .pointer("/identities/0")
        .and_then(Value::as_str)
        .unwrap_or_default();
    // An IMEI needs no kind before it: people know its shape.
    first.strip_prefix("imei:").unwrap_or(first).to_owned()
}

/// Everything about one device.
#[must_use]
pub(crate) fn device_card(device: &Device, now: Timestamp) -> View {
    let mut rows: Vec<(String, String)> = vec![("Id".into(), device.id.to_string())];
    let mut row = |label: &str, value: String| rows.push((label.to_owned(), value));
    row("Name", device.name.clone());
    for (label, value) in [("Owner", &device.owner), ("Model", &device.model)] {
        if let Some(value) = value {
            row(label, value.clone());
        }
    }
    for identity in &device.identities {
        let value = match identity {
            Identity::Imei(imei) => imei.spaced(),
            other => other.value(),
        };
        row(&kind_words(identity), value);
    }
    for number in &device.numbers {
        let verified = match (number.verified_at, number.asked_at) {
            (Some(at), _) => format!("verified {}", ago(at, now)),
            (None, Some(at)) if number.wrong_codes > 0 => format!(
                "asked {}, {} typed",
                ago(at, now),
                super::words::count(number.wrong_codes.into(), "wrong code")
            ),
            (None, Some(at)) => format!("asked {}, no answer yet", ago(at, now)),
            (None, None) => "not verified yet".to_owned(),
        };
        row("Number", format!("{} ({verified})", number.number));
    }
    for push in &device.push {
        row("Push", push.masked());
    }
    row("Lock", lock_words(device, now));
    row("Heard", heard(device, now));
    match device.enrolled_at {
        Some(at) => row(
            "Enrolled",
            format!("{}, epoch {}", ago(at, now), device.epoch),
        ),
        None => row("Enrolled", "no: callhome device invite".into()),
    }
    if !device.has_data {
        row("Data", "none: it is reached and answers by SMS".into());
    }
    let mut contacts: Vec<String> = Vec::new();
    for binding in device.bindings.iter().filter(|b| b.is_current(now)) {
        let how = if binding.indirect {
            " through its proxy"
        } else {
            ""
        };
        // One address may be registered more than once, as after a restart.
        let contact = format!("{}{how}", binding.contact);
        if !contacts.contains(&contact) {
            row("SIP", contact.clone());
            contacts.push(contact);
        }
    }
    if let Some(proxy) = &device.proxy {
        row("Proxy", proxy.clone());
    }
    row(
        "Waiting",
        super::words::count(device.open_actions.into(), "action"),
    );
    row("Server", device.server.clone());
    for (name, value) in &device.attributes {
        row(name, value.clone());
    }
    let text: String = rows
        .iter()
        .map(|(label, value)| format!("  {label:<10} {value}\n"))
        .collect();
    View::one("device", device).text(format!("{}\n\n{text}", device_title(device)))
}

#[cfg(test)]
#[path = "devices_tests.rs"]
mod tests;
