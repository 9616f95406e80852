use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::reader::NsReader;
use quick_xml::{XmlVersion, escape};

use super::{
    Blame, ENVELOPE_11, ENVELOPE_12, NAMESPACE, SoapCall, SoapCallback, SoapFault, SoapVersion,
};
use crate::api::Part;

type Told = (Option<SoapVersion>, SoapFault);

fn bad(words: impl std::fmt::Display) -> SoapFault {
    SoapFault::unreadable(format!("the message cannot be read: {words}"))
}

/// Where in the message the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Outside,
    Envelope,
    /// In the header, so many elements deep.
    Header(usize),
    Body,
    Call,
    Field,
}

/// A message as far as it was read.
struct Reading {
    place: Place,
    version: Option<SoapVersion>,
    /// The call's element, its fields, and the name and text of the one at hand.
    name: Option<String>,
    fields: Vec<(String, Option<String>, String)>,
    closed: bool,
}

pub(super) fn message(text: &str) -> Result<(SoapVersion, SoapCall), Told> {
    let mut reading = Reading {
        place: Place::Outside,
        version: None,
        name: None,
        fields: Vec::new(),
        closed: false,
    };
    let call = reading.all(text).and_then(|()| reading.call());
    match (call, reading.version) {
        (Ok(call), Some(version)) => Ok((version, call)),
        (Ok(_), None) => Err((None, bad("there is no envelope"))),
        (Err(fault), version) => Err((version, fault)),
    }
}

impl Reading {
    fn all(&mut self, text: &str) -> Result<(), SoapFault> {
        let mut reader = NsReader::from_str(text.trim_start_matches('\u{feff}'));
        loop {
            let (resolved, event) = reader.read_resolved_event().map_err(bad)?;
            let namespace = match resolved {
                ResolveResult::Bound(Namespace(namespace)) => namespace.to_owned(),
                _ => String::new(),
            };
            match event {
                Event::Start(start) => self.open(&namespace, &start)?,
                Event::Empty(start) => {
                    self.open(&namespace, &start)?;
                    self.close();
                }
                Event::End(_) => self.close(),
                Event::Text(words) => self.text(&words.xml10_content())?,
                Event::CData(words) => self.text(&words.xml10_content())?,
                Event::GeneralRef(reference) => match reference.resolve_char_ref().map_err(bad)? {
                    Some(c) => self.text(c.encode_utf8(&mut [0; 4]))?,
                    None => {
                        let name = reference.xml10_content();
                        let words = escape::resolve_predefined_entity(&name)
                            .ok_or_else(|| bad("it has an entity of its own"))?;
                        self.text(words)?;
                    }
                },
                Event::Decl(_) | Event::Comment(_) => {}
                Event::DocType(_) | Event::PI(_) => {
                    return Err(bad(
                        "document types and processing instructions are not taken",
                    ));
                }
                Event::Eof => break,
            }
        }
        if self.closed {
            Ok(())
        } else {
            Err(bad("it ends before its envelope does"))
        }
    }

    fn open(&mut self, namespace: &str, start: &BytesStart<'_>) -> Result<(), SoapFault> {
        let local = start.local_name();
        let name = local.into_inner();
        let soap = self.version.is_some_and(|v| v.envelope() == namespace);
        self.place = match (self.place, name) {
            (Place::Outside, "Envelope") if !self.closed => {
                self.version = Some(match namespace {
                    ENVELOPE_11 => SoapVersion::V11,
                    ENVELOPE_12 => SoapVersion::V12,
                    _ => {
                        return Err(SoapFault {
                            blame: Blame::Version,
                            ..bad("its envelope is neither of SOAP 1.1 nor of 1.2")
                        });
                    }
                });
                Place::Envelope
            }
            (Place::Envelope, "Header") if soap => Place::Header(0),
            (Place::Envelope, "Body") if soap => Place::Body,
            (Place::Header(depth), _) => {
                if depth == 0 && must_be_understood(start)? {
                    return Err(SoapFault {
                        blame: Blame::Header,
                        ..bad(format_args!("the header {name} is not understood here"))
                    });
                }
                Place::Header(depth + 1)
            }
            (Place::Body, _) if namespace == NAMESPACE && self.name.is_none() => {
                self.name = Some(name.to_owned());
                Place::Call
            }
            (Place::Call, _) if namespace == NAMESPACE => {
                self.fields
                    .push((name.to_owned(), part_name(start)?, String::new()));
                Place::Field
            }
            _ => return Err(bad(format_args!("{name} has no place there"))),
        };
        Ok(())
    }

