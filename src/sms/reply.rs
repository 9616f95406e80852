use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use super::{InvalidToken, SmsKeys, Token, TokenFault, Version};

/// Everything outside RFC 3986 `unreserved` is escaped, as in action strings.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The longest reply that is read, in octets.
const MAX_OCTETS: usize = 4096;

/// The number that ties a reply to its request; serves once. Sixteen lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Nonce([u8; 8]);

/// Why a text is not a nonce.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a nonce is sixteen lower-case hexadecimal digits")]
pub struct InvalidNonce;

/// What a device says about one action when a text message is all it can send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReplyStatus {
    /// Done; `ok(…)` with whatever fits.
    Ok(Vec<String>),
    /// Not done; `err(code,text)`.
    Err {
        /// A short word, as in `refused`.
        code: String,
        /// What happened, for people.
        text: String,
    },
}

/// A device's answer: `KMR 2.00 <nonce> <token> ok() err(refused,no%20PIN)`.
///
/// Statuses stand in the order of the actions that were asked for.
///
/// ```
/// use callhome::domain::DeviceSecret;
/// use callhome::sms::{Reply, ReplyStatus, SmsKeys};
/// let keys = SmsKeys::derive(&DeviceSecret::from_bytes([7; 32]));
/// let nonce = "00112233aabbccdd".parse().unwrap();
/// let text = Reply::compose(nonce, vec![ReplyStatus::Ok(vec![])], &keys);
/// let reply = Reply::parse(text.as_bytes()).unwrap();
/// assert_eq!(reply.nonce(), nonce);
/// assert!(reply.verify(&keys).is_ok());
/// assert!(Reply::parse(b"KMR 2.00").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    nonce: Nonce,
    token: Token,
    statuses: Vec<ReplyStatus>,
    signed: Vec<u8>,
}

