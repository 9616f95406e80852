use serde_json::json;

use super::{Explained, Keys, Signature};
use crate::cli::error::CommandError;
use crate::cli::output::Paint;
use crate::oma::{Initiator, SignedNotification};

/// Explains a DM notification.
pub(super) fn explain(octets: &[u8], keys: &Keys, paint: Paint) -> Result<Explained, CommandError> {
    let signed = SignedNotification::parse(octets)
        .map_err(|e| CommandError::usage(format!("not a DM notification: {e}")))?;
    let signature = match &keys.server {
        None => Signature::NotChecked,
        Some((password, nonce)) if signed.is_genuine(password, nonce) => Signature::Genuine,
        Some(_) => Signature::Wrong(
            "does not match: altered, another password, or another nonce".to_owned(),
        ),
    };
    let notification = signed.notification();
    let initiator = match notification.initiator() {
        Initiator::User => "the user",
        Initiator::Server => "the server",
    };
    let mut lines = vec![
        "OMA DM notification (package 0), version 1.1".to_owned(),
        format!("  server     {}", notification.server_id()),
        format!(
            "  session    {} (hexadecimal)",
            notification.session_id_text()
        ),
        format!(
            "  wanted by  {initiator}, {}",
            notification.ui_mode().words()
        ),
        format!(
            "  digest     {}",
            signature.words(paint, "not checked: that takes --password-file and --nonce")
        ),
    ];
    if !notification.vendor().is_empty() {
        lines.push(format!(
            "  vendor     {} octets",
            notification.vendor().len()
        ));
    }
    Ok(Explained {
        document: json!({
            "kind": "notification",
            "server_id": notification.server_id(),
            "session_id": notification.session_id_text(),
            "initiator": notification.initiator(),
            "ui_mode": notification.ui_mode(),
            "vendor_octets": notification.vendor().len(),
            "genuine": signature.to_json(),
        }),
        text: lines.join("\n") + "\n",
        signature,
        valid: true,
    })
}
