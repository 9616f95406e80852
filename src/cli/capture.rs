//! Messages that crossed, as a picture and as a file for Wireshark.

use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::api::{LadderLine, ProbeMessage, ProbeReport};
use crate::cli::error::CommandError;
use crate::domain::Timestamp;
use crate::sip::{Direction, Message, Packet, pcapng};

/// Writes a capture file, readable by its owner only.
///
/// # Errors
/// What the file system says.
pub(super) fn save(file: &Path, packets: &[Packet]) -> Result<(), CommandError> {
    let failed = |e: std::io::Error| CommandError::usage(format!("{}: {e}", file.display()));
    let mut opened = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(file)
        .map_err(failed)?;
    opened.write_all(&pcapng::write(packets)).map_err(failed)
}

/// The messages of a probe for a file.
#[must_use]
pub(super) fn packets(report: &ProbeReport) -> Vec<Packet> {
    let packets = report.messages.iter();
    packets.filter_map(|m| packet(report.at, m)).collect()
}

fn packet(began: Timestamp, message: &ProbeMessage) -> Option<Packet> {
    let direction = match message.sent {
        true => Direction::Sent,
        false => Direction::Received,
    };
    let micros = u64::try_from(began.millis()).ok()?.saturating_mul(1_000);
    let (local, peer) = (message.local.parse().ok()?, message.peer.parse().ok()?);
    Some(Packet {
        at_us: micros.saturating_add(message.at_us),
        octets: message.text.clone().into_bytes(),
        ..over(&message.transport, local, peer, direction)
    })
}

/// A packet over this transport; what was inside TLS stands at the port of plain SIP, where Wireshark reads it.
#[must_use]
pub(super) fn over(
    transport: &str,
    mut local: SocketAddr,
    mut peer: SocketAddr,
    direction: Direction,
) -> Packet {
    let mut comment = String::new();
    if matches!(transport, "tls" | "wss") {
        comment = format!("inside {transport}, at {peer}");
        for address in [&mut local, &mut peer] {
            if matches!(address.port(), 5061 | 443) {
                address.set_port(5060);
            }
        }
    }
    if transport == "ws" {
        // Frames are written as what is in them: at the port of HTTP nobody would take it for SIP.
        comment = format!("inside a WebSocket, at {peer}");
        for address in [&mut local, &mut peer] {
            if address.port() == 80 {
                address.set_port(5060);
            }
        }
    }
    Packet {
        stream: transport != "udp",
        comment,
        ..Packet::between(local, peer, direction)
    }
}

/// The messages of a probe for a picture.
#[must_use]
pub(super) fn lines(report: &ProbeReport) -> Vec<LadderLine> {
    let messages = report.messages.iter();
    messages
        .map(|m| {
            let (us, peer) = ("callhome".to_owned(), m.peer.clone());
            let (from, to) = if m.sent { (us, peer) } else { (peer, us) };
            let label = Message::parse(m.text.as_bytes()).map_or_else(
                |_| "(unreadable)".to_owned(),
                |message| match message.code() {
                    Some(code) => format!("{code} {}", message.reason().unwrap_or_default()),
                    None => message.method().map_or_else(String::new, |m| m.to_string()),
                },
            );
            let again = if m.again { " (again)" } else { "" };
            LadderLine {
                at_ms: m.at_us / 1_000,
                from,
                to,
                text: format!("{label}{again}"),
            }
        })
        .collect()
}
