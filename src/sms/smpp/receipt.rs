use std::fmt;

use super::wire::ShortMessage;
use crate::sms::gateway::ReceiptOutcome;

/// What became of a message (SMPP 3.4 §5.2.28).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageState {
    /// On its way.
    Enroute,
    /// The phone has it.
    Delivered,
    /// Its validity ended first.
    Expired,
    /// Somebody deleted it at the centre.
    Deleted,
    /// It cannot be delivered.
    Undeliverable,
    /// Read by customer service on behalf of the subscriber.
    Accepted,
    /// The centre does not know.
    Unknown,
    /// The centre would not deliver it.
    Rejected,
}

/// A delivery receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmppReceipt {
    /// The centre's id of the message, as the receipt writes it.
    pub id: String,
    /// Whether the id is written as it was in the answer, however the text writes it: so it is in a parameter that
    /// says something else than the text.
    pub as_answered: bool,
    /// What became of it.
    pub state: MessageState,
    /// The network's error code, as the text has it.
    pub error: Option<String>,
    /// The centre's words, without what was sent.
    pub words: String,
}

/// Why a message is no receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidReceipt {
    /// Neither the text nor a parameter names a message.
    #[error("the receipt does not say which message it is about")]
    NoId,
    /// Neither the text nor a parameter names a state that exists.
    #[error("the receipt does not say what became of the message")]
    NoState,
}

/// How a centre writes its ids in answers and in receipts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdForm {
    /// The same in both.
    #[default]
    Same,
    /// Hexadecimal in the answer, decimal in the receipt.
    HexThenDecimal,
    /// Decimal in the answer, hexadecimal in the receipt.
    DecimalThenHex,
}

/// Under what an id may be found: as it is, then without leading zeros. One that was converted is looked for under
/// that alone: as it is written it may be the id of another message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdKeys {
    /// The text as it is.
    pub exact: String,
    /// Without leading zeros; hexadecimal digits in lower case.
    pub plain: String,
    /// Converted, where the account is set so.
    pub converted: Option<String>,
}

/// The longest id there is (SMPP 3.4 §5.2.23).
const MAX_ID: usize = 64;

impl MessageState {
    /// From the number in parameter 0x0427.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::Enroute,
            2 => Self::Delivered,
            3 => Self::Expired,
            4 => Self::Deleted,
            5 => Self::Undeliverable,
            6 => Self::Accepted,
            7 => Self::Unknown,
            8 => Self::Rejected,
            _ => return None,
        })
    }

    /// From the word in a receipt's text (appendix B).
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        let word = word.to_ascii_uppercase();
        Some(match word.as_str() {
            "ENROUTE" => Self::Enroute,
            "DELIVRD" | "DELIVERED" => Self::Delivered,
            "EXPIRED" => Self::Expired,
            "DELETED" => Self::Deleted,
            "UNDELIV" | "UNDELIVERABLE" => Self::Undeliverable,
            "ACCEPTD" | "ACCEPTED" => Self::Accepted,
            "UNKNOWN" => Self::Unknown,
            "REJECTD" | "REJECTED" => Self::Rejected,
            _ => return None,
        })
    }

    /// The word in a receipt's text.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Enroute => "ENROUTE",
            Self::Delivered => "DELIVRD",
            Self::Expired => "EXPIRED",
            Self::Deleted => "DELETED",
            Self::Undeliverable => "UNDELIV",
            Self::Accepted => "ACCEPTD",
            Self::Unknown => "UNKNOWN",
            Self::Rejected => "REJECTD",
        }
    }

    /// What it means for the message. `Unknown` is no failure: nobody knows.
    #[must_use]
    pub const fn outcome(self) -> ReceiptOutcome {
        match self {
            Self::Delivered => ReceiptOutcome::Delivered,
            Self::Expired | Self::Deleted | Self::Undeliverable => ReceiptOutcome::Failed,
            Self::Rejected => ReceiptOutcome::Refused,
            Self::Enroute | Self::Accepted | Self::Unknown => ReceiptOutcome::Buffered,
        }
    }
}

