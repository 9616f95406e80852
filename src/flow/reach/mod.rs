//! The callback ladder: climb until the device has called home.

mod call;

use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use crate::api::{CallReport, CallbackRequest, CallbackState, CallbackView, Rung, RungState};
use crate::domain::{AuditDraft, Bearer, ShortId};
use crate::port::{Stamp, StoreError};

use super::act::check_bearer;
use super::ports::Awaited;
use super::rung::{CALLED_FIRST, Sent, millis};
use super::ways::Way;
use super::{ActError, Caller, IdempotencyKey, Ports, contact, session};
use call::{Call, Step};

/// For the whole callback, unless told otherwise.
const DEADLINE: Duration = Duration::from_secs(60);
/// No callback lasts longer after its slot begins.
const LONGEST: Duration = Duration::from_secs(3600);
/// The same for one that is kept trying.
const LONGEST_TRYING: Duration = Duration::from_secs(7 * 24 * 3600);
/// For the session after a rung was accepted, before the next one is tried.
const SESSION_WAIT: Duration = Duration::from_secs(10);
/// For the answer of a rung whose session has come already.
const COURTESY: Duration = Duration::from_secs(2);

/// Between the first climbs of a callback that is kept trying, unless the device registers before. Later it is as long
/// as a tenth of the time that has passed …
const AGAIN: Duration = Duration::from_secs(60);
/// … and never longer than this.
const SELDOM: Duration = Duration::from_secs(15 * 60);
/// Between two climbs at least, however often the device registers.
const BREATH: Duration = Duration::from_secs(5);
/// Climbs of which each shows its rungs; of those after them only the last one does.
const SHOWN: usize = 32;

/// A callback that was stored and is to be climbed by [`climb`].
#[derive(Debug, Clone)]
pub struct Climb {
    /// As it was stored.
    pub view: CallbackView,
    /// What was asked for.
    pub request: CallbackRequest,
    /// False for a repeat of a request that is served already: [`climb`] then only waits for its end.
    pub fresh: bool,
}

/// Stores a callback.
///
/// # Errors
/// [`ActError`].
pub async fn begin(
    ports: &Ports,
    request: CallbackRequest,
    by: Caller,
    idempotency: Option<IdempotencyKey>,
) -> Result<Climb, ActError> {
    let device = ports
        .devices
        .device(request.device)
        .await?
        .ok_or_else(|| ActError::no_device(request.device))?;
    let now = ports.now();
    contact::check(&request, now)?;
    // Of the ways that were asked for, one has to be there at all.
    let asked = request.ladder.as_deref().unwrap_or_default();
    if let Some(first) = asked.first()
        && !asked.iter().any(|bearer| ports.has_bearer(*bearer))
    {
        check_bearer(ports, Some(*first))?;
    }
    let id = ports.new_id()?;
    let deadline = request
        .deadline_ms
        .map_or(DEADLINE, Duration::from_millis)
        .min(match request.keep_trying {
            true => LONGEST_TRYING,
            false => LONGEST,
        });
    let view = CallbackView {
        id,
        device: device.id,
        device_name: device.name,
        state: CallbackState::Pending,
        operator: by.operator.clone(),
        created_at: now,
        updated_at: now,
        expires_at: contact::end(&request, deadline, now),
        rungs: Vec::new(),
        session: None,
        server: ports.home.name.clone(),
        request: Some(request.clone()),
    };
    let stamp = Stamp {
        audit: Some(AuditDraft {
            at: now,
            actor: format!("operator:{}", by.operator),
            event: "callback.create".to_owned(),
            subject: format!("device:{}", device.id),
            detail: match &request.reason {
                Some(reason) => format!("request {id}; reason: {reason}"),
                None => format!("request {id}"),
            },
            correlation: by.correlation,
        }),
        idempotency: idempotency.map(|key| key.claim(format!("callback:{id}"), now)),
        events: Vec::new(),
    };
    let (view, fresh) = match ports.callbacks.create_callback(view, stamp).await {
        Ok(view) => (view, true),
        Err(StoreError::AlreadyDone(outcome)) => {
            let id = outcome.strip_prefix("callback:").map(str::parse);
            let Some(Ok(id)) = id else {
                return Err(ActError::KeyReused);
            };
            (existing(ports, id).await?, false)
        }
        Err(other) => return Err(other.into()),
    };
    Ok(Climb {
        view,
        request,
        fresh,
    })
}

