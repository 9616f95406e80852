//! SIP messages in a capture file: pcap and pcapng, IPv4 and IPv6, over UDP and TCP.
//!
//! | file | holds |
//! |---|---|
//! | `container` | the two file formats: packets with their time and link type |
//! | `packet` | from a link's frame to the payload of UDP and TCP, fragments put together |
//! | `stream` | TCP's bytes in order, cut into messages by `Content-Length` |
//!
//! Nothing is sent and nothing is believed: lengths are checked against what is there, and what cannot
//! be read is passed over.

mod container;
mod packet;
mod stream;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;

use packet::{Carried, Reassembly};
use stream::Streams;

/// A SIP message as it went by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Captured {
    /// Number of the packet that completed it, from 1, as analysers count.
    pub frame: u64,
    /// Microseconds since 1970.
    pub at_micros: u64,
    /// `UDP` or `TCP`.
    pub transport: &'static str,
    /// Who sent it.
    pub source: SocketAddr,
    /// To whom.
    pub destination: SocketAddr,
    /// The message.
    pub bytes: Vec<u8>,
}

/// Why a file is not a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCapture {
    /// Neither of the formats.
    #[error("neither pcap nor pcapng")]
    Format,
    /// A length goes past the end.
    #[error("packet {0} is cut off")]
    Cut(u64),
}

/// What a capture holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Capture {
    /// The SIP messages in the order of their completion.
    pub messages: Vec<Captured>,
    /// How many packets there are.
    pub packets: u64,
    /// The capture ends in the middle of a packet.
    pub is_cut: bool,
}

/// Whether a file begins as a capture does.
#[must_use]
pub fn is_capture(file: &[u8]) -> bool {
    container::Format::of(file).is_some()
}

/// Reads every SIP message of a capture; what was read before the file breaks off is kept.
///
/// # Errors
/// [`InvalidCapture`] when the file is no capture, or ends within its first packet.
pub fn read_capture(file: &[u8]) -> Result<Capture, InvalidCapture> {
    let mut capture = Capture::default();
    let mut reassembly = Reassembly::default();
    let mut streams = Streams::default();
    let is_whole = container::packets(file, |packet| {
        capture.packets += 1;
        let frame = capture.packets;
        let Some(carried) = reassembly.take(packet.link, packet.data) else {
            return;
        };
        let at_micros = packet.at_micros;
        let whole = match &carried {
            Carried::Udp { payload, .. } if looks_like_sip(payload) => vec![payload.clone()],
            Carried::Udp { .. } => Vec::new(),
            Carried::Tcp(segment) => streams.take(segment, frame, at_micros),
        };
        let (source, destination, transport) = carried.between();
        capture
            .messages
            .extend(whole.into_iter().map(|bytes| Captured {
                frame,
                at_micros,
                transport,
                source,
                destination,
                bytes,
            }));
    })?;
    capture.messages.extend(streams.finish());
    capture.is_cut = !is_whole;
    if capture.is_cut && capture.packets == 0 {
        return Err(InvalidCapture::Cut(1));
    }
    Ok(capture)
}

/// Whether the first line names the protocol.
fn looks_like_sip(payload: &[u8]) -> bool {
    let line = payload.trim_ascii_start().split(|b| *b == b'\n').next();
    line.is_some_and(|line| line.windows(4).any(|w| w == b"SIP/"))
}
