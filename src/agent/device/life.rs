use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::household::Input;
use super::subscription::Subscriber;
use super::whereabouts::Place;
use super::work::{self, After, Outcome};
use super::{DeviceHandle, DeviceParts, DeviceSettings, Newcomer, registration};
use crate::agent::brain::{Brain, Counters, Effect};
use crate::agent::carrier::Sms;
use crate::agent::enrolment::{EnrolError, enrol};
use crate::domain::{DeviceId, Identity, Msisdn, Purpose, ShortId, Timestamp};
use crate::port::{Door, Drill, MachineError, Step, task};

/// The longest pause between two tries of anything.
pub(super) const LONGEST: Duration = Duration::from_secs(60);
/// Sessions that were asked for are tried this often.
const SESSION_TRIES: u32 = 8;

pub(super) type Work = FuturesUnordered<futures_util::future::BoxFuture<'static, Outcome>>;

/// How a device is, for reports and tests.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Snapshot {
    /// Registry id; absent before enrolment.
    pub device: Option<ShortId>,
    /// The agent's id.
    pub agent_id: DeviceId,
    /// Identities.
    pub identities: Vec<Identity>,
    /// Numbers.
    pub numbers: Vec<Msisdn>,
    /// Whether the screen is locked.
    pub locked: bool,
    /// What it did.
    pub counters: Counters,
    /// What is on it: contacts, documents, media.
    pub content: (usize, usize, usize),
    /// What its screen shows, oldest first.
    pub messages: Vec<String>,
    /// The last lines of its log.
    pub log: Vec<String>,
}

/// Times at which something is to be done again.
pub(super) struct Agenda {
    pub(super) register: Option<Instant>,
    pub(super) register_tries: u32,
    /// When to look whether it still is where it registered.
    pub(super) look: Option<Instant>,
    session: Instant,
    /// A session that did not come about, when to try again, and how often it was tried.
    session_again: Option<(Effect, Instant, u32)>,
    resend: Option<Instant>,
    resend_tries: u32,
}

/// A device, enrolled, ready to be switched on.
pub struct Device {
    name: String,
    pub(super) brain: Brain,
    pub(super) settings: DeviceSettings,
    pub(super) door: Arc<dyn Door>,
    pub(super) parts: Arc<DeviceParts>,
    inbox: mpsc::UnboundedReceiver<Input>,
    newcomer: Option<Newcomer>,
    /// Used instead of the door once it is enrolled: a forger's.
    false_door: Option<Arc<dyn Door>>,
    pub(super) place: Place,
    pub(super) subscriber: Subscriber,
}

impl Device {
    /// Puts a device together; it sleeps until [`Device::run`].
    #[must_use]
    pub fn new(
        name: &str,
        brain: Brain,
        settings: DeviceSettings,
        door: Arc<dyn Door>,
        parts: Arc<DeviceParts>,
    ) -> (Self, DeviceHandle) {
        let (sender, inbox) = mpsc::unbounded_channel();
        let mut brain = brain
            .with_hold(settings.hold_for)
            .trusting(&settings.trusted);
        if settings.challenge_notify {
            let mut key = [0; 32];
            brain = match parts.entropy.fill(&mut key) {
                Ok(()) => brain.challenging(key),
                // Its own secret is unknown to others, too.
                Err(_) => {
                    let own = brain.persona().secret.key(Purpose::Http);
                    brain.challenging(own)
                }
            };
        }
        let device = Self {
            name: name.to_owned(),
            brain,
            settings,
            door,
            parts,
            inbox,
            newcomer: None,
            false_door: None,
            place: Place::default(),
            subscriber: Subscriber::default(),
        };
        (device, DeviceHandle { inbox: sender })
    }

    /// Has it enrol first, unless it is enrolled; and use another door from then on.
    #[must_use]
    pub fn joining(self, newcomer: Option<Newcomer>, then: Option<Arc<dyn Door>>) -> Self {
        Self {
            newcomer,
            false_door: then,
            ..self
        }
    }

    /// The user names under which SIP requests for it arrive.
    #[must_use]
    pub fn sip_users(&self) -> Vec<String> {
        vec![registration::contact_user(&self.brain, &self.settings)]
    }

    /// Its numbers.
    #[must_use]
    pub fn numbers(&self) -> &[Msisdn] {
        &self.brain.persona().numbers
    }

