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

/// Under which names and with which words a gateway calls in; Kannel's when nothing is said.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CallFields {
    /// Our id of the message, in a receipt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// What became of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The centre's words, as an error code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<String>,
    /// States that mean that the phone has it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub delivered: Vec<String>,
    /// States that mean that it will never have it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<String>,
    /// The sender of a message from a phone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The number it was sent to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The gateway's id of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

impl CallFields {
    /// As Twilio calls in: `MessageStatus`, `ErrorCode`; `From`, `To`, `Body`, `MessageSid`.
    #[must_use]
    pub fn twilio() -> Self {
        let some = |name: &str| Some(name.to_owned());
        Self {
            // Our own parameter of the address that it was given.
            reference: some("ref"),
            state: some("MessageStatus"),
            reply: some("ErrorCode"),
            delivered: vec!["delivered".to_owned(), "read".to_owned()],
            failed: ["undelivered", "failed", "canceled"]
                .map(str::to_owned)
                .to_vec(),
            from: some("From"),
            to: some("To"),
            text: some("Body"),
            id: some("MessageSid"),
        }
    }

    /// The same parameters under the names and with the words that [`Receipt`] and [`Inbound`] know.
    #[must_use]
    pub fn translate(&self, parameters: Vec<(String, String)>) -> Vec<(String, String)> {
        let names = [
            (&self.reference, "ref"),
            (&self.state, "type"),
            (&self.reply, "reply"),
            (&self.from, "from"),
            (&self.to, "to"),
            (&self.text, "text"),
            (&self.id, "id"),
        ];
        let translated = parameters.into_iter().map(|(name, value)| {
            let known = names
                .iter()
                .find(|(theirs, _)| theirs.as_deref() == Some(name.as_str()));
            match known {
                Some((_, "type")) => ("type".to_owned(), self.outcome(value)),
                Some((_, ours)) => ((*ours).to_owned(), value),
                // A name of ours that means something else over there.
                None if names
                    .iter()
                    .any(|(theirs, ours)| theirs.is_some() && *ours == name) =>
                {
                    (format!("their-{name}"), value)
                }
                None => (name, value),
            }
        });
        translated.collect()
    }

    fn outcome(&self, state: String) -> String {
        let is = |states: &[String]| states.iter().any(|s| s.eq_ignore_ascii_case(&state));
        let outcome = match state.parse::<u8>() {
            _ if is(&self.delivered) => ReceiptOutcome::Delivered,
            _ if is(&self.failed) => ReceiptOutcome::Failed,
            Ok(_) if self.delivered.is_empty() && self.failed.is_empty() => return state,
            _ => ReceiptOutcome::Buffered,
        };
        outcome.number().to_string()
    }
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
                    let kind = value.parse().ok().and_then(ReceiptOutcome::from_number);
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

impl Receipt {
    /// Which sending and which segment of how many it is about: `send`, `part` and `of`; the whole of a message that
    /// was sent once when they are absent.
    ///
    /// # Errors
    /// [`InvalidInbound`] when they are no numbers, or the segment is not one of so many.
    pub fn segment_of<'a>(
        parameters: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<(u32, u8, u8), InvalidInbound> {
        let (mut send, mut number, mut total) = (0, 1, 1);
        for (name, value) in parameters {
            match name {
                "send" => {
                    send = value
                        .parse()
                        .map_err(|_| InvalidInbound::Malformed("send"))?;
                }
                "part" => {
                    number = value
                        .parse()
                        .map_err(|_| InvalidInbound::Malformed("part"))?;
                }
                "of" => total = value.parse().map_err(|_| InvalidInbound::Malformed("of"))?,
                _ => {}
            }
        }
        if (1..=total).contains(&number) {
            Ok((send, number, total))
        } else {
            Err(InvalidInbound::Malformed("part"))
        }
    }
}

impl ReceiptOutcome {
    /// From Kannel's number.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Delivered),
            2 => Some(Self::Failed),
            4 => Some(Self::Buffered),
            8 => Some(Self::Accepted),
            16 => Some(Self::Refused),
            _ => None,
        }
    }

    /// Kannel's number.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Delivered => 1,
            Self::Failed => 2,
            Self::Buffered => 4,
            Self::Accepted => 8,
            Self::Refused => 16,
        }
    }

    /// Whether a later word replaces this one: what is on its way gives way to anything, and a phone that has the
    /// message has it, whatever was said before.
    #[must_use]
    pub const fn gives_way_to(self, later: Self) -> bool {
        match self {
            Self::Delivered => false,
            Self::Failed | Self::Refused => matches!(later, Self::Delivered),
            Self::Buffered | Self::Accepted => true,
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
    fn receipts_and_messages_in_other_words_are_understood() {
        let owned = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            let own = |(n, v): &(&str, &str)| ((*n).to_owned(), (*v).to_owned());
            pairs.iter().map(own).collect()
        };
        let read = |fields: &CallFields, pairs: &[(&str, &str)]| {
            let translated = fields.translate(owned(pairs));
            let pairs: Vec<_> = translated
                .iter()
                .map(|(n, v)| (n.as_str(), v.as_str()))
                .collect();
            (
                Receipt::from_parameters(pairs.clone()),
                Inbound::from_parameters(pairs),
            )
        };
        let twilio = CallFields::twilio();
        for (state, expected) in [
            ("delivered", ReceiptOutcome::Delivered),
            ("undelivered", ReceiptOutcome::Failed),
            ("failed", ReceiptOutcome::Failed),
            ("sent", ReceiptOutcome::Buffered),
        ] {
            let pairs = [
                ("ref", "4t9wz0kc"),
                ("MessageSid", "SM1"),
                ("MessageStatus", state),
                ("ErrorCode", "30003"),
                ("type", "1"),
            ];
            let (receipt, _) = read(&twilio, &pairs);
            let receipt = receipt.expect("a receipt");
            assert_eq!(
                (receipt.outcome, receipt.reply.as_str()),
                (expected, "30003")
            );
        }
        let (_, message) = read(
            &twilio,
            &[
                ("From", "+358401234567"),
                ("To", "+1"),
                ("Body", "hi"),
                ("MessageSid", "SM2"),
            ],
        );
        assert_eq!(message.expect("a message").text, "hi");
        let (kannel, _) = read(
            &CallFields::default(),
            &[("ref", "4t9wz0kc"), ("type", "2")],
        );
        assert_eq!(kannel.map(|r| r.outcome), Ok(ReceiptOutcome::Failed));
    }

    #[test]
    fn a_receipt_names_its_segment() {
        let of =
            |pairs: &[(&'static str, &'static str)]| Receipt::segment_of(pairs.iter().copied());
        assert_eq!(of(&[]), Ok((0, 1, 1)));
        assert_eq!(
            of(&[("send", "7"), ("part", "2"), ("of", "3")]),
            Ok((7, 2, 3))
        );
        for wrong in [
            ("part", "2"),
            ("part", "0"),
            ("of", "0"),
            ("send", "x"),
            ("of", "256"),
        ] {
            assert!(of(&[wrong]).is_err(), "{wrong:?}");
        }
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
