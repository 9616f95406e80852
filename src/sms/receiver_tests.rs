use proptest::prelude::*;

use super::*;
use crate::domain::DeviceSecret;
use crate::sms::{Draft, SignedMessage, SmsKeys, Version};

const T0: Timestamp = Timestamp::from_millis(1_000_000);

fn keys() -> SmsKeys {
    SmsKeys::derive(&DeviceSecret::from_bytes([7; 32]))
}

fn message(sequence: u32, actions: &str) -> Verified {
    let draft: Draft = format!("KME 2.00 {sequence:08x} {actions}")
        .parse()
        .expect("a draft");
    let signed = draft.sign(&keys()).expect("numbered");
    SignedMessage::parse(signed.as_str().as_bytes())
        .expect("own text")
        .verify(&keys(), Version::V2)
        .expect("own token")
}

/// The decisions in short: `run 1 aud`, `hold 3`, …
fn short(decisions: &[Decision]) -> Vec<String> {
    let n = Sequence::value;
    decisions
        .iter()
        .map(|d| match d {
            Decision::Run { sequence, action } => format!("run {} {}", n(*sequence), action.name()),
            Decision::Resend(r) => format!("resend {}", n(r.sequence())),
            Decision::StillRunning(s) => format!("still {}", n(*s)),
            Decision::Hold { sequence, .. } => format!("hold {}", n(*sequence)),
            Decision::Superseded(r) => format!("superseded {}", n(r.sequence())),
            Decision::FetchLink { sequence, link } => format!("link {} {link}", n(*sequence)),
            Decision::FetchMissing(gaps) => gaps.iter().fold("missing".into(), |text, g| {
                format!("{text} {}-{}", n(g.first), n(g.last))
            }),
            Decision::Reply { statuses, .. } => statuses
                .iter()
                .fold("reply".into(), |text, s| format!("{text} {s}")),
            Decision::Discard { report, .. } => format!("discard {report:?}"),
            Decision::Report(count) => format!("report {count}"),
        })
        .collect()
}

fn done(sequence: u32, action: &str) -> ActionResult {
    let action: Action = action.parse().expect("an action");
    ActionResult::new(Sequence::new(sequence), &action, ResultStatus::Done, T0)
}

#[test]
fn the_next_runs_a_later_one_waits_and_a_repeat_is_answered() {
    let mut receiver = Receiver::default();
    assert_eq!(
        short(&receiver.receive(&message(2, "loc(1)"), T0)),
        ["hold 2"]
    );
    assert_eq!(
        short(&receiver.receive(&message(1, "aud()"), T0)),
        ["run 1 aud", "run 2 loc"]
    );
    assert_eq!(
        short(&receiver.receive(&message(1, "aud()"), T0)),
        ["still 1"]
    );
    assert!(receiver.finish(done(1, "aud()")).is_empty());
    assert_eq!(
        short(&receiver.receive(&message(1, "aud()"), T0)),
        ["resend 1"]
    );
    assert_eq!(receiver.unsent().count(), 1);
    receiver.acknowledge(Sequence::new(1));
    assert_eq!(receiver.unsent().count(), 0);
    assert_eq!(
        short(&receiver.receive(&message(1, "aud()"), T0)),
        ["resend 1"]
    );
}

#[test]
fn destructive_actions_do_not_wait_and_a_lower_one_is_superseded() {
    let mut receiver = Receiver::default();
    assert_eq!(
        short(&receiver.receive(&message(5, "lck() loc(1)"), T0)),
        ["run 5 lck", "hold 6"]
    );
    assert_eq!(
        short(&receiver.receive(&message(3, "ulk()"), T0)),
        ["superseded 3"]
    );
    assert_eq!(
        short(&receiver.receive(&message(3, "ulk()"), T0)),
        ["resend 3"]
    );
    assert_eq!(
        short(&receiver.receive(&message(1, "aud()"), T0)),
        ["run 1 aud"]
    );
    // Closing the last gaps lets the rest go.
    assert_eq!(
        short(&receiver.receive(&message(4, "nop()"), T0)),
        ["hold 4"]
    );
    assert_eq!(
        short(&receiver.receive(&message(2, "nop()"), T0)),
        ["run 2 nop", "run 4 nop", "run 6 loc"]
    );
    assert_eq!(receiver.highest(), Sequence::new(6));
    assert_eq!(receiver.poll_timeout(), None);
}

