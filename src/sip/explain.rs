use serde::Serialize;

use super::contact_me::{self, ContactMe};
use super::fault::faults;
use super::method::Method;
use super::wire::{InvalidMessage, Message, Start};

/// A message taken apart for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// One sentence on what it is.
    pub summary: String,
    /// Header fields in their order.
    pub headers: Vec<ExplainedHeader>,
    /// The body, when there is one.
    pub body: Option<ExplainedBody>,
    /// What a standard forbids, with the section.
    pub faults: Vec<String>,
}

/// One header field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExplainedHeader {
    /// Long name.
    pub name: String,
    /// Value; answers to challenges are masked.
    pub value: String,
    /// What it is for, in a few words; empty for headers that this version does not know.
    pub meaning: &'static str,
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

/// What each header is for.
const MEANINGS: &[(&str, &str)] = &[
    ("Via", "the way the answer takes back"),
    ("Max-Forwards", "hops left before it is dropped"),
    ("Route", "proxies it has to pass"),
    (
        "Record-Route",
        "proxies that want to see the rest of the dialog",
    ),
    ("Path", "proxies between registrar and device"),
    ("From", "who asks"),
    ("To", "who is asked"),
    ("Call-ID", "ties together what belongs together"),
    ("CSeq", "number and method of the request"),
    ("Contact", "where to reach the sender directly"),
    ("Expires", "seconds that it holds"),
    ("Min-Expires", "least seconds that the registrar takes"),
    ("Event", "what the notification is about"),
    ("Subscription-State", "whether more notifications follow"),
    ("Answer-Mode", "whether the device may answer by itself"),
    ("Accept", "bodies and event packages that it takes"),
    ("Allow", "methods that it takes"),
    ("Supported", "extensions that it knows"),
    ("Require", "extensions that the other side must know"),
    ("Unsupported", "extensions that were asked for in vain"),
    ("User-Agent", "the sender's software"),
    ("Server", "the answering software"),
    ("Authorization", "answer to a server's challenge"),
    ("Proxy-Authorization", "answer to a proxy's challenge"),
    ("WWW-Authenticate", "a server wants a password"),
    ("Proxy-Authenticate", "a proxy wants a password"),
    (
        "Authentication-Info",
        "next nonce, and the server's own proof",
    ),
    ("Content-Type", "kind of the body"),
    ("Warning", "more on why it was refused"),
    ("Retry-After", "seconds to wait before asking again"),
    ("Reason", "why it was cancelled or ended"),
    ("Date", "the sender's clock"),
    ("Subject", "what it is about, for people"),
    ("Refer-To", "whom to contact instead"),
    ("Allow-Events", "event packages that it takes"),
];

/// Takes a message apart.
///
/// # Errors
/// [`InvalidMessage`] when the bytes cannot be told apart at all.
pub fn explain(bytes: &[u8]) -> Result<Explanation, InvalidMessage> {
    let message = Message::parse(bytes)?;
    Ok(Explanation {
        summary: summary(&message),
        headers: message
            .fields()
            .map(|(name, value)| ExplainedHeader {
                name: name.to_owned(),
                value: masked(name, value),
                meaning: MEANINGS
                    .iter()
                    .find(|(known, _)| known.eq_ignore_ascii_case(name))
                    .map_or("", |(_, meaning)| meaning),
            })
            .collect(),
        body: body(&message),
        faults: faults(&message).iter().map(ToString::to_string).collect(),
    })
}

fn summary(message: &Message) -> String {
    match message.start() {
        Start::Request { method, uri } => {
            let what = match method.as_str() {
                "NOTIFY" => match message.header("Event") {
                    Some(event) => format!("Notification of {event}"),
                    None => "Notification".to_owned(),
                },
                "INVITE" if message.header("Answer-Mode").is_some() => {
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
        Start::Response { code, reason } => {
            let class = match code {
                100..200 => "in progress",
                200..300 => "success",
                300..400 => "try elsewhere",
                400..500 => "refused: the request cannot be served as it is",
                500..600 => "refused: the server failed",
                _ => "refused everywhere",
            };
            let method = message.method().map_or("a request", |m| known_name(&m));
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
    if !matches!(name, "Authorization" | "Proxy-Authorization") {
        return value.to_owned();
    }
    let Some((head, tail)) = value.split_once("response=") else {
        return value
            .split(' ')
            .next()
            .map_or_else(String::new, |scheme| format!("{scheme} …"));
    };
    let rest = tail.find(',').map_or("", |at| &tail[at..]);
    format!("{head}response=…{rest}")
}

fn body(message: &Message) -> Option<ExplainedBody> {
    if message.body().is_empty() {
        return None;
    }
    let content_type = message.header("Content-Type").unwrap_or("unknown");
    let mut explained = ExplainedBody {
        content_type: content_type.to_owned(),
        size_bytes: message.body().len(),
        fields: Vec::new(),
        text: None,
    };
    match ContactMe::parse(content_type, message.body()) {
        Ok(wish) => explained.fields = wish.labelled(),
        Err(contact_me::InvalidContactMe::ContentType(_))
            if !content_type.starts_with("application/vnd.callhome.bootstrap") =>
        {
            explained.text = std::str::from_utf8(message.body()).ok().map(str::to_owned);
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
        let text = "NOTIFY sip:a SIP/2.0\nv: SIP/2.0/UDP h;branch=z9hG4bK1\nMax-Forwards: 70\nf: <sip:a>;tag=1\nt: <sip:b>\ni: 1\nCSeq: 1 NOTIFY\no: application-server-contact-me\nSubscription-State: active\nAuthorization: Digest username=\"a\", response=\"0123\", nc=1\nc: application/application-server-contact-me\n\nPort: 17\n";
        let told = explain(text.replace('\n', "\r\n").as_bytes()).expect("valid");
        assert_eq!(
            told.summary,
            "Notification of application-server-contact-me, to sip:a"
        );
        assert_eq!(told.faults, [""; 0]);
        let body = told.body.expect("there");
        assert_eq!(body.fields, [("Port".to_owned(), "17".to_owned())]);
        let answer = told
            .headers
            .iter()
            .find(|h| h.name == "Authorization")
            .expect("there");
        assert_eq!(answer.value, "Digest username=\"a\", response=…, nc=1");
    }

    #[test]
    fn faults_name_their_rule_and_unreadable_bytes_are_an_error() {
        let told = explain(b"SIP/2.0 486 Busy Here\r\nCSeq: x\r\n\r\n").expect("readable");
        assert!(
            told.summary
                .starts_with("Answer to a request: 486 Busy Here")
        );
        assert!(told.faults.iter().any(|f| f.contains("RFC 3261")));
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
