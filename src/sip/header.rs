use std::fmt;

use super::method::{Method, is_token};
use super::params::{Params, quote, split_outside_quotes, unquote};
use super::uri::{InvalidSipUri, SipUri};

/// An address in a header: `"Anna" <sip:anna@example.net>;tag=1`, or bare (RFC 3261 §20.10).
///
/// Any text is taken; whether the URI is a SIP URI shows in [`NameAddr::sip_uri`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameAddr {
    display: String,
    uri: String,
    params: Params,
}

impl NameAddr {
    /// An address with neither name nor parameters.
    #[must_use]
    pub fn new(uri: &SipUri) -> Self {
        Self {
            display: String::new(),
            uri: uri.to_string(),
            params: Params::default(),
        }
    }

    /// Reads the value of From, To, Contact, Route and their like.
    #[must_use]
    pub fn parse(value: &str) -> Self {
        let value = value.trim();
        let open = split_outside_quotes_at(value, b'<');
        if let Some((display, rest)) = open
            && let Some((uri, params)) = rest.split_once('>')
        {
            return Self {
                display: unquote(display.trim()),
                uri: uri.trim().to_owned(),
                params: Params::parse(params),
            };
        }
        // Without brackets every parameter belongs to the header (RFC 3261 §20).
        let (uri, params) = value.split_once(';').unwrap_or((value, ""));
        Self {
            display: String::new(),
            uri: uri.trim().to_owned(),
            params: Params::parse(params),
        }
    }

    /// The display name, without quotes; may be empty.
    #[must_use]
    pub fn display_name(&self) -> &str {
        &self.display
    }

    /// The URI as written.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// The URI, when it is a SIP URI.
    ///
    /// # Errors
    /// [`InvalidSipUri`] for other schemes and bad syntax.
    pub fn sip_uri(&self) -> Result<SipUri, InvalidSipUri> {
        self.uri.parse()
    }

    /// The parameters of the header (not those inside the URI).
    #[must_use]
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// Sets a parameter of the header.
    pub fn set_param(&mut self, name: &str, value: Option<&str>) {
        self.params.set(name, value);
    }

    /// The tag, which together with Call-ID names a dialog.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.params.value("tag")
    }

    /// Sets the tag.
    pub fn set_tag(&mut self, tag: &str) {
        self.params.set("tag", Some(tag));
    }
}

/// Parts `text` at the first `byte` outside quotes.
fn split_outside_quotes_at(text: &str, byte: u8) -> Option<(&str, &str)> {
    let (mut quoted, mut skip) = (false, false);
    for (i, b) in text.bytes().enumerate() {
        match b {
            _ if skip => skip = false,
            b'\\' if quoted => skip = true,
            b'"' => quoted = !quoted,
            _ if b == byte && !quoted => return Some((&text[..i], &text[i + 1..])),
            _ => {}
        }
    }
    None
}

impl fmt::Display for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.display.is_empty() {
            write!(f, "{} ", quote(&self.display))?;
        }
        write!(f, "<{}>{}", self.uri, self.params)
    }
}

/// One Via: how a message came and how its answer goes back (RFC 3261 §20.42).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Via {
    /// `UDP`, `TCP`, `TLS`, …
    pub transport: String,
    /// Host and port as sent, IPv6 in brackets.
    pub sent_by: String,
    /// `branch`, `rport`, `received` and others.
    pub params: Params,
}

impl Via {
    /// A UDP Via with a branch, which asks for the source port back (RFC 3581).
    #[must_use]
    pub fn udp(sent_by: &str, branch: &str) -> Self {
        let mut params = Params::default();
        params.set("rport", None);
        params.set("branch", Some(branch));
        Self {
            transport: "UDP".to_owned(),
            sent_by: sent_by.to_owned(),
            params,
        }
    }

    /// Reads one item of a Via header; blanks around `/` and `:` are allowed.
    #[must_use]
    pub fn parse(item: &str) -> Option<Self> {
        let (left, params) = match split_outside_quotes(item, b';').first() {
            Some(left) => (*left, item.get(left.len() + 1..).unwrap_or_default()),
            None => (item, ""),
        };
        let mut parts = left.splitn(3, '/').map(str::trim);
        let (protocol, version, rest) = (parts.next()?, parts.next()?, parts.next()?);
        if !protocol.eq_ignore_ascii_case("SIP") || version != "2.0" {
            return None;
        }
        let (transport, sent_by) = rest.split_once(char::is_whitespace)?;
        let sent_by: String = sent_by.split_whitespace().collect();
        // What is no word and no host would mean something else when it is written again.
        if !is_token(transport) || sent_by.is_empty() || sent_by.contains(['"', '<', '>', '\\']) {
            return None;
        }
        Some(Self {
            transport: transport.to_ascii_uppercase(),
            sent_by,
            params: Params::parse(params),
        })
    }

    /// The branch, which names the transaction.
    #[must_use]
    pub fn branch(&self) -> Option<&str> {
        self.params.value("branch")
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "SIP/2.0/{} {}{}",
            self.transport, self.sent_by, self.params
        )
    }
}

/// `CSeq`: number and method (RFC 3261 §20.16).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CSeq {
    /// Below 2³¹.
    pub number: u32,
    /// The method of the request.
    pub method: Method,
}

impl CSeq {
    /// Reads the header's value.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        let (number, method) = value.trim().split_once(char::is_whitespace)?;
        if !number.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let number: u32 = number.parse().ok().filter(|n| *n < 1 << 31)?;
        Some(Self {
            number,
            method: method.trim().parse().ok()?,
        })
    }
}

impl fmt::Display for CSeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number, self.method)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_with_and_without_brackets() {
        let bare = NameAddr::parse("sip:a@b;tag=1");
        assert_eq!((bare.uri(), bare.tag()), ("sip:a@b", Some("1")));
        let full = NameAddr::parse(r#""A \"<;" <sip:a@b;lr>;tag=2;x"#);
        assert_eq!(full.display_name(), r#"A "<;"#);
        assert_eq!((full.uri(), full.tag()), ("sip:a@b;lr", Some("2")));
        assert_eq!(full.to_string(), r#""A \"<;" <sip:a@b;lr>;tag=2;x"#);
        assert_eq!(
            NameAddr::parse("Anna Lind <sip:a>").display_name(),
            "Anna Lind"
        );
        assert_eq!(NameAddr::parse("<sip:a").uri(), "<sip:a");
    }

    #[test]
    fn a_via_may_have_blanks_where_it_likes() {
        let via = Via::parse("SIP  / 2.0 / udp  192.0.2.2 : 5061 ; branch = z9hG4bKx;rport")
            .expect("valid");
        assert_eq!(via.sent_by, "192.0.2.2:5061");
        assert_eq!(via.branch(), Some("z9hG4bKx"));
        assert_eq!(
            via.to_string(),
            "SIP/2.0/UDP 192.0.2.2:5061;branch=z9hG4bKx;rport"
        );
        for bad in [
            "",
            "SIP/2.0/UDP",
            "HTTP/1.1/TCP a",
            "SIP/2.0 a",
            "SIP/2.0/UDP  ;x",
            "SIP/2.0/U\"P h\"",
            "SIP/2.0/UDP \"h",
        ] {
            assert_eq!(Via::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_sequence_number_stays_below_two_to_the_31() {
        assert_eq!(
            CSeq::parse("0009  INVITE").map(|c| c.to_string()),
            Some("9 INVITE".to_owned())
        );
        for bad in ["2147483648 A", "+1 A", "A 1", "1", "1 A B", ""] {
            assert_eq!(CSeq::parse(bad), None, "{bad}");
        }
    }
}
