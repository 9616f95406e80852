use super::coding::{Alphabet, reading};
use super::wire::ShortMessage;
use crate::sms::fragment::{Fragment, FromPhone, MAX_PART};
use crate::sms::gateway::Inbound;
use crate::sms::segment::{Header, Reference};

/// What a centre hands over from a phone; `alphabet` is what its data coding 0 means. A user data header that does
/// not add up is taken for a part of the text, which then shows it; a part that is longer than any can be is a message.
#[must_use]
pub fn from_phone(message: &ShortMessage, alphabet: Alphabet) -> FromPhone {
    let (part, payload) = content(message);
    let reading = reading(message.data_coding, alphabet);
    let (from, to) = (message.source.number(), message.destination.to_string());
    let part = part.filter(|(_, total, _)| *total > 1 && payload.len() <= MAX_PART);
    match part {
        Some((reference, total, number)) => FromPhone::Part(Fragment {
            from,
            sender: message.source.to_string(),
            to,
            reference,
            total,
            number,
            reading,
            octets: payload.to_vec(),
        }),
        None => FromPhone::Whole(Inbound {
            from,
            to,
            text: reading.text(payload),
            id: None,
        }),
    }
}

type Part = (Reference, u8, u8);

/// Which part of a long message it is, and the octets of the text.
fn content(message: &ShortMessage) -> (Option<Part>, &[u8]) {
    let octets = &message.octets[..];
    let sar = message
        .sar
        .filter(|(_, total, number)| (1..=*total).contains(number))
        .map(|(reference, total, number)| (Reference::Sixteen(reference), total, number));
    if !message.has_header() {
        return (sar, octets);
    }
    let length = octets.first().map_or(0, |l| usize::from(*l) + 1);
    let Some((header, payload)) = octets.split_at_checked(length) else {
        return (sar, octets);
    };
    match Header::parse(header) {
        Ok(header) => {
            // Parameters count where the header says nothing of parts.
            (header.part.or(sar), payload)
        }
        Err(_) => (sar, octets),
    }
}

#[cfg(test)]
mod tests {
    use super::super::submit::{SubmitSettings, submits};
    use super::*;
    use crate::sms::options::SendOptions;

    fn parts(text: &str, reference: u16, wide: bool) -> Vec<Fragment> {
        let settings = SubmitSettings {
            wide_reference: wide,
            ..SubmitSettings::default()
        };
        let to = "+358401234567".parse().expect("valid");
        let all = submits(&to, text, &SendOptions::default(), reference, &settings);
        let all = all.expect("short");
        all.iter().map(part).collect()
    }

    fn part(message: &ShortMessage) -> Fragment {
        match from_phone(message, Alphabet::Gsm) {
            FromPhone::Part(part) => part,
            FromPhone::Whole(whole) => panic!("{whole:?}"),
        }
    }

    #[test]
    fn long_messages_are_whole_in_whatever_order_their_parts_came() {
        for text in ["abc€[]".repeat(60), "Жёлтая лодка 😀 ".repeat(20)] {
            for (wide, reference) in [
                (false, Reference::Eight(0xa5)),
                (true, Reference::Sixteen(0x12a5)),
            ] {
                let mut parts = parts(&text, 0x12a5, wide);
                assert!(parts.iter().all(|p| p.reference == reference));
                parts.reverse();
                let whole = Fragment::join(&parts).expect("all of it");
                assert_eq!(whole.text, text);
                assert_eq!(whole.to, "+358401234567");
                assert_eq!(Fragment::join(&parts[1..]), None);
            }
        }
    }

    #[test]
    fn parts_that_are_numbered_by_parameters_are_joined_too() {
        let message = |number, octets: &[u8]| ShortMessage {
            sar: Some((7, 2, number)),
            octets: octets.to_vec(),
            ..ShortMessage::default()
        };
        let parts = [part(&message(2, b"world")), part(&message(1, b"hello "))];
        assert_eq!(Fragment::join(&parts).expect("whole").text, "hello world");
        // A number that cannot be is none.
        let long = [b'x'; MAX_PART + 1];
        assert_eq!(part(&message(1, &long[1..])).octets.len(), MAX_PART);
        for odd in [message(3, b"x"), message(1, &long)] {
            let odd = from_phone(&odd, Alphabet::Gsm);
            assert!(matches!(odd, FromPhone::Whole(_)), "{odd:?}");
        }
    }

    #[test]
    fn a_header_that_does_not_add_up_is_text() {
        for octets in [&[0x20, b'a'][..], &[], &[2, 0, 9]] {
            let message = ShortMessage {
                esm_class: 0x40,
                octets: octets.to_vec(),
                ..ShortMessage::default()
            };
            let FromPhone::Whole(whole) = from_phone(&message, Alphabet::Gsm) else {
                panic!("{octets:?}");
            };
            assert_eq!(whole.text.chars().count(), octets.len());
        }
    }
}
