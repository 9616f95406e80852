use super::*;

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn esme(window: usize, per_second: Option<u32>) -> Esme {
    Esme::new(EsmeSettings {
        bind: Bind::Transceiver,
        system_id: "foo".into(),
        password: "bar".into(),
        system_type: String::new(),
        window,
        per_second,
        enquire: seconds(30),
        answer: seconds(8),
    })
}

/// Everything it wants at this moment; PDUs read again.
fn all(esme: &mut Esme, now: Duration) -> (Vec<Frame>, Vec<Output>) {
    let (mut written, mut told) = (Vec::new(), Vec::new());
    while let Some(output) = esme.poll(now) {
        match output {
            Output::Write(octets) => written.push(Frame::read(&octets).expect("well formed")),
            other => told.push(other),
        }
    }
    (written, told)
}

fn hear(esme: &mut Esme, now: Duration, sequence: u32, status: u32, pdu: &Pdu) {
    let octets = Frame::write(sequence, Status(status), pdu).expect("fits");
    // In two pieces, as streams do.
    let (first, rest) = octets.split_at(7);
    esme.receive(now, first);
    esme.receive(now, rest);
}

fn bound(window: usize, per_second: Option<u32>) -> Esme {
    let mut esme = esme(window, per_second);
    esme.connected(Duration::ZERO);
    let (written, _) = all(&mut esme, Duration::ZERO);
    assert_eq!((written.len(), written[0].command), (1, 9));
    let pdu = Pdu::BindResp {
        bind: Bind::Transceiver,
        system_id: "TEST".into(),
    };
    hear(&mut esme, Duration::ZERO, 1, 0, &pdu);
    assert_eq!(all(&mut esme, Duration::ZERO).1, [Output::Bound]);
    esme
}

fn message(receipt: u8) -> ShortMessage {
    ShortMessage {
        registered_delivery: receipt,
        octets: b"x".to_vec(),
        ..ShortMessage::default()
    }
}

fn id(n: u64) -> Pdu {
    Pdu::SubmitResp {
        id: format!("m{n}"),
    }
}

fn taken(ticket: Ticket, late: bool) -> Output {
    Output::Taken {
        ticket,
        id: format!("m{ticket}"),
        late,
    }
}

#[test]
fn only_a_window_of_messages_is_unanswered_and_answers_come_in_any_order() {
    let mut esme = bound(2, None);
    for ticket in 1..=3 {
        esme.submit(ticket, message(1), seconds(60));
    }
    let (written, _) = all(&mut esme, Duration::ZERO);
    assert_eq!(
        written.iter().map(|f| f.sequence).collect::<Vec<_>>(),
        [2, 3]
    );
    assert_eq!(esme.load(), (1, 2));
    hear(&mut esme, seconds(1), 3, 0, &id(2));
    let (written, told) = all(&mut esme, seconds(1));
    assert_eq!(told, [taken(2, false)]);
    assert_eq!(written[0].sequence, 4);
    hear(
        &mut esme,
        seconds(1),
        2,
        0x0b,
        &Pdu::SubmitResp { id: String::new() },
    );
    assert_eq!(
        all(&mut esme, seconds(1)).1,
        [Output::Refused {
            ticket: 1,
            status: Status(0x0b),
            late: false
        }]
    );
}

#[test]
fn throttled_messages_wait_and_go_again_with_their_wish_for_a_receipt() {
    let mut esme = bound(3, None);
    for ticket in 1..=3 {
        esme.submit(ticket, message(0x11), seconds(60));
    }
    let (first, _) = all(&mut esme, Duration::ZERO);
    for frame in &first {
        hear(
            &mut esme,
            Duration::ZERO,
            frame.sequence,
            0x58,
            &Pdu::SubmitResp { id: String::new() },
        );
    }
    assert_eq!(
        all(&mut esme, Duration::ZERO),
        (vec![], vec![]),
        "it pauses"
    );
    let wake = esme.wake_at().expect("a pause ends");
    assert_eq!(wake, SHORTEST_PAUSE, "one window is one refusal");
    let (again, _) = all(&mut esme, wake);
    assert_eq!(again.len(), 3);
    for (frame, before) in again.iter().zip(first.iter().rev()) {
        let (Ok(Pdu::Submit(now)), Ok(Pdu::Submit(then))) = (&frame.pdu, &before.pdu) else {
            panic!("submit_sm");
        };
        assert_eq!(now.registered_delivery, 0x11);
        assert_eq!(now, then);
        hear(
            &mut esme,
            wake,
            frame.sequence,
            0x14,
            &Pdu::SubmitResp { id: String::new() },
        );
    }
    // The second pause is longer; the end of the messages' time comes all the same.
    all(&mut esme, wake);
    assert_eq!(esme.wake_at(), Some(wake + SHORTEST_PAUSE * 2));
    esme.throttled_until = seconds(100);
    let (_, told) = all(&mut esme, seconds(60));
    assert_eq!(told.len(), 3);
    assert!(told.iter().all(|o| matches!(
        o,
        Output::NotSent {
            status: Some(Status(0x14)),
            ..
        }
    )));
}

