//! What a callback tells the device: whom to call, when, and under which id (requirements B4 and B6).

use std::time::Duration;

use crate::api::{CallbackRequest, CallbackView, Contact, Device};
use crate::domain::{ShortId, Timestamp};
use crate::port::StoreError;
use crate::sip::contact_me::{self, ContactMe, InvalidContactMe, Protocol};

use super::{ActError, Ports, PublicAddress};

/// Where a device opens its session.
const SESSION_PATH: &str = "/agent/v1/session";
/// Longest request id of an asker.
const LONGEST_ID: usize = 128;
/// How far ahead a time slot may begin.
const FARTHEST: Duration = Duration::from_secs(30 * 24 * 3600);
/// How much later the last one may end.
const LONGEST_SLOT: Duration = Duration::from_secs(7 * 24 * 3600);

/// Refuses a request of which not everything would reach the device as it stands.
pub(super) fn check(request: &CallbackRequest, now: Timestamp) -> Result<(), ActError> {
    if let Some(id) = &request.request_id {
        let plain = (1..=LONGEST_ID).contains(&id.len()) && is_one_line(id);
        if !plain {
            return Err(ActError::Unusable(format!(
                "a request id is one line of 1 to {LONGEST_ID} characters"
            )));
        }
    }
    let Some(contact) = &request.contact else {
        return Ok(());
    };
    check_slot(contact, now)?;
    let wish = contact_me_of(contact, request.request_id.clone().unwrap_or_default())
        .map_err(|error| ActError::Unusable(error.to_string()))?;
    for body in [
        (contact_me::CONTENT_TYPE, wish.to_text()),
        (contact_me::CONTENT_TYPE_XML, wish.to_xml()),
    ] {
        let (content_type, body) = body;
        let read = ContactMe::parse(content_type, body.as_bytes())
            .map_err(|error| ActError::Unusable(error.to_string()))?;
        if let Some((label, _)) = altered(&wish, &read) {
            return Err(ActError::Unusable(format!(
                "{label} would not reach the device as it stands: it has to be one line without blanks at its ends"
            )));
        }
    }
    Ok(())
}

fn check_slot(contact: &Contact, now: Timestamp) -> Result<(), ActError> {
    let wrong = |words: String| Err(ActError::Unusable(words));
    match (contact.not_before, contact.not_after) {
        (Some(begin), Some(end)) if end < begin => {
            wrong(format!("the time slot ends at {end}, before it begins"))
        }
        (_, Some(end)) if end <= now => wrong(format!("the time slot was over at {end}")),
        (Some(begin), _) if begin > now.after(FARTHEST) => wrong(format!(
            "the time slot begins at {begin}, more than 30 days from now"
        )),
        (_, Some(end)) if end > now.after(FARTHEST + LONGEST_SLOT) => wrong(format!(
            "the time slot ends at {end}, more than 37 days from now"
        )),
        _ => Ok(()),
    }
}

fn is_one_line(text: &str) -> bool {
    text.trim() == text && !text.contains(char::is_control)
}

/// The first label whose value is not what it was.
fn altered(sent: &ContactMe, read: &ContactMe) -> Option<(String, String)> {
    let (sent, mut read) = (sent.labelled(), read.labelled().into_iter());
    sent.into_iter().find(|field| {
        read.next()
            .is_none_or(|(label, value)| !label.eq_ignore_ascii_case(&field.0) || value != field.1)
    })
}

fn contact_me_of(contact: &Contact, request_id: String) -> Result<ContactMe, InvalidContactMe> {
    let protocol = match &contact.protocol {
        None => None,
        Some(word) => Some(
            word.parse::<Protocol>()
                .map_err(|()| InvalidContactMe::Value {
                    label: "Protocol".to_owned(),
                    value: word.chars().take(60).collect(),
                })?,
        ),
    };
    let known = ContactMe::LABELS;
    if let Some(part) = contact.parts.iter().find(|part| {
        known
            .iter()
            .any(|label| label.eq_ignore_ascii_case(&part.name))
    }) {
        return Err(InvalidContactMe::Twice(part.name.clone()));
    }
    Ok(ContactMe {
        address: contact.address.clone(),
        port: contact.port,
        request_id: Some(request_id).filter(|id| !id.is_empty()),
        path: contact.path.clone(),
        component: contact.component.clone(),
        not_before: contact.not_before,
        not_after: contact.not_after,
        protocol,
        api: contact.api.clone(),
        alternatives: contact.alternatives.clone(),
        other: contact
            .parts
            .iter()
            .map(|part| (part.name.clone(), part.value.clone()))
            .collect(),
    })
}

