use std::fmt;
use std::str::FromStr;

use crate::sms::gsm7;
use crate::sms::segment::Encoding;

/// What a centre takes its default alphabet, data coding 0, to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Alphabet {
    /// GSM 03.38, one septet an octet.
    #[default]
    Gsm,
    /// ISO 8859-1.
    #[serde(rename = "latin-1")]
    Latin1,
    /// ASCII.
    Ascii,
}

/// How the octets of a message that came in are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// As characters of this alphabet.
    In(Alphabet),
    /// As UTF-16, big endian.
    Utf16,
    /// As UTF-8: a gateway has read it already.
    Utf8,
    /// As octets.
    Binary,
}

impl Alphabet {
    /// The octets of septets of the GSM alphabet; `None` when a character is not in this one.
    pub(super) fn octets_of(self, septets: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Gsm => Some(septets.to_vec()),
            Self::Latin1 | Self::Ascii => {
                let text = gsm7::decode(septets);
                text.chars().map(|c| self.octet(c)).collect()
            }
        }
    }

    /// Whether a text of the GSM alphabet can be written in this one.
    pub(super) fn has(self, text: &str) -> bool {
        match self {
            Self::Gsm => true,
            Self::Latin1 | Self::Ascii => text.chars().all(|c| self.octet(c).is_some()),
        }
    }

    fn octet(self, c: char) -> Option<u8> {
        let octet = u8::try_from(u32::from(c)).ok()?;
        (self == Self::Latin1 || octet.is_ascii()).then_some(octet)
    }

    fn text(self, octets: &[u8]) -> String {
        match self {
            Self::Gsm => gsm7::decode(octets),
            // What is not ASCII under that name is Latin-1 in practice.
            Self::Latin1 | Self::Ascii => octets.iter().copied().map(char::from).collect(),
        }
    }
}

impl fmt::Display for Alphabet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gsm => "GSM 03.38",
            Self::Latin1 => "ISO 8859-1",
            Self::Ascii => "ASCII",
        })
    }
}

impl FromStr for Alphabet {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "gsm" => Ok(Self::Gsm),
            "latin-1" => Ok(Self::Latin1),
            "ascii" => Ok(Self::Ascii),
            _ => Err("an alphabet is gsm, latin-1 or ascii"),
        }
    }
}

/// The data coding to send with (SMPP 3.4 §5.2.19, 3GPP TS 23.038 §4): flash is message class 0.
pub(super) const fn data_coding(encoding: Encoding, flash: bool) -> u8 {
    match (encoding, flash) {
        (Encoding::Gsm7, false) => 0x00,
        (Encoding::Gsm7, true) => 0x10,
        (Encoding::Binary, false) => 0x04,
        (Encoding::Binary, true) => 0x14,
        (Encoding::Ucs2, false) => 0x08,
        (Encoding::Ucs2, true) => 0x18,
    }
}

/// How a data coding is to be read.
pub(super) const fn reading(data_coding: u8, default: Alphabet) -> Reading {
    match data_coding {
        0x00 | 0x10..=0x13 | 0x40..=0x43 | 0x50..=0x53 => Reading::In(default),
        0x01 => Reading::In(Alphabet::Ascii),
        0x03 => Reading::In(Alphabet::Latin1),
        0x02 | 0x04 | 0x05..=0x07 | 0x09..=0x0f => Reading::Binary,
        0x08 => Reading::Utf16,
        // 00xx and 01xx, general data coding: bits 3 and 2 are the alphabet.
        0x14..=0x7f => match data_coding & 0x0c {
            0x00 => Reading::In(default),
            0x08 => Reading::Utf16,
            _ => Reading::Binary,
        },
        // Message waiting: stored text in the default alphabet, or in UCS-2.
        0xc0..=0xdf => Reading::In(default),
        0xe0..=0xef => Reading::Utf16,
        // Message class: bit 2 says octets.
        0xf0..=0xff if data_coding & 0x04 != 0 => Reading::Binary,
        0xf0..=0xff => Reading::In(default),
        _ => Reading::Binary,
    }
}

