use async_trait::async_trait;

use super::StoreError;
use crate::domain::{Msisdn, Sequence, ShortId, Timestamp};
use crate::sms::smpp::IdKeys;
use crate::sms::{Fragment, Inbound, Nonce, Parts, ReceiptOutcome};

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

/// What a reply by text message with a nonce will answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyRequest {
    /// The nonce.
    pub nonce: Nonce,
    /// Who was asked.
    pub device: ShortId,
    /// In which enrolment epoch.
    pub epoch: u32,
    /// The first of the actions in the message.
    pub first: Sequence,
    /// How many there are; none in a message that only has the device show that it gets it.
    pub count: u32,
    /// The number it was sent to; unknown when somebody else sent it (`sms sign`).
    pub number: Option<Msisdn>,
    /// When it was asked last.
    pub at: Timestamp,
    /// When the reply came. Another one with the same nonce is refused.
    pub answered_at: Option<Timestamp>,
}

/// Remembers which ids gateways gave to our segments, and what their receipts said; and keeps the parts of phones' long
/// messages until they are whole (store).
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

    /// Notes a receipt; `None` when it is about no segment that is known: it is then kept for a while until one is. `None`
    /// too when it names a segment that went to other gateways only: it is then not kept.
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

    /// Keeps what a reply will answer, before the message that asks for it goes out. The nonce to send is that of an
    /// earlier request for the very same that nobody answered yet, else the one that is handed in.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the nonce stands for something else.
    async fn reply_wanted(&self, request: ReplyRequest) -> Result<Nonce, StoreError>;

    /// What was asked of a device with a nonce.
    async fn reply_request(
        &self,
        device: ShortId,
        nonce: Nonce,
    ) -> Result<Option<ReplyRequest>, StoreError>;

    /// Notes that the reply came; false when one came before, or nothing was asked.
    async fn reply_came(
        &self,
        device: ShortId,
        nonce: Nonce,
        at: Timestamp,
    ) -> Result<bool, StoreError>;
    /// Keeps a part of a phone's long message, for a day. All parts in order when none is missing any more, and again
    /// each time that one of them comes again, until [`Self::fragments_taken`] is told; after that a repeat is `None`.
    async fn keep_fragment(
        &self,
        gateway: &str,
        fragment: Fragment,
        at: Timestamp,
    ) -> Result<Option<Vec<Fragment>>, StoreError>;

    /// Notes that the message which these are all the parts of was taken.
    async fn fragments_taken(
        &self,
        gateway: &str,
        parts: Vec<Fragment>,
        at: Timestamp,
    ) -> Result<(), StoreError>;
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

    /// A phone sent a long message, and this is a part of it.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be kept: the gateway has to hand it over again.
    async fn part(&self, gateway: &str, part: Fragment) -> Result<(), StoreError>;
}
