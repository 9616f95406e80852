//! Messages out of a stream (RFC 3261 §18.3): the blank line ends the head, `Content-Length` the body.

/// Head and body of one message at most; a peer that sends more is cut off.
const LONGEST_HEAD: usize = 64 * 1024;
const LONGEST_BODY: usize = 1024 * 1024;

/// What came out of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// The octets of one message.
    Message(Vec<u8>),
    /// A keep-alive that wants a pong (RFC 5626 §3.5.1): two line ends. Many at once are one.
    Ping,
    /// The answer to a keep-alive of ours: one line end.
    Pong,
}

/// Why a stream cannot be followed any further. The connection has to be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LostFraming {
    /// No blank line within 64 KiB.
    #[error("a message head is longer than 64 KiB")]
    Head,
    /// More than 1 MiB was announced.
    #[error("a message body is longer than 1 MiB")]
    Body,
    /// Without it nobody knows where the message ends.
    #[error("a message on a stream has no usable Content-Length (RFC 3261 §18.3)")]
    Length,
}

/// Cuts a stream into messages.
#[derive(Debug, Default)]
pub struct Framer {
    held: Vec<u8>,
    /// How much of `held` was searched for the end of the head.
    searched: usize,
    /// Length of the message that comes in, once its head is there.
    whole: Option<usize>,
    pings_us: bool,
}

impl Framer {
    /// For a connection that the other side opened: it may send keep-alives, which are pings.
    #[must_use]
    pub fn accepted() -> Self {
        Self {
            pings_us: true,
            ..Self::default()
        }
    }

    /// For a connection that we opened: line ends are pongs to our pings.
    #[must_use]
    pub fn opened() -> Self {
        Self::default()
    }

    /// Takes octets that came.
    pub fn push(&mut self, octets: &[u8]) {
        self.held.extend_from_slice(octets);
    }

    /// Whether it is of a connection that we opened.
    #[must_use]
    pub fn is_of_ours(&self) -> bool {
        !self.pings_us
    }

    /// Whether a message has begun and not ended.
    #[must_use]
    pub fn is_within_message(&self) -> bool {
        self.held.iter().any(|b| !matches!(b, b'\r' | b'\n'))
    }

    /// Octets that are held of what has not ended.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// The next whole thing, if it is here.
    ///
    /// # Errors
    /// [`LostFraming`]; nothing more can be read then.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, LostFraming> {
        let whole = match self.whole {
            Some(whole) => whole,
            None => match self.begin()? {
                Begun::Message(whole) => whole,
                Begun::LineEnds(frame) => return Ok(Some(frame)),
                Begun::Nothing => return Ok(None),
            },
        };
        if self.held.len() < whole {
            // Its head is not looked at again, in however many pieces the body comes.
            self.whole = Some(whole);
            return Ok(None);
        }
        let rest = self.held.split_off(whole);
        (self.searched, self.whole) = (0, None);
        Ok(Some(Frame::Message(std::mem::replace(
            &mut self.held,
            rest,
        ))))
    }

    /// What stands at the beginning.
    fn begin(&mut self) -> Result<Begun, LostFraming> {
        if self.pings_us {
            let pings = self.held.chunks_exact(4);
            let pings = pings.take_while(|four| *four == b"\r\n\r\n").count();
            if pings > 0 {
                self.held.drain(..4 * pings);
                return Ok(Begun::LineEnds(Frame::Ping));
            }
            if b"\r\n\r\n".starts_with(&self.held) {
                // May become a ping, or be the line ends that some put between messages.
                return Ok(Begun::Nothing);
            }
        } else if self.held.starts_with(b"\r\n") {
            self.held.drain(..2);
            return Ok(Begun::LineEnds(Frame::Pong));
        } else if self.held == b"\r" {
            return Ok(Begun::Nothing);
        }
        let blanks = self.held.iter().take_while(|b| matches!(b, b'\r' | b'\n'));
        let blanks = blanks.count();
        if blanks > 0 {
            self.held.drain(..blanks);
            self.searched = 0;
        }
        let Some(head) = self.end_of_head() else {
            return if self.held.len() > LONGEST_HEAD {
                Err(LostFraming::Head)
            } else {
                Ok(Begun::Nothing)
            };
        };
        let body = content_length(&self.held[..head])?;
        if body > LONGEST_BODY {
            return Err(LostFraming::Body);
        }
        Ok(Begun::Message(head + body))
    }

    /// Length of the head with its blank line.
    fn end_of_head(&mut self) -> Option<usize> {
        let from = self.searched.saturating_sub(3);
        let found = self.held[from..]
            .windows(4)
            .position(|w| w == b"\r\n\r\n")
            .map(|at| from + at + 4);
        // Once found, the body may take many reads: the search begins there again.
        self.searched = found.map_or(self.held.len(), |end| end - 1);
        found.filter(|end| *end <= LONGEST_HEAD)
    }
}

/// What a stream begins with.
enum Begun {
    /// A message of this length, perhaps not all of it yet.
    Message(usize),
    /// Line ends with a meaning.
    LineEnds(Frame),
    /// Nothing that could be told yet.
    Nothing,
}

