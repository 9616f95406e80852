use std::sync::Arc;
use std::time::Duration;

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::super::inbound::Reply;
use super::super::params::Params;
use super::super::wire::Message;
use super::challenge::{Ingredients, auth_params};
use super::uses::Uses;
use super::{Algorithm, Challenge, Qop};
use crate::domain::Timestamp;

/// Makes nonces that carry their own time and a MAC, so that none needs to be kept; only which answers to them were
/// taken is. Clones share that.
#[derive(Clone)]
pub struct NonceSource {
    key: [u8; 32],
    lifetime: Duration,
    uses: Arc<Uses>,
}

/// Why an answer to a challenge is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DigestFault {
    /// There is no `Authorization` for this realm.
    #[error("no answer to the challenge")]
    Missing,
    /// The answer is right but the nonce is too old or not ours, or it was given before; ask again with `stale=true`.
    #[error("the nonce is too old")]
    Stale,
    /// Wrong user, URI or response: which one is not told.
    #[error("the answer to the challenge is wrong")]
    Wrong,
}

impl NonceSource {
    /// Nonces under a random key, good for `lifetime`.
    #[must_use]
    pub fn new(key: [u8; 32], lifetime: Duration) -> Self {
        Self {
            key,
            lifetime,
            uses: Arc::default(),
        }
    }

    fn mac(&self, at: &str, realm: &str) -> String {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        mac.update(at.as_bytes());
        mac.update(b":");
        mac.update(realm.as_bytes());
        HEXLOWER.encode(&mac.finalize().into_bytes()[..16])
    }

    /// The nonce of this moment.
    #[must_use]
    pub fn nonce(&self, realm: &str, now: Timestamp) -> String {
        let at = format!("{:x}", now.millis());
        let mac = self.mac(&at, realm);
        format!("{at}.{mac}")
    }

    /// When a nonce was made, if it is ours and still good.
    fn check(&self, nonce: &str, realm: &str, now: Timestamp) -> Result<Timestamp, DigestFault> {
        let (at, mac) = nonce.split_once('.').ok_or(DigestFault::Wrong)?;
        if !bool::from(self.mac(at, realm).as_bytes().ct_eq(mac.as_bytes())) {
            return Err(DigestFault::Wrong);
        }
        let made = i64::from_str_radix(at, 16).map_err(|_| DigestFault::Wrong)?;
        let made = Timestamp::from_millis(made);
        if now.since(made) > self.lifetime {
            return Err(DigestFault::Stale);
        }
        Ok(made)
    }
}

impl std::fmt::Debug for NonceSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NonceSource({:?})", self.lifetime)
    }
}

/// Answers of one request that are looked at: nobody who was asked once gives more.
const MOST_ANSWERS: usize = 4;
/// Programs that give up at a first challenge that they do not know, although a weaker one follows.
const READ_NO_FURTHER: [&str; 2] = ["sipsak", "SIPp"];

/// Challenges in one realm, and checks the answers.
#[derive(Debug, Clone)]
pub struct Verifier {
    realm: String,
    nonces: NonceSource,
    /// Best first (RFC 8760 §2.3).
    algorithms: Vec<Algorithm>,
    qop: Qop,
    proxy: bool,
    /// Whether the URI that was signed must be the one of the request.
    direct: bool,
}

impl Verifier {
    /// A verifier for a realm: SHA-256 first, MD5 for those who know no other.
    #[must_use]
    pub fn new(realm: &str, nonces: NonceSource) -> Self {
        Self {
            realm: realm.to_owned(),
            nonces,
            algorithms: vec![Algorithm::Sha256, Algorithm::Md5],
            qop: Qop::Auth,
            proxy: false,
            direct: true,
        }
    }

    /// Offers and accepts these algorithms only, best first; each also in its `-sess` form.
    #[must_use]
    pub fn offering(self, algorithms: &[Algorithm]) -> Self {
        Self {
            algorithms: algorithms.to_vec(),
            ..self
        }
    }

    /// Wants the body covered, too (`auth-int`), and accepts nothing less.
    #[must_use]
    pub fn covering_bodies(self) -> Self {
        Self {
            qop: Qop::AuthInt,
            ..self
        }
    }

    /// Also takes requests whose URI a proxy changed on their way, as it does when it looks up where a user is: the
    /// sender signed another one then (RFC 3261 §22.4).
    #[must_use]
    pub fn behind_proxies(self) -> Self {
        Self {
            direct: false,
            ..self
        }
    }