impl Reading {
    /// The text; octets that are none are shown as hexadecimal digits.
    #[must_use]
    pub fn text(self, octets: &[u8]) -> String {
        match self {
            Self::In(alphabet) => alphabet.text(octets),
            Self::Utf16 => {
                let (pairs, _) = octets.as_chunks::<2>();
                let units: Vec<u16> = pairs.iter().map(|p| u16::from_be_bytes(*p)).collect();
                String::from_utf16_lossy(&units)
            }
            Self::Utf8 => String::from_utf8_lossy(octets).into_owned(),
            Self::Binary => data_encoding::HEXLOWER.encode(octets),
        }
    }

    /// The word under which it is stored.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::In(Alphabet::Gsm) => "gsm",
            Self::In(Alphabet::Latin1) => "latin-1",
            Self::In(Alphabet::Ascii) => "ascii",
            Self::Utf16 => "utf-16",
            Self::Utf8 => "utf-8",
            Self::Binary => "octets",
        }
    }

    pub(super) fn words(self) -> String {
        match self {
            Self::In(alphabet) => alphabet.to_string(),
            Self::Utf16 => "UCS-2".to_owned(),
            Self::Utf8 => "UTF-8".to_owned(),
            Self::Binary => "octets".to_owned(),
        }
    }
}

impl FromStr for Reading {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "utf-16" => Ok(Self::Utf16),
            "utf-8" => Ok(Self::Utf8),
            "octets" => Ok(Self::Binary),
            _ => text.parse().map(Self::In),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_is_found_again_by_its_word() {
        let alphabets = [Alphabet::Gsm, Alphabet::Latin1, Alphabet::Ascii].map(Reading::In);
        let others = [Reading::Utf16, Reading::Utf8, Reading::Binary];
        for reading in alphabets.into_iter().chain(others) {
            assert_eq!(reading.word().parse(), Ok(reading));
        }
        assert!("utf-32".parse::<Reading>().is_err());
        assert_eq!(Reading::Utf8.text("ä".as_bytes()), "ä");
    }

    #[test]
    fn what_is_sent_is_read_in_the_same_way() {
        for (encoding, expected) in [
            (Encoding::Gsm7, Reading::In(Alphabet::Gsm)),
            (Encoding::Ucs2, Reading::Utf16),
            (Encoding::Binary, Reading::Binary),
        ] {
            for flash in [false, true] {
                let coding = data_coding(encoding, flash);
                assert_eq!(reading(coding, Alphabet::Gsm), expected, "{coding:02x}");
            }
        }
        assert_eq!(reading(0xf0, Alphabet::Gsm), Reading::In(Alphabet::Gsm));
        assert_eq!(reading(0xf5, Alphabet::Gsm), Reading::Binary);
        assert_eq!(reading(0x03, Alphabet::Gsm).text(&[0xe4]), "ä");
        assert_eq!(reading(0x00, Alphabet::Latin1).text(b"a@b"), "a@b");
        assert_eq!(reading(0x00, Alphabet::Gsm).text(&[0x61, 0x00]), "a@");
        assert_eq!(reading(0x04, Alphabet::Gsm).text(&[0x01, 0xab]), "01ab");
    }

    #[test]
    fn the_centres_alphabet_decides_about_the_octets() {
        // @ is 0 in the GSM alphabet, ä is 0x7b.
        assert_eq!(
            Alphabet::Gsm.octets_of(&[0x00, 0x7b]),
            Some(vec![0x00, 0x7b])
        );
        assert_eq!(
            Alphabet::Latin1.octets_of(&[0x00, 0x7b]),
            Some(vec![0x40, 0xe4])
        );
        assert_eq!(Alphabet::Ascii.octets_of(&[0x00]), Some(vec![0x40]));
        assert_eq!(Alphabet::Ascii.octets_of(&[0x7b]), None);
        assert!(!Alphabet::Latin1.has("€"));
    }
}