/// The one value of `Content-Length` (or `l`); several must agree.
fn content_length(head: &[u8]) -> Result<usize, LostFraming> {
    let mut length = None;
    for line in head.split(|b| *b == b'\n').skip(1) {
        let Some(colon) = line.iter().position(|b| *b == b':') else {
            continue;
        };
        let name = line[..colon].trim_ascii_end();
        if !(name.eq_ignore_ascii_case(b"Content-Length") || name.eq_ignore_ascii_case(b"l")) {
            continue;
        }
        let digits = line[colon + 1..].trim_ascii();
        let value = std::str::from_utf8(digits)
            .ok()
            .filter(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()))
            .and_then(|d| d.parse::<usize>().ok())
            .ok_or(LostFraming::Length)?;
        if length.is_some_and(|known| known != value) {
            return Err(LostFraming::Length);
        }
        length = Some(value);
    }
    length.ok_or(LostFraming::Length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ONE: &[u8] = b"OPTIONS sip:a SIP/2.0\r\nCall-ID: 1\r\nl : 2\r\n\r\nhi";
    const TWO: &[u8] = b"SIP/2.0 200 OK\r\ncontent-length:0\r\n\r\n";

    fn all(framer: &mut Framer, octets: &[u8]) -> Vec<Frame> {
        framer.push(octets);
        let mut frames = Vec::new();
        while let Some(frame) = framer.next_frame().expect("can be followed") {
            frames.push(frame);
        }
        frames
    }

    #[test]
    fn two_messages_and_a_ping_in_one_read_are_three_frames() {
        let mut framer = Framer::accepted();
        let stream = [ONE, b"\r\n\r\n", TWO, b"\r\n"].concat();
        assert_eq!(
            all(&mut framer, &stream),
            [
                Frame::Message(ONE.to_vec()),
                Frame::Ping,
                Frame::Message(TWO.to_vec())
            ]
        );
        assert_eq!(all(&mut framer, b"\r\n"), [Frame::Ping]);
        assert!(!framer.is_within_message());
    }

    #[test]
    fn line_ends_are_pongs_where_we_opened_the_connection() {
        let mut framer = Framer::opened();
        assert_eq!(all(&mut framer, b"\r"), []);
        let stream = [b"\n", TWO].concat();
        assert_eq!(
            all(&mut framer, &stream),
            [Frame::Pong, Frame::Message(TWO.to_vec())]
        );
    }

    #[test]
    fn what_cannot_be_followed_is_an_error() {
        for (stream, fault) in [
            (&b"OPTIONS sip:a SIP/2.0\r\n\r\n"[..], LostFraming::Length),
            (b"A b SIP/2.0\r\nl: 1\r\nl: 2\r\n\r\n", LostFraming::Length),
            (b"A b SIP/2.0\r\nl: -1\r\n\r\n", LostFraming::Length),
            (b"A b SIP/2.0\r\nl: 99999999\r\n\r\n", LostFraming::Body),
            (&[b'x'; LONGEST_HEAD + 1], LostFraming::Head),
        ] {
            let mut framer = Framer::accepted();
            framer.push(stream);
            assert_eq!(framer.next_frame(), Err(fault));
        }
    }

    #[test]
    fn a_head_is_read_once_in_however_many_pieces_the_body_comes() {
        let head = format!("A b SIP/2.0\r\nl: 300\r\n{}\r\n", "x: y\r\n".repeat(9_000));
        let mut framer = Framer::accepted();
        assert_eq!(all(&mut framer, head.as_bytes()), []);
        assert_eq!(framer.whole, Some(head.len() + 300));
        for _ in 0..299 {
            assert_eq!(all(&mut framer, b"."), []);
        }
        let frames = all(&mut framer, b".\r\n\r\n");
        assert_eq!(frames.len(), 2);
        assert_eq!(frames[1], Frame::Ping);
        assert_eq!((framer.held(), framer.whole), (0, None));
    }

    #[test]
    fn a_thousand_pings_at_once_are_one() {
        let mut framer = Framer::accepted();
        let pings = b"\r\n\r\n".repeat(1000);
        assert_eq!(all(&mut framer, &pings), [Frame::Ping]);
        assert_eq!(framer.held(), 0);
    }

    proptest! {
        #[test]
        fn it_does_not_matter_where_the_stream_is_cut(cuts in proptest::collection::vec(0usize..200, 0..6)) {
            let stream = [ONE, TWO, ONE].concat();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|c| c.min(stream.len())).collect();
            cuts.extend([0, stream.len()]);
            cuts.sort_unstable();
            let mut framer = Framer::accepted();
            let frames: Vec<_> = cuts
                .windows(2)
                .flat_map(|w| all(&mut framer, &stream[w[0]..w[1]]))
                .collect();
            prop_assert_eq!(frames.len(), 3);
            prop_assert_eq!(&frames[2], &Frame::Message(ONE.to_vec()));
        }
    }
}
