use serde_json::json;

use super::{Explained, Signature};
use crate::cli::error::CommandError;
use crate::cli::output::{Paint, count, width_of};
use crate::sip::contact_me::{CONTENT_TYPE, CONTENT_TYPE_XML, ContactMe};
use crate::sip::{self, Explanation};

/// Explains a SIP message.
pub(super) fn explain(
    octets: &[u8],
    width: usize,
    paint: Paint,
) -> Result<Explained, CommandError> {
    let told =
        sip::explain(octets).map_err(|e| CommandError::usage(format!("not a SIP message: {e}")))?;
    let text = text(&told, width, paint);
    let valid = told.faults.is_empty();
    let mut document = json!({ "kind": "sip", "valid": valid });
    if let (Some(document), Ok(serde_json::Value::Object(fields))) =
        (document.as_object_mut(), serde_json::to_value(&told))
    {
        document.extend(fields);
    }
    Ok(Explained {
        document,
        text,
        signature: Signature::NotChecked,
        valid,
    })
}

fn text(told: &Explanation, width: usize, paint: Paint) -> String {
    let mut lines = vec![told.summary.clone()];
    let rows: Vec<(String, String, &str)> = told
        .headers
        .iter()
        .map(|h| (h.name.clone(), h.value.clone(), h.meaning))
        .collect();
    lines.extend(table(&rows, width, paint));
    if let Some(body) = &told.body {
        lines.push(format!(
            "Body, {}, {}",
            body.content_type,
            count(body.size_bytes as u64, "byte")
        ));
        let rows: Vec<(String, String, &str)> = body
            .fields
            .iter()
            .map(|(label, value)| (label.clone(), value.clone(), ""))
            .collect();
        lines.extend(table(&rows, width, paint));
        let words = body.text.as_deref().unwrap_or_default();
        lines.extend(words.lines().map(|l| format!("  {}", printable(l))));
    }
    for fault in &told.faults {
        lines.push(format!("{} {fault}", paint.bad("✗")));
    }
    lines.join("\n") + "\n"
}

/// Explains a contact-me body.
pub(super) fn explain_contact_me(
    octets: &[u8],
    width: usize,
    paint: Paint,
) -> Result<Explained, CommandError> {
    let is_xml = octets.trim_ascii_start().starts_with(b"<");
    let content_type = if is_xml {
        CONTENT_TYPE_XML
    } else {
        CONTENT_TYPE
    };
    let wish = ContactMe::parse(content_type, octets)
        .map_err(|e| CommandError::usage(format!("not a contact-me body: {e}")))?;
    let labelled = wish.labelled();
    let rows: Vec<(String, String, &str)> = labelled
        .iter()
        .map(|(label, value)| (label.clone(), value.clone(), meaning(label)))
        .collect();
    let form = if is_xml { "XML" } else { "label and value" };
    let mut lines = vec![format!("Wish to be called back (contact-me, {form})")];
    if rows.is_empty() {
        lines.push("  nothing set: the device calls the address it is configured for".to_owned());
    }
    lines.extend(table(&rows, width, paint));
    Ok(Explained {
        document: json!({ "kind": "contact-me", "form": form, "fields": labelled }),
        text: lines.join("\n") + "\n",
        signature: Signature::NotChecked,
        valid: true,
    })
}

fn meaning(label: &str) -> &'static str {
    match label {
        "Address" => "host to call",
        "Port" => "its port",
        "Request-Id" => "ties the call to the request",
        "Path" => "path of the address to call",
        "Component" => "which part of the device is meant",
        "Not-Before" => "do not call before",
        "Not-After" => "do not call after",
        "Protocol" => "with TLS (https) or without",
        "Api" => "what is spoken over it",
        "Alternative" => "another host to try",
        _ => "not known to this version, passed on as it is",
    }
}

/// Name, value, and what it is for where the line has room.
fn table(rows: &[(String, String, &str)], width: usize, paint: Paint) -> Vec<String> {
    let names = rows.iter().map(|r| width_of(&r.0)).max().unwrap_or(0);
    let values = rows
        .iter()
        .map(|r| width_of(&printable(&r.1)))
        .filter(|w| *w <= 36)
        .max()
        .unwrap_or(0);
    rows.iter()
        .map(|(name, value, meaning)| {
            let value = printable(value);
            let gap = " ".repeat(names - width_of(name));
            let room = values.saturating_sub(width_of(&value));
            let line = format!("  {name}{gap}   {value}");
            let tail = format!("{}   {meaning}", " ".repeat(room));
            if meaning.is_empty() || width_of(&line) + width_of(&tail) > width {
                line
            } else {
                line + &paint.dim(&tail)
            }
        })
        .collect()
}

/// What came over the wire must not move the cursor.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}
