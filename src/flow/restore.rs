//! Bring a device's data back.

use crate::api::BackupView;
use crate::domain::{Action, ActionKind, ActionState, ShortId};
use crate::port::{ActionFilter, PageOf, StoreError};

use super::{ActError, Ports};

/// The action that restores a backup: `res(backup,url)`, the link relative to the endpoint that the device enrolled at.
#[must_use]
pub fn action(backup: ShortId) -> Action {
    Action::new(
        ActionKind::Restore,
        [backup.to_string(), format!("/agent/v1/backups/{backup}")],
    )
}

/// Whether a device may read a backup: its own, or one that an open `res()` is to bring to it (a new phone gets the
/// old one's data because an operator asked for that).
///
/// # Errors
/// [`StoreError`].
pub async fn may_read(
    ports: &Ports,
    device: ShortId,
    backup: &BackupView,
) -> Result<bool, StoreError> {
    if backup.device == device {
        return Ok(true);
    }
    let filter = ActionFilter {
        device: Some(device),
        states: vec![
            ActionState::Pending,
            ActionState::Sent,
            ActionState::Delivered,
        ],
        name: Some("res".to_owned()),
    };
    let open = ports.actions.actions(filter, PageOf::default()).await?;
    let wanted = backup.id.to_string();
    Ok(open
        .items
        .iter()
        .any(|a| a.action.param(0) == Some(wanted.as_str())))
}

/// Gives a `res(backup)` the link that its device needs, and lets it have no other; every other action stays as it is.
///
/// # Errors
/// [`ActError::NotFound`] when there is no such backup, [`ActError::Conflict`] when it is not whole.
pub(super) async fn linked(ports: &Ports, wanted: &Action) -> Result<Action, ActError> {
    if wanted.kind() != Some(ActionKind::Restore) {
        return Ok(wanted.clone());
    }
    let text = wanted.param(0).unwrap_or_default();
    let id: ShortId = text.parse().map_err(|_| {
        ActError::Unusable("res() takes the id of a backup, as in res(4t9wz0kc)".to_owned())
    })?;
    let backups = ports
        .backups
        .backups(None, Some(id), PageOf::default())
        .await?;
    let backup = backups.items.into_iter().find(|b| b.id == id);
    let backup = backup.ok_or_else(|| ActError::NotFound(format!("backup {id}")))?;
    if backup.completed_at.is_none() {
        return Err(ActError::Conflict {
            detail: format!("backup {id} is not whole: the device has not finished it"),
            next: format!("callhome backup show {id}"),
        });
    }
    let made = action(id);
    if wanted
        .param(1)
        .is_some_and(|link| made.param(1) != Some(link))
    {
        return Err(ActError::Unusable(format!(
            "the link to a backup is this server's to give: res({id})"
        )));
    }
    Ok(made)
}
