//! What standards forbid in a message, each with the section that does.
//!
//! | file | holds |
//! |---|---|
//! | `subject` | what is judged: a message, or as much of one as can be read |
//! | `address` | From, To, Contact, Route and the URIs in them; the request URI |
//! | `field` | Via, numbers, dates, lists, challenges: one value at a time |
//! | `needs` | what a request or an answer has to carry, and what only once |

mod address;
mod field;
mod needs;
mod subject;

use std::fmt;

use serde::Serialize;

use super::wire::{Message, Reading};

use subject::Subject;

/// Something in a message that a standard forbids, with the section that does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The header it is about; empty for the first line and the body.
    pub header: &'static str,
    /// What is wrong.
    pub text: String,
    /// The section, as in `RFC 3261 §8.1.1`.
    pub rule: &'static str,
    #[serde(skip)]
    weight: Weight,
}

/// How much a fault matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weight {
    /// A server answers 400.
    Fatal,
    /// Forbidden, but the message can be served.
    Minor,
    /// Not forbidden, or only to newer senders: worth knowing.
    Remark,
}

impl Fault {
    fn fatal(header: &'static str, text: impl Into<String>, rule: &'static str) -> Self {
        Self {
            header,
            text: text.into(),
            rule,
            weight: Weight::Fatal,
        }
    }

    fn minor(header: &'static str, text: impl Into<String>, rule: &'static str) -> Self {
        Self {
            weight: Weight::Minor,
            ..Self::fatal(header, text, rule)
        }
    }

    fn remark(header: &'static str, text: impl Into<String>, rule: &'static str) -> Self {
        Self {
            weight: Weight::Remark,
            ..Self::fatal(header, text, rule)
        }
    }

    /// Whether a server answers 400 for it.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        self.weight == Weight::Fatal
    }

    /// Whether it is only worth knowing: the message is valid all the same.
    #[must_use]
    pub fn is_remark(&self) -> bool {
        self.weight == Weight::Remark
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.header.is_empty() {
            write!(f, "{} ({})", self.text, self.rule)
        } else {
            write!(f, "{}: {} ({})", self.header, self.text, self.rule)
        }
    }
}

/// What is wrong with a message that could be read, remarks last.
#[must_use]
pub fn faults(message: &Message) -> Vec<Fault> {
    judged(&Subject::of(message))
}

/// What is wrong with bytes that may not be a whole message.
pub(super) fn faults_of(reading: &Reading<'_>) -> Vec<Fault> {
    let mut found = Vec::new();
    for error in reading
        .start
        .as_ref()
        .err()
        .into_iter()
        .chain(&reading.refused)
    {
        found.push(Fault::fatal(
            error.header(),
            error.to_string(),
            error.rule(),
        ));
    }
    if let Some(spacing) = reading.odd_spacing() {
        found.push(Fault::minor("", spacing, "RFC 3261 §7.1"));
    }
    if reading.is_lossy {
        found.push(Fault::minor(
            "",
            "the head has bytes that are not UTF-8",
            "RFC 3261 §7",
        ));
    }
    found.extend(judged(&Subject::read(reading)));
    if reading.surplus > 0 {
        found.push(Fault::remark(
            "",
            format!("{} bytes behind the body are passed over", reading.surplus),
            "RFC 3261 §18.3",
        ));
    }
    found.sort_by_key(Fault::is_remark);
    found
}

