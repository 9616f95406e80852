//! The *contact-me* body of a NOTIFY: where and when to call back (requirements B4 to B6).
//!
//! | file | form |
//! |---|---|
//! | `text` | `label: value` lines |
//! | `xml` | `<contact-me xmlns="urn:callhome:contact-me:1">` |

mod text;
mod xml;

use std::fmt;
use std::str::FromStr;

use crate::domain::Timestamp;

/// The event package.
pub const EVENT: &str = "application-server-contact-me";
/// Content type of the label/value form; also what a device's `Accept` says to subscribe.
pub const CONTENT_TYPE: &str = "application/application-server-contact-me";
/// Content type of the XML form.
pub const CONTENT_TYPE_XML: &str = "application/application-server-contact-me+xml";
/// Namespace of the XML form.
pub const NAMESPACE: &str = "urn:callhome:contact-me:1";

/// Longest body that is read.
const LONGEST: usize = 16 * 1024;

/// What a device is told; everything may be left out.
///
/// ```
/// use callhome::sip::contact_me::{CONTENT_TYPE, ContactMe};
/// let body = "Address: 192.0.2.7\r\nPort: 8443\r\nX-Ticket: 17\r\n";
/// let wish = ContactMe::parse(CONTENT_TYPE, body.as_bytes()).unwrap();
/// assert_eq!(wish.port, Some(8443));
/// assert_eq!(wish.to_text(), body);
/// assert!(ContactMe::parse(CONTENT_TYPE, b"Port: soon\r\n").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContactMe {
    /// Host to call, in the form of RFC 3261 (IPv6 in brackets), without port.
    pub address: Option<String>,
    /// Its port.
    pub port: Option<u16>,
    /// Ties the call to the request.
    pub request_id: Option<String>,
    /// Path of the URL to call.
    pub path: Option<String>,
    /// Which part of the device is meant.
    pub component: Option<String>,
    /// Do not call before.
    pub not_before: Option<Timestamp>,
    /// Do not call after.
    pub not_after: Option<Timestamp>,
    /// `http` or `https`.
    pub protocol: Option<Protocol>,
    /// What is spoken over it.
    pub api: Option<String>,
    /// Other `host:port` to try, in order.
    pub alternatives: Vec<String>,
    /// Labels that this version does not know, passed on as they are.
    pub other: Vec<(String, String)>,
}

/// How the device connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Without TLS.
    Http,
    /// With TLS.
    Https,
}

/// Why a body is not a contact-me body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidContactMe {
    /// A content type that is neither of the two.
    #[error("{0:?} is no contact-me type")]
    ContentType(String),
    /// Longer than 16 KiB.
    #[error("a contact-me body has at most 16,384 bytes, found {0}")]
    TooLong(usize),
    /// Not UTF-8.
    #[error("a contact-me body is UTF-8 text")]
    Utf8,
    /// A line that is not `label: value`.
    #[error("line {0} is not label: value")]
    Line(usize),
    /// A value that its label does not allow.
    #[error("{label} cannot be {value:?}")]
    Value {
        /// The label.
        label: String,
        /// Its value, cut.
        value: String,
    },
    /// A label that may stand there once only.
    #[error("{0} stands there twice")]
    Twice(String),
    /// XML that is malformed, has a document type, or another root.
    #[error("not a contact-me document: {0}")]
    Xml(String),
}

impl Protocol {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl ContactMe {
    /// The labels that this version knows.
    pub const LABELS: [&'static str; 10] = [
        "Address",
        "Port",
        "Request-Id",
        "Path",
        "Component",
        "Not-Before",
        "Not-After",
        "Protocol",
        "Api",
        "Alternative",
    ];

    /// Reads a body by its content type (parameters of the type are ignored).
    ///
    /// # Errors
    /// [`InvalidContactMe`].
    pub fn parse(content_type: &str, body: &[u8]) -> Result<Self, InvalidContactMe> {
        if body.len() > LONGEST {
            return Err(InvalidContactMe::TooLong(body.len()));
        }
        let text = std::str::from_utf8(body).map_err(|_| InvalidContactMe::Utf8)?;
        let plain = content_type.split(';').next().unwrap_or_default().trim();
        if plain.eq_ignore_ascii_case(CONTENT_TYPE) {
            text::parse(text)
        } else if plain.eq_ignore_ascii_case(CONTENT_TYPE_XML) {
            xml::parse(text)
        } else {
            Err(InvalidContactMe::ContentType(
                content_type.chars().take(60).collect(),
            ))
        }
    }

    /// The label/value form. Line breaks inside values become blanks.
    #[must_use]
    pub fn to_text(&self) -> String {
        text::print(self)
    }

    /// The XML form.
    #[must_use]
    pub fn to_xml(&self) -> String {
        xml::print(self)
    }

    /// Label and value of each field, for people.
    #[must_use]
    pub fn labelled(&self) -> Vec<(String, String)> {
        self.fields()
            .into_iter()
            .map(|(label, value)| (label.to_owned(), value))
            .collect()
    }

    /// Known fields in the order of the format, then the others.
    fn fields(&self) -> Vec<(&str, String)> {
        let mut fields = Vec::new();
        let mut push = |label, value: Option<String>| {
            fields.extend(value.map(|v| (label, v)));
        };
        push("Address", self.address.clone());
        push("Port", self.port.map(|p| p.to_string()));
        push("Request-Id", self.request_id.clone());
        push("Path", self.path.clone());
        push("Component", self.component.clone());
        push("Not-Before", self.not_before.map(|t| t.to_string()));
        push("Not-After", self.not_after.map(|t| t.to_string()));
        push("Protocol", self.protocol.map(|p| p.to_string()));
        push("Api", self.api.clone());
        for alternative in &self.alternatives {
            push("Alternative", Some(alternative.clone()));
        }
        for (label, value) in &self.other {
            fields.push((label, value.clone()));
        }
        fields
    }

