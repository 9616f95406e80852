use std::fmt;

use super::gsm7;

/// The most segments that concatenation can count.
const MAX_SEGMENTS: usize = 255;

/// Octets of user data in one text message (3GPP TS 23.040 §9.2.3.16).
const USER_DATA: usize = 140;

/// How characters travel (3GPP TS 23.038 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
pub enum Encoding {
    /// The 7-bit default alphabet with its extension table.
    #[serde(rename = "gsm-7")]
    Gsm7,
    /// UTF-16, big endian.
    #[serde(rename = "ucs-2")]
    Ucs2,
    /// Octets that are no text, as in a WAP push.
    #[serde(rename = "binary")]
    Binary,
}

/// The number that all segments of one text share (3GPP TS 23.040 §9.2.3.24.1 and .8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reference {
    /// Element 0x00.
    Eight(u8),
    /// Element 0x08.
    Sixteen(u16),
}

/// What a user data header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Header {
    /// Destination and source port (element 0x05).
    pub ports: Option<(u16, u16)>,
    /// Reference, how many segments there are, and which one this is, from 1.
    pub part: Option<(Reference, u8, u8)>,
}

/// One text message's worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// How the payload is to be read.
    pub encoding: Encoding,
    /// The user data header with its length octet; empty when there is none.
    pub header: Vec<u8>,
    /// Septets one an octet for [`Encoding::Gsm7`], octets otherwise.
    pub payload: Vec<u8>,
}

/// How long a text is on the air.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Meter {
    /// How its characters travel.
    pub encoding: Encoding,
    /// Septets or UTF-16 units that it needs.
    pub units: usize,
    /// Septets or units that the messages it takes can hold.
    pub capacity: usize,
    /// Text messages that it takes.
    pub segments: usize,
}

/// Why something cannot be split or joined.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSegments {
    /// More than 255 segments.
    #[error("a text takes at most 255 messages, this one needs {0}")]
    TooLong(usize),
    /// A user data header whose lengths do not add up, or whose part is not 1 to total.
    #[error("a user data header is malformed")]
    Header,
    /// Some are missing, double, or of another text.
    #[error("the segments are not those of one text")]
    NotOneText,
    /// The octets are not UTF-16.
    #[error("the octets are not UTF-16")]
    NotUtf16,
}

impl Encoding {
    /// Septets, UTF-16 units or octets that fit beside a header of `header` octets.
    #[must_use]
    pub const fn capacity(self, header: usize) -> usize {
        let octets = USER_DATA.saturating_sub(header);
        match self {
            Self::Gsm7 => octets * 8 / 7,
            Self::Ucs2 => octets / 2,
            Self::Binary => octets,
        }
    }

    /// What [`Self::capacity`] counts.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Gsm7 => "septets",
            Self::Ucs2 => "UTF-16 units",
            Self::Binary => "octets",
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gsm7 => "GSM-7",
            Self::Ucs2 => "UCS-2",
            Self::Binary => "binary",
        })
    }
}

impl Header {
    /// The header with its length octet; empty when it says nothing.
    #[must_use]
    pub fn to_octets(self) -> Vec<u8> {
        let mut body = Vec::new();
        if let Some((destination, source)) = self.ports {
            body.extend([0x05, 0x04]);
            body.extend(destination.to_be_bytes());
            body.extend(source.to_be_bytes());
        }
        match self.part {
            Some((Reference::Eight(r), total, number)) => {
                body.extend([0x00, 0x03, r, total, number]);
            }
            Some((Reference::Sixteen(r), total, number)) => {
                let [high, low] = r.to_be_bytes();
                body.extend([0x08, 0x04, high, low, total, number]);
            }
            None => {}
        }
        if let Ok(length @ 1..) = u8::try_from(body.len()) {
            body.insert(0, length);
        }
        body
    }

