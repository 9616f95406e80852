//! The store's side of the world of `flow_world`: only what flows ask for, everything else says so.

use async_trait::async_trait;

use callhome::api::{
    ActionView, Attempt, AuditCheckpoint, BackupView, CallbackView, Device, DeviceLogLine, Event,
    Page, RegisterRequest,
};
use callhome::domain::{
    ActionKind, ActionState, AuditDraft, AuditEntry, Bearer, DeviceId, Identity, Sequence, ShortId,
    Timestamp,
};
use callhome::port::{
    ActionFilter, ActionQueue, ActionResults, Actions, AgentKey, AuditTrail, Backups, Callbacks,
    CaughtUp, Claimed, Clock, DeviceFilter, DeviceLog, Devices, Enrolment, EnrolmentDraft,
    EnrolmentRefusal, Enrolments, EventDraft, EventFilter, Events, Lease, NewAction, NewBackupItem,
    PageOf, PinEscrow, Precondition, Recorded, ResultDraft, Stamp, StoreError,
};

use crate::flow_world::{Shelf, World};

fn unused<T>() -> Result<T, StoreError> {
    Err(StoreError::Database("not in this world".to_owned()))
}

fn page<T>(items: Vec<T>, of: &PageOf) -> Page<T> {
    let limit = if of.limit == 0 {
        100
    } else {
        of.limit as usize
    };
    Page {
        items: items.into_iter().take(limit).collect(),
        next: None,
    }
}

/// Takes the stamp as the store does: the key first, then the trail and the events.
fn take(shelf: &mut Shelf, stamp: Stamp) -> Result<(), StoreError> {
    if let Some(claim) = stamp.idempotency {
        let before = shelf.idempotency.iter().find(|(key, _)| *key == claim.key);
        if let Some((_, outcome)) = before {
            return Err(StoreError::AlreadyDone(outcome.clone()));
        }
        shelf.idempotency.push((claim.key, claim.outcome));
    }
    if let Some(draft) = stamp.audit {
        shelf.entry(draft);
    }
    stamp.events.into_iter().for_each(|e| shelf.publish(e));
    Ok(())
}

/// What makes an action, as the store does it in one transaction.
fn create(shelf: &mut Shelf, new: NewAction, stamp: Stamp) -> Result<ActionView, StoreError> {
    let device = shelf.devices.iter().find(|d| d.id == new.device).cloned();
    let device = device.ok_or_else(|| StoreError::NotFound("device".to_owned()))?;
    if let Some(claim) = &stamp.idempotency {
        let before = shelf.idempotency.iter().find(|(key, _)| *key == claim.key);
        if let Some((_, outcome)) = before {
            return Err(StoreError::AlreadyDone(outcome.clone()));
        }
    }
    if let Some(failed) = new.preconditions.iter().find(|p| !holds(shelf, &device, p)) {
        return Err(StoreError::Precondition(failed.clone()));
    }
    let key = shelf.keys.iter().find(|k| k.device == device.id).cloned();
    let key = key.ok_or(StoreError::NotEnrolled)?;
    let free = shelf.next.iter().find(|(d, _)| *d == device.id);
    let free = free.map_or(Sequence::FIRST, |(_, next)| *next);
    let sequence = new.sequence.unwrap_or(free);
    if sequence < free {
        return Err(StoreError::Conflict(format!("number {sequence} is taken")));
    }
    take(shelf, stamp)?;
    shelf.next.retain(|(d, _)| *d != device.id);
    let next = sequence.next().ok_or(StoreError::SequenceExhausted)?;
    shelf.next.push((device.id, next));
    if let Some(escrow) = new.escrow {
        let pin = escrow(&key.secret, sequence);
        shelf.pins.push((new.id, pin));
    }
    let view = ActionView {
        id: new.id,
        device: device.id,
        device_name: device.name,
        server: device.server,
        action: new.action,
        sequence,
        epoch: key.epoch,
        state: ActionState::Pending,
        unconfirmed: false,
        operator: new.operator,
        reason: new.reason,
        ticket: new.ticket,
        via: new.via,
        by_hand: new.by_hand,
        created_at: new.at,
        updated_at: new.at,
        next_try_at: new.due_at,
        expires_at: new.expires_at,
        attempts: Vec::new(),
        result: None,
    };
    shelf.actions.push(view.clone());
    Ok(view)
}

