use std::fmt::Write;

use super::super::method::Method;
use super::super::params::{Params, quote, split_outside_quotes};
use super::super::request::Credentials;
use super::super::wire::Message;
use super::Algorithm;

/// Quality of protection (RFC 7616 §3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Qop {
    /// Method and URI are covered.
    Auth,
    /// The body too.
    AuthInt,
}

impl Qop {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::AuthInt => "auth-int",
        }
    }
}

/// What a server wants to be answered: one `WWW-Authenticate` or `Proxy-Authenticate`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// Realm in which the user name holds.
    pub realm: String,
    /// The server's nonce.
    pub nonce: String,
    /// To be sent back as it is.
    pub opaque: Option<String>,
    /// The algorithm.
    pub algorithm: Algorithm,
    /// Whether the server named it; else it is MD5, and the answer need not name it either.
    pub algorithm_named: bool,
    /// What the server offers; empty for RFC 2069 servers.
    pub qop: Vec<Qop>,
    /// The password may have been right: only the nonce was too old.
    pub stale: bool,
    /// From a proxy (407).
    pub proxy: bool,
}

/// The client's nonce and how often the server's was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientNonce<'a> {
    /// Random text.
    pub cnonce: &'a str,
    /// From 1.
    pub count: u32,
}

impl Challenge {
    /// Reads a header's value; `None` for other schemes, unknown algorithms or unknown `qop` only.
    #[must_use]
    pub fn parse(value: &str, proxy: bool) -> Option<Self> {
        let params = auth_params(value)?;
        let algorithm = match params.value("algorithm") {
            None => Algorithm::Md5,
            Some(name) => name.parse().ok()?,
        };
        let algorithm_named = params.value("algorithm").is_some();
        let mut qop = Vec::new();
        if let Some(offered) = params.value("qop") {
            for word in offered.split(',').map(str::trim) {
                if word.eq_ignore_ascii_case("auth") {
                    qop.push(Qop::Auth);
                } else if word.eq_ignore_ascii_case("auth-int") {
                    qop.push(Qop::AuthInt);
                }
            }
            if qop.is_empty() {
                return None;
            }
        }
        Some(Self {
            realm: params.value("realm")?.to_owned(),
            nonce: params.value("nonce")?.to_owned(),
            opaque: params.value("opaque").map(str::to_owned),
            algorithm,
            algorithm_named,
            qop,
            stale: params
                .value("stale")
                .is_some_and(|s| s.eq_ignore_ascii_case("true")),
            proxy,
        })
    }

    /// The value of the header that carries it.
    #[must_use]
    pub fn to_header(&self) -> String {
        let mut text = format!(
            "Digest realm={}, nonce={}, algorithm={}",
            quote(&self.realm),
            quote(&self.nonce),
            self.algorithm
        );
        if !self.qop.is_empty() {
            let words: Vec<_> = self.qop.iter().map(|q| q.as_str()).collect();
            text.push_str(&format!(", qop=\"{}\"", words.join(",")));
        }
        if let Some(opaque) = &self.opaque {
            text.push_str(&format!(", opaque={}", quote(opaque)));
        }
        if self.stale {
            text.push_str(", stale=true");
        }
        text
    }

    /// The header that answers it.
    #[must_use]
    pub fn answer_name(&self) -> &'static str {
        if self.proxy {
            "Proxy-Authorization"
        } else {
            "Authorization"
        }
    }

    /// The value that answers it for a request, as short as the grammar allows. `auth` is taken when it is offered, else
    /// `auth-int`.
    #[must_use]
    pub fn answer(
        &self,
        credentials: &Credentials,
        method: &Method,
        uri: &str,
        body: &[u8],
        client: ClientNonce<'_>,
    ) -> String {
        let qop = match self.qop.as_slice() {
            [] => None,
            offered if offered.contains(&Qop::Auth) => Some(Qop::Auth),
            _ => Some(Qop::AuthInt),
        };
        let ingredients = Ingredients {
            algorithm: self.algorithm,
            nonce: &self.nonce,
            qop,
            count: &format!("{:08x}", client.count),
            cnonce: client.cnonce,
            method: method.as_str(),
            uri,
            body,
        };
        let response =
            ingredients.response(credentials.user(), &self.realm, credentials.password());
        let mut text = format!(
            "Digest username={},realm={},nonce={},uri={},response=\"{response}\"",
            quote(credentials.user()),
            quote(&self.realm),
            quote(&self.nonce),
            quote(uri),
        );
        // Writing to a String cannot fail.
        if self.algorithm_named {
            let _infallible = write!(text, ",algorithm={}", self.algorithm);
        }
        if let Some(qop) = qop {
            let _infallible = write!(
                text,
                ",qop={},nc={:08x},cnonce={}",
                qop.as_str(),
                client.count,
                quote(client.cnonce)
            );
        } else if self.algorithm.is_session() {
            let _infallible = write!(text, ",cnonce={}", quote(client.cnonce));
        }
        if let Some(opaque) = &self.opaque {
            let _infallible = write!(text, ",opaque={}", quote(opaque));
        }
        text
    }
}

/// Everything but user, realm and password that goes into a response (RFC 7616 §3.4.1).
pub(super) struct Ingredients<'a> {
    pub(super) algorithm: Algorithm,
    pub(super) nonce: &'a str,
    pub(super) qop: Option<Qop>,
    pub(super) count: &'a str,
    pub(super) cnonce: &'a str,
    pub(super) method: &'a str,
    pub(super) uri: &'a str,
    pub(super) body: &'a [u8],
}

