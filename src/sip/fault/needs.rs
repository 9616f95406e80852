use super::Fault;
use super::subject::Subject;
use crate::sip::header::CSeq;
use crate::sip::method::Method;

/// Header fields that may stand in a message once (RFC 3261 §7.3.1: the others are lists).
const ONCE: [&str; 25] = [
    "From",
    "To",
    "Call-ID",
    "CSeq",
    "Max-Forwards",
    "Content-Type",
    "Content-Disposition",
    "Expires",
    "Min-Expires",
    "Date",
    "Event",
    "Subscription-State",
    "Retry-After",
    "Timestamp",
    "User-Agent",
    "Server",
    "Subject",
    "Organization",
    "Priority",
    "Reply-To",
    "MIME-Version",
    "Refer-To",
    "Session-Expires",
    "RAck",
    "RSeq",
];

/// Method, header that it needs, section.
const BY_METHOD: &[(&str, &str, &str)] = &[
    ("INVITE", "Contact", "RFC 3261 §8.1.1.8"),
    ("NOTIFY", "Event", "RFC 6665 §8.2.1"),
    ("NOTIFY", "Subscription-State", "RFC 6665 §8.2.3"),
    ("SUBSCRIBE", "Event", "RFC 6665 §8.2.1"),
    ("PUBLISH", "Event", "RFC 3903 §4"),
    ("REFER", "Refer-To", "RFC 3515 §2.1"),
    ("PRACK", "RAck", "RFC 3262 §7.2"),
];

/// Code, header that such an answer needs, section.
const BY_CODE: &[(u16, &str, &str)] = &[
    (401, "WWW-Authenticate", "RFC 3261 §20.44"),
    (405, "Allow", "RFC 3261 §20.5"),
    (407, "Proxy-Authenticate", "RFC 3261 §20.27"),
    (420, "Unsupported", "RFC 3261 §20.40"),
    (423, "Min-Expires", "RFC 3261 §20.23"),
    (489, "Allow-Events", "RFC 6665 §8.3.2"),
];

/// What has to be there, and what only once.
pub(super) fn judge(subject: &Subject<'_>, found: &mut Vec<Fault>) {
    mandatory(subject, found);
    once(subject, found);
    cseq(subject, found);
    // A sender of RFC 2543 does not know these rules.
    let newer = |header, text: &str, rule| {
        if subject.is_old() {
            Fault::remark(header, format!("{text}, as in RFC 2543"), rule)
        } else {
            Fault::minor(header, text, rule)
        }
    };
    if subject.method.is_some() && !subject.has("Max-Forwards") {
        found.push(newer("Max-Forwards", "is missing", "RFC 3261 §8.1.1.6"));
    }
    if subject.from().is_some_and(|f| f.tag().is_none()) {
        found.push(newer("From", "has no tag", "RFC 3261 §8.1.1.3"));
    }
    let answered = subject.code().is_some_and(|c| c > 100);
    if answered && subject.to().is_some_and(|t| t.tag().is_none()) {
        found.push(newer("To", "has no tag", "RFC 3261 §8.2.6.2"));
    }
    if !subject.body.is_empty() && !subject.has("Content-Type") {
        found.push(Fault::minor(
            "Content-Type",
            "is missing although there is a body",
            "RFC 3261 §20.15",
        ));
    }
    if let Some(method) = &subject.method {
        for (_, header, rule) in BY_METHOD.iter().filter(|(m, ..)| *m == method.as_str()) {
            if !subject.has(header) {
                found.push(newer(header, &format!("is missing in {method}"), rule));
            }
        }
    }
    if let Some(code) = subject.code() {
        for (_, header, rule) in BY_CODE.iter().filter(|(c, ..)| *c == code) {
            if !subject.has(header) {
                found.push(newer(
                    header,
                    &format!("is missing in an answer {code}"),
                    rule,
                ));
            }
        }
        let accepts = (200..300).contains(&code) && subject.answered() == Some(Method::INVITE);
        if accepts && !subject.has("Contact") {
            found.push(newer(
                "Contact",
                "is missing in an answer that makes a dialog",
                "RFC 3261 §12.1.1",
            ));
        }
    }
}

fn mandatory(subject: &Subject<'_>, found: &mut Vec<Fault>) {
    for header in ["Via", "From", "To", "Call-ID", "CSeq"] {
        if !subject.has(header) {
            found.push(Fault::fatal(header, "is missing", "RFC 3261 §8.1.1"));
        }
    }
}

fn once(subject: &Subject<'_>, found: &mut Vec<Fault>) {
    for header in ONCE {
        if subject.all(header).nth(1).is_some() {
            let text = "stands there twice";
            found.push(match header {
                // What routing and matching hang on must not be open to choice.
                "From" | "To" | "Call-ID" | "CSeq" | "Max-Forwards" => {
                    Fault::fatal(header, text, "RFC 3261 §7.3.1")
                }
                _ => Fault::minor(header, text, "RFC 3261 §7.3.1"),
            });
        }
    }
}

fn cseq(subject: &Subject<'_>, found: &mut Vec<Fault>) {
    let Some(value) = subject.header("CSeq") else {
        return;
    };
    match (CSeq::parse(value), &subject.method) {
        (None, _) => found.push(Fault::fatal(
            "CSeq",
            format!("{value:?} is not a number below 2^31 and a method"),
            "RFC 3261 §20.16",
        )),
        (Some(cseq), Some(method)) if cseq.method != *method => found.push(Fault::fatal(
            "CSeq",
            format!("says {} but the request is {method}", cseq.method),
            "RFC 3261 §8.1.1.5",
        )),
        _ => {}
    }
}
