use std::time::Duration;

use callhome::domain::{ShortId, Timestamp};
use callhome::port::{ReceiptKey, SmsPart};
use callhome::sms::smpp::{Alphabet, IdForm, IdKeys, Reading};
use callhome::sms::{Fragment, Joined, ReceiptOutcome, Reference};

use super::Store;
use super::fixtures::{at, short_id};

const DELIVERED: ReceiptOutcome = ReceiptOutcome::Delivered;

fn part(reference: ShortId, number: u8, total: u8) -> SmsPart {
    SmsPart {
        reference,
        send: 7,
        number,
        total,
    }
}

fn answered(id: &str) -> Option<IdKeys> {
    Some(IdForm::HexThenDecimal.of_answer(id))
}

fn told(id: &str) -> ReceiptKey {
    ReceiptKey::Id(IdForm::HexThenDecimal.of_receipt(id))
}

pub(crate) async fn receipts_find_their_segment_and_a_message_is_what_all_of_them_say(
    store: impl Store,
) {
    let message = short_id();
    for (number, id) in [(1, "1A"), (2, "1B")] {
        let taken = store
            .part_taken("smsc-1", part(message, number, 2), answered(id), at(1))
            .await;
        assert_eq!(taken.expect("kept"), None, "no receipt yet");
    }
    // Decimal in the receipt, hexadecimal in the answer; ids are each gateway's own.
    let stranger = store
        .part_receipt("smsc-2", told("26"), DELIVERED, "not ours", at(2))
        .await;
    assert_eq!(stranger.expect("kept"), None);
    let change = store
        .part_receipt(
            "smsc-1",
            told("0000000026"),
            DELIVERED,
            "stat:DELIVRD",
            at(2),
        )
        .await
        .expect("kept")
        .expect("known");
    assert_eq!(change.part, part(message, 1, 2));
    assert_eq!(change.after.joined(), Joined::Pending);
    let change = store
        .part_receipt("smsc-1", told("27"), DELIVERED, "stat:DELIVRD", at(3))
        .await
        .expect("kept")
        .expect("known");
    assert_eq!(
        (change.before.joined(), change.after.joined()),
        (Joined::Pending, Joined::Delivered)
    );
    // A late word against it changes nothing.
    let change = store
        .part_receipt("smsc-1", told("27"), ReceiptOutcome::Failed, "late", at(4))
        .await
        .expect("kept")
        .expect("known");
    assert_eq!(change.before, change.after);
    let records = store.parts_of(message).await.expect("read");
    let kept: Vec<_> = records
        .iter()
        .map(|r| {
            (
                r.part.number,
                r.id.as_deref(),
                r.outcome,
                r.words.as_str(),
                r.at,
            )
        })
        .collect();
    let words = "stat:DELIVRD";
    assert_eq!(
        kept,
        [
            (1, Some("1A"), Some(DELIVERED), words, at(2)),
            (2, Some("1B"), Some(DELIVERED), words, at(3)),
        ]
    );
}

pub(crate) async fn a_receipt_that_comes_before_its_answer_waits_for_it(store: impl Store) {
    let message = short_id();
    let early = store
        .part_receipt(
            "smsc-1",
            told("26"),
            ReceiptOutcome::Failed,
            "stat:UNDELIV",
            at(1),
        )
        .await;
    assert_eq!(early.expect("kept"), None);
    let change = store
        .part_taken("smsc-1", part(message, 1, 1), answered("1A"), at(2))
        .await
        .expect("kept")
        .expect("told before");
    assert_eq!(change.before.joined(), Joined::Pending);
    assert_eq!(
        change.after.joined(),
        Joined::Failed(ReceiptOutcome::Failed)
    );
    // A centre that begins again uses the id again: the newest message is meant.
    let newer = short_id();
    let taken = store
        .part_taken("smsc-1", part(newer, 1, 1), answered("1A"), at(3))
        .await;
    assert_eq!(taken.expect("kept"), None);
    let change = store
        .part_receipt("smsc-1", told("26"), DELIVERED, "", at(4))
        .await
        .expect("kept")
        .expect("known");
    assert_eq!(change.part.reference, newer);
}

