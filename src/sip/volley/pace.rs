use std::time::Duration;

/// What a pause may save up: a hiccup of the machine is caught up with, but not in one burst.
const SAVED: Duration = Duration::from_millis(20);

/// How many messages may go out: a bucket that fills at the rate.
#[derive(Debug)]
pub(super) struct Pace {
    /// Messages a second; `None` is no limit.
    rate: Option<f64>,
    credit: f64,
    most: f64,
    at: Duration,
}

impl Pace {
    pub(super) fn new(rate: Option<f64>) -> Self {
        Self {
            rate,
            credit: 1.0,
            most: rate.map_or(1.0, |r| (r * SAVED.as_secs_f64()).max(1.0)),
            at: Duration::ZERO,
        }
    }

    pub(super) fn refill(&mut self, now: Duration) {
        if let Some(rate) = self.rate
            && now > self.at
        {
            let gained = (now - self.at).as_secs_f64() * rate;
            self.credit = (self.credit + gained).min(self.most);
            self.at = now;
        }
    }

    /// Takes one message's worth.
    pub(super) fn take(&mut self) -> bool {
        if self.rate.is_none() {
            return true;
        }
        if self.credit < 1.0 {
            return false;
        }
        self.credit -= 1.0;
        true
    }

    /// When the next message may go.
    pub(super) fn next_at(&self) -> Duration {
        match self.rate {
            Some(rate) if self.credit < 1.0 => {
                self.at + Duration::from_secs_f64((1.0 - self.credit) / rate)
            }
            _ => self.at,
        }
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
        pace.refill(Duration::from_secs(60));
        let burst = (0..100).filter(|_| pace.take()).count();
        assert_eq!(burst, 20);
        assert!(pace.next_at() > Duration::from_secs(60));
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
