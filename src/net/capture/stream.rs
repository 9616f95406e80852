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
    /// The sequence number that comes next; none before the first segment.
    next: Option<u32>,
    /// What came too early.
    early: BTreeMap<u32, Vec<u8>>,
    bytes: Vec<u8>,
    last: (u64, u64),
}

impl Streams {
    /// Takes a segment and gives the messages that it completes.
    pub(super) fn take(&mut self, segment: &Segment, frame: u64, at_micros: u64) -> Vec<Vec<u8>> {
        let key = (segment.source, segment.destination);
        let stream = self.open.entry(key).or_default();
        if segment.is_first {
            *stream = Stream {
                next: Some(segment.sequence.wrapping_add(1)),
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
        let next = *self.next.get_or_insert(sequence);
        // Sequence numbers go round: the difference tells before from after.
        let ahead = sequence.wrapping_sub(next) as i32;
        if ahead > 0 {
            self.early.insert(sequence, payload.to_vec());
            if self.early.values().map(Vec::len).sum::<usize>() > MAX_AHEAD {
                // What is missing was never captured: go on behind it.
                self.bytes.clear();
                self.next = self.early.keys().next().copied();
            }
        } else if let Some(new) = payload.get(ahead.unsigned_abs() as usize..) {
            self.push(new);
        }
        while let Some(next) = self.next
            && let Some(&at) = self
                .early
                .keys()
                .find(|at| (at.wrapping_sub(next) as i32) <= 0)
            && let Some(payload) = self.early.remove(&at)
        {
            let seen = next.wrapping_sub(at) as usize;
            self.push(payload.get(seen..).unwrap_or_default());
        }
    }

    fn push(&mut self, new: &[u8]) {
        self.bytes.extend_from_slice(new);
        let length = u32::try_from(new.len()).unwrap_or(0);
        self.next = self.next.map(|next| next.wrapping_add(length));
    }

    /// Cuts whole messages off the front.
    fn messages(&mut self) -> Vec<Vec<u8>> {
        let mut whole = Vec::new();
        loop {
            let blank = self
                .bytes
                .iter()
                .take_while(|b| b"\r\n".contains(b))
                .count();
            self.bytes.drain(..blank);
            let head = self.bytes.windows(4).position(|w| w == b"\r\n\r\n");
            let Some(head) = head.map(|at| at + 4) else {
                // TLS and other protocols never become a message.
                let has_line = self.bytes.contains(&b'\n');
                if self.bytes.len() > MAX_MESSAGE || (has_line && !looks_like_sip(&self.bytes)) {
                    self.bytes.clear();
                }
                return whole;
            };
            if !looks_like_sip(&self.bytes) {
                self.bytes.drain(..head);
                continue;
            }
            let end = head + content_length(&self.bytes[..head]).min(MAX_MESSAGE);
            if self.bytes.len() < end {
                return whole;
            }
            whole.push(self.bytes.drain(..end).collect());
        }
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
