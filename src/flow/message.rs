//! The signed text of an action, as sessions and text messages carry it.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::api::{ActionView, Device};
use crate::domain::{Action, ActionKind, DeviceSecret, Purpose, Sequence};
use crate::sms::{Draft, InvalidMessage, Meter, Nonce, SmsKeys, Version};

use super::Home;

/// Whether the device can follow links and answer over HTTPS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DataPath {
    /// It can.
    There,
    /// Text messages are all it has.
    None,
}

impl DataPath {
    /// What the device said.
    pub(super) const fn of(device: &Device) -> Self {
        match device.has_data {
            true => Self::There,
            false => Self::None,
        }
    }
}

/// Signs one action under its number.
pub(super) fn signed(
    secret: &DeviceSecret,
    sequence: Sequence,
    action: Action,
) -> Result<String, InvalidMessage> {
    text(secret, sequence, vec![action])
}

/// The text that closes the gap of a number that was given up (requirement C4).
pub(super) fn void(secret: &DeviceSecret, sequence: Sequence) -> Result<String, InvalidMessage> {
    signed(secret, sequence, Action::new(ActionKind::Nothing, [""; 0]))
}

/// The text for a text message: with `num(nonce)` where a text message is the only way to answer, and replaced by
/// `url(link)` where it would take more segments than allowed and the device can follow a link (requirement C5).
pub(super) fn for_sms(
    home: &Home,
    secret: &DeviceSecret,
    view: &ActionView,
    data: DataPath,
) -> Result<String, InvalidMessage> {
    let mut actions = vec![view.action.clone()];
    if data == DataPath::None {
        let nonce = reply_nonce(secret, view.sequence).to_string();
        actions.push(Action::new(ActionKind::ReplyNumber, [nonce]));
    }
    let whole = text(secret, view.sequence, actions)?;
    let fits = Meter::of(&whole).is_ok_and(|m| m.segments <= home.max_segments.max(1) as usize);
    match &home.https {
        Some(address) if !fits && data == DataPath::There => {
            let link = format!("{}/agent/v1/actions/{}", address.url(), view.sequence);
            signed(
                secret,
                view.sequence,
                Action::new(ActionKind::FetchUrl, [link]),
            )
        }
        _ => Ok(whole),
    }
}

/// The nonce that ties a reply by text message to its action.
///
/// Derived, not drawn: a text that is sent again is the same octets, and the answer finds its action without a
/// table of nonces. It serves once because the action ends with its first answer.
pub(super) fn reply_nonce(secret: &DeviceSecret, sequence: Sequence) -> Nonce {
    let mut mac = Hmac::<Sha256>::new_from_slice(&secret.key(Purpose::Sms2))
        .expect("HMAC takes keys of any length");
    mac.update(b"reply nonce");
    mac.update(sequence.to_string().as_bytes());
    let mut nonce = [0; 8];
    nonce.copy_from_slice(&mac.finalize().into_bytes()[..8]);
    Nonce::from_bytes(nonce)
}

fn text(
    secret: &DeviceSecret,
    sequence: Sequence,
    actions: Vec<Action>,
) -> Result<String, InvalidMessage> {
    let draft = Draft::new(Version::V2, Some(sequence), actions)?;
    let message = draft.sign(&SmsKeys::derive(secret))?;
    Ok(message.as_str().to_owned())
}
