use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot};

use super::Snapshot;
use crate::agent::carrier::Sms;
use crate::agent::phone::PinAnswer;
use crate::api::NumberCode;
use crate::domain::Msisdn;
use crate::port::{DoorError, SipHandler};
use crate::sip::{InboundRequest, Reply, SipUri};

/// Longer than any sender waits for an answer (64 × T1, RFC 3261 §17.1.2.2).
const SILENCE: Duration = Duration::from_secs(40);

/// What reaches a device from outside.
pub(super) enum Input {
    /// A SIP request, and where its answer goes.
    Sip(Box<InboundRequest>, oneshot::Sender<Option<Reply>>),
    /// A text message.
    Sms(Sms),
    /// Somebody types a PIN.
    Pin(String, oneshot::Sender<PinAnswer>),
    /// Its user types the code that came to its number.
    Code(NumberCode, oneshot::Sender<Result<bool, DoorError>>),
    /// It is behind this proxy from now on, or behind none.
    Behind(Option<SipUri>),
    /// Somebody wants to know how it is.
    Look(oneshot::Sender<Snapshot>),
}

/// A way to one device.
#[derive(Clone)]
pub struct DeviceHandle {
    pub(super) inbox: mpsc::UnboundedSender<Input>,
}

impl DeviceHandle {
    /// Hands it a text message.
    pub fn sms(&self, sms: Sms) {
        // Switched off: the carrier keeps what is not acknowledged.
        drop(self.inbox.send(Input::Sms(sms)));
    }

    /// Hands it a SIP request; `None` when it does not answer.
    pub async fn sip(&self, request: InboundRequest) -> Option<Reply> {
        let (answer, answered) = oneshot::channel();
        self.inbox
            .send(Input::Sip(Box::new(request), answer))
            .ok()?;
        answered.await.ok().flatten()
    }

    /// Types a PIN on its lock screen; `None` when it is switched off.
    pub async fn enter_pin(&self, pin: &str) -> Option<PinAnswer> {
        let (answer, answered) = oneshot::channel();
        self.inbox.send(Input::Pin(pin.to_owned(), answer)).ok()?;
        answered.await.ok()
    }

    /// Types the code that came to its number in its app; `None` when it is switched off.
    pub async fn type_code(&self, typed: NumberCode) -> Option<Result<bool, DoorError>> {
        let (answer, answered) = oneshot::channel();
        self.inbox.send(Input::Code(typed, answer)).ok()?;
        answered.await.ok()
    }

    /// Puts it behind another proxy, or behind none: it registers again that way.
    pub fn go_behind(&self, proxy: Option<SipUri>) {
        // Switched off: it is nowhere.
        drop(self.inbox.send(Input::Behind(proxy)));
    }

    /// How it is; `None` when it is switched off.
    pub async fn look(&self) -> Option<Snapshot> {
        let (answer, answered) = oneshot::channel();
        self.inbox.send(Input::Look(answer)).ok()?;
        answered.await.ok()
    }
}

/// All devices of a process, by SIP user and by number.
#[derive(Default)]
pub struct Household {
    by_user: RwLock<HashMap<String, DeviceHandle>>,
    by_number: RwLock<HashMap<Msisdn, DeviceHandle>>,
}

impl Household {
    /// Adds a device under its SIP user names and numbers.
    pub fn add(&self, users: &[String], numbers: &[Msisdn], device: &DeviceHandle) {
        let mut by_user = self.by_user.write().unwrap_or_else(PoisonError::into_inner);
        for user in users {
            by_user.insert(user.clone(), device.clone());
        }
        let mut by_number = self
            .by_number
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        for number in numbers {
            by_number.insert(number.clone(), device.clone());
        }
    }

    /// Takes a SIP request for whichever device it names; `None` when that one does not answer.
    pub async fn sip(&self, request: InboundRequest) -> Option<Reply> {
        let device = {
            let by_user = self.by_user.read().unwrap_or_else(PoisonError::into_inner);
            match request.user() {
                Some(user) => by_user.get(&user).cloned(),
                // One device alone on its socket is meant when nobody is named.
                None if by_user.len() == 1 => by_user.values().next().cloned(),
                None => None,
            }
        };
        match device {
            Some(device) => device.sip(request).await,
            None => Some(Reply::new(404).because("no such device here")),
        }
    }

    /// Delivers a text message to the device with its number.
    pub fn deliver(&self, sms: Sms) {
        let by_number = self
            .by_number
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let device = sms
            .to
            .parse::<Msisdn>()
            .ok()
            .and_then(|n| by_number.get(&n));
        if let Some(device) = device {
            device.sms(sms);
        }
    }
}

#[async_trait]
impl SipHandler for Household {
    async fn handle(&self, request: InboundRequest) -> Reply {
        match self.sip(request).await {
            Some(reply) => reply,
            None => {
                // A device that is off says nothing: by the time of this answer nobody listens any more.
                tokio::time::sleep(SILENCE).await;
                Reply::new(480)
            }
        }
    }
}
