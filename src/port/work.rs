use std::time::Duration;

use async_trait::async_trait;

use crate::api::{ActionView, Attempt, CallbackView, Event, Page, PinView};
use crate::domain::{
    Action, ActionState, AuditDraft, Bearer, DeviceSecret, Sequence, ShortId, Timestamp,
};

use super::PageOf;

/// What goes into the store in the same transaction as a write.
#[derive(Debug, Clone, Default)]
pub struct Stamp {
    /// Entry of the audit trail.
    pub audit: Option<AuditDraft>,
    /// The client's idempotency key.
    pub idempotency: Option<IdempotencyClaim>,
    /// Further events, beside the ones that the write makes itself.
    pub events: Vec<EventDraft>,
}

/// An idempotency key with what it was first used for. Kept 24 hours at least.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyClaim {
    /// The key, with the operator's name before it, so that operators do not meet.
    pub key: String,
    /// SHA-256 of method, path and body.
    pub digest: [u8; 32],
    /// What the write makes, as in `action:x3hq80vn`. Never a PIN or a token.
    pub outcome: String,
    /// Now.
    pub at: Timestamp,
}

/// An event before it has its number.
#[derive(Debug, Clone, PartialEq)]
pub struct EventDraft {
    /// When.
    pub at: Timestamp,
    /// What kind, as in `message.received`.
    pub kind: String,
    /// What it is about, as in `device:4t9wz0kc`.
    pub subject: String,
    /// The device's registry id.
    pub device: Option<ShortId>,
    /// The content.
    pub data: serde_json::Value,
}

/// Why the store did not do it. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such row.
    #[error("{0} does not exist")]
    NotFound(String),
    /// It would clash with what is there; the text names the other.
    #[error("{0}")]
    Conflict(String),
    /// A precondition does not hold; which one.
    #[error("a precondition does not hold: {0:?}")]
    Precondition(Precondition),
    /// The row was changed since it was read.
    #[error("it was changed meanwhile: version {found} is stored")]
    Version {
        /// The version that is stored.
        found: u64,
    },
    /// The idempotency key was used for this very request; the outcome it had.
    #[error("done before: {0}")]
    AlreadyDone(String),
    /// The idempotency key was used for another request.
    #[error("this idempotency key belongs to another request")]
    KeyReused,
    /// The lease was lost: somebody else has the row.
    #[error("the lease on {0} was lost")]
    LeaseLost(String),
    /// The device's numbers are used up in this epoch.
    #[error("the sequence numbers of this device are used up: it has to enrol again")]
    SequenceExhausted,
    /// The device is not enrolled.
    #[error("the device is not enrolled")]
    NotEnrolled,
    /// A stored secret cannot be opened.
    #[error(transparent)]
    Machine(#[from] super::MachineError),
    /// The database failed: disk full, locked by another program, damaged.
    #[error("the database failed: {0}")]
    Database(String),
}

/// What must hold inside the transaction for an action to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Precondition {
    /// No action with one of these names is open in this epoch.
    NoneOpen(Vec<String>),
    /// The device is not locked.
    NotLocked,
    /// The device is locked.
    Locked,
    /// A number of the device is verified, or it has a data path.
    Addressable,
}

/// Makes the PIN of a lock from the secret and the number the lock got; called inside the transaction,
/// so that the PIN is in the store before anything can be sent.
pub type PinEscrow = fn(&DeviceSecret, Sequence) -> String;

/// An action to be made.
#[derive(Debug, Clone)]
pub struct NewAction {
    /// Its id.
    pub id: ShortId,
    /// The device.
    pub device: ShortId,
    /// What to do.
    pub action: Action,
    /// Number to use; the next free one when `None`. A given number must be free and not below the next.
    pub sequence: Option<Sequence>,
    /// Who asks.
    pub operator: String,
    /// Why.
    pub reason: Option<String>,
    /// Ticket.
    pub ticket: Option<String>,
    /// Only over this bearer.
    pub via: Option<Bearer>,
    /// Now.
    pub at: Timestamp,
    /// When it expires if its content has not left by then.
    pub expires_at: Timestamp,
    /// When it is due first; `None` when the dispatcher shall not send it.
    pub due_at: Option<Timestamp>,
    /// Whether only a text that was signed by hand carries it (`sms sign`).
    pub by_hand: bool,
    /// Must all hold.
    pub preconditions: Vec<Precondition>,
    /// Makes the PIN to keep, for locks.
    pub escrow: Option<PinEscrow>,
}

