use serde_json::{Value, json};

use super::{Explained, Signature};
use crate::cli::error::CommandError;
use crate::cli::output::{Paint, count, width_of};
use crate::sip::contact_me::{CONTENT_TYPE, CONTENT_TYPE_XML, ContactMe};
use crate::sip::{self, ExplainedHeader, Explanation};

/// Explains a SIP message.
pub(super) fn explain(
    octets: &[u8],
    width: usize,
    paint: Paint,
) -> Result<Explained, CommandError> {
    let told =
        sip::explain(octets).map_err(|e| CommandError::usage(format!("not a SIP message: {e}")))?;
    Ok(Explained {
        text: text(&told, width, paint),
        signature: Signature::NotChecked,
        valid: told.faults.is_empty(),
        document: document(&told),
    })
}

/// The message as data.
pub(super) fn document(told: &Explanation) -> Value {
    let mut document = json!({ "kind": "sip", "valid": told.faults.is_empty() });
    if let (Some(document), Ok(Value::Object(fields))) =
        (document.as_object_mut(), serde_json::to_value(told))
    {
        document.extend(fields);
    }
    document
}

/// A message in words: its headers one below the other, the body, then what is wrong.
pub(super) fn text(told: &Explanation, width: usize, paint: Paint) -> String {
    let mut lines = wrapped(&printable(&told.summary), width);
    let names = told.headers.iter().map(|h| width_of(&h.name)).max();
    let names = names.unwrap_or(0).min(20);
    for header in &told.headers {
        lines.extend(header_lines(header, names, width, paint));
    }
    if let Some(body) = &told.body {
        lines.push(format!(
            "Body, {}, {}",
            printable(&body.content_type),
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
    let marked = told.faults.iter().map(|f| (paint.bad("✗"), f));
    let marked = marked.chain(told.remarks.iter().map(|f| (paint.dim("·"), f)));
    for (mark, fault) in marked {
        let words = printable(&fault.to_string());
        for (at, line) in wrapped(&words, width.saturating_sub(2)).iter().enumerate() {
            let mark = if at == 0 { mark.as_str() } else { " " };
            lines.push(format!("{mark} {line}"));
        }
    }
    lines.join("\n") + "\n"
}

/// Name and value, with the meaning beside it where there is room and below it where not.
fn header_lines(header: &ExplainedHeader, names: usize, width: usize, paint: Paint) -> Vec<String> {
    let value = printable(&header.value);
    let meaning = printable(&header.meaning);
    let indent = " ".repeat(names + 5);
    let room = width.saturating_sub(width_of(&indent)).max(20);
    let mut lines: Vec<String> = Vec::new();
    let mut head = indent.clone();
    if width_of(&header.name) > names {
        // Too long for the column: a line of its own.
        let name = wrapped(&header.name, width.saturating_sub(2));
        lines.extend(name.iter().map(|line| format!("  {line}")));
    } else {
        let gap = " ".repeat(names - width_of(&header.name));
        head = format!("  {}{gap}   ", header.name);
    }
    if width_of(&value) + 3 + width_of(&meaning) <= room {
        let parting = if value.is_empty() { "" } else { "   " };
        lines.push(head + &value + parting + &paint.dim(&meaning));
        return lines;
    }
    for (at, line) in wrapped(&value, room).iter().enumerate() {
        let before = if at == 0 { &head } else { &indent };
        lines.push(format!("{before}{line}"));
    }
    for line in wrapped(&meaning, room) {
        lines.push(format!("{indent}{}", paint.dim(&line)));
    }
    lines
}

/// Parts a text into lines that fit, behind blanks, commas and semicolons where there are any.
fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    // Where the line may be parted: behind this many bytes.
    let mut stop = None;
    for c in text.chars() {
        line.push(c);
        if width_of(&line) > room {
            let at = stop
                .take()
                .unwrap_or_else(|| line.len().saturating_sub(c.len_utf8()));
            let rest = line.split_off(at);
            lines.push(line.trim_end().to_owned());
            rest.trim_start().clone_into(&mut line);
        } else if matches!(c, ' ' | ',' | ';') {
            stop = Some(line.len());
        }
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
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
pub(super) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}
