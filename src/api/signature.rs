//! HTTP message signatures (RFC 9421) over method, target URI and content digest.
//!
//! Devices sign with HMAC-SHA-256 (§3.3.3), federated servers with Ed25519 (§3.3.6).
//! This file builds and reads the three headers and the signature base; keys,
//! nonce memory and the clock belong to the callers.
//!
//! ```
//! use callhome::api::signature::{Algorithm, Params, content_digest, hmac_signature, verify_hmac};
//! use callhome::domain::Timestamp;
//! let params = Params::new("dev_1", "n-1", Timestamp::from_millis(1_000), Algorithm::HmacSha256);
//! let digest = content_digest(b"{}");
//! let base = params.base("POST", "https://example.net/agent/v1/session", &digest);
//! let signature = hmac_signature(&[7; 32], &base);
//! assert!(verify_hmac(&[7; 32], &base, &signature));
//! ```

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::domain::Timestamp;

/// Label of our signature in `Signature` and `Signature-Input` (RFC 9421 §4).
const LABEL: &str = "callhome";
const COMPONENTS: &str = r#"("@method" "@target-uri" "content-digest")"#;

/// Seconds by which `created` may differ from the verifier's clock, either way.
pub const MAX_SKEW_S: i64 = 300;

/// Signature algorithms (RFC 9421 §6.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// `hmac-sha256`, devices.
    HmacSha256,
    /// `ed25519`, federated servers.
    Ed25519,
}

/// The parameters that are signed beside the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Params {
    key_id: String,
    nonce: String,
    created_s: i64,
    algorithm: Algorithm,
}

/// Why signature headers cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSignature {
    /// A header is missing or not in the form that this contract fixes.
    #[error("the signature headers are missing or unreadable")]
    Unreadable,
    /// The body is not the one that was signed.
    #[error("the content digest does not match the body")]
    Digest,
    /// Signed too long ago, or in the future.
    #[error("the signature was made too far from now")]
    Stale,
}

impl Algorithm {
    const fn word(self) -> &'static str {
        match self {
            Self::HmacSha256 => "hmac-sha256",
            Self::Ed25519 => "ed25519",
        }
    }
}

impl Params {
    /// Builds parameters; `key_id` and `nonce` must not hold quotes or backslashes (those are dropped).
    #[must_use]
    pub fn new(key_id: &str, nonce: &str, created: Timestamp, algorithm: Algorithm) -> Self {
        let clean = |text: &str| {
            text.chars()
                .filter(|c| c.is_ascii_graphic() && !matches!(c, '"' | '\\'))
                .collect()
        };
        Self {
            key_id: clean(key_id),
            nonce: clean(nonce),
            created_s: created.seconds(),
            algorithm,
        }
    }

    /// Who signed.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The signer's nonce: a verifier that saw it within the allowed skew refuses.
    #[must_use]
    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    /// When it was signed.
    #[must_use]
    pub const fn created(&self) -> Timestamp {
        Timestamp::from_millis(self.created_s.saturating_mul(1000))
    }

    /// The algorithm that was named.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    fn inner(&self) -> String {
        format!(
            r#"{COMPONENTS};created={};nonce="{}";keyid="{}";alg="{}""#,
            self.created_s,
            self.nonce,
            self.key_id,
            self.algorithm.word()
        )
    }

    /// Value of the `Signature-Input` header.
    #[must_use]
    pub fn input_header(&self) -> String {
        format!("{LABEL}={}", self.inner())
    }

    /// The signature base (RFC 9421 §2.5): the octets that are signed.
    #[must_use]
    pub fn base(&self, method: &str, target_uri: &str, content_digest: &str) -> String {
        format!(
            "\"@method\": {method}\n\"@target-uri\": {target_uri}\n\"content-digest\": {content_digest}\n\"@signature-params\": {}",
            self.inner()
        )
    }

    /// Reads a `Signature-Input` header in the one form that this contract has.
    ///
    /// # Errors
    /// [`InvalidSignature::Unreadable`] for any other form.
    pub fn from_input_header(value: &str) -> Result<Self, InvalidSignature> {
        let bad = InvalidSignature::Unreadable;
        let rest = value
            .strip_prefix(LABEL)
            .and_then(|v| v.strip_prefix('='))
            .ok_or(bad.clone())?;
        let rest = rest.strip_prefix(COMPONENTS).ok_or(bad.clone())?;
        let (mut created_s, mut nonce, mut key_id, mut algorithm) = (None, None, None, None);
        for part in rest.split(';').skip(1) {
            let (name, text) = part.split_once('=').ok_or(bad.clone())?;
            let quoted = || {
                text.strip_prefix('"')
                    .and_then(|t| t.strip_suffix('"'))
                    .map(str::to_owned)
            };
            match name {
                "created" => created_s = text.parse().ok(),
                "nonce" => nonce = quoted(),
                "keyid" => key_id = quoted(),
                "alg" => {
                    algorithm = match quoted().as_deref() {
                        Some("hmac-sha256") => Some(Algorithm::HmacSha256),
                        Some("ed25519") => Some(Algorithm::Ed25519),
                        _ => None,
                    }
                }
                _ => return Err(bad),
            }
        }
        let params = Self {
            key_id: key_id.ok_or(bad.clone())?,
            nonce: nonce.ok_or(bad.clone())?,
            created_s: created_s.ok_or(bad.clone())?,
            algorithm: algorithm.ok_or(bad.clone())?,
        };
        // What is verified is printed anew: a header that we would print otherwise is not ours.
        if params.input_header() == value {
            Ok(params)
        } else {
            Err(bad)
        }
    }

    /// Checks the body against its digest and the age against `now`.
    ///
    /// # Errors
    /// [`InvalidSignature::Digest`] or [`InvalidSignature::Stale`].
    pub fn check(
        &self,
        now: Timestamp,
        body: &[u8],
        digest_header: &str,
    ) -> Result<(), InvalidSignature> {
        if content_digest(body) != digest_header {
            return Err(InvalidSignature::Digest);
        }
        self.check_age(now)
    }

    /// Checks the age against `now`: what can be said before there is a body.
    ///
    /// # Errors
    /// [`InvalidSignature::Stale`].
    pub fn check_age(&self, now: Timestamp) -> Result<(), InvalidSignature> {
        if now.seconds().saturating_sub(self.created_s).unsigned_abs() > MAX_SKEW_S.unsigned_abs() {
            return Err(InvalidSignature::Stale);
        }
        Ok(())
    }
}

