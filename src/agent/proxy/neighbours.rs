use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::Timestamp;

/// Devices that may be behind one router.
const MAX_DEVICES: usize = 100_000;

/// Contacts that the registrar took, and until when: whom a proxy relays to. Clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct Neighbours(Arc<Mutex<HashMap<SocketAddr, Timestamp>>>);

impl Neighbours {
    fn lock(&self) -> MutexGuard<'_, HashMap<SocketAddr, Timestamp>> {
        // The map is whole after every statement.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many there are now.
    pub(super) fn count(&self, now: Timestamp) -> usize {
        self.lock().values().filter(|until| **until > now).count()
    }

    /// Whether a device is there.
    pub(super) fn has(&self, address: SocketAddr, now: Timestamp) -> bool {
        self.lock().get(&address).is_some_and(|until| *until > now)
    }

    /// A device is there until then.
    pub(super) fn note(&self, address: SocketAddr, until: Timestamp, now: Timestamp) {
        let mut all = self.lock();
        if all.len() >= MAX_DEVICES {
            all.retain(|_, until| *until > now);
        }
        if all.len() < MAX_DEVICES {
            all.insert(address, until);
        }
    }
}
