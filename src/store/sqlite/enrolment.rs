use std::collections::BTreeSet;

use async_trait::async_trait;
use rusqlite::{Connection, Row, params};
use subtle::ConstantTimeEq as _;

use crate::api::{Device, DeviceNumber, LockState};
use crate::domain::{
    AuditDraft, DeviceId, DeviceSecret, Identity, Msisdn, Sequence, ShortId, Timestamp,
};
use crate::port::{
    AgentKey, Enrolment, EnrolmentDraft, EnrolmentRefusal, Enrolments, MachineError, Sealer, Stamp,
    StoreError,
};

use super::SqliteStore;
use super::creation::void_old_epoch;
use super::devices::{Facts, holder, load, load_existing, no_device, store_facts};
use super::transaction::{Tx, one, parse, to_json};

/// What a device's sealed secret is bound to: another device's or an older one does not open in its place.
fn secret_context(device: &str, epoch: u32) -> String {
    format!("secret:{device}:{epoch}")
}

pub(super) fn open_secret(
    sealer: &dyn Sealer,
    device: &str,
    epoch: u32,
    sealed: &[u8],
) -> Result<DeviceSecret, StoreError> {
    let bytes: [u8; 32] = sealer
        .open(&secret_context(device, epoch), sealed)?
        .try_into()
        .map_err(|_| MachineError::Sealed)?;
    Ok(DeviceSecret::from_bytes(bytes))
}

fn invite(
    tx: &Tx<'_>,
    digests: &[[u8; 32]],
    device: Option<ShortId>,
    number: Option<Msisdn>,
    expires_at: Timestamp,
    stamp: Stamp,
) -> Result<(), StoreError> {
    tx.begin(&stamp)?;
    let device = device.map(|d| d.to_string());
    let number = number.map(|n| n.to_string());
    if let Some(id) = &device
        && load(tx.conn, id)?.is_none()
    {
        return Err(no_device(id));
    }
    for digest in digests {
        let added = tx.run(
            "INSERT INTO codes (digest, device, expires_at, number) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            params![digest, device, expires_at.millis(), number],
        )?;
        if added == 0 {
            return Err(StoreError::Conflict(
                "an enrolment code was given out before: ask for new ones".into(),
            ));
        }
    }
    // The life of a code is at most a week: what ended a week before these do is of no use to anybody.
    let week = 7 * 24 * 3600 * 1000;
    tx.run(
        "DELETE FROM codes WHERE expires_at < ?1",
        [expires_at.millis().saturating_sub(2 * week)],
    )?;
    tx.finish(stamp)
}

/// The registry entry for a device that wants in: an existing one, none, or no way.
fn place(
    tx: &Tx<'_>,
    draft: &EnrolmentDraft,
    invited: Option<&str>,
) -> Result<Result<Option<Device>, EnrolmentRefusal>, StoreError> {
    let mut holders = BTreeSet::new();
    for identity in &draft.device.identities {
        holders.extend(holder(tx.conn, &identity.to_string())?);
    }
    holders.extend(invited.map(ToOwned::to_owned));
    let mut holders = holders.into_iter();
    let (found, second) = (holders.next(), holders.next());
    if second.is_some() {
        return Ok(Err(EnrolmentRefusal::Identity));
    }
    let Some(id) = found else {
        return Ok(Ok(None));
    };
    let found = load_existing(tx.conn, &id)?;
    // An invitation for one device is no invitation for another with a different number of the same kind.
    let differs = draft.device.identities.iter().any(|i| {
        let of_kind = |k: &&Identity| k.kind() == i.kind();
        found.identities.iter().any(|k| of_kind(&k)) && !found.identities.contains(i)
    });
    if differs {
        return Ok(Err(EnrolmentRefusal::Identity));
    }
    if found.agent_id.is_some() && !draft.proven && invited.is_none() {
        return Ok(Err(EnrolmentRefusal::Proof));
    }
    Ok(Ok(Some(found)))
}

