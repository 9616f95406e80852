//! Bring a device's data back.

use crate::api::Device;
use crate::domain::{Action, ActionKind, ShortId};
use crate::port::PageOf;

use super::{ActError, Ports};

/// The action that restores a backup: `res(backup,url)`, the link relative to the endpoint that the device enrolled at.
#[must_use]
pub fn action(backup: ShortId) -> Action {
    Action::new(
        ActionKind::Restore,
        [backup.to_string(), format!("/agent/v1/backups/{backup}")],
    )
}

/// Gives a `res(backup)` the link that its device needs; every other action, and one with a link, stays as it is.
///
/// # Errors
/// [`ActError::NotFound`] when there is no such backup of this device, [`ActError::Conflict`] when it is not whole.
pub(super) async fn linked(
    ports: &Ports,
    device: &Device,
    wanted: &Action,
) -> Result<Action, ActError> {
    if wanted.kind() != Some(ActionKind::Restore) || wanted.param(1).is_some() {
        return Ok(wanted.clone());
    }
    let text = wanted.param(0).unwrap_or_default();
    let id: ShortId = text.parse().map_err(|_| {
        ActError::Unusable("res() takes the id of a backup, as in res(4t9wz0kc)".to_owned())
    })?;
    let backups = ports
        .backups
        .backups(Some(device.id), Some(id), PageOf::default())
        .await?;
    let backup = backups.items.into_iter().find(|b| b.id == id);
    let backup =
        backup.ok_or_else(|| ActError::NotFound(format!("backup {id} of {}", device.name)))?;
    if backup.completed_at.is_none() {
        return Err(ActError::Conflict {
            detail: format!("backup {id} is not whole: the device has not finished it"),
            next: format!("callhome backup show {id}"),
        });
    }
    Ok(action(id))
}
