use super::InvalidCapture;

/// One packet of a file.
pub(super) struct Packet<'a> {
    /// Microseconds since 1970.
    pub(super) at_micros: u64,
    /// Link type (LINKTYPE_… of libpcap).
    pub(super) link: u16,
    pub(super) data: &'a [u8],
}

/// The two file formats, in either byte order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Pcap { is_big: bool, is_nano: bool },
    PcapNg,
}

impl Format {
    pub(super) fn of(file: &[u8]) -> Option<Self> {
        let pcap = |is_big, is_nano| Some(Self::Pcap { is_big, is_nano });
        match file.get(..4)? {
            [0xa1, 0xb2, 0xc3, 0xd4] => pcap(true, false),
            [0xd4, 0xc3, 0xb2, 0xa1] => pcap(false, false),
            [0xa1, 0xb2, 0x3c, 0x4d] => pcap(true, true),
            [0x4d, 0x3c, 0xb2, 0xa1] => pcap(false, true),
            [0x0a, 0x0d, 0x0d, 0x0a] => Some(Self::PcapNg),
            _ => None,
        }
    }
}

/// Numbers of either byte order.
#[derive(Clone, Copy)]
struct Order {
    is_big: bool,
}

impl Order {
    fn u16(self, bytes: &[u8], at: usize) -> Option<u16> {
        let field: [u8; 2] = bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if self.is_big {
            u16::from_be_bytes(field)
        } else {
            u16::from_le_bytes(field)
        })
    }

    fn u32(self, bytes: &[u8], at: usize) -> Option<u32> {
        let field: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if self.is_big {
            u32::from_be_bytes(field)
        } else {
            u32::from_le_bytes(field)
        })
    }

    fn length(self, bytes: &[u8], at: usize) -> Option<usize> {
        usize::try_from(self.u32(bytes, at)?).ok()
    }
}

/// Hands every packet to `take`; says whether the file ends where a packet ends.
pub(super) fn packets(file: &[u8], take: impl FnMut(Packet<'_>)) -> Result<bool, InvalidCapture> {
    match Format::of(file).ok_or(InvalidCapture::Format)? {
        Format::Pcap { is_big, is_nano } => Ok(pcap(file, Order { is_big }, is_nano, take)),
        Format::PcapNg => Ok(pcapng(file, take)),
    }
}

fn pcap(file: &[u8], order: Order, is_nano: bool, mut take: impl FnMut(Packet<'_>)) -> bool {
    let Some(link) = order.u32(file, 20) else {
        return false;
    };
    let mut rest = &file[24.min(file.len())..];
    while !rest.is_empty() {
        let parts = || {
            let seconds = order.u32(rest, 0)?;
            let fraction = order.u32(rest, 4)?;
            let data = rest.get(16..)?.get(..order.length(rest, 8)?)?;
            Some((seconds, fraction, data))
        };
        let Some((seconds, fraction, data)) = parts() else {
            return false;
        };
        let fraction = if is_nano { fraction / 1_000 } else { fraction };
        take(Packet {
            at_micros: u64::from(seconds) * 1_000_000 + u64::from(fraction),
            // The upper bits tell of a frame check sequence.
            link: (link & 0xffff) as u16,
            data,
        });
        rest = &rest[16 + data.len()..];
    }
    true
}

/// An interface of a pcapng section: link type and ticks a second.
#[derive(Clone, Copy)]
struct Interface {
    link: u16,
    ticks: u64,
}

fn pcapng(file: &[u8], mut take: impl FnMut(Packet<'_>)) -> bool {
    let mut order = Order { is_big: false };
    let mut interfaces: Vec<Interface> = Vec::new();
    let mut rest = file;
    while !rest.is_empty() {
        // A section begins with its own byte order.
        if rest.starts_with(&[0x0a, 0x0d, 0x0d, 0x0a]) {
            order = Order {
                is_big: rest.get(8..12) == Some(&[0x1a, 0x2b, 0x3c, 0x4d]),
            };
            interfaces.clear();
        }
        let block = || {
            let length = order.length(rest, 4).filter(|l| *l >= 12)?;
            Some((
                order.u32(rest, 0)?,
                rest.get(8..length.checked_sub(4)?)?,
                length,
            ))
        };
        let Some((kind, body, length)) = block() else {
            return false;
        };
        match kind {
            1 => interfaces.extend(interface(order, body)),
            // Enhanced packet.
            6 => {
                let parts = || {
                    let interface = interfaces.get(order.length(body, 0)?)?;
                    let ticks =
                        u64::from(order.u32(body, 4)?) << 32 | u64::from(order.u32(body, 8)?);
                    let data = body.get(20..)?.get(..order.length(body, 12)?)?;
                    Some((interface, ticks, data))
                };
                let Some((interface, ticks, data)) = parts() else {
                    return false;
                };
                let micros = u128::from(ticks) * 1_000_000 / u128::from(interface.ticks);
                take(Packet {
                    at_micros: u64::try_from(micros).unwrap_or(u64::MAX),
                    link: interface.link,
                    data,
                });
            }
            // Simple packet: of the first interface, without a time.
            3 => {
                let (Some(interface), Some(data)) = (interfaces.first(), body.get(4..)) else {
                    return false;
                };
                let length = order.length(body, 0).unwrap_or(data.len());
                take(Packet {
                    at_micros: 0,
                    link: interface.link,
                    data: &data[..length.min(data.len())],
                });
            }
            _ => {}
        }
        let Some(after) = rest.get(length..) else {
            return false;
        };
        rest = after;
    }
    true
}

fn interface(order: Order, body: &[u8]) -> Option<Interface> {
    let mut found = Interface {
        link: order.u16(body, 0)?,
        ticks: 1_000_000,
    };
    let mut options = body.get(8..).unwrap_or_default();
    while let (Some(code), Some(length)) = (order.u16(options, 0), order.u16(options, 2)) {
        let length = usize::from(length);
        // if_tsresol: a power of ten, or of two with the upper bit.
        if code == 9
            && let Some(&resolution) = options.get(4)
        {
            let power = u32::from(resolution & 0x7f);
            let base: u64 = if resolution & 0x80 == 0 { 10 } else { 2 };
            found.ticks = base.checked_pow(power).unwrap_or(u64::MAX).max(1);
        }
        let next = 4 + length.next_multiple_of(4);
        options = options.get(next..).unwrap_or_default();
        if code == 0 {
            break;
        }
    }
    Some(found)
}