fn holds(shelf: &Shelf, device: &Device, wanted: &Precondition) -> bool {
    match wanted {
        Precondition::NotLocked => !device.lock.locked,
        Precondition::Locked => device.lock.locked,
        Precondition::Addressable => device.has_data || !device.numbers.is_empty(),
        Precondition::NoneOpen(names) => !shelf.actions.iter().any(|a| {
            a.device == device.id && !a.state.is_final() && names.contains(&a.action.name())
        }),
    }
}

#[async_trait]
impl Devices for World {
    async fn device(&self, id: ShortId) -> Result<Option<Device>, StoreError> {
        Ok(self.shelf().devices.iter().find(|d| d.id == id).cloned())
    }

    async fn devices(&self, filter: DeviceFilter, of: PageOf) -> Result<Page<Device>, StoreError> {
        let fits = |d: &&Device| {
            filter
                .identity
                .as_ref()
                .is_none_or(|i| d.identities.contains(i))
                && filter
                    .number
                    .as_ref()
                    .is_none_or(|n| d.numbers.iter().any(|m| m.number == *n))
                && filter.word.as_ref().is_none_or(|w| d.name == *w)
        };
        let found = self.shelf().devices.iter().filter(fits).cloned().collect();
        Ok(page(found, &of))
    }

    async fn save_device(&self, device: Device, stamp: Stamp) -> Result<Device, StoreError> {
        let mut shelf = self.shelf();
        take(&mut shelf, stamp)?;
        let slot = shelf.devices.iter_mut().find(|d| d.id == device.id);
        let slot = slot.ok_or_else(|| StoreError::NotFound("device".to_owned()))?;
        *slot = device.clone();
        Ok(device)
    }

    async fn delete_device(&self, _id: ShortId, _stamp: Stamp) -> Result<(), StoreError> {
        unused()
    }
}

#[async_trait]
impl Enrolments for World {
    async fn invite(
        &self,
        _digests: Vec<[u8; 32]>,
        _device: Option<ShortId>,
        _number: Option<callhome::domain::Msisdn>,
        _expires_at: Timestamp,
        _stamp: Stamp,
    ) -> Result<(), StoreError> {
        unused()
    }

    async fn enrol(
        &self,
        _draft: EnrolmentDraft,
        _stamp: Stamp,
    ) -> Result<Result<Enrolment, EnrolmentRefusal>, StoreError> {
        unused()
    }

    async fn agent(&self, _agent_id: DeviceId) -> Result<Option<AgentKey>, StoreError> {
        unused()
    }

    async fn agent_by_identity(
        &self,
        device: Option<ShortId>,
        _identities: Vec<Identity>,
    ) -> Result<Option<AgentKey>, StoreError> {
        let shelf = self.shelf();
        Ok(shelf
            .keys
            .iter()
            .find(|k| Some(k.device) == device)
            .cloned())
    }
}

#[async_trait]
impl DeviceLog for World {
    async fn heard(
        &self,
        device: ShortId,
        at: Timestamp,
        kind: &str,
        text: &str,
    ) -> Result<(), StoreError> {
        let mut shelf = self.shelf();
        let id = shelf.log.len() as u64 + 1;
        let line = DeviceLogLine {
            id,
            at,
            kind: kind.to_owned(),
            text: text.to_owned(),
        };
        shelf.log.push((device, line));
        Ok(())
    }

    async fn log(&self, device: ShortId, of: PageOf) -> Result<Page<DeviceLogLine>, StoreError> {
        let shelf = self.shelf();
        let own = shelf.log.iter().rev().filter(|(d, _)| *d == device);
        Ok(page(own.map(|(_, line)| line.clone()).collect(), &of))
    }

    async fn register(
        &self,
        _device: ShortId,
        _told: RegisterRequest,
        _at: Timestamp,
    ) -> Result<Device, StoreError> {
        unused()
    }
}

