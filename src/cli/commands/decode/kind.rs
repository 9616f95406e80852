use clap::ValueEnum;

use super::hex::{from_base64, from_digits, from_dump};
use crate::oma::{PUSH_PORT, SignedNotification, WspPush};
use crate::sip::contact_me::{CONTENT_TYPE, ContactMe, NAMESPACE};
use crate::sms::Header;
use crate::sms::smpp::{Frame, SmppReceipt};

/// The messages that can be explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    /// SIP request or answer.
    Sip,
    /// Body that asks a device to call back.
    ContactMe,
    /// Action string, `KME …`.
    Action,
    /// Reply by text message, `KMR …`.
    Reply,
    /// Result document, XML.
    Result,
    /// SMPP 3.4 PDU, as octets or hexadecimal digits.
    Smpp,
    /// Text of an SMPP delivery receipt, `id:… stat:…`.
    Receipt,
    /// OMA DM notification, with or without the WAP push around it.
    Notification,
}

/// The names of all kinds, for advice.
pub(super) fn names() -> String {
    Kind::value_variants()
        .iter()
        .filter_map(|k| Some(k.to_possible_value()?.get_name().to_owned()))
        .collect::<Vec<_>>()
        .join("|")
}

/// Tells what octets are; hexadecimal digits and push headers are taken off.
pub(super) fn detect(octets: Vec<u8>) -> Option<(Kind, Vec<u8>)> {
    if let Some(kind) = detect_text(&octets) {
        return Some((kind, unwrapped(octets, kind)));
    }
    if let Some(message) = written_sip(&octets) {
        return Some((Kind::Sip, message));
    }
    let pdu = unwrapped(octets.clone(), Kind::Smpp);
    if is_pdu(&pdu) {
        return Some((Kind::Smpp, pdu));
    }
    let binary = unwrapped(octets, Kind::Notification);
    SignedNotification::parse(&binary)
        .is_ok()
        .then_some((Kind::Notification, binary))
}

/// Takes off what stands around a message of this kind.
pub(super) fn unwrapped(octets: Vec<u8>, kind: Kind) -> Vec<u8> {
    match kind {
        Kind::Notification => body_of_push(from_digits(&octets).unwrap_or(octets)),
        Kind::Sip => sip_octets(octets),
        Kind::Smpp => from_dump(&octets)
            .or_else(|| from_digits(&octets))
            .unwrap_or(octets),
        Kind::Receipt | Kind::ContactMe | Kind::Action | Kind::Reply | Kind::Result => octets,
    }
}

fn detect_text(octets: &[u8]) -> Option<Kind> {
    let start = octets.trim_ascii_start();
    if start.starts_with(b"KME ") {
        return Some(Kind::Action);
    }
    if start.starts_with(b"KMR ") {
        return Some(Kind::Reply);
    }
    if is_sip(start) {
        return Some(Kind::Sip);
    }
    if start.starts_with(b"id:") && SmppReceipt::from_text(&String::from_utf8_lossy(start)).is_ok()
    {
        return Some(Kind::Receipt);
    }
    let text = std::str::from_utf8(start).ok()?;
    if text.trim_start_matches('\u{feff}').starts_with('<') {
        return if text.contains("urn:callhome:result:1") {
            Some(Kind::Result)
        } else {
            text.contains(NAMESPACE).then_some(Kind::ContactMe)
        };
    }
    // Any line with a colon would do: at least one label has to be known.
    ContactMe::parse(CONTENT_TYPE, octets)
        .is_ok_and(|wish| wish.labelled().len() > wish.other.len())
        .then_some(Kind::ContactMe)
}

/// Whether the length is that of the octets and the command exists (SMPP 3.4 §5.1.2).
fn is_pdu(octets: &[u8]) -> bool {
    let command = octets.get(4..8).map(|id| (id[0], id[1], id[2]));
    matches!(command, Some((0 | 0x80, 0, 0 | 1)))
        && Frame::length(octets).is_ok_and(|length| length == Some(octets.len()))
}

/// Whether the first line is that of a request or an answer (RFC 3261 §7).
fn is_sip(octets: &[u8]) -> bool {
    let line = octets
        .split(|b| matches!(b, b'\r' | b'\n'))
        .next()
        .unwrap_or_default()
        .trim_ascii_end();
    line.starts_with(b"SIP/2.0 ") || line.ends_with(b" SIP/2.0")
}

