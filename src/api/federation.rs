use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use super::{SigningKey, VerifyingKey};
use crate::domain::Imei;

/// A server authenticates another afresh before it has it act (`POST /federation/v1/{destination}/hello`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Hello {
    /// 32 random hexadecimal digits or more.
    pub nonce: String,
}

/// The answer: who the other one is, signed over the asker's nonce.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct HelloAnswer {
    /// Name of the server that answers.
    pub server: String,
    /// Ed25519 signature over [`HelloAnswer::signed_text`], 128 hexadecimal digits.
    pub signature: String,
}

/// Asks a peer for a device (`POST /federation/v1/{destination}/find`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct PeerFind {
    /// The device's IMEI.
    pub imei: Imei,
}

impl HelloAnswer {
    /// Answers a hello of `asker`.
    #[must_use]
    pub fn to(asker: &str, hello: &Hello, server: &str, key: &SigningKey) -> Self {
        let text = Self::signed_text(asker, server, &hello.nonce);
        Self {
            server: server.to_owned(),
            signature: HEXLOWER.encode(&key.sign(text.as_bytes())),
        }
    }

    /// Whether this is `server`'s own answer to `asker`'s hello.
    #[must_use]
    pub fn is_from(&self, server: &str, key: &VerifyingKey, asker: &str, hello: &Hello) -> bool {
        let text = Self::signed_text(asker, server, &hello.nonce);
        self.server == server
            && HEXLOWER
                .decode(self.signature.as_bytes())
                .is_ok_and(|signature| key.verify(text.as_bytes(), &signature))
    }

    fn signed_text(asker: &str, server: &str, nonce: &str) -> String {
        format!("callhome/hello/v1 {asker} {server} {nonce}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_holds_for_one_asker_one_server_and_one_nonce() {
        let key = SigningKey::from_seed(&[1; 32]).expect("a seed");
        let other = SigningKey::from_seed(&[2; 32]).expect("a seed");
        let hello = Hello {
            nonce: "00ff".into(),
        };
        let late = Hello {
            nonce: "00fe".into(),
        };
        let answer = HelloAnswer::to("north", &hello, "south", &key);
        let public = key.verifying_key();
        assert!(answer.is_from("south", &public, "north", &hello));
        assert!(!answer.is_from("south", &public, "north", &late));
        assert!(!answer.is_from("south", &public, "east", &hello));
        assert!(!answer.is_from("west", &public, "north", &hello));
        assert!(!answer.is_from("south", &other.verifying_key(), "north", &hello));
    }
}
