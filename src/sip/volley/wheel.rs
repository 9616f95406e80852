use std::time::Duration;

/// Length of a step; nothing fires early, and at most this late.
const TICK: Duration = Duration::from_millis(10);
/// Steps of one turn: about ten seconds.
const SLOTS: u64 = 1024;

/// One timer structure for any number of transactions: a wheel of short lists.
///
/// Adding and firing cost the same however many timers there are. A timer is never
/// taken out: who does not want it any more ignores it when it fires.
#[derive(Debug)]
pub(super) struct Wheel<T> {
    slots: Vec<Vec<(u64, T)>>,
    /// Every step up to this one has fired.
    done: u64,
    count: usize,
}

impl<T> Wheel<T> {
    pub(super) fn new() -> Self {
        Self {
            slots: (0..SLOTS).map(|_| Vec::new()).collect(),
            done: 0,
            count: 0,
        }
    }

    fn step_of(at: Duration) -> u64 {
        u64::try_from(at.as_nanos().div_ceil(TICK.as_nanos())).unwrap_or(u64::MAX)
    }

    /// Has `what` fire at `at`; what is overdue fires next.
    pub(super) fn add(&mut self, at: Duration, what: T) {
        let step = Self::step_of(at).max(self.done + 1);
        self.slot(step).push((step, what));
        self.count += 1;
    }

    fn slot(&mut self, step: u64) -> &mut Vec<(u64, T)> {
        let index = usize::try_from(step % SLOTS).expect("less than the number of slots");
        &mut self.slots[index]
    }

    /// Hands out all that is due, in the order of its steps.
    pub(super) fn fire(&mut self, now: Duration, mut each: impl FnMut(T)) {
        let last = u64::try_from(now.as_nanos() / TICK.as_nanos()).unwrap_or(u64::MAX);
        if self.count == 0 {
            self.done = self.done.max(last);
            return;
        }
        while self.done < last {
            let step = self.done + 1;
            // The list is given back to the system: its peak would stay for good otherwise.
            for (at, what) in std::mem::take(self.slot(step)) {
                if at <= step {
                    self.count -= 1;
                    each(what);
                } else {
                    self.slot(at).push((at, what));
                }
            }
            self.done = step;
        }
    }

    /// When to look again at the latest: never too late, perhaps too early.
    pub(super) fn next_at(&self) -> Option<Duration> {
        if self.count == 0 {
            return None;
        }
        (self.done + 1..=self.done + SLOTS)
            .find(|step| {
                let index = usize::try_from(step % SLOTS).expect("less than the number of slots");
                !self.slots[index].is_empty()
            })
            .map(|step| TICK * u32::try_from(step).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn everything_fires_once_never_early_and_at_most_a_step_late(
            pauses in proptest::collection::vec(0u64..60_000, 1..200),
            stride in 1u64..700,
        ) {
            let mut wheel = Wheel::new();
            for pause in &pauses {
                wheel.add(Duration::from_millis(*pause), *pause);
            }
            let (mut now, mut seen) = (0, Vec::new());
            while let Some(next) = wheel.next_at() {
                prop_assert!(next >= Duration::from_millis(now));
                now += stride;
                wheel.fire(Duration::from_millis(now), |at| seen.push((at, now)));
            }
            prop_assert_eq!(seen.len(), pauses.len());
            for (at, fired) in seen {
                prop_assert!(fired >= at, "{} fired at {}", at, fired);
                prop_assert!(fired <= at + stride + 20, "{} fired at {}", at, fired);
            }
        }
    }

    #[test]
    fn an_overdue_timer_fires_next_and_the_order_is_that_of_time() {
        let at = Duration::from_millis;
        let mut wheel = Wheel::new();
        wheel.fire(at(5_000), |_: &str| unreachable!("it is empty"));
        wheel.add(at(100), "late");
        wheel.add(at(30_000), "far");
        wheel.add(at(5_500), "soon");
        let mut seen = Vec::new();
        wheel.fire(at(5_010), |w| seen.push(w));
        wheel.fire(at(29_990), |w| seen.push(w));
        assert_eq!(seen, ["late", "soon"]);
        wheel.fire(at(30_000), |w| seen.push(w));
        assert_eq!(seen.len(), 3);
        assert_eq!(wheel.next_at(), None);
    }
}
