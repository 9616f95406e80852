use data_encoding::HEXLOWER;
use proptest::prelude::*;

use super::*;

#[test]
fn capacities_are_those_of_the_standard() {
    let eight = Some((Reference::Eight(1), 2, 1));
    let sixteen = Some((Reference::Sixteen(1), 2, 1));
    let ports = Some((2948, 9200));
    for (header, octets, seven, eight_bit, sixteen_bit) in [
        (
            Header {
                ports: None,
                part: None,
            },
            0,
            160,
            140,
            70,
        ),
        (
            Header {
                ports: None,
                part: eight,
            },
            6,
            153,
            134,
            67,
        ),
        (
            Header {
                ports: None,
                part: sixteen,
            },
            7,
            152,
            133,
            66,
        ),
        (Header { ports, part: None }, 7, 152, 133, 66),
        (Header { ports, part: eight }, 12, 146, 128, 64),
    ] {
        let length = header.to_octets().len();
        assert_eq!(length, octets);
        assert_eq!(Encoding::Gsm7.capacity(length), seven);
        assert_eq!(Encoding::Binary.capacity(length), eight_bit);
        assert_eq!(Encoding::Ucs2.capacity(length), sixteen_bit);
        assert_eq!(Header::parse(&header.to_octets()), Ok(header));
    }
}

#[test]
fn the_meter_counts_septets_escapes_and_units() {
    for (text, expected) in [
        ("", "GSM-7, 0 of 160 septets, 1 message"),
        (&"a".repeat(160), "GSM-7, 160 of 160 septets, 1 message"),
        (&"a".repeat(161), "GSM-7, 161 of 306 septets, 2 messages"),
        (&"€".repeat(80), "GSM-7, 160 of 160 septets, 1 message"),
        (&"`".repeat(70), "UCS-2, 70 of 70 UTF-16 units, 1 message"),
        (
            &"😀".repeat(36),
            "UCS-2, 72 of 134 UTF-16 units, 2 messages",
        ),
    ] {
        assert_eq!(
            Meter::of(text).expect("short").to_string(),
            expected,
            "{text:.20}"
        );
    }
    assert_eq!(
        Meter::of(&"a".repeat(153 * 255 + 1)),
        Err(InvalidSegments::TooLong(256))
    );
}

#[test]
fn the_meter_agrees_with_the_sketch_of_its_screen() {
    let draft: crate::sms::Draft =
        "KME 2.00 ........ lck(Please%20call%20IT%3A%20555-0100) loc(3,60)"
            .parse()
            .expect("a draft");
    let meter = Meter::of(&draft.with_placeholders()).expect("short");
    assert_eq!(meter.to_string(), "GSM-7, 82 of 160 septets, 1 message");
}

#[test]
fn pairs_are_never_parted() {
    // 152 septets, then a euro sign that would straddle the end of the first segment.
    let text = format!("{}€{}", "a".repeat(152), "b".repeat(20));
    let segments = split(&text, None, Reference::Eight(0xcc)).expect("short");
    let lengths: Vec<_> = segments.iter().map(|s| s.payload.len()).collect();
    assert_eq!(lengths, [152, 22]);
    assert_eq!(HEXLOWER.encode(&segments[0].header), "050003cc0201");
    let text = format!("{}😀{}", "ǻ".repeat(33), "b".repeat(20));
    let segments = split(&text, None, Reference::Sixteen(0x1234)).expect("short");
    assert!(
        segments
            .iter()
            .all(|s| s.payload.len() <= 132 && s.payload.len() % 2 == 0)
    );
    assert_eq!(HEXLOWER.encode(&segments[1].header), "06080412340202");
    assert_eq!(join(&segments), Ok(text));
}

#[test]
fn only_the_segments_of_one_text_are_joined() {
    let text = "x".repeat(400);
    let mut segments = split(&text, None, Reference::Eight(7)).expect("short");
    assert_eq!(segments.len(), 3);
    segments.reverse();
    assert_eq!(join(&segments), Ok(text.clone()));
    assert_eq!(join(&segments[1..]), Err(InvalidSegments::NotOneText));
    let other = split(&text, None, Reference::Eight(8)).expect("short");
    segments[0] = other[2].clone();
    assert_eq!(join(&segments), Err(InvalidSegments::NotOneText));
    assert_eq!(join(&[]), Err(InvalidSegments::NotOneText));
}

#[test]
fn a_malformed_header_is_refused_and_a_void_part_passed_over() {
    for octets in [
        &[5, 0, 3, 1, 2][..],
        &[1, 0],
        &[2, 0, 1],
        &[3, 0, 1, 9],
        &[0, 1],
    ] {
        assert_eq!(
            Header::parse(octets),
            Err(InvalidSegments::Header),
            "{octets:?}"
        );
    }
    assert_eq!(Header::parse(&[5, 0, 3, 1, 2, 3]), Ok(Header::default()));
    assert_eq!(Header::parse(&[4, 0x24, 2, 1, 2]), Ok(Header::default()));
}

proptest! {
    #[test]
    fn what_is_split_is_joined_again(
        text in "([ -~]|[€\\[\\]^åΩ]|[中😀]){0,400}",
        seed in any::<u16>(),
        wide in any::<bool>(),
    ) {
        let reference = if wide { Reference::Sixteen(seed) } else { Reference::Eight(seed.to_le_bytes()[0]) };
        let mut segments = split(&text, None, reference).expect("short");
        prop_assert!(segments.iter().all(|s| s.user_data().len() <= 140));
        let turns = usize::from(seed) % segments.len();
        segments.rotate_left(turns);
        prop_assert_eq!(join(&segments), Ok(text));
    }

    #[test]
    fn any_header_is_read_without_panic(octets in proptest::collection::vec(any::<u8>(), 0..24)) {
        let _ = Header::parse(&octets).is_ok();
    }
}
