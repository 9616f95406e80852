use super::wire::InvalidMessage;

/// A message's bytes, made plain: logical header lines with long names, and the body apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plain<'a> {
    /// The first line, without its end.
    pub(super) start: String,
    /// Long name and value of each header field, in order.
    pub(super) fields: Vec<(String, String)>,
    /// Everything behind the empty line.
    pub(super) body: &'a [u8],
}

/// Compact names (RFC 3261 §7.3.3 and the IANA registry) and what they stand for.
const COMPACT: [(u8, &str); 19] = [
    (b'a', "Accept-Contact"),
    (b'b', "Referred-By"),
    (b'c', "Content-Type"),
    (b'd', "Request-Disposition"),
    (b'e', "Content-Encoding"),
    (b'f', "From"),
    (b'i', "Call-ID"),
    (b'j', "Reject-Contact"),
    (b'k', "Supported"),
    (b'l', "Content-Length"),
    (b'm', "Contact"),
    (b'n', "Identity-Info"),
    (b'o', "Event"),
    (b'r', "Refer-To"),
    (b's', "Subject"),
    (b't', "To"),
    (b'u', "Allow-Events"),
    (b'v', "Via"),
    (b'x', "Session-Expires"),
];

/// The long form of a header name; other names stay as they are.
pub(super) fn long_name(name: &str) -> &str {
    match name.as_bytes() {
        [letter] => COMPACT
            .iter()
            .find(|(c, _)| *c == letter.to_ascii_lowercase())
            .map_or(name, |(_, long)| long),
        _ => name,
    }
}

/// Unfolds, expands compact names, trims blanks and parts head and body. Bare LF is taken as a line end.
///
/// Bytes of the head that are not UTF-8 become U+FFFD: no header that we act on may hold them.
pub(super) fn normalise(bytes: &[u8]) -> Result<Plain<'_>, InvalidMessage> {
    let mut rest = bytes;
    while let [b'\r' | b'\n', tail @ ..] = rest {
        rest = tail;
    }
    if rest.is_empty() {
        return Err(InvalidMessage::Empty);
    }
    let mut lines: Vec<Vec<u8>> = Vec::new();
    loop {
        let Some(end) = rest.iter().position(|b| *b == b'\n') else {
            return Err(InvalidMessage::NoEndOfHead);
        };
        let line = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
        rest = &rest[end + 1..];
        match (line, lines.last_mut()) {
            ([], _) => break,
            ([b' ' | b'\t', ..], Some(previous)) if !previous.is_empty() => {
                previous.push(b' ');
                previous.extend_from_slice(line.trim_ascii());
            }
            _ => lines.push(line.to_vec()),
        }
    }
    let mut lines = lines
        .into_iter()
        .map(|l| String::from_utf8_lossy(&l).into_owned());
    let start = lines.next().ok_or(InvalidMessage::Empty)?;
    let mut fields = Vec::new();
    for line in lines {
        let Some((name, value)) = line.split_once(':') else {
            return Err(InvalidMessage::Header(line.chars().take(40).collect()));
        };
        let name = name.trim();
        if !super::method::is_token(name) {
            return Err(InvalidMessage::Header(line.chars().take(40).collect()));
        }
        fields.push((long_name(name).to_owned(), value.trim().to_owned()));
    }
    Ok(Plain {
        start,
        fields,
        body: rest,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folded_lines_and_compact_names_become_plain() {
        let plain = normalise(
            b"\r\n\r\nOPTIONS sip:a SIP/2.0\r\nv :  SIP/2.0/UDP\r\n  host;branch=x\r\nS:\r\n\tI know\r\n \tyou\r\nl:2\r\n\r\n\xff\0",
        )
        .expect("valid");
        assert_eq!(plain.start, "OPTIONS sip:a SIP/2.0");
        assert_eq!(
            plain.fields,
            [
                ("Via".to_owned(), "SIP/2.0/UDP host;branch=x".to_owned()),
                ("Subject".to_owned(), "I know you".to_owned()),
                ("Content-Length".to_owned(), "2".to_owned()),
            ]
        );
        assert_eq!(plain.body, b"\xff\0");
    }

    #[test]
    fn what_has_no_end_or_no_names_is_refused() {
        assert_eq!(normalise(b"\r\n\r\n"), Err(InvalidMessage::Empty));
        assert_eq!(normalise(b"A b c\r\n"), Err(InvalidMessage::NoEndOfHead));
        assert!(matches!(
            normalise(b"A b c\r\nno colon\r\n\r\n"),
            Err(InvalidMessage::Header(_))
        ));
        assert!(matches!(
            normalise(b"A b c\r\nTwo words: x\r\n\r\n"),
            Err(InvalidMessage::Header(_))
        ));
    }
}
