use super::address::Address;
use super::coding::{Alphabet, data_coding};
use super::period::relative_time;
use super::wire::ShortMessage;
use crate::domain::Msisdn;
use crate::sms::options::SendOptions;
use crate::sms::segment::{
    Encoding, InvalidSegments, Reference, Segment, split, split_octets, split_wide,
};

/// How a centre wants its messages.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SubmitSettings {
    /// Who sends; empty leaves it to the centre.
    pub from: String,
    /// What data coding 0 means there.
    pub alphabet: Alphabet,
    /// Whether long messages have a 16-bit reference.
    pub wide_reference: bool,
    /// `registered_delivery`: 1 asks for every final receipt, 0 for none.
    pub registered_delivery: u8,
    /// Service type; empty for the usual one.
    pub service_type: String,
}

/// The PDUs of a message, one for each segment, each with the same options.
///
/// # Errors
/// [`InvalidSegments`] when it takes more than 255 segments.
pub fn submits(
    to: &Msisdn,
    text: &str,
    options: &SendOptions,
    reference: u16,
    settings: &SubmitSettings,
) -> Result<Vec<ShortMessage>, InvalidSegments> {
    let [_, low] = reference.to_be_bytes();
    let number = if settings.wide_reference {
        Reference::Sixteen(reference)
    } else {
        Reference::Eight(low)
    };
    let segments = match &options.octets {
        Some(octets) => split_octets(octets, options.ports, number)?,
        None if settings.alphabet.has(text) => split(text, options.ports, number)?,
        // A character that the centre's own alphabet does not have.
        None => split_wide(text, options.ports, number)?,
    };
    let period = |time: Option<std::time::Duration>| time.map(relative_time).unwrap_or_default();
    let message = |segment: Segment| {
        let payload = match segment.encoding {
            Encoding::Gsm7 => settings
                .alphabet
                .octets_of(&segment.payload)
                .unwrap_or(segment.payload),
            Encoding::Ucs2 | Encoding::Binary => segment.payload,
        };
        let esm_class = if segment.header.is_empty() { 0 } else { 0x40 };
        let mut octets = segment.header;
        octets.extend(payload);
        ShortMessage {
            service_type: settings.service_type.clone(),
            source: Address::sender(&settings.from),
            destination: Address::international(to),
            esm_class,
            priority: options.priority.unwrap_or(0),
            schedule: period(options.deferred),
            validity: period(options.validity),
            registered_delivery: settings.registered_delivery,
            data_coding: data_coding(segment.encoding, options.flash),
            octets,
            ..ShortMessage::default()
        }
    };
    Ok(segments.into_iter().map(message).collect())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn settings() -> SubmitSettings {
        SubmitSettings {
            from: "12345".into(),
            registered_delivery: 1,
            ..SubmitSettings::default()
        }
    }

    fn of(text: &str, options: &SendOptions, settings: &SubmitSettings) -> Vec<ShortMessage> {
        let to = "+358401234567".parse().expect("valid");
        submits(&to, text, options, 0x1234, settings).expect("short enough")
    }

    #[test]
    fn every_segment_has_all_options() {
        let options = SendOptions {
            flash: true,
            validity: Some(Duration::from_secs(3600)),
            deferred: Some(Duration::from_secs(60)),
            priority: Some(2),
            ..SendOptions::default()
        };
        let messages = of(&"x".repeat(400), &options, &settings());
        assert_eq!(messages.len(), 3);
        for (number, message) in (1..).zip(&messages) {
            assert_eq!(message.esm_class, 0x40);
            assert_eq!(message.data_coding, 0x10);
            assert_eq!(message.validity, "000000010000000R");
            assert_eq!(message.schedule, "000000000100000R");
            assert_eq!((message.priority, message.registered_delivery), (2, 1));
            assert_eq!(message.octets[..6], [5, 0, 3, 0x34, 3, number]);
            assert_eq!(message.destination.text, "358401234567");
        }
        // 159 octets: the header and 153 unpacked septets, not 133 or 140.
        assert_eq!(messages[0].octets.len(), 159);
    }

    #[test]
    fn references_have_sixteen_bits_where_the_centre_is_set_so() {
        let wide = SubmitSettings {
            wide_reference: true,
            ..settings()
        };
        let messages = of(&"x".repeat(161), &SendOptions::default(), &wide);
        assert_eq!(messages[1].octets[..7], [6, 8, 4, 0x12, 0x34, 2, 2]);
        assert_eq!(messages[0].octets.len(), 7 + 152);
    }

    #[test]
    fn octets_and_ports_travel_as_they_are() {
        let options = SendOptions {
            octets: Some(vec![0xff; 140]),
            ports: Some((2948, 9200)),
            ..SendOptions::default()
        };
        let messages = of("", &options, &settings());
        assert_eq!(messages.len(), 2);
        assert_eq!(messages[0].data_coding, 0x04);
        assert_eq!(
            messages[0].octets[..7],
            [0x0b, 5, 4, 0x0b, 0x84, 0x23, 0xf0]
        );
        assert_eq!(messages[0].octets.len(), 140);
    }

    #[test]
    fn a_character_that_the_centre_does_not_have_makes_it_ucs_2() {
        let latin = SubmitSettings {
            alphabet: Alphabet::Latin1,
            ..settings()
        };
        let plain = SendOptions::default();
        assert_eq!(of("a@ä", &plain, &latin)[0].octets, [0x61, 0x40, 0xe4]);
        let euro = of("€", &plain, &latin);
        assert_eq!(
            (euro[0].data_coding, &euro[0].octets[..]),
            (8, &[0x20, 0xac][..])
        );
        assert_eq!(of("€", &plain, &settings())[0].octets, [0x1b, 0x65]);
    }
}