impl fmt::Display for MessageState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl SmppReceipt {
    /// Reads a receipt; the parameters count before the text.
    ///
    /// # Errors
    /// [`InvalidReceipt`] when it names no message or no state.
    pub fn of(message: &ShortMessage) -> Result<Self, InvalidReceipt> {
        let text = String::from_utf8_lossy(&message.octets).into_owned();
        let receipt = Self::read(
            &text,
            message.receipted_id.as_deref(),
            message.state.and_then(MessageState::from_number),
        )?;
        Ok(Self {
            words: receipt.words.chars().take(160).collect(),
            ..receipt
        })
    }

    /// Reads the text of appendix B: `id:… sub:… dlvrd:… submit date:… done date:… stat:… err:… text:…`.
    ///
    /// # Errors
    /// [`InvalidReceipt`].
    pub fn from_text(text: &str) -> Result<Self, InvalidReceipt> {
        Self::read(text, None, None)
    }

    fn read(
        text: &str,
        id: Option<&str>,
        state: Option<MessageState>,
    ) -> Result<Self, InvalidReceipt> {
        // What was sent stands last and may hold anything.
        let head = find(text, "text:")
            .map_or(text, |at| &text[..at])
            .trim_end();
        let told = field(head, "id:").filter(|id| id.len() <= MAX_ID);
        let id = id.filter(|id| !id.is_empty() && id.len() <= MAX_ID);
        let as_answered = matches!((id, told), (Some(a), Some(b)) if plain(a) != plain(b));
        let id = id.or(told).ok_or(InvalidReceipt::NoId)?;
        let state = state
            .or_else(|| field(head, "stat:").and_then(MessageState::from_word))
            .ok_or(InvalidReceipt::NoState)?;
        Ok(Self {
            id: id.to_owned(),
            as_answered,
            state,
            error: field(head, "err:").map(str::to_owned),
            words: head.to_owned(),
        })
    }
}

/// Where a label begins: at the start or behind a blank, in any case.
fn find(text: &str, label: &str) -> Option<usize> {
    let (octets, label) = (text.as_bytes(), label.as_bytes());
    (0..octets.len()).find(|at| {
        let begins = *at == 0 || octets[*at - 1].is_ascii_whitespace();
        begins
            && octets[*at..]
                .get(..label.len())
                .is_some_and(|found| found.eq_ignore_ascii_case(label))
    })
}

fn field<'a>(text: &'a str, label: &str) -> Option<&'a str> {
    let rest = &text[find(text, label)? + label.len()..];
    rest.split_ascii_whitespace()
        .next()
        .filter(|value| !value.contains(':'))
}

impl IdForm {
    /// Under what the id of an answer is kept.
    #[must_use]
    pub fn of_answer(self, id: &str) -> IdKeys {
        IdKeys {
            exact: id.to_owned(),
            plain: plain(id),
            converted: None,
        }
    }

    /// Under what to look for the id of a receipt.
    #[must_use]
    pub fn of_receipt(self, id: &str) -> IdKeys {
        let converted = match self {
            Self::Same => None,
            Self::HexThenDecimal => id.trim().parse::<u128>().ok().map(|n| format!("{n:x}")),
            Self::DecimalThenHex => u128::from_str_radix(id.trim(), 16)
                .ok()
                .map(|n| n.to_string()),
        };
        IdKeys {
            exact: id.to_owned(),
            plain: plain(id),
            converted,
        }
    }
}

impl SmppReceipt {
    /// Under what to look for the message that it is about, at a centre that writes its ids so.
    #[must_use]
    pub fn keys(&self, form: IdForm) -> IdKeys {
        match self.as_answered {
            true => IdForm::Same.of_receipt(&self.id),
            false => form.of_receipt(&self.id),
        }
    }
}