pub(crate) async fn a_gateway_without_ids_names_the_segment_itself(store: impl Store) {
    let message = short_id();
    let key = |number| ReceiptKey::Part(part(message, number, 2));
    // Even when nothing was noted of it, as after a crash between sending and noting.
    for (number, joined) in [(2, Joined::Pending), (1, Joined::Delivered)] {
        let change = store
            .part_receipt("kannel", key(number), DELIVERED, "", at(1))
            .await
            .expect("kept")
            .expect("named");
        assert_eq!(change.after.joined(), joined);
    }
}

pub(crate) async fn an_id_that_is_converted_never_finds_the_message_that_has_it_as_it_is_written(
    store: impl Store,
) {
    // 0x10 is 16, and 0x16 is 22: what one message is called in the answer, another is in the receipt.
    let (sixteen, twenty_two) = (short_id(), short_id());
    for (message, id) in [(sixteen, "10"), (twenty_two, "16")] {
        let taken = store
            .part_taken("smsc-1", part(message, 1, 1), answered(id), at(1))
            .await;
        assert_eq!(taken.expect("kept"), None);
    }
    let told_of = async |id: &str, when: i64| {
        store
            .part_receipt("smsc-1", told(id), DELIVERED, "", at(when))
            .await
            .expect("kept")
            .map(|change| change.part.reference)
    };
    assert_eq!(told_of("16", 2).await, Some(sixteen));
    assert_eq!(told_of("22", 3).await, Some(twenty_two));
    // One that comes before its answer finds nobody else's, and waits for its own.
    assert_eq!(told_of("32", 4).await, None);
    let other = store
        .part_taken("smsc-1", part(short_id(), 1, 1), answered("32"), at(5))
        .await;
    assert_eq!(other.expect("kept"), None);
    let own = store
        .part_taken("smsc-1", part(short_id(), 1, 1), answered("20"), at(6))
        .await;
    assert!(own.expect("kept").is_some());
}

pub(crate) async fn a_receipt_that_nobody_missed_says_nothing_of_a_later_message_with_its_id(
    store: impl Store,
) {
    let stray = store
        .part_receipt("smsc-1", told("26"), DELIVERED, "", at(1))
        .await;
    assert_eq!(stray.expect("kept"), None);
    let later = store
        .part_taken("smsc-1", part(short_id(), 1, 1), answered("1A"), at(1_000))
        .await;
    assert_eq!(later.expect("kept"), None, "a centre that began again");
}

pub(crate) async fn a_gateway_tells_of_its_own_messages_only(store: impl Store) {
    let message = short_id();
    let taken = store
        .part_taken("kannel-1", part(message, 1, 1), None, at(1))
        .await;
    assert_eq!(taken.expect("kept"), None);
    let tell = async |gateway: &str, send: u32| {
        let part = SmsPart {
            send,
            ..part(message, 1, 1)
        };
        store
            .part_receipt(gateway, ReceiptKey::Part(part), DELIVERED, "", at(2))
            .await
            .expect("answered")
    };
    for send in [7, 8] {
        assert_eq!(tell("kannel-2", send).await, None, "{send}");
    }
    let records = store.parts_of(message).await.expect("read");
    assert!(matches!(&records[..], [one] if one.outcome.is_none()));
    let change = tell("kannel-1", 7).await.expect("its own");
    assert_eq!(change.after.joined(), Joined::Delivered);
}

fn fragment(number: u8, octets: &[u8]) -> Fragment {
    Fragment {
        from: "+358401234567".parse().ok(),
        sender: "+358401234567".into(),
        to: "12345".into(),
        reference: Reference::Eight(42),
        total: 3,
        number,
        reading: Reading::In(Alphabet::Gsm),
        octets: octets.to_vec(),
    }
}

async fn keep(store: &impl Store, fragment: &Fragment, when: Timestamp) -> Option<Vec<Fragment>> {
    let kept = store.keep_fragment("smsc-1", fragment.clone(), when).await;
    kept.expect("kept")
}

