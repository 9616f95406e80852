use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER_PERMISSIVE};

/// The most octets that programs put on one line of a dump.
const OCTETS_A_LINE: usize = 64;

/// Octets written as hexadecimal digits, with or without white space.
pub(super) fn from_digits(octets: &[u8]) -> Option<Vec<u8>> {
    let digits = without_blanks(octets);
    HEXLOWER_PERMISSIVE
        .decode(&digits)
        .ok()
        .filter(|decoded| !decoded.is_empty())
}

/// Octets written in base64 or base64url, with or without padding and line ends.
pub(super) fn from_base64(octets: &[u8]) -> Option<Vec<u8>> {
    let text = without_blanks(octets);
    [BASE64, BASE64_NOPAD, BASE64URL_NOPAD]
        .into_iter()
        .find_map(|form| form.decode(&text).ok())
        .filter(|decoded| !decoded.is_empty())
}

/// Octets of a dump with offsets before and text behind them, as `xxd`, `hexdump -C` and `tshark -x` print it.
pub(super) fn from_dump(octets: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(octets).ok()?;
    let mut whole = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let (offset, rest) = line
            .trim_start()
            .split_once([' ', '\t', ':'])
            .unwrap_or((line.trim(), ""));
        let is_hex = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_hexdigit());
        if offset.len() < 4 || !is_hex(offset) {
            return None;
        }
        // The last line of `hexdump -C` is an offset alone.
        if usize::from_str_radix(offset, 16).ok()? != whole.len() {
            return None;
        }
        let rest = rest.trim_start_matches([' ', '\t', ':']);
        let digits = match rest.split_once('|') {
            Some((digits, _)) => digits,
            None => rest.split_once("  ").map_or(rest, |(digits, _)| digits),
        };
        let digits = without_blanks(digits.as_bytes());
        let line = HEXLOWER_PERMISSIVE.decode(&digits).ok()?;
        if line.len() > OCTETS_A_LINE {
            return None;
        }
        whole.extend(line);
    }
    Some(whole).filter(|whole| !whole.is_empty())
}

fn without_blanks(octets: &[u8]) -> Vec<u8> {
    let solid = octets.iter().filter(|b| !b.is_ascii_whitespace());
    solid.copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dumps_of_three_programs_are_read() {
        let expected = b"OPTIONS sip:a@h \r\nV".to_vec();
        for dump in [
            "00000000: 4f50 5449 4f4e 5320 7369 703a 6140 6820  OPTIONS sip:a@h \n00000010: 0d0a 56                                  ..V\n",
            "00000000  4f 50 54 49 4f 4e 53 20  73 69 70 3a 61 40 68 20  |OPTIONS sip:a@h |\n00000010  0d 0a 56  |..V|\n00000013\n",
            "0000  4f 50 54 49 4f 4e 53 20 73 69 70 3a 61 40 68 20   OPTIONS sip:a@h \n0010  0d 0a 56                                          ..V\n",
        ] {
            assert_eq!(from_dump(dump.as_bytes()), Some(expected.clone()), "{dump}");
        }
        for other in ["", "hello", "0010  4f", "0000  zz", "beef"] {
            assert_eq!(from_dump(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn base64_is_read_with_and_without_padding() {
        for text in ["U0lQLzI=", "U0lQLzI", "U0lQ\nLzI=\n"] {
            assert_eq!(from_base64(text.as_bytes()), Some(b"SIP/2".to_vec()));
        }
        assert_eq!(from_base64(b"not base64!"), None);
    }
}