/// Body and content type of the NOTIFY of a callback, in the form that the device takes: label and value unless it
/// registered for XML only.
pub(super) fn body_for(
    ports: &Ports,
    device: &Device,
    view: &CallbackView,
) -> (&'static str, Vec<u8>) {
    let wish = match view.contact() {
        // It was checked when it was stored.
        Some(contact) => contact_me_of(contact, view.request_id()).unwrap_or_default(),
        None => own(ports, &view.request_id()),
    };
    let mut accepts = device.bindings.iter().flat_map(|b| &b.accept).peekable();
    let lists = accepts.peek().is_some();
    let (mut text, mut xml) = (false, false);
    for accepted in accepts {
        text |= accepted.eq_ignore_ascii_case(contact_me::CONTENT_TYPE);
        xml |= accepted.eq_ignore_ascii_case(contact_me::CONTENT_TYPE_XML);
    }
    if lists && xml && !text {
        (contact_me::CONTENT_TYPE_XML, wish.to_xml().into_bytes())
    } else {
        (contact_me::CONTENT_TYPE, wish.to_text().into_bytes())
    }
}

/// What makes a device call this endpoint. Without an address it calls the one that is configured on it
/// (requirement B4).
pub(super) fn own(ports: &Ports, request: &str) -> ContactMe {
    let home = ports.home.https.as_ref();
    ContactMe {
        address: home.map(PublicAddress::uri_host),
        port: home.map(|address| address.port),
        protocol: home.map(|_| Protocol::Https),
        request_id: Some(request.to_owned()),
        path: Some(SESSION_PATH.to_owned()),
        ..ContactMe::default()
    }
}

/// The address for a text message, which has room for one: empty when the device is to call the configured one.
pub(super) fn url(ports: &Ports, view: &CallbackView) -> String {
    let Some(contact) = view.contact() else {
        let home = ports.home.https.as_ref();
        return home.map(PublicAddress::url).unwrap_or_default();
    };
    let Some(address) = &contact.address else {
        return String::new();
    };
    let protocol = contact.protocol.as_deref().unwrap_or("https");
    let port = contact.port.map_or_else(String::new, |p| format!(":{p}"));
    let path = contact.path.as_deref().unwrap_or_default();
    let slash = if path.is_empty() || path.starts_with('/') {
        ""
    } else {
        "/"
    };
    format!("{}://{address}{port}{slash}{path}", protocol.to_lowercase())
}

/// When a callback's time is up: `deadline` after its slot begins, at the latest when the slot ends.
pub(super) fn end(request: &CallbackRequest, deadline: Duration, now: Timestamp) -> Timestamp {
    let contact = request.contact.as_ref();
    let begin = contact.and_then(|c| c.not_before).unwrap_or(now).max(now);
    let end = begin.after(deadline);
    match contact.and_then(|c| c.not_after) {
        Some(last) if request.deadline_ms.is_none() => last,
        Some(last) => end.min(last),
        None => end,
    }
}

/// How long until the callback's slot begins; nothing when it has begun.
pub(super) fn until_slot(view: &CallbackView, now: Timestamp) -> Duration {
    let begin = view.contact().and_then(|c| c.not_before);
    begin.map_or(Duration::ZERO, |begin| begin.since(now))
}

/// The open callback of a device that a request id names, whoever chose the id: ours, or the asker's.
pub(super) async fn named(
    ports: &Ports,
    device: ShortId,
    request_id: &str,
) -> Result<Option<ShortId>, StoreError> {
    let found = ports.callbacks.callbacks_by_request(request_id).await?;
    Ok(found
        .into_iter()
        .find(|view| view.device == device && view.is_open())
        .map(|view| view.id))
}
