//! Messages as a capture file that Wireshark opens (pcapng, draft-ietf-opsawg-pcapng).
//!
//! Nothing was captured from a wire: each message gets the IP and UDP or TCP headers that
//! it would have had. What went through TLS is written as it is inside, over TCP.

use std::net::{IpAddr, SocketAddr};

use super::ladder::Direction;

/// Link type RAW: a packet begins with its IP header.
const LINK_RAW: u16 = 101;
/// Most octets of one message in one packet.
const PIECE: usize = 60_000;

/// A message of a capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// Microseconds since 1970-01-01T00:00:00Z.
    pub at_us: u64,
    /// From where.
    pub from: SocketAddr,
    /// Where to.
    pub to: SocketAddr,
    /// Over a stream (TCP, TLS) instead of datagrams.
    pub stream: bool,
    /// What to say beside it; nothing when empty.
    pub comment: String,
    /// The message.
    pub octets: Vec<u8>,
}

impl Packet {
    /// A message between `local` and `peer`.
    #[must_use]
    pub fn between(local: SocketAddr, peer: SocketAddr, direction: Direction) -> Self {
        let (from, to) = match direction {
            Direction::Sent => (local, peer),
            Direction::Received => (peer, local),
        };
        Self {
            at_us: 0,
            from,
            to,
            stream: false,
            comment: String::new(),
            octets: Vec::new(),
        }
    }
}

/// A capture file with these messages.
#[must_use]
pub fn write(packets: &[Packet]) -> Vec<u8> {
    let mut file = Vec::new();
    // Section header: byte order, version 1.0, unknown length.
    let mut section = 0x1a2b_3c4d_u32.to_le_bytes().to_vec();
    section.extend(1_u16.to_le_bytes());
    section.extend(0_u16.to_le_bytes());
    section.extend(u64::MAX.to_le_bytes());
    option(&mut section, 4, b"callhome");
    section.extend([0; 4]);
    block(&mut file, 0x0a0d_0d0a, &section);
    // One interface, no limit of length; microseconds are the default.
    let mut interface = LINK_RAW.to_le_bytes().to_vec();
    interface.extend([0; 6]);
    block(&mut file, 1, &interface);
    let mut streams = Streams::default();
    for packet in packets {
        let octets = &packet.octets;
        let pieces = octets
            .chunks(PIECE)
            .take(if packet.stream { usize::MAX } else { 1 });
        for piece in pieces {
            let data = if packet.stream {
                let (sequence, acknowledged) = streams.next(packet.from, packet.to, piece.len());
                tcp(packet, piece, sequence, acknowledged)
            } else {
                udp(packet, piece)
            };
            enhanced(&mut file, packet, &data);
        }
    }
    file
}

fn block(file: &mut Vec<u8>, kind: u32, body: &[u8]) {
    let length = u32::try_from(body.len() + 12).unwrap_or(u32::MAX);
    file.extend(kind.to_le_bytes());
    file.extend(length.to_le_bytes());
    file.extend(body);
    file.extend(length.to_le_bytes());
}

fn padded(body: &mut Vec<u8>) {
    body.resize(body.len().next_multiple_of(4), 0);
}

fn option(body: &mut Vec<u8>, code: u16, value: &[u8]) {
    let value = &value[..value.len().min(1_000)];
    body.extend(code.to_le_bytes());
    body.extend(u16::try_from(value.len()).unwrap_or_default().to_le_bytes());
    body.extend(value);
    padded(body);
}

fn enhanced(file: &mut Vec<u8>, packet: &Packet, data: &[u8]) {
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let mut body = 0_u32.to_le_bytes().to_vec();
    let [high, low] = [packet.at_us >> 32, packet.at_us & 0xffff_ffff];
    for word in [high, low] {
        body.extend(u32::try_from(word).unwrap_or(u32::MAX).to_le_bytes());
    }
    body.extend(length.to_le_bytes());
    body.extend(length.to_le_bytes());
    body.extend(data);
    padded(&mut body);
    if !packet.comment.is_empty() {
        option(&mut body, 1, packet.comment.as_bytes());
        body.extend([0; 4]);
    }
    block(file, 6, &body);
}

/// How far each direction of each stream has got.
#[derive(Debug, Default)]
struct Streams(std::collections::HashMap<(SocketAddr, SocketAddr), u32>);

impl Streams {
    fn next(&mut self, from: SocketAddr, to: SocketAddr, length: usize) -> (u32, u32) {
        let acknowledged = *self.0.entry((to, from)).or_insert(1);
        let sequence = self.0.entry((from, to)).or_insert(1);
        let now = *sequence;
        *sequence = now.wrapping_add(u32::try_from(length).unwrap_or_default());
        (now, acknowledged)
    }
}