fn merged(found: Device, told: Device) -> Facts {
    let mut facts = Facts::of(found);
    for identity in told.identities {
        if !facts.identities.contains(&identity) {
            facts.identities.push(identity);
        }
    }
    for number in told.numbers {
        match facts.numbers.iter_mut().find(|n| n.number == number.number) {
            Some(known) => known.verified_at = number.verified_at.or(known.verified_at),
            None => facts.numbers.push(number),
        }
    }
    if facts.name.is_empty() {
        facts.name = told.name;
    }
    facts.model = told.model.or(facts.model);
    facts.tag = told.tag.or(facts.tag);
    facts.proxy = told.proxy.or(facts.proxy);
    facts.has_data = told.has_data;
    facts.attributes.extend(told.attributes);
    facts
}

/// Device, end, when it was used, and where it was sent.
type CodeRow = (Option<String>, i64, Option<i64>, Option<String>);

/// A device that comes with a code that was sent to a number has that number, unless it says that it has others.
fn verified_by_code(draft: &mut EnrolmentDraft, number: Msisdn) {
    let numbers = &mut draft.device.numbers;
    if numbers.is_empty() {
        numbers.push(DeviceNumber::new(number.clone()));
    }
    if let Some(own) = numbers.iter_mut().find(|n| n.number == number) {
        own.verified_at = Some(draft.at);
    }
}

/// The enrolment of a device that asks once more with its used code, because the answer was lost: it has the id and
/// the secret that are stored already, so nothing changes.
fn answered_before(tx: &Tx<'_>, draft: &EnrolmentDraft) -> Result<Option<Enrolment>, StoreError> {
    let row = one(
        tx.conn,
        &format!("{KEY_COLUMNS} WHERE agent_id = ?1"),
        params![draft.agent_id.to_string()],
        key_row,
    )?;
    let Some(stored) = row.map(|row| key(tx.sealer, row)).transpose()? else {
        return Ok(None);
    };
    let same: bool = stored.secret.expose().ct_eq(draft.secret.expose()).into();
    if !same {
        return Ok(None);
    }
    Ok(Some(Enrolment {
        device: load_existing(tx.conn, &stored.device.to_string())?,
        again: stored.epoch > 1,
    }))
}

