use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::Instant;

use super::Registrar;
use super::life::{Agenda, Device, Work};
use super::registration::{self, Unregistrable};
use super::subscription;
use super::work::Outcome;
use crate::sip::{SipUri, Transport};

/// A connection that held for less than this is not opened again at once.
const STABLE: Duration = Duration::from_secs(60);
/// Phones that lost the same connection do not come back at the same moment.
const SPREAD: Duration = Duration::from_millis(200);

/// Where a device is, as far as it knows, and what the registrar was told.
#[derive(Default)]
pub(super) struct Place {
    doing: Doing,
    /// Where it is reached.
    address: Option<SocketAddr>,
    /// What the registrar took last, and when.
    told: Option<(SocketAddr, Instant)>,
    /// The proxy by which the registration goes that is under way, and by which the last one went.
    via: Option<SipUri>,
    told_via: Option<SipUri>,
    /// Connections lost, as it was told last.
    lost: u64,
    /// How often in a row the endpoint could not be told by HTTPS.
    untold: u32,
    /// How often in a row a connection held for a short time only.
    losses: u32,
}

#[derive(Default, PartialEq, Eq, Clone, Copy)]
enum Doing {
    #[default]
    Nothing,
    /// Looks where it is, whether it moved.
    Looking,
    /// Looks where it is, to register.
    Preparing,
    Registering,
}

impl Place {
    /// Whether it looks or registers at this moment.
    pub(super) fn is_busy(&self) -> bool {
        self.doing != Doing::Nothing
    }
}

impl Device {
    /// The first hop of its registration, with the transport to speak to it.
    fn first_hop(&self) -> Result<SipUri, Unregistrable> {
        let hop = match &self.settings.proxy {
            Some(proxy) => proxy.clone(),
            None => registration::account(&self.brain, &self.settings)?.0,
        };
        Ok(self.settings.spoken_to(hop))
    }

    /// Where it is reached now; `None` before it looked.
    fn contact(&self) -> Option<SipUri> {
        let user = registration::contact_user(&self.brain, &self.settings);
        let hop = self.first_hop().ok()?;
        let at = SipUri::at(&user, self.place.address?);
        Some(self.settings.reachable(at, &hop))
    }

    /// Registers, or looks whether it still is where it registered, when that is due.
    pub(super) fn look_after_registration(&mut self, work: &Work, agenda: &mut Agenda) {
        let now = Instant::now();
        let due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        let Some(sip) = self.parts.sip.clone().filter(|_| !self.place.is_busy()) else {
            return;
        };
        self.place.doing = match (due(agenda.register), due(agenda.look)) {
            (true, _) => Doing::Preparing,
            (false, true) => Doing::Looking,
            (false, false) => return,
        };
        if self.place.doing == Doing::Preparing {
            agenda.register = None;
        }
        agenda.look = None;
        let hop = self.first_hop();
        work.push(Box::pin(async move {
            match hop {
                Ok(hop) => Outcome::Faced(sip.faced_by(&hop).await),
                Err(error) => Outcome::Registered(Err(error.to_string())),
            }
        }));
    }

    /// It knows now at which address it is.
    pub(super) fn note_faced(
        &mut self,
        address: Option<SocketAddr>,
        work: &mut Work,
        agenda: &mut Agenda,
    ) {
        let doing = std::mem::take(&mut self.place.doing);
        if self.parts.sip.as_ref().is_some_and(|sip| sip.moves()) {
            agenda.look = Some(Instant::now() + self.settings.look_every);
        }
        let told = self.place.told.map(|(told, _)| told);
        match (doing, address) {
            (Doing::Looking, None) => {}
            (Doing::Looking, Some(address)) if told == Some(address) || told.is_none() => {}
            (_, None) => {
                let why = "this machine has no address that leads to the registrar".to_owned();
                self.note_registered(Err(why), work, agenda);
            }
            (doing, Some(address)) => {
                if doing == Doing::Looking {
                    let line = format!("its address is {} now", address.ip());
                    let now = self.parts.clock.now();
                    self.brain.phone_mut().note(now, &line);
                }
                self.place.address = Some(address);
                self.begin_registration(work);
            }
        }
    }

    fn begin_registration(&mut self, work: &Work) {
        let (Some(contact), Some(sip)) = (self.contact(), self.parts.sip.clone()) else {
            return;
        };
        self.place.doing = Doing::Registering;
        self.place.via = self.settings.proxy.clone();
        let request = registration::request(&self.brain, &self.settings, &contact);
        let at_once = Arc::clone(&self.parts.at_once);
        work.push(Box::pin(async move {
            // The semaphore is never closed.
            let _turn = at_once.acquire().await;
            Outcome::Registered(match request {
                Ok(request) => registration::register(sip.as_ref(), request).await,
                Err(e) => Err(e.to_string()),
            })
        }));
    }

