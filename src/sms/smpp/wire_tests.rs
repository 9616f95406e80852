use data_encoding::HEXLOWER;

use super::*;

const VECTORS: &str = include_str!("../../../tests/vectors/sms/smpp-pdus-kannel.txt");

fn vectors() -> Vec<(u32, Vec<u8>)> {
    VECTORS
        .lines()
        .map(|line| {
            let mut words = line.split(' ').skip(1);
            let id = words.next().expect("an id").trim_start_matches("0x");
            let hex = words.next().expect("octets");
            (
                u32::from_str_radix(id, 16).expect("hexadecimal"),
                HEXLOWER.decode(hex.as_bytes()).expect("hexadecimal"),
            )
        })
        .collect()
}

#[test]
fn pdus_of_another_implementation_are_read_and_written_octet_by_octet() {
    for (id, octets) in vectors() {
        let frame = Frame::read(&octets).expect("whole");
        assert_eq!(frame.command, id);
        let pdu = frame.pdu.expect("well formed");
        let written = Frame::write(frame.sequence, frame.status, &pdu).expect("fits");
        // All but the length, and Kannel's word that more is to come, which has no use here.
        let rest = octets[4..].strip_prefix(&written[4..]);
        let rest = rest.unwrap_or_else(|| panic!("{}", HEXLOWER.encode(&written)));
        assert!(rest.is_empty() || rest == [4, 0x26, 0, 1, 1], "{rest:?}");
    }
}

#[test]
fn the_fields_are_where_the_standard_has_them() {
    let (_, first) = &vectors()[0];
    let Ok(Pdu::Submit(message)) = Frame::read(first).expect("whole").pdu else {
        panic!("a submit_sm");
    };
    assert_eq!((message.source.ton, message.source.npi), (2, 1));
    assert_eq!(message.destination.to_string(), "+358401234567");
    assert_eq!((message.esm_class, message.registered_delivery), (3, 0x11));
    let receipt = vectors()
        .into_iter()
        .find_map(
            |(_, octets)| match Frame::read(&octets).expect("whole").pdu {
                Ok(Pdu::Deliver(message)) => Some(message),
                _ => None,
            },
        )
        .expect("a deliver_sm");
    assert!(receipt.is_receipt());
    assert_eq!(receipt.receipted_id.as_deref(), Some("m19"));
    assert_eq!(receipt.state, Some(2));
}

#[test]
fn a_bind_is_one_of_version_3_4_with_nothing_set_that_was_not_asked_for() {
    let pdu = Pdu::Bind {
        bind: Bind::Transceiver,
        system_id: "foo".into(),
        password: "bar".into(),
        system_type: "VMA".into(),
        address_range: String::new(),
    };
    let octets = Frame::write(1, Status::OK, &pdu).expect("fits");
    assert_eq!(
        HEXLOWER.encode(&octets),
        "0000002000000009000000000000000\
         1666f6f0062617200564d410034000000"
    );
    let too_long = Pdu::Bind {
        bind: Bind::Receiver,
        system_id: "foo".into(),
        password: "ninechars".into(),
        system_type: String::new(),
        address_range: String::new(),
    };
    assert_eq!(
        Frame::write(1, Status::OK, &too_long),
        Err(InvalidPdu::Text("the password"))
    );
    let plain = Frame::write(1, Status::OK, &Pdu::Submit(Box::default())).expect("fits");
    assert!(plain[16..].iter().all(|b| *b == 0), "no default of a crate");
}

#[test]
fn long_content_travels_as_a_parameter_and_comes_back() {
    let message = ShortMessage {
        octets: vec![7; 300],
        sar: Some((9, 2, 1)),
        receipted_id: Some("a".into()),
        state: Some(2),
        ..ShortMessage::default()
    };
    let pdu = Pdu::Deliver(Box::new(message));
    let octets = Frame::write(3, Status::OK, &pdu).expect("fits");
    assert_eq!(Frame::read(&octets).expect("whole").pdu, Ok(pdu));
}

#[test]
fn refusals_may_come_without_fields_and_nonsense_keeps_its_header() {
    let refusal = Frame::refusal(0x8000_0004, 7, Status(0x58));
    let frame = Frame::read(&refusal).expect("whole");
    assert_eq!(frame.status, Status(0x58));
    assert_eq!(frame.pdu, Ok(Pdu::SubmitResp { id: String::new() }));

    let (_, first) = &vectors()[0];
    let mut cut = first[..40].to_vec();
    cut[3] = 40;
    let frame = Frame::read(&cut).expect("its header is whole");
    assert_eq!(
        (frame.sequence, frame.pdu),
        (0x38, Err(InvalidPdu::Fields(4)))
    );

    assert_eq!(Frame::length(&[0, 0]), Ok(None));
    assert_eq!(Frame::length(&[0, 0, 0, 15]), Err(InvalidPdu::Length(15)));
    assert!(Frame::length(&[0xff; 4]).is_err());
}

#[test]
fn octets_behind_a_pdu_without_fields_do_not_change_what_it_is() {
    for (id, pdu) in [
        (0x8000_0000_u32, Pdu::GenericNack),
        (0x0000_0015, Pdu::EnquireLink),
        (0x8000_0015, Pdu::EnquireLinkResp),
        (0x0000_0006, Pdu::Unbind),
        (0x8000_0006, Pdu::UnbindResp),
    ] {
        for length in [16_u32, 20] {
            let mut octets: Vec<u8> = [length, id, 0, 7]
                .iter()
                .flat_map(|n| n.to_be_bytes())
                .collect();
            octets.resize(length as usize, b'1');
            let frame = Frame::read(&octets).expect("a frame");
            assert_eq!(
                (frame.sequence, frame.pdu.as_ref()),
                (7, Ok(&pdu)),
                "{length}"
            );
        }
    }
}

#[test]
fn what_only_receipts_have_is_no_part_of_a_submitted_message() {
    let message = ShortMessage {
        receipted_id: Some("m19".to_owned()),
        state: Some(2),
        ..ShortMessage::default()
    };
    let written = Frame::write(3, Status::OK, &Pdu::Deliver(Box::new(message))).expect("it fits");
    let mut submitted = written.clone();
    submitted[7] = 4;
    let plain = Pdu::Submit(Box::default());
    assert_eq!(Frame::read(&submitted).expect("a frame").pdu, Ok(plain));
}
