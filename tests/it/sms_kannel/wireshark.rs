//! What Kannel makes of our messages on its way to the centre, as Wireshark reads it.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use callhome::port::{OutboundSms, SmsGateway as _};
use callhome::sms::smpp::Frame;
use callhome::sms::{Meter, SendOptions};

use super::carrying::{gateway, receipts, sms};
use super::peer::Kannel;
use crate::sms_smpp::wireshark::dissect;

/// Of no application that Wireshark would read the octets for.
const PORT: u16 = 16_000;

type Octets = Arc<Mutex<Vec<u8>>>;

fn hand_on(mut from: TcpStream, mut to: TcpStream, noted: Option<Octets>) {
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(n @ 1..) = from.read(&mut buffer) {
            if let Some(noted) = &noted {
                let mut noted = noted.lock().expect("never poisoned");
                noted.extend_from_slice(&buffer[..n]);
            }
            if to.write_all(&buffer[..n]).is_err() {
                return;
            }
        }
        // It may be gone already.
        drop(to.shutdown(std::net::Shutdown::Both));
    });
}

/// Stands between Kannel and its centre, and notes what Kannel says over its first connection.
fn listen_in(centre: u16, noted: Octets) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
    let port = listener.local_addr().expect("bound").port();
    std::thread::spawn(move || {
        let mut noted = Some(noted);
        for kannel in listener.incoming() {
            let Ok(kannel) = kannel else { return };
            let Ok(centre) = TcpStream::connect(("127.0.0.1", centre)) else {
                return;
            };
            let again = |stream: &TcpStream| stream.try_clone().expect("a socket");
            hand_on(again(&centre), again(&kannel), None);
            hand_on(kannel, centre, noted.take());
        }
    });
    port
}

/// The messages among what was said.
fn submits(noted: &Octets) -> Vec<Vec<u8>> {
    let said = noted.lock().expect("never poisoned").clone();
    let (mut rest, mut found) = (&said[..], Vec::new());
    while let Ok(Some(length)) = Frame::length(rest) {
        let Some((pdu, more)) = rest.split_at_checked(length) else {
            break;
        };
        if Frame::read(pdu).expect("whole").command == 4 {
            found.push(pdu.to_vec());
        }
        rest = more;
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn wireshark_reads_what_kannel_says_for_us_as_it_was_meant() {
    let noted = Octets::default();
    let tap = Arc::clone(&noted);
    let Some(kannel) = Kannel::start_through(true, |centre| listen_in(centre, tap)) else {
        return;
    };
    let gateway = gateway(&kannel);
    let octets: Vec<u8> = (0..=255).cycle().take(1_280).collect();
    let push = |length: usize| OutboundSms {
        options: SendOptions {
            octets: Some(octets[..length].to_vec()),
            ports: Some((PORT, PORT)),
            ..SendOptions::default()
        },
        ..sms("")
    };
    let gsm = "KME 2.00 000174ef 5d783e9708ffb691 aud() ";
    // What is sent, in how many segments, with which coding, to which port.
    let cases = [
        (sms(gsm.trim_end()), 1, "0x00", 0),
        (sms(&gsm.repeat(6)), 2, "0x00", 0),
        (sms(&gsm.repeat(36)), 10, "0x00", 0),
        (sms("Жёлтая лодка 😀"), 1, "0x08", 0),
        (sms(&"Жёлтая лодка 😀 ".repeat(8)), 2, "0x08", 0),
        (sms(&"Жёлтая лодка 😀 ".repeat(41)), 10, "0x08", 0),
        (push(100), 1, "0x04", PORT),
        (push(256), 2, "0x04", PORT),
        (push(1_280), 10, "0x04", PORT),
    ];
    for (message, segments, coding, port) in cases {
        if port == 0 {
            let meter = Meter::of(&message.text).expect("short");
            assert_eq!(meter.segments, segments, "{}", message.text);
        }
        let before = submits(&noted).len();
        gateway.send(message).await.expect("accepted");
        // Each has its receipt, so each was said.
        receipts(&kannel, segments);
        let pdus = submits(&noted).split_off(before);
        let Some(mut lines) = dissect(
            &pdus,
            &[
                "smpp.destination_addr",
                "smpp.data_coding",
                "smpp.esm.submit.features",
                "smpp.regdel.receipt",
                "gsm_sms.udh.mm.msg_parts",
                "gsm_sms.udh.mm.msg_part",
                "gsm_sms.destination_port",
                "_ws.malformed",
            ],
        ) else {
            return;
        };
        lines.sort_by_key(|line| line[5].parse().unwrap_or(0));
        assert_eq!(lines.len(), segments, "{lines:?}");
        let header = segments > 1 || port > 0;
        for (number, line) in (1..).zip(&lines) {
            let of_many = |n: usize| match segments {
                1 => String::new(),
                _ => n.to_string(),
            };
            let expected = [
                super::NUMBER.trim_start_matches('+'),
                coding,
                if header { "0x01" } else { "0x00" },
                "0x01",
                &of_many(segments),
                &of_many(number),
                if port > 0 { "16000" } else { "" },
                "",
            ];
            let line: Vec<&str> = line.iter().map(String::as_str).collect();
            assert_eq!(line, expected, "{segments} segments in {coding}");
        }
    }
}
