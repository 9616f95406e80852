use std::collections::BTreeMap;

use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::reader::NsReader;
use quick_xml::{XmlVersion, escape};

use super::{ActionResult, Fix, NAMESPACE, Payload, is_code};
use crate::domain::Timestamp;

/// The longest document that is read, in octets.
pub const MAX_RESULT_OCTETS: usize = 1024 * 1024;

/// result, payload, item.
const MAX_DEPTH: usize = 3;

/// The most elements that are read.
const MAX_ELEMENTS: usize = 20_000;

/// Why octets are not a result document.
#[derive(Debug, thiserror::Error)]
pub enum InvalidResult {
    /// Longer than [`MAX_RESULT_OCTETS`], nested too deep, or with too many elements.
    #[error(
        "the document is too large: at most {MAX_RESULT_OCTETS} octets, {MAX_ELEMENTS} elements, {MAX_DEPTH} levels"
    )]
    TooLarge,
    /// Not well-formed XML in UTF-8.
    #[error("not well-formed XML")]
    Xml(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A document type declaration, a processing instruction or an unknown entity.
    #[error("document types, processing instructions and entities of one's own are not taken")]
    Forbidden,
    /// An element that the schema does not have in this place.
    #[error("unexpected element {0:?}")]
    Element(String),
    /// An attribute that is missing, unknown or malformed.
    #[error("attribute {0} is missing or malformed")]
    Attribute(&'static str),
    /// An attribute that the schema does not have.
    #[error("unexpected attribute {0:?}")]
    UnexpectedAttribute(String),
    /// The document ends early or goes on too long.
    #[error("one result element and nothing else makes a document")]
    Incomplete,
}

#[derive(Default)]
struct Element {
    name: String,
    attributes: BTreeMap<String, String>,
    text: String,
    children: Vec<Self>,
}

pub(super) fn document(octets: &[u8]) -> Result<ActionResult, InvalidResult> {
    if octets.len() > MAX_RESULT_OCTETS {
        return Err(InvalidResult::TooLarge);
    }
    let text = std::str::from_utf8(octets).map_err(|e| InvalidResult::Xml(e.into()))?;
    interpret(tree(text)?)
}

/// Reads the document into a bounded tree. Everything must be in our namespace.
fn tree(text: &str) -> Result<Element, InvalidResult> {
    let mut reader = NsReader::from_str(text.trim_start_matches('\u{feff}'));
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    let mut count = 0;
    loop {
        let (namespace, event) = reader
            .read_resolved_event()
            .map_err(|e| InvalidResult::Xml(e.into()))?;
        let ours = namespace == ResolveResult::Bound(Namespace(NAMESPACE));
        match event {
            Event::Start(start) | Event::Empty(start) if !ours => {
                return Err(InvalidResult::Element(name_of(&start)));
            }
            Event::Start(ref start) | Event::Empty(ref start) => {
                count += 1;
                if count > MAX_ELEMENTS || open.len() >= MAX_DEPTH {
                    return Err(InvalidResult::TooLarge);
                }
                if root.is_some() {
                    return Err(InvalidResult::Incomplete);
                }
                open.push(element(start)?);
                if matches!(event, Event::Empty(_)) {
                    close(&mut open, &mut root)?;
                }
            }
            Event::End(_) => close(&mut open, &mut root)?,
            Event::Text(words) => append(&mut open, &words.xml10_content())?,
            Event::CData(words) => append(&mut open, &words.xml10_content())?,
            // quick-xml reports references apart from the text around them.
            Event::GeneralRef(reference) => {
                let c = reference
                    .resolve_char_ref()
                    .map_err(|e| InvalidResult::Xml(e.into()))?;
                match c {
                    Some(c) => append(&mut open, c.encode_utf8(&mut [0; 4]))?,
                    None => append(
                        &mut open,
                        escape::resolve_predefined_entity(&reference.xml10_content())
                            .ok_or(InvalidResult::Forbidden)?,
                    )?,
                }
            }
            Event::Decl(_) | Event::Comment(_) => {}
            Event::DocType(_) | Event::PI(_) => return Err(InvalidResult::Forbidden),
            Event::Eof => break,
        }
    }
    root.filter(|_| open.is_empty())
        .ok_or(InvalidResult::Incomplete)
}

fn name_of(start: &BytesStart<'_>) -> String {
    start.local_name().into_inner().chars().take(24).collect()
}

fn element(start: &BytesStart<'_>) -> Result<Element, InvalidResult> {
    let mut attributes = BTreeMap::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|e| InvalidResult::Xml(e.into()))?;
        let key = attribute.key.into_inner();
        if key == "xmlns" || key.starts_with("xmlns:") {
            continue;
        }
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|e| InvalidResult::Xml(e.into()))?;
        attributes.insert(key.to_owned(), value.into_owned());
    }
    Ok(Element {
        name: start.local_name().into_inner().to_owned(),
        attributes,
        ..Element::default()
    })
}

fn close(open: &mut Vec<Element>, root: &mut Option<Element>) -> Result<(), InvalidResult> {
    let done = open.pop().ok_or(InvalidResult::Incomplete)?;
    match open.last_mut() {
        Some(parent) => parent.children.push(done),
        None => *root = Some(done),
    }
    Ok(())
}

fn append(open: &mut [Element], text: &str) -> Result<(), InvalidResult> {
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return Err(InvalidResult::Incomplete),
    }
    Ok(())
}

impl Element {
    fn take(&mut self, name: &'static str) -> Option<String> {
        self.attributes.remove(name)
    }