    /// Lives until `stop`: the state is stored when it returns.
    ///
    /// # Errors
    /// [`EnrolError::Door`] when it is not let in; [`EnrolError::Machine`] when the state cannot be stored: nothing
    /// more is done then, because it could be done twice.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), EnrolError> {
        if let Some(newcomer) = self.newcomer.take() {
            let entered = enrol(
                &self.name,
                &mut self.brain,
                &newcomer,
                self.door.as_ref(),
                &self.parts,
            );
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                entered = entered => entered?,
            }
        } else {
            self.parts.progress.count_enrolled();
        }
        if let Some(door) = self.false_door.take() {
            self.door = door;
        }
        Ok(self.live(stop).await?)
    }

    async fn live(mut self, stop: CancellationToken) -> Result<(), MachineError> {
        let mut work = Work::new();
        let mut agenda = self.first_agenda();
        let now = self.parts.clock.now();
        let mut effects = self.brain.resume(now);
        if self.settings.session_at_start && !self.settings.offline {
            effects.extend(self.brain.periodic());
        }
        self.store().await?;
        self.perform(effects, &mut work, &mut agenda);
        loop {
            let wake = self.next_wake(&agenda);
            let lost = self.connection_lost();
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(outcome) = work.next() => {
                    self.take_outcome(outcome, &mut work, &mut agenda).await?;
                }
                input = self.inbox.recv() => match input {
                    Some(input) => self.take_input(input, &mut work, &mut agenda).await?,
                    None => break,
                },
                count = lost => self.note_lost(count, &mut agenda),
                () = sleep_until(wake) => self.take_time(&mut work, &mut agenda).await?,
            }
        }
        drop(work);
        self.store().await
    }

    fn first_agenda(&self) -> Agenda {
        let now = Instant::now();
        let session = if self.settings.session_at_start {
            now + self.settings.session_every
        } else {
            now + self.jittered(self.settings.session_every, 0)
        };
        Agenda {
            register: self.parts.sip.as_ref().map(|_| now),
            register_tries: 0,
            look: None,
            session,
            session_again: None,
            resend: None,
            resend_tries: 0,
        }
    }

    async fn store(&self) -> Result<(), MachineError> {
        self.store_with(false).await
    }

    /// The same, for a device that `replies` by text message.
    async fn store_with(&self, replies: bool) -> Result<(), MachineError> {
        let Some(state) = &self.parts.state else {
            return Ok(());
        };
        let bytes = self
            .brain
            .to_bytes()
            .map_err(|e| MachineError::Other(e.to_string()))?;
        // For a drill it matters when something was done that the server does not know.
        let news = Drill::is_on() && (replies || !self.brain.waiting().is_empty());
        if news {
            Step::PhoneDecided.reached();
        }
        state.save(&self.name, bytes).await?;
        if news {
            Step::PhoneStored.reached();
        }
        Ok(())
    }

    /// A time between `least_pct` percent of `span` and `span`.
    pub(super) fn jittered(&self, span: Duration, least_pct: u32) -> Duration {
        let mut bytes = [0; 4];
        // Without entropy everything comes at its latest moment, which is harmless.
        let filled = self.parts.entropy.fill(&mut bytes).is_ok();
        let drawn = if filled {
            u32::from_be_bytes(bytes)
        } else {
            u32::MAX
        };
        let least = span * least_pct / 100;
        least + (span - least).mul_f64(f64::from(drawn) / f64::from(u32::MAX))
    }

    pub(super) fn backoff(&self, tries: u32) -> Duration {
        self.jittered(Duration::from_millis(500 << tries.min(8)).min(LONGEST), 50)
    }

    fn next_wake(&self, agenda: &Agenda) -> Option<Instant> {
        let brain = self
            .brain
            .poll_timeout()
            .map(|at| Instant::now() + at.since(self.parts.clock.now()) + Duration::from_millis(1));
        let again = agenda.session_again.as_ref().map(|(_, at, _)| *at);
        let register = agenda.register.filter(|_| !self.place.is_busy());
        let look = agenda.look.filter(|_| !self.place.is_busy());
        let subscribe = self.subscriber.wake();
        let own = [Some(agenda.session), brain, again, register, agenda.resend];
        own.into_iter().chain([subscribe, look]).flatten().min()
    }

    fn perform(&mut self, effects: Vec<Effect>, work: &mut Work, agenda: &mut Agenda) {
        for effect in effects {
            match effect {
                Effect::Reregister => {
                    agenda.register = self.parts.sip.as_ref().map(|_| Instant::now());
                }
                Effect::Resubscribe if self.settings.subscribe => self.subscriber.renew(),
                Effect::SendSms { to, text } => self.send_sms(to, text),
                other => work.extend(work::begin(other, &self.door, &self.parts.at_once)),
            }
        }
    }

    fn send_sms(&self, to: String, text: String) {
        if let (Some(air), Some(number)) = (&self.parts.air, self.numbers().first()) {
            air.send(Sms {
                id: String::new(),
                from: number.to_string(),
                to,
                text,
            });
        }
    }

    async fn take_input(
        &mut self,
        input: Input,
        work: &mut Work,
        agenda: &mut Agenda,
    ) -> Result<(), MachineError> {
        let now = self.parts.clock.now();
        match input {
            Input::Sip(request, answer) => {
                if self.settings.offline {
                    // Nobody waits for an answer that is not given.
                    drop(answer.send(None));
                    return Ok(());
                }
                let (reply, effects) = self.brain.receive_sip(&request, now);
                self.store().await?;
                // The asker may be gone meanwhile.
                drop(answer.send(Some(reply)));
                self.perform(effects, work, agenda);
            }
            Input::Sms(sms) => {
                if self.settings.offline {
                    return Ok(());
                }
                let effects = self.brain.receive_sms(&sms.from, &sms.text, now);
                let replies = |e: &Effect| matches!(e, Effect::SendSms { .. });
                self.store_with(effects.iter().any(replies)).await?;
                if let Some(air) = &self.parts.air {
                    air.received(sms.id);
                }
                self.perform(effects, work, agenda);
            }
            Input::Pin(pin, answer) => {
                let said = self.brain.enter_pin(&pin, now);
                self.store().await?;
                if answer.send(said).is_err() {
                    tracing::debug!("nobody waits for what the lock screen said");
                }
            }
            Input::Code(typed, answer) => {
                let door = Arc::clone(&self.door);
                // Whoever typed it waits, not the phone.
                tokio::spawn(task(async move {
                    drop(answer.send(door.confirm_number(typed).await));
                }));
            }
            Input::Behind(proxy) => self.go_behind(proxy, agenda),
            Input::Look(answer) => {
                drop(answer.send(self.snapshot()));
            }
        }
        Ok(())
    }

    async fn take_outcome(
        &mut self,
        outcome: Outcome,
        work: &mut Work,
        agenda: &mut Agenda,
    ) -> Result<(), MachineError> {
        match outcome {
            Outcome::Faced(address) => {
                self.note_faced(address, work, agenda);
                return Ok(());
            }
            Outcome::Registered(granted) => {
                self.note_registered(granted, work, agenda);
                return Ok(());
            }
            Outcome::Subscribed(outcome) => {
                let mut subscriber = std::mem::take(&mut self.subscriber);
                if let Some(line) = subscriber.settle(outcome, |tries| self.backoff(tries)) {
                    let now = self.parts.clock.now();
                    self.brain.phone_mut().note(now, &line);
                }
                self.subscriber = subscriber;
                return Ok(());
            }
            Outcome::Result(_, Ok(())) => Step::PhoneAnswered.reached(),
            Outcome::Told(ref told) => self.note_told(told.is_ok(), agenda),
            _ => {}
        }
        let tries = match &outcome {
            Outcome::Session { .. } => agenda.session_again.take().map_or(0, |(_, _, n)| n),
            _ => 0,
        };
        let After {
            effects,
            unreached,
            session_again,
            changed,
        } = work::settle(&mut self.brain, outcome, self.parts.clock.now());
        if changed {
            self.store().await?;
        }
        if let Some(again) = session_again
            && tries < SESSION_TRIES
        {
            let at = Instant::now() + self.backoff(tries);
            agenda.session_again = Some((again, at, tries + 1));
        }
        if unreached {
            let at = Instant::now() + self.backoff(agenda.resend_tries);
            if agenda.resend.is_none() {
                agenda.resend_tries += 1;
                agenda.resend = Some(at);
            }
        } else if changed {
            agenda.resend_tries = 0;
        }
        self.perform(effects, work, agenda);
        Ok(())
    }

    async fn take_time(
        &mut self,
        work: &mut Work,
        agenda: &mut Agenda,
    ) -> Result<(), MachineError> {
        let due = Instant::now();
        let now: Timestamp = self.parts.clock.now();
        let mut effects = Vec::new();
        if self.brain.poll_timeout().is_some_and(|at| at <= now) {
            effects.extend(self.brain.poll(now));
            self.store().await?;
        }
        self.look_after_registration(work, agenda);
        self.begin_subscription(work);
        if self.settings.offline {
            agenda.session = due + self.settings.session_every;
            return Ok(());
        }
        if agenda.session <= due {
            agenda.session = due + self.jittered(self.settings.session_every, 90);
            effects.extend(self.brain.periodic());
        }
        if let Some((_, at, _)) = &agenda.session_again
            && *at <= due
            && let Some((effect, _, tries)) = agenda.session_again.take()
        {
            // Kept, with no time, so that the number of tries is known when it fails again.
            agenda.session_again = Some((effect.clone(), due + LONGEST, tries));
            effects.push(effect);
        }
        if agenda.resend.is_some_and(|at| at <= due) {
            agenda.resend = None;
            effects.extend(self.brain.waiting());
        }
        self.perform(effects, work, agenda);
        Ok(())
    }

    fn snapshot(&self) -> Snapshot {
        let persona = self.brain.persona();
        let phone = self.brain.phone();
        Snapshot {
            device: self.brain.enrolment().map(|e| e.device),
            agent_id: persona.device_id,
            identities: persona.identities.clone(),
            numbers: persona.numbers.clone(),
            locked: phone.lock_screen().is_some(),
            counters: self.brain.counters().clone(),
            content: phone.content().counts(),
            messages: phone.messages().map(str::to_owned).collect(),
            log: phone.log(20),
        }
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
