use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// What a packet brought.
#[derive(Debug)]
pub(super) enum Carried {
    Udp {
        source: SocketAddr,
        destination: SocketAddr,
        payload: Vec<u8>,
    },
    Tcp(Segment),
}

impl Carried {
    pub(super) fn between(&self) -> (SocketAddr, SocketAddr, &'static str) {
        match self {
            Self::Udp {
                source,
                destination,
                ..
            } => (*source, *destination, "UDP"),
            Self::Tcp(segment) => (segment.source, segment.destination, "TCP"),
        }
    }
}

/// A TCP segment.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) source: SocketAddr,
    pub(super) destination: SocketAddr,
    pub(super) sequence: u32,
    pub(super) is_first: bool,
    pub(super) payload: Vec<u8>,
}

/// The most datagrams whose fragments are waited for.
const MAX_PARTIAL: usize = 1024;

/// Which datagram a fragment is of.
type DatagramKey = (IpAddr, IpAddr, u32, u8);

/// Fragments of datagrams that are not whole yet.
#[derive(Default)]
pub(super) struct Reassembly {
    partial: HashMap<DatagramKey, Vec<Fragment>>,
}

struct Fragment {
    offset: usize,
    is_last: bool,
    data: Vec<u8>,
}

/// An IP packet without its headers.
struct Datagram<'a> {
    source: IpAddr,
    destination: IpAddr,
    protocol: u8,
    /// Identification, offset in bytes, whether more follow.
    fragment: Option<(u32, usize, bool)>,
    payload: &'a [u8],
}

impl Reassembly {
    /// Takes a frame of a link and gives what it carried, if that is whole now.
    pub(super) fn take(&mut self, link: u16, frame: &[u8]) -> Option<Carried> {
        let datagram = ip(network_layer(link, frame)?)?;
        let (source, destination, protocol) =
            (datagram.source, datagram.destination, datagram.protocol);
        let Some((id, offset, more)) = datagram.fragment else {
            return transport(source, destination, protocol, datagram.payload);
        };
        let key = (source, destination, id, protocol);
        if self.partial.len() >= MAX_PARTIAL && !self.partial.contains_key(&key) {
            self.partial.clear();
        }
        let pieces = self.partial.entry(key).or_default();
        pieces.push(Fragment {
            offset,
            is_last: !more,
            data: datagram.payload.to_vec(),
        });
        let whole = joined(pieces)?;
        self.partial.remove(&key);
        transport(source, destination, protocol, &whole)
    }
}

/// The datagram, once its fragments leave no gap.
fn joined(pieces: &mut [Fragment]) -> Option<Vec<u8>> {
    pieces.sort_by_key(|p| p.offset);
    let mut whole = Vec::new();
    for piece in pieces.iter() {
        let known = whole.len().checked_sub(piece.offset)?;
        whole.extend_from_slice(piece.data.get(known..).unwrap_or_default());
        if piece.is_last {
            return Some(whole);
        }
    }
    None
}

/// Takes the link's header off.
fn network_layer(link: u16, frame: &[u8]) -> Option<&[u8]> {
    match link {
        // BSD loopback: the address family in four bytes.
        0 | 108 => frame.get(4..),
        // Ethernet, with as many VLAN tags as there are.
        1 => {
            let mut at = 12;
            while matches!(frame.get(at..at + 2)?, [0x81, 0x00] | [0x88, 0xa8]) {
                at += 4;
            }
            matches!(frame.get(at..at + 2)?, [0x08, 0x00] | [0x86, 0xdd]).then_some(())?;
            frame.get(at + 2..)
        }
        // Raw IP.
        12 | 14 | 101 | 228 | 229 => Some(frame),
        // Linux "any" device, in its two forms.
        113 => frame.get(16..),
        276 => frame.get(20..),
        _ => None,
    }
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    let field: [u8; 2] = bytes.get(at..at + 2)?.try_into().ok()?;
    Some(u16::from_be_bytes(field))
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    let field: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
    Some(u32::from_be_bytes(field))
}

fn ip(packet: &[u8]) -> Option<Datagram<'_>> {
    match packet.first()? >> 4 {
        4 => ipv4(packet),
        6 => ipv6(packet),
        _ => None,
    }
}

fn ipv4(packet: &[u8]) -> Option<Datagram<'_>> {
    let header = usize::from(packet[0] & 0x0f) * 4;
    // A length of zero is left by network cards that cut packets themselves.
    let total = match usize::from(be16(packet, 2)?) {
        0 => packet.len(),
        n => n.min(packet.len()),
    };
    let address = |at: usize| {
        let field: [u8; 4] = packet.get(at..at + 4)?.try_into().ok()?;
        Some(IpAddr::V4(Ipv4Addr::from(field)))
    };
    let flags = be16(packet, 6)?;
    let more = flags & 0x2000 != 0;
    let offset = usize::from(flags & 0x1fff) * 8;
    Some(Datagram {
        source: address(12)?,
        destination: address(16)?,
        protocol: *packet.get(9)?,
        fragment: match (more, offset) {
            (false, 0) => None,
            _ => Some((u32::from(be16(packet, 4)?), offset, more)),
        },
        payload: packet.get(header.max(20)..total)?,
    })
}

fn ipv6(packet: &[u8]) -> Option<Datagram<'_>> {
    let address = |at: usize| {
        let field: [u8; 16] = packet.get(at..at + 16)?.try_into().ok()?;
        Some(IpAddr::V6(Ipv6Addr::from(field)))
    };
    let (source, destination) = (address(8)?, address(24)?);
    let end = match usize::from(be16(packet, 4)?) {
        0 => packet.len(),
        n => (40 + n).min(packet.len()),
    };
    let mut protocol = *packet.get(6)?;
    let mut payload = packet.get(40..end)?;
    let mut fragment = None;
    loop {
        match protocol {
            // Hop-by-hop, routing, destination options.
            0 | 43 | 60 => {
                let length = (usize::from(*payload.get(1)?) + 1) * 8;
                protocol = *payload.first()?;
                payload = payload.get(length..)?;
            }
            44 => {
                let flags = be16(payload, 2)?;
                let (offset, more) = (usize::from(flags & 0xfff8), flags & 1 != 0);
                if more || offset > 0 {
                    fragment = Some((be32(payload, 4)?, offset, more));
                }
                protocol = *payload.first()?;
                payload = payload.get(8..)?;
            }
            _ => break,
        }
    }
    Some(Datagram {
        source,
        destination,
        protocol,
        fragment,
        payload,
    })
}

fn transport(source: IpAddr, destination: IpAddr, protocol: u8, packet: &[u8]) -> Option<Carried> {
    let source = SocketAddr::new(source, be16(packet, 0)?);
    let destination = SocketAddr::new(destination, be16(packet, 2)?);
    match protocol {
        17 => Some(Carried::Udp {
            source,
            destination,
            payload: packet
                .get(8..usize::from(be16(packet, 4)?).clamp(8, packet.len().max(8)))?
                .to_vec(),
        }),
        6 => {
            let header = usize::from(packet.get(12)? >> 4) * 4;
            Some(Carried::Tcp(Segment {
                source,
                destination,
                sequence: be32(packet, 4)?,
                is_first: packet.get(13)? & 0x02 != 0,
                payload: packet.get(header.max(20)..)?.to_vec(),
            }))
        }
        _ => None,
    }
}