/// A SIP message out of a dump, digits or base64; with CR where they were left out.
fn sip_octets(octets: Vec<u8>) -> Vec<u8> {
    if octets.contains(&0) || is_sip(octets.trim_ascii_start()) {
        return if octets.contains(&b'\r') {
            octets
        } else {
            with_crlf(&octets)
        };
    }
    match written_sip(&octets) {
        Some(message) => message,
        None if octets.contains(&b'\r') => octets,
        None => with_crlf(&octets),
    }
}

/// A SIP message that is written in characters of another kind.
fn written_sip(octets: &[u8]) -> Option<Vec<u8>> {
    [from_dump, from_digits, from_base64]
        .into_iter()
        .filter_map(|read| read(octets))
        .find(|message| is_sip(message.trim_ascii_start()))
}

/// Editors and traces leave the CR out; on the wire it is there.
fn with_crlf(octets: &[u8]) -> Vec<u8> {
    octets
        .iter()
        .flat_map(|b| (*b == b'\n').then_some(b'\r').into_iter().chain([*b]))
        .collect()
}

/// The body of a push, with or without the user data header of the text message; other octets as they are.
fn body_of_push(octets: Vec<u8>) -> Vec<u8> {
    let header = octets.first().map_or(0, |length| usize::from(*length) + 1);
    let to_push_port = |header: &Header| header.ports.is_some_and(|(to, _)| to == PUSH_PORT);
    let rest = match octets.split_at_checked(header) {
        Some((udh, rest)) if Header::parse(udh).is_ok_and(|h| to_push_port(&h)) => rest,
        _ => &octets[..],
    };
    match WspPush::parse(rest) {
        Ok(push) if push.is_notification() => push.body,
        _ => octets,
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};

    use super::*;

    const NOTIFICATION: &[u8] = include_bytes!("../../../../tests/vectors/oma/pkg0.bin");
    const PUSH: &[u8] = include_bytes!("../../../../tests/vectors/oma/pkg0-wsp.bin");

    #[test]
    fn messages_are_told_apart() {
        let result = b"<?xml version=\"1.0\"?><result xmlns=\"urn:callhome:result:1\"/>";
        for (octets, expected) in [
            (&b"KME 1.00 broken"[..], Some(Kind::Action)),
            (b"KMR 2.00 broken", Some(Kind::Reply)),
            (result, Some(Kind::Result)),
            (b"\r\nOPTIONS sip:a@h SIP/2.0\r\n\r\n", Some(Kind::Sip)),
            (b"SIP/2.0 200 OK\n\n", Some(Kind::Sip)),
            (
                b"Address: 192.0.2.7\r\nPort: 8443\r\n",
                Some(Kind::ContactMe),
            ),
            (b"Subject: hello\r\n", None),
            (b"<html/>", None),
            (b"Hello", None),
            (b"", None),
            (NOTIFICATION, Some(Kind::Notification)),
            (
                b"id:m19 sub:001 dlvrd:001 stat:DELIVRD err:000 text:",
                Some(Kind::Receipt),
            ),
            (
                b"0000001480000004 00000000000000386d313900",
                Some(Kind::Smpp),
            ),
        ] {
            assert_eq!(detect(octets.to_vec()).map(|(kind, _)| kind), expected);
        }
    }

    #[test]
    fn a_sip_message_is_found_in_digits_and_base64() {
        let message = b"OPTIONS sip:a@h SIP/2.0\r\nVia: x\r\n\r\n".to_vec();
        for written in [
            HEXLOWER_PERMISSIVE.encode(&message),
            BASE64.encode(&message),
        ] {
            let found = detect(written.into_bytes());
            assert_eq!(found, Some((Kind::Sip, message.clone())));
        }
    }

    #[test]
    fn a_notification_is_found_behind_headers_and_digits() {
        let mut sms = vec![0x06, 0x05, 0x04, 0x0b, 0x84, 0x23, 0xf0];
        sms.extend(PUSH);
        let hex = HEXLOWER_PERMISSIVE.encode(&sms);
        let spaced: String = hex
            .chars()
            .enumerate()
            .flat_map(|(i, c)| (i > 0 && i % 8 == 0).then_some(' ').into_iter().chain([c]))
            .collect();
        for octets in [PUSH.to_vec(), sms, hex.into_bytes(), spaced.into_bytes()] {
            let found = detect(octets);
            assert_eq!(found, Some((Kind::Notification, NOTIFICATION.to_vec())));
        }
    }
}
