use super::*;

const MESSAGE: &[u8] = b"MESSAGE sip:b@h SIP/2.0\r\nVia: SIP/2.0/TCP h\r\nl: 5\r\n\r\nhello";

/// A pcap file with these frames on a link, one a second.
fn pcap(link: u32, frames: &[Vec<u8>]) -> Vec<u8> {
    let mut file = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0];
    file.extend([0; 8]);
    file.extend(65_535_u32.to_le_bytes());
    file.extend(link.to_le_bytes());
    for (second, frame) in (1_u32..).zip(frames) {
        let length = u32::try_from(frame.len()).expect("small").to_le_bytes();
        file.extend(second.to_le_bytes());
        file.extend([0; 4]);
        file.extend(length);
        file.extend(length);
        file.extend(frame);
    }
    file
}

fn ipv4(protocol: u8, id: u16, fragment: u16, payload: &[u8]) -> Vec<u8> {
    let total = u16::try_from(20 + payload.len()).expect("small");
    let mut packet = vec![0x45, 0];
    packet.extend(total.to_be_bytes());
    packet.extend(id.to_be_bytes());
    packet.extend(fragment.to_be_bytes());
    packet.extend([64, protocol, 0, 0, 192, 0, 2, 1, 192, 0, 2, 9]);
    packet.extend(payload);
    packet
}

fn udp(payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(8 + payload.len()).expect("small");
    let mut datagram = vec![0x13, 0xc4, 0x13, 0xc5];
    datagram.extend(length.to_be_bytes());
    datagram.extend([0, 0]);
    datagram.extend(payload);
    datagram
}

fn tcp(sequence: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    let mut segment = vec![0x13, 0xc4, 0x13, 0xc5];
    segment.extend(sequence.to_be_bytes());
    segment.extend([0, 0, 0, 0, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    segment.extend(payload);
    ipv4(6, 0, 0, &segment)
}

fn bodies(file: &[u8]) -> Vec<Vec<u8>> {
    let capture = read_capture(file).expect("a capture");
    capture.messages.into_iter().map(|m| m.bytes).collect()
}

#[test]
fn other_files_are_no_captures() {
    for file in [&b""[..], b"INVITE sip:a SIP/2.0\r\n\r\n", b"\xd4\xc3\xb2"] {
        assert!(!is_capture(file));
        assert_eq!(read_capture(file), Err(InvalidCapture::Format));
    }
}

#[test]
fn a_stream_is_put_in_order_and_cut_into_messages() {
    let mut stream = b"\r\n\r\n".to_vec();
    stream.extend(MESSAGE);
    stream.extend(MESSAGE);
    // Close to where sequence numbers begin again.
    let first = u32::MAX - 60;
    let part = |from: usize, to: usize| {
        let at = first
            .wrapping_add(1)
            .wrapping_add(u32::try_from(from).expect("small"));
        tcp(at, 0x18, &stream[from..to])
    };
    let frames = [
        tcp(first, 0x02, b""),
        part(0, 10),
        part(40, 100),
        part(5, 20),
        part(10, 40),
        part(100, stream.len()),
        part(10, 40),
    ];
    assert_eq!(bodies(&pcap(101, &frames)), [MESSAGE, MESSAGE]);
    // Without its beginning a stream is read from the first segment on; an end that is missing is told.
    let frames = [part(4, stream.len() - 2)];
    assert_eq!(
        bodies(&pcap(101, &frames)),
        [MESSAGE, &MESSAGE[..MESSAGE.len() - 2]]
    );
}

#[test]
fn what_is_no_sip_on_a_stream_is_passed_over() {
    let frames = [
        tcp(1, 0x18, b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"),
        tcp(28, 0x18, MESSAGE),
    ];
    assert_eq!(bodies(&pcap(101, &frames)), [MESSAGE]);
    let frames = [
        tcp(1, 0x18, &[0x16, 3, 1, 0, 10, b'\n', 0]),
        ipv4(17, 0, 0, &udp(b"\r\n\r\n")),
    ];
    assert_eq!(bodies(&pcap(101, &frames)), [b""; 0]);
}

#[test]
fn fragments_make_one_datagram_in_whatever_order() {
    let datagram = udp(MESSAGE);
    let (left, rest) = datagram.split_at(24);
    let (middle, right) = rest.split_at(16);
    let frames = [
        ipv4(17, 7, 5, right),
        ipv4(17, 7, 0x2000, left),
        ipv4(17, 8, 0x2000, left),
        ipv4(17, 7, 0x2003, middle),
    ];
    let capture = read_capture(&pcap(12, &frames)).expect("a capture");
    assert_eq!(capture.messages.len(), 1);
    assert_eq!(capture.messages[0].bytes, MESSAGE);
    assert_eq!(
        (capture.messages[0].frame, capture.messages[0].at_micros),
        (4, 4_000_000)
    );
}

#[test]
fn the_headers_of_links_are_taken_off() {
    let packet = ipv4(17, 0, 0, &udp(MESSAGE));
    let behind = |header: &[u8]| [header, packet.as_slice()].concat();
    for (link, header) in [
        (0, vec![2, 0, 0, 0]),
        (1, [vec![0; 12], vec![0x08, 0x00]].concat()),
        (1, [vec![0; 12], vec![0x81, 0, 0, 9, 0x08, 0x00]].concat()),
        (101, vec![]),
        (113, vec![0; 16]),
        (276, vec![0; 20]),
    ] {
        assert_eq!(bodies(&pcap(link, &[behind(&header)])), [MESSAGE], "{link}");
    }
    assert_eq!(bodies(&pcap(1, &[behind(&[0; 14])])), [b""; 0]);
    assert_eq!(bodies(&pcap(147, &[behind(&[])])), [b""; 0]);
}

#[test]
fn a_capture_may_break_off_anywhere() {
    let file = pcap(101, &[ipv4(17, 0, 0, &udp(MESSAGE)), tcp(1, 0x18, MESSAGE)]);
    for end in 0..file.len() {
        match read_capture(&file[..end]) {
            Ok(capture) => assert!(capture.is_cut || end == 24 || capture.packets == 1, "{end}"),
            Err(error) => assert!(capture_is_too_short(end), "{end}: {error}"),
        }
    }
}

/// Before the end of the first packet there is nothing to tell.
fn capture_is_too_short(end: usize) -> bool {
    end < 24 + 16 + 28 + MESSAGE.len()
}

#[test]
fn a_stream_in_a_thousand_pieces_and_backwards_is_put_together_where_numbers_go_round() {
    let body = "x".repeat(2_000);
    let message = format!("MESSAGE sip:b@h SIP/2.0\r\nVia: SIP/2.0/TCP h\r\nl: 2000\r\n\r\n{body}");
    let two = message.repeat(2).into_bytes();
    let first = u32::MAX - 700;
    let mut frames = vec![tcp(first.wrapping_sub(1), 0x02, b"")];
    for (n, piece) in two.chunks(3).enumerate().rev() {
        let at = first.wrapping_add(u32::try_from(3 * n).expect("small"));
        // Each comes twice.
        frames.extend([tcp(at, 0x10, piece), tcp(at, 0x10, piece)]);
    }
    assert_eq!(bodies(&pcap(101, &frames)), [message.as_bytes(); 2]);
}
