use std::fmt;

use super::method::is_token_byte;

/// The `;name=value` parameters behind a URI or a header value; names compare without case.
///
/// A value keeps its content, without quotes; it is quoted again on the way out when it
/// is not a token or a host. Order is kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Params(Vec<(String, Option<String>)>);

impl Params {
    /// Reads what follows the first `;` of a header value: `a=b;c;d="e;f"`.
    ///
    /// What stands in the place of a name and could be none (quotes, brackets, blanks) is left out: written
    /// again it would mean something else.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Self(
            split_outside_quotes(text, b';')
                .into_iter()
                .map(str::trim)
                .filter(|p| !p.is_empty())
                .map(|p| match p.split_once('=') {
                    Some((name, value)) => (name.trim(), Some(unquote(value.trim()))),
                    None => (p, None),
                })
                .filter(|(name, _)| is_name(name))
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the parameter is there, with or without value.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(n, _)| n.eq_ignore_ascii_case(name))
    }

    /// The value of the first parameter of that name, without quotes; `None` if it is absent or has none.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .and_then(|(_, v)| v.as_deref())
    }

    /// Sets a parameter, in its old place if it was there.
    pub fn set(&mut self, name: &str, value: Option<&str>) {
        let value = value.map(str::to_owned);
        match self
            .0
            .iter_mut()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
        {
            Some(slot) => slot.1 = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// Drops a parameter.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
    }

    /// All parameters in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0.iter().map(|(n, v)| (n.as_str(), v.as_deref()))
    }
}

fn is_name(text: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || c.is_control() || "\"<>,;\\".contains(c);
    !text.is_empty() && !text.contains(odd)
}

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.0 {
            write!(f, ";{name}")?;
            if let Some(value) = value {
                f.write_str("=")?;
                write_value(f, value)?;
            }
        }
        Ok(())
    }
}

/// Writes a token or host bare and everything else as a quoted string.
fn write_value(f: &mut fmt::Formatter<'_>, value: &str) -> fmt::Result {
    let bare = |b: u8| is_token_byte(b) || matches!(b, b'[' | b']' | b':' | b'/' | b'@' | b'&');
    if !value.is_empty() && value.bytes().all(bare) && !value.starts_with("urn:") {
        f.write_str(value)
    } else {
        f.write_str(&quote(value))
    }
}

/// Puts quotes around `text` and escapes what must be (RFC 3261 §25.1 `quoted-string`).
#[must_use]
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

/// Takes quotes and escapes away; a text without quotes stays as it is.
#[must_use]
pub fn unquote(text: &str) -> String {
    let Some(inner) = text
        .strip_prefix('"')
        .and_then(|t| t.strip_suffix('"'))
        .filter(|_| text.len() >= 2)
    else {
        return text.to_owned();
    };
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.extend(chars.next()),
            c => out.push(c),
        }
    }
    out
}

/// Splits at `separator` where it is outside `"…"` and `<…>`.
pub(super) fn split_outside_quotes(text: &str, separator: u8) -> Vec<&str> {
    let bytes = text.as_bytes();
    let (mut parts, mut start, mut quoted, mut angle, mut i) = (Vec::new(), 0, false, false, 0);
    while i < bytes.len() {
        match bytes[i] {
            b'\\' if quoted => i += 1,
            b'"' if !angle => quoted = !quoted,
            b'<' if !quoted => angle = true,
            b'>' if !quoted => angle = false,
            b if b == separator && !quoted && !angle => {
                parts.push(&text[start..i]);
                start = i + 1;
            }
            _ => {}
        }
        i += 1;
    }
    parts.push(&text[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_values_keep_what_would_split_them() {
        let params = Params::parse(r#"+sip.instance="<urn:uuid:a;b>";q=0.5;lr;x="say \"hi\"""#);
        assert_eq!(params.value("+SIP.instance"), Some("<urn:uuid:a;b>"));
        assert_eq!(params.value("x"), Some(r#"say "hi""#));
        assert!(params.has("LR") && params.value("lr").is_none());
        assert_eq!(
            params.to_string(),
            r#";+sip.instance="<urn:uuid:a;b>";q=0.5;lr;x="say \"hi\"""#
        );
    }

    #[test]
    fn what_cannot_be_a_name_is_left_out() {
        let params = Params::parse("tag x=1;lr;=1;a b=2;c=3");
        assert_eq!(params.to_string(), ";lr;c=3");
        // Between the quotes nothing divides.
        let params = Params::parse("tag \"=x;lr;a\"b=2;c=3");
        assert_eq!(params.to_string(), ";c=3");
    }

    #[test]
    fn an_ipv6_value_stays_bare() {
        assert_eq!(
            Params::parse("received=[2001:db8::1]").to_string(),
            ";received=[2001:db8::1]"
        );
    }

    #[test]
    fn separators_in_brackets_do_not_split() {
        assert_eq!(
            split_outside_quotes(r#"<sip:a,b>;x, "c,\"d" <sip:e>"#, b','),
            [r"<sip:a,b>;x", r#" "c,\"d" <sip:e>"#]
        );
    }
}
