use std::fmt;

use super::header::NameAddr;
use super::method::Method;
use super::wire::{Message, Start};

/// Something in a message that a standard forbids, with the section that does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The header it is about; empty for the first line and the body.
    pub header: &'static str,
    /// What is wrong.
    pub text: String,
    /// The section, as in `RFC 3261 §8.1.1`.
    pub rule: &'static str,
    fatal: bool,
}

impl Fault {
    fn fatal(header: &'static str, text: impl Into<String>, rule: &'static str) -> Self {
        Self {
            header,
            text: text.into(),
            rule,
            fatal: true,
        }
    }

    fn minor(header: &'static str, text: impl Into<String>, rule: &'static str) -> Self {
        Self {
            fatal: false,
            ..Self::fatal(header, text, rule)
        }
    }

    /// Whether a server answers 400 for it.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        self.fatal
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

/// What is wrong with a message that could be read, in the order of its importance.
#[must_use]
pub fn faults(message: &Message) -> Vec<Fault> {
    let mut found = Vec::new();
    mandatory(message, &mut found);
    if let Some(value) = message.header("CSeq") {
        match (message.cseq(), message.start()) {
            (None, _) => found.push(Fault::fatal(
                "CSeq",
                format!("{value:?} is not a number below 2^31 and a method"),
                "RFC 3261 §20.16",
            )),
            (Some(cseq), Start::Request { method, .. }) if cseq.method != *method => {
                found.push(Fault::fatal(
                    "CSeq",
                    format!("says {} but the request is {method}", cseq.method),
                    "RFC 3261 §8.1.1.5",
                ));
            }
            _ => {}
        }
    }
    if message.header("Via").is_some() {
        match message.top_via() {
            None => found.push(Fault::fatal("Via", "cannot be read", "RFC 3261 §20.42")),
            Some(via) => match via.branch() {
                Some(branch) if branch.starts_with("z9hG4bK") => {}
                Some(_) => found.push(Fault::minor(
                    "Via",
                    "branch does not begin with z9hG4bK",
                    "RFC 3261 §8.1.1.7",
                )),
                None => found.push(Fault::minor("Via", "no branch", "RFC 3261 §8.1.1.7")),
            },
        }
    }
    addresses(message, &mut found);
    by_method(message, &mut found);
    found
}

fn mandatory(message: &Message, found: &mut Vec<Fault>) {
    for header in ["Via", "From", "To", "Call-ID", "CSeq"] {
        let count = message.fields().filter(|(n, _)| *n == header).count();
        if count == 0 {
            found.push(Fault::fatal(header, "is missing", "RFC 3261 §8.1.1"));
        } else if count > 1 && header != "Via" {
            found.push(Fault::fatal(
                header,
                "stands there twice",
                "RFC 3261 §7.3.1",
            ));
        }
    }
    if let Some(hops) = message.header("Max-Forwards") {
        if hops.parse::<u8>().is_err() {
            found.push(Fault::fatal(
                "Max-Forwards",
                format!("{hops:?} is not a number from 0 to 255"),
                "RFC 3261 §20.22",
            ));
        }
    } else if message.code().is_none() {
        found.push(Fault::minor(
            "Max-Forwards",
            "is missing",
            "RFC 3261 §8.1.1.6",
        ));
    }
}

fn addresses(message: &Message, found: &mut Vec<Fault>) {
    for (header, address) in [("From", message.from()), ("To", message.to())] {
        if address.is_some_and(|a| !a.uri().contains(':')) {
            found.push(Fault::fatal(header, "has no URI", "RFC 3261 §20.10"));
        }
    }
    if message.from().is_some_and(|f| f.tag().is_none()) {
        found.push(Fault::minor("From", "has no tag", "RFC 3261 §8.1.1.3"));
    }
    let answered = message.code().is_some_and(|c| c > 100);
    if answered && message.to().is_some_and(|t| t.tag().is_none()) {
        found.push(Fault::minor("To", "has no tag", "RFC 3261 §8.2.6.2"));
    }
    for contact in message.list("Contact") {
        if contact != "*" && !NameAddr::parse(contact).uri().contains(':') {
            found.push(Fault::minor("Contact", "has no URI", "RFC 3261 §20.10"));
        }
    }
}

fn by_method(message: &Message, found: &mut Vec<Fault>) {
    if !message.body().is_empty() && message.header("Content-Type").is_none() {
        found.push(Fault::minor(
            "Content-Type",
            "is missing although there is a body",
            "RFC 3261 §20.15",
        ));
    }
    let Start::Request { method, .. } = message.start() else {
        return;
    };
    let needed: &[(&'static str, &'static str)] = if *method == Method::NOTIFY {
        &[
            ("Event", "RFC 6665 §8.2.1"),
            ("Subscription-State", "RFC 6665 §8.2.3"),
        ]
    } else if *method == Method::INVITE {
        &[("Contact", "RFC 3261 §8.1.1.8")]
    } else {
        &[]
    };
    for (header, rule) in needed {
        if message.header(header).is_none() {
            found.push(Fault::minor(
                header,
                format!("is missing in {method}"),
                rule,
            ));
        }
    }
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
            "NOTIFY sip:a SIP/2.0\nVia: SIP/2.0/UDP h\nFrom: Anna\nFrom: <sip:b>\nCSeq: 1 OPTIONS\nMax-Forwards: 300\n\nx",
        );
        for expected in [
            "To: is missing (RFC 3261 §8.1.1)",
            "Call-ID: is missing (RFC 3261 §8.1.1)",
            "From: stands there twice (RFC 3261 §7.3.1)",
            "CSeq: says OPTIONS but the request is NOTIFY (RFC 3261 §8.1.1.5)",
            "Via: no branch (RFC 3261 §8.1.1.7)",
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
}
