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
        let Some(first) = line.first() else { break };
        match first.to_ascii_lowercase() {
            b' ' | b'\t' => return None,
            b'v' => {
                if let Some(value) = value_of(line, &["via", "v"]) {
                    if branch.is_some() {
                        return None;
                    }
                    branch = Some(branch_of(value)?);
                }
            }
            b'c' => {
                if let Some(value) = value_of(line, &["cseq"]) {
                    if method.is_some() {
                        return None;
                    }
                    let (number, name) = value.split_once(' ')?;
                    number.parse::<u32>().ok()?;
                    method = Some(name.trim());
                }
            }
            _ => {}
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
    let end = rest.iter().position(|b| *b == b'\n')?;
    let line = rest[..end].strip_suffix(b"\r")?;
    *rest = &rest[end + 1..];
    Some(line)
}

fn status(line: &[u8]) -> Option<(u16, &str)> {
    let text = std::str::from_utf8(line.strip_prefix(b"SIP/2.0 ")?).ok()?;
    let (code, reason) = text.split_once(' ')?;
    let number: u16 = code.parse().ok()?;
    let plain = code.len() == 3 && code.bytes().all(|b| b.is_ascii_digit());
    (plain && (100..700).contains(&number)).then_some((number, reason.trim()))
}

fn value_of<'a>(line: &'a [u8], names: &[&str]) -> Option<&'a str> {
    let colon = line.iter().position(|b| *b == b':')?;
    let name = line[..colon].trim_ascii();
    let wanted = |n: &str| name.eq_ignore_ascii_case(n.as_bytes());
    names.iter().any(|n| wanted(n)).then_some(())?;
    Some(std::str::from_utf8(&line[colon + 1..]).ok()?.trim())
}

fn branch_of(via: &str) -> Option<&str> {
    // A second Via in the field, or quotes around anything: not plain.
    if via.bytes().any(|b| matches!(b, b',' | b'"')) {
        return None;
    }
    via.split(';').skip(1).find_map(|param| {
        let (name, value) = param.split_once('=')?;
        (name.trim().eq_ignore_ascii_case("branch")).then(|| value.trim())
    })
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