#[async_trait]
impl Actions for World {
    async fn create_actions(
        &self,
        news: Vec<(NewAction, Stamp)>,
    ) -> Result<Vec<ActionView>, StoreError> {
        let mut shelf = self.shelf();
        let before = (
            shelf.actions.len(),
            shelf.pins.len(),
            shelf.idempotency.len(),
            shelf.audit.len(),
            shelf.events.len(),
            shelf.next.clone(),
        );
        let made: Result<Vec<_>, _> = news
            .into_iter()
            .map(|(new, stamp)| create(&mut shelf, new, stamp))
            .collect();
        if made.is_err() {
            shelf.actions.truncate(before.0);
            shelf.pins.truncate(before.1);
            shelf.idempotency.truncate(before.2);
            shelf.audit.truncate(before.3);
            shelf.events.truncate(before.4);
            shelf.next = before.5;
        }
        made
    }

    async fn create_action(&self, new: NewAction, stamp: Stamp) -> Result<ActionView, StoreError> {
        create(&mut self.shelf(), new, stamp)
    }

    async fn action(&self, id: ShortId) -> Result<Option<ActionView>, StoreError> {
        Ok(self.shelf().actions.iter().find(|a| a.id == id).cloned())
    }

    async fn actions(
        &self,
        filter: ActionFilter,
        of: PageOf,
    ) -> Result<Page<ActionView>, StoreError> {
        let fits = |a: &&ActionView| {
            filter.device.is_none_or(|d| a.device == d)
                && (filter.states.is_empty() || filter.states.contains(&a.state))
                && filter.name.as_ref().is_none_or(|n| a.action.name() == *n)
        };
        let shelf = self.shelf();
        let found = shelf.actions.iter().rev().filter(fits).cloned().collect();
        Ok(page(found, &of))
    }

    async fn change_action(
        &self,
        id: ShortId,
        to: Option<ActionState>,
        due_at: Option<Timestamp>,
        via: Option<Bearer>,
        stamp: Stamp,
    ) -> Result<ActionView, StoreError> {
        let mut shelf = self.shelf();
        take(&mut shelf, stamp)?;
        let slot = shelf.actions.iter_mut().find(|a| a.id == id);
        let slot = slot.ok_or_else(|| StoreError::NotFound("action".to_owned()))?;
        slot.state = to.unwrap_or(slot.state);
        slot.next_try_at = due_at.or(slot.next_try_at);
        slot.via = via.or(slot.via);
        Ok(slot.clone())
    }
}

#[async_trait]
impl ActionQueue for World {
    async fn claim(
        &self,
        _now: Timestamp,
        _lease: std::time::Duration,
        _limit: u32,
    ) -> Result<Vec<Claimed>, StoreError> {
        unused()
    }

    async fn record_attempts(
        &self,
        lease: Lease,
        attempts: Vec<Attempt>,
        next_try_at: Option<Timestamp>,
    ) -> Result<ActionView, StoreError> {
        let mut shelf = self.shelf();
        let slot = shelf.actions.iter_mut().find(|a| a.id == lease.action);
        let slot = slot.ok_or_else(|| StoreError::NotFound("action".to_owned()))?;
        if slot.state == ActionState::Pending && attempts.iter().any(|a| a.accepted) {
            slot.state = ActionState::Sent;
        }
        slot.attempts.extend(attempts);
        slot.next_try_at = next_try_at.filter(|_| !slot.state.is_final());
        Ok(slot.clone())
    }

    async fn record_receipt(
        &self,
        id: ShortId,
        receipt: Attempt,
    ) -> Result<ActionView, StoreError> {
        let mut shelf = self.shelf();
        let slot = shelf.actions.iter_mut().find(|a| a.id == id);
        let slot = slot.ok_or_else(|| StoreError::NotFound("action".to_owned()))?;
        if matches!(slot.state, ActionState::Pending | ActionState::Sent) {
            if receipt.accepted {
                slot.state = ActionState::Delivered;
            }
            slot.attempts.push(receipt);
        }
        Ok(slot.clone())
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        unused()
    }
}

