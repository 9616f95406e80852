//! How much of what is limited each address has taken.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Counts what each address (IPv6: each network) has open, so that nobody takes all.
#[derive(Debug, Clone)]
pub struct Crowd {
    open: Arc<Mutex<HashMap<IpAddr, Visitors>>>,
    from_one: usize,
    at_once: usize,
}

/// Those from one address.
#[derive(Debug)]
struct Visitors {
    count: usize,
    turns: Arc<Semaphore>,
}

/// A place among them; dropped, it is free again.
#[derive(Debug)]
pub struct Place {
    of: Crowd,
    from: IpAddr,
    turns: Arc<Semaphore>,
}

impl Crowd {
    /// One in which each address may have so many places.
    #[must_use]
    pub fn new(from_one: usize) -> Self {
        Self {
            open: Arc::default(),
            from_one,
            at_once: from_one,
        }
    }

    /// The same, where of those that have a place only so many from each address have their turn at once.
    pub(super) fn in_turns(mut self, at_once: usize) -> Self {
        self.at_once = at_once;
        self
    }

    /// A place for one more from there; `None` when it has as many as it may have.
    #[must_use]
    pub fn admit(&self, from: IpAddr) -> Option<Place> {
        let from = network(from);
        // The table is whole after every statement.
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let there = open.entry(from).or_insert_with(|| Visitors {
            count: 0,
            turns: Arc::new(Semaphore::new(self.at_once)),
        });
        if there.count >= self.from_one {
            return None;
        }
        there.count += 1;
        let turns = Arc::clone(&there.turns);
        let of = self.clone();
        Some(Place { of, from, turns })
    }
}

impl Place {
    /// Waits for its turn, which others from there have before it that came before; dropped, it is over.
    pub(super) async fn turn(&self) -> OwnedSemaphorePermit {
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        turn.expect("the semaphore is never closed")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.of.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = open.get_mut(&self.from) {
            there.count -= 1;
            if there.count == 0 {
                open.remove(&self.from);
            }
        }
    }
}

/// Who has one IPv6 address has its whole /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let bits = v6.to_bits() & !u128::from(u64::MAX);
            Ipv6Addr::from_bits(bits).into()
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_address_and_no_network_takes_all_places() {
        let ip = |text: &str| text.parse::<IpAddr>().expect("an address");
        let crowd = Crowd::new(20);
        let mut open: Vec<_> = (0..20)
            .map(|n| crowd.admit(ip(&format!("2001:db8::{n:x}"))).expect("room"))
            .collect();
        assert!(crowd.admit(ip("2001:db8::ffff")).is_none());
        let others = [
            crowd.admit(ip("2001:db8:0:1::1")),
            crowd.admit(ip("192.0.2.1")),
        ];
        assert!(others.iter().all(Option::is_some));
        open.pop();
        assert!(crowd.admit(ip("2001:db8::ffff")).is_some());
        drop((open, others));
        assert!(crowd.open.lock().expect("whole").is_empty());
    }

    #[tokio::test]
    async fn who_has_a_place_and_no_turn_yet_waits_and_is_not_sent_away() {
        let from = IpAddr::from([192, 0, 2, 1]);
        let crowd = Crowd::new(3).in_turns(1);
        let places: Vec<_> = (0..3).map(|_| crowd.admit(from).expect("room")).collect();
        assert!(crowd.admit(from).is_none());
        let first = places[0].turn().await;
        let mut second = std::pin::pin!(places[1].turn());
        let mut third = std::pin::pin!(places[2].turn());
        assert!(futures_util::poll!(second.as_mut()).is_pending());
        assert!(futures_util::poll!(third.as_mut()).is_pending());
        let elsewhere = crowd.admit(IpAddr::from([192, 0, 2, 2])).expect("room");
        drop(elsewhere.turn().await);
        drop(first);
        let second = second.await;
        assert!(futures_util::poll!(third.as_mut()).is_pending());
        drop(second);
        drop(third.await);
    }
}
