//! A message taken apart for people: what it is, what each header says, what is wrong with it.
//!
//! | file | holds |
//! |---|---|
//! | `purpose` | what each header of the IANA registry is for |
//! | `words` | what a header's value says, in words |

mod purpose;
mod words;

use serde::Serialize;

use super::contact_me::{self, ContactMe};
use super::fault::{Fault, faults_of};
use super::header::CSeq;
use super::method::Method;
use super::wire::{InvalidMessage, Reading, Start};

use words::in_words;

/// A message taken apart for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// One sentence on what it is.
    pub summary: String,
    /// Header fields in their order.
    pub headers: Vec<ExplainedHeader>,
    /// The body, when there is one.
    pub body: Option<ExplainedBody>,
    /// What a standard forbids, with the section; none in a valid message.
    pub faults: Vec<Fault>,
    /// What is allowed, but worth knowing.
    pub remarks: Vec<Fault>,
}

/// One header field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExplainedHeader {
    /// Long name in its usual spelling.
    pub name: String,
    /// Value; answers to challenges are masked.
    pub value: String,
    /// What it says, in a few words.
    pub meaning: String,
}

/// The body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExplainedBody {
    /// `Content-Type`.
    pub content_type: String,
    /// Its length.
    pub size_bytes: usize,
    /// Label and value of each field, when it is of a kind that can be read.
    pub fields: Vec<(String, String)>,
    /// The text, when it is text of another kind.
    pub text: Option<String>,
}

/// Takes a message apart, as far as it can be read.
///
/// # Errors
/// [`InvalidMessage`] when the bytes do not even look like a message: neither by the first line nor by any header.
pub fn explain(bytes: &[u8]) -> Result<Explanation, InvalidMessage> {
    let reading = Reading::of(bytes)?;
    if let Err(error @ InvalidMessage::StartLine(_)) = &reading.start
        && header(&reading, "Via").is_none()
        && header(&reading, "Call-ID").is_none()
    {
        return Err(error.clone());
    }
    let (remarks, faults) = faults_of(&reading).into_iter().partition(Fault::is_remark);
    Ok(Explanation {
        summary: summary(&reading),
        headers: reading
            .fields
            .iter()
            .map(|(name, value)| ExplainedHeader {
                name: purpose::usual_name(name).to_owned(),
                value: masked(name, value),
                meaning: in_words(name, value),
            })
            .collect(),
        body: body(&reading),
        faults,
        remarks,
    })
}

fn header<'a>(reading: &'a Reading<'_>, name: &str) -> Option<&'a str> {
    let mut fields = reading.fields.iter();
    fields
        .find(|(n, _)| n.eq_ignore_ascii_case(name))
        .map(|(_, v)| v.as_str())
}

fn summary(reading: &Reading<'_>) -> String {
    match &reading.start {
        Err(_) => format!("Neither request nor answer: {}", reading.line),
        Ok(Start::Request { method, uri }) => {
            let what = match method.as_str() {
                "NOTIFY" => match header(reading, "Event") {
                    Some(event) => format!("Notification of {event}"),
                    None => "Notification".to_owned(),
                },
                "INVITE" if header(reading, "Answer-Mode").is_some() => {
                    "Call that a device is to answer by itself".to_owned()
                }
                "INVITE" => "Call".to_owned(),
                "OPTIONS" => "Question what the other side can do".to_owned(),
                "REGISTER" => "Registration".to_owned(),
                "MESSAGE" => "Text message".to_owned(),
                "ACK" => "Acknowledgement of an answer".to_owned(),
                "BYE" => "End of a call".to_owned(),
                "CANCEL" => "Call taken back".to_owned(),
                "SUBSCRIBE" => "Subscription".to_owned(),
                other => format!("Request {other}"),
            };
            format!("{what}, to {uri}")
        }
        Ok(Start::Response { code, reason }) => {
            let class = match code {
                100..200 => "in progress",
                200..300 => "success",
                300..400 => "try elsewhere",
                400..500 => "refused: the request cannot be served as it is",
                500..600 => "refused: the server failed",
                _ => "refused everywhere",
            };
            let cseq = header(reading, "CSeq").and_then(CSeq::parse);
            let method = cseq.map_or("a request", |c| known_name(&c.method));
            format!("Answer to {method}: {code} {reason} ({class})")
        }
    }
}