#[test]
fn missing_actions_are_asked_for_after_the_wait_and_again() {
    let mut receiver = Receiver::default();
    receiver.receive(&message(3, "loc(1)"), T0);
    receiver.receive(&message(6, "wip()"), T0.after(Duration::from_secs(1)));
    assert_eq!(
        receiver.poll_timeout(),
        Some(T0.after(Duration::from_secs(60)))
    );
    assert!(receiver.poll(T0.after(Duration::from_secs(59))).is_empty());
    let due = T0.after(Duration::from_secs(60));
    assert_eq!(short(&receiver.poll(due)), ["missing 1-2 4-5"]);
    assert!(receiver.poll(due).is_empty());
    assert_eq!(
        short(&receiver.poll(due.after(Duration::from_secs(60)))),
        ["missing 1-2 4-5"]
    );
    // A clock set back by an hour delays the next question by one wait, not by an hour.
    let back = T0.before(Duration::from_secs(3600));
    assert!(receiver.poll(back).is_empty());
    assert_eq!(
        short(&receiver.poll(back.after(Duration::from_secs(60)))),
        ["missing 1-2 4-5"]
    );
}

#[test]
fn wrong_messages_are_counted_and_reported_now_and_then() {
    let mut receiver = Receiver::default();
    let before = receiver.highest();
    let wrong = DiscardReason::Token(TokenFault::Mismatch);
    let mut reports = Vec::new();
    for second in 0..130 {
        let at = T0.after(Duration::from_secs(second));
        if let Decision::Discard {
            report: Some(count),
            ..
        } = receiver.discard(wrong, at)
        {
            reports.push((second, count));
        }
    }
    assert_eq!(reports, [(0, 1), (60, 60), (120, 60)]);
    let due = receiver.poll_timeout().expect("nine are not reported yet");
    assert_eq!(due, T0.after(Duration::from_secs(180)));
    assert_eq!(short(&receiver.poll(due)), ["report 9"]);
    assert_eq!(receiver.poll_timeout(), None);
    // They never stop a right one.
    assert_eq!(receiver.highest(), before);
    assert_eq!(
        short(&receiver.receive(&message(1, "aud()"), T0)),
        ["run 1 aud"]
    );
}

#[test]
fn a_reply_waits_for_every_action_and_its_nonce_serves_one_message() {
    let mut receiver = Receiver::default();
    let asked = message(1, "aud() lck() num(00112233aabbccdd)");
    assert_eq!(
        short(&receiver.receive(&asked, T0)),
        ["run 1 aud", "run 2 lck"]
    );
    assert!(receiver.finish(done(2, "lck()")).is_empty());
    assert_eq!(
        short(&receiver.finish(done(1, "aud()"))),
        ["reply ok() ok()"]
    );
    // The reply may have been lost: the same message is answered again …
    assert_eq!(
        short(&receiver.receive(&asked, T0)),
        ["resend 1", "resend 2", "reply ok() ok()"]
    );
    // … but another one under its nonce is not.
    assert_eq!(
        short(&receiver.receive(&message(3, "aud() num(00112233aabbccdd)"), T0)),
        ["run 3 aud"]
    );
    assert!(receiver.finish(done(3, "aud()")).is_empty());
    assert_eq!(
        short(&receiver.receive(&message(1, "aud() lck() num(00112233aabbccde)"), T0)),
        ["resend 1", "resend 2", "reply ok() ok()"]
    );
}

#[test]
fn a_link_is_followed_until_its_first_action_ran() {
    let mut receiver = Receiver::default();
    let link = message(1, "url(https%3A%2F%2Fmdm.example%2Fa%2F1)");
    assert_eq!(
        short(&receiver.receive(&link, T0)),
        ["link 1 https://mdm.example/a/1"]
    );
    assert_eq!(
        short(&receiver.receive(&message(1, "aud() loc(1)"), T0)),
        ["run 1 aud", "run 2 loc"]
    );
    receiver.finish(done(1, "aud()"));
    assert_eq!(short(&receiver.receive(&link, T0)), ["resend 1"]);
}

#[test]
fn memory_is_bounded_and_what_is_nearest_stays() {
    let settings = ReceiverSettings {
        max_held: 2,
        max_results: 2,
        ..ReceiverSettings::default()
    };
    let mut receiver = Receiver::new(1, settings);
    receiver.receive(&message(3, "aud()"), T0);
    receiver.receive(&message(9, "aud()"), T0);
    assert_eq!(
        short(&receiver.receive(&message(4, "aud()"), T0)),
        ["discard Some(1)", "hold 4"]
    );
    assert_eq!(
        short(&receiver.receive(&message(9, "aud()"), T0)),
        ["discard None"]
    );
    receiver.receive(&message(1, "aud() aud()"), T0);
    for n in 1..=4 {
        receiver.finish(done(n, "aud()"));
        receiver.acknowledge(Sequence::new(n));
    }
    assert_eq!(
        short(&receiver.receive(&message(4, "aud()"), T0)),
        ["resend 4"]
    );
    assert_eq!(
        short(&receiver.receive(&message(1, "aud()"), T0)),
        ["discard None"]
    );
}

