use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;

use super::packet::Segment;
use super::{Captured, looks_like_sip};

/// The longest message that is waited for.
const MAX_MESSAGE: usize = 256 * 1024;

/// How far ahead of the stream a segment may be, in bytes, before the gap is given up.
const MAX_AHEAD: usize = 1024 * 1024;

/// The TCP streams of a capture, each direction by itself.
#[derive(Default)]
pub(super) struct Streams {
    open: HashMap<(SocketAddr, SocketAddr), Stream>,
}

#[derive(Default)]
struct Stream {
    /// How many bytes of the stream were taken, and the sequence number that comes next; none before the first segment.
    next: Option<(u64, u32)>,
    /// What came too early, by its place in the stream.
    early: BTreeMap<u64, Vec<u8>>,
    /// Bytes of it.
    waiting: usize,
    bytes: Vec<u8>,
    /// How much of `bytes` was looked through for the end of a head.
    scanned: usize,
    /// How long `bytes` has to be for the next message.
    wanted: usize,
    last: (u64, u64),
}

impl Streams {
    /// Takes a segment and gives the messages that it completes.
    pub(super) fn take(&mut self, segment: &Segment, frame: u64, at_micros: u64) -> Vec<Vec<u8>> {
        let key = (segment.source, segment.destination);
        let stream = self.open.entry(key).or_default();
        if segment.is_first {
            *stream = Stream {
                next: Some((0, segment.sequence.wrapping_add(1))),
                ..Stream::default()
            };
        }
        if segment.payload.is_empty() {
            return Vec::new();
        }
        stream.last = (frame, at_micros);
        stream.add(segment.sequence, &segment.payload);
        stream.messages()
    }

    /// What looked like a message and never became whole.
    pub(super) fn finish(self) -> Vec<Captured> {
        let mut left: Vec<Captured> = self
            .open
            .into_iter()
            .filter(|(_, stream)| looks_like_sip(&stream.bytes))
            .map(|((source, destination), stream)| Captured {
                frame: stream.last.0,
                at_micros: stream.last.1,
                transport: "TCP",
                source,
                destination,
                bytes: stream.bytes,
            })
            .collect();
        left.sort_by_key(|message| message.frame);
        left
    }
}

impl Stream {
    fn add(&mut self, sequence: u32, payload: &[u8]) {
        let (taken, next) = *self.next.get_or_insert((0, sequence));
        // Sequence numbers go round: the difference tells before from after.
        let ahead = i64::from(sequence.wrapping_sub(next).cast_signed());
        if ahead > 0 {
            let place = taken + ahead.unsigned_abs();
            let longer = self
                .early
                .get(&place)
                .is_none_or(|known| known.len() < payload.len());
            if longer && let Some(before) = self.early.insert(place, payload.to_vec()) {
                self.waiting -= before.len();
            }
            self.waiting += if longer { payload.len() } else { 0 };
            if self.waiting > MAX_AHEAD
                && let Some((&first, _)) = self.early.first_key_value()
            {
                // What is missing was never captured: go on behind it.
                self.forget();
                self.skip(first - taken);
            }
        } else {
            let seen = usize::try_from(ahead.unsigned_abs()).unwrap_or(usize::MAX);
            self.push(payload.get(seen..).unwrap_or_default());
        }
        while let Some((taken, _)) = self.next
            && let Some(entry) = self.early.first_entry()
            && *entry.key() <= taken
        {
            let (place, payload) = entry.remove_entry();
            self.waiting -= payload.len();
            let seen = usize::try_from(taken - place).unwrap_or(usize::MAX);
            self.push(payload.get(seen..).unwrap_or_default());
        }
    }

    fn push(&mut self, new: &[u8]) {
        self.bytes.extend_from_slice(new);
        self.skip(new.len() as u64);
    }

    fn skip(&mut self, length: u64) {
        // Its lower half is what sequence numbers count.
        let round = (length & u64::from(u32::MAX)) as u32;
        self.next = self
            .next
            .map(|(taken, next)| (taken + length, next.wrapping_add(round)));
    }

    fn forget(&mut self) {
        self.bytes.clear();
        (self.scanned, self.wanted) = (0, 0);
    }

    /// Cuts whole messages off the front.
    fn messages(&mut self) -> Vec<Vec<u8>> {
        let mut whole = Vec::new();
        if self.bytes.len() < self.wanted {
            return whole;
        }
        self.wanted = 0;
        let mut scanned = std::mem::take(&mut self.scanned);
        let mut done = 0;
        loop {
            let rest = &self.bytes[done..];
            let blank = rest.iter().take_while(|b| b"\r\n".contains(b)).count();
            if blank > 0 {
                (done, scanned) = (done + blank, 0);
            }
            let rest = &self.bytes[done..];
            let from = scanned.saturating_sub(3);
            let head = rest[from..].windows(4).position(|w| w == b"\r\n\r\n");
            let Some(head) = head.map(|at| from + at + 4) else {
                // TLS and other protocols never become a message.
                let has_line = rest[from..].contains(&b'\n');
                if rest.len() > MAX_MESSAGE || (has_line && !looks_like_sip(rest)) {
                    done = self.bytes.len();
                } else {
                    self.scanned = rest.len();
                }
                break;
            };
            if !looks_like_sip(rest) {
                (done, scanned) = (done + head, 0);
                continue;
            }
            let end = head + content_length(&rest[..head]).min(MAX_MESSAGE);
            if rest.len() < end {
                self.wanted = end;
                break;
            }
            whole.push(rest[..end].to_vec());
            (done, scanned) = (done + end, 0);
        }
        self.bytes.drain(..done);
        whole
    }
}

/// The body's length as the head tells it; none is 0 on a stream (RFC 3261 §20.14).
fn content_length(head: &[u8]) -> usize {
    String::from_utf8_lossy(head)
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| {
            let name = name.trim();
            name.eq_ignore_ascii_case("Content-Length") || name.eq_ignore_ascii_case("l")
        })
        .and_then(|(_, value)| value.trim().parse().ok())
        .unwrap_or(0)
}
