//! A device's side of the door, signed by hand so that a test can also do it wrong.

use callhome::api::signature::{
    Algorithm, Params, content_digest, hmac_signature, signature_header,
};
use callhome::api::{EnrolResponse, Invitation, KeyId, SessionResponse};
use callhome::domain::{DeviceId, DeviceSecret, Purpose, SystemId, Timestamp};
use callhome::host::OsEntropy;
use callhome::port::Entropy as _;
use data_encoding::HEXLOWER;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::server::{TestServer, answer, now};

/// An enrolled device.
pub(crate) struct TestDevice {
    pub(crate) system: SystemId,
    pub(crate) id: DeviceId,
    pub(crate) secret: DeviceSecret,
    pub(crate) enrolled: EnrolResponse,
}

pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    OsEntropy.fill(&mut bytes).expect("random bytes");
    bytes
}

/// Codes for `count` devices.
pub(crate) async fn invite(server: &TestServer, count: u32) -> Invitation {
    server
        .post("/api/v1/invitations", &json!({ "count": count }), 201)
        .await
}

/// The first words of a device with this IMEI.
pub(crate) fn enrolment(
    invitation: &Invitation,
    id: DeviceId,
    secret: &DeviceSecret,
    imei: &str,
) -> Value {
    json!({
        "system_id": invitation.system_id,
        "code": invitation.codes[0],
        "device_id": id,
        "secret": secret.to_hex(),
        "identities": [format!("imei:{imei}")],
        "numbers": ["+14085550137"],
        "name": "Nokia G42",
    })
}

impl TestDevice {
    /// Invites and enrols a device.
    pub(crate) async fn enrol(server: &TestServer, imei: &str) -> Self {
        let invitation = invite(server, 1).await;
        let (id, secret) = (
            DeviceId::from_random(random()),
            DeviceSecret::from_bytes(random()),
        );
        let body = enrolment(&invitation, id, &secret, imei);
        let request = server.network(Method::POST, "/agent/v1/enrol").json(&body);
        let enrolled = answer(request, 200).await;
        Self {
            system: invitation.system_id,
            id,
            secret,
            enrolled,
        }
    }

    /// A signed request.
    pub(crate) fn signed(
        &self,
        server: &TestServer,
        method: Method,
        path: &str,
        body: impl Into<Vec<u8>>,
    ) -> RequestBuilder {
        self.signed_at(
            server,
            method,
            path,
            body,
            now(),
            &HEXLOWER.encode(&random::<12>()),
        )
    }

    /// A signed request with a chosen time and nonce.
    pub(crate) fn signed_at(
        &self,
        server: &TestServer,
        method: Method,
        path: &str,
        body: impl Into<Vec<u8>>,
        at: Timestamp,
        nonce: &str,
    ) -> RequestBuilder {
        let body = body.into();
        let key = KeyId {
            system: self.system,
            device: self.id,
        };
        let params = Params::new(&key.to_string(), nonce, at, Algorithm::HmacSha256);
        let digest = content_digest(&body);
        let uri = format!("{}{path}", server.url);
        let base = params.base(method.as_str(), &uri, &digest);
        let signature = hmac_signature(&self.secret.key(Purpose::Http), &base);
        server
            .network(method, path)
            .header("content-digest", digest)
            .header("signature-input", params.input_header())
            .header("signature", signature_header(&signature))
            .body(body)
    }

    /// Opens a session.
    pub(crate) async fn session(&self, server: &TestServer) -> SessionResponse {
        let request = self.signed(server, Method::POST, "/agent/v1/session", "{}");
        answer(request, 200).await
    }
}