#[test]
fn no_result_is_dropped_before_the_server_has_it_and_locks_find_room() {
    let settings = ReceiverSettings {
        max_unsent: 3,
        max_results: 1,
        ..ReceiverSettings::default()
    };
    let mut receiver = Receiver::new(1, settings);
    for n in 1..=3 {
        receiver.receive(&message(n, "aud()"), T0);
        receiver.finish(done(n, "aud()"));
    }
    // It is not taken, so it will be when it comes again.
    assert_eq!(
        short(&receiver.receive(&message(4, "aud()"), T0)),
        ["discard Some(1)"]
    );
    assert_eq!(
        short(&receiver.receive(&message(5, "lck()"), T0)),
        ["run 5 lck"]
    );
    receiver.finish(done(5, "lck()"));
    let unsent: Vec<u32> = receiver.unsent().map(|r| r.sequence().value()).collect();
    assert_eq!(unsent, [1, 2, 3, 5]);
    for n in [1, 2] {
        receiver.acknowledge(Sequence::new(n));
    }
    assert_eq!(
        short(&receiver.receive(&message(4, "aud()"), T0)),
        ["run 4 aud"]
    );
    receiver.finish(done(4, "aud()"));
    let unsent: Vec<u32> = receiver.unsent().map(|r| r.sequence().value()).collect();
    assert_eq!(unsent, [3, 4, 5]);
    assert_eq!(
        short(&receiver.receive(&message(2, "aud()"), T0)),
        ["resend 2"]
    );
}

#[test]
fn what_a_gap_is_closed_with_finds_room_so_that_those_behind_it_go_on() {
    let settings = ReceiverSettings {
        max_unsent: 2,
        ..ReceiverSettings::default()
    };
    let mut receiver = Receiver::new(1, settings);
    receiver.receive(&message(2, "aud() aud()"), T0);
    assert_eq!(
        short(&receiver.receive(&message(4, "aud()"), T0)),
        ["discard Some(1)"]
    );
    assert_eq!(
        short(&receiver.receive(&message(1, "nop()"), T0)),
        ["run 1 nop", "run 2 aud", "run 3 aud"]
    );
}

#[test]
fn a_device_with_replies_only_goes_on_after_many_and_answers_old_ones_again() {
    let settings = ReceiverSettings {
        text_only: true,
        max_unsent: 4,
        max_results: 4,
        ..ReceiverSettings::default()
    };
    let mut receiver = Receiver::new(1, settings);
    for n in 1..=600 {
        let asked = message(n, &format!("aud() num({n:016x})"));
        assert_eq!(
            short(&receiver.receive(&asked, T0)),
            [format!("run {n} aud")]
        );
        assert_eq!(short(&receiver.finish(done(n, "aud()"))), ["reply ok()"]);
    }
    // No reply arrived: the server asks once more.
    for n in 1..=600 {
        let again = message(n, &format!("aud() num({:016x})", n + 1_000));
        let expected = [format!("resend {n}"), "reply ok()".to_owned()];
        assert_eq!(short(&receiver.receive(&again, T0)), expected);
    }
}

#[test]
fn a_new_epoch_voids_what_waited_and_hands_over_what_was_not_sent() {
    let mut receiver = Receiver::default();
    receiver.receive(&message(1, "aud() loc(1)"), T0);
    receiver.receive(&message(7, "loc(1)"), T0);
    receiver.finish(done(1, "aud()"));
    let unsent = receiver.rekey(2);
    assert_eq!(unsent, [done(1, "aud()")]);
    assert_eq!((receiver.epoch(), receiver.highest()), (2, Sequence::ZERO));
    assert!(receiver.resume().is_empty());
    assert_eq!(receiver.poll_timeout(), None);
}

/// A device with a disk, a server that repeats what was not answered, and a bad network between.
struct World {
    dice: u64,
    messages: Vec<Verified>,
    /// What the disk holds.
    disk: String,
    effects: Vec<(u32, bool)>,
    answered: BTreeSet<u32>,
    now: Timestamp,
}