/// Which actions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ActionFilter {
    /// Of this device.
    pub device: Option<ShortId>,
    /// In one of these states; all when empty.
    pub states: Vec<ActionState>,
    /// With this name, as in `lck`.
    pub name: Option<String>,
}

/// Actions as operators see them. Each change makes an `action.changed` event with the view.
#[async_trait]
pub trait Actions: Send + Sync {
    /// Reserves the sequence number, escrows the PIN, and stores the action, in one transaction.
    ///
    /// # Errors
    /// [`StoreError::Precondition`], [`StoreError::NotEnrolled`], [`StoreError::SequenceExhausted`],
    /// [`StoreError::AlreadyDone`], [`StoreError::KeyReused`].
    async fn create_action(&self, new: NewAction, stamp: Stamp) -> Result<ActionView, StoreError>;

    /// The same for several, in order and in one transaction: all of them or none.
    ///
    /// # Errors
    /// As [`Self::create_action`].
    async fn create_actions(
        &self,
        news: Vec<(NewAction, Stamp)>,
    ) -> Result<Vec<ActionView>, StoreError>;

    /// One action.
    async fn action(&self, id: ShortId) -> Result<Option<ActionView>, StoreError>;

    /// The actions that fit, newest first.
    async fn actions(
        &self,
        filter: ActionFilter,
        page: PageOf,
    ) -> Result<Page<ActionView>, StoreError>;

    /// Moves an action to another state by an operator's wish: `Cancelled` while its content is here still, or with
    /// `due_at` makes an open one due again (`action retry`), optionally over one bearer only. One whose time was up
    /// gets as much time again as it had.
    async fn change_action(
        &self,
        id: ShortId,
        to: Option<ActionState>,
        due_at: Option<Timestamp>,
        via: Option<Bearer>,
        stamp: Stamp,
    ) -> Result<ActionView, StoreError>;
}

/// Kept PINs.
#[async_trait]
pub trait Pins: Send + Sync {
    /// All PINs of a device, newest first. The caller audits the reveal with `stamp`.
    async fn pins(&self, device: ShortId, stamp: Stamp) -> Result<Vec<PinView>, StoreError>;
}

/// A claim on a due action. Its `fence` must still be the row's when the attempt is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// The action.
    pub action: ShortId,
    /// Grows with every claim of this action.
    pub fence: u64,
}

/// A due action with what is needed to send it.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The claim.
    pub lease: Lease,
    /// The action.
    pub view: ActionView,
}

/// The dispatcher's side of actions.
#[async_trait]
pub trait ActionQueue: Send + Sync {
    /// Claims up to `limit` due actions, destructive ones first, then by due time; each is hidden from other
    /// claims until `now + lease`. Actions past `expires_at` are not among them: those whose content never left become
    /// `expired`, the others are shown as unconfirmed.
    async fn claim(
        &self,
        now: Timestamp,
        lease: Duration,
        limit: u32,
    ) -> Result<Vec<Claimed>, StoreError>;

    /// Records attempts and when to try next (`None`: nothing left to try by itself); frees the claim. An accepted attempt makes a
    /// pending action `sent`. After the action ended it only adds the attempts: a late acknowledgement harms nothing.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when the fence is not the row's; the attempts are added all the same.
    async fn record_attempts(
        &self,
        lease: Lease,
        attempts: Vec<Attempt>,
        next_try_at: Option<Timestamp>,
    ) -> Result<ActionView, StoreError>;

    /// Records what a carrier says became of a text message that was sent for an open action: an accepted attempt
    /// makes it `delivered`. An action that the device has already, or that ended, is left as it is.
    async fn record_receipt(&self, id: ShortId, receipt: Attempt)
    -> Result<ActionView, StoreError>;

    /// When the next action is due; `None` when none is. For sleeping without polling.
    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError>;
}

/// A result as it came in.
#[derive(Debug, Clone)]
pub struct ResultDraft {
    /// The device it came from, authenticated.
    pub device: ShortId,
    /// Enrolment epoch it belongs to.
    pub epoch: u32,
    /// The action's number.
    pub sequence: Sequence,
    /// The name of what the device did, as in `lck`: a number alone does not end another action.
    pub action: String,
    /// The answer; `state` must be final.
    pub result: crate::api::ActionResult,
    /// How it came, as in `session` or `sms`.
    pub via: Bearer,
    /// Now.
    pub at: Timestamp,
}

