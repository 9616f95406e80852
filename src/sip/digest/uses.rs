use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::domain::Timestamp;

/// More answers than these are not remembered; what is older is then asked for anew.
const MOST: usize = 1 << 18;

/// Which answers to challenges were taken already (RFC 7616 §3.4: `nc`): each is good for one request.
///
/// Only answers that were right are noted, and none for longer than two lives of a nonce. When there are too many,
/// all nonces made until then are too old, so that nothing that was taken is ever taken again.
#[derive(Default)]
pub(super) struct Uses(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    now: HashSet<[u8; 16]>,
    before: HashSet<[u8; 16]>,
    /// When `now` was begun.
    since: Option<Timestamp>,
    /// Nonces until here are not taken any more.
    closed_until: Option<Timestamp>,
}

impl Uses {
    /// Notes a right answer; `false` when it was taken before, or when that is not known any more.
    pub(super) fn take(
        &self,
        answer: [&str; 4],
        made: Timestamp,
        now: Timestamp,
        lifetime: Duration,
    ) -> bool {
        let mut digest = Sha256::new();
        for part in answer {
            digest.update(part.as_bytes());
            digest.update([0]);
        }
        let mut mark = [0; 16];
        mark.copy_from_slice(&digest.finalize()[..16]);
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.turn(now, lifetime);
        let closed = seen.closed_until.is_some_and(|until| made <= until);
        !closed && !seen.before.contains(&mark) && seen.now.insert(mark)
    }
}

impl Seen {
    fn turn(&mut self, now: Timestamp, lifetime: Duration) {
        let since = *self.since.get_or_insert(now);
        if self.now.len() >= MOST {
            *self = Self {
                closed_until: Some(now),
                since: Some(now),
                ..Self::default()
            };
        } else if now.since(since) > lifetime {
            self.before = std::mem::take(&mut self.now);
            self.since = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFE: Duration = Duration::from_secs(60);

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(1_000_000).after(Duration::from_secs(seconds))
    }

    #[test]
    fn an_answer_is_taken_once_for_as_long_as_its_nonce_lives() {
        let uses = Uses::default();
        let take = |count: &str, now| uses.take(["anna", "n", "c", count], at(0), at(now), LIFE);
        assert!(take("00000001", 0));
        assert!(take("00000002", 1));
        for now in [1, 59, 60, 61] {
            assert!(!take("00000001", now), "{now}");
        }
        assert!(take("00000003", 61));
    }

    #[test]
    fn what_is_forgotten_for_want_of_room_is_not_taken_again() {
        let uses = Uses::default();
        let take =
            |n: usize, made| uses.take(["anna", "n", &n.to_string(), "1"], made, at(1), LIFE);
        for n in 0..MOST {
            assert!(take(n, at(0)));
        }
        assert!(!take(0, at(0)));
        assert!(!take(MOST, at(1)), "made until then");
        assert!(take(MOST, at(2)));
    }
}
