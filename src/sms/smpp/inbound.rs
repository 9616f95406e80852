use std::collections::HashMap;
use std::time::Duration;

use super::address::Address;
use super::coding::{Alphabet, Reading, reading};
use super::wire::ShortMessage;
use crate::sms::segment::{Header, Reference};

/// Long messages of which something is still missing.
pub const MAX_UNFINISHED: usize = 1000;

/// How long the rest of a long message may take.
const PATIENCE: Duration = Duration::from_secs(3600);

/// A message of a phone, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phone {
    /// Who sent it.
    pub from: Address,
    /// The number or short code it was sent to.
    pub to: Address,
    /// What it says; octets that are no text as hexadecimal digits.
    pub text: String,
    /// Whether it is octets.
    pub binary: bool,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    from: Address,
    to: Address,
    reference: (bool, u16),
    total: u8,
}

struct Unfinished {
    since: Duration,
    reading: Reading,
    parts: Vec<Option<Vec<u8>>>,
}

/// Puts long messages together. Time is a `Duration` since any fixed moment.
pub struct Assembler {
    alphabet: Alphabet,
    unfinished: HashMap<Key, Unfinished>,
}

impl Assembler {
    /// For a centre whose data coding 0 is this alphabet.
    #[must_use]
    pub fn new(alphabet: Alphabet) -> Self {
        Self {
            alphabet,
            unfinished: HashMap::new(),
        }
    }

    /// Takes one message; the whole one when nothing is missing any more. A user data header that does not add up
    /// is taken for a part of the text, which then shows it.
    pub fn take(&mut self, now: Duration, message: &ShortMessage) -> Option<Phone> {
        let (part, payload) = content(message);
        let reading = reading(message.data_coding, self.alphabet);
        let phone = |octets: &[u8], reading: Reading| Phone {
            from: message.source.clone(),
            to: message.destination.clone(),
            text: reading.text(octets),
            binary: reading == Reading::Binary,
        };
        let Some((reference, total, number)) = part.filter(|(_, total, _)| *total > 1) else {
            return Some(phone(payload, reading));
        };
        self.unfinished
            .retain(|_, u| now.saturating_sub(u.since) < PATIENCE);
        let key = Key {
            from: message.source.clone(),
            to: message.destination.clone(),
            reference,
            total,
        };
        if self.unfinished.len() >= MAX_UNFINISHED && !self.unfinished.contains_key(&key) {
            self.forget_oldest();
        }
        let unfinished = self
            .unfinished
            .entry(key.clone())
            .or_insert_with(|| Unfinished {
                since: now,
                reading,
                parts: vec![None; usize::from(total)],
            });
        // 1 to total: the header was checked.
        if let Some(place) = unfinished.parts.get_mut(usize::from(number) - 1) {
            *place = Some(payload.to_vec());
        }
        if unfinished.parts.iter().any(Option::is_none) {
            return None;
        }
        let whole = self.unfinished.remove(&key)?;
        let octets: Vec<u8> = whole.parts.into_iter().flatten().flatten().collect();
        Some(phone(&octets, whole.reading))
    }

    /// Long messages of which something is missing.
    #[must_use]
    pub fn unfinished(&self) -> usize {
        self.unfinished.len()
    }

    fn forget_oldest(&mut self) {
        let oldest = self.unfinished.iter().min_by_key(|(_, u)| u.since);
        if let Some(key) = oldest.map(|(key, _)| key.clone()) {
            self.unfinished.remove(&key);
        }
    }
}

type Part = ((bool, u16), u8, u8);

/// Which part of a long message it is, and the octets of the text.
fn content(message: &ShortMessage) -> (Option<Part>, &[u8]) {
    let octets = &message.octets[..];
    let sar = message
        .sar
        .filter(|(_, total, number)| (1..=*total).contains(number))
        .map(|(reference, total, number)| ((true, reference), total, number));
    if !message.has_header() {
        return (sar, octets);
    }
    let length = octets.first().map_or(0, |l| usize::from(*l) + 1);
    let Some((header, payload)) = octets.split_at_checked(length) else {
        return (sar, octets);
    };
    match Header::parse(header) {
        Ok(header) => {
            let part = header.part.map(|(reference, total, number)| {
                let reference = match reference {
                    Reference::Eight(r) => (false, u16::from(r)),
                    Reference::Sixteen(r) => (true, r),
                };
                (reference, total, number)
            });
            (part.or(sar), payload)
        }
        Err(_) => (sar, octets),
    }
}

#[cfg(test)]
mod tests {
    use super::super::submit::{SubmitSettings, submits};
    use super::*;
    use crate::sms::options::SendOptions;

    fn parts(text: &str, reference: u16, wide: bool) -> Vec<ShortMessage> {
        let settings = SubmitSettings {
            wide_reference: wide,
            ..SubmitSettings::default()
        };
        let to = "+358401234567".parse().expect("valid");
        submits(&to, text, &SendOptions::default(), reference, &settings).expect("short")
    }

    #[test]
    fn long_messages_are_whole_in_whatever_order_their_parts_came() {
        let now = Duration::ZERO;
        for text in ["abc€[]".repeat(60), "Жёлтая лодка 😀 ".repeat(20)] {
            let mut assembler = Assembler::new(Alphabet::Gsm);
            let mut one = parts(&text, 1, false);
            let two = parts(&text, 1, true);
            one.reverse();
            let mut whole = Vec::new();
            for message in one.iter().chain(&two) {
                // A repeat changes nothing.
                whole.extend(assembler.take(now, message));
                if one.last() != Some(message) && two.last() != Some(message) {
                    assert_eq!(assembler.take(now, message), None);
                }
            }
            let texts: Vec<&str> = whole.iter().map(|p| p.text.as_str()).collect();
            assert_eq!(texts, [text.as_str(), text.as_str()]);
            assert_eq!(assembler.unfinished(), 0);
        }
    }

    #[test]
    fn parts_that_are_numbered_by_parameters_are_joined_too() {
        let mut assembler = Assembler::new(Alphabet::Gsm);
        let part = |number, octets: &[u8]| ShortMessage {
            sar: Some((7, 2, number)),
            octets: octets.to_vec(),
            ..ShortMessage::default()
        };
        assert_eq!(assembler.take(Duration::ZERO, &part(2, b"world")), None);
        let whole = assembler.take(Duration::ZERO, &part(1, b"hello "));
        assert_eq!(whole.expect("whole").text, "hello world");
        // A number that cannot be is none.
        assert!(assembler.take(Duration::ZERO, &part(3, b"x")).is_some());
    }

    #[test]
    fn what_is_never_finished_is_forgotten() {
        let mut assembler = Assembler::new(Alphabet::Gsm);
        let text = "x".repeat(161);
        for reference in 0..1200 {
            let first = &parts(&text, reference, true)[0];
            assert_eq!(assembler.take(Duration::ZERO, first), None);
        }
        assert_eq!(assembler.unfinished(), MAX_UNFINISHED);
        let late = &parts(&text, 1199, true)[1];
        assert_eq!(assembler.take(PATIENCE, late), None);
        assert_eq!(assembler.unfinished(), 1);
    }

    #[test]
    fn a_header_that_does_not_add_up_is_text() {
        let mut assembler = Assembler::new(Alphabet::Gsm);
        for octets in [&[0x20, b'a'][..], &[], &[2, 0, 9]] {
            let message = ShortMessage {
                esm_class: 0x40,
                octets: octets.to_vec(),
                ..ShortMessage::default()
            };
            assert!(assembler.take(Duration::ZERO, &message).is_some());
        }
    }
}