/// Climbs the ladder until the device has called or the time is up, publishing each rung as it happens.
///
/// # Errors
/// [`ActError`] when the store failed.
pub async fn climb(ports: &Ports, climb: Climb) -> Result<CallbackView, ActError> {
    if !climb.fresh {
        return watch(ports, climb.view.id).await;
    }
    let keep_trying = climb.request.keep_trying;
    let mut appearances = ports.arrivals.appearances(climb.view.device);
    let mut ladder = Ladder::stand(ports, climb).await?;
    let mut round = 0;
    loop {
        let began = Instant::now();
        if ladder.climb_once(round).await? || !keep_trying {
            break;
        }
        round += 1;
        let again = Instant::now() + (ladder.began.elapsed() / 10).clamp(AGAIN, SELDOM);
        let appears = async {
            appearances.next().await;
            sleep_until(began + BREATH).await;
        };
        tokio::select! {
            () = appears => {}
            () = sleep_until(again) => {}
            () = sleep_until(ladder.end) => break,
            () = ladder.awaited.arrived() => break,
        }
        ladder.look_again().await?;
    }
    if keep_trying {
        ladder.awaited.arrived_by(ladder.end).await;
    }
    finish(ports, ladder.call.view.id).await
}

/// Callbacks that were under way when the endpoint stopped. One that no bearer has taken and that was to be kept
/// trying is climbed again; the others are only watched to their end.
///
/// # Errors
/// [`ActError`] when the store failed.
pub async fn unfinished(ports: &Ports) -> Result<Vec<Climb>, ActError> {
    let open = ports.callbacks.open_callbacks().await?;
    Ok(open
        .into_iter()
        .map(|view| {
            let request = match &view.request {
                Some(request) => request.clone(),
                None => CallbackRequest::of(view.device),
            };
            let fresh = request.keep_trying && view.state == CallbackState::Pending;
            Climb {
                view,
                request,
                fresh,
            }
        })
        .collect())
}

/// Waits for the end of a callback that nobody climbs here, and expires it.
///
/// # Errors
/// [`ActError`] when the store failed.
pub async fn watch(ports: &Ports, id: ShortId) -> Result<CallbackView, ActError> {
    let mut awaited = ports.arrivals.listen(id);
    let view = existing(ports, id).await?;
    if !view.is_open() {
        return Ok(view);
    }
    let end = Instant::now() + view.expires_at.since(ports.now());
    awaited.arrived_by(end).await;
    finish(ports, id).await
}

/// Another application server was called by the device, and says so.
///
/// # Errors
/// [`ActError::Conflict`] when the callback has ended.
pub async fn called_back(
    ports: &Ports,
    id: ShortId,
    report: CallReport,
    by: Caller,
) -> Result<CallbackView, ActError> {
    let view = existing(ports, id).await?;
    let (now, session) = (ports.now(), ports.new_id()?);
    let entry = match &report.entry {
        Some(entry) => {
            let plain: String = entry.chars().filter(|c| !c.is_control()).take(80).collect();
            format!("{plain}, told by {}", by.operator)
        }
        None => format!("told by {}", by.operator),
    };
    if !session::tie(ports, view.device, id, session, &entry, now).await? {
        return Err(ActError::Conflict {
            detail: format!("request {id} has ended: the device had called, or its time was up"),
            next: format!("See it:  callhome callback show {id}"),
        });
    }
    existing(ports, id).await
}

/// A climb under way.
struct Ladder<'a> {
    call: Call<'a>,
    began: Instant,
    end: Instant,
    awaited: Awaited<'a>,
    /// Rungs of earlier rounds.
    base: usize,
}

impl<'a> Ladder<'a> {
    async fn stand(ports: &'a Ports, climb: Climb) -> Result<Self, ActError> {
        let Climb { view, request, .. } = climb;
        let began = Instant::now();
        let end = began + view.expires_at.since(ports.now());
        let awaited = ports.arrivals.listen(view.id);
        let device = ports
            .devices
            .device(view.device)
            .await?
            .ok_or_else(|| ActError::no_device(view.device))?;
        let key = ports
            .enrolments
            .agent_by_identity(Some(view.device), Vec::new())
            .await?;
        let base = view.rungs.len();
        let call = Call {
            ports,
            view,
            request,
            device,
            key,
            text_action: None,
        };
        Ok(Self {
            call,
            began,
            end,
            awaited,
            base,
        })
    }