/// Value of the `Content-Digest` header (RFC 9530 §2) for a body.
#[must_use]
pub fn content_digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", BASE64.encode(&Sha256::digest(body)))
}

/// Value of the `Signature` header for raw signature octets.
#[must_use]
pub fn signature_header(signature: &[u8]) -> String {
    format!("{LABEL}=:{}:", BASE64.encode(signature))
}

/// Raw signature octets of a `Signature` header.
///
/// # Errors
/// [`InvalidSignature::Unreadable`] when it is not ours.
pub fn from_signature_header(value: &str) -> Result<Vec<u8>, InvalidSignature> {
    value
        .strip_prefix(LABEL)
        .and_then(|v| v.strip_prefix("=:"))
        .and_then(|v| v.strip_suffix(':'))
        .and_then(|v| BASE64.decode(v.as_bytes()).ok())
        .ok_or(InvalidSignature::Unreadable)
}

/// Signs a base with a device's key "http"; raw octets.
#[must_use]
pub fn hmac_signature(key: &[u8; 32], base: &str) -> Vec<u8> {
    mac(key, base).finalize().into_bytes().to_vec()
}

/// Verifies a device's signature in constant time.
#[must_use]
pub fn verify_hmac(key: &[u8; 32], base: &str, signature: &[u8]) -> bool {
    mac(key, base).verify_slice(signature).is_ok()
}

fn mac(key: &[u8; 32], base: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(base.as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params() -> Params {
        Params::new(
            "dev_1",
            "abc",
            Timestamp::from_millis(1_700_000_000_000),
            Algorithm::HmacSha256,
        )
    }

    #[test]
    fn headers_survive_the_wire() {
        assert_eq!(
            Params::from_input_header(&params().input_header()),
            Ok(params())
        );
        assert_eq!(
            from_signature_header(&signature_header(&[1, 2, 3])),
            Ok(vec![1, 2, 3])
        );
    }

    #[test]
    fn every_signed_part_matters() {
        let key = [9; 32];
        let digest = content_digest(b"body");
        let base = params().base("POST", "https://a/x", &digest);
        let good = hmac_signature(&key, &base);
        assert!(verify_hmac(&key, &base, &good));
        for other in [
            params().base("PUT", "https://a/x", &digest),
            params().base("POST", "https://b/x", &digest),
            params().base("POST", "https://a/x", &content_digest(b"BODY")),
        ] {
            assert!(!verify_hmac(&key, &other, &good));
        }
        assert!(!verify_hmac(&[8; 32], &base, &good));
    }

    #[test]
    fn refuses_other_bodies_old_signatures_and_foreign_headers() {
        let digest = content_digest(b"body");
        let now = params().created();
        assert_eq!(params().check(now, b"body", &digest), Ok(()));
        assert_eq!(
            params().check(now, b"bodx", &digest),
            Err(InvalidSignature::Digest)
        );
        let late = Timestamp::from_millis(now.millis() + 301_000);
        assert_eq!(
            params().check(late, b"body", &digest),
            Err(InvalidSignature::Stale)
        );
        for text in [
            "",
            "callhome=",
            "other=(\"@method\");created=1",
            "callhome=(\"@method\" \"@target-uri\" \"content-digest\");created=x",
        ] {
            assert!(Params::from_input_header(text).is_err(), "{text}");
        }
    }
}
