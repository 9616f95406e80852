use async_trait::async_trait;

use crate::api::{AuditCheckpoint, BackupView, Operator, Page, TokenView};
use crate::domain::{AuditDraft, AuditEntry, Role, ShortId, Timestamp};

use super::{PageOf, Stamp, StoreError};

/// One item of a backup on its way in.
#[derive(Debug, Clone)]
pub struct NewBackupItem {
    /// Kind and name, as in `contacts/work.vcf`.
    pub path: String,
    /// How many entries are in it.
    pub entries: u32,
    /// Its content.
    pub content: Vec<u8>,
}

/// Backups of devices.
#[async_trait]
pub trait Backups: Send + Sync {
    /// Adds or replaces an item; makes the backup if it is new. A completed backup takes no more.
    async fn put_item(
        &self,
        device: ShortId,
        backup: ShortId,
        item: NewBackupItem,
        at: Timestamp,
    ) -> Result<BackupView, StoreError>;

    /// Marks a backup whole, with its kind.
    async fn complete(
        &self,
        backup: ShortId,
        kind: &str,
        at: Timestamp,
        stamp: Stamp,
    ) -> Result<BackupView, StoreError>;

    /// Backups of a device (or all), newest first; one by id.
    async fn backups(
        &self,
        device: Option<ShortId>,
        id: Option<ShortId>,
        page: PageOf,
    ) -> Result<Page<BackupView>, StoreError>;

    /// The content of an item.
    async fn item(&self, backup: ShortId, path: &str) -> Result<Option<Vec<u8>>, StoreError>;
}

/// The append-only, hash-chained trail.
#[async_trait]
pub trait AuditTrail: Send + Sync {
    /// Adds an entry that goes with no write.
    async fn append(&self, draft: AuditDraft) -> Result<AuditEntry, StoreError>;

    /// Writes down what is done outside the store, before it is done: entry, idempotency key and events.
    ///
    /// # Errors
    /// [`StoreError::AlreadyDone`], [`StoreError::KeyReused`].
    async fn begin(&self, stamp: Stamp) -> Result<(), StoreError>;

    /// Entries with a number above `after`, oldest first, at most `limit`.
    async fn entries(&self, after: u64, limit: u32) -> Result<Vec<AuditEntry>, StoreError>;

    /// The last entry.
    async fn last_entry(&self) -> Result<Option<AuditEntry>, StoreError>;

    /// Stores a checkpoint, or lists them all, oldest first.
    async fn checkpoints(
        &self,
        add: Option<AuditCheckpoint>,
    ) -> Result<Vec<AuditCheckpoint>, StoreError>;
}

/// An operator with what verifies the password.
#[derive(Clone)]
pub struct OperatorRecord {
    /// What may be shown.
    pub view: Operator,
    /// Argon2id in PHC form; of a one-time code while `one_time`.
    pub password_hash: String,
    /// The password is a one-time code that must be replaced at the first login.
    pub one_time: bool,
}

/// What an operator's password was used for.
pub struct PasswordUse {
    /// The operator.
    pub name: String,
    /// What the password was found to be right by.
    pub password_hash: String,
    /// The password that replaces it.
    pub replaced_by: Option<String>,
    /// The session that it opens.
    pub session: Option<TokenRecord>,
    /// The session in use, which goes on when the password is replaced.
    pub keeps: Option<ShortId>,
}

/// Operators.
#[async_trait]
pub trait Operators: Send + Sync {
    /// One operator.
    async fn operator(&self, name: &str) -> Result<Option<OperatorRecord>, StoreError>;

    /// All operators by name.
    async fn operators(&self) -> Result<Vec<Operator>, StoreError>;

    /// Adds one, or changes role and password of one; another password ends the sessions. The last admin cannot lose
    /// the role.
    async fn save_operator(&self, record: OperatorRecord, stamp: Stamp) -> Result<(), StoreError>;

    /// Changes the role of one and nothing else. The last admin cannot lose it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    async fn change_role(
        &self,
        name: &str,
        role: Role,
        stamp: Stamp,
    ) -> Result<Operator, StoreError>;

    /// Takes a password that was found to be right: notes the login and stores its session, and replaces the password
    /// by another one, which ends the other sessions. False when the operator was removed or has another password by
    /// now; nothing was changed then.
    async fn password_used(&self, used: PasswordUse, stamp: Stamp) -> Result<bool, StoreError>;

    /// Removes one and revokes what they hold. The last admin cannot be removed.
    async fn delete_operator(&self, name: &str, stamp: Stamp) -> Result<(), StoreError>;
}

/// A session or service token; only the digest of its text is stored.
#[derive(Clone)]
pub struct TokenRecord {
    /// What may be shown. A session has the operator's name and `session` as its name.
    pub view: TokenView,
    /// Session of an operator, not a service token.
    pub session: bool,
    /// SHA-256 of the token's text.
    pub digest: [u8; 32],
    /// Only from this client address.
    pub bound_to: Option<String>,
    /// The service token that made it, and with which it ends.
    pub made_with: Option<ShortId>,
}

/// Sessions and service tokens.
#[async_trait]
pub trait Tokens: Send + Sync {
    /// Stores a token.
    async fn save_token(&self, record: TokenRecord, stamp: Stamp) -> Result<(), StoreError>;

    /// The live token with this digest; notes its use.
    async fn token(
        &self,
        digest: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<TokenRecord>, StoreError>;

    /// Live service tokens, newest first.
    async fn tokens(&self, now: Timestamp) -> Result<Vec<TokenView>, StoreError>;

    /// Ends a token or session, and what was made with it.
    async fn revoke_token(&self, id: ShortId, stamp: Stamp) -> Result<(), StoreError>;
}

/// How much there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Devices in the registry.
    pub devices: u64,
    /// Devices with a current SIP binding.
    pub registered: u64,
    /// Actions that have not ended.
    pub open_actions: u64,
    /// Entries of the audit trail.
    pub audit_entries: u64,
}

/// What the store knows of itself.
#[async_trait]
pub trait Housekeeping: Send + Sync {
    /// A remembered fact, as `system_id`.
    async fn meta(&self, name: &str) -> Result<Option<String>, StoreError>;

    /// Remembers a fact if it is not there yet, and gives the one that is there then.
    async fn remember_meta(&self, name: &str, value: &str) -> Result<String, StoreError>;

    /// Counts.
    async fn totals(&self, now: Timestamp) -> Result<Totals, StoreError>;

    /// Notes that a signature with this nonce was used, which matters until `until`. Nobody waits for the disk: it is
    /// written before everything that is asked for afterwards, so what a request changed is never there without it.
    async fn note_nonce(
        &self,
        nonce: [u8; 16],
        now: Timestamp,
        until: Timestamp,
    ) -> Result<(), StoreError>;

    /// The used nonces that matter still; older ones are forgotten.
    async fn used_nonces(&self, now: Timestamp) -> Result<Vec<[u8; 16]>, StoreError>;

    /// Frees all claims on actions, and gives how many there were: those of a run that ended without a word. Only for
    /// the one owner of a store, before it claims any itself.
    async fn release_claims(&self, now: Timestamp) -> Result<u64, StoreError>;

    /// Writes a consistent copy of the whole store to a new file, with these files (name, content) sealed inside.
    async fn copy_to(
        &self,
        path: &std::path::Path,
        kept: Vec<(String, Vec<u8>)>,
    ) -> Result<(), StoreError>;
}
