use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;

use crate::api::{Operator, SigningKey};
use crate::domain::{AuditDraft, Role, SystemId};
use crate::host::private_file;
use crate::port::{Entropy, Housekeeping, OperatorRecord, Stamp};

use super::endpoint::Endpoint;
use super::run::RunError;

const CODE_FILE: &str = "first-admin.code";
/// Beginning and end of the names of copies that are on their way to somebody.
pub(super) const COPY: (&str, &str) = ("backup-", ".tmp");
const FIRST_ADMIN: &str = "admin";

/// Files of the data folder without which a copy of the database is another server: devices pin its authority, and
/// its audit trail is signed. The master key is not among them: it opens the copy.
pub const KEPT_FILES: [&str; 5] = ["ca.pem", "ca.key", "server.pem", "server.key", "audit.key"];

/// Removes copies that were on their way when the process was killed.
pub fn sweep_copies(data_dir: &Path) {
    let Ok(entries) = std::fs::read_dir(data_dir) else {
        return;
    };
    for entry in entries.filter_map(Result::ok) {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(COPY.0)
            && name.contains(COPY.1)
            && let Err(error) = std::fs::remove_file(entry.path())
        {
            tracing::warn!(path = %entry.path().display(), %error, "a copy that nobody waits for is still there");
        }
    }
}

/// The system id of a store; made at random the first time.
///
/// # Errors
/// [`RunError`] when the store or the system's randomness fails.
pub async fn system_id(
    housekeeping: &dyn Housekeeping,
    entropy: &dyn Entropy,
) -> Result<SystemId, RunError> {
    let mut bytes = [0; 4];
    entropy.fill(&mut bytes)?;
    let fresh = SystemId::from_number(u32::from_be_bytes(bytes));
    let kept = housekeeping
        .remember_meta("system_id", &fresh.to_string())
        .await?;
    kept.parse().map_err(|_| RunError::SystemId(kept))
}

/// The server's Ed25519 key from `audit.key` in its folder; made at random the first time.
///
/// # Errors
/// [`RunError`] when the file or the system's randomness fails.
pub fn signing_key(data_dir: &Path, entropy: &dyn Entropy) -> Result<SigningKey, RunError> {
    let mut seed = [0; 32];
    entropy.fill(&mut seed)?;
    let path = data_dir.join("audit.key");
    let kept = private_file::create_or_read(&path, HEXLOWER.encode(&seed).as_bytes())?;
    std::str::from_utf8(&kept)
        .ok()
        .and_then(|text| SigningKey::from_hex_seed(text).ok())
        .ok_or(RunError::SigningKey(path))
}

/// When there is no operator yet: makes the operator `admin` with a one-time code, and writes the code to a file that
/// only this account can read. Gives the file's path then.
///
/// # Errors
/// [`RunError`] when the store or the file fails.
pub async fn first_admin(endpoint: &Endpoint) -> Result<Option<PathBuf>, RunError> {
    let operators = &endpoint.parts().operators;
    if !operators.operators().await?.is_empty() {
        return Ok(None);
    }
    let code = endpoint.new_code()?.to_string();
    let password_hash = endpoint
        .passwords()
        .hash(&code, endpoint.random()?)
        .await
        .map_err(|_| RunError::Hash)?;
    let path = endpoint.settings().data_dir.join(CODE_FILE);
    // The file first: an admin whose code nobody can read would lock everybody out.
    private_file::write(&path, format!("{code}\n").as_bytes())?;
    let now = endpoint.now();
    let record = OperatorRecord {
        view: Operator {
            name: FIRST_ADMIN.to_owned(),
            role: Role::Admin,
            created_at: now,
            last_login: None,
        },
        password_hash,
        one_time: true,
    };
    let stamp = Stamp {
        audit: Some(AuditDraft {
            at: now,
            actor: format!("server:{}", endpoint.name()),
            event: "operator.first".into(),
            subject: format!("operator:{FIRST_ADMIN}"),
            detail: String::new(),
            correlation: String::new(),
        }),
        ..Stamp::default()
    };
    operators.save_operator(record, stamp).await?;
    Ok(Some(path))
}

/// Removes the file of a code that was used.
pub(super) fn code_used(endpoint: &Endpoint) {
    let path = endpoint.settings().data_dir.join(CODE_FILE);
    if let Err(error) = std::fs::remove_file(&path)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(path = %path.display(), %error, "the used one-time code is still there; it is worthless now");
    }
}