/// Why octets are not a reply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidReply {
    /// More than 4096 octets, or characters outside printable ASCII.
    #[error("a reply is up to {MAX_OCTETS} octets of printable ASCII")]
    Octets,
    /// It does not begin with `KMR 2.00`.
    #[error("a reply begins with KMR 2.00 and one space")]
    Prefix,
    /// The nonce is malformed.
    #[error(transparent)]
    Nonce(#[from] InvalidNonce),
    /// The token is malformed.
    #[error(transparent)]
    Token(#[from] InvalidToken),
    /// A status is neither `ok(…)` nor `err(code,text)`.
    #[error("status {0} is neither ok(…) nor err(code,text)")]
    Status(usize),
}

impl Nonce {
    /// Takes eight random octets as a nonce.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }
}

impl FromStr for Nonce {
    type Err = InvalidNonce;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        HEXLOWER
            .decode(text.as_bytes())
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self)
            .ok_or(InvalidNonce)
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl Serialize for Nonce {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Nonce {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

impl Reply {
    /// Puts a signed reply together.
    #[must_use]
    pub fn compose(nonce: Nonce, statuses: Vec<ReplyStatus>, keys: &SmsKeys) -> String {
        let body: String = statuses.iter().map(|s| format!(" {s}")).collect();
        // What is signed is the text without the token and the space after it.
        let unsigned = format!("KMR 2.00 {nonce} {}", body.trim_start());
        let token = keys.sign(Version::V2, unsigned.as_bytes());
        format!("KMR 2.00 {nonce} {token}{body}")
    }

    /// Reads octets from the wire; one final line end is taken off.
    ///
    /// # Errors
    /// [`InvalidReply`] for everything that the grammar does not allow.
    pub fn parse(octets: &[u8]) -> Result<Self, InvalidReply> {
        let octets = octets.strip_suffix(b"\n").unwrap_or(octets);
        let octets = octets.strip_suffix(b"\r").unwrap_or(octets);
        if octets.len() > MAX_OCTETS || !octets.iter().all(|b| (b' '..=b'~').contains(b)) {
            return Err(InvalidReply::Octets);
        }
        let text = std::str::from_utf8(octets).map_err(|_| InvalidReply::Octets)?;
        let rest = text.strip_prefix("KMR 2.00 ").ok_or(InvalidReply::Prefix)?;
        let (nonce_text, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let nonce = nonce_text.parse()?;
        let (token, rest) = match rest.split_once(' ') {
            Some((token, rest)) => (token, Some(rest)),
            None => (rest, None),
        };
        let token = token.parse()?;
        let statuses = rest
            .into_iter()
            .flat_map(|r| r.split(' '))
            .enumerate()
            .map(|(i, part)| status(part).ok_or(InvalidReply::Status(i + 1)))
            .collect::<Result<_, _>>()?;
        let signed = format!("KMR 2.00 {nonce_text} {}", rest.unwrap_or_default()).into_bytes();
        Ok(Self {
            nonce,
            token,
            statuses,
            signed,
        })
    }

    /// The nonce it answers.
    #[must_use]
    pub const fn nonce(&self) -> Nonce {
        self.nonce
    }

    /// One status for each action, in order.
    #[must_use]
    pub fn statuses(&self) -> &[ReplyStatus] {
        &self.statuses
    }

    /// Checks the token.
    ///
    /// # Errors
    /// [`TokenFault::Mismatch`] when it does not fit.
    pub fn verify(&self, keys: &SmsKeys) -> Result<(), TokenFault> {
        if keys.sign(Version::V2, &self.signed) == self.token {
            Ok(())
        } else {
            Err(TokenFault::Mismatch)
        }
    }
}

impl fmt::Display for ReplyStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok(params) => {
                let params: Vec<String> = params
                    .iter()
                    .map(|p| utf8_percent_encode(p, ESCAPED).to_string())
                    .collect();
                write!(f, "ok({})", params.join(","))
            }
            Self::Err { code, text } => write!(
                f,
                "err({},{})",
                utf8_percent_encode(code, ESCAPED),
                utf8_percent_encode(text, ESCAPED)
            ),
        }
    }
}

fn status(part: &str) -> Option<ReplyStatus> {
    let (word, rest) = part.split_once('(')?;
    let inner = rest.strip_suffix(')')?;
    let params: Vec<String> = if inner.is_empty() {
        Vec::new()
    } else {
        inner.split(',').map(param).collect::<Option<_>>()?
    };
    match (word, params.as_slice()) {
        ("ok", _) => Some(ReplyStatus::Ok(params)),
        ("err", [code, text]) if !code.is_empty() => Some(ReplyStatus::Err {
            code: code.clone(),
            text: text.clone(),
        }),
        _ => None,
    }
}

fn param(text: &str) -> Option<String> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~%".contains(&b);
    if !text.bytes().all(plain) {
        return None;
    }
    let decoded = percent_decode_str(text).decode_utf8().ok()?;
    // Only the one spelling that a composer writes: a stray % or lower-case escape is refused.
    (utf8_percent_encode(&decoded, ESCAPED).to_string() == text).then(|| decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::DeviceSecret;

    fn keys(byte: u8) -> SmsKeys {
        SmsKeys::derive(&DeviceSecret::from_bytes([byte; 32]))
    }

    const NONCE: Nonce = Nonce::from_bytes([0, 0x11, 0x22, 0x33, 0xaa, 0xbb, 0xcc, 0xdd]);

    #[test]
    fn a_reply_is_read_and_believed_only_with_the_right_secret() {
        let statuses = vec![
            ReplyStatus::Ok(vec!["59.3".into(), "18.1".into()]),
            ReplyStatus::Ok(vec![]),
            ReplyStatus::Err {
                code: "refused".into(),
                text: "no PIN, sorry".into(),
            },
        ];
        let text = Reply::compose(NONCE, statuses.clone(), &keys(7));
        assert!(text.starts_with("KMR 2.00 00112233aabbccdd "));
        assert!(text.ends_with(" ok(59.3,18.1) ok() err(refused,no%20PIN%2C%20sorry)"));
        let reply = Reply::parse(format!("{text}\r\n").as_bytes()).expect("own text");
        assert_eq!(reply.statuses(), statuses);
        assert_eq!(reply.verify(&keys(7)), Ok(()));
        assert_eq!(reply.verify(&keys(8)), Err(TokenFault::Mismatch));
        let altered = text.replace("err(refused", "err(revised");
        let reply = Reply::parse(altered.as_bytes()).expect("grammatical");
        assert_eq!(reply.verify(&keys(7)), Err(TokenFault::Mismatch));
    }

    #[test]
    fn malformed_replies_are_refused() {
        for text in [
            "",
            "KMR 1.00 00112233aabbccdd 0123456789abcdef ok()",
            "KMR 2.00 00112233AABBCCDD 0123456789abcdef ok()",
            "KMR 2.00 00112233aabbccdd 0123456789abcde ok()",
            "KMR 2.00 00112233aabbccdd 0123456789abcdef ok",
            "KMR 2.00 00112233aabbccdd 0123456789abcdef  ok()",
            "KMR 2.00 00112233aabbccdd 0123456789abcdef err(x)",
            "KMR 2.00 00112233aabbccdd 0123456789abcdef err(,x)",
            "KMR 2.00 00112233aabbccdd 0123456789abcdef ok(%2f)",
            "KMR 2.00 00112233aabbccdd 0123456789abcdef ok(a b)",
            "KMR 2.00 00112233aabbccdd 0123456789abcdef ",
        ] {
            assert!(Reply::parse(text.as_bytes()).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_octets_are_read_without_panic(octets in proptest::collection::vec(any::<u8>(), 0..120)) {
            let _ = Reply::parse(&octets).is_ok();
        }

        #[test]
        fn every_composed_reply_verifies(texts in proptest::collection::vec(".{1,9}", 0..5)) {
            let statuses: Vec<_> = texts.iter().map(|t| ReplyStatus::Ok(vec![t.clone()])).collect();
            let reply = Reply::parse(Reply::compose(NONCE, statuses.clone(), &keys(7)).as_bytes()).expect("own text");
            prop_assert_eq!(reply.statuses(), statuses);
            prop_assert!(reply.verify(&keys(7)).is_ok());
        }
    }
}