    /// Reads a header with its length octet. Elements that it does not know are passed over, and the
    /// last of several of one kind counts (3GPP TS 23.040 §9.2.3.24).
    ///
    /// # Errors
    /// [`InvalidSegments::Header`] when the lengths do not add up.
    pub fn parse(octets: &[u8]) -> Result<Self, InvalidSegments> {
        let mut header = Self::default();
        let Some((length, mut rest)) = octets.split_first() else {
            return Ok(header);
        };
        if usize::from(*length) != rest.len() {
            return Err(InvalidSegments::Header);
        }
        while let [element, length, tail @ ..] = rest {
            let (data, after) = tail
                .split_at_checked(usize::from(*length))
                .ok_or(InvalidSegments::Header)?;
            match (element, data) {
                (0x00, [r, total, number]) => {
                    header.part = Some((Reference::Eight(*r), *total, *number));
                }
                (0x08, [high, low, total, number]) => {
                    let r = u16::from_be_bytes([*high, *low]);
                    header.part = Some((Reference::Sixteen(r), *total, *number));
                }
                (0x05, [d1, d2, s1, s2]) => {
                    header.ports = Some((
                        u16::from_be_bytes([*d1, *d2]),
                        u16::from_be_bytes([*s1, *s2]),
                    ));
                }
                (0x00 | 0x08 | 0x05, _) => return Err(InvalidSegments::Header),
                _ => {}
            }
            rest = after;
        }
        if !rest.is_empty() {
            return Err(InvalidSegments::Header);
        }
        // §9.2.3.24.1: a part outside 1..=total makes the element void.
        header.part = header.part.filter(|(_, total, n)| (1..=*total).contains(n));
        Ok(header)
    }
}

impl Segment {
    /// The user data as it is on the air: header, fill bits, packed septets or octets; at most 140 octets.
    #[must_use]
    pub fn user_data(&self) -> Vec<u8> {
        let mut octets = self.header.clone();
        match self.encoding {
            Encoding::Gsm7 => {
                let fill = (7 - (8 * self.header.len()) % 7) % 7;
                octets.extend(gsm7::pack(&self.payload, fill));
            }
            Encoding::Ucs2 | Encoding::Binary => octets.extend(&self.payload),
        }
        octets
    }
}

impl Segment {
    /// The characters of this segment alone; `None` of octets that are no text.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        match self.encoding {
            Encoding::Gsm7 => Some(gsm7::decode(&self.payload)),
            Encoding::Ucs2 => {
                let (pairs, _) = self.payload.as_chunks::<2>();
                let units: Vec<u16> = pairs.iter().map(|p| u16::from_be_bytes(*p)).collect();
                Some(String::from_utf16_lossy(&units))
            }
            Encoding::Binary => None,
        }
    }
}

impl Meter {
    /// Measures a text that goes out without ports, with an 8-bit reference if it takes several messages.
    ///
    /// # Errors
    /// [`InvalidSegments::TooLong`] above 255 messages.
    pub fn of(text: &str) -> Result<Self, InvalidSegments> {
        let segments = split(text, None, Reference::Eight(0))?;
        let encoding = segments.first().map_or(Encoding::Gsm7, |s| s.encoding);
        let size = match encoding {
            Encoding::Ucs2 => 2,
            _ => 1,
        };
        let header = segments.first().map_or(0, |s| s.header.len());
        Ok(Self {
            encoding,
            units: segments.iter().map(|s| s.payload.len() / size).sum(),
            capacity: encoding.capacity(header) * segments.len(),
            segments: segments.len(),
        })
    }
}

impl fmt::Display for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}, {} of {} {}, {} message{}",
            self.encoding,
            self.units,
            self.capacity,
            self.encoding.unit(),
            self.segments,
            if self.segments == 1 { "" } else { "s" }
        )
    }
}

/// Splits a text into messages: in the 7-bit alphabet if every character is there, else in UTF-16.
/// Neither an escape nor a surrogate pair is ever parted. A text that fits has no reference.
///
/// # Errors
/// [`InvalidSegments::TooLong`] above 255 messages.
pub fn split(
    text: &str,
    ports: Option<(u16, u16)>,
    reference: Reference,
) -> Result<Vec<Segment>, InvalidSegments> {
    let seven: Option<Vec<Vec<u8>>> = text
        .chars()
        .map(|c| {
            gsm7::encode(c).map(|(escape, septet)| escape.into_iter().chain([septet]).collect())
        })
        .collect();
    let (encoding, atoms) = match seven {
        Some(atoms) => (Encoding::Gsm7, atoms),
        None => (Encoding::Ucs2, text.chars().map(utf16_octets).collect()),
    };
    split_atoms(encoding, &atoms, ports, reference)
}

/// Splits a text into messages in UTF-16, also when the 7-bit alphabet would do.
///
/// # Errors
/// [`InvalidSegments::TooLong`] above 255 messages.
pub fn split_wide(
    text: &str,
    ports: Option<(u16, u16)>,
    reference: Reference,
) -> Result<Vec<Segment>, InvalidSegments> {
    let atoms: Vec<Vec<u8>> = text.chars().map(utf16_octets).collect();
    split_atoms(Encoding::Ucs2, &atoms, ports, reference)
}

