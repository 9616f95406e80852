use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::lane::{Lane, Refused};
use super::{VolleyNews, plain_words};
use crate::sip::volley::{Volley, VolleyEnd, VolleyTarget};

/// Longest sleep: how soon new targets and a wish to stop are seen.
const NAP: Duration = Duration::from_millis(5);
/// From these rates on messages go out on a beat, and answers are looked for as often: waking for each would cost more
/// than they do, and take the processor from a server on the same machine.
const BEATS: [(f64, Duration); 2] = [
    (20_000.0, Duration::from_micros(250)),
    (2_000.0, Duration::from_micros(500)),
];
/// How often it is asked which datagrams came back.
const ERRORS: Duration = Duration::from_millis(10);
/// How long a full socket is given at least.
const DRAIN: Duration = Duration::from_micros(250);
/// How often counts are told when no target ends.
const NEWS: Duration = Duration::from_millis(200);
/// Ends that may wait for whoever hears them; above that, no target is begun.
const UNTOLD: usize = 16_384;
/// Batches that are sent before answers are looked for again.
const IN_A_ROW: usize = 4;

/// The thread that owns sockets and volley.
pub(super) struct Engine {
    pub(super) volley: Volley,
    pub(super) lanes: Vec<Lane>,
    pub(super) rate: Option<f64>,
    pub(super) targets: mpsc::Receiver<Vec<VolleyTarget>>,
    pub(super) news: mpsc::Sender<VolleyNews>,
    pub(super) stop: Arc<AtomicBool>,
    pub(super) start: Instant,
    pub(super) untold: Vec<VolleyEnd>,
    /// Targets that were not begun, and of whom nobody was told yet.
    pub(super) left: Vec<u32>,
    /// Targets that may wait in the volley.
    pub(super) most_waiting: usize,
    pub(super) told: Duration,
    pub(super) input_ended: bool,
    pub(super) message: Vec<u8>,
    /// A datagram that found its lane full.
    pub(super) kept: Option<SocketAddr>,
    pub(super) refused: Vec<Refused>,
    /// When it is to be asked again which datagrams came back.
    pub(super) errors_at: Duration,
}

impl Engine {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// Runs until every target has ended and the input is closed, or nobody listens any more.
    pub(super) fn run(mut self) {
        loop {
            let received = self.receive();
            self.take_targets();
            self.volley.handle_timeout(self.now());
            let sent = self.send();
            self.note_refused();
            let heard = self.tell();
            let all_told = self.untold.is_empty() && self.left.is_empty();
            if !heard || (self.input_ended && self.volley.is_idle() && all_told) {
                return;
            }
            if sent == 0 || self.beat().is_some() {
                self.wait(received);
            }
        }
    }

    fn beat(&self) -> Option<Duration> {
        let rate = self.rate?;
        let (_, beat) = BEATS.into_iter().find(|(from, _)| rate >= *from)?;
        Some(beat)
    }

    fn receive(&mut self) -> usize {
        let mut total = 0;
        let now = self.now();
        let errors_due = now >= self.errors_at;
        if errors_due {
            self.errors_at = now + ERRORS;
        }
        for lane in self.lanes.iter_mut().filter(|lane| lane.was_used()) {
            loop {
                let now = self.start.elapsed();
                let volley = &mut self.volley;
                let (count, more) = lane.receive(|bytes| volley.receive(now, bytes));
                total += count;
                if !more {
                    break;
                }
            }
            if lane.take_came_back() || errors_due {
                lane.take_errors(&mut self.refused);
            }
        }
        total
    }

    fn take_targets(&mut self) {
        if self.stop.load(Ordering::Relaxed) {
            self.input_ended = true;
            self.targets.close();
            let mut left = self.volley.stop();
            while let Ok(more) = self.targets.try_recv() {
                left.extend(more);
            }
            self.left
                .extend(left.into_iter().map(|target| target.index));
        }
        while !self.input_ended
            && self.volley.waiting() < self.most_waiting
            && self.untold.len() < UNTOLD
        {
            match self.targets.try_recv() {
                Ok(more) => more.into_iter().for_each(|t| self.volley.offer(t)),
                Err(mpsc::error::TryRecvError::Empty) => return,
                Err(mpsc::error::TryRecvError::Disconnected) => self.input_ended = true,
            }
        }
    }

