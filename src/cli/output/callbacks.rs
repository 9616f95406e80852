use std::time::Duration;

use serde_json::Value;

use super::actions::bearer_words;
use super::view::{Column, View};
use super::words::{clock_time, elapsed};
use crate::api::{CallbackState, CallbackView, Contact};
use crate::domain::Timestamp;

const fn state_words(state: CallbackState) -> &'static str {
    match state {
        CallbackState::Pending => "pending",
        CallbackState::Delivered => "delivered",
        CallbackState::CalledBack => "called back",
        CallbackState::Expired => "expired",
    }
}

/// Callbacks as a list.
#[must_use]
pub(crate) fn callback_list(callbacks: &[CallbackView], now: Timestamp) -> View {
    View::many("callback", callbacks)
        .when_empty("No callback fits.")
        .columns(vec![
            Column::at("id", "/id"),
            Column::at("request", "/request/request_id"),
            Column::at("device", "/device_name"),
            Column::of("state", |c| {
                let state = c.pointer("/state").and_then(Value::as_str);
                state.unwrap_or_default().replace('-', " ")
            }),
            Column::of("address", |c| address_of(c.pointer("/request/contact"))),
            Column::at("by", "/operator"),
            Column::since("asked", "/created_at", now),
            Column::since("until", "/expires_at", now).wide(),
            Column::at("component", "/request/contact/component").wide(),
            Column::at("reason", "/request/reason").wide(),
            Column::at("server", "/server").wide(),
        ])
}

fn address_of(contact: Option<&Value>) -> String {
    let contact: Option<Contact> = contact.and_then(|c| serde_json::from_value(c.clone()).ok());
    contact.map_or_else(String::new, |c| address(&c))
}

/// `app.example.net:8443/provision`; empty for the address that is configured on the device.
fn address(contact: &Contact) -> String {
    let port = contact.port.map_or_else(String::new, |p| format!(":{p}"));
    let host = contact.address.as_deref().unwrap_or_default();
    let path = contact.path.as_deref().unwrap_or_default();
    format!("{host}{port}{path}")
}

/// One change of a callback, a line of its own.
#[must_use]
pub(crate) fn callback_line(view: &CallbackView, now: Timestamp) -> String {
    let last = view.rungs.last().map_or_else(String::new, |rung| {
        format!("  {}: {}", bearer_words(rung.bearer), rung.outcome)
    });
    format!(
        "{}  {}  {}  {}{last}",
        clock_time(view.updated_at, now),
        view.request_id(),
        view.device_name,
        state_words(view.state)
    )
}

/// Everything about one callback.
#[must_use]
pub(crate) fn callback_card(view: &CallbackView, now: Timestamp) -> View {
    let mut text = format!(
        "Callback {} of {}: {}\n\n",
        view.id,
        view.device_name,
        state_words(view.state)
    );
    let mut row = |label: &str, value: &str| {
        if !value.is_empty() {
            text.push_str(&format!("  {label:<11} {value}\n"));
        }
    };
    let request = view.request.as_ref();
    row(
        "Request",
        request
            .and_then(|r| r.request_id.as_deref())
            .unwrap_or_default(),
    );
    row(
        "Asked",
        &format!("{} by {}", clock_time(view.created_at, now), view.operator),
    );
    row(
        "Reason",
        request
            .and_then(|r| r.reason.as_deref())
            .unwrap_or_default(),
    );
    if let Some(contact) = view.contact() {
        let address = address(contact);
        row(
            "Calls",
            match address.is_empty() || address.starts_with('/') {
                true => "the address that is configured on the device",
                false => &address,
            },
        );
        for alternative in &contact.alternatives {
            row("  or", alternative);
        }
        row(
            "Component",
            contact.component.as_deref().unwrap_or_default(),
        );
        row(
            "Protocol",
            &[contact.protocol.as_deref(), contact.api.as_deref()]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(", "),
        );
        if let Some(begin) = contact.not_before {
            row("Not before", &begin.to_string());
        }
        if let Some(end) = contact.not_after {
            row("Not after", &end.to_string());
        }
        for part in &contact.parts {
            row(&part.name, &part.value);
        }
    }
    row("Server", &view.server);
    for rung in &view.rungs {
        row(
            bearer_words(rung.bearer),
            format!("{} {}", rung.target, rung.outcome).trim(),
        );
    }
    match &view.session {
        Some(session) => row(
            "Called",
            &format!(
                "{} after {}, {}",
                clock_time(session.at, now),
                elapsed(Duration::from_millis(session.elapsed_ms)),
                session.entry
            ),
        ),
        None if view.is_open() => row("Until", &clock_time(view.expires_at, now)),
        None => {}
    }
    View::one("callback", view).text(text)
}
