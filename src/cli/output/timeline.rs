use std::time::Duration;

use super::actions::bearer_words;
use super::table::width_of;
use super::view::{Column, View};
use super::words::{date_time, elapsed, time_of_day, wrapped};
use crate::api::{ActionView, CallbackView, DeviceLogLine, Moment};
use crate::domain::Timestamp;

/// Columns of a line.
const WIDTH: usize = 80;
/// Columns of what kind of moment it is.
const LABEL: usize = 10;

/// Moments in order, one below the other: when, how long after the first (if that is told), what.
#[must_use]
pub(crate) fn story(moments: &[Moment], now: Timestamp, since: Option<Timestamp>) -> String {
    let same_day = moments
        .iter()
        .all(|m| date_time(m.at)[..10] == date_time(now)[..10]);
    let mut text = String::new();
    for moment in moments {
        let mut head = String::from("  ");
        if !same_day {
            head.push_str(&date_time(moment.at)[..10]);
            head.push(' ');
        }
        // Every line would say the same zone: the line is kept for what happened.
        head.push_str(time_of_day(moment.at).trim_end_matches(" UTC"));
        if let Some(since) = since {
            let after = match moment.at.since(since) {
                Duration::ZERO => String::new(),
                after => format!("+{}", elapsed(after)),
            };
            head.push_str(&format!("  {after:>12}"));
        }
        head.push_str(&format!("  {:<LABEL$} ", label(moment)));
        let column = width_of(&head);
        let words = words(moment, now);
        for (index, line) in wrapped(&words, WIDTH - column).iter().enumerate() {
            match index {
                0 => text.push_str(&head),
                _ => text.push_str(&" ".repeat(column)),
            }
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

/// What kind of moment it is; a send is told by its bearer.
fn label(moment: &Moment) -> &str {
    match (moment.kind.as_str(), moment.bearer) {
        ("sent" | "not-sent" | "rung" | "rung-missed", Some(bearer)) => bearer_words(bearer),
        ("next-try", _) => "next try",
        ("called-back", _) => "called",
        ("called", _) => "asked",
        ("call-ended", _) => "not called",
        (kind, _) => kind,
    }
}

fn words(moment: &Moment, now: Timestamp) -> String {
    let text = match moment.kind.as_str() {
        "next-try" => format!("in {}", elapsed(moment.at.since(now))),
        "changed" => match moment.bearer {
            Some(bearer) => format!("to {}, {}", bearer_words(bearer), moment.text),
            None => moment.text.clone(),
        },
        _ => moment.text.clone(),
    };
    match &moment.target {
        Some(target) if !matches!(moment.kind.as_str(), "fetched") => format!("{target}: {text}"),
        _ => text,
    }
}

/// A device's story: the lines of its log with what was asked of it, in order; the newest `most`.
#[must_use]
pub(crate) fn device_log(
    lines: &[DeviceLogLine],
    actions: &[ActionView],
    callbacks: &[CallbackView],
    most: usize,
) -> View {
    let mut moments: Vec<Moment> = lines.iter().map(Moment::from).collect();
    for action in actions {
        let name = super::actions::action_words(action);
        let own = action.timeline().into_iter();
        // What is to come is no part of a log.
        moments.extend(own.filter(|m| m.kind != "next-try").map(|m| Moment {
            text: match m.kind.as_str() {
                "asked" => format!("{name} ({}) {}", action.id, m.text),
                _ => format!("{} ({}): {}", name, action.id, m.text),
            },
            kind: format!("action.{}", m.kind),
            ..m
        }));
    }
    for callback in callbacks {
        moments.extend(callback.timeline().into_iter().map(|m| Moment {
            text: match m.kind.as_str() {
                "called" => format!("asked {} ({})", m.text, callback.id),
                _ => m.text,
            },
            kind: format!("callback.{}", m.kind),
            ..m
        }));
    }
    moments.sort_by_key(|m| m.at);
    let older = moments.len().saturating_sub(most);
    View::many("device-log", &moments[older..])
        .when_empty("Nothing was heard of this device yet.")
        .columns(vec![
            Column::at_second("at", "/at"),
            Column::at("kind", "/kind"),
            Column::at("over", "/bearer"),
            Column::at("text", "/text"),
            Column::at("target", "/target").wide(),
            Column::at("of", "/of").wide(),
        ])
}

#[cfg(test)]
#[path = "timeline_tests.rs"]
mod tests;
