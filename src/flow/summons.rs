//! The requests that make a device call home.

use data_encoding::HEXLOWER;

use crate::api::{CallbackView, Device};
use crate::domain::{DeviceSecret, Purpose, ShortId};
use crate::oma::{Initiator, Notification, UiMode};
use crate::port::{AgentKey, MachineError, PageOf, StoreError};
use crate::sip::contact_me;
use crate::sip::{
    BOOTSTRAP_CONTENT_TYPE, Bootstrap, Credentials, InvalidRequest, OutboundRequest, SipUri,
};

use super::{Ports, contact, session};

/// Why a device cannot be summoned so.
#[derive(Debug, thiserror::Error)]
pub(super) enum CannotSummon {
    /// Without the device's secret nothing can be proven to it, and there is no TLS to carry a secret.
    #[error("it is not enrolled: the first bootstrap needs SIP over TLS")]
    NotEnrolled,
    /// A bootstrap has to name an address.
    #[error("this endpoint has no public HTTPS address to bootstrap with")]
    NoAddress,
    #[error(transparent)]
    Request(#[from] InvalidRequest),
    #[error(transparent)]
    Notification(#[from] crate::oma::InvalidNotification),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Machine(#[from] MachineError),
}

/// NOTIFY with a *contact-me* body (requirement B5), under a request id that the device's session will carry. The
/// device may challenge it (B7).
pub(super) fn notify(
    ports: &Ports,
    key: Option<&AgentKey>,
    uri: SipUri,
    route: Vec<SipUri>,
    request: &str,
) -> Result<OutboundRequest, InvalidRequest> {
    let body = contact::own(ports, request).to_text().into_bytes();
    let notify = OutboundRequest::notify(uri, contact_me::EVENT)?
        .via_route(route)
        .with_body(contact_me::CONTENT_TYPE, body)?;
    Ok(answering_challenges(notify, key))
}

/// NOTIFY with what a callback's asker wants the device to know (requirements B4 to B6).
pub(super) fn notify_of(
    ports: &Ports,
    device: &Device,
    key: Option<&AgentKey>,
    uri: SipUri,
    route: Vec<SipUri>,
    callback: &CallbackView,
) -> Result<OutboundRequest, InvalidRequest> {
    let (content_type, body) = contact::body_for(ports, device, callback);
    let notify = OutboundRequest::notify(uri, contact_me::EVENT)?
        .via_route(route)
        .with_body(content_type, body)?;
    Ok(answering_challenges(notify, key))
}

/// INVITE (requirement A3): with bootstrap information for a device that has not called yet in this epoch, with
/// package 0, which carries neither address nor credentials, for one that has.
pub(super) async fn invite(
    ports: &Ports,
    device: &Device,
    key: Option<&AgentKey>,
    uri: SipUri,
    route: Vec<SipUri>,
    callback: &CallbackView,
) -> Result<OutboundRequest, CannotSummon> {
    let key = key.ok_or(CannotSummon::NotEnrolled)?;
    let (content_type, body) = if has_called(ports, device).await? {
        package_0(ports, key, callback.id)?
    } else {
        bootstrap(ports, key, callback)?
    };
    let invite = OutboundRequest::invite(uri)
        .via_route(route)
        .with_body(&content_type, body)?;
    Ok(answering_challenges(invite, Some(key)))
}

/// The server's secret on the device, with which package 0 is signed: hex of key "bootstrap".
#[must_use]
pub fn notification_password(secret: &DeviceSecret) -> String {
    HEXLOWER.encode(&secret.key(Purpose::Bootstrap))
}

/// The nonce of package 0: the enrolment epoch, four octets, big endian. A repeat only makes the device call again.
#[must_use]
pub const fn notification_nonce(epoch: u32) -> [u8; 4] {
    epoch.to_be_bytes()
}

fn package_0(
    ports: &Ports,
    key: &AgentKey,
    callback: ShortId,
) -> Result<(String, Vec<u8>), CannotSummon> {
    let name = &ports.home.name;
    let mut session = [0; 2];
    ports.entropy.fill(&mut session)?;
    let session = u16::from_be_bytes(session).max(1);
    let octets = Notification::new(name, session, UiMode::Background, Initiator::Server)?
        // The session id of package 0 has 16 bits; the request id that ties the session has 40.
        .with_vendor(callback.to_string().as_bytes())
        .sign(
            &notification_password(&key.secret),
            &notification_nonce(key.epoch),
        );
    Ok(("application/vnd.syncml.notification".to_owned(), octets))
}

/// Whether the device has opened a session since it enrolled: its log says so. A log that has forgotten it only
/// means that the device is bootstrapped once more.
async fn has_called(ports: &Ports, device: &Device) -> Result<bool, StoreError> {
    let page = PageOf {
        cursor: None,
        limit: 1_000,
    };
    let log = ports.device_log.log(device.id, page).await?;
    Ok(log
        .items
        .iter()
        .any(|line| line.kind == "session" && device.enrolled_at.is_none_or(|e| line.at >= e)))
}

/// The device may ask who sends (RFC 7616): the answer is the secret that both share.
pub(super) fn answering_challenges(
    request: OutboundRequest,
    key: Option<&AgentKey>,
) -> OutboundRequest {
    match key {
        Some(key) => request.with_credentials(Credentials::new(
            key.agent_id.to_string(),
            key.secret.sip_password(),
        )),
        None => request,
    }
}

fn bootstrap(
    ports: &Ports,
    key: &AgentKey,
    callback: &CallbackView,
) -> Result<(String, Vec<u8>), CannotSummon> {
    let home = ports.home.https.as_ref().ok_or(CannotSummon::NoAddress)?;
    let body = Bootstrap {
        server: home.url(),
        token: session::bootstrap_token(ports, key, callback.id, callback.expires_at)?,
        expires_at: callback.expires_at,
        tls_pin: ports.home.certificate_pin.clone(),
        session: callback.id,
    };
    Ok((BOOTSTRAP_CONTENT_TYPE.to_owned(), body.seal(&key.secret)))
}
