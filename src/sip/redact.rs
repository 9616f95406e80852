//! Messages for people to look at: what proves who somebody is, is made unreadable.

/// Header fields whose values prove who somebody is.
const PROOFS: [&str; 4] = [
    "authorization",
    "proxy-authorization",
    "authentication-info",
    "proxy-authentication-info",
];
/// Parameters in them that do so.
const SECRETS: [&str; 4] = ["response", "cnonce", "rspauth", "nextnonce"];
/// Bodies that hold one-time tokens or keyed digests.
const SEALED: [&str; 2] = [
    "application/vnd.callhome.bootstrap+json",
    "application/vnd.syncml.notification",
];

/// Bodies with messages in them.
const INNER: [&str; 3] = ["message/sip", "message/sipfrag", "multipart/"];

/// The message with every proof replaced by `x`, octet for octet: lengths and all other octets stay.
#[must_use]
pub fn redacted(message: &[u8]) -> Vec<u8> {
    let mut shown = message.to_vec();
    let head = end_of_head(message);
    let (mut sealed, mut inner) = (false, false);
    let mut secret_field = false;
    let mut at = 0;
    while at < head {
        let end = message[at..head]
            .iter()
            .position(|b| *b == b'\n')
            .map_or(head, |n| at + n + 1);
        let line = &message[at..end];
        let folded = line.first().is_some_and(|b| matches!(b, b' ' | b'\t'));
        let name = name_of(line);
        if !folded {
            secret_field = PROOFS.contains(&name.as_str());
        }
        if secret_field {
            hide_parameters(&mut shown[at..end]);
        }
        if matches!(name.as_str(), "content-type" | "c") {
            let value = String::from_utf8_lossy(line).to_ascii_lowercase();
            sealed |= SEALED.iter().any(|kind| value.contains(kind));
            inner |= INNER.iter().any(|kind| value.contains(kind));
        }
        at = end;
    }
    if sealed {
        shown[head..].fill(b'x');
    } else if inner {
        let body = redacted_parts(&message[head..]);
        shown[head..].copy_from_slice(&body);
    }
    shown
}

/// A body of messages, or of parts: each of its lines is read as one of a head.
fn redacted_parts(body: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(body).to_ascii_lowercase();
    if SEALED.iter().any(|kind| text.contains(kind)) {
        return vec![b'x'; body.len()];
    }
    let mut shown = body.to_vec();
    let mut secret_field = false;
    for line in shown.split_inclusive_mut(|b| *b == b'\n') {
        let folded = line.first().is_some_and(|b| matches!(b, b' ' | b'\t'));
        if !folded {
            secret_field = PROOFS.contains(&name_of(line).as_str());
        }
        if secret_field {
            hide_parameters(line);
        }
    }
    shown
}

fn end_of_head(message: &[u8]) -> usize {
    let find = |needle: &[u8]| {
        let at = message.windows(needle.len()).position(|w| w == needle)?;
        Some(at + needle.len())
    };
    find(b"\r\n\r\n")
        .or_else(|| find(b"\n\n"))
        .unwrap_or(message.len())
}

fn name_of(line: &[u8]) -> String {
    let name = line.split(|b| *b == b':').next().unwrap_or_default();
    String::from_utf8_lossy(name).trim().to_ascii_lowercase()
}

/// Hides the values of the parameters that prove something, quoted or not.
fn hide_parameters(line: &mut [u8]) {
    let lower: Vec<u8> = line.to_ascii_lowercase();
    for name in SECRETS {
        let mut from = 0;
        while let Some(found) = position(&lower[from..], name.as_bytes()) {
            let start = from + found;
            from = start + name.len();
            let own = start == 0 || !lower[start - 1].is_ascii_alphanumeric();
            let rest = &lower[from..];
            let blanks = rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
            if !own || rest.get(blanks) != Some(&b'=') {
                continue;
            }
            let mut quoted = false;
            for byte in &mut line[from + blanks + 1..] {
                match *byte {
                    b'"' if quoted => break,
                    b'"' => quoted = true,
                    b',' | b'\r' | b'\n' if !quoted => break,
                    b' ' if !quoted => {}
                    _ => *byte = b'x',
                }
            }
        }
    }
}

fn position(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|w| w == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let out = redacted(text.as_bytes());
        assert_eq!(out.len(), text.len());
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn digests_are_hidden_and_the_rest_stays() {
        let text = shown(
            "NOTIFY sip:a@b SIP/2.0\r\nAuthorization: Digest username=\"a\", nonce=\"n1\",\r\n response=\"deadbeef\", cnonce = \"c\", nc=00000001\r\nX-Response: response=1\r\nContent-Length: 2\r\n\r\nhi",
        );
        assert_eq!(
            text,
            "NOTIFY sip:a@b SIP/2.0\r\nAuthorization: Digest username=\"a\", nonce=\"n1\",\r\n response=\"xxxxxxxx\", cnonce = \"x\", nc=00000001\r\nX-Response: response=1\r\nContent-Length: 2\r\n\r\nhi"
        );
    }

    #[test]
    fn bodies_with_tokens_are_hidden_whole() {
        let text = shown(
            "INVITE sip:a@b SIP/2.0\r\nc: application/vnd.callhome.bootstrap+json\r\n\r\n{\"mac\":1}",
        );
        assert!(text.ends_with("\r\n\r\nxxxxxxxxx"), "{text}");
    }

    #[test]
    fn messages_inside_messages_are_no_way_around_it() {
        let inner =
            "NOTIFY sip:a@b SIP/2.0\r\nAuthorization: Digest a=1,\r\n response=\"dead\"\r\n\r\n";
        let text = shown(&format!(
            "NOTIFY sip:p@b SIP/2.0\r\nContent-Type: message/sip\r\n\r\n{inner}"
        ));
        assert!(
            text.ends_with("Digest a=1,\r\n response=\"xxxx\"\r\n\r\n"),
            "{text}"
        );
        let parts =
            "--z\r\nContent-Type: application/vnd.syncml.notification\r\n\r\nkey\r\n--z--\r\n";
        let text = shown(&format!(
            "NOTIFY sip:p@b SIP/2.0\r\nContent-Type: multipart/mixed;boundary=z\r\n\r\n{parts}"
        ));
        assert!(!text.contains("key"), "{text}");
    }

    #[test]
    fn nothing_that_comes_in_makes_it_fail() {
        for text in [
            "",
            "\r\n\r\n",
            "Authorization:",
            "Authorization: response",
            "authorization: response=\"",
            "\n\n\n",
        ] {
            assert_eq!(redacted(text.as_bytes()).len(), text.len(), "{text:?}");
        }
    }
}
