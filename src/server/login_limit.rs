use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::api::ProblemCode;

use super::error::{Answer, ApiError};

/// Wrong passwords in a row of one operator from one address; one is forgotten in each [`FORGOTTEN`].
const FOR_ONE: u32 = 10;
/// The same from one address, whoever it claims to be.
const FOR_ALL: u32 = 100;
const FORGOTTEN: Duration = Duration::from_secs(12);
/// Names that nobody has cost memory: past this many they share the count of their address.
const MOST: usize = 20_000;

/// Limits wrong passwords by address and operator, so that who mistypes keeps nobody else out. An attempt takes its
/// place before the password is looked at: a thousand at once are no more than one after the other.
#[derive(Default)]
pub(super) struct LoginLimit {
    counts: Mutex<HashMap<(IpAddr, String), Count>>,
}

/// Failures and attempts under way.
struct Count {
    /// When all failures are forgotten.
    clear_at: Instant,
    under_way: u32,
}

/// An attempt under way; it failed only if that is said.
pub(super) struct LoginAttempt<'a> {
    limit: &'a LoginLimit,
    keys: Vec<(IpAddr, String)>,
}

impl Count {
    fn failures(&self, now: Instant) -> u32 {
        let left = self.clear_at.saturating_duration_since(now);
        u32::try_from(left.as_millis().div_ceil(FORGOTTEN.as_millis())).unwrap_or(u32::MAX)
    }
}

impl LoginLimit {
    /// Begins an attempt; refuses one too many. Callers without an address (the local socket) always pass.
    pub(super) fn attempt(
        &self,
        address: Option<IpAddr>,
        operator: &str,
    ) -> Answer<LoginAttempt<'_>> {
        let Some(address) = address.map(network) else {
            return Ok(LoginAttempt {
                limit: self,
                keys: Vec::new(),
            });
        };
        let now = Instant::now();
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() > MOST / 2 {
            counts.retain(|_, count| count.under_way > 0 || count.clear_at > now);
        }
        let mut keys = vec![(address, String::new())];
        if counts.len() < MOST {
            keys.push((address, operator.chars().take(40).collect()));
        }
        for key in &keys {
            let most = if key.1.is_empty() { FOR_ALL } else { FOR_ONE };
            if let Some(count) = counts.get(key)
                && count.failures(now).saturating_add(count.under_way) > most
            {
                let wait = (count.clear_at.saturating_duration_since(now))
                    .saturating_sub(FORGOTTEN * (most - 1));
                let wait = wait.as_secs() + 1;
                return Err(ApiError::new(
                    ProblemCode::RateLimited,
                    "too many failed attempts from this address",
                )
                .next(format!("wait {wait} s, then try again"))
                .retry_after(wait));
            }
        }
        for key in &keys {
            let count = counts.entry(key.clone()).or_insert(Count {
                clear_at: now,
                under_way: 0,
            });
            count.under_way += 1;
        }
        Ok(LoginAttempt { limit: self, keys })
    }
}

impl LoginAttempt<'_> {
    /// The password was wrong.
    pub(super) fn failed(self) {
        let now = Instant::now();
        let mut counts = self
            .limit
            .counts
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for key in &self.keys {
            if let Some(count) = counts.get_mut(key) {
                count.clear_at = count.clear_at.max(now) + FORGOTTEN;
            }
        }
    }
}

impl Drop for LoginAttempt<'_> {
    fn drop(&mut self) {
        let mut counts = self
            .limit
            .counts
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for key in &self.keys {
            if let Some(count) = counts.get_mut(key) {
                count.under_way = count.under_way.saturating_sub(1);
            }
        }
    }
}

/// Who has an IPv6 address has the network around it.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Option<IpAddr> {
        Some(text.parse().expect("an address"))
    }

    #[test]
    fn who_keeps_failing_is_refused_and_nobody_else() {
        let limit = LoginLimit::default();
        let nat = at("192.0.2.1");
        for _ in 0..=FOR_ONE {
            limit.attempt(nat, "anna").expect("not yet").failed();
        }
        let refused = limit.attempt(nat, "anna").err().expect("refused");
        assert_eq!(refused.problem().code, ProblemCode::RateLimited);
        assert!(limit.attempt(nat, "bo").is_ok(), "behind the same address");
        assert!(limit.attempt(at("192.0.2.2"), "anna").is_ok(), "elsewhere");
        assert!(limit.attempt(None, "anna").is_ok(), "on this machine");
    }

    #[test]
    fn many_at_once_are_no_more_than_one_after_the_other() {
        let limit = LoginLimit::default();
        let begun: Vec<_> = (0..50)
            .filter_map(|_| limit.attempt(at("192.0.2.1"), "anna").ok())
            .collect();
        assert_eq!(begun.len(), FOR_ONE as usize + 1);
        drop(begun);
        assert!(limit.attempt(at("192.0.2.1"), "anna").is_ok(), "all right");
    }

    #[test]
    fn other_names_and_neighbouring_addresses_help_only_so_far() {
        let limit = LoginLimit::default();
        let tried = (0..500).filter(|n| {
            let address = at(&format!("2001:db8::{n:x}"));
            let attempt = limit.attempt(address, &format!("user{n}"));
            attempt.map(LoginAttempt::failed).is_ok()
        });
        assert_eq!(tried.count(), FOR_ALL as usize + 1);
    }
}
