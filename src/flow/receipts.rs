//! Receipts of segments, joined to what they mean for a message.

use crate::port::{PartsChange, ReceiptKey, SmsPart, Step, StoreError};
use crate::sms::smpp::IdKeys;
use crate::sms::{Joined, Receipt, ReceiptOutcome};

use super::Ports;

/// What the receipts of a message's segments decided about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// The message's fate.
    pub receipt: Receipt,
    /// It was decided before: this receipt came again. Whoever was to be told may have missed it, by a crash.
    pub again: bool,
}

/// Notes that a gateway has a segment; tells the message's fate when the last receipt had come before.
///
/// # Errors
/// [`StoreError`] when it cannot be kept.
pub async fn taken(
    ports: &Ports,
    gateway: &str,
    part: SmsPart,
    id: Option<IdKeys>,
) -> Result<Option<Decided>, StoreError> {
    Step::SegmentTaken.reached();
    let change = ports
        .texts
        .part_taken(gateway, part, id, ports.now())
        .await?;
    Step::SegmentStored.reached();
    Ok(change.and_then(|change| decided(&change, "told before the answer")))
}

/// Notes a receipt of a segment; tells the message's fate when this receipt decided it: delivered when all segments
/// are, failed when one will never arrive.
///
/// # Errors
/// [`StoreError`] when it cannot be kept.
pub async fn receipt(
    ports: &Ports,
    gateway: &str,
    key: ReceiptKey,
    outcome: ReceiptOutcome,
    words: &str,
) -> Result<(Option<SmsPart>, Option<Decided>), StoreError> {
    Step::ReceiptCame.reached();
    let change = ports
        .texts
        .part_receipt(gateway, key, outcome, words, ports.now())
        .await?;
    Step::ReceiptStored.reached();
    let Some(change) = change else {
        return Ok((None, None));
    };
    let decided = decided(&change, words);
    Ok((Some(change.part), decided))
}

fn decided(change: &PartsChange, words: &str) -> Option<Decided> {
    let (before, after) = (change.before.joined(), change.after.joined());
    let outcome = match after {
        Joined::Pending => return None,
        Joined::Delivered => ReceiptOutcome::Delivered,
        Joined::Failed(outcome) => outcome,
    };
    let SmsPart { number, total, .. } = change.part;
    let reply = match outcome {
        ReceiptOutcome::Failed | ReceiptOutcome::Refused if total > 1 => {
            format!("segment {number} of {total}: {words}")
        }
        _ => words.to_owned(),
    };
    Some(Decided {
        receipt: Receipt {
            reference: change.part.reference,
            outcome,
            reply,
        },
        again: before == after,
    })
}