fn plain(id: &str) -> String {
    let id = id.trim();
    let stripped = id.trim_start_matches('0');
    let kept = if stripped.is_empty() { id } else { stripped };
    match kept.bytes().all(|b| b.is_ascii_hexdigit()) {
        true => kept.to_ascii_lowercase(),
        // In other notations case may tell one message from another.
        false => kept.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "id:m19 sub:001 dlvrd:001 submit date:2611210132 done date:2611210132 stat:DELIVRD err:000 text:KME stat:UNDELIV id:7";

    #[test]
    fn the_text_of_a_receipt_is_read_up_to_what_was_sent() {
        let receipt = SmppReceipt::from_text(TEXT).expect("a receipt");
        assert_eq!(receipt.id, "m19");
        assert_eq!(receipt.state, MessageState::Delivered);
        assert_eq!(receipt.error.as_deref(), Some("000"));
        assert!(!receipt.words.contains("KME"));
        for (text, expected) in [
            ("stat:DELIVRD err:000", InvalidReceipt::NoId),
            ("id:7 err:000", InvalidReceipt::NoState),
            ("id:7 stat:SOON", InvalidReceipt::NoState),
            ("id: stat:DELIVRD", InvalidReceipt::NoId),
            ("text:id:7 stat:DELIVRD", InvalidReceipt::NoId),
            ("", InvalidReceipt::NoId),
        ] {
            assert_eq!(SmppReceipt::from_text(text), Err(expected), "{text}");
        }
        let odd = SmppReceipt::from_text("ID:0a Stat:undeliv Text:").expect("a receipt");
        assert_eq!(odd.state.outcome(), ReceiptOutcome::Failed);
    }

    #[test]
    fn parameters_count_before_the_text() {
        let message = ShortMessage {
            octets: TEXT.into(),
            receipted_id: Some("m20".into()),
            state: Some(5),
            ..ShortMessage::default()
        };
        let receipt = SmppReceipt::of(&message).expect("a receipt");
        assert_eq!(
            (receipt.id.as_str(), receipt.state),
            ("m20", MessageState::Undeliverable)
        );
        // The parameter has the id as the answer had it; the text has it in the other notation.
        assert!(receipt.as_answered);
        assert_eq!(receipt.keys(IdForm::DecimalThenHex).converted, None);
        let bare = ShortMessage {
            octets: Vec::new(),
            ..message
        };
        let bare = SmppReceipt::of(&bare).expect("a receipt");
        assert!(!bare.as_answered, "nothing says otherwise");
        let both = ShortMessage {
            octets: b"id:0026 stat:DELIVRD".to_vec(),
            receipted_id: Some("26".into()),
            ..ShortMessage::default()
        };
        let both = SmppReceipt::of(&both).expect("a receipt");
        let converted = both.keys(IdForm::HexThenDecimal).converted;
        assert_eq!(converted.as_deref(), Some("1a"));
    }

    #[test]
    fn an_id_longer_than_any_is_none() {
        let long = "7".repeat(MAX_ID + 1);
        let text = format!("id:{long} stat:DELIVRD");
        let refused = SmppReceipt::from_text(&text);
        assert_eq!(refused, Err(InvalidReceipt::NoId));
        let told = SmppReceipt::from_text(&text.replacen('7', "", 1));
        assert_eq!(told.map(|r| r.id.len()), Ok(MAX_ID));
    }

    #[test]
    fn every_state_has_its_number_and_word() {
        for number in 1..=8 {
            let state = MessageState::from_number(number).expect("a state");
            assert_eq!(MessageState::from_word(state.word()), Some(state));
        }
        assert_eq!(MessageState::from_number(0), None);
        assert_eq!(MessageState::Unknown.outcome(), ReceiptOutcome::Buffered);
    }

    #[test]
    fn ids_match_exactly_then_without_zeros_then_converted() {
        let same = IdForm::Same.of_receipt("0012AB");
        assert_eq!(
            (same.exact.as_str(), same.plain.as_str()),
            ("0012AB", "12ab")
        );
        assert_eq!(same.converted, None);
        assert_eq!(IdForm::Same.of_answer("12ab").plain, same.plain);
        let decimal = IdForm::HexThenDecimal.of_receipt("0000004779");
        assert_eq!(decimal.converted.as_deref(), Some("12ab"));
        let hex = IdForm::DecimalThenHex.of_receipt("12AB");
        assert_eq!(hex.converted.as_deref(), Some("4779"));
        assert_eq!(IdForm::HexThenDecimal.of_receipt("m19").converted, None);
        assert_eq!(plain("000"), "000");
        assert_eq!(plain("0m9B"), "m9B", "no number: case counts");
    }
}
