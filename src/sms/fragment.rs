use std::fmt;

use super::gateway::{Inbound, InvalidInbound};
use super::segment::{Header, Reference};
use super::smpp::Reading;
use crate::domain::Msisdn;

/// Octets of one part at most; no message holds more than 160 characters.
pub(super) const MAX_PART: usize = 1024;

/// One part of a long message of a phone, as a gateway hands it over.
#[derive(Clone, PartialEq, Eq)]
pub struct Fragment {
    /// Who sent it, when that is a number.
    pub from: Option<Msisdn>,
    /// Who sent it, as the gateway wrote it.
    pub sender: String,
    /// The number or short code it was sent to.
    pub to: String,
    /// What all parts of the message share.
    pub reference: Reference,
    /// How many parts there are.
    pub total: u8,
    /// Which one this is, from 1.
    pub number: u8,
    /// How the octets are to be read.
    pub reading: Reading,
    /// Its share of the message.
    pub octets: Vec<u8>,
}

/// What a gateway handed over from a phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FromPhone {
    /// A message.
    Whole(Inbound),
    /// A part of one.
    Part(Fragment),
}

impl Fragment {
    /// The message that these are the parts of, in whatever order; `None` when they are not all of it.
    ///
    /// The octets are joined before they are read: a character may be parted.
    #[must_use]
    pub fn join(parts: &[Self]) -> Option<Inbound> {
        let first = parts.first()?;
        let mut sorted: Vec<&Self> = parts.iter().collect();
        sorted.sort_unstable_by_key(|part| part.number);
        if !sorted.iter().map(|p| p.number).eq(1..=first.total) {
            return None;
        }
        let octets: Vec<u8> = sorted.iter().flat_map(|p| &p.octets).copied().collect();
        Some(Inbound {
            from: first.from.clone(),
            to: first.to.clone(),
            text: first.reading.text(&octets),
            id: None,
        })
    }
}

impl FromPhone {
    /// Reads decoded parameters as [`Inbound::from_parameters`] does; with the user data header `udh`, when it came
    /// with one, it may be a part. A header that does not add up is passed over.
    ///
    /// # Errors
    /// [`InvalidInbound`] when the text is missing or longer than 64 KiB, or than 1 KiB in a part.
    pub fn from_parameters<'a>(
        parameters: impl IntoIterator<Item = (&'a str, &'a str)> + Clone,
        udh: &[u8],
    ) -> Result<Self, InvalidInbound> {
        let inbound = Inbound::from_parameters(parameters.clone())?;
        let part = Header::parse(udh).ok().and_then(|header| header.part);
        let Some((reference, total, number)) = part.filter(|(_, total, _)| *total > 1) else {
            return Ok(Self::Whole(inbound));
        };
        if inbound.text.len() > MAX_PART {
            return Err(InvalidInbound::Malformed("text"));
        }
        let sender = parameters.into_iter().filter(|(name, _)| *name == "from");
        let sender = sender.last().map_or("", |(_, value)| value.trim());
        Ok(Self::Part(Fragment {
            sender: sender.chars().take(32).collect(),
            from: inbound.from,
            to: inbound.to,
            reference,
            total,
            number,
            reading: Reading::Utf8,
            octets: inbound.text.into_bytes(),
        }))
    }
}

/// Without the number and the text: they are personal.
impl fmt::Debug for Fragment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, total, .. } = self;
        let octets = self.octets.len();
        write!(f, "Fragment({number} of {total}, {octets} octets)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(from: &str, text: &str, udh: &[u8]) -> FromPhone {
        let parameters = [("from", from), ("to", "12345"), ("text", text)];
        FromPhone::from_parameters(parameters, udh).expect("complete")
    }

    #[test]
    fn a_header_makes_a_part_of_a_message_that_came_by_http() {
        let from = "+358401234567";
        let FromPhone::Part(second) = of(from, "llo ", &[5, 0, 3, 0xcc, 3, 2]) else {
            panic!("a part");
        };
        assert_eq!(second.reference, Reference::Eight(0xcc));
        assert_eq!((second.total, second.number), (3, 2));
        assert_eq!(Fragment::join(std::slice::from_ref(&second)), None);
        let part = |number, text: &str| Fragment {
            number,
            octets: text.into(),
            ..second.clone()
        };
        // Characters of several octets are not parted by the gateway, but they could be.
        let euro = "€".as_bytes();
        let first = Fragment {
            octets: [b"he", &euro[..1]].concat(),
            ..part(1, "")
        };
        let second = Fragment {
            octets: [&euro[1..], b"llo "].concat(),
            ..part(2, "")
        };
        let whole = Fragment::join(&[part(3, "world"), first, second]).expect("all of it");
        assert_eq!(whole.text, "he€llo world");
        assert_eq!(whole.from.map(|n| n.to_string()).as_deref(), Some(from));
        assert_eq!(Fragment::join(&[]), None);
        let long = "x".repeat(MAX_PART + 1);
        let refused = FromPhone::from_parameters([("text", &long[..])], &[5, 0, 3, 1, 3, 2]);
        assert_eq!(refused, Err(InvalidInbound::Malformed("text")));
    }

    #[test]
    fn without_a_header_that_says_so_a_message_is_whole() {
        for udh in [
            &[][..],
            &[5, 0, 3, 1, 1, 1],
            &[5, 0, 3, 1, 2, 3],
            &[6, 5, 4, 0x0b, 0x84, 0x23, 0xf0],
            &[9, 0],
        ] {
            let FromPhone::Whole(message) = of("Bank", "hello", udh) else {
                panic!("{udh:?}");
            };
            assert_eq!(message.text, "hello");
            assert_eq!(message.from, None);
        }
    }
}
