//! Bring a device's data to safety.

use crate::api::{ActionView, BackupView};
use crate::domain::{Action, ActionKind, AuditDraft, ShortId, Timestamp};
use crate::port::{PageOf, Stamp, StoreError};

use super::Ports;

/// The action that backs up `kind` (`contacts`, `documents`, `media`, `all`), for contacts only these groups.
#[must_use]
pub fn action(kind: &str, groups: &[String]) -> Action {
    Action::new(
        ActionKind::Backup,
        std::iter::once(kind.to_owned()).chain(groups.iter().cloned()),
    )
}

/// Marks whole the backup that a finished `bak()` made: the newest open one of the device that was begun after it
/// was asked for. A device does one thing after the other, so there is one; with nothing to back up there is none.
pub(super) async fn complete(
    ports: &Ports,
    view: &ActionView,
    now: Timestamp,
) -> Result<Option<BackupView>, StoreError> {
    let Some(backup) = begun_for(ports, view).await? else {
        return Ok(None);
    };
    let kind = view.action.param(0).unwrap_or("all");
    let stamp = Stamp {
        audit: Some(AuditDraft {
            at: now,
            actor: format!("device:{}", view.device),
            event: "backup.complete".to_owned(),
            subject: format!("backup:{backup}"),
            detail: format!("{kind}, action {}", view.id),
            correlation: String::new(),
        }),
        ..Stamp::default()
    };
    ports
        .backups
        .complete(backup, kind, now, stamp)
        .await
        .map(Some)
}

async fn begun_for(ports: &Ports, view: &ActionView) -> Result<Option<ShortId>, StoreError> {
    let page = PageOf {
        cursor: None,
        limit: 20,
    };
    let backups = ports
        .backups
        .backups(Some(view.device), None, page)
        .await?
        .items;
    Ok(backups
        .into_iter()
        .find(|b| b.completed_at.is_none() && b.created_at >= view.created_at)
        .map(|b| b.id))
}
