use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use memchr::{memchr, memrchr};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::method::is_token_byte;
use super::params::Params;

/// A `sip:` or `sips:` URI (RFC 3261 §19.1), IPv6 included.
///
/// Equality is that of the text's parts, not the wider one of §19.1.4.
///
/// ```
/// use callhome::sip::SipUri;
/// let uri: SipUri = "sip:anna@[2001:db8::1]:5070;transport=udp".parse().unwrap();
/// assert_eq!(uri.host(), "2001:db8::1");
/// assert_eq!(uri.port(), Some(5070));
/// assert_eq!(uri.to_string(), "sip:anna@[2001:db8::1]:5070;transport=udp");
/// assert!("anna@example.net".parse::<SipUri>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SipUri {
    secure: bool,
    user: Option<String>,
    host: String,
    port: Option<u16>,
    params: Params,
    headers: Option<String>,
}

/// Why a text is not a SIP URI.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSipUri {
    /// It begins neither with `sip:` nor with `sips:`.
    #[error("a SIP address begins with sip: as in sip:anna@192.0.2.7:5060, found {0:?}")]
    Scheme(String),
    /// No host, or one with characters that no host has.
    #[error("{0:?} is not a host name or address")]
    Host(String),
    /// An IPv6 address without the brackets that tell it from its port (RFC 3261 §19.1.1).
    #[error("the IPv6 address {0} has to stand in [ ]")]
    Brackets(String),
    /// The port is not a number from 1 to 65535.
    #[error("{0:?} is not a port from 1 to 65535")]
    Port(String),
    /// A blank, control character, `<`, `>` or `"` where none may stand.
    #[error("a SIP address has no blanks, quotes or angle brackets in it")]
    Character,
}

impl SipUri {
    /// A `sip:` URI of a user (may be empty) at a socket address.
    #[must_use]
    pub fn at(user: &str, address: SocketAddr) -> Self {
        Self {
            secure: false,
            user: Some(user.to_owned()).filter(|u| !u.is_empty()),
            host: address.ip().to_string(),
            port: Some(address.port()),
            params: Params::default(),
            headers: None,
        }
    }

    /// Whether the scheme is `sips`.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// The user part as written (percent-escapes kept), without password.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.user
            .as_deref()
            .map(|u| u.split_once(':').map_or(u, |(user, _)| user))
    }

    /// Host name or address, IPv6 without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, if one is written.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The port to use: the one written, else 5060, or 5061 for `sips`.
    #[must_use]
    pub fn port_or_default(&self) -> u16 {
        self.port.unwrap_or(if self.secure { 5061 } else { 5060 })
    }

    /// Whether header fields stand behind a `?`.
    #[must_use]
    pub fn has_headers(&self) -> bool {
        self.headers.is_some()
    }

    /// URI parameters such as `transport` and `lr`.
    #[must_use]
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// The same URI with a parameter set.
    #[must_use]
    pub fn with_param(mut self, name: &str, value: Option<&str>) -> Self {
        self.params.set(name, value);
        self
    }

    /// The same URI for a user; an empty name takes the user away.
    #[must_use]
    pub fn with_user(self, user: &str) -> Self {
        Self {
            user: Some(user.to_owned()).filter(|u| !u.is_empty()),
            ..self
        }
    }

    /// The socket address, when the host is an IP address.
    #[must_use]
    pub fn socket_addr(&self) -> Option<SocketAddr> {
        let ip: IpAddr = self.host.parse().ok()?;
        Some(SocketAddr::new(ip, self.port_or_default()))
    }

    /// Address-of-record form (RFC 3261 §10.3 step 5): scheme, user, host and port, host in lower case.
    #[must_use]
    pub fn to_aor(&self) -> String {
        let bare = Self {
            host: self.host.to_ascii_lowercase(),
            user: self.user().map(str::to_owned),
            params: Params::default(),
            headers: None,
            ..self.clone()
        };
        bare.to_string()
    }
}

