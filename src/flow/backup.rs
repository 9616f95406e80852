//! Bring a device's data to safety.

use crate::domain::{Action, ActionKind};

/// The action that backs up `kind` (`contacts`, `documents`, `media`, `all`), for contacts only these groups.
#[must_use]
pub fn action(kind: &str, groups: &[String]) -> Action {
    Action::new(
        ActionKind::Backup,
        std::iter::once(kind.to_owned()).chain(groups.iter().cloned()),
    )
}
