use serde_json::Value;

use super::timeline::story;
use super::view::{Column, View};
use super::words::clock_time;
use crate::api::{ActionStory, ActionView};
use crate::domain::{ActionKind, ActionState, Bearer, Timestamp};

/// `sip direct`, `sip proxy`, `sms`, `session`: a bearer for people.
#[must_use]
pub(crate) fn bearer_words(bearer: Bearer) -> &'static str {
    match bearer {
        Bearer::Session => "session",
        Bearer::SipDirect => "sip direct",
        Bearer::SipProxy => "sip proxy",
        Bearer::Push => "push",
        Bearer::Sms => "sms",
    }
}

/// `lock`, `location`, or the action itself when this version does not know it.
#[must_use]
pub(crate) fn action_words(action: &ActionView) -> String {
    action
        .action
        .kind()
        .map_or_else(|| action.action.name(), |k| k.words().to_owned())
}

/// What the phone did, for the line that confirms it.
#[must_use]
pub(crate) fn done_words(action: &ActionView) -> &'static str {
    match action.action.kind() {
        Some(ActionKind::Lock) => "locked",
        Some(ActionKind::Unlock) => "unlocked",
        Some(ActionKind::Wipe) => "wiped",
        Some(ActionKind::Reset) => "reset to factory settings",
        Some(ActionKind::Locate) => "located",
        Some(ActionKind::Ring) => "rang",
        Some(ActionKind::Message) => "message shown",
        Some(ActionKind::Audit) => "audited",
        Some(ActionKind::Backup) => "backed up",
        Some(ActionKind::Restore) => "restored",
        _ => "done",
    }
}

/// State for people: `not confirmed` where nothing was heard in time.
#[must_use]
pub(crate) fn state_words(action: &ActionView) -> String {
    if action.unconfirmed && !action.state.is_final() {
        "unconfirmed".into()
    } else {
        action.state.to_string()
    }
}

/// A list of actions.
#[must_use]
pub(crate) fn action_list(actions: &[ActionView], now: Timestamp) -> View {
    View::many("action", actions)
        .when_empty("No action fits.")
        .columns(vec![
            Column::at("id", "/id"),
            Column::at("device", "/device_name"),
            Column::of("action", |a| {
                let text = a
                    .pointer("/action")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                text.parse::<crate::domain::Action>()
                    .ok()
                    .and_then(|action| action.kind())
                    .map_or_else(|| text.to_owned(), |k| k.words().to_owned())
            }),
            Column::of("state", |a| {
                let state = a
                    .pointer("/state")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                let unconfirmed = a.pointer("/unconfirmed") == Some(&Value::Bool(true));
                let open = state.parse::<ActionState>().is_ok_and(|s| !s.is_final());
                if unconfirmed && open {
                    "unconfirmed".into()
                } else {
                    state.to_owned()
                }
            }),
            Column::at("by", "/operator"),
            Column::since("asked", "/created_at", now),
            Column::at("ticket", "/ticket").wide(),
            Column::at("reason", "/reason").wide(),
            Column::at("server", "/server").wide(),
            Column::at("sequence", "/sequence").wide(),
            Column::at("text", "/action").wide(),
            Column::at("code", "/result/code").wide(),
        ])
}

/// Everything about one action.
#[must_use]
pub(crate) fn action_card(action: &ActionView, now: Timestamp) -> View {
    let mut text = format!(
        "{} of {}: {}\n\n",
        capitalised(&action_words(action)),
        action.device_name,
        state_words(action)
    );
    let mut row = |label: &str, value: &str| {
        if !value.is_empty() {
            text.push_str(&format!("  {label:<10} {value}\n"));
        }
    };
    row("Id", &action.id.to_string());
    row("Action", &action.action.to_string());
    row(
        "Asked",
        &format!(
            "{} by {}",
            clock_time(action.created_at, now),
            action.operator
        ),
    );
    row("Reason", action.reason.as_deref().unwrap_or_default());
    row("Ticket", action.ticket.as_deref().unwrap_or_default());
    row(
        "Number",
        &format!("{} in epoch {}", action.sequence, action.epoch),
    );
    row("Server", &action.server);
    text.push('\n');
    text.push_str(&story(&action.timeline(), now, Some(action.created_at)));
    if action.result.is_some() {
        text.push('\n');
    }
    text.push_str(&result_fields(action));
    View::one("action", &ActionStory::from(action.clone())).text(text)
}

/// What the device answered, one fact a line.
#[must_use]
pub(crate) fn result_fields(action: &ActionView) -> String {
    let Some(result) = &action.result else {
        return String::new();
    };
    result
        .fields
        .iter()
        .map(|(name, value)| {
            let value: String = value
                .chars()
                .map(|c| if c.is_control() { ' ' } else { c })
                .collect();
            format!("  {name:<24} {value}\n")
        })
        .collect()
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| {
        c.to_uppercase().collect::<String>() + chars.as_str()
    })
}
