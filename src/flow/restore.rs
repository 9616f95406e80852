//! Bring a device's data back.

use crate::domain::{Action, ActionKind, ShortId};

use super::Home;

/// The action that restores a backup: `res(backup,url)`. The link is relative when the endpoint has no public address.
#[must_use]
pub fn action(home: &Home, backup: ShortId) -> Action {
    let base = home
        .https
        .as_ref()
        .map(super::PublicAddress::url)
        .unwrap_or_default();
    Action::new(
        ActionKind::Restore,
        [
            backup.to_string(),
            format!("{base}/agent/v1/backups/{backup}"),
        ],
    )
}
