use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::api::ProblemCode;

use super::error::{Answer, ApiError};
use super::login_limit::LoginLimit;

/// Limits on guessing. Only failures count: ten thousand devices that enrol rightly from one address are let in, and
/// one that guesses is not.
pub(super) struct Throttles {
    /// Wrong passwords of operators.
    pub(super) login: LoginLimit,
    /// Sessions and tokens that nobody has, by address.
    pub(super) tokens: FailureLimit,
    /// Wrong enrolment codes, by address.
    pub(super) enrol: FailureLimit,
    /// Lines in log and audit about devices whose credentials do not hold.
    reports: DefaultKeyedRateLimiter<String>,
}

/// Counts failures and, when there are too many, refuses for a while before anything is looked at.
pub(super) struct FailureLimit {
    failures: DefaultKeyedRateLimiter<IpAddr>,
    clock: DefaultClock,
    refused_until: Mutex<HashMap<IpAddr, <DefaultClock as governor::clock::Clock>::Instant>>,
    pause: Duration,
}

impl Default for Throttles {
    fn default() -> Self {
        Self {
            login: LoginLimit::default(),
            tokens: FailureLimit::new(30, Duration::from_secs(2), Duration::from_secs(30)),
            enrol: FailureLimit::new(50, Duration::from_secs(1), Duration::from_secs(10)),
            reports: RateLimiter::keyed(quota(3, Duration::from_secs(60))),
        }
    }
}

impl Throttles {
    /// Whether one more line about this sender may be written.
    pub(super) fn may_report(&self, sender: &str) -> bool {
        if self.reports.len() > 10_000 {
            self.reports.retain_recent();
        }
        // Names that nobody has cost memory: past a bound all of them share one allowance.
        let key = if self.reports.len() > 20_000 {
            String::new()
        } else {
            sender.to_owned()
        };
        self.reports.check_key(&key).is_ok()
    }
}

impl FailureLimit {
    fn new(burst: u32, replenish: Duration, pause: Duration) -> Self {
        Self {
            failures: RateLimiter::keyed(quota(burst, replenish)),
            clock: DefaultClock::default(),
            refused_until: Mutex::default(),
            pause,
        }
    }

    /// Refuses an address that failed too often. Callers without an address (the local socket) always pass.
    pub(super) fn admit(&self, address: Option<IpAddr>) -> Answer<()> {
        let Some(address) = address else {
            return Ok(());
        };
        let now = self.clock.now();
        let mut refused = self
            .refused_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match refused.get(&address) {
            Some(until) if *until > now => {
                let wait = until.duration_since(now).as_secs() + 1;
                Err(ApiError::new(
                    ProblemCode::RateLimited,
                    "too many failed attempts from this address",
                )
                .next(format!("wait {wait} s, then try again"))
                .retry_after(wait))
            }
            Some(_) => {
                refused.remove(&address);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Notes a failure.
    pub(super) fn failed(&self, address: Option<IpAddr>) {
        let Some(address) = address else {
            return;
        };
        if self.failures.len() > 10_000 {
            self.failures.retain_recent();
        }
        if self.failures.check_key(&address).is_err() {
            let now = self.clock.now();
            let mut refused = self
                .refused_until
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            refused.retain(|_, until| *until > now);
            refused.insert(address, now + self.pause);
        }
    }
}

fn quota(burst: u32, replenish: Duration) -> Quota {
    Quota::with_period(replenish)
        .expect("the period is a constant above zero")
        .allow_burst(NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_that_keeps_failing_is_refused() {
        let limit = FailureLimit::new(3, Duration::from_secs(60), Duration::from_secs(60));
        let guesser = Some(IpAddr::from([192, 0, 2, 1]));
        let other = Some(IpAddr::from([192, 0, 2, 2]));
        for _ in 0..3 {
            limit.failed(guesser);
            assert!(limit.admit(guesser).is_ok());
        }
        limit.failed(guesser);
        let refusal = limit.admit(guesser).expect_err("refused");
        assert_eq!(refusal.problem().code, ProblemCode::RateLimited);
        assert!(limit.admit(other).is_ok());
        assert!(limit.admit(None).is_ok());
    }

    #[test]
    fn reports_about_one_sender_are_few() {
        let throttles = Throttles::default();
        let written = (0..100).filter(|_| throttles.may_report("dev_1")).count();
        assert_eq!(written, 3);
        assert!(throttles.may_report("dev_2"));
    }
}