fn udp(packet: &Packet, piece: &[u8]) -> Vec<u8> {
    let length = u16::try_from(piece.len() + 8).unwrap_or(u16::MAX);
    let mut datagram = Vec::with_capacity(piece.len() + 8);
    datagram.extend(packet.from.port().to_be_bytes());
    datagram.extend(packet.to.port().to_be_bytes());
    datagram.extend(length.to_be_bytes());
    datagram.extend([0; 2]);
    datagram.extend(piece);
    finish(packet, 17, datagram, 6)
}

fn tcp(packet: &Packet, piece: &[u8], sequence: u32, acknowledged: u32) -> Vec<u8> {
    let mut segment = Vec::with_capacity(piece.len() + 20);
    segment.extend(packet.from.port().to_be_bytes());
    segment.extend(packet.to.port().to_be_bytes());
    segment.extend(sequence.to_be_bytes());
    segment.extend(acknowledged.to_be_bytes());
    // Five words of header; PSH and ACK; the largest window; checksum and urgent pointer.
    segment.extend([0x50, 0x18, 0xff, 0xff, 0, 0, 0, 0]);
    segment.extend(piece);
    finish(packet, 6, segment, 16)
}

/// Puts the checksum into the segment and the IP header before it.
fn finish(packet: &Packet, protocol: u8, mut segment: Vec<u8>, checksum_at: usize) -> Vec<u8> {
    let length = u16::try_from(segment.len()).unwrap_or(u16::MAX);
    let (mut ip, pseudo) = match (packet.from.ip(), packet.to.ip()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            let total = length.saturating_add(20);
            let mut ip = vec![0x45, 0];
            ip.extend(total.to_be_bytes());
            ip.extend([0, 0, 0x40, 0, 64, protocol, 0, 0]);
            ip.extend(from.octets());
            ip.extend(to.octets());
            let sum = checksum(&ip);
            ip[10..12].copy_from_slice(&sum.to_be_bytes());
            (ip, [&from.octets()[..], &to.octets()].concat())
        }
        (from, to) => {
            let octets = |ip: IpAddr| match ip {
                IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
                IpAddr::V6(ip) => ip.octets(),
            };
            let mut ip = vec![0x60, 0, 0, 0];
            ip.extend(length.to_be_bytes());
            ip.extend([protocol, 64]);
            ip.extend(octets(from));
            ip.extend(octets(to));
            (ip, [octets(from), octets(to)].concat())
        }
    };
    let mut summed = pseudo;
    summed.extend([0, protocol]);
    summed.extend(length.to_be_bytes());
    summed.extend(&segment);
    let sum = match checksum(&summed) {
        0 => 0xffff,
        sum => sum,
    };
    segment[checksum_at..checksum_at + 2].copy_from_slice(&sum.to_be_bytes());
    ip.extend(segment);
    ip
}

/// The Internet checksum (RFC 1071).
fn checksum(octets: &[u8]) -> u16 {
    let mut sum: u32 = octets
        .chunks(2)
        .map(|pair| u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |b| u32::from(*b)))
        .sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_whole_words_and_tell_their_length_twice() {
        let packet = Packet {
            octets: b"OPTIONS sip:a@b SIP/2.0\r\n\r\n".to_vec(),
            comment: "over TLS".into(),
            ..Packet::between(
                ([127, 0, 0, 1], 5062).into(),
                ([127, 0, 0, 1], 5060).into(),
                Direction::Sent,
            )
        };
        let streamed = Packet {
            stream: true,
            octets: vec![b'x'; PIECE + 1],
            ..packet.clone()
        };
        let file = write(&[packet, streamed]);
        let (mut at, mut blocks) = (0, 0);
        while at < file.len() {
            let word = |i: usize| u32::from_le_bytes(file[i..i + 4].try_into().expect("4 octets"));
            let length = word(at + 4) as usize;
            assert_eq!(length % 4, 0);
            assert_eq!(word(at + length - 4) as usize, length);
            at += length;
            blocks += 1;
        }
        assert_eq!((at, blocks), (file.len(), 5));
    }

    #[test]
    fn a_checksum_over_what_it_is_in_is_nothing() {
        // RFC 1071's example.
        assert_eq!(checksum(&[0, 1, 0xf2, 3, 0xf4, 0xf5, 0xf6, 0xf7]), !0xddf2);
    }
}