impl Ingredients<'_> {
    pub(super) fn response(&self, user: &str, realm: &str, password: &str) -> String {
        let hash = |parts: &[&[u8]]| self.algorithm.hash(parts);
        let (nonce, cnonce) = (self.nonce.as_bytes(), self.cnonce.as_bytes());
        let mut a1 = hash(&[user.as_bytes(), realm.as_bytes(), password.as_bytes()]);
        if self.algorithm.is_session() {
            a1 = hash(&[a1.as_bytes(), nonce, cnonce]);
        }
        let (method, uri) = (self.method.as_bytes(), self.uri.as_bytes());
        let a2 = match self.qop {
            Some(Qop::AuthInt) => {
                let body = hash(&[self.body]);
                hash(&[method, uri, body.as_bytes()])
            }
            _ => hash(&[method, uri]),
        };
        match self.qop {
            None => hash(&[a1.as_bytes(), nonce, a2.as_bytes()]),
            Some(qop) => hash(&[
                a1.as_bytes(),
                nonce,
                self.count.as_bytes(),
                cnonce,
                qop.as_str().as_bytes(),
                a2.as_bytes(),
            ]),
        }
    }
}

/// The parameters of a `Digest` header value.
pub(super) fn auth_params(value: &str) -> Option<Params> {
    let (scheme, rest) = value.trim().split_once(char::is_whitespace)?;
    if !scheme.eq_ignore_ascii_case("Digest") {
        return None;
    }
    let mut params = Params::default();
    for item in split_outside_quotes(rest, b',') {
        let (name, text) = item.split_once('=')?;
        params.set(
            name.trim(),
            Some(&super::super::params::unquote(text.trim())),
        );
    }
    Some(params)
}

/// The challenges of a 401 or 407 that can be answered: for each realm the first one (RFC 8760 §2.4: topmost preferred).
#[must_use]
pub fn challenges(response: &Message) -> Vec<Challenge> {
    let mut found: Vec<Challenge> = Vec::new();
    for (name, value) in response.fields() {
        let proxy = match name {
            "WWW-Authenticate" => false,
            "Proxy-Authenticate" => true,
            _ => continue,
        };
        if let Some(challenge) = Challenge::parse(value, proxy)
            && !found
                .iter()
                .any(|c| c.proxy == proxy && c.realm == challenge.realm)
        {
            found.push(challenge);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7616 §3.9.1.
    fn http_example(algorithm: &str) -> String {
        let value = format!(
            r#"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#
        );
        let challenge = Challenge::parse(&value, false).expect("valid");
        let answer = challenge.answer(
            &Credentials::new("Mufasa", "Circle of Life"),
            &"GET".parse().expect("token"),
            "/dir/index.html",
            b"",
            ClientNonce {
                cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
                count: 1,
            },
        );
        auth_params(&answer)
            .expect("digest")
            .value("response")
            .expect("there")
            .to_owned()
    }

    #[test]
    fn answers_as_the_examples_of_the_standard() {
        assert_eq!(http_example("MD5"), "8ca523f5e9506fed4657c9700eebdbec");
        assert_eq!(
            http_example("SHA-256"),
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
        );
    }

    #[test]
    fn a_challenge_survives_its_header() {
        let challenge = Challenge {
            realm: "a \"b\", c".into(),
            nonce: "n=,".into(),
            opaque: Some(String::new()),
            algorithm: Algorithm::Sha512_256Sess,
            algorithm_named: true,
            qop: vec![Qop::Auth, Qop::AuthInt],
            stale: true,
            proxy: true,
        };
        assert_eq!(
            Challenge::parse(&challenge.to_header(), true),
            Some(challenge)
        );
    }

    #[test]
    fn the_first_challenge_that_we_can_answer_is_taken() {
        let response = Message::parse(
            b"SIP/2.0 401 x\r\nWWW-Authenticate: Basic realm=\"a\"\r\nWWW-Authenticate: Digest realm=\"a\", nonce=\"1\", algorithm=XYZ\r\nWWW-Authenticate: Digest realm=\"a\", nonce=\"2\", algorithm=SHA-256\r\nWWW-Authenticate: Digest realm=\"a\", nonce=\"3\", algorithm=MD5\r\nProxy-Authenticate: Digest realm=\"a\", nonce=\"4\"\r\n\r\n",
        )
        .expect("valid");
        let found = challenges(&response);
        let seen: Vec<_> = found.iter().map(|c| (c.nonce.as_str(), c.proxy)).collect();
        assert_eq!(seen, [("2", false), ("4", true)]);
    }

    #[test]
    fn old_servers_get_an_answer_without_qop() {
        let challenge = Challenge::parse(r#"Digest realm="r", nonce="n""#, false).expect("valid");
        let answer = challenge.answer(
            &Credentials::new("u", "p"),
            &Method::REGISTER,
            "sip:r",
            b"",
            ClientNonce {
                cnonce: "c",
                count: 1,
            },
        );
        assert!(!answer.contains("cnonce") && !answer.contains("nc="));
        assert!(!answer.contains("algorithm"), "nobody named one: {answer}");
    }
}
