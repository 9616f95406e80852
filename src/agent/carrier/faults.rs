use std::time::Duration;

use crate::agent::chance::Chance;

/// What a carrier does wrong on purpose. Percentages of messages; the same seed gives the same faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FaultSettings {
    /// Messages that never arrive.
    pub loss_pct: u8,
    /// Messages that arrive twice.
    pub repeat_pct: u8,
    /// Messages that are overtaken by later ones.
    pub reorder_pct: u8,
    /// Shortest time that a message takes.
    pub delay_min: Duration,
    /// Longest time that a message takes, overtaken ones apart.
    pub delay_max: Duration,
    /// Where the dice begin.
    pub seed: u64,
}

/// Decides what happens to each message.
#[derive(Debug, Clone)]
pub(super) struct Faults {
    settings: FaultSettings,
    chance: Chance,
}

/// How long an overtaken message is held back beyond the others.
const HELD_BACK: Duration = Duration::from_millis(400);

impl Faults {
    /// Starts the dice.
    #[must_use]
    pub(super) fn new(settings: FaultSettings) -> Self {
        Self {
            settings,
            chance: Chance::new(settings.seed),
        }
    }

    /// After what times copies of the next message arrive: none when it is lost.
    pub(super) fn next_message(&mut self) -> Vec<Duration> {
        // All dice fall for every message, so that one setting does not shift the others.
        let lost = self.chance.percent(self.settings.loss_pct);
        let twice = self.chance.percent(self.settings.repeat_pct);
        let late = self.chance.percent(self.settings.reorder_pct);
        let first = self.delay();
        let second = self.delay();
        if lost {
            return Vec::new();
        }
        let first = if late {
            self.settings.delay_max + HELD_BACK + first
        } else {
            first
        };
        if twice {
            vec![first, first + second]
        } else {
            vec![first]
        }
    }

    fn delay(&mut self) -> Duration {
        let span = self
            .settings
            .delay_max
            .saturating_sub(self.settings.delay_min);
        let micros = u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
        self.settings.delay_min + Duration::from_micros(self.chance.below(micros.saturating_add(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fates(settings: FaultSettings) -> Vec<Vec<Duration>> {
        let mut faults = Faults::new(settings);
        (0..1000).map(|_| faults.next_message()).collect()
    }

    #[test]
    fn without_faults_every_message_arrives_once_at_once() {
        assert!(
            fates(FaultSettings::default())
                .iter()
                .all(|copies| copies == &[Duration::ZERO])
        );
    }

    #[test]
    fn faults_come_about_as_often_as_asked_and_the_same_way_each_time() {
        let settings = FaultSettings {
            loss_pct: 20,
            repeat_pct: 10,
            reorder_pct: 5,
            delay_min: Duration::from_millis(10),
            delay_max: Duration::from_millis(30),
            seed: 7,
        };
        let all = fates(settings);
        let lost = all.iter().filter(|c| c.is_empty()).count();
        let twice = all.iter().filter(|c| c.len() == 2).count();
        let late = all
            .iter()
            .filter(|c| c.first().is_some_and(|d| *d > settings.delay_max))
            .count();
        assert!((150..250).contains(&lost), "{lost}");
        assert!((50..130).contains(&twice), "{twice}");
        assert!((15..80).contains(&late), "{late}");
        assert!(all.iter().flatten().all(|d| *d >= settings.delay_min));
        assert_eq!(all, fates(settings));
        assert_ne!(
            all,
            fates(FaultSettings {
                seed: 8,
                ..settings
            })
        );
    }
}