    /// Challenges as a proxy does, with 407 and its own headers (RFC 3261 §22.3).
    #[must_use]
    pub fn as_proxy(self) -> Self {
        Self {
            proxy: true,
            ..self
        }
    }

    /// The challenges of this moment, best first; a client answers the first that it knows.
    #[must_use]
    pub fn challenges(&self, now: Timestamp, stale: bool) -> Vec<Challenge> {
        self.algorithms
            .iter()
            .map(|algorithm| Challenge {
                realm: self.realm.clone(),
                nonce: self.nonces.nonce(&self.realm, now),
                opaque: None,
                algorithm: *algorithm,
                algorithm_named: true,
                qop: vec![self.qop],
                stale,
                proxy: self.proxy,
            })
            .collect()
    }

    /// The 401 (of a proxy: 407) that asks the sender of a request for an answer.
    #[must_use]
    pub fn ask(&self, request: &Message, now: Timestamp, stale: bool) -> Reply {
        let (code, name) = match self.proxy {
            true => (407, "Proxy-Authenticate"),
            false => (401, "WWW-Authenticate"),
        };
        let mut challenges = self.challenges(now, stale);
        let agent = request.header("User-Agent").unwrap_or_default();
        if READ_NO_FURTHER.iter().any(|known| agent.starts_with(known)) {
            challenges.reverse();
        }
        challenges
            .iter()
            .fold(Reply::new(code), |reply, challenge| {
                reply.with_header(name, &challenge.to_header())
            })
    }

    /// The user name that a request claims in this realm, unchecked: to look up the password.
    #[must_use]
    pub fn claimed_user(&self, request: &Message) -> Option<String> {
        self.answers(request)
            .find_map(|p| p.value("username").map(str::to_owned))
    }

    fn answers(&self, request: &Message) -> impl Iterator<Item = Params> {
        let name = match self.proxy {
            true => "Proxy-Authorization",
            false => "Authorization",
        };
        request
            .fields()
            .filter(move |(n, _)| *n == name)
            .filter_map(|(_, v)| auth_params(v))
            .filter(|p| p.value("realm") == Some(&self.realm))
            .take(MOST_ANSWERS)
    }

    /// Checks a request's answers for `user`, of which one must be right. Without a `password` (unknown user) the same
    /// work is done and it is wrong.
    ///
    /// # Errors
    /// [`DigestFault`].
    pub fn verify(
        &self,
        request: &Message,
        user: &str,
        password: Option<&str>,
        now: Timestamp,
    ) -> Result<(), DigestFault> {
        let mut fault = DigestFault::Missing;
        for answer in self.answers(request) {
            match self.check(&answer, request, user, password, now) {
                Ok(()) => return Ok(()),
                // That the nonce is too old says that the password is right: it counts more.
                Err(_) if fault == DigestFault::Stale => {}
                Err(found) => fault = found,
            }
        }
        Err(fault)
    }

