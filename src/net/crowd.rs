//! How much of what is limited each address has taken.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// Counts what each address (IPv6: each network) has open, so that nobody takes all.
#[derive(Debug, Clone)]
pub(super) struct Crowd {
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
    from_one: usize,
}

/// A place among them; dropped, it is free again.
#[derive(Debug)]
pub(super) struct Place {
    of: Crowd,
    from: IpAddr,
}

impl Crowd {
    /// One in which each address may have so many places.
    pub(super) fn new(from_one: usize) -> Self {
        Self {
            open: Arc::default(),
            from_one,
        }
    }

    /// A place for one more from there; `None` when it has as many as it may have.
    pub(super) fn admit(&self, from: IpAddr) -> Option<Place> {
        let from = network(from);
        // The table is whole after every statement.
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(from).or_default();
        if *count >= self.from_one {
            return None;
        }
        *count += 1;
        let of = self.clone();
        Some(Place { of, from })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.of.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.from) {
            *count -= 1;
            if *count == 0 {
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
}
