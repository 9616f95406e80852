use std::time::Duration;

/// What a pause may save up while messages wait …
const SAVED: Duration = Duration::from_millis(50);
/// … or while none does …
const SAVED_IDLE: Duration = Duration::from_millis(20);
/// … and how much faster than the rate it is caught up with: a burst is lost in sockets that the rate would not fill.
const CATCHING_UP: f64 = 2.0;
/// What may go out at once.
const AT_ONCE: Duration = Duration::from_millis(5);

/// How many messages may go out.
///
/// Two buckets: one fills at the rate and holds what a pause saved, the other fills faster and holds little.
#[derive(Debug)]
pub(super) struct Pace {
    /// Messages a second; `None` is no limit.
    rate: Option<f64>,
    credit: f64,
    burst: f64,
    at: Duration,
}

impl Pace {
    pub(super) const fn new(rate: Option<f64>) -> Self {
        Self {
            rate,
            credit: 1.0,
            burst: 1.0,
            at: Duration::ZERO,
        }
    }

    pub(super) fn refill(&mut self, now: Duration) {
        if let Some(rate) = self.rate
            && now > self.at
        {
            let gained = (now - self.at).as_secs_f64() * rate;
            let most = |pause: Duration| (rate * pause.as_secs_f64()).max(1.0);
            self.credit = (self.credit + gained).min(most(SAVED));
            self.burst = (self.burst + gained * CATCHING_UP).min(most(AT_ONCE));
            self.at = now;
        }
    }

    /// Nothing waits to be sent: what is not used is not saved for later.
    pub(super) fn rest(&mut self) {
        if let Some(rate) = self.rate {
            self.credit = self.credit.min((rate * SAVED_IDLE.as_secs_f64()).max(1.0));
        }
    }

    /// Takes one message's worth.
    pub(super) fn take(&mut self) -> bool {
        if self.rate.is_none() {
            return true;
        }
        if self.credit < 1.0 || self.burst < 1.0 {
            return false;
        }
        self.credit -= 1.0;
        self.burst -= 1.0;
        true
    }

    /// When the next message may go.
    pub(super) fn next_at(&self) -> Duration {
        let Some(rate) = self.rate else {
            return self.at;
        };
        let missing = (1.0 - self.credit).max((1.0 - self.burst) / CATCHING_UP);
        self.at + Duration::from_secs_f64(missing.max(0.0) / rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_holds_over_time_and_a_pause_makes_no_flood() {
        let mut pace = Pace::new(Some(1_000.0));
        let mut sent = 0;
        for ms in 0..1_000 {
            pace.refill(Duration::from_millis(ms));
            while pace.take() {
                sent += 1;
            }
        }
        assert!((999..=1_001).contains(&sent), "{sent}");
        // After a minute's pause 50 ms' worth are caught up with, at twice the rate and not in one burst.
        let mut caught_up = 0;
        for ms in 60_000..60_100 {
            pace.refill(Duration::from_millis(ms));
            let burst = std::iter::from_fn(|| pace.take().then_some(())).count();
            assert!(burst <= if ms == 60_000 { 5 } else { 2 }, "{burst} at {ms}");
            caught_up += burst;
        }
        assert!((148..=152).contains(&caught_up), "{caught_up}");
        assert!(pace.next_at() > Duration::from_millis(60_099));
    }

    #[test]
    fn what_nobody_wanted_to_send_is_not_sent_later() {
        let mut pace = Pace::new(Some(1_000.0));
        pace.refill(Duration::from_secs(1));
        pace.rest();
        let mut sent = 0;
        for ms in 1_000..1_100 {
            pace.refill(Duration::from_millis(ms));
            sent += std::iter::from_fn(|| pace.take().then_some(())).count();
        }
        assert!((118..=121).contains(&sent), "{sent}");
    }

    #[test]
    fn slow_rates_send_at_once_and_then_wait() {
        let mut pace = Pace::new(Some(0.5));
        assert!(pace.take() && !pace.take());
        assert_eq!(pace.next_at(), Duration::from_secs(2));
        pace.refill(Duration::from_secs(2));
        assert!(pace.take());
    }
}