#[test]
fn what_was_unanswered_when_the_connection_ended_is_unknown_and_the_rest_goes_over_the_next() {
    let mut esme = bound(2, None);
    for ticket in 1..=4 {
        esme.submit(ticket, message(1), seconds(60));
    }
    all(&mut esme, Duration::ZERO);
    esme.disconnected();
    assert_eq!(
        all(&mut esme, seconds(1)).1,
        [Output::Unknown { ticket: 1 }, Output::Unknown { ticket: 2 }]
    );
    assert!(!esme.is_bound());
    esme.connected(seconds(2));
    let pdu = Pdu::BindResp {
        bind: Bind::Transceiver,
        system_id: String::new(),
    };
    hear(&mut esme, seconds(2), 1, 0, &pdu);
    let (written, _) = all(&mut esme, seconds(2));
    // The bind and the two that had not been sent; never the unknown ones.
    assert_eq!(
        written.iter().map(|f| f.command).collect::<Vec<_>>(),
        [9, 4, 4]
    );
    assert_eq!(esme.load(), (0, 2));
}

#[test]
fn a_late_answer_is_told_as_such() {
    let mut esme = bound(1, None);
    esme.submit(7, message(1), seconds(60));
    all(&mut esme, Duration::ZERO);
    assert_eq!(
        all(&mut esme, seconds(8)).1,
        [Output::Unknown { ticket: 7 }]
    );
    hear(&mut esme, seconds(9), 2, 0, &id(7));
    assert_eq!(all(&mut esme, seconds(9)).1, [taken(7, true)]);
    hear(&mut esme, seconds(9), 2, 0, &id(7));
    assert_eq!(all(&mut esme, seconds(9)).1, [], "once");
}

#[test]
fn errors_inside_the_centre_are_tried_three_times() {
    let mut esme = bound(1, None);
    esme.submit(1, message(1), seconds(60));
    let mut now = Duration::ZERO;
    for _ in 0..3 {
        let (written, told) = all(&mut esme, now);
        assert_eq!((written.len(), told.len()), (1, 0));
        hear(
            &mut esme,
            now,
            written[0].sequence,
            0x08,
            &Pdu::SubmitResp { id: String::new() },
        );
        if let Some(wake) = esme.wake_at() {
            now = wake.max(now);
        }
    }
    let (_, told) = all(&mut esme, now);
    assert_eq!(
        told,
        [Output::Refused {
            ticket: 1,
            status: Status(0x08),
            late: false
        }]
    );
}

#[test]
fn what_waits_is_given_back_when_its_own_time_ends_whatever_was_sent_before_it() {
    let mut esme = bound(1, None);
    // The first is sent, the second taken back, the third fails over there; the others wait for the window.
    for (ticket, until) in [(1, 5), (2, 6), (3, 40), (4, 20), (5, 50)] {
        esme.submit(ticket, message(1), seconds(until));
    }
    let (written, _) = all(&mut esme, Duration::ZERO);
    assert!(esme.withdraw(2));
    assert_eq!(esme.load(), (3, 1));
    hear(&mut esme, seconds(1), written[0].sequence, 0, &id(1));
    let (written, told) = all(&mut esme, seconds(1));
    assert_eq!((written.len(), told), (1, vec![taken(1, false)]));
    let refused = Pdu::SubmitResp { id: String::new() };
    hear(&mut esme, seconds(2), written[0].sequence, 0x08, &refused);
    // The fourth has the window now; the third waits for its second try.
    let (written, _) = all(&mut esme, seconds(2));
    assert_eq!(written.len(), 1);
    assert_eq!(esme.load(), (2, 1));
    esme.disconnected();
    let given_back = |ticket, status| Output::NotSent { ticket, status };
    let mut ended = Vec::new();
    let mut wakes = 0;
    while let Some(wake) = esme.wake_at() {
        let (_, told) = all(&mut esme, wake);
        ended.extend(told.into_iter().map(|one| (wake, one)));
        wakes += 1;
        assert!(wakes < 10, "it wakes for nothing");
    }
    let unknown = |(_, output): &(Duration, Output)| matches!(output, Output::Unknown { .. });
    ended.retain(|one| !unknown(one));
    let expected = [
        (seconds(40), given_back(3, Some(Status(0x08)))),
        (seconds(50), given_back(5, None)),
    ];
    assert_eq!(ended, expected);
    assert_eq!(esme.load(), (0, 0));
}