fn known_name(method: &Method) -> &'static str {
    const NAMES: [&str; 8] = [
        "NOTIFY",
        "INVITE",
        "OPTIONS",
        "REGISTER",
        "MESSAGE",
        "BYE",
        "CANCEL",
        "SUBSCRIBE",
    ];
    NAMES
        .into_iter()
        .find(|n| *n == method.as_str())
        .unwrap_or("a request")
}

/// From an answer to a challenge a weak password can be guessed: it is not repeated.
fn masked(name: &str, value: &str) -> String {
    let is_answer = ["Authorization", "Proxy-Authorization"]
        .iter()
        .any(|answer| name.eq_ignore_ascii_case(answer));
    if !is_answer {
        return value.to_owned();
    }
    // Names of parameters are written as anybody likes (RFC 3261 §7.3.1), blanks before the sign included.
    let lower = value.to_ascii_lowercase();
    let parts = lower.split_once("response").and_then(|(head, tail)| {
        let sign = tail.trim_start().strip_prefix('=')?;
        Some((head.len(), lower.len() - sign.len()))
    });
    let Some((head, from)) = parts else {
        return value
            .split(' ')
            .next()
            .map_or_else(String::new, |scheme| format!("{scheme} …"));
    };
    let (head, tail) = (&value[..head], &value[from..]);
    let rest = tail.find(',').map_or("", |at| &tail[at..]);
    format!("{head}response=…{rest}")
}

fn body(reading: &Reading<'_>) -> Option<ExplainedBody> {
    if reading.body.is_empty() {
        return None;
    }
    let content_type = header(reading, "Content-Type").unwrap_or("unknown");
    let mut explained = ExplainedBody {
        content_type: content_type.to_owned(),
        size_bytes: reading.body.len(),
        fields: Vec::new(),
        text: None,
    };
    match ContactMe::parse(content_type, reading.body) {
        Ok(wish) => explained.fields = wish.labelled(),
        Err(contact_me::InvalidContactMe::ContentType(_))
            if !content_type.starts_with("application/vnd.callhome.bootstrap") =>
        {
            explained.text = std::str::from_utf8(reading.body).ok().map(str::to_owned);
        }
        // A bootstrap body carries a token: only its size is told.
        Err(contact_me::InvalidContactMe::ContentType(_)) => {}
        Err(error) => explained.fields = vec![("unreadable".to_owned(), error.to_string())],
    }
    Some(explained)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notify_is_explained_to_the_last_field() {
        let text = "NOTIFY sip:a SIP/2.0\nv: SIP/2.0/UDP h;branch=z9hG4bK1\nMax-Forwards: 70\nf: <sip:a>;tag=1\nt: <sip:b>\ni: 1\nCSeq: 1 NOTIFY\no: application-server-contact-me\nSubscription-State: active\nAuthorization: Digest username=\"a\", realm=\"r\", nonce=\"n\", uri=\"sip:a\", response=\"0123\", nc=1\nc: application/application-server-contact-me\n\nPort: 17\n";
        let told = explain(text.replace('\n', "\r\n").as_bytes()).expect("valid");
        assert_eq!(
            told.summary,
            "Notification of application-server-contact-me, to sip:a"
        );
        assert_eq!(told.faults, []);
        let body = told.body.expect("there");
        assert_eq!(body.fields, [("Port".to_owned(), "17".to_owned())]);
        let answer = told
            .headers
            .iter()
            .find(|h| h.name == "Authorization")
            .expect("there");
        assert!(answer.value.ends_with("uri=\"sip:a\", response=…, nc=1"));
    }

    #[test]
    fn faults_name_their_rule_and_unreadable_bytes_are_an_error() {
        let told = explain(b"SIP/2.0 486 Busy Here\r\nCSeq: x\r\n\r\n").expect("readable");
        assert!(
            told.summary
                .starts_with("Answer to a request: 486 Busy Here")
        );
        assert!(told.faults.iter().any(|f| f.rule.contains("RFC 3261")));
        assert!(explain(b"hello").is_err());
    }

    #[test]
    fn a_bootstrap_token_is_not_repeated() {
        let text = b"INVITE sip:a SIP/2.0\r\nContent-Type: application/vnd.callhome.bootstrap+json\r\n\r\n{\"payload\":\"c2VjcmV0\"}";
        let told = explain(text).expect("readable");
        let json = serde_json::to_string(&told).expect("JSON");
        assert!(!json.contains("c2VjcmV0"), "{json}");
    }
}
