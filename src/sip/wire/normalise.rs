use super::InvalidMessage;
use crate::sip::method::is_token;

/// A message's bytes, made plain: logical header lines with long names, and the body apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plain<'a> {
    /// The first line, without its end.
    pub(super) start: String,
    /// Long name and value of each header field, in order.
    pub(super) fields: Vec<(String, String)>,
    /// Everything behind the empty line.
    pub(super) body: &'a [u8],
    /// Whether the empty line that ends the head is there.
    pub(super) has_end: bool,
    /// The beginnings of lines that are no header fields.
    pub(super) odd_lines: Vec<String>,
    /// Whether bytes of the head were not UTF-8.
    pub(super) is_lossy: bool,
    /// The beginning of a line within which a CR stands.
    pub(super) bare_cr: Option<String>,
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
    let has_end = loop {
        let end = rest.iter().position(|b| *b == b'\n');
        let line = &rest[..end.unwrap_or(rest.len())];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        rest = end.map_or(&[], |end| &rest[end + 1..]);
        match (line, lines.last_mut()) {
            ([], _) => break end.is_some(),
            ([b' ' | b'\t', ..], Some(previous)) if !previous.is_empty() => {
                previous.push(b' ');
                previous.extend_from_slice(line.trim_ascii());
            }
            _ => lines.push(line.to_vec()),
        }
        if end.is_none() {
            break false;
        }
    };
    let with_cr = lines.iter().find(|line| line.contains(&b'\r'));
    let bare_cr = with_cr.map(|line| String::from_utf8_lossy(line).chars().take(40).collect());
    let mut is_lossy = false;
    let mut lines = lines.into_iter().map(|line| {
        String::from_utf8(line).unwrap_or_else(|error| {
            is_lossy = true;
            String::from_utf8_lossy(error.as_bytes()).into_owned()
        })
    });
    let start = lines.next().ok_or(InvalidMessage::Empty)?;
    let (mut fields, mut odd_lines) = (Vec::new(), Vec::new());
    for line in lines {
        match line.split_once(':') {
            Some((name, value)) if is_token(name.trim()) => {
                fields.push((long_name(name.trim()).to_owned(), value.trim().to_owned()));
            }
            _ => odd_lines.push(line.chars().take(40).collect()),
        }
    }
    Ok(Plain {
        start,
        fields,
        body: rest,
        has_end,
        odd_lines,
        is_lossy,
        bare_cr,
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
    fn a_cr_that_ends_no_line_is_told_and_one_in_the_body_is_none_of_its_business() {
        let plain = normalise(b"A b c\r\nSubject: x\rVia: y\r\n\r\n").expect("head");
        assert_eq!(plain.bare_cr.as_deref(), Some("Subject: x\rVia: y"));
        let plain = normalise(b"A b c\r\nSubject: x\r\n\r\na\rb").expect("head");
        assert_eq!(plain.bare_cr, None);
    }

    #[test]
    fn what_has_no_end_or_no_names_is_told() {
        assert_eq!(normalise(b"\r\n\r\n"), Err(InvalidMessage::Empty));
        let plain = normalise(b"A b c\r\nX: y").expect("something");
        assert!(!plain.has_end);
        assert_eq!(plain.fields.len(), 1);
        let plain =
            normalise(b"A b c\r\nno colon\r\nTwo words: x\r\ng: \xff\r\n\r\n").expect("head");
        assert!(plain.has_end && plain.is_lossy);
        assert_eq!(plain.odd_lines, ["no colon", "Two words: x"]);
        assert_eq!(plain.fields, [("g".to_owned(), "\u{fffd}".to_owned())]);
    }
}