    fn check(
        &self,
        answer: &Params,
        request: &Message,
        user: &str,
        password: Option<&str>,
        now: Timestamp,
    ) -> Result<(), DigestFault> {
        let value = |name| answer.value(name).unwrap_or_default();
        let algorithm: Algorithm = answer
            .value("algorithm")
            .map_or(Ok(Algorithm::Md5), str::parse)
            .map_err(|_| DigestFault::Wrong)?;
        // Another protection than the one that was asked for: an attacker in between may have struck the better challenge
        // out. Without any, neither count nor cnonce are covered, and an answer could be given again with others.
        let wanted = match self.qop {
            Qop::Auth => "auth",
            Qop::AuthInt => "auth-int",
        };
        let offered = self.algorithms.contains(&algorithm.plain());
        if !offered || answer.value("qop") != Some(wanted) {
            return Err(DigestFault::Wrong);
        }
        let method = request.method().ok_or(DigestFault::Wrong)?;
        let expected = Ingredients {
            algorithm,
            nonce: value("nonce"),
            qop: Some(self.qop),
            count: value("nc"),
            cnonce: value("cnonce"),
            method: method.as_str(),
            uri: value("uri"),
            body: request.body(),
        }
        .response(user, &self.realm, password.unwrap_or_default());
        let right = expected.as_bytes().ct_eq(value("response").as_bytes());
        let same_uri = Some(value("uri")) == request.uri();
        let about_this = value("username") == user && (same_uri || !self.direct);
        if !(bool::from(right) && about_this && password.is_some()) {
            return Err(DigestFault::Wrong);
        }
        // The password is right. A nonce that is not ours is one from before a restart: ask again.
        let made = self
            .nonces
            .check(value("nonce"), &self.realm, now)
            .map_err(|_| DigestFault::Stale)?;
        // Nobody but who knows the password makes another answer; who heard this one must not use it again.
        let once = [user, value("nonce"), value("cnonce"), value("nc")];
        let lifetime = self.nonces.lifetime;
        match self.nonces.uses.take(once, made, now, lifetime) {
            true => Ok(()),
            false => Err(DigestFault::Stale),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::method::Method;
    use super::super::super::request::Credentials;
    use super::super::ClientNonce;
    use super::*;

    const URI: &str = "sip:example.net";

    fn verifier() -> Verifier {
        Verifier::new(
            "devices",
            NonceSource::new([9; 32], Duration::from_secs(60)),
        )
    }

    fn any_algorithm() -> Verifier {
        verifier().offering(&[Algorithm::Md5, Algorithm::Sha256, Algorithm::Sha512_256])
    }

    fn answered(challenge: &Challenge, password: &str) -> Message {
        counted(challenge, password, 1)
    }

    fn counted(challenge: &Challenge, password: &str, count: u32) -> Message {
        let mut request = Message::request(Method::REGISTER, URI);
        request.set_body(b"body".to_vec());
        request.push(
            "Authorization",
            &challenge.answer(
                &Credentials::new("anna", password),
                &Method::REGISTER,
                URI,
                b"body",
                ClientNonce {
                    cnonce: "xyz",
                    count,
                },
            ),
        );
        request
    }

    #[test]
    fn the_right_answer_is_accepted_with_every_algorithm_and_qop() {
        let now = Timestamp::from_millis(1_000_000);
        for name in [
            "MD5",
            "MD5-sess",
            "SHA-256",
            "SHA-256-sess",
            "SHA-512-256",
            "SHA-512-256-sess",
        ] {
            for verifier in [any_algorithm(), any_algorithm().covering_bodies()] {
                let mut challenge = verifier.challenges(now, false).remove(0);
                challenge.algorithm = name.parse().expect("known");
                let request = answered(&challenge, "secret");
                assert_eq!(verifier.claimed_user(&request).as_deref(), Some("anna"));
                let check = |password, at| verifier.verify(&request, "anna", password, at);
                assert_eq!(check(Some("secret"), now), Ok(()), "{name}");
                assert_eq!(check(Some("Secret"), now), Err(DigestFault::Wrong));
                assert_eq!(check(None, now), Err(DigestFault::Wrong));
                let later = now.after(Duration::from_secs(61));
                assert_eq!(check(Some("secret"), later), Err(DigestFault::Stale));
            }
        }
    }

    #[test]
    fn an_answer_that_was_taken_is_not_taken_again_and_the_next_count_is() {
        let now = Timestamp::from_millis(5);
        let verifier = verifier();
        let challenge = verifier.challenges(now, false).remove(0);
        let check = |request: &Message| verifier.verify(request, "anna", Some("secret"), now);
        let request = answered(&challenge, "secret");
        assert_eq!(check(&request), Ok(()));
        assert_eq!(check(&request), Err(DigestFault::Stale));
        let same = verifier.clone();
        assert_eq!(
            same.verify(&request, "anna", Some("secret"), now),
            Err(DigestFault::Stale),
            "clones know it, too"
        );
        assert_eq!(check(&counted(&challenge, "secret", 2)), Ok(()));
    }

    #[test]
    fn the_protection_is_the_one_that_was_asked_for_and_not_the_senders_choice() {
        let now = Timestamp::from_millis(5);
        for (verifier, others) in [
            (verifier(), [vec![], vec![Qop::AuthInt]]),
            (verifier().covering_bodies(), [vec![], vec![Qop::Auth]]),
        ] {
            for qop in others {
                let mut challenge = verifier.challenges(now, false).remove(0);
                challenge.qop = qop;
                let request = answered(&challenge, "secret");
                let checked = verifier.verify(&request, "anna", Some("secret"), now);
                assert_eq!(checked, Err(DigestFault::Wrong), "{challenge:?}");
            }
        }
    }

    #[test]
    fn who_answers_a_hundred_times_is_not_looked_at_a_hundred_times() {
        let now = Timestamp::from_millis(5);
        let verifier = verifier();
        let good = answered(&verifier.challenges(now, false).remove(0), "secret");
        let bad = answered(&verifier.challenges(now, false).remove(0), "guess");
        let [good, bad] = [&good, &bad].map(|m| m.header("Authorization").expect("there"));
        let mut request = Message::request(Method::REGISTER, URI);
        for _ in 0..100 {
            request.push("Authorization", bad);
        }
        request.push("Authorization", good);
        let checked = verifier.verify(&request, "anna", Some("secret"), now);
        assert_eq!(checked, Err(DigestFault::Wrong));
    }

    #[test]
    fn an_answer_for_another_user_uri_or_nonce_is_wrong() {
        let now = Timestamp::from_millis(5);
        let challenge = verifier().challenges(now, false).remove(1);
        let request = answered(&challenge, "secret");
        let wrong = Err(DigestFault::Wrong);
        assert_eq!(
            verifier().verify(&request, "bert", Some("secret"), now),
            wrong
        );
        let mut forged = challenge.clone();
        forged.nonce = forged.nonce.replace('.', "0.");
        let request = answered(&forged, "secret");
        assert_eq!(
            verifier().verify(&request, "anna", Some("secret"), now),
            Err(DigestFault::Stale)
        );
        let mut moved = Message::request(Method::REGISTER, "sip:other");
        moved.push(
            "Authorization",
            answered(&challenge, "secret")
                .header("Authorization")
                .expect("there"),
        );
        assert_eq!(
            verifier().verify(&moved, "anna", Some("secret"), now),
            wrong
        );
        let bare = Message::request(Method::REGISTER, URI);
        assert_eq!(
            verifier().verify(&bare, "anna", Some("secret"), now),
            Err(DigestFault::Missing)
        );
    }

    #[test]
    fn the_best_algorithm_stands_first_and_none_below_the_offered_ones_is_taken() {
        let now = Timestamp::from_millis(7);
        let offered: Vec<_> = verifier()
            .challenges(now, false)
            .iter()
            .map(|c| c.algorithm)
            .collect();
        assert_eq!(offered, [Algorithm::Sha256, Algorithm::Md5]);
        let strict = verifier().offering(&[Algorithm::Sha512_256, Algorithm::Sha256]);
        let weak = answered(&verifier().challenges(now, false).remove(1), "secret");
        let check = |v: &Verifier| v.verify(&weak, "anna", Some("secret"), now);
        assert_eq!(check(&verifier()), Ok(()));
        assert_eq!(check(&strict), Err(DigestFault::Wrong));
    }

    #[test]
    fn where_bodies_are_to_be_covered_a_changed_body_is_noticed() {
        let now = Timestamp::from_millis(7);
        let strict = verifier().covering_bodies();
        let challenge = strict.challenges(now, false).remove(0);
        let mut request = answered(&challenge, "secret");
        let check = |request: &Message| strict.verify(request, "anna", Some("secret"), now);
        assert_eq!(check(&request), Ok(()));
        request.set_body(b"Body".to_vec());
        assert_eq!(check(&request), Err(DigestFault::Wrong));
        let mut weaker = challenge;
        weaker.qop = vec![Qop::Auth];
        assert_eq!(check(&answered(&weaker, "secret")), Err(DigestFault::Wrong));
    }

    #[test]
    fn of_several_answers_one_must_be_right() {
        let now = Timestamp::from_millis(7);
        let good = verifier().challenges(now, false).remove(1);
        let mut request = answered(&verifier().challenges(now, false).remove(0), "guess");
        let check = |request: &Message| verifier().verify(request, "anna", Some("secret"), now);
        assert_eq!(check(&request), Err(DigestFault::Wrong));
        request.push(
            "Authorization",
            answered(&good, "secret")
                .header("Authorization")
                .expect("there"),
        );
        assert_eq!(check(&request), Ok(()));
    }

    #[test]
    fn a_proxy_asks_with_407_and_hears_only_what_is_meant_for_it() {
        let now = Timestamp::from_millis(7);
        let proxy = verifier().as_proxy();
        let request = Message::request(Method::REGISTER, URI);
        let reply = proxy.ask(&request, now, true);
        assert_eq!(reply.code, 407);
        assert!(
            reply
                .headers
                .iter()
                .all(|(name, value)| name == "Proxy-Authenticate" && value.contains("stale=true"))
        );
        let request = answered(&verifier().challenges(now, false).remove(0), "secret");
        assert_eq!(
            proxy.verify(&request, "anna", Some("secret"), now),
            Err(DigestFault::Missing)
        );
    }
}
