use async_trait::async_trait;

use super::StoreError;
use crate::domain::{ShortId, Timestamp};
use crate::sms::smpp::IdKeys;
use crate::sms::{Inbound, Parts, ReceiptOutcome};

/// One segment of a message that was handed to a gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmsPart {
    /// Our id of the message.
    pub reference: ShortId,
    /// Which sending of it: the same message may go out more than once.
    pub send: u32,
    /// Which segment, from 1.
    pub number: u8,
    /// How many segments there are.
    pub total: u8,
}

/// Which segment a receipt is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReceiptKey {
    /// The one that a gateway gave this id.
    Id(IdKeys),
    /// This one.
    Part(SmsPart),
}

/// What was known of a message before a receipt came, and what is known now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartsChange {
    /// The segment.
    pub part: SmsPart,
    /// Before.
    pub before: Parts,
    /// Now.
    pub after: Parts,
}

/// What is kept of one segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartRecord {
    /// The segment.
    pub part: SmsPart,
    /// Who has it.
    pub gateway: String,
    /// The gateway's id of it.
    pub id: Option<String>,
    /// What became of it, as far as that was told.
    pub outcome: Option<ReceiptOutcome>,
    /// The gateway's words.
    pub words: String,
    /// When it changed last.
    pub at: Timestamp,
}

/// Remembers which ids gateways gave to our segments, and what their receipts said (store).
#[async_trait]
pub trait SmsLedger: Send + Sync {
    /// Notes that a gateway has a segment. The change is told when its receipt had come before.
    async fn part_taken(
        &self,
        gateway: &str,
        part: SmsPart,
        id: Option<IdKeys>,
        at: Timestamp,
    ) -> Result<Option<PartsChange>, StoreError>;

    /// Notes a receipt; `None` when it is about no segment that is known, which is then kept until one is.
    async fn part_receipt(
        &self,
        gateway: &str,
        key: ReceiptKey,
        outcome: ReceiptOutcome,
        words: &str,
        at: Timestamp,
    ) -> Result<Option<PartsChange>, StoreError>;

    /// Everything kept of a message, oldest sending first.
    async fn parts_of(&self, reference: ShortId) -> Result<Vec<PartRecord>, StoreError>;
}

/// What gateways tell on their own account: a server's side of them.
#[async_trait]
pub trait SmsInbox: Send + Sync {
    /// A gateway has a segment.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be kept.
    async fn taken(
        &self,
        gateway: &str,
        part: SmsPart,
        id: Option<IdKeys>,
    ) -> Result<(), StoreError>;

    /// A receipt came.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be kept: the gateway has to tell it again.
    async fn receipt(
        &self,
        gateway: &str,
        key: ReceiptKey,
        outcome: ReceiptOutcome,
        words: &str,
    ) -> Result<(), StoreError>;

    /// A phone sent a message.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be kept: the gateway has to hand it over again.
    async fn message(&self, gateway: &str, message: Inbound) -> Result<(), StoreError>;
}