/// Whether a URI holds an IPv6 address like `[2001:db8:::192.0.2.1]`: the grammar of RFC 3261 allows a colon
/// too many there, and RFC 5118 §4.10 asks to bear with it.
pub(super) fn has_extra_colon(uri: &str) -> bool {
    uri.split_once('[')
        .and_then(|(_, rest)| rest.split_once(']'))
        .is_some_and(|(host, _)| host.contains(":::") && without_extra_colon(host).is_some())
}

fn without_extra_colon(host: &str) -> Option<String> {
    let (left, right) = host.split_once(":::")?;
    right.parse::<std::net::Ipv4Addr>().ok()?;
    Some(format!("{left}::{right}"))
}

/// Reads `host[:port]`; the host of an IPv6 address comes without brackets.
pub(super) fn parse_host_port(text: &str) -> Result<(String, Option<u16>), InvalidSipUri> {
    let bad_host = || InvalidSipUri::Host(text.chars().take(60).collect());
    let (host, rest) = if let Some(inner) = text.strip_prefix('[') {
        let (host, rest) = inner.split_once(']').ok_or_else(bad_host)?;
        let host = match without_extra_colon(host) {
            Some(mended) => Cow::Owned(mended),
            None => Cow::Borrowed(host),
        };
        host.parse::<Ipv6Addr>().map_err(|_| bad_host())?;
        (host, rest)
    } else {
        // No IPv6 address has fewer than two colons.
        let colon = memchr(b':', text.as_bytes());
        if colon != memrchr(b':', text.as_bytes()) && text.parse::<Ipv6Addr>().is_ok() {
            return Err(InvalidSipUri::Brackets(text.to_owned()));
        }
        let end = colon.unwrap_or(text.len());
        let (host, rest) = text.split_at(end);
        let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
        if host.is_empty() || !host.bytes().all(good) {
            return Err(bad_host());
        }
        (Cow::Borrowed(host), rest)
    };
    let port = match rest.strip_prefix(':') {
        None if rest.is_empty() => None,
        None => return Err(bad_host()),
        Some(digits) => {
            let bad = || InvalidSipUri::Port(digits.chars().take(12).collect());
            if !digits.bytes().all(|b| b.is_ascii_digit()) {
                return Err(bad());
            }
            let port: u16 = digits.parse().map_err(|_| bad())?;
            if port == 0 {
                return Err(bad());
            }
            Some(port)
        }
    };
    Ok((host.into_owned(), port))
}

/// What stands on both sides of a separator of one byte: addresses are read at line rate.
fn split_at(text: &str, at: Option<usize>) -> Option<(&str, &str)> {
    at.map(|at| (&text[..at], &text[at + 1..]))
}

impl FromStr for SipUri {
    type Err = InvalidSipUri;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let (scheme, rest) = split_at(text, memchr(b':', text.as_bytes()))
            .ok_or_else(|| InvalidSipUri::Scheme(text.chars().take(30).collect()))?;
        let secure = if scheme.eq_ignore_ascii_case("sip") {
            false
        } else if scheme.eq_ignore_ascii_case("sips") {
            true
        } else {
            return Err(InvalidSipUri::Scheme(text.chars().take(30).collect()));
        };
        let plain = |b: &u8| b.is_ascii_graphic() && !matches!(b, b'<' | b'>' | b'"');
        let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"');
        // Nearly all are plain ASCII: bytes are enough to see that.
        if !rest.as_bytes().iter().all(plain) && rest.chars().any(odd) {
            return Err(InvalidSipUri::Character);
        }
        // The user part may hold ; and ? but neither it nor what follows the host holds a bare @.
        let (user, rest) = match split_at(rest, memrchr(b'@', rest.as_bytes())) {
            Some((user, host)) => (Some(user.to_owned()), host),
            None => (None, rest),
        };
        let (rest, headers) = match split_at(rest, memchr(b'?', rest.as_bytes())) {
            Some((rest, headers)) => (rest, Some(headers.to_owned())),
            None => (rest, None),
        };
        let (host_port, params) = match split_at(rest, memchr(b';', rest.as_bytes())) {
            Some((host_port, params)) => (host_port, Params::parse(params)),
            None => (rest, Params::default()),
        };
        let (host, port) = parse_host_port(host_port)?;
        Ok(Self {
            secure,
            user: user.filter(|u| !u.is_empty()),
            host,
            port,
            params,
            headers,
        })
    }
}