    pub(super) fn note_registered(
        &mut self,
        granted: Result<Duration, String>,
        work: &mut Work,
        agenda: &mut Agenda,
    ) {
        self.place.doing = Doing::Nothing;
        let now = self.parts.clock.now();
        match (granted, self.place.address) {
            (Ok(time), Some(address)) => {
                agenda.register_tries = 0;
                // Well before it ends, and not all devices at the same moment. What came meanwhile is not put off.
                let next = Instant::now() + self.jittered(time * 85 / 100, 80);
                agenda.register = Some(agenda.register.map_or(next, |at| at.min(next)));
                let before = self.place.told.replace((address, Instant::now()));
                let rerouted = self.place.told_via != self.place.via;
                self.place.told_via.clone_from(&self.place.via);
                if before.is_some_and(|(told, _)| told == address) && !rerouted {
                    if self.place.untold > 0 {
                        self.tell(work);
                    }
                    return;
                }
                let line = match (before, &self.place.via) {
                    (None, _) => "registered by SIP".to_owned(),
                    (Some(_), Some(via)) if rerouted => format!("registered by SIP through {via}"),
                    (Some(_), _) => format!("registered by SIP at {address}"),
                };
                self.brain.phone_mut().note(now, &line);
                if self.settings.tell_by_https {
                    self.tell(work);
                }
                if self.settings.subscribe {
                    self.subscriber.renew();
                }
                if before.is_none() {
                    self.parts.progress.count_registered();
                }
            }
            (Ok(_), None) => {}
            (Err(why), _) => {
                let line = format!("not registered by SIP: {why}");
                self.brain.phone_mut().note(now, &line);
                agenda.register = Some(Instant::now() + self.backoff(agenda.register_tries + 1));
                agenda.register_tries += 1;
            }
        }
    }

    /// It is behind another proxy from now on, or behind none: it registers that way.
    pub(super) fn go_behind(&mut self, proxy: Option<SipUri>, agenda: &mut Agenda) {
        self.settings.proxy = proxy;
        agenda.register_tries = 0;
        agenda.register = self.parts.sip.as_ref().map(|_| Instant::now());
    }

    /// Tells the endpoint by HTTPS what the registrar was told (requirement A1).
    fn tell(&self, work: &Work) {
        let contact = match &self.settings.registrar {
            Some(other) => {
                let uri = self.settings.spoken_to(other.uri.clone());
                let spoken_to = Registrar {
                    uri,
                    ..other.clone()
                };
                Some(spoken_to.reached_at())
            }
            None => self.contact().map(|c| c.to_string()),
        };
        let proxy = self.settings.proxy.as_ref().map(ToString::to_string);
        let mut request = self.brain.registration(contact, proxy);
        // It may have been behind one before.
        request.proxy.get_or_insert_default();
        if !self.settings.push.is_empty() {
            request.push = Some(self.settings.push.clone());
        }
        let door = Arc::clone(&self.door);
        work.push(Box::pin(async move {
            Outcome::Told(door.register(request).await)
        }));
    }

    /// Whether the endpoint was told by HTTPS; if not, it is with the next registration, which comes soon then.
    pub(super) fn note_told(&mut self, told: bool, agenda: &mut Agenda) {
        self.place.untold = match told {
            true => 0,
            false => self.place.untold + 1,
        };
        if !told {
            let at = Instant::now() + self.backoff(self.place.untold + 1);
            agenda.register = Some(agenda.register.map_or(at, |planned| planned.min(at)));
        }
    }

    /// Waits until a connection is lost on which it may have been reached; for ever when it registered over none.
    pub(super) fn connection_lost(&self) -> BoxFuture<'static, u64> {
        let over_stream = || {
            let hop = self.first_hop().ok();
            hop.is_some_and(|hop| {
                hop.is_secure()
                    || Transport::asked_by(&hop)
                        .is_ok_and(|t| t.is_some_and(Transport::is_reliable))
            })
        };
        let known = self.place.lost;
        match self.parts.sip.clone() {
            Some(sip) if self.place.told.is_some() && over_stream() => {
                Box::pin(async move { sip.lost_since(known).await })
            }
            _ => Box::pin(std::future::pending()),
        }
    }

    /// The registrar cannot reach it any more (RFC 5626 §4.2): it registers again, which opens another connection.
    pub(super) fn note_lost(&mut self, count: u64, agenda: &mut Agenda) {
        self.place.lost = count;
        let Some((_, since)) = self.place.told else {
            return;
        };
        self.place.losses = match since.elapsed() < STABLE {
            true => self.place.losses + 1,
            false => 0,
        };
        let pause = match self.place.losses {
            0 | 1 => self.jittered(SPREAD, 0),
            many => self.backoff(many),
        };
        let at = Instant::now() + pause;
        agenda.register = Some(agenda.register.map_or(at, |planned| planned.min(at)));
        let now = self.parts.clock.now();
        let line = "its connection was lost: it registers again";
        self.brain.phone_mut().note(now, line);
    }

    pub(super) fn begin_subscription(&mut self, work: &Work) {
        let (Some(contact), Some(sip)) = (self.contact(), self.parts.sip.clone()) else {
            return;
        };
        let request = self.subscriber.begin(&self.brain, &self.settings, &contact);
        let Some(request) = request else {
            return;
        };
        let at_once = Arc::clone(&self.parts.at_once);
        work.push(Box::pin(async move {
            // The semaphore is never closed.
            let _turn = at_once.acquire().await;
            Outcome::Subscribed(subscription::subscribe(sip.as_ref(), request).await)
        }));
    }
}
