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

/// The text that has a device show, by its answer, that text messages to it arrive (requirement C7).
pub(super) fn asking(
    secret: &DeviceSecret,
    sequence: Sequence,
    nonce: Nonce,
) -> Result<String, InvalidMessage> {
    let nop = Action::new(ActionKind::Nothing, [""; 0]);
    let reply = Action::new(ActionKind::ReplyNumber, [nonce.to_string()]);
    text(secret, sequence, vec![nop, reply])
}

/// A text for one text message, and how many of the actions that were to go it carries.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parcel {
    /// Signed.
    pub(super) text: String,
    /// So many of the actions, from the first on; at least one.
    pub(super) carries: usize,
}

/// One action as the text of a text message.
pub(super) fn for_sms(
    home: &Home,
    secret: &DeviceSecret,
    view: &ActionView,
    data: DataPath,
) -> Result<String, InvalidMessage> {
    pack(home, secret, &[view], 0, data).map(|parcel| parcel.text)
}

/// Packs as many actions into one text message as follow each other in number and fit, from the first on.
///
/// With `num(nonce)` where a text message is the only way to answer. An action that alone takes more segments than
/// allowed is replaced by `url(link)` where the device can follow a link (requirement C5). `voids` numbers directly
/// before the first were given up: `nop()` stands for each, for a device that cannot ask what became of them (C4).
pub(super) fn pack(
    home: &Home,
    secret: &DeviceSecret,
    views: &[&ActionView],
    voids: u32,
    data: DataPath,
) -> Result<Parcel, InvalidMessage> {
    let first = views.first().map_or(Sequence::FIRST, |v| v.sequence);
    let start = Sequence::new(first.value().saturating_sub(voids));
    let most = home.max_segments.max(1) as usize;
    let fits = |text: &str| Meter::of(text).is_ok_and(|m| m.segments <= most);
    let follow = views.windows(2).take_while(|pair| {
        let [before, after] = pair else { return false };
        before.sequence.next() == Some(after.sequence)
    });
    let in_row = 1 + follow.count();
    let whole = |count: usize| {
        let nop = || Action::new(ActionKind::Nothing, [""; 0]);
        let mut actions: Vec<Action> = (0..voids).map(|_| nop()).collect();
        actions.extend(views.iter().take(count).map(|view| view.action.clone()));
        if data == DataPath::None {
            let nonce = reply_nonce(&nonce_key(secret), start, actions.len()).to_string();
            actions.push(Action::new(ActionKind::ReplyNumber, [nonce]));
        }
        text(secret, start, actions)
    };
    let alone = whole(1)?;
    if !fits(&alone)
        && data == DataPath::There
        && let Some(address) = &home.https
    {
        let link = format!("{}/agent/v1/actions/{first}", address.url());
        let marker = Action::new(ActionKind::FetchUrl, [link]);
        let text = signed(secret, first, marker)?;
        return Ok(Parcel { text, carries: 1 });
    }
    let mut parcel = Parcel {
        text: alone,
        carries: 1,
    };
    for carries in 2..=in_row {
        match whole(carries) {
            Ok(text) if fits(&text) => parcel = Parcel { text, carries },
            // What does not fit goes into the next message.
            _ => break,
        }
    }
    Ok(parcel)
}

/// The key that nonces of a device are derived with.
pub(super) fn nonce_key(secret: &DeviceSecret) -> [u8; 32] {
    secret.key(Purpose::Sms2)
}

/// The nonce that ties a reply by text message to the `count` actions from `first` on.
///
/// Derived, not drawn: a text that is sent again is the same octets, and the answer finds its actions without a
/// table of nonces. It serves once because the actions end with their first answer.
pub(super) fn reply_nonce(key: &[u8; 32], first: Sequence, count: usize) -> Nonce {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(b"reply nonce");
    mac.update(first.to_string().as_bytes());
    if count != 1 {
        mac.update(format!(" and {count} in all").as_bytes());
    }
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