#[test]
fn the_throughput_limit_holds_over_a_second() {
    let mut esme = bound(1000, Some(50));
    for ticket in 0..200 {
        esme.submit(ticket, message(1), seconds(60));
    }
    let (mut now, mut sent) = (Duration::ZERO, 0);
    while now < seconds(1) {
        sent += all(&mut esme, now).0.len();
        // A timer that is late now and then.
        now = esme
            .wake_at()
            .expect("more to send")
            .max(now + Duration::from_millis(7));
    }
    assert!((48..=52).contains(&sent), "{sent}");
}

#[test]
fn silence_is_asked_about_and_then_ends_the_session() {
    let mut esme = bound(1, None);
    assert_eq!(esme.wake_at(), Some(seconds(30)));
    let (written, _) = all(&mut esme, seconds(30));
    assert_eq!(written[0].command, 0x15);
    hear(
        &mut esme,
        seconds(31),
        written[0].sequence,
        0,
        &Pdu::EnquireLinkResp,
    );
    assert_eq!(all(&mut esme, seconds(40)), (vec![], vec![]));
    all(&mut esme, seconds(61));
    let (_, told) = all(&mut esme, seconds(69));
    assert!(matches!(&told[..], [Output::Close(_)]), "{told:?}");
}

#[test]
fn what_the_centre_asks_is_answered_in_every_state() {
    let mut esme = bound(1, None);
    hear(&mut esme, seconds(1), 90, 0, &Pdu::EnquireLink);
    let deliver = Pdu::Deliver(Box::default());
    hear(&mut esme, seconds(1), 91, 0, &deliver);
    let (written, told) = all(&mut esme, seconds(1));
    assert_eq!((written[0].command, written[0].sequence), (0x8000_0015, 90));
    assert!(matches!(&told[..], [Output::Deliver { sequence: 91, .. }]));
    esme.answer(91, Status::OK);
    let (written, _) = all(&mut esme, seconds(1));
    assert_eq!((written[0].command, written[0].sequence), (0x8000_0005, 91));
    hear(&mut esme, seconds(1), 92, 0, &Pdu::Other(0x103));
    let (written, _) = all(&mut esme, seconds(1));
    assert_eq!(
        (written[0].command, written[0].status),
        (0x8000_0000, Status(3))
    );
    hear(&mut esme, seconds(1), 93, 0, &Pdu::Unbind);
    let (written, told) = all(&mut esme, seconds(1));
    assert_eq!(written[0].command, 0x8000_0006);
    assert!(matches!(&told[..], [Output::Close(_)]));
}

#[test]
fn a_refused_bind_and_a_silent_one_are_told() {
    let mut refused = esme(1, None);
    refused.connected(Duration::ZERO);
    all(&mut refused, Duration::ZERO);
    refused.receive(
        Duration::ZERO,
        &Frame::refusal(0x8000_0009, 1, Status(0x0e)),
    );
    let (_, told) = all(&mut refused, Duration::ZERO);
    assert!(matches!(
        &told[..],
        [Output::NotBound(Status(0x0e)), Output::Close(_)]
    ));
    let mut silent = esme(1, None);
    silent.connected(Duration::ZERO);
    let (_, told) = all(&mut silent, seconds(8));
    assert!(matches!(&told[..], [Output::Close(_)]));
}

#[test]
fn octets_that_are_no_pdu_end_the_session() {
    let mut esme = bound(1, None);
    esme.receive(seconds(1), b"GET / HTTP/1.1\r\n\r\n");
    let (written, told) = all(&mut esme, seconds(1));
    assert_eq!(written[0].command, 0x8000_0000);
    assert!(matches!(&told[..], [Output::Close(_)]));
}