    /// Takes in one field, whatever its form was.
    fn put(&mut self, label: &str, value: &str) -> Result<(), InvalidContactMe> {
        let known = label.to_ascii_lowercase();
        match known.as_str() {
            "address" => once(&mut self.address, label, host(label, value)?),
            "port" => once(
                &mut self.port,
                label,
                parsed::<std::num::NonZeroU16>(label, value)?.get(),
            ),
            "request-id" => once(&mut self.request_id, label, value.to_owned()),
            "path" => once(&mut self.path, label, value.to_owned()),
            "component" => once(&mut self.component, label, value.to_owned()),
            "not-before" => once(&mut self.not_before, label, parsed(label, value)?),
            "not-after" => once(&mut self.not_after, label, parsed(label, value)?),
            "protocol" => once(&mut self.protocol, label, parsed(label, value)?),
            "api" => once(&mut self.api, label, value.to_owned()),
            "alternative" => {
                self.alternatives.push(value.to_owned());
                Ok(())
            }
            _ => {
                self.other.push((label.to_owned(), value.to_owned()));
                Ok(())
            }
        }
    }
}

impl FromStr for Protocol {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Http, Self::Https]
            .into_iter()
            .find(|p| p.as_str().eq_ignore_ascii_case(text))
            .ok_or(())
    }
}

fn invalid(label: &str, value: &str) -> InvalidContactMe {
    InvalidContactMe::Value {
        label: label.to_owned(),
        value: value.chars().take(60).collect(),
    }
}

fn parsed<T: FromStr>(label: &str, value: &str) -> Result<T, InvalidContactMe> {
    value.parse().map_err(|_| invalid(label, value))
}

/// A host as RFC 3261 writes it, without port: read as the host of a SIP URI would be.
fn host(label: &str, value: &str) -> Result<String, InvalidContactMe> {
    let uri: Result<super::SipUri, _> = format!("sip:{value}").parse();
    match uri {
        Ok(uri) if uri.port().is_none() && uri.user().is_none() && uri.params().is_empty() => {
            Ok(value.to_owned())
        }
        _ => Err(invalid(label, value)),
    }
}

fn once<T>(slot: &mut Option<T>, label: &str, value: T) -> Result<(), InvalidContactMe> {
    if slot.is_some() {
        return Err(InvalidContactMe::Twice(label.to_owned()));
    }
    *slot = Some(value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn full() -> ContactMe {
        ContactMe {
            address: Some("[2001:db8::7]".into()),
            port: Some(8443),
            request_id: Some("4t9wz0kc".into()),
            path: Some("/agent/v1/session?a=<b>&c".into()),
            component: Some("mail \"client\"".into()),
            not_before: Some("2026-11-20T14:02:00Z".parse().expect("valid")),
            not_after: Some("2026-11-20T15:02:00Z".parse().expect("valid")),
            protocol: Some(Protocol::Https),
            api: Some("callhome/1".into()),
            alternatives: vec!["a.example.net:443".into(), "[::1]:443".into()],
            other: vec![("X-Ticket".into(), "17: a".into())],
        }
    }

    #[test]
    fn both_forms_carry_everything() {
        for (content_type, body) in [
            (CONTENT_TYPE, full().to_text()),
            (CONTENT_TYPE_XML, full().to_xml()),
        ] {
            assert_eq!(
                ContactMe::parse(content_type, body.as_bytes()),
                Ok(full()),
                "{body}"
            );
        }
    }

    #[test]
    fn values_that_make_no_sense_are_refused_by_label() {
        for (line, label) in [
            ("Port: 0", "Port"),
            ("Port: 70000", "Port"),
            ("Address: a:80", "Address"),
            ("Address: a b", "Address"),
            ("Not-After: tomorrow", "Not-After"),
            ("Protocol: ftp", "Protocol"),
        ] {
            assert!(
                matches!(
                    ContactMe::parse(CONTENT_TYPE, line.as_bytes()),
                    Err(InvalidContactMe::Value { label: l, .. }) if l == label
                ),
                "{line}"
            );
        }
        assert_eq!(
            ContactMe::parse(CONTENT_TYPE, b"Port: 1\nport: 2\n"),
            Err(InvalidContactMe::Twice("port".into()))
        );
    }

    #[test]
    fn another_type_too_much_or_binary_is_refused() {
        assert!(ContactMe::parse("text/plain", b"").is_err());
        assert!(ContactMe::parse(CONTENT_TYPE, &[b'x'; LONGEST + 1]).is_err());
        assert_eq!(
            ContactMe::parse(CONTENT_TYPE, b"\xff"),
            Err(InvalidContactMe::Utf8)
        );
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic_and_what_is_read_is_printed_and_read_again(text in "\\PC{0,80}(\r\n[A-Za-z-]{1,9}: \\PC{0,9}){0,3}") {
            for content_type in [CONTENT_TYPE, CONTENT_TYPE_XML] {
                if let Ok(wish) = ContactMe::parse(content_type, text.as_bytes()) {
                    prop_assert_eq!(ContactMe::parse(CONTENT_TYPE, wish.to_text().as_bytes()), Ok(wish.clone()));
                    prop_assert_eq!(ContactMe::parse(CONTENT_TYPE_XML, wish.to_xml().as_bytes()), Ok(wish));
                }
            }
        }
    }
}