    fn close(&mut self) {
        self.place = match self.place {
            Place::Field => Place::Call,
            Place::Call => Place::Body,
            Place::Header(0) | Place::Body => Place::Envelope,
            Place::Header(depth) => Place::Header(depth - 1),
            Place::Envelope | Place::Outside => {
                self.closed = true;
                Place::Outside
            }
        };
    }

    fn text(&mut self, words: &str) -> Result<(), SoapFault> {
        match (self.place, self.fields.last_mut()) {
            (Place::Field, Some((_, _, value))) => value.push_str(words),
            (Place::Header(_), _) => {}
            _ if words.trim().is_empty() => {}
            _ => return Err(bad("there is text between the elements")),
        }
        Ok(())
    }

    fn call(&mut self) -> Result<SoapCall, SoapFault> {
        let fields = std::mem::take(&mut self.fields);
        match self.name.as_deref() {
            Some("CallbackRequest") => callback(fields).map(|c| SoapCall::Callback(Box::new(c))),
            Some("CallbackStateRequest") => match &fields[..] {
                [(name, _, id)] if name == "requestId" => Ok(SoapCall::State(id.clone())),
                _ => Err(bad("CallbackStateRequest has one requestId")),
            },
            Some(other) => Err(bad(format_args!("{other} is no operation of this service"))),
            None => Err(bad("its body is empty")),
        }
    }
}

fn callback(fields: Vec<(String, Option<String>, String)>) -> Result<SoapCallback, SoapFault> {
    let mut call = SoapCallback::default();
    let mut seen: Vec<String> = Vec::new();
    for (name, label, value) in fields {
        let repeatable = matches!(name.as_str(), "alternative" | "part");
        if !repeatable && seen.contains(&name) {
            return Err(bad(format_args!("{name} stands there twice")));
        }
        let contact = &mut call.contact;
        match name.as_str() {
            "device" => value.trim().clone_into(&mut call.device),
            "requestId" => call.request_id = Some(value),
            "deadline" => call.deadline_s = Some(parsed(&name, &value)?),
            "reason" => call.reason = Some(value),
            "address" => contact.address = Some(value),
            "port" => contact.port = Some(parsed::<std::num::NonZeroU16>(&name, &value)?.get()),
            "path" => contact.path = Some(value),
            "component" => contact.component = Some(value),
            "notBefore" => contact.not_before = Some(parsed(&name, &value)?),
            "notAfter" => contact.not_after = Some(parsed(&name, &value)?),
            "protocol" => contact.protocol = Some(value),
            "api" => contact.api = Some(value),
            "alternative" => contact.alternatives.push(value),
            "part" => contact.parts.push(Part {
                name: label.ok_or_else(|| bad("a part has no name"))?,
                value,
            }),
            other => return Err(bad(format_args!("CallbackRequest has no {other}"))),
        }
        seen.push(name);
    }
    if call.device.is_empty() {
        return Err(bad("it names no device"));
    }
    Ok(call)
}

fn parsed<T: std::str::FromStr>(name: &str, value: &str) -> Result<T, SoapFault> {
    let shown: String = value.chars().take(60).collect();
    value
        .trim()
        .parse()
        .map_err(|_| bad(format_args!("{name} cannot be {shown:?}")))
}

fn must_be_understood(start: &BytesStart<'_>) -> Result<bool, SoapFault> {
    for attribute in start.attributes() {
        let attribute = attribute.map_err(bad)?;
        if attribute.key.local_name().into_inner() == "mustUnderstand" {
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(bad)?;
            return Ok(matches!(value.trim(), "1" | "true"));
        }
    }
    Ok(false)
}

fn part_name(start: &BytesStart<'_>) -> Result<Option<String>, SoapFault> {
    for attribute in start.attributes() {
        let attribute = attribute.map_err(bad)?;
        if attribute.key.into_inner() == "name" {
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(bad)?;
            return Ok(Some(value.into_owned()));
        }
    }
    Ok(None)
}