    fn need<T: std::str::FromStr>(&mut self, name: &'static str) -> Result<T, InvalidResult> {
        self.take(name)
            .and_then(|v| v.parse().ok())
            .ok_or(InvalidResult::Attribute(name))
    }

    fn optional<T: std::str::FromStr>(
        &mut self,
        name: &'static str,
    ) -> Result<Option<T>, InvalidResult> {
        self.take(name)
            .map(|v| v.parse().map_err(|_| InvalidResult::Attribute(name)))
            .transpose()
    }

    /// Only white space and children.
    fn without_text(self) -> Result<Self, InvalidResult> {
        if self.text.trim().is_empty() {
            Ok(self)
        } else {
            Err(InvalidResult::Element(self.name))
        }
    }

    /// Text and nothing inside it.
    fn into_text(self) -> Result<String, InvalidResult> {
        self.check_attributes()?;
        match self.children.into_iter().next() {
            Some(child) => Err(InvalidResult::Element(child.name)),
            None => Ok(self.text),
        }
    }

    fn into_children(self, name: &str) -> Result<Vec<Self>, InvalidResult> {
        let element = self.without_text()?;
        element.check_attributes()?;
        match element.children.iter().find(|c| c.name != name) {
            Some(other) => Err(InvalidResult::Element(other.name.clone())),
            None => Ok(element.children),
        }
    }

    fn check_attributes(&self) -> Result<(), InvalidResult> {
        match self.attributes.keys().next() {
            Some(name) => Err(InvalidResult::UnexpectedAttribute(
                name.chars().take(24).collect(),
            )),
            None => Ok(()),
        }
    }
}

fn interpret(root: Element) -> Result<ActionResult, InvalidResult> {
    if root.name != "result" {
        return Err(InvalidResult::Element(root.name));
    }
    let mut root = root.without_text()?;
    let action: String = root.need("action")?;
    if action.len() != 3 || !action.bytes().all(|b| b.is_ascii_lowercase()) {
        return Err(InvalidResult::Attribute("action"));
    }
    let sequence: String = root.need("sequence")?;
    if sequence.len() != 8 || sequence.bytes().any(|b| b.is_ascii_uppercase()) {
        return Err(InvalidResult::Attribute("sequence"));
    }
    let sequence = sequence
        .parse()
        .map_err(|_| InvalidResult::Attribute("sequence"))?;
    let code: Option<String> = root.optional("code")?;
    let code_fits = |c: &String| (1..=64).contains(&c.len()) && c.chars().all(is_code);
    if !code.as_ref().is_none_or(code_fits) {
        return Err(InvalidResult::Attribute("code"));
    }
    let mut result = ActionResult {
        session: root.optional("session")?,
        sequence,
        action,
        status: root.need("status")?,
        code,
        at: root.need("at")?,
        payload: Payload::Nothing,
    };
    root.check_attributes()?;
    let mut children = root.children.into_iter();
    if let Some(child) = children.next() {
        result.payload = payload(child)?;
    }
    match children.next() {
        Some(second) => Err(InvalidResult::Element(second.name)),
        None => Ok(result),
    }
}

fn payload(mut element: Element) -> Result<Payload, InvalidResult> {
    let payload = match element.name.as_str() {
        "text" => return Ok(Payload::Text(element.into_text()?)),
        "audit" => {
            let items = element.into_children("item")?;
            return Ok(Payload::Audit(
                items.into_iter().map(item).collect::<Result<_, _>>()?,
            ));
        }
        "location" => {
            let fixes = element.into_children("fix")?;
            return Ok(Payload::Location(
                fixes.into_iter().map(fix).collect::<Result<_, _>>()?,
            ));
        }
        "log" => {
            let lines = element.into_children("line")?;
            return Ok(Payload::Log(
                lines
                    .into_iter()
                    .map(Element::into_text)
                    .collect::<Result<_, _>>()?,
            ));
        }
        "file" => {
            let sha256: String = element.need("sha256")?;
            let lower_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
            if sha256.len() != 64 || !sha256.bytes().all(lower_hex) {
                return Err(InvalidResult::Attribute("sha256"));
            }
            Payload::File {
                name: element.need("name")?,
                size_bytes: element.need("size")?,
                sha256,
            }
        }
        "backup" => Payload::Backup {
            kind: element.need("kind")?,
            items: element.need("items")?,
            size_bytes: element.need("size")?,
        },
        "lock" => Payload::Lock {
            locked: one_of(&element.need::<String>("state")?, "locked", "unlocked")
                .ok_or(InvalidResult::Attribute("state"))?,
        },
        "terms" => Payload::Terms {
            accepted: one_of(&element.need::<String>("answer")?, "accept", "decline")
                .ok_or(InvalidResult::Attribute("answer"))?,
        },
        other => return Err(InvalidResult::Element(other.chars().take(24).collect())),
    };
    element.into_children("")?;
    Ok(payload)
}

fn one_of(text: &str, yes: &str, no: &str) -> Option<bool> {
    match text {
        t if t == yes => Some(true),
        t if t == no => Some(false),
        _ => None,
    }
}

fn item(mut element: Element) -> Result<(String, String), InvalidResult> {
    let name = element.need("name")?;
    Ok((name, element.into_text()?))
}

fn fix(mut element: Element) -> Result<Fix, InvalidResult> {
    let latitude: f64 = element.need("latitude")?;
    let longitude: f64 = element.need("longitude")?;
    let accuracy_m = element.need("accuracy")?;
    let at: Timestamp = element.need("at")?;
    element.into_children("")?;
    Fix::new(latitude, longitude, accuracy_m, at).ok_or(InvalidResult::Attribute("latitude"))
}