pub(crate) async fn parts_of_a_phones_message_wait_for_each_other_and_are_taken_once(
    store: impl Store,
) {
    let parts = [b"one ", b"two ", b"six!"];
    let parts: Vec<Fragment> = (1..).zip(parts).map(|(n, o)| fragment(n, o)).collect();
    assert_eq!(keep(&store, &parts[2], at(1)).await, None);
    assert_eq!(keep(&store, &parts[0], at(2)).await, None);
    assert_eq!(keep(&store, &parts[0], at(3)).await, None, "a repeat");
    // Those of others do not count: another sender, receiver, reference, size, gateway.
    let number = "+358501234567";
    let others = [
        Fragment {
            sender: number.into(),
            from: number.parse().ok(),
            ..parts[1].clone()
        },
        Fragment {
            to: "12346".into(),
            ..parts[1].clone()
        },
        Fragment {
            reference: Reference::Sixteen(42),
            ..parts[1].clone()
        },
        Fragment {
            total: 4,
            ..parts[1].clone()
        },
    ];
    for other in &others {
        assert_eq!(keep(&store, other, at(4)).await, None, "{other:?}");
    }
    let elsewhere = store.keep_fragment("smsc-2", parts[1].clone(), at(4)).await;
    assert_eq!(elsewhere.expect("kept"), None);
    let whole = keep(&store, &parts[1], at(5)).await.expect("whole");
    assert_eq!(whole, parts, "in order, as they were given");
    // Nobody took it yet: the repeat of a part brings it again.
    assert_eq!(keep(&store, &parts[1], at(6)).await, Some(whole.clone()));
    store
        .fragments_taken("smsc-1", whole, at(7))
        .await
        .expect("noted");
    for part in &parts {
        assert_eq!(keep(&store, part, at(8)).await, None, "it was taken");
    }
    // Another message under the same reference is one.
    let words: [&[u8]; 3] = [b"seven ", b"two ", b"nine"];
    let next: Vec<Fragment> = (1..).zip(words).map(|(n, o)| fragment(n, o)).collect();
    assert_eq!(keep(&store, &next[0], at(9)).await, None);
    assert_eq!(keep(&store, &next[1], at(9)).await, None);
    assert_eq!(keep(&store, &next[2], at(9)).await, Some(next));
}

pub(crate) async fn one_who_sends_parts_without_end_pushes_out_its_own_only(store: impl Store) {
    let noise = |number, reference, total| Fragment {
        reference: Reference::Sixteen(reference),
        total,
        ..fragment(number, b"x")
    };
    let other = "+358501234567";
    let of_another = |number| Fragment {
        sender: other.into(),
        from: other.parse().ok(),
        ..noise(number, 1, 2)
    };
    assert_eq!(keep(&store, &of_another(1), at(0)).await, None);
    assert_eq!(keep(&store, &noise(1, 1, 2), at(0)).await, None);
    for n in 2..=700 {
        assert_eq!(keep(&store, &noise(1, n, 2), at(i64::from(n))).await, None);
    }
    // Two of the longest messages have room, and the newest stay.
    let whole = [(1, false), (100, false), (190, true), (700, true)];
    for (n, whole) in whole {
        let kept = keep(&store, &noise(2, n, 2), at(701)).await;
        assert_eq!(kept.is_some(), whole, "{n}");
    }
    assert!(keep(&store, &of_another(2), at(702)).await.is_some());
}

pub(crate) async fn parts_whose_rest_never_comes_are_forgotten(store: impl Store) {
    let day = Duration::from_secs(24 * 3600);
    assert_eq!(keep(&store, &fragment(1, b"a"), at(0)).await, None);
    assert_eq!(keep(&store, &fragment(2, b"b"), at(60)).await, None);
    // The first is gone by now, so the third makes nothing whole; the first again does.
    let late = at(30).after(day);
    assert_eq!(keep(&store, &fragment(3, b"c"), late).await, None);
    let whole = keep(&store, &fragment(1, b"a"), late).await;
    assert_eq!(whole.map(|parts| parts.len()), Some(3));
    // A repeat is known for ten minutes; after that it is the beginning of something new.
    let parts: Vec<Fragment> = [(1, b"a"), (2, b"b"), (3, b"c")]
        .map(|(n, o)| fragment(n, o))
        .to_vec();
    store
        .fragments_taken("smsc-1", parts.clone(), late)
        .await
        .expect("noted");
    let later = late.after(Duration::from_secs(601));
    assert_eq!(keep(&store, &parts[0], later).await, None);
    assert_eq!(keep(&store, &parts[1], later).await, None);
    assert!(keep(&store, &parts[2], later).await.is_some());
}
