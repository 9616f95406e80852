use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::reader::NsReader;
use quick_xml::{XmlVersion, escape};

use super::{ContactMe, InvalidContactMe, NAMESPACE};
use crate::sip::method::is_token;

/// Labels that have an element of their own; all others are `<field name="…">`.
const KNOWN: [&str; 10] = [
    "address",
    "port",
    "request-id",
    "path",
    "component",
    "not-before",
    "not-after",
    "protocol",
    "api",
    "alternative",
];

pub(super) fn print(wish: &ContactMe) -> String {
    let mut xml =
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<contact-me xmlns=\"{NAMESPACE}\">\n");
    for (label, value) in wish.fields() {
        let name = label.to_ascii_lowercase();
        let value = escape::escape(value.as_str()).into_owned();
        if KNOWN.contains(&name.as_str()) {
            xml.push_str(&format!("  <{name}>{value}</{name}>\n"));
        } else {
            let label = escape::escape(label).into_owned();
            xml.push_str(&format!("  <field name=\"{label}\">{value}</field>\n"));
        }
    }
    xml.push_str("</contact-me>\n");
    xml
}

fn bad(error: impl std::fmt::Display) -> InvalidContactMe {
    InvalidContactMe::Xml(error.to_string())
}

pub(super) fn parse(text: &str) -> Result<ContactMe, InvalidContactMe> {
    let mut reader = NsReader::from_str(text.trim_start_matches('\u{feff}'));
    let mut wish = ContactMe::default();
    let (mut depth, mut closed) = (0, false);
    let mut field: Option<(String, String)> = None;
    loop {
        let (namespace, event) = reader.read_resolved_event().map_err(bad)?;
        let ours = namespace == ResolveResult::Bound(Namespace(NAMESPACE));
        match event {
            Event::Start(start) if ours && depth == 0 && !closed => {
                if start.local_name().into_inner() != "contact-me" {
                    return Err(bad("the root element is not contact-me"));
                }
                depth = 1;
            }
            Event::Empty(start) if ours && depth == 0 && !closed => {
                if start.local_name().into_inner() != "contact-me" {
                    return Err(bad("the root element is not contact-me"));
                }
                closed = true;
            }
            Event::Start(start) if ours && depth == 1 => {
                field = Some((label(&start)?, String::new()));
                depth = 2;
            }
            Event::Empty(start) if ours && depth == 1 => wish.put(&label(&start)?, "")?,
            Event::End(_) if depth == 2 => {
                let (label, value) = field.take().unwrap_or_default();
                if value.contains(char::is_control) {
                    return Err(super::invalid(&label, &value));
                }
                wish.put(&label, value.trim())?;
                depth = 1;
            }
            Event::End(_) if depth == 1 => (depth, closed) = (0, true),
            Event::Text(words) => append(&mut field, &words.xml10_content())?,
            Event::CData(words) => append(&mut field, &words.xml10_content())?,
            Event::GeneralRef(reference) => match reference.resolve_char_ref().map_err(bad)? {
                Some(c) => append(&mut field, c.encode_utf8(&mut [0; 4]))?,
                None => {
                    let name = reference.xml10_content();
                    let words = escape::resolve_predefined_entity(&name)
                        .ok_or_else(|| bad("an entity of its own"))?;
                    append(&mut field, words)?;
                }
            },
            Event::Decl(_) | Event::Comment(_) => {}
            Event::Eof => break,
            Event::DocType(_) | Event::PI(_) => {
                return Err(bad(
                    "document types and processing instructions are not taken",
                ));
            }
            Event::Start(_) | Event::Empty(_) | Event::End(_) => {
                return Err(bad("an element that has no place here"));
            }
        }
    }
    if closed {
        Ok(wish)
    } else {
        Err(bad("it ends before its root element does"))
    }
}

fn append(field: &mut Option<(String, String)>, words: &str) -> Result<(), InvalidContactMe> {
    match field {
        Some((_, value)) => value.push_str(words),
        None if words.trim().is_empty() => {}
        None => return Err(bad("text between the elements")),
    }
    Ok(())
}

/// The label that an element stands for; elements that we do not know are labels, too.
fn label(start: &BytesStart<'_>) -> Result<String, InvalidContactMe> {
    let local = start.local_name();
    let name = local.into_inner();
    if name != "field" {
        return Ok(name.to_owned());
    }
    for attribute in start.attributes() {
        let attribute = attribute.map_err(bad)?;
        if attribute.key.into_inner() == "name" {
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(bad)?;
            if is_token(&value) {
                return Ok(value.into_owned());
            }
        }
    }
    Err(bad("a field without a name that is one word"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_comments_and_references_are_read() {
        let text = r#"<c:contact-me xmlns:c="urn:callhome:contact-me:1"><!-- x --><c:port>84&#52;3</c:port><c:path><![CDATA[/a?b&c]]></c:path><c:X-New>1</c:X-New></c:contact-me>"#;
        let wish = parse(text).expect("valid");
        assert_eq!(
            (wish.port, wish.path.as_deref()),
            (Some(8443), Some("/a?b&c"))
        );
        assert_eq!(wish.other, [("X-New".to_owned(), "1".to_owned())]);
    }

    #[test]
    fn document_types_other_namespaces_and_torn_documents_are_refused() {
        for text in [
            "",
            "<contact-me/>",
            "<contact-me xmlns='urn:other'/>",
            "<!DOCTYPE a [<!ENTITY b 'c'>]><contact-me xmlns='urn:callhome:contact-me:1'/>",
            "<contact-me xmlns='urn:callhome:contact-me:1'><port>1</port>",
            "<contact-me xmlns='urn:callhome:contact-me:1'><a><b/></a></contact-me>",
            "<contact-me xmlns='urn:callhome:contact-me:1'>&x;</contact-me>",
            "<contact-me xmlns='urn:callhome:contact-me:1'/><contact-me xmlns='urn:callhome:contact-me:1'/>",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse("<contact-me xmlns='urn:callhome:contact-me:1'/>").is_ok());
    }
}
