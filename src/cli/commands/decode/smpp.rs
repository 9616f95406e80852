use serde_json::json;

use super::{Explained, Signature};
use crate::cli::output::Paint;
use crate::sms::smpp::{Alphabet, SmppReceipt, explain_pdu};

/// Explains an SMPP PDU field by field.
pub(super) fn explain_smpp(octets: &[u8], paint: Paint) -> Explained {
    let told = explain_pdu(octets, Alphabet::Gsm);
    let mut lines = vec![format!(
        "SMPP {}, sequence number {}",
        told.command, told.sequence
    )];
    if let Some(status) = &told.status {
        lines.push(format!("  status     {status}"));
    }
    if let Some((id, state)) = &told.receipt {
        lines.push(format!("  receipt    message {id}: {state}"));
    }
    if let Some(text) = &told.text {
        lines.push(format!("  text       {text:?}"));
    }
    for fault in &told.faults {
        lines.push(format!("  {} {fault}", paint.bad("✗")));
    }
    lines.push(String::new());
    for field in &told.fields {
        lines.push(format!(
            "  {:>4}  {:<24} {}",
            field.offset, field.name, field.value
        ));
    }
    Explained {
        valid: told.faults.is_empty(),
        document: json!({ "kind": "smpp", "pdu": told }),
        text: lines.join("\n") + "\n",
        signature: Signature::NotChecked,
    }
}

/// Explains the text of a delivery receipt.
pub(super) fn explain_receipt(octets: &[u8], paint: Paint) -> Explained {
    let text = String::from_utf8_lossy(octets);
    let (document, words, valid) = match SmppReceipt::from_text(text.trim()) {
        Ok(receipt) => (
            json!({
                "kind": "receipt",
                "id": receipt.id,
                "state": receipt.state.word(),
                "outcome": receipt.state.outcome().to_string(),
                "error": receipt.error,
            }),
            format!(
                "Delivery receipt of message {}\n  state      {}: {}\n  error      {}\n",
                receipt.id,
                receipt.state,
                receipt.state.outcome(),
                receipt.error.as_deref().unwrap_or("none told"),
            ),
            true,
        ),
        Err(error) => (
            json!({ "kind": "receipt", "fault": error.to_string() }),
            format!("Delivery receipt\n  {} {error}\n", paint.bad("✗")),
            false,
        ),
    };
    Explained {
        document,
        text: words,
        signature: Signature::NotChecked,
        valid,
    }
}