impl World {
    /// A number below `sides`, from a generator that needs only be repeatable.
    fn roll(&mut self, sides: u64) -> u64 {
        self.dice = self
            .dice
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.dice >> 33) % sides
    }

    fn load(&self) -> Receiver {
        serde_json::from_str(&self.disk).expect("own state")
    }

    fn save(&mut self, receiver: &Receiver) {
        self.disk = serde_json::to_string(receiver).expect("plain data");
    }

    fn deliver(&mut self, index: usize) {
        let mut receiver = self.load();
        let decisions = receiver.receive(&self.messages[index].clone(), self.now);
        self.save(&receiver);
        self.act(decisions);
    }

    fn act(&mut self, decisions: Vec<Decision>) {
        let mut receiver = self.load();
        for decision in decisions {
            match decision {
                Decision::Run { sequence, action } => {
                    // Power fails before the effect and its result are on the disk.
                    if self.roll(5) == 0 {
                        receiver = self.load();
                        let resumed = receiver.resume();
                        return self.act(resumed);
                    }
                    self.effects
                        .push((sequence.value(), action.is_destructive()));
                    let result = ActionResult::new(sequence, &action, ResultStatus::Done, self.now);
                    receiver.finish(result.clone());
                    self.save(&receiver);
                    self.answer(&result);
                }
                Decision::Resend(result) | Decision::Superseded(result) => self.answer(&result),
                Decision::FetchMissing(gaps) => {
                    let wanted = |v: &Verified| {
                        gaps.iter().any(|g| {
                            v.message().numbered_actions().any(|n| {
                                n.sequence.is_some_and(|s| (g.first..=g.last).contains(&s))
                            })
                        })
                    };
                    let found: Vec<usize> = (0..self.messages.len())
                        .filter(|i| wanted(&self.messages[*i]))
                        .collect();
                    self.save(&receiver);
                    for index in found {
                        self.deliver(index);
                    }
                    receiver = self.load();
                }
                _ => {}
            }
        }
        self.save(&receiver);
    }

    /// A third of the results is lost on the way.
    fn answer(&mut self, result: &ActionResult) {
        if self.roll(3) > 0 {
            self.answered.insert(result.sequence().value());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever is lost, repeated, reordered or cut off by a power failure: nothing runs twice, what
    /// does not destroy runs in order, and everything is answered in the end.
    #[test]
    fn each_action_runs_at_most_once_in_order_and_is_answered(
        dice in any::<u64>(),
        kinds in proptest::collection::vec(proptest::collection::vec(0_usize..6, 1..4), 1..12),
    ) {
        let names = ["aud()", "loc(1)", "msg(x)", "zzz(1)", "lck()", "wip()"];
        let mut first = 1_u32;
        let mut messages = Vec::new();
        for batch in &kinds {
            let actions: Vec<&str> = batch.iter().map(|k| names[*k]).collect();
            messages.push(message(first, &actions.join(" ")));
            first += u32::try_from(batch.len()).expect("few");
        }
        let count = messages.len();
        let mut world = World {
            dice,
            messages,
            disk: serde_json::to_string(&Receiver::default()).expect("plain data"),
            effects: Vec::new(),
            answered: BTreeSet::new(),
            now: T0,
        };
        let all = usize::try_from(first - 1).expect("few");
        for round in 0..400 {
            if world.answered.len() == all {
                break;
            }
            prop_assert!(round < 399, "never answered: {:?}", world.answered);
            for _ in 0..count {
                // Any message, in any order, again and again; a third is lost.
                let index = usize::try_from(world.roll(count as u64)).expect("few");
                if world.roll(3) > 0 {
                    world.deliver(index);
                }
            }
            world.now = world.now.after(Duration::from_secs(world.roll(40)));
            let mut receiver = world.load();
            let due = receiver.poll(world.now);
            world.save(&receiver);
            world.act(due);
        }
        let mut seen = BTreeSet::new();
        for (sequence, _) in &world.effects {
            prop_assert!(seen.insert(*sequence), "{} ran twice", sequence);
        }
        let ordered: Vec<u32> = world.effects.iter().filter(|(_, d)| !d).map(|(s, _)| *s).collect();
        prop_assert!(ordered.is_sorted(), "{:?}", ordered);
        let destructive: Vec<u32> = world.effects.iter().filter(|(_, d)| *d).map(|(s, _)| *s).collect();
        prop_assert!(destructive.is_sorted(), "{:?}", destructive);
        prop_assert_eq!(world.load().highest().value(), first - 1);
    }
}
