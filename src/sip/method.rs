use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// A SIP method: any token, case kept (RFC 3261 §7.1); unknown ones are as good as known ones.
///
/// ```
/// use callhome::sip::Method;
/// assert_eq!("NOTIFY".parse::<Method>().unwrap(), Method::NOTIFY);
/// assert!("NO TIFY".parse::<Method>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Method(Cow<'static, str>);

/// Why a text is not a method.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a SIP method is one word as in NOTIFY, found {0:?}")]
pub struct InvalidMethod(String);

macro_rules! methods {
    ($($name:ident)*) => {
        impl Method {
            $(
                #[doc = concat!("`", stringify!($name), "`.")]
                pub const $name: Self = Self(Cow::Borrowed(stringify!($name)));
            )*
            const KNOWN: &'static [&'static str] = &[$(stringify!($name)),*];
        }
    };
}

methods!(ACK BYE CANCEL INFO INVITE MESSAGE NOTIFY OPTIONS PRACK PUBLISH REFER REGISTER SUBSCRIBE UPDATE);

impl Method {
    /// The word as it stands in the message.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether `b` may stand in a token (RFC 3261 §25.1).
pub(super) fn is_token_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&b)
}

/// Whether `text` is a token (RFC 3261 §25.1).
pub(super) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_byte)
}

impl FromStr for Method {
    type Err = InvalidMethod;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(known) = Self::KNOWN.iter().find(|k| **k == text) {
            return Ok(Self(Cow::Borrowed(known)));
        }
        if !is_token(text) {
            return Err(InvalidMethod(text.chars().take(24).collect()));
        }
        Ok(Self(Cow::Owned(text.to_owned())))
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_token_is_a_method_and_case_matters() {
        let odd: Method = "!interesting-Method0123456789_*+`.%indeed'~"
            .parse()
            .expect("a token");
        assert_eq!(odd.to_string().len(), 43);
        assert_ne!("notify".parse::<Method>(), Ok(Method::NOTIFY));
        for text in ["", "A B", "A\r\n", "A:"] {
            assert!(text.parse::<Method>().is_err(), "{text:?}");
        }
    }
}
