use data_encoding::BASE64URL_NOPAD;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::Value;

/// A private key that signs tokens (RFC 7515). `Debug` shows its kind only.
pub(super) enum Signer {
    /// RS256: RSA with PKCS #1 v1.5 and SHA-256.
    Rs256(Box<RsaKeyPair>),
    /// ES256: ECDSA on P-256 with SHA-256.
    Es256(Box<EcdsaKeyPair>),
}

/// Why a text is not a private key for tokens. Never repeats it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// It is not PEM with a PKCS #8 key.
    #[error("expected a private key in PEM form (-----BEGIN PRIVATE KEY-----)")]
    NotPem,
    /// The key is of another kind, or too short.
    #[error("expected {0}")]
    Kind(&'static str),
    /// The library could not sign.
    #[error("the key could not sign")]
    Signing,
}

impl Signer {
    /// An RSA key of 2,048 bits or more.
    pub(super) fn rs256(pem: &str) -> Result<Self, InvalidKey> {
        let key = RsaKeyPair::from_pkcs8(&der(pem)?)
            .map_err(|_| InvalidKey::Kind("an RSA key of at least 2,048 bits"))?;
        Ok(Self::Rs256(Box::new(key)))
    }

    /// A P-256 key.
    pub(super) fn es256(pem: &str) -> Result<Self, InvalidKey> {
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der(pem)?, &random)
            .map_err(|_| InvalidKey::Kind("an elliptic-curve key on P-256"))?;
        Ok(Self::Es256(Box::new(key)))
    }

    /// A token in compact form with this header (its `alg` is added) and these claims.
    pub(super) fn token(&self, mut header: Value, claims: &Value) -> Result<String, InvalidKey> {
        let alg = match self {
            Self::Rs256(_) => "RS256",
            Self::Es256(_) => "ES256",
        };
        header["alg"] = alg.into();
        let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let signed = format!("{}.{}", part(&header), part(claims));
        let random = SystemRandom::new();
        let signature = match self {
            Self::Rs256(key) => {
                let mut octets = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut octets)
                    .map_err(|_| InvalidKey::Signing)?;
                octets
            }
            Self::Es256(key) => key
                .sign(&random, signed.as_bytes())
                .map_err(|_| InvalidKey::Signing)?
                .as_ref()
                .to_vec(),
        };
        Ok(format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature)))
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Rs256(_) => "Signer(RS256)",
            Self::Es256(_) => "Signer(ES256)",
        })
    }
}

fn der(pem: &str) -> Result<Vec<u8>, InvalidKey> {
    PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes())
        .map(|key| key.secret_pkcs8_der().to_vec())
        .map_err(|_| InvalidKey::NotPem)
}

#[cfg(test)]
mod tests {
    use ring::signature::{ECDSA_P256_SHA256_FIXED, KeyPair as _, UnparsedPublicKey};
    use serde_json::json;

    use super::*;

    fn pem(der: &[u8]) -> String {
        let text = data_encoding::BASE64.encode(der);
        format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
    }

    #[test]
    fn a_token_is_signed_over_header_and_claims() {
        let random = SystemRandom::new();
        let pkcs8 =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
        let signer = Signer::es256(&pem(pkcs8.as_ref())).expect("a key");
        let Signer::Es256(key) = &signer else {
            panic!("{signer:?}");
        };
        let token = signer
            .token(json!({"kid": "ABC"}), &json!({"iss": "TEAM"}))
            .expect("signed");
        let (signed, signature) = token.rsplit_once('.').expect("three parts");
        let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).expect("text");
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.public_key())
            .verify(signed.as_bytes(), &signature)
            .expect("a right signature");
        let header = signed.split('.').next().expect("two parts");
        let header = BASE64URL_NOPAD.decode(header.as_bytes()).expect("text");
        assert_eq!(
            serde_json::from_slice::<Value>(&header).expect("JSON"),
            json!({"alg": "ES256", "kid": "ABC"})
        );
    }

    #[test]
    fn other_keys_are_refused_without_repeating_them() {
        assert_eq!(Signer::es256("secret").map(drop), Err(InvalidKey::NotPem));
        let wrong = pem(b"not a key at all");
        for result in [Signer::es256(&wrong), Signer::rs256(&wrong)] {
            let error = result.map(drop).expect_err("no key");
            assert!(matches!(error, InvalidKey::Kind(_)), "{error}");
        }
    }
}
