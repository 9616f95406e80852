use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::port::BearerError;

/// What a service gets that says it is busy and does not say for how long.
const USUAL: Duration = Duration::from_secs(30);
/// Nobody is waited for longer: other bearers take over meanwhile, and the service is asked again.
const LONGEST: Duration = Duration::from_secs(3600);

/// Until when a service wants to be left alone.
#[derive(Debug, Default)]
pub(super) struct Patience(Mutex<Option<Instant>>);

impl Patience {
    /// The service is busy; for how long, if it said so.
    pub(super) fn asked(&self, wait: Option<Duration>) -> Duration {
        let wait = wait.unwrap_or(USUAL).min(LONGEST);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + wait);
        wait
    }

    /// Whether it may be asked now.
    ///
    /// # Errors
    /// [`BearerError::Unusable`] with the time that is left.
    pub(super) fn check(&self, name: &str) -> Result<(), BearerError> {
        let until = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let left = until.map(|end| end.saturating_duration_since(Instant::now()));
        match left.filter(|left| !left.is_zero()) {
            Some(left) => Err(BearerError::Unusable(format!(
                "{name} asked for patience: again in {} s",
                left.as_secs() + 1
            ))),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_service_that_asked_for_patience_is_left_alone_for_as_long() {
        let patience = Patience::default();
        assert_eq!(patience.check("fcm"), Ok(()));
        patience.asked(Some(Duration::from_secs(10)));
        let refused = patience.check("fcm").expect_err("busy");
        assert_eq!(refused.to_string(), "fcm asked for patience: again in 11 s");
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(patience.check("fcm"), Ok(()));
        assert_eq!(patience.asked(Some(Duration::from_secs(1 << 40))), LONGEST);
    }
}
