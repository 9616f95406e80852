use std::fmt;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::domain::{DeviceSecret, Purpose, ShortId, Timestamp};

/// Content type of the body of a bootstrap INVITE.
pub const BOOTSTRAP_CONTENT_TYPE: &str = "application/vnd.callhome.bootstrap+json";

/// What a bootstrap INVITE tells a device: where to open a session, and a token that serves once.
///
/// `Debug` hides the token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bootstrap {
    /// URL of the management server.
    pub server: String,
    /// One-time token.
    pub token: String,
    /// When the token dies.
    pub expires_at: Timestamp,
    /// SHA-256 of the server's public key, as hex; the device pins it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_pin: Option<String>,
    /// Ties the session to this INVITE.
    pub session: ShortId,
}

/// Why a bootstrap body is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BootstrapFault {
    /// Not the JSON that it should be.
    #[error("the bootstrap body is malformed")]
    Malformed,
    /// The MAC is wrong: altered, or for another device.
    #[error("the bootstrap body was altered or is for another device")]
    Mac,
    /// The token is dead.
    #[error("the bootstrap token expired at {0}")]
    Expired(Timestamp),
}

#[derive(Serialize, Deserialize)]
struct Envelope {
    payload: String,
    mac: String,
}

fn mac(secret: &DeviceSecret, payload: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(&secret.key(Purpose::Bootstrap))
        .expect("HMAC takes keys of any length");
    mac.update(payload.as_bytes());
    HEXLOWER.encode(&mac.finalize().into_bytes())
}

impl Bootstrap {
    /// The body, with a MAC that only the server and this device can make.
    ///
    /// # Panics
    /// Never: the fields always have a JSON form.
    #[must_use]
    pub fn seal(&self, secret: &DeviceSecret) -> Vec<u8> {
        let json = serde_json::to_vec(self).expect("strings and numbers have a JSON form");
        let payload = BASE64URL_NOPAD.encode(&json);
        let mac = mac(secret, &payload);
        serde_json::to_vec(&Envelope { payload, mac }).expect("strings have a JSON form")
    }

    /// Checks the MAC in constant time, then reads what it covers.
    ///
    /// # Errors
    /// [`BootstrapFault`].
    pub fn open(
        body: &[u8],
        secret: &DeviceSecret,
        now: Timestamp,
    ) -> Result<Self, BootstrapFault> {
        let envelope: Envelope =
            serde_json::from_slice(body).map_err(|_| BootstrapFault::Malformed)?;
        let expected = mac(secret, &envelope.payload);
        let given = envelope.mac.to_ascii_lowercase();
        if !bool::from(expected.as_bytes().ct_eq(given.as_bytes())) {
            return Err(BootstrapFault::Mac);
        }
        let json = BASE64URL_NOPAD
            .decode(envelope.payload.as_bytes())
            .map_err(|_| BootstrapFault::Malformed)?;
        let bootstrap: Self =
            serde_json::from_slice(&json).map_err(|_| BootstrapFault::Malformed)?;
        if bootstrap.expires_at <= now {
            return Err(BootstrapFault::Expired(bootstrap.expires_at));
        }
        Ok(bootstrap)
    }
}

impl fmt::Debug for Bootstrap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bootstrap")
            .field("server", &self.server)
            .field("expires_at", &self.expires_at)
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bootstrap() -> Bootstrap {
        Bootstrap {
            server: "https://mgmt.example.net:8443".into(),
            token: "once-only".into(),
            expires_at: Timestamp::from_millis(10_000),
            tls_pin: Some("ab".repeat(32)),
            session: ShortId::from_random([1, 2, 3, 4, 5]),
        }
    }

    #[test]
    fn only_the_right_device_opens_it_and_only_in_time() {
        let secret = DeviceSecret::from_bytes([7; 32]);
        let other = DeviceSecret::from_bytes([8; 32]);
        let body = bootstrap().seal(&secret);
        let early = Timestamp::from_millis(9_999);
        let late = Timestamp::from_millis(10_000);
        assert_eq!(Bootstrap::open(&body, &secret, early), Ok(bootstrap()));
        assert_eq!(
            Bootstrap::open(&body, &other, early),
            Err(BootstrapFault::Mac)
        );
        assert_eq!(
            Bootstrap::open(&body, &secret, late),
            Err(BootstrapFault::Expired(late))
        );
    }

    #[test]
    fn no_single_changed_byte_is_taken() {
        let secret = DeviceSecret::from_bytes([7; 32]);
        let body = bootstrap().seal(&secret);
        for i in 0..body.len() {
            let mut altered = body.clone();
            altered[i] ^= 1;
            let opened = Bootstrap::open(&altered, &secret, Timestamp::from_millis(0));
            assert!(opened.is_err(), "byte {i}");
        }
    }

    #[test]
    fn the_token_is_not_shown_and_travels_encoded() {
        assert!(!format!("{:?}", bootstrap()).contains("once-only"));
        let body = bootstrap().seal(&DeviceSecret::from_bytes([7; 32]));
        let text = String::from_utf8(body).expect("JSON");
        assert!(text.starts_with("{\"payload\":\"") && !text.contains("once-only"));
    }
}
