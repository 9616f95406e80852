use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::Timestamp;
use crate::sip::{Hop, Transport};

/// Devices that may be behind one router.
const MAX_DEVICES: usize = 100_000;

/// Contacts that the registrar took, how they are reached, and until when: whom a proxy relays to. Clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct Neighbours(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    by_contact: HashMap<SocketAddr, (Hop, Timestamp)>,
    /// Where they send from, when it is not their contact: connections that they opened.
    by_way: HashMap<Hop, Timestamp>,
}

impl Neighbours {
    fn lock(&self) -> MutexGuard<'_, Known> {
        // The maps are whole after every statement.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many there are now.
    pub(super) fn count(&self, now: Timestamp) -> usize {
        let known = self.lock();
        let all = known.by_contact.values();
        all.filter(|(_, until)| *until > now).count()
    }

    /// The way to the device with a contact; `None` when it is not there.
    pub(super) fn way_to(&self, contact: SocketAddr, now: Timestamp) -> Option<Hop> {
        let known = self.lock();
        let (way, until) = known.by_contact.get(&contact)?;
        (*until > now).then_some(*way)
    }

    /// Whether what comes from there is from a device.
    pub(super) fn has(&self, source: Hop, now: Timestamp) -> bool {
        let known = self.lock();
        let at_contact = source.transport == Transport::Udp
            && known
                .by_contact
                .get(&source.address)
                .is_some_and(|(_, until)| *until > now);
        at_contact || known.by_way.get(&source).is_some_and(|until| *until > now)
    }

    /// A device is there until then.
    pub(super) fn note(&self, contact: SocketAddr, way: Hop, until: Timestamp, now: Timestamp) {
        let mut known = self.lock();
        if known.by_contact.len() >= MAX_DEVICES || known.by_way.len() >= MAX_DEVICES {
            known.by_contact.retain(|_, (_, until)| *until > now);
            known.by_way.retain(|_, until| *until > now);
        }
        if known.by_contact.len() >= MAX_DEVICES || known.by_way.len() >= MAX_DEVICES {
            return;
        }
        known.by_contact.insert(contact, (way, until));
        if way != Hop::udp(contact) {
            known.by_way.insert(way, until);
        }
    }
}
