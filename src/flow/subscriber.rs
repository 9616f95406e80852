//! What a subscribed device is told of its callbacks.

use crate::api::{CallbackState, CallbackView};
use crate::domain::ShortId;
use crate::port::{PageOf, StoreError};
use crate::sip::OutboundRequest;

use super::{Ports, contact, summons};

/// Callbacks of one device that are looked through for an open one.
const RECENT: u32 = 50;

/// Completes the NOTIFY of a subscription (requirement B2): with the wish of the newest callback that is pending, or
/// without a body when none is. The device may challenge it.
///
/// # Errors
/// [`StoreError`].
pub async fn tell(
    ports: &Ports,
    device: ShortId,
    notify: OutboundRequest,
) -> Result<OutboundRequest, StoreError> {
    let key = ports
        .enrolments
        .agent_by_identity(Some(device), Vec::new())
        .await?;
    let mut notify = summons::answering_challenges(notify, key.as_ref());
    let pending = pending(ports, device).await?;
    let known = ports.devices.device(device).await?;
    if let (Some(view), Some(device)) = (pending, known) {
        let (content_type, body) = contact::body_for(ports, &device, &view);
        notify.content_type = Some(content_type.to_owned());
        notify.body = body;
    }
    Ok(notify)
}

/// The newest callback that the device has not answered yet.
async fn pending(ports: &Ports, device: ShortId) -> Result<Option<CallbackView>, StoreError> {
    let page = PageOf {
        cursor: None,
        limit: RECENT,
    };
    let now = ports.now();
    let recent = ports.callbacks.callbacks(Some(device), page).await?.items;
    Ok(recent.into_iter().find(|view| {
        let open = matches!(
            view.state,
            CallbackState::Pending | CallbackState::Delivered
        );
        open && view.expires_at > now
    }))
}