#[async_trait]
impl ActionResults for World {
    async fn deliverable(
        &self,
        device: ShortId,
        missing: &[Sequence],
        _at: Timestamp,
    ) -> Result<Vec<ActionView>, StoreError> {
        let mut shelf = self.shelf();
        let mut found: Vec<ActionView> = Vec::new();
        for action in shelf.actions.iter_mut().filter(|a| a.device == device) {
            if !action.state.is_final() && (!action.by_hand || missing.contains(&action.sequence)) {
                action.state = ActionState::Delivered;
            } else if !missing.contains(&action.sequence) {
                continue;
            }
            found.push(action.clone());
        }
        found.sort_by_key(|a| a.sequence);
        Ok(found)
    }

    async fn catch_up(
        &self,
        device: ShortId,
        taken: Sequence,
        _escrow: PinEscrow,
        _at: Timestamp,
    ) -> Result<Option<CaughtUp>, StoreError> {
        let mut shelf = self.shelf();
        // No action is open here when it is asked; the store's own tests have those.
        assert!(shelf.actions.iter().all(|a| a.device != device));
        let known = shelf.next.iter().find(|(d, _)| *d == device);
        if taken < known.map_or(Sequence::FIRST, |(_, next)| *next) {
            return Ok(None);
        }
        let first = taken.forward(65).expect("far from the last");
        shelf.next.retain(|(d, _)| *d != device);
        shelf.next.push((device, first));
        Ok(Some(CaughtUp {
            first,
            renumbered: 0,
            kept: 0,
        }))
    }

    async fn record_result(
        &self,
        draft: ResultDraft,
        stamp: Stamp,
    ) -> Result<Recorded, StoreError> {
        let mut shelf = self.shelf();
        let slot = shelf.actions.iter_mut().find(|a| {
            a.device == draft.device && a.epoch == draft.epoch && a.sequence == draft.sequence
        });
        let Some(slot) = slot else {
            return Ok(Recorded::Unknown);
        };
        if slot.action.name() != draft.action {
            return Ok(Recorded::Other(Box::new(slot.clone())));
        }
        if slot.state.is_final() {
            return Ok(Recorded::Repeat(Box::new(slot.clone())));
        }
        slot.state = draft.result.state;
        slot.result = Some(draft.result);
        let view = slot.clone();
        let device = shelf.devices.iter_mut().find(|d| d.id == view.device);
        if let (Some(device), ActionState::Done) = (device, view.state) {
            match view.action.kind() {
                Some(ActionKind::Lock) => {
                    device.lock.locked = true;
                    device.lock.since = Some(draft.at);
                    device.lock.by = Some(view.operator.clone());
                    device.lock.ticket = view.ticket.clone();
                    device.lock.action = Some(view.id);
                }
                Some(ActionKind::Unlock) => device.lock.locked = false,
                _ => {}
            }
        }
        take(&mut shelf, stamp)?;
        Ok(Recorded::First(Box::new(view)))
    }
}

#[async_trait]
impl Callbacks for World {
    async fn create_callback(
        &self,
        view: CallbackView,
        stamp: Stamp,
    ) -> Result<CallbackView, StoreError> {
        let mut shelf = self.shelf();
        take(&mut shelf, stamp)?;
        shelf.callbacks.push(view.clone());
        Ok(view)
    }

    async fn callback(&self, id: ShortId) -> Result<Option<CallbackView>, StoreError> {
        Ok(self.shelf().callbacks.iter().find(|c| c.id == id).cloned())
    }

    async fn callbacks(
        &self,
        device: Option<ShortId>,
        of: PageOf,
    ) -> Result<Page<CallbackView>, StoreError> {
        let shelf = self.shelf();
        let own = shelf
            .callbacks
            .iter()
            .filter(|c| device.is_none_or(|d| d == c.device));
        Ok(page(own.cloned().collect(), &of))
    }

    async fn open_callbacks(&self) -> Result<Vec<CallbackView>, StoreError> {
        let shelf = self.shelf();
        let open = shelf.callbacks.iter().filter(|c| c.is_open());
        Ok(open.cloned().collect())
    }

