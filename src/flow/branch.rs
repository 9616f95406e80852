//! Which server asks a device to call: the one that holds its binding (requirement B10).
//!
//! A branch that knows a device without a binding asks its peers before it stores the request, so that the next
//! NOTIFY goes through the server that the device registers with now.

use std::time::Duration;

use futures_util::future::join_all;

use crate::api::{CallbackRequest, CallbackView, Device};
use crate::domain::{AuditDraft, Identity, Imei, ShortId, Timestamp};
use crate::port::{Peers, RemoteCallback};

use super::reach::{self, Climb};
use super::{ActError, Caller, IdempotencyKey, Ports};

/// For the peers to say whether they hold the binding.
const ASKING: Duration = Duration::from_secs(3);

/// Where a request went.
#[derive(Debug, Clone)]
pub enum Asked {
    /// Stored here; to be climbed.
    Here(Box<Climb>),
    /// At the peer that the view names.
    There(Box<CallbackView>),
}

impl Asked {
    /// The callback as it stands.
    #[must_use]
    pub const fn view(&self) -> &CallbackView {
        match self {
            Self::Here(climb) => &climb.view,
            Self::There(view) => view,
        }
    }
}

/// Stores a callback at the server that is to reach the device: the one that the request names, else the one that
/// holds the device's binding, else this one.
///
/// # Errors
/// [`ActError`].
pub async fn ask(
    ports: &Ports,
    mut request: CallbackRequest,
    by: Caller,
    key: Option<IdempotencyKey>,
) -> Result<Asked, ActError> {
    let elsewhere = match request.server.take() {
        Some(own) if own == ports.home.name => None,
        Some(peer) => Some((peer, request.device)),
        None if request.keep_trying => moved(ports, request.device).await?,
        None => None,
    };
    let Some((peer, device)) = elsewhere else {
        let climb = reach::begin(ports, request, by, key).await?;
        return Ok(Asked::Here(Box::new(climb)));
    };
    let peers = ports.peers.as_ref();
    let peers = peers.ok_or_else(|| ActError::NoSuchPeer(peer.clone()))?;
    if peers.peers().iter().all(|known| known.name != peer) {
        return Err(ActError::NoSuchPeer(peer));
    }
    let entry = AuditDraft {
        at: ports.now(),
        actor: format!("operator:{}", by.operator),
        event: "callback.relay".to_owned(),
        subject: format!("device:{device}"),
        detail: format!(
            "through {peer}; reason: {}",
            request.reason.as_deref().unwrap_or("none")
        ),
        correlation: by.correlation,
    };
    ports.audit.append(entry).await?;
    let key = match key {
        Some(key) => key.key,
        None => ports.new_id()?.to_string(),
    };
    request.device = device;
    let remote = RemoteCallback {
        request,
        operator: by.operator,
        key,
    };
    let asked = peers.call(&peer, remote).await;
    let mut view = asked.map_err(|source| ActError::Peer {
        peer: peer.clone(),
        source: Box::new(source),
    })?;
    view.server = peer;
    Ok(Asked::There(Box::new(view)))
}

/// The peer that holds the binding of a device that has none here, and the device's id over there.
async fn moved(ports: &Ports, device: ShortId) -> Result<Option<(String, ShortId)>, ActError> {
    let Some(peers) = &ports.peers else {
        return Ok(None);
    };
    let Some(known) = ports.devices.device(device).await? else {
        return Ok(None);
    };
    let now = ports.now();
    match imei_of(&known) {
        Some(imei) if registered(&known, now).is_none() => Ok(holder(&**peers, imei, now).await),
        _ => Ok(None),
    }
}

/// The peer with which the device registered last, among those where it is registered now. Silent ones count as not.
async fn holder(peers: &dyn Peers, imei: Imei, now: Timestamp) -> Option<(String, ShortId)> {
    let names: Vec<String> = peers.peers().into_iter().map(|p| p.name).collect();
    let asked = names.into_iter().map(|name| async move {
        let device = peers.find(&name, imei, ASKING).await.ok().flatten()?;
        Some((registered(&device, now)?, name, device.id))
    });
    let found = join_all(asked).await.into_iter().flatten();
    found
        .max_by_key(|(at, _, _)| *at)
        .map(|(_, name, id)| (name, id))
}

/// When the newest of a device's present bindings was made.
fn registered(device: &Device, now: Timestamp) -> Option<Timestamp> {
    let current = device.bindings.iter().filter(|b| b.is_current(now));
    current.map(|b| b.registered_at).max()
}

fn imei_of(device: &Device) -> Option<Imei> {
    device
        .identities
        .iter()
        .find_map(|identity| match identity {
            Identity::Imei(imei) => Some(*imei),
            _ => None,
        })
}