fn enrol(
    tx: &Tx<'_>,
    mut draft: EnrolmentDraft,
    stamp: Stamp,
) -> Result<Result<Enrolment, EnrolmentRefusal>, StoreError> {
    tx.begin(&stamp)?;
    let code: Option<CodeRow> = tx.one(
        "SELECT device, expires_at, used_at, number FROM codes WHERE digest = ?1",
        params![draft.code_digest],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
    )?;
    let (invited, sent_to) = match code {
        Some((device, expires_at, None, number)) if expires_at > draft.at.millis() => {
            (device, number.as_deref().map(parse::<Msisdn>).transpose()?)
        }
        Some((_, _, Some(_), _)) => {
            return Ok(answered_before(tx, &draft)?.ok_or(EnrolmentRefusal::Code));
        }
        _ => return Ok(Err(EnrolmentRefusal::Code)),
    };
    if let Some(number) = sent_to {
        verified_by_code(&mut draft, number);
    }
    let found = match place(tx, &draft, invited.as_deref())? {
        Ok(found) => found,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let agent_id = draft.agent_id.to_string();
    let id = found.as_ref().map_or(draft.device.id, |d| d.id).to_string();
    let namesake: Option<String> = tx.one(
        "SELECT id FROM devices WHERE agent_id = ?1",
        [&agent_id],
        |row| row.get(0),
    )?;
    if namesake.is_some_and(|n| n != id) {
        return Ok(Err(EnrolmentRefusal::Identity));
    }
    tx.run(
        "UPDATE codes SET used_at = ?2 WHERE digest = ?1",
        params![draft.code_digest, draft.at.millis()],
    )?;
    let again = found.as_ref().is_some_and(|d| d.agent_id.is_some());
    let was_locked = found.as_ref().is_some_and(|d| d.lock.locked);
    let (facts, version, epoch) = match found {
        Some(found) => {
            let (version, epoch) = (found.version + 1, found.epoch + 1);
            (merged(found, draft.device), version, epoch)
        }
        None => (Facts::of(draft.device), 1, 1),
    };
    store_facts(tx, &id, &facts, version)?;
    let secret = tx
        .sealer
        .seal(&secret_context(&id, epoch), draft.secret.expose())?;
    tx.run(
        "UPDATE devices SET agent_id = ?2, epoch = ?3, enrolled_at = ?4, last_heard = ?4, secret = ?5,
            next_sequence = ?6, lock_sequence = 0 WHERE id = ?1",
        params![
            id,
            agent_id,
            epoch,
            draft.at.millis(),
            secret,
            Sequence::FIRST.value()
        ],
    )?;
    if again && was_locked && !draft.proven {
        tx.audit(AuditDraft {
            at: draft.at,
            actor: format!("device:{agent_id}"),
            event: "lock.ended".into(),
            subject: format!("device:{id}"),
            detail: "it enrolled anew, without its old secret".into(),
            correlation: String::new(),
        })?;
        // It has not its old secret, so not the PIN either: whatever it is, it is not locked any more.
        tx.run(
            "UPDATE devices SET locked = 0, lock = ?2 WHERE id = ?1",
            params![id, to_json(&LockState::default())?],
        )?;
    }
    if version > 1 {
        // Addresses of record carry the agent's old id.
        tx.run("DELETE FROM bindings WHERE device = ?1", [&id])?;
        void_old_epoch(tx, &id, epoch, draft.at)?;
    }
    tx.finish(stamp)?;
    Ok(Ok(Enrolment {
        device: load_existing(tx.conn, &id)?,
        again,
    }))
}

const KEY_COLUMNS: &str = "SELECT id, agent_id, epoch, secret, next_sequence,
    EXISTS (SELECT 1 FROM meta WHERE key = 'restored:' || devices.id) FROM devices";

type KeyRow = (String, String, u32, Vec<u8>, u32, bool);

fn key_row(row: &Row<'_>) -> rusqlite::Result<KeyRow> {
    Ok((
        row.get(0)?,
        row.get(1)?,
        row.get(2)?,
        row.get(3)?,
        row.get(4)?,
        row.get(5)?,
    ))
}

fn key(
    sealer: &dyn Sealer,
    (id, agent_id, epoch, sealed, next, restored): KeyRow,
) -> Result<AgentKey, StoreError> {
    Ok(AgentKey {
        device: parse(&id)?,
        agent_id: parse(&agent_id)?,
        epoch,
        secret: open_secret(sealer, &id, epoch, &sealed)?,
        next: Sequence::new(next),
        restored,
    })
}

fn by_identity(
    conn: &Connection,
    device: Option<ShortId>,
    identities: &[Identity],
) -> Result<Option<KeyRow>, StoreError> {
    let mut ids: Vec<String> = device.iter().map(ToString::to_string).collect();
    for identity in identities {
        ids.extend(holder(conn, &identity.to_string())?);
    }
    for id in ids {
        let row = one(
            conn,
            &format!("{KEY_COLUMNS} WHERE id = ?1 AND agent_id IS NOT NULL"),
            params![id],
            key_row,
        )?;
        if row.is_some() {
            return Ok(row);
        }
    }
    Ok(None)
}

#[async_trait]
impl Enrolments for SqliteStore {
    async fn invite(
        &self,
        digests: Vec<[u8; 32]>,
        device: Option<ShortId>,
        number: Option<Msisdn>,
        expires_at: Timestamp,
        stamp: Stamp,
    ) -> Result<(), StoreError> {
        self.write(move |tx| invite(tx, &digests, device, number, expires_at, stamp))
            .await
    }

    async fn enrol(
        &self,
        draft: EnrolmentDraft,
        stamp: Stamp,
    ) -> Result<Result<Enrolment, EnrolmentRefusal>, StoreError> {
        self.write(move |tx| enrol(tx, draft, stamp)).await
    }

    async fn agent(&self, agent_id: DeviceId) -> Result<Option<AgentKey>, StoreError> {
        let row = self
            .read(move |conn| {
                one(
                    conn,
                    &format!("{KEY_COLUMNS} WHERE agent_id = ?1"),
                    params![agent_id.to_string()],
                    key_row,
                )
            })
            .await?;
        row.map(|row| key(&*self.sealer, row)).transpose()
    }

    async fn agent_by_identity(
        &self,
        device: Option<ShortId>,
        identities: Vec<Identity>,
    ) -> Result<Option<AgentKey>, StoreError> {
        let row = self
            .read(move |conn| by_identity(conn, device, &identities))
            .await?;
        row.map(|row| key(&*self.sealer, row)).transpose()
    }
}
