use std::fmt;
use std::str::FromStr;

/// Where a push service reaches an application on a device: the service's name and the token that it gave out, as in
/// `fcm:dGVzdC10b2tlbg`.
///
/// An *address*: it changes, the service says when it ended, and it authorises nothing. `Debug` hides its middle.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PushAddress {
    service: String,
    token: String,
}

/// Why a text is not a push address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPushAddress {
    /// The service is missing or is no lower-case word.
    #[error("a push address is SERVICE:TOKEN, as in fcm:dGVzdC10b2tlbg")]
    Service,
    /// The token is empty or too long.
    #[error("a push token has 1 to 4,096 characters, found {0}")]
    Length(usize),
    /// The token holds something that no service gives out.
    #[error("a push token is letters, digits and - _ : . = %, found {0:?}")]
    Character(char),
}

impl PushAddress {
    /// The service, as in `fcm`.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }

    /// The token.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The address with most of its token hidden, for logs and ladders: `fcm:dGVz…a2Vu`.
    #[must_use]
    pub fn masked(&self) -> String {
        let token = &self.token;
        match token.len() {
            0..=11 => format!("{}:…", self.service),
            long => format!("{}:{}…{}", self.service, &token[..4], &token[long - 4..]),
        }
    }
}

impl FromStr for PushAddress {
    type Err = InvalidPushAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (service, token) = text.split_once(':').ok_or(InvalidPushAddress::Service)?;
        let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if service.is_empty() || service.len() > 20 || !service.chars().all(word) {
            return Err(InvalidPushAddress::Service);
        }
        let known = |c: char| c.is_ascii_alphanumeric() || "-_:.=%".contains(c);
        if let Some(other) = token.chars().find(|c| !known(*c)) {
            return Err(InvalidPushAddress::Character(other));
        }
        if !(1..=4096).contains(&token.len()) {
            return Err(InvalidPushAddress::Length(token.len()));
        }
        Ok(Self {
            service: service.to_owned(),
            token: token.to_owned(),
        })
    }
}

impl fmt::Display for PushAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.service, self.token)
    }
}

impl fmt::Debug for PushAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PushAddress({})", self.masked())
    }
}

serde_text!(PushAddress);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_service_and_a_token() {
        for (text, expected) in [
            ("fcm:dGVzdC10b2tlbg", Ok(("fcm", "dGVzdC10b2tlbg"))),
            ("fcm:a:b_C-d", Ok(("fcm", "a:b_C-d"))),
            ("dGVzdA", Err(InvalidPushAddress::Service)),
            ("FCM:x", Err(InvalidPushAddress::Service)),
            (":x", Err(InvalidPushAddress::Service)),
            ("apns:", Err(InvalidPushAddress::Length(0))),
            ("apns:a/b", Err(InvalidPushAddress::Character('/'))),
        ] {
            let got = text.parse::<PushAddress>();
            let got = got
                .as_ref()
                .map(|a| (a.service(), a.token()))
                .map_err(Clone::clone);
            assert_eq!(got, expected, "{text}");
        }
    }

    #[test]
    fn debug_hides_the_token() {
        let address: PushAddress = "fcm:dGVzdC10b2tlbg".parse().expect("valid");
        assert_eq!(format!("{address:?}"), "PushAddress(fcm:dGVz…tlbg)");
        let short: PushAddress = "fcm:abc".parse().expect("valid");
        assert_eq!(short.masked(), "fcm:…");
    }
}