fn judged(subject: &Subject<'_>) -> Vec<Fault> {
    let mut found = Vec::new();
    needs::judge(subject, &mut found);
    address::judge(subject, &mut found);
    field::judge(subject, &mut found);
    found.sort_by_key(Fault::is_remark);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let message = Message::parse(text.replace('\n', "\r\n").as_bytes()).expect("readable");
        faults(&message).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_good_message_has_none() {
        let text = "OPTIONS sip:a SIP/2.0\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\nMax-Forwards: 70\nFrom: <sip:a>;tag=1\nTo: <sip:b>\nCall-ID: 1\nCSeq: 1 OPTIONS\n\n";
        assert_eq!(found(text), [""; 0]);
    }

    #[test]
    fn each_fault_names_its_rule() {
        let faults = found(
            "NOTIFY sip:a SIP/2.0\nVia: SIP/2.0/UDP h;branch=z9hG4bK\nFrom: Anna\nFrom: <sip:b>\nCSeq: 1 OPTIONS\nMax-Forwards: 300\n\nx",
        );
        for expected in [
            "To: is missing (RFC 3261 §8.1.1)",
            "Call-ID: is missing (RFC 3261 §8.1.1)",
            "From: stands there twice (RFC 3261 §7.3.1)",
            "CSeq: says OPTIONS but the request is NOTIFY (RFC 3261 §8.1.1.5)",
            "Via: branch is z9hG4bK and nothing more: it names no transaction (RFC 3261 §8.1.1.7)",
            "From: has no URI (RFC 3261 §20.10)",
            "From: has no tag (RFC 3261 §8.1.1.3)",
            "Event: is missing in NOTIFY (RFC 6665 §8.2.1)",
            "Content-Type: is missing although there is a body (RFC 3261 §20.15)",
            "Max-Forwards: \"300\" is not a number from 0 to 255 (RFC 3261 §20.22)",
        ] {
            assert!(
                faults.iter().any(|f| f == expected),
                "{expected}: {faults:#?}"
            );
        }
    }

    #[test]
    fn values_that_are_not_what_their_header_holds_are_told() {
        let good = "OPTIONS sip:a@h SIP/2.0\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\nMax-Forwards: 70\nFrom: <sip:a@h>;tag=1\nTo: <sip:b@h>\nCall-ID: 1\nCSeq: 1 OPTIONS\n";
        for (line, expected) in [
            (
                "Contact: <sip:a@h> junk",
                "Contact: what stands behind the address is no parameter (RFC 3261 §25.1)",
            ),
            (
                "Contact: <sip:a@h>;",
                "Contact: a parameter between semicolons is empty (RFC 3261 §25.1)",
            ),
            (
                "Contact: <sip:a@h>;q=1.5",
                "Contact: q \"1.5\" is not a number from 0 to 1 (RFC 3261 §20.10)",
            ),
            (
                "Contact: *",
                "Contact: * stands alone, in a REGISTER with Expires: 0 (RFC 3261 §10.2.2)",
            ),
            (
                "Contact: <sip:a@2001:db8::1>",
                "Contact: the IPv6 address 2001:db8::1 has to stand in [ ] (RFC 3261 §19.1.1)",
            ),
            (
                "Route: <sip:p;lr",
                "Route: the < is not closed (RFC 3261 §20.10)",
            ),
            (
                "Expires: -1",
                "Expires: \"-1\" is not a number of seconds below 2^32 (RFC 3261 §20.19)",
            ),
            (
                "Content-Type: text",
                "Content-Type: \"text\" is not of the form type/subtype (RFC 3261 §20.15)",
            ),
            (
                "Event: two words",
                "Event: \"two words\" is not one word (RFC 6665 §8.4)",
            ),
            (
                "Require: a b",
                "Require: \"a b\" is not one word (RFC 3261 §25.1)",
            ),
            (
                "Authorization: Digest username=\"u\"",
                "Authorization: realm is missing (RFC 7616 §3)",
            ),
            (
                "Timestamp: noon",
                "Timestamp: \"noon\" is not a number of seconds (RFC 3261 §20.38)",
            ),
            (
                "Via: SIP/2.0/UDP [::1;branch=z9hG4bK2",
                "Via: \"[::1\" is not a host with or without port (RFC 3261 §20.42)",
            ),
        ] {
            assert_eq!(found(&format!("{good}{line}\n\n")), [expected]);
        }
        for line in [
            "Contact: \"A, B\" <sip:a@[::1]:5070;lr>;expires=60;+sip.instance=\"<urn:uuid:1>\", sip:b@h;q=0.5",
            "Supported:",
            "Date: Sat, 13 Nov 2010 23:29:00 GMT",
            "Retry-After: 18000 (after lunch);duration=60",
            "Warning: 301 isi.edu \"Incompatible, very\", 399 h \"x\"",
            "Authorization: Basic bm86",
            "Subscription-State: active;expires=60",
            "Timestamp: 9.2 0.1",
            "Refer-To: <tel:+1408;phone-context=x>",
        ] {
            assert_eq!(found(&format!("{good}{line}\n\n")), [""; 0], "{line}");
        }
    }
}