/// What became of a result.
#[derive(Debug, Clone)]
pub enum Recorded {
    /// The first one: it ended the action.
    First(Box<ActionView>),
    /// The action had ended before; nothing was changed.
    Repeat(Box<ActionView>),
    /// The device did something else under this number; the action stays as it is, or expires when its time was up.
    Other(Box<ActionView>),
    /// No such action in this epoch.
    Unknown,
}

/// What was done about numbers that a device took and the store knew nothing of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaughtUp {
    /// The first number that is given now.
    pub first: Sequence,
    /// How many open actions got other numbers.
    pub renumbered: usize,
    /// How many kept theirs, because the device may have done them: its answer tells.
    pub kept: usize,
}

/// The device's side of actions.
#[async_trait]
pub trait ActionResults: Send + Sync {
    /// Open actions of a device in its present epoch, in order of sequence, plus ended ones among `missing`
    /// (the device then gets `nop()` in their place). Marks the open ones `delivered`, with an attempt over `Session`.
    ///
    /// What was signed by hand is among them only when the device misses it. Nothing is handed out past its time: of
    /// that, what never left expires, and so does what the device misses.
    async fn deliverable(
        &self,
        device: ShortId,
        missing: &[Sequence],
        at: Timestamp,
    ) -> Result<Vec<ActionView>, StoreError>;

    /// A device opens a session, and has taken every number up to `taken`. If some of them were given by somebody else,
    /// because the store was made of a copy that is older than they are, numbers go on behind them; open actions whose
    /// numbers it took for something else get new ones, with their PINs. Where it cannot be told whether the device did
    /// them or something else, locks and wipes get new ones, too, and the others wait for its answer. Nothing when the
    /// store is not behind, or the number is absurd.
    async fn catch_up(
        &self,
        device: ShortId,
        taken: Sequence,
        escrow: PinEscrow,
        at: Timestamp,
    ) -> Result<Option<CaughtUp>, StoreError>;

    /// Stores a result once; the first one counts for an action that was withdrawn or expired, too, for it says what
    /// really happened. A `done` lock or unlock also changes the device's lock state.
    async fn record_result(&self, draft: ResultDraft, stamp: Stamp)
    -> Result<Recorded, StoreError>;
}

/// Callbacks. Each change makes a `callback.changed` event with the view.
#[async_trait]
pub trait Callbacks: Send + Sync {
    /// Stores a new callback.
    async fn create_callback(
        &self,
        view: CallbackView,
        stamp: Stamp,
    ) -> Result<CallbackView, StoreError>;

    /// One callback.
    async fn callback(&self, id: ShortId) -> Result<Option<CallbackView>, StoreError>;

    /// Callbacks of a device (or all), newest first.
    async fn callbacks(
        &self,
        device: Option<ShortId>,
        page: PageOf,
    ) -> Result<Page<CallbackView>, StoreError>;

    /// All callbacks that have not ended, oldest first.
    async fn open_callbacks(&self) -> Result<Vec<CallbackView>, StoreError>;

    /// The newest 100 callbacks that were asked for under this request id of the asker, newest first.
    async fn callbacks_by_request(&self, request_id: &str)
    -> Result<Vec<CallbackView>, StoreError>;

    /// Changes a callback atomically: reads the stored view, applies `change`, stores what it gives; `None` leaves it.
    /// `updated_at` never goes back, whatever `change` makes of it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none with this id.
    async fn update_callback(
        &self,
        id: ShortId,
        change: Box<dyn FnOnce(CallbackView) -> Option<CallbackView> + Send>,
    ) -> Result<Option<CallbackView>, StoreError>;
}

/// Which events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// After this number.
    pub after: u64,
    /// About this subject.
    pub subject: Option<String>,
    /// Of this kind.
    pub kind: Option<String>,
    /// Of this device.
    pub device: Option<String>,
}

/// What changed, in order. The last 100,000 are kept.
#[async_trait]
pub trait Events: Send + Sync {
    /// Adds events that no write made.
    async fn publish(&self, events: Vec<EventDraft>) -> Result<(), StoreError>;

    /// Events that fit, oldest first, at most `limit`.
    async fn events(&self, filter: EventFilter, limit: u32) -> Result<Vec<Event>, StoreError>;

    /// The number of the newest event; 0 when there is none.
    async fn last_event(&self) -> Result<u64, StoreError>;

    /// Waits until an event with a number above `after` exists. Wakes may be spurious.
    async fn wait_event(&self, after: u64) -> Result<(), StoreError>;
}
