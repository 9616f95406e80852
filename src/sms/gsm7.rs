/// The escape to the extension table (3GPP TS 23.038 §6.2.1.1).
pub(super) const ESCAPE: u8 = 0x1b;

/// 3GPP TS 23.038 §6.2.1, default alphabet; the escape's place is never looked up.
const BASIC: [char; 128] = [
    '@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å', //
    'Δ', '_', 'Φ', 'Γ', 'Λ', 'Ω', 'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', '\u{1b}', 'Æ', 'æ', 'ß', 'É', //
    ' ', '!', '"', '#', '¤', '%', '&', '\'', '(', ')', '*', '+', ',', '-', '.', '/', //
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?', //
    '¡', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', //
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§', //
    '¿', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', //
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä', 'ö', 'ñ', 'ü', 'à',
];

/// 3GPP TS 23.038 §6.2.1.1, extension table: two septets each.
const EXTENSION: [(u8, char); 10] = [
    (0x0a, '\u{c}'),
    (0x14, '^'),
    (0x28, '{'),
    (0x29, '}'),
    (0x2f, '\\'),
    (0x3c, '['),
    (0x3d, '~'),
    (0x3e, ']'),
    (0x40, '|'),
    (0x65, '€'),
];

/// The septets of one character: one, or the escape and one; `None` outside the alphabet.
pub(super) fn encode(c: char) -> Option<(Option<u8>, u8)> {
    if c == char::from(ESCAPE) {
        return None;
    }
    let basic = BASIC.iter().position(|b| *b == c);
    if let Some(at) = basic.and_then(|at| u8::try_from(at).ok()) {
        return Some((None, at));
    }
    EXTENSION
        .iter()
        .find(|(_, e)| *e == c)
        .map(|(septet, _)| (Some(ESCAPE), *septet))
}

/// The characters of unpacked septets. An escape before a septet that the extension table does not
/// have shows the character of the basic table (§6.2.1.1); one at the very end shows a space.
pub(super) fn decode(septets: &[u8]) -> String {
    let mut text = String::with_capacity(septets.len());
    let mut rest = septets.iter();
    while let Some(septet) = rest.next() {
        let c = if *septet == ESCAPE {
            match rest.next() {
                None | Some(&ESCAPE) => ' ',
                Some(next) => EXTENSION
                    .iter()
                    .find(|(septet, _)| septet == next)
                    .map_or(BASIC[usize::from(next & 0x7f)], |(_, c)| *c),
            }
        } else {
            BASIC[usize::from(septet & 0x7f)]
        };
        text.push(c);
    }
    text
}

/// Packs septets into octets, least significant bit first, after `fill` bits (3GPP TS 23.038 §6.1.2.1).
///
/// ```
/// let septets: Vec<u8> = b"ABC".to_vec();
/// assert_eq!(callhome::sms::pack(&septets, 1), [0x82, 0xc2, 0x21]);
/// assert_eq!(callhome::sms::unpack(&[0x82, 0xc2, 0x21], 3, 1), septets);
/// ```
#[must_use]
pub fn pack(septets: &[u8], fill: usize) -> Vec<u8> {
    let mut octets = vec![0; (septets.len() * 7 + fill).div_ceil(8)];
    for (i, septet) in septets.iter().enumerate() {
        let at = i * 7 + fill;
        let bits = u16::from(septet & 0x7f) << (at % 8);
        let [low, high] = bits.to_le_bytes();
        octets[at / 8] |= low;
        if high != 0 {
            octets[at / 8 + 1] |= high;
        }
    }
    octets
}

/// Takes `count` septets out of octets, after `fill` bits; fewer when the octets end.
#[must_use]
pub fn unpack(octets: &[u8], count: usize, fill: usize) -> Vec<u8> {
    let available = (octets.len() * 8).saturating_sub(fill) / 7;
    (0..count.min(available))
        .map(|i| {
            let at = i * 7 + fill;
            let low = u16::from(octets[at / 8]);
            let high = octets.get(at / 8 + 1).copied().map_or(0, u16::from);
            ((low | high << 8) >> (at % 8)).to_le_bytes()[0] & 0x7f
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;

    use super::*;

    fn septets(text: &str) -> Vec<u8> {
        text.chars()
            .flat_map(|c| {
                let (escape, septet) = encode(c).expect("in the alphabet");
                escape.into_iter().chain([septet])
            })
            .collect()
    }

    #[test]
    fn packing_agrees_with_the_worked_examples() {
        assert_eq!(
            HEXLOWER.encode(&pack(&septets("hellohello"), 0)),
            "e8329bfd4697d9ec37"
        );
        let example = "KME 1.00 000174ef 5d783e9708ffb691 aud() loc(1) get(P%20Dat.txt,1024)";
        assert_eq!(
            HEXLOWER.encode(&pack(&septets(example), 0)),
            "cb66111473c16020180c16bbd1ca66508d7cc3cdcab91b0c67368b6db918285c27a35220f67b8c8aa540\
             e7321d052dc960c430dd45c7d35931988c9602"
        );
        assert_eq!(unpack(&pack(&septets(example), 0), 69, 0), septets(example));
        assert_eq!(unpack(&[0xff], 9, 7), [] as [u8; 0]);
    }

    #[test]
    fn every_septet_has_one_character_and_back() {
        for septet in (0..128).filter(|s| *s != ESCAPE) {
            let text = decode(&[septet]);
            assert_eq!(septets(&text), [septet], "{text:?}");
        }
        for (septet, c) in EXTENSION {
            assert_eq!(septets(&c.to_string()), [ESCAPE, septet]);
            assert_eq!(decode(&[ESCAPE, septet]), c.to_string());
        }
        assert_eq!(encode('`'), None);
        assert_eq!(encode('\u{1b}'), None);
        // Unknown escapes show the basic character; a lonely one a space.
        assert_eq!(decode(&[ESCAPE, b'A', ESCAPE]), "A ");
    }
}