    /// Climbs once; whether there is nothing left to try: the device has called, a bearer took it, or the time is up.
    /// In a later `round`, ways that are still missing are not told again.
    async fn climb_once(&mut self, round: usize) -> Result<bool, ActError> {
        let mut rungs = self.call.rungs().await;
        if round > 0 {
            rungs.retain(|step| matches!(step, Step::Try(_)));
        }
        let count = rungs.len();
        let mut taken = false;
        for (index, rung) in rungs.into_iter().enumerate() {
            if let Step::Try(way) = &rung
                && way.bearer == Bearer::Sms
            {
                // A text message cannot say when to call: it is sent when the time has come.
                let slot = contact::until_slot(&self.call.view, self.call.ports.now());
                let begin = self.end.min(Instant::now() + slot);
                if !slot.is_zero() && self.awaited.arrived_by(begin).await {
                    return Ok(true);
                }
            }
            let accepted = self.try_rung(self.base + index, rung).await?;
            taken |= accepted;
            let slot = contact::until_slot(&self.call.view, self.call.ports.now());
            // The last one may take all the time that is left; after the others the climb goes on.
            let wait_until = match (accepted, index + 1 == count) {
                (false, _) => Instant::now(),
                (true, false) => self.end.min(Instant::now() + slot + SESSION_WAIT),
                (true, true) => self.end,
            };
            if self.awaited.arrived_by(wait_until).await || Instant::now() >= self.end {
                return Ok(true);
            }
        }
        if round < SHOWN {
            self.base += count;
        }
        Ok(taken)
    }

    /// Reads the device's ways anew.
    async fn look_again(&mut self) -> Result<(), ActError> {
        let id = self.call.view.device;
        let device = self.call.ports.devices.device(id).await?;
        self.call.device = device.ok_or_else(|| ActError::no_device(id))?;
        Ok(())
    }

    /// Tries one rung and publishes it before and after; whether a bearer took it.
    async fn try_rung(&mut self, index: usize, step: Step) -> Result<bool, ActError> {
        let way = match step {
            Step::Try(way) => way,
            Step::Missing(bearer, why) => {
                let rung = Rung {
                    bearer,
                    target: String::new(),
                    state: RungState::Missed,
                    outcome: why,
                    elapsed_ms: 0,
                    messages: Vec::new(),
                };
                self.publish(index, rung).await?;
                return Ok(false);
            }
        };
        let started = self.began.elapsed();
        let mut rung = Rung {
            bearer: way.bearer,
            target: way.target.clone(),
            state: RungState::Trying,
            outcome: String::new(),
            elapsed_ms: 0,
            messages: Vec::new(),
        };
        self.publish(index, rung.clone()).await?;
        let sent = self.send(&way).await?;
        rung.state = match sent.accepted {
            true => RungState::Accepted,
            false => RungState::Missed,
        };
        rung.messages = sent.lines(&way, &self.call.device.name, started);
        rung.outcome = sent.outcome;
        rung.elapsed_ms = millis(sent.elapsed);
        self.publish(index, rung).await?;
        Ok(sent.accepted)
    }

    /// Sends, but no longer than it matters: once the session has come, the answer only completes the picture.
    async fn send(&mut self, way: &Way) -> Result<Sent, ActError> {
        let left = self.end.saturating_duration_since(Instant::now());
        let started = Instant::now();
        let sending = self.call.send(way, left);
        let session = async {
            self.awaited.arrived().await;
            sleep(COURTESY).await;
        };
        tokio::select! {
            biased;
            sent = sending => sent,
            () = session => Ok(Sent {
                accepted: true,
                in_doubt: false,
                outcome: CALLED_FIRST.to_owned(),
                elapsed: started.elapsed(),
                steps: Vec::new(),
                text: None,
            }),
        }
    }

    async fn publish(&self, index: usize, rung: Rung) -> Result<(), ActError> {
        let now = self.call.ports.now();
        let change = move |mut view: CallbackView| {
            if rung.state == RungState::Accepted && view.state == CallbackState::Pending {
                view.state = CallbackState::Delivered;
            }
            match view.rungs.get_mut(index) {
                Some(slot) => *slot = rung,
                None => view.rungs.push(rung),
            }
            view.updated_at = now;
            Some(view)
        };
        let callbacks = &self.call.ports.callbacks;
        callbacks
            .update_callback(self.call.view.id, Box::new(change))
            .await?;
        Ok(())
    }
}

/// Expires the callback unless the device has called; the store decides which came first.
async fn finish(ports: &Ports, id: ShortId) -> Result<CallbackView, ActError> {
    let now = ports.now();
    let change = move |mut view: CallbackView| {
        if !view.is_open() {
            return None;
        }
        view.state = CallbackState::Expired;
        view.updated_at = now;
        Some(view)
    };
    ports
        .callbacks
        .update_callback(id, Box::new(change))
        .await?;
    existing(ports, id).await
}

async fn existing(ports: &Ports, id: ShortId) -> Result<CallbackView, ActError> {
    ports
        .callbacks
        .callback(id)
        .await?
        .ok_or_else(|| ActError::NotFound(format!("callback {id}")))
}
