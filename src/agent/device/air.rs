use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Household;
use crate::agent::carrier::{CarrierLine, Sms};
use crate::domain::Msisdn;
use crate::port::Step;

/// How long to wait before the carrier is dialled again.
const REDIAL: Duration = Duration::from_millis(500);

/// The way up to the carrier; cheap to clone.
#[derive(Clone)]
pub struct Air {
    up: mpsc::UnboundedSender<Up>,
}

enum Up {
    Send(Sms),
    Received(String),
}

/// The other end of an [`Air`], to be run.
pub struct AirLine {
    carrier: SocketAddr,
    from_devices: mpsc::UnboundedReceiver<Up>,
}

impl Air {
    /// A line to the carrier at an address; [`AirLine::run`] keeps it up.
    #[must_use]
    pub fn new(carrier: SocketAddr) -> (Self, AirLine) {
        let (up, from_devices) = mpsc::unbounded_channel();
        let line = AirLine {
            carrier,
            from_devices,
        };
        (Self { up }, line)
    }

    pub(super) fn send(&self, sms: Sms) {
        // Gone only while the process stops; the sender of the action repeats it.
        drop(self.up.send(Up::Send(sms)));
    }

    pub(super) fn received(&self, id: String) {
        // As above: the carrier delivers it again.
        drop(self.up.send(Up::Received(id)));
    }
}

impl AirLine {
    /// Carries messages for the numbers of a household until `stop`; dials again when the line breaks.
    pub async fn run(
        mut self,
        household: Arc<Household>,
        numbers: Vec<Msisdn>,
        stop: CancellationToken,
    ) {
        let mut unsent = None;
        while !stop.is_cancelled() {
            if let Ok(line) = CarrierLine::dial(self.carrier, &numbers).await {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = self.carry(line, &household, &mut unsent) => {}
                }
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(REDIAL) => {}
            }
        }
    }

    /// Returns when the line is broken; what was being sent then is kept in `unsent`.
    async fn carry(
        &mut self,
        mut line: CarrierLine,
        household: &Household,
        unsent: &mut Option<Sms>,
    ) {
        loop {
            if let Some(sms) = unsent.as_ref() {
                if line.send(sms.clone()).await.is_err() {
                    return;
                }
                *unsent = None;
                Step::PhoneReplied.reached();
            }
            tokio::select! {
                sms = line.next() => match sms {
                    Ok(sms) => household.deliver(sms),
                    Err(_) => return,
                },
                up = self.from_devices.recv() => match up {
                    Some(Up::Send(sms)) => *unsent = Some(sms),
                    Some(Up::Received(id)) => {
                        if line.received(id).await.is_err() {
                            return;
                        }
                        Step::PhoneTook.reached();
                    }
                    None => return,
                },
            }
        }
    }
}