impl fmt::Display for SipUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.secure { "sips:" } else { "sip:" })?;
        if let Some(user) = &self.user {
            f.write_str(user)?;
            f.write_str("@")?;
        }
        if self.host.contains(':') {
            write!(f, "[{}]", self.host)?;
        } else {
            f.write_str(&self.host)?;
        }
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        for (name, value) in self.params.iter() {
            write!(f, ";{name}")?;
            if let Some(value) = value {
                write!(f, "={}", UriParam(value))?;
            }
        }
        if let Some(headers) = &self.headers {
            write!(f, "?{headers}")?;
        }
        Ok(())
    }
}

/// A URI parameter's value: never quoted, what may not stand there is percent-escaped.
struct UriParam<'a>(&'a str);

impl fmt::Display for UriParam<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for b in self.0.bytes() {
            if is_token_byte(b) || b"[]/:&+$()".contains(&b) {
                write!(f, "{}", char::from(b))?;
            } else {
                write!(f, "%{b:02X}")?;
            }
        }
        Ok(())
    }
}

impl Serialize for SipUri {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SipUri {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_addresses_print_as_they_were_written() {
        for text in [
            "sip:192.0.2.7",
            "sip:anna@example.net",
            "sips:anna@example.net:5061",
            "sip:+14085550137@example.net;user=phone",
            "sip:anna@[::1]:5070;lr",
            "sip:[2001:db8::7]",
            "sip:anna:pw@example.net",
            "sip:a;b=c@example.net;transport=udp?subject=x",
            "sip:user@example.net;x=a:b",
            "sip:user@[2001:db8::192.0.2.1]",
        ] {
            assert_eq!(
                text.parse::<SipUri>().expect(text).to_string(),
                text,
                "{text}"
            );
        }
    }

    #[test]
    fn a_colon_too_many_before_an_ipv4_tail_is_borne_and_not_repeated() {
        let uri: SipUri = "sip:user@[2001:db8:::192.0.2.1]:5070"
            .parse()
            .expect("borne");
        assert_eq!(uri.to_string(), "sip:user@[2001:db8::192.0.2.1]:5070");
        assert!(has_extra_colon("sip:user@[2001:db8:::192.0.2.1]"));
        assert!(!has_extra_colon("sip:user@[2001:db8::192.0.2.1]"));
        assert!("sip:user@[2001:db8:::1]".parse::<SipUri>().is_err());
    }

    #[test]
    fn bad_addresses_say_what_is_wrong() {
        for text in [
            "",
            "anna",
            "tel:+14085550137",
            "sip:",
            "sip:anna@",
            "sip:a b@c",
            "sip:a@b:0",
            "sip:a@b:65536",
            "sip:a@b:x",
            "sip:a@[::1",
            "sip:a@[zz]",
            "sip:2001:db8::10",
            "sip:a@b\r\nX: y",
            "<sip:a@b>",
        ] {
            assert!(text.parse::<SipUri>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_address_of_record_forgets_password_parameters_and_case_of_the_host() {
        let uri: SipUri = "sip:Anna:pw@EXAMPLE.net:5070;lr?a=b"
            .parse()
            .expect("valid");
        assert_eq!(uri.to_aor(), "sip:Anna@example.net:5070");
        assert_eq!(uri.user(), Some("Anna"));
    }
}