    async fn callbacks_by_request(
        &self,
        request_id: &str,
    ) -> Result<Vec<CallbackView>, StoreError> {
        let named = |c: &&CallbackView| c.request_id() == request_id && c.request.is_some();
        let shelf = self.shelf();
        Ok(shelf
            .callbacks
            .iter()
            .rev()
            .filter(named)
            .cloned()
            .collect())
    }

    async fn update_callback(
        &self,
        id: ShortId,
        change: Box<dyn FnOnce(CallbackView) -> Option<CallbackView> + Send>,
    ) -> Result<Option<CallbackView>, StoreError> {
        let mut shelf = self.shelf();
        let slot = shelf.callbacks.iter_mut().find(|c| c.id == id);
        let slot = slot.ok_or_else(|| StoreError::NotFound("callback".to_owned()))?;
        let changed = change(slot.clone());
        if let Some(changed) = &changed {
            slot.clone_from(changed);
        }
        Ok(changed)
    }
}

#[async_trait]
impl Events for World {
    async fn publish(&self, events: Vec<EventDraft>) -> Result<(), StoreError> {
        let mut shelf = self.shelf();
        events.into_iter().for_each(|e| shelf.publish(e));
        Ok(())
    }

    async fn events(&self, filter: EventFilter, limit: u32) -> Result<Vec<Event>, StoreError> {
        let shelf = self.shelf();
        let fits = |e: &&Event| {
            filter.subject.as_ref().is_none_or(|s| e.subject == *s)
                && filter
                    .device
                    .as_ref()
                    .is_none_or(|d| e.device.as_ref() == Some(d))
        };
        Ok(shelf
            .events
            .iter()
            .filter(fits)
            .take(limit as usize)
            .cloned()
            .collect())
    }

    async fn last_event(&self) -> Result<u64, StoreError> {
        Ok(self.shelf().events.len() as u64)
    }

    async fn wait_event(&self, _after: u64) -> Result<(), StoreError> {
        unused()
    }
}

#[async_trait]
impl Backups for World {
    async fn put_item(
        &self,
        device: ShortId,
        backup: ShortId,
        _item: NewBackupItem,
        at: Timestamp,
    ) -> Result<BackupView, StoreError> {
        let view = BackupView {
            id: backup,
            device,
            device_name: String::new(),
            kind: String::new(),
            created_at: at,
            completed_at: None,
            items: Vec::new(),
            size_bytes: 0,
        };
        self.shelf().backups.insert(0, view.clone());
        Ok(view)
    }

    async fn complete(
        &self,
        backup: ShortId,
        kind: &str,
        at: Timestamp,
        stamp: Stamp,
    ) -> Result<BackupView, StoreError> {
        let mut shelf = self.shelf();
        take(&mut shelf, stamp)?;
        let slot = shelf.backups.iter_mut().find(|b| b.id == backup);
        let slot = slot.ok_or_else(|| StoreError::NotFound("backup".to_owned()))?;
        slot.completed_at = Some(at);
        slot.kind = kind.to_owned();
        Ok(slot.clone())
    }

    async fn backups(
        &self,
        device: Option<ShortId>,
        _id: Option<ShortId>,
        of: PageOf,
    ) -> Result<Page<BackupView>, StoreError> {
        let shelf = self.shelf();
        let own = shelf
            .backups
            .iter()
            .filter(|b| device.is_none_or(|d| d == b.device));
        Ok(page(own.cloned().collect(), &of))
    }

    async fn item(&self, _backup: ShortId, _path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        unused()
    }
}

#[async_trait]
impl AuditTrail for World {
    async fn append(&self, draft: AuditDraft) -> Result<AuditEntry, StoreError> {
        assert!(
            draft.at <= self.now(),
            "nothing is written down before it happens"
        );
        Ok(self.shelf().entry(draft))
    }

    async fn begin(&self, stamp: Stamp) -> Result<(), StoreError> {
        take(&mut self.shelf(), stamp)
    }

    async fn entries(&self, _after: u64, _limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        unused()
    }

    async fn last_entry(&self) -> Result<Option<AuditEntry>, StoreError> {
        unused()
    }

    async fn checkpoints(
        &self,
        _add: Option<AuditCheckpoint>,
    ) -> Result<Vec<AuditCheckpoint>, StoreError> {
        unused()
    }
}
