//! The signed text of an action, as sessions and text messages carry it.

use crate::api::{ActionView, Device};
use crate::domain::{Action, ActionKind, DeviceSecret, Sequence};
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

/// Whether an action fits into text messages at all, with what goes along for a device that can only answer by one.
pub(super) fn fits_texts(action: &Action) -> Result<Meter, String> {
    let secret = DeviceSecret::from_bytes([0; 32]);
    // How long it will be hangs neither on the secret nor on what is drawn.
    let reply = Action::new(
        ActionKind::ReplyNumber,
        [Nonce::from_bytes([0; 8]).to_string()],
    );
    let whole = text(&secret, Sequence::FIRST, vec![action.clone(), reply]);
    let whole = whole.map_err(|error| error.to_string())?;
    Meter::of(&whole).map_err(|error| error.to_string())
}

/// The text that has a device show, by its answer, that text messages to it arrive (requirement C7). It asks for
/// nothing else, so it takes no number.
pub(super) fn asking(secret: &DeviceSecret, nonce: Nonce) -> Result<String, InvalidMessage> {
    let reply = Action::new(ActionKind::ReplyNumber, [nonce.to_string()]);
    text(secret, Sequence::ZERO, vec![reply])
}

/// What goes into one text message, and how many of the actions that were to go it carries.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parcel {
    first: Sequence,
    actions: Vec<Action>,
    wants_reply: bool,
    /// So many of the actions, from the first on; at least one.
    pub(super) carries: usize,
}

impl Parcel {
    /// What its reply will answer: the first action, and how many; `None` when no reply is wanted.
    pub(super) fn asks(&self) -> Option<(Sequence, u32)> {
        let count = u32::try_from(self.actions.len()).unwrap_or(u32::MAX);
        self.wants_reply.then_some((self.first, count))
    }

    /// The signed text, with `num(nonce)` at its end where a reply is wanted.
    pub(super) fn text(
        self,
        secret: &DeviceSecret,
        nonce: Option<Nonce>,
    ) -> Result<String, InvalidMessage> {
        let mut actions = self.actions;
        actions.extend(nonce.map(|n| Action::new(ActionKind::ReplyNumber, [n.to_string()])));
        text(secret, self.first, actions)
    }
}

/// Packs as many actions into one text message as follow each other in number and fit, from the first on.
///
/// With room for `num(nonce)` where a text message is the only way to answer. An action that alone takes more segments
/// than allowed is replaced by `url(link)` where the device can follow a link (requirement C5). `voids` numbers directly
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
        Parcel {
            first: start,
            actions,
            wants_reply: data == DataPath::None,
            carries: count,
        }
    };
    // How long it will be does not hang on which nonce is drawn.
    let fits_with = |count: usize| {
        let nonce = (data == DataPath::None).then_some(Nonce::from_bytes([0; 8]));
        whole(count).text(secret, nonce).map(|text| fits(&text))
    };
    if !fits_with(1)?
        && data == DataPath::There
        && let Some(address) = &home.https
    {
        let link = format!("{}/agent/v1/actions/{first}", address.url());
        return Ok(Parcel {
            first,
            actions: vec![Action::new(ActionKind::FetchUrl, [link])],
            wants_reply: false,
            carries: 1,
        });
    }
    let mut carries = 1;
    // What does not fit goes into the next message.
    while carries < in_row && matches!(fits_with(carries + 1), Ok(true)) {
        carries += 1;
    }
    Ok(whole(carries))
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
