use memchr::{memchr, memchr3};

/// What an answer says at first sight: enough for almost all of them, without taking the message apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Glance<'a> {
    /// 100 to 699.
    pub(super) code: u16,
    /// Reason phrase.
    pub(super) reason: &'a str,
    /// Branch of the only Via.
    pub(super) branch: &'a str,
    /// Method of the `CSeq`.
    pub(super) method: &'a str,
}

/// Reads a plainly written answer. `None` says nothing about it but that it has to be read properly.
pub(super) fn glance(bytes: &[u8]) -> Option<Glance<'_>> {
    let mut rest = bytes;
    let (code, reason) = status(next_line(&mut rest)?)?;
    let (mut branch, mut method) = (None, None);
    loop {
        let line = next_line(&mut rest)?;
        match line.first() {
            None => break,
            Some(b' ' | b'\t') => return None,
            Some(b'v' | b'V') => {
                if let Some(value) = value_of(line, b"via").or_else(|| value_of(line, b"v")) {
                    if branch.is_some() {
                        return None;
                    }
                    branch = Some(branch_of(value)?);
                }
            }
            Some(b'c' | b'C') => {
                if let Some(value) = value_of(line, b"cseq") {
                    if method.is_some() {
                        return None;
                    }
                    let gap = memchr(b' ', value)?;
                    plain(&value[..gap])?.parse::<u32>().ok()?;
                    method = Some(plain(value[gap + 1..].trim_ascii())?);
                }
            }
            Some(_) => {}
        }
    }
    Some(Glance {
        code,
        reason,
        branch: branch?,
        method: method?,
    })
}

fn next_line<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let end = memchr(b'\n', rest)?;
    let line = rest[..end].strip_suffix(b"\r")?;
    *rest = &rest[end + 1..];
    Some(line)
}

fn status(line: &[u8]) -> Option<(u16, &str)> {
    let [a, b, c, b' ', reason @ ..] = line.strip_prefix(b"SIP/2.0 ")? else {
        return None;
    };
    let mut code = 0;
    for digit in [a, b, c] {
        code = code * 10 + u16::from(digit.wrapping_sub(b'0'));
        digit.is_ascii_digit().then_some(())?;
    }
    let reason = std::str::from_utf8(reason).ok()?;
    (100..700).contains(&code).then_some((code, reason.trim()))
}

/// The value of a line, if its field has this name in any case.
fn value_of<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let (head, rest) = line.split_at_checked(name.len())?;
    if !head.eq_ignore_ascii_case(name) {
        return None;
    }
    let colon = memchr(b':', rest)?;
    let (gap, value) = (&rest[..colon], &rest[colon + 1..]);
    gap.trim_ascii().is_empty().then(|| value.trim_ascii())
}

fn branch_of(via: &[u8]) -> Option<&str> {
    // A second Via in the field, or quotes or brackets around anything: not plain.
    if memchr3(b',', b'"', b'<', via).is_some() {
        return None;
    }
    let mut rest = &via[memchr(b';', via)? + 1..];
    loop {
        let end = memchr(b';', rest);
        let param = &rest[..end.unwrap_or(rest.len())];
        if let Some(equals) = memchr(b'=', param)
            && param[..equals].trim_ascii().eq_ignore_ascii_case(b"branch")
        {
            return plain(param[equals + 1..].trim_ascii());
        }
        rest = &rest[end? + 1..];
    }
}

/// Visible ASCII: what is left to the parser else, because blanks of other kinds are its business.
fn plain(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    bytes.iter().all(u8::is_ascii_graphic).then_some(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sip::wire::Message;

    const PLAIN: &str = "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 10.0.0.1:5060;received=10.0.0.9;branch=z9hG4bKab\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nCall-ID: 1\r\nCSeq: 7 NOTIFY\r\nContent-Length: 0\r\n\r\n";

    #[test]
    fn a_plain_answer_is_read_and_others_are_left_to_the_parser() {
        let seen = glance(PLAIN.as_bytes()).expect("plain");
        assert_eq!(
            (seen.code, seen.reason, seen.branch, seen.method),
            (200, "OK", "z9hG4bKab", "NOTIFY")
        );
        for (from, to) in [
            ("\r\nFrom", "\r\n folded\r\nFrom"),
            ("branch", "x=\"y\";branch"),
            ("received", "<received"),
            (";branch", ", SIP/2.0/UDP b;branch"),
            ("\r\nFrom", "\r\nv: SIP/2.0/UDP b;branch=z9hG4bKcd\r\nFrom"),
            ("SIP/2.0 200 OK", "NOTIFY sip:a SIP/2.0"),
            ("\r\n\r\n", "\r\n"),
        ] {
            assert_eq!(glance(PLAIN.replacen(from, to, 1).as_bytes()), None, "{to}");
        }
    }

    proptest! {
        #[test]
        fn it_never_reads_anything_else_than_the_parser_does(
            changes in proptest::collection::vec((0..PLAIN.len(), any::<u8>()), 0..4),
        ) {
            let mut bytes = PLAIN.as_bytes().to_vec();
            for (at, with) in changes {
                bytes[at] = with;
            }
            if let (Some(seen), Ok(message)) = (glance(&bytes), Message::parse(&bytes)) {
                prop_assert_eq!(message.code(), Some(seen.code));
                if let Some(via) = message.top_via() {
                    prop_assert_eq!(via.branch(), Some(seen.branch));
                }
                if let Some(cseq) = message.cseq() {
                    prop_assert_eq!(cseq.method.as_str(), seen.method);
                }
            }
        }
    }
}