    /// Sends what rate and sockets allow; gives back how many datagrams.
    fn send(&mut self) -> usize {
        let mut total = 0;
        for _ in 0..IN_A_ROW {
            let before = total;
            loop {
                let to = match self.kept.take() {
                    Some(to) => to,
                    None => {
                        self.message.clear();
                        let now = self.start.elapsed();
                        match self.volley.next_transmit(now, &mut self.message) {
                            Some(to) => to,
                            None => break,
                        }
                    }
                };
                // Nobody has an address of ours in a family for which there is no socket.
                let Some(lane) = self.lanes.get_mut(usize::from(to.is_ipv6())) else {
                    continue;
                };
                if lane.is_full() {
                    self.kept = Some(to);
                    break;
                }
                lane.push(&self.message, to);
                total += 1;
            }
            let mut took = true;
            for lane in &mut self.lanes {
                took &= lane.flush(&mut self.refused);
            }
            if total == before || !took {
                break;
            }
        }
        total
    }

    fn note_refused(&mut self) {
        let now = self.now();
        for Refused { head, error } in std::mem::take(&mut self.refused) {
            self.volley
                .transport_failed(now, &head, &plain_words(&error));
        }
    }

    /// Tells what ended; false when nobody listens any more.
    fn tell(&mut self) -> bool {
        self.volley.take_ends(&mut self.untold);
        let now = self.now();
        let due = now.saturating_sub(self.told) >= NEWS;
        let last = !self.left.is_empty() || (self.input_ended && self.volley.is_idle());
        // Small lots cost more than they tell sooner: each is a line of the journal, and a wait for the disk.
        let enough = self.untold.len() >= 1_024;
        let soon = now.saturating_sub(self.told) >= NEWS / 10 && !self.untold.is_empty();
        if !(due || last || enough || soon) {
            return true;
        }
        match self.news.try_reserve() {
            Ok(place) => {
                place.send(VolleyNews {
                    ends: std::mem::take(&mut self.untold),
                    left: std::mem::take(&mut self.left),
                    counts: self.volley.counts(),
                    at: now,
                });
                self.told = now;
                true
            }
            Err(mpsc::error::TrySendError::Full(())) => true,
            Err(mpsc::error::TrySendError::Closed(())) => false,
        }
    }

    fn wait(&mut self, received: usize) {
        let now = self.now();
        let next = self.volley.next_timeout();
        let mut pause = next.map_or(NAP, |at| at.saturating_sub(now)).min(NAP);
        if let Some(beat) = self.beat()
            && (pause <= beat || received > 0)
        {
            if received < super::lane::BATCH {
                std::thread::sleep(beat);
            }
            return;
        }
        if self.lanes.iter().any(Lane::has_outgoing) {
            pause = pause.max(DRAIN);
        } else if pause.is_zero() {
            return;
        }
        let mut sockets: Vec<PollFd<'_>> = self
            .lanes
            .iter()
            .filter(|lane| lane.was_used())
            .map(|lane| {
                let mut wanted = PollFlags::POLLIN;
                wanted.set(PollFlags::POLLOUT, lane.has_outgoing());
                PollFd::new(lane.as_fd(), wanted)
            })
            .collect();
        // Interrupted or not: the next round looks at everything.
        let _woken = ppoll(&mut sockets, Some(TimeSpec::from(pause)), None).is_ok();
        // It wakes at once for as long as nobody asked.
        let came_back = |socket: &PollFd<'_>| {
            let seen = socket.revents();
            seen.is_some_and(|seen| seen.contains(PollFlags::POLLERR))
        };
        if sockets.iter().any(came_back) {
            self.errors_at = Duration::ZERO;
        }
    }
}