/// Splits octets that are no text, as a WAP push, into messages.
///
/// # Errors
/// [`InvalidSegments::TooLong`] above 255 messages.
pub fn split_octets(
    octets: &[u8],
    ports: Option<(u16, u16)>,
    reference: Reference,
) -> Result<Vec<Segment>, InvalidSegments> {
    let atoms: Vec<Vec<u8>> = octets.iter().map(|b| vec![*b]).collect();
    split_atoms(Encoding::Binary, &atoms, ports, reference)
}

fn utf16_octets(c: char) -> Vec<u8> {
    let mut units = [0; 2];
    c.encode_utf16(&mut units)
        .iter()
        .flat_map(|u| u.to_be_bytes())
        .collect()
}

fn split_atoms(
    encoding: Encoding,
    atoms: &[Vec<u8>],
    ports: Option<(u16, u16)>,
    reference: Reference,
) -> Result<Vec<Segment>, InvalidSegments> {
    let octets_per_unit = if encoding == Encoding::Ucs2 { 2 } else { 1 };
    let room = |header: &Header| encoding.capacity(header.to_octets().len()) * octets_per_unit;
    let whole = Header { ports, part: None };
    if atoms.iter().map(Vec::len).sum::<usize>() <= room(&whole) {
        return Ok(vec![Segment {
            encoding,
            header: whole.to_octets(),
            payload: atoms.concat(),
        }]);
    }
    let capacity = room(&Header {
        ports,
        part: Some((reference, 1, 1)),
    });
    let mut payloads: Vec<Vec<u8>> = vec![Vec::new()];
    for atom in atoms {
        if payloads
            .last()
            .is_none_or(|p| p.len() + atom.len() > capacity)
        {
            payloads.push(Vec::new());
        }
        if let Some(last) = payloads.last_mut() {
            last.extend(atom);
        }
    }
    let total = u8::try_from(payloads.len())
        .ok()
        .filter(|n| usize::from(*n) <= MAX_SEGMENTS)
        .ok_or(InvalidSegments::TooLong(payloads.len()))?;
    Ok((1..=total)
        .zip(payloads)
        .map(|(number, payload)| Segment {
            encoding,
            header: Header {
                ports,
                part: Some((reference, total, number)),
            }
            .to_octets(),
            payload,
        })
        .collect())
}

/// Puts the segments of one text together again, in whatever order they came.
///
/// # Errors
/// [`InvalidSegments`] when they are not exactly those of one text.
pub fn join(segments: &[Segment]) -> Result<String, InvalidSegments> {
    let encoding = segments
        .first()
        .ok_or(InvalidSegments::NotOneText)?
        .encoding;
    let mut parts = Vec::with_capacity(segments.len());
    let mut shared = None;
    for segment in segments {
        let header = Header::parse(&segment.header)?;
        let (reference, total, number) = header
            .part
            .map_or((None, 1, 1), |(r, t, n)| (Some(r), t, n));
        let same = *shared.get_or_insert((reference, total, header.ports));
        if same != (reference, total, header.ports) || segment.encoding != encoding {
            return Err(InvalidSegments::NotOneText);
        }
        parts.push((number, segment.payload.as_slice()));
    }
    parts.sort_unstable_by_key(|(number, _)| *number);
    let total = shared.map_or(0, |(_, total, _)| total);
    if !parts.iter().map(|(number, _)| *number).eq(1..=total) {
        return Err(InvalidSegments::NotOneText);
    }
    let payload: Vec<u8> = parts
        .into_iter()
        .flat_map(|(_, p)| p.iter().copied())
        .collect();
    match encoding {
        Encoding::Gsm7 => Ok(gsm7::decode(&payload)),
        Encoding::Ucs2 => {
            let (pairs, rest) = payload.as_chunks::<2>();
            let units: Vec<u16> = pairs.iter().map(|p| u16::from_be_bytes(*p)).collect();
            if !rest.is_empty() {
                return Err(InvalidSegments::NotUtf16);
            }
            String::from_utf16(&units).map_err(|_| InvalidSegments::NotUtf16)
        }
        Encoding::Binary => Err(InvalidSegments::NotOneText),
    }
}

#[cfg(test)]
#[path = "segment_tests.rs"]
mod tests;
