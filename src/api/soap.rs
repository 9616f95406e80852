//! The SOAP entry (requirement B4): what an application server says, and how it is answered.
//!
//! SOAP 1.1 and 1.2, document/literal, elements of `urn:callhome:callback:1`. Document types, processing
//! instructions and headers that must be understood are refused.

mod read;
mod write;

use super::{CallbackView, Contact};

/// Namespace of our elements.
pub const NAMESPACE: &str = "urn:callhome:callback:1";
/// Namespace of the envelope of SOAP 1.1.
const ENVELOPE_11: &str = "http://schemas.xmlsoap.org/soap/envelope/";
/// Namespace of the envelope of SOAP 1.2.
const ENVELOPE_12: &str = "http://www.w3.org/2003/05/soap-envelope";

/// Which SOAP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SoapVersion {
    /// 1.1.
    V11,
    /// 1.2.
    V12,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SoapCall {
    /// `CallbackRequest`: a device shall call.
    Callback(Box<SoapCallback>),
    /// `CallbackStateRequest`: how far the request with this id has got.
    State(String),
}

/// The content of `CallbackRequest`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SoapCallback {
    /// The device: any identity, number, name or id.
    pub device: String,
    /// The application server's own id of the request.
    pub request_id: Option<String>,
    /// Seconds after which the request expires.
    pub deadline_s: Option<u64>,
    /// Why.
    pub reason: Option<String>,
    /// Whom to call, and when.
    pub contact: Contact,
}

/// Who is to blame for a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The envelope has a namespace that is neither of the two.
    Version,
    /// A header that must be understood is not.
    Header,
    /// The message.
    Sender,
    /// This server.
    Receiver,
}

/// A fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{words}")]
pub struct SoapFault {
    /// Who is to blame.
    pub blame: Blame,
    /// What happened.
    pub words: String,
    /// Stable code of the problem, as in `not-found`; empty when the message cannot be read.
    pub code: String,
}

impl SoapFault {
    /// A message that cannot be read.
    #[must_use]
    pub fn unreadable(words: impl std::fmt::Display) -> Self {
        Self {
            blame: Blame::Sender,
            words: words.to_string(),
            code: String::new(),
        }
    }
}

impl SoapVersion {
    const fn envelope(self) -> &'static str {
        match self {
            Self::V11 => ENVELOPE_11,
            Self::V12 => ENVELOPE_12,
        }
    }

    /// Content type of its messages.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::V11 => "text/xml; charset=utf-8",
            Self::V12 => "application/soap+xml; charset=utf-8",
        }
    }

    /// The version that a content type announces; 1.1 when it is none of the two.
    #[must_use]
    pub fn announced(content_type: &str) -> Self {
        let plain = content_type.split(';').next().unwrap_or_default().trim();
        if plain.eq_ignore_ascii_case("application/soap+xml") {
            Self::V12
        } else {
            Self::V11
        }
    }
}

/// Reads a message.
///
/// # Errors
/// [`SoapFault`], with the version in which to tell it when the envelope could be read.
pub fn read(text: &str) -> Result<(SoapVersion, SoapCall), (Option<SoapVersion>, SoapFault)> {
    read::message(text)
}

/// The answer: `CallbackResponse`, or `CallbackStateResponse` when the state was asked for.
#[must_use]
pub fn answer(version: SoapVersion, view: &CallbackView, state: bool) -> String {
    write::answer(version, view, state)
}

/// A fault as a message.
#[must_use]
pub fn fault(version: SoapVersion, fault: &SoapFault) -> String {
    write::fault(version, fault)
}

/// The description of the service at this address (WSDL 1.1, bindings for both versions).
#[must_use]
pub fn wsdl(address: &str) -> String {
    let address = quick_xml::escape::escape(address).into_owned();
    include_str!("soap/callback.wsdl").replace("@ADDRESS@", &address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(namespace: &str, body: &str) -> String {
        format!(
            "<e:Envelope xmlns:e=\"{namespace}\"><e:Header/><e:Body>{body}</e:Body></e:Envelope>"
        )
    }

    const FULL: &str = "<c:CallbackRequest xmlns:c='urn:callhome:callback:1'><c:device>imei:358931104120070</c:device>\
        <c:address>192.0.2.7</c:address><c:port>8443</c:port><c:requestId>r &amp; 17</c:requestId><c:path><![CDATA[/a?b&c]]></c:path>\
        <c:component>book</c:component><c:notBefore>2026-11-20T22:00:00Z</c:notBefore><c:protocol>https</c:protocol><c:api>j</c:api>\
        <c:alternative>a:1</c:alternative><c:alternative>b:2</c:alternative><c:part name='X-A'>v&#49;</c:part></c:CallbackRequest>";

    #[test]
    fn both_versions_are_read_with_every_part() {
        for (namespace, version) in [
            (ENVELOPE_11, SoapVersion::V11),
            (ENVELOPE_12, SoapVersion::V12),
        ] {
            let (found, call) = read(&envelope(namespace, FULL)).expect("valid");
            assert_eq!(found, version);
            let SoapCall::Callback(call) = call else {
                panic!("{call:?}");
            };
            assert_eq!(call.device, "imei:358931104120070");
            assert_eq!(call.request_id.as_deref(), Some("r & 17"));
            let contact = call.contact;
            assert_eq!(contact.path.as_deref(), Some("/a?b&c"));
            assert_eq!((contact.port, contact.alternatives.len()), (Some(8443), 2));
            assert_eq!(contact.parts[0].value, "v1");
        }
    }

    #[test]
    fn what_is_not_a_message_of_ours_is_a_fault() {
        let must = format!(
            "<e:Envelope xmlns:e='{ENVELOPE_11}'><e:Header><x:a xmlns:x='u:x' e:mustUnderstand='1'><x:b/></x:a></e:Header><e:Body>{FULL}</e:Body></e:Envelope>"
        );
        for (text, blame) in [
            (String::new(), Blame::Sender),
            (
                format!(
                    "<!DOCTYPE a [<!ENTITY b 'c'>]>{}",
                    envelope(ENVELOPE_11, FULL)
                ),
                Blame::Sender,
            ),
            (envelope("urn:other", FULL), Blame::Version),
            (envelope(ENVELOPE_12, ""), Blame::Sender),
            (envelope(ENVELOPE_12, "<CallbackRequest/>"), Blame::Sender),
            (
                envelope(ENVELOPE_12, &FULL.replace("8443", "0")),
                Blame::Sender,
            ),
            (
                envelope(ENVELOPE_12, &FULL.replace("c:api", "c:unknown")),
                Blame::Sender,
            ),
            (
                envelope(ENVELOPE_12, &FULL.replace("&amp;", "&bomb;")),
                Blame::Sender,
            ),
            (must, Blame::Header),
        ] {
            let (_, fault) = read(&text).expect_err(&text);
            assert_eq!(fault.blame, blame, "{text}: {fault}");
        }
    }

    #[test]
    fn words_of_a_fault_cannot_break_out_of_it() {
        let told = SoapFault::unreadable("</soap:Fault><x>&");
        for version in [SoapVersion::V11, SoapVersion::V12] {
            let text = fault(version, &told);
            assert!(text.contains("&lt;/soap:Fault&gt;&lt;x&gt;&amp;"), "{text}");
        }
    }
}
