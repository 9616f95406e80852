use quick_xml::escape::escape;

use super::{ActionResult, Fix, NAMESPACE, Payload};

/// Prints a result; the order of attributes and elements is that of the schema.
pub(super) fn document(result: &ActionResult) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<result");
    attribute(&mut xml, "xmlns", NAMESPACE);
    if let Some(session) = &result.session {
        attribute(&mut xml, "session", &session.to_string());
    }
    attribute(&mut xml, "sequence", &result.sequence.to_string());
    attribute(&mut xml, "action", &result.action);
    attribute(&mut xml, "status", &result.status.to_string());
    if let Some(code) = &result.code {
        attribute(&mut xml, "code", code);
    }
    attribute(&mut xml, "at", &result.at.to_string());
    if result.payload == Payload::Nothing {
        xml.push_str("/>\n");
        return xml;
    }
    xml.push('>');
    payload(&mut xml, &result.payload);
    xml.push_str("</result>\n");
    xml
}

fn payload(xml: &mut String, payload: &Payload) {
    match payload {
        Payload::Nothing => {}
        Payload::Text(words) => element(xml, "text", words),
        Payload::Audit(items) => {
            xml.push_str("<audit>");
            for (name, value) in items {
                xml.push_str("<item");
                attribute(xml, "name", name);
                xml.push('>');
                text(xml, value);
                xml.push_str("</item>");
            }
            xml.push_str("</audit>");
        }
        Payload::Location(fixes) => {
            xml.push_str("<location>");
            for fix in fixes {
                fix_element(xml, fix);
            }
            xml.push_str("</location>");
        }
        Payload::File {
            name,
            size_bytes,
            sha256,
        } => {
            xml.push_str("<file");
            attribute(xml, "name", name);
            attribute(xml, "size", &size_bytes.to_string());
            attribute(xml, "sha256", sha256);
            xml.push_str("/>");
        }
        Payload::Backup {
            kind,
            items,
            size_bytes,
        } => {
            xml.push_str("<backup");
            attribute(xml, "kind", kind);
            attribute(xml, "items", &items.to_string());
            attribute(xml, "size", &size_bytes.to_string());
            xml.push_str("/>");
        }
        Payload::Lock { locked } => {
            xml.push_str("<lock");
            attribute(xml, "state", if *locked { "locked" } else { "unlocked" });
            xml.push_str("/>");
        }
        Payload::Terms { accepted } => {
            xml.push_str("<terms");
            attribute(xml, "answer", if *accepted { "accept" } else { "decline" });
            xml.push_str("/>");
        }
        Payload::Log(lines) => {
            xml.push_str("<log>");
            for line in lines {
                element(xml, "line", line);
            }
            xml.push_str("</log>");
        }
    }
}

fn fix_element(xml: &mut String, fix: &Fix) {
    xml.push_str("<fix");
    attribute(xml, "latitude", &format!("{:.6}", fix.latitude()));
    attribute(xml, "longitude", &format!("{:.6}", fix.longitude()));
    attribute(xml, "accuracy", &fix.accuracy_m.to_string());
    attribute(xml, "at", &fix.at.to_string());
    xml.push_str("/>");
}

fn element(xml: &mut String, name: &str, content: &str) {
    xml.push('<');
    xml.push_str(name);
    xml.push('>');
    text(xml, content);
    xml.push_str("</");
    xml.push_str(name);
    xml.push('>');
}

fn attribute(xml: &mut String, name: &str, value: &str) {
    xml.push(' ');
    xml.push_str(name);
    xml.push_str("=\"");
    for c in value.chars() {
        // Attribute values are normalised by readers: white space survives only as a reference.
        match c {
            '\t' => xml.push_str("&#9;"),
            '\n' => xml.push_str("&#10;"),
            '\r' => xml.push_str("&#13;"),
            c => push(xml, c),
        }
    }
    xml.push('"');
}

fn text(xml: &mut String, content: &str) {
    for c in content.chars() {
        match c {
            '\r' => xml.push_str("&#13;"),
            c => push(xml, c),
        }
    }
}

/// Characters that no XML 1.0 document may hold (§2.2) become U+FFFD.
fn push(xml: &mut String, c: char) {
    let allowed = matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    let c = if allowed { c } else { '\u{fffd}' };
    xml.push_str(&escape(c.encode_utf8(&mut [0; 4]) as &str));
}
