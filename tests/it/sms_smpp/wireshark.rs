use std::fmt::Write as _;
use std::process::Command;
use std::time::Duration;

use callhome::sms::SendOptions;
use callhome::sms::smpp::{Frame, Pdu, Status, SubmitSettings, submits};

fn is_there(program: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|folder| folder.join(program).is_file())
}

/// What tshark makes of PDUs, one line for each with these fields; `None` when it is not installed.
pub(crate) fn dissect(pdus: &[Vec<u8>], fields: &[&str]) -> Option<Vec<Vec<String>>> {
    if !is_there("tshark") || !is_there("text2pcap") {
        let ci = std::env::var_os("CI").is_some_and(|v| v == "true");
        assert!(!ci, "tshark is missing; tests/run installs it");
        return None;
    }
    let folder = tempfile::tempdir().expect("a scratch folder");
    let mut dump = String::new();
    for pdu in pdus {
        for (at, line) in pdu.chunks(16).enumerate() {
            write!(dump, "{:06x}", at * 16).expect("a string");
            for octet in line {
                write!(dump, " {octet:02x}").expect("a string");
            }
            dump.push('\n');
        }
        dump.push('\n');
    }
    let (text, capture) = (folder.path().join("dump"), folder.path().join("pcap"));
    std::fs::write(&text, dump).expect("a scratch file");
    let made = Command::new("text2pcap")
        .args(["-q", "-T", "40000,2775"])
        .args([&text, &capture])
        .output()
        .expect("text2pcap runs");
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let mut tshark = Command::new("tshark");
    tshark.arg("-r").arg(&capture);
    tshark.args([
        "-d",
        "tcp.port==2775,smpp",
        "-o",
        "smpp.decode_sms_over_smpp:TRUE",
    ]);
    tshark.args(["-Y", "smpp", "-T", "fields", "-E", "separator=|"]);
    for field in fields {
        tshark.args(["-e", field]);
    }
    let told = tshark.output().expect("tshark runs");
    let out = String::from_utf8(told.stdout).expect("text");
    Some(
        out.lines()
            .map(|l| l.split('|').map(str::to_owned).collect())
            .collect(),
    )
}

fn pdus(text: &str, options: &SendOptions, wide_reference: bool) -> Vec<Vec<u8>> {
    let settings = SubmitSettings {
        from: "12345".into(),
        registered_delivery: 1,
        wide_reference,
        ..SubmitSettings::default()
    };
    let to = "+358401234567".parse().expect("a number");
    let messages = submits(&to, text, options, 0x12a5, &settings).expect("short");
    let sequences = 1..;
    let written = sequences.zip(messages).map(|(sequence, message)| {
        Frame::write(sequence, Status::OK, &Pdu::Submit(Box::new(message))).expect("fits")
    });
    written.collect()
}

#[test]
fn wireshark_reads_every_field_as_it_was_meant() {
    let options = SendOptions {
        validity: Some(Duration::from_secs(90 * 60)),
        deferred: Some(Duration::from_secs(30)),
        priority: Some(3),
        ..SendOptions::default()
    };
    let text = "0123456789".repeat(31);
    for wide in [false, true] {
        let Some(lines) = dissect(
            &pdus(&text, &options, wide),
            &[
                "smpp.command_id",
                "smpp.sequence_number",
                "smpp.source_addr",
                "smpp.dest_addr_ton",
                "smpp.dest_addr_npi",
                "smpp.destination_addr",
                "smpp.esm.submit.features",
                "smpp.priority_flag",
                "smpp.validity_period_r",
                "smpp.schedule_delivery_time_r",
                "smpp.regdel.receipt",
                "smpp.data_coding",
                "gsm_sms.udh.mm.msg_id",
                "gsm_sms.udh.mm.msg_parts",
                "gsm_sms.udh.mm.msg_part",
                "_ws.malformed",
            ],
        ) else {
            return;
        };
        assert_eq!(lines.len(), 3);
        for (number, line) in (1..).zip(&lines) {
            let reference = if wide { "4773" } else { "165" };
            let expected = [
                "0x00000004",
                &number.to_string(),
                "12345",
                "0x01",
                "0x01",
                "358401234567",
                "0x01",
                "0x03",
                "5400.000000000",
                "30.000000000",
                "0x01",
                "0x00",
                reference,
                "3",
                &number.to_string(),
                "",
            ];
            assert_eq!(
                line.iter().map(String::as_str).collect::<Vec<_>>(),
                expected,
                "{wide}"
            );
        }
    }
}

#[test]
fn wireshark_puts_the_segments_together() {
    for text in [
        "0123456789".repeat(150),
        "Жёлтая подводная лодка ".repeat(12),
    ] {
        let written = pdus(&text, &SendOptions::default(), false);
        let fields = [
            "gsm_sms_ud.short_msg",
            "gsm_sms_ud.reassembled.length",
            "_ws.malformed",
        ];
        let Some(lines) = dissect(&written, &fields) else {
            return;
        };
        assert!(lines.iter().all(|l| l[2].is_empty()), "{lines:?}");
        let last = lines.last().expect("one for each PDU");
        let octets: Vec<u8> = if text.is_ascii() {
            text.clone().into_bytes()
        } else {
            text.encode_utf16().flat_map(u16::to_be_bytes).collect()
        };
        let length = octets.len().to_string();
        assert_eq!(last[1], length, "{} segments", written.len());
        assert_eq!(last[0], data_encoding::HEXLOWER.encode(&octets));
    }
}
