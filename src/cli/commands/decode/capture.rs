use serde_json::{Value, json};
use time::OffsetDateTime;

use super::sip;
use crate::cli::error::CommandError;
use crate::cli::output::{Column, Paint, View, count};
use crate::net::capture::{Captured, read_capture};
use crate::sip::{Explanation, explain};

/// Explains every SIP message of a capture file. Says beside the view whether all of them are valid.
pub(super) fn explain_all(
    file: &[u8],
    width: usize,
    paint: Paint,
) -> Result<(View, bool), CommandError> {
    let capture =
        read_capture(file).map_err(|e| CommandError::usage(format!("not a capture: {e}")))?;
    if capture.messages.is_empty() {
        let packets = count(capture.packets, "packet");
        return Err(
            CommandError::usage(format!("there is no SIP in this capture of {packets}"))
                .hint("Over TLS it cannot be read; capture before it is encrypted, or see:  callhome sip listen --help"),
        );
    }
    let told: Vec<(&Captured, Result<Explanation, String>)> = capture
        .messages
        .iter()
        .map(|m| {
            (
                m,
                explain(&m.bytes).map_err(|e| format!("{e} ({})", e.rule())),
            )
        })
        .collect();
    let is_valid =
        |told: &Result<Explanation, String>| told.as_ref().is_ok_and(|told| told.faults.is_empty());
    let bad = told.iter().filter(|(_, t)| !is_valid(t)).count();
    let mut text = String::new();
    for (message, told) in &told {
        text.push_str(&paint.dim(&way(message)));
        text.push('\n');
        match told {
            Ok(told) => text.push_str(&sip::text(told, width, paint)),
            Err(error) => text.push_str(&format!("{} {error}\n", paint.bad("✗"))),
        }
        text.push('\n');
    }
    let total = count(told.len() as u64, "SIP message");
    text.push_str(&match bad {
        0 => format!("{total}, nothing wrong.\n"),
        n => format!("{total}, {n} of them not valid.\n"),
    });
    let items: Vec<Value> = told
        .iter()
        .map(|(message, told)| item(message, told))
        .collect();
    let mut view = View::many("decode", &items)
        .columns(columns())
        .named_by("/summary")
        .text(text);
    if capture.is_cut {
        view = view.incomplete("the capture ends in the middle of a packet");
    }
    Ok((view, bad == 0))
}

fn at(message: &Captured) -> Option<OffsetDateTime> {
    let nanos = i128::from(message.at_micros) * 1_000;
    OffsetDateTime::from_unix_timestamp_nanos(nanos).ok()
}

/// `#7  14:02:11.038  192.0.2.1:5060 → 192.0.2.9:5060  UDP`.
fn way(message: &Captured) -> String {
    let time = at(message).map_or_else(String::new, |at| {
        let (h, m, s) = at.to_hms();
        format!("{h:02}:{m:02}:{s:02}.{:03}  ", at.millisecond())
    });
    format!(
        "#{}  {time}{} → {}  {}",
        message.frame, message.source, message.destination, message.transport
    )
}

fn item(message: &Captured, told: &Result<Explanation, String>) -> Value {
    let format = &time::format_description::well_known::Rfc3339;
    let mut item = match told {
        Ok(told) => sip::document(told),
        Err(error) => json!({ "kind": "sip", "valid": false, "summary": error }),
    };
    if let Some(fields) = item.as_object_mut() {
        fields.insert("frame".to_owned(), json!(message.frame));
        fields.insert(
            "at".to_owned(),
            json!(at(message).and_then(|at| at.format(format).ok())),
        );
        fields.insert("transport".to_owned(), json!(message.transport));
        fields.insert("source".to_owned(), json!(message.source));
        fields.insert("destination".to_owned(), json!(message.destination));
    }
    item
}

fn columns() -> Vec<Column> {
    vec![
        Column::at("frame", "/frame"),
        Column::at("at", "/at"),
        Column::at("source", "/source"),
        Column::at("destination", "/destination"),
        Column::at("transport", "/transport"),
        Column::at("valid", "/valid"),
        Column::at("summary", "/summary"),
    ]
}
