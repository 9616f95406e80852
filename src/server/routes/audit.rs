use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use data_encoding::HEXLOWER;

use crate::api::{AuditCheckpoint, AuditVerdict, Page, ProblemCode, VerifyingKey};
use crate::domain::{AuditEntry, AuditHash, GENESIS, Permission, verify_chain};

use crate::server::endpoint::Endpoint;
use crate::server::error::{Answer, ApiError};
use crate::server::extract::Words;
use crate::server::identity::Caller;
use crate::server::write::Write;

const BATCH: u32 = 1000;

/// Where to go on.
#[derive(Debug, serde::Deserialize)]
pub(super) struct ListWords {
    after: Option<u64>,
    limit: Option<u32>,
}

/// Entries of the trail, oldest first.
#[cfg_attr(test, utoipa::path(get, path = "/api/v1/audit", params(("after" = Option<u64>, Query), ("limit" = Option<u32>, Query)), responses((status = 200, body = Page<AuditEntry>)), tag = "audit"))]
pub(super) async fn list(
    State(endpoint): State<Endpoint>,
    caller: Caller,
    Words(words): Words<ListWords>,
) -> Answer<Json<Page<AuditEntry>>> {
    caller.require(Permission::Read)?;
    let limit = words.limit.unwrap_or(100).clamp(1, BATCH);
    let after = words.after.unwrap_or(0);
    let items = endpoint.ports().audit.entries(after, limit).await?;
    let next = items
        .last()
        .filter(|_| items.len() >= limit as usize)
        .map(|entry| entry.number.to_string());
    Ok(Json(Page { items, next }))
}

/// Checks the whole chain and every signed checkpoint.
#[cfg_attr(test, utoipa::path(get, path = "/api/v1/audit/verify", responses((status = 200, body = AuditVerdict)), tag = "audit"))]
pub(super) async fn verify(
    State(endpoint): State<Endpoint>,
    caller: Caller,
) -> Answer<Json<AuditVerdict>> {
    caller.require(Permission::Read)?;
    let audit = &endpoint.ports().audit;
    let checkpoints = audit.checkpoints(None).await?;
    let mut wanted: HashMap<u64, AuditHash> = HashMap::new();
    let mut fault = String::new();
    let key = endpoint.settings().signing_key.verifying_key();
    for checkpoint in &checkpoints {
        let words = signature_fault(checkpoint, &key);
        let other = wanted
            .insert(checkpoint.number, checkpoint.hash)
            .is_some_and(|hash| hash != checkpoint.hash);
        if fault.is_empty() && (other || words.is_some()) {
            fault = words.unwrap_or_else(|| {
                format!("two checkpoints disagree on entry {}", checkpoint.number)
            });
        }
    }
    let (mut number, mut hash) = (0, GENESIS);
    loop {
        let entries = audit.entries(number, BATCH).await?;
        if entries.is_empty() {
            break;
        }
        for entry in &entries {
            let broken = wanted
                .remove(&entry.number)
                .is_some_and(|h| h != entry.hash);
            if fault.is_empty() && broken {
                fault = format!("entry {} is not the one that was signed", entry.number);
            }
        }
        match verify_chain(number, hash, &entries) {
            Ok(end) => (number, hash) = end,
            Err(broken) => {
                fault = broken.to_string();
                break;
            }
        }
    }
    if fault.is_empty()
        && let Some(missing) = wanted.keys().max()
    {
        fault = format!("the trail was cut: entry {missing} was signed and is not there");
    }
    Ok(Json(AuditVerdict {
        intact: fault.is_empty(),
        entries: number,
        checkpoints: checkpoints.len() as u64,
        fault,
    }))
}

fn signature_fault(checkpoint: &AuditCheckpoint, key: &VerifyingKey) -> Option<String> {
    let text = AuditCheckpoint::signed_text(
        &checkpoint.server,
        checkpoint.number,
        checkpoint.hash,
        checkpoint.at,
    );
    let genuine = HEXLOWER
        .decode(checkpoint.signature.as_bytes())
        .is_ok_and(|signature| key.verify(text.as_bytes(), &signature));
    (!genuine).then(|| {
        format!(
            "the checkpoint at entry {} was not signed by this server's key",
            checkpoint.number
        )
    })
}

/// Signs the end of the trail as it is now. Kept elsewhere, it shows rewriting and cutting.
#[cfg_attr(test, utoipa::path(post, path = "/api/v1/audit/checkpoint", responses((status = 200, body = AuditCheckpoint), (status = 409, body = crate::api::Problem)), tag = "audit"))]
pub(super) async fn checkpoint(
    State(endpoint): State<Endpoint>,
    write: Write<()>,
) -> Answer<Json<AuditCheckpoint>> {
    write.require(Permission::Engineer)?;
    let audit = &endpoint.ports().audit;
    let last = audit
        .last_entry()
        .await?
        .ok_or_else(|| ApiError::new(ProblemCode::Conflict, "the trail has no entries yet"))?;
    let key = &endpoint.settings().signing_key;
    let at = endpoint.now();
    let text = AuditCheckpoint::signed_text(endpoint.name(), last.number, last.hash, at);
    let made = AuditCheckpoint {
        server: endpoint.name().to_owned(),
        number: last.number,
        hash: last.hash,
        at,
        key: key.verifying_key().to_string(),
        signature: HEXLOWER.encode(&key.sign(text.as_bytes())),
    };
    audit.checkpoints(Some(made.clone())).await?;
    Ok(Json(made))
}
