use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

/// What is due when, soonest first; of two at one moment the older first.
#[derive(Debug)]
pub(super) struct TimerQueue<T> {
    heap: BinaryHeap<Reverse<Entry<T>>>,
    count: u64,
}

#[derive(Debug)]
struct Entry<T> {
    at: Duration,
    number: u64,
    what: T,
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.number) == (other.at, other.number)
    }
}

impl<T> Eq for Entry<T> {}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

impl<T> TimerQueue<T> {
    pub(super) const fn new() -> Self {
        Self {
            heap: BinaryHeap::new(),
            count: 0,
        }
    }

    pub(super) fn add(&mut self, at: Duration, what: T) {
        self.count += 1;
        self.heap.push(Reverse(Entry {
            at,
            number: self.count,
            what,
        }));
    }

    pub(super) fn next_at(&self) -> Option<Duration> {
        self.heap.peek().map(|Reverse(entry)| entry.at)
    }

    /// The next thing that is due at `now`.
    pub(super) fn pop_due(&mut self, now: Duration) -> Option<T> {
        if self.next_at()? > now {
            return None;
        }
        self.heap.pop().map(|Reverse(entry)| entry.what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn soonest_first_and_nothing_early() {
        let mut queue = TimerQueue::new();
        let at = Duration::from_millis;
        queue.add(at(20), "c");
        queue.add(at(10), "a");
        queue.add(at(10), "b");
        assert_eq!(queue.next_at(), Some(at(10)));
        assert_eq!(queue.pop_due(at(9)), None);
        assert_eq!(queue.pop_due(at(10)), Some("a"));
        assert_eq!(queue.pop_due(at(15)), Some("b"));
        assert_eq!(queue.pop_due(at(15)), None);
        assert_eq!(queue.pop_due(at(99)), Some("c"));
    }
}
