use std::fmt;

use crate::domain::{Msisdn, ShortId};

/// The longest text of one inbound message that is taken, in octets.
const MAX_TEXT: usize = 64 * 1024;

/// A message from a phone, as a gateway hands it in.
#[derive(Clone, PartialEq, Eq)]
pub struct Inbound {
    /// Who sent it; `None` when the gateway names no international number.
    pub from: Option<Msisdn>,
    /// The number or short code it was sent to.
    pub to: String,
    /// What it says.
    pub text: String,
    /// The gateway's id of it, to tell repeats.
    pub id: Option<String>,
}

/// What became of a message that we sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Our id of it, which went out with the message.
    pub reference: ShortId,
    /// What became of it.
    pub outcome: ReceiptOutcome,
    /// The centre's words.
    pub reply: String,
}

/// The kinds of receipt; the numbers are Kannel's (`dlr-mask`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiptOutcome {
    /// The phone has it (1).
    Delivered,
    /// The phone will not get it (2).
    Failed,
    /// The centre keeps it for later (4).
    Buffered,
    /// The centre took it (8).
    Accepted,
    /// The centre would not take it (16).
    Refused,
}

/// Why what a gateway handed in cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidInbound {
    /// A parameter is not there.
    #[error("parameter {0} is missing")]
    Missing(&'static str),
    /// A parameter makes no sense.
    #[error("parameter {0} is malformed")]
    Malformed(&'static str),
}

impl Inbound {
    /// Reads decoded parameters: `from`, `to`, `text`, `id`, as Kannel's `get-url` is set to send them.
    ///
    /// # Errors
    /// [`InvalidInbound`] when the text is missing or longer than 64 KiB.
    pub fn from_parameters<'a>(
        parameters: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, InvalidInbound> {
        let (mut from, mut to, mut text, mut id) = (None, String::new(), None, None);
        for (name, value) in parameters {
            match name {
                "from" => from = number(value),
                "to" => to = value.chars().take(32).collect(),
                "text" if value.len() > MAX_TEXT => return Err(InvalidInbound::Malformed("text")),
                "text" => text = Some(value.to_owned()),
                "id" if !value.is_empty() => id = Some(value.chars().take(64).collect()),
                _ => {}
            }
        }
        Ok(Self {
            from,
            to,
            text: text.ok_or(InvalidInbound::Missing("text"))?,
            id,
        })
    }
}

impl Receipt {
    /// Reads decoded parameters: `ref`, `type` (the number of the outcome), `reply`.
    ///
    /// # Errors
    /// [`InvalidInbound`] when the reference or the outcome is missing or unknown.
    pub fn from_parameters<'a>(
        parameters: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, InvalidInbound> {
        let (mut reference, mut outcome, mut reply) = (None, None, String::new());
        for (name, value) in parameters {
            match name {
                "ref" => {
                    let id = value
                        .parse()
                        .map_err(|_| InvalidInbound::Malformed("ref"))?;
                    reference = Some(id);
                }
                "type" => {
                    let kind = ReceiptOutcome::from_number(value);
                    outcome = Some(kind.ok_or(InvalidInbound::Malformed("type"))?);
                }
                "reply" => reply = value.chars().take(160).collect(),
                _ => {}
            }
        }
        Ok(Self {
            reference: reference.ok_or(InvalidInbound::Missing("ref"))?,
            outcome: outcome.ok_or(InvalidInbound::Missing("type"))?,
            reply,
        })
    }
}

impl ReceiptOutcome {
    fn from_number(text: &str) -> Option<Self> {
        match text {
            "1" => Some(Self::Delivered),
            "2" => Some(Self::Failed),
            "4" => Some(Self::Buffered),
            "8" => Some(Self::Accepted),
            "16" => Some(Self::Refused),
            _ => None,
        }
    }
}

impl fmt::Display for ReceiptOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Delivered => "delivered",
            Self::Failed => "not delivered",
            Self::Buffered => "kept by the centre for later",
            Self::Accepted => "taken by the centre",
            Self::Refused => "refused by the centre",
        })
    }
}

impl fmt::Debug for Inbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Inbound({:?}, {} octets)", self.from, self.text.len())
    }
}

/// A sender's number: with its plus, with the space that an unescaped plus becomes, or as bare digits.
fn number(text: &str) -> Option<Msisdn> {
    let text = text.trim();
    let digits = text.strip_prefix('+').unwrap_or(text);
    format!("+{digits}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_whatever_became_of_the_plus() {
        for from in ["+358401234567", " 358401234567", "358401234567"] {
            let inbound = Inbound::from_parameters([
                ("from", from),
                ("to", "12345"),
                ("text", "KMR 2.00 …"),
                ("smsc", "node"),
                ("id", "a-1"),
            ])
            .expect("complete");
            assert_eq!(
                inbound.from.as_ref().map(ToString::to_string),
                Some("+358401234567".into())
            );
            assert_eq!(inbound.text, "KMR 2.00 …");
            assert_eq!(inbound.id.as_deref(), Some("a-1"));
            assert!(!format!("{inbound:?}").contains("1234567"));
        }
        let named = Inbound::from_parameters([("from", "Bank"), ("text", "x")]).expect("complete");
        assert_eq!(named.from, None);
        assert_eq!(
            Inbound::from_parameters([("from", "1")]),
            Err(InvalidInbound::Missing("text"))
        );
    }

    #[test]
    fn a_receipt_names_our_message_and_its_fate() {
        let receipt = |kind| {
            Receipt::from_parameters([
                ("ref", "4t9wz0kc"),
                ("type", kind),
                ("reply", "stat:DELIVRD"),
            ])
        };
        assert_eq!(
            receipt("1").map(|r| r.outcome),
            Ok(ReceiptOutcome::Delivered)
        );
        assert_eq!(
            receipt("16").map(|r| r.outcome),
            Ok(ReceiptOutcome::Refused)
        );
        assert_eq!(receipt("3"), Err(InvalidInbound::Malformed("type")));
        assert_eq!(
            Receipt::from_parameters([("type", "1")]),
            Err(InvalidInbound::Missing("ref"))
        );
        assert_eq!(
            Receipt::from_parameters([("ref", "x"), ("type", "1")]),
            Err(InvalidInbound::Malformed("ref"))
        );
    }
}
