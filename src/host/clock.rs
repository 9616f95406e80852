use time::OffsetDateTime;

use crate::domain::Timestamp;
use crate::port::Clock;

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::from(OffsetDateTime::now_utc())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_past_the_day_this_was_written() {
        let written: Timestamp = "2024-01-01T00:00:00Z".parse().expect("valid");
        assert!(SystemClock.now() > written);
    }
}
