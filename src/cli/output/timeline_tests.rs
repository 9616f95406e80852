use super::*;
use crate::api::{ActionResult, Attempt};
use crate::cli::output::action_card;
use crate::domain::{ActionState, Bearer, Sequence, ShortId};

const ASKED: i64 = 1_795_000_000_000;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ASKED + ms)
}

fn attempt(ms: i64, bearer: Bearer, target: &str, outcome: &str, accepted: bool) -> Attempt {
    Attempt {
        at: at(ms),
        bearer,
        target: target.into(),
        outcome: outcome.into(),
        accepted,
        because: None,
        elapsed_ms: 0,
        messages: Vec::new(),
    }
}

fn lock() -> ActionView {
    ActionView {
        id: ShortId::from_random([1; 5]),
        device: ShortId::from_random([2; 5]),
        device_name: "Nokia G42".into(),
        server: "eu-north".into(),
        action: "lck()".parse().expect("an action"),
        sequence: Sequence::new(4),
        epoch: 1,
        state: ActionState::Done,
        unconfirmed: false,
        operator: "anna".into(),
        reason: Some("stolen".into()),
        ticket: Some("INC-4471".into()),
        via: None,
        by_hand: false,
        created_at: at(0),
        updated_at: at(19_200),
        next_try_at: None,
        expires_at: at(604_800_000),
        attempts: vec![
            attempt(
                12,
                Bearer::SipDirect,
                "sip:eriksson@10.4.7.31:5060",
                "no answer after 4.0 s",
                false,
            ),
            attempt(
                4_020,
                Bearer::Push,
                "fcm:dGVz…tlbg through fcm-main",
                "fcm-main says that this token has ended: UNREGISTERED",
                false,
            ),
            attempt(
                4_180,
                Bearer::Sms,
                "+14…37 through kannel-1",
                "accepted by kannel-1 in 38 ms",
                true,
            ),
            // Its receipt was recorded after the session.
            attempt(
                18_000,
                Bearer::Session,
                "session",
                "fetched by the device",
                true,
            ),
            attempt(
                9_400,
                Bearer::Sms,
                "kannel-1",
                "receipt: delivered to the phone",
                true,
            ),
        ],
        result: Some(ActionResult {
            state: ActionState::Done,
            code: "ok".into(),
            at: at(99_000),
            fields: Default::default(),
            xml: String::new(),
        }),
    }
}

#[test]
fn an_action_is_told_from_its_beginning_to_its_end_in_eighty_columns() {
    let view = action_card(&lock(), at(60_000));
    let text = view.text.as_deref().expect("a card");
    let (_, story) = text.split_once("\n\n").expect("a title");
    let (_, story) = story.split_once("\n\n").expect("facts, then the story");
    assert_eq!(
        story,
        "\
\x20 11:06:40                asked      by anna, number 00000004
  11:06:40        +12 ms  sip direct sip:eriksson@10.4.7.31:5060: no answer
                                     after 4.0 s
  11:06:44        +4.0 s  push       fcm:dGVz…tlbg through fcm-main: fcm-main
                                     says that this token has ended:
                                     UNREGISTERED
  11:06:44        +4.2 s  sms        +14…37 through kannel-1: accepted by
                                     kannel-1 in 38 ms
  11:06:49        +9.4 s  receipt    kannel-1: delivered to the phone
  11:06:58       +18.0 s  fetched    fetched by the device
  11:06:59       +19.2 s  result     done (ok)

"
    );
    assert!(text.lines().all(|line| width_of(line) <= WIDTH), "{text}");
    let document = view.document();
    let kinds: Vec<&str> = document["timeline"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|m| m["kind"].as_str().expect("a word"))
        .collect();
    assert_eq!(
        kinds,
        [
            "asked", "not-sent", "not-sent", "sent", "receipt", "fetched", "result"
        ]
    );
    assert_eq!(document["timeline"][3]["bearer"], "sms");
    assert_eq!(document["schema"], "callhome/action/v1");
    assert_eq!(document["sequence"], "00000004", "the action's own fields");
}

#[test]
fn what_comes_next_is_told_of_an_open_action_and_other_days_have_their_date() {
    let mut open = lock();
    open.state = ActionState::Sent;
    open.result = None;
    open.attempts.truncate(1);
    open.next_try_at = Some(at(86_400_000));
    let text = story(&open.timeline(), at(86_370_000), Some(open.created_at));
    assert_eq!(
        text,
        "\
\x20 2026-11-18 11:06:40                asked      by anna, number 00000004
  2026-11-18 11:06:40        +12 ms  sip direct sip:eriksson@10.4.7.31:5060: no
                                                answer after 4.0 s
  2026-11-19 11:06:40  +1440 min 0 s  next try   in 30.0 s
"
    );
}

#[test]
fn a_devices_log_has_what_was_heard_and_what_was_asked_in_one_order() {
    let line = |id, ms, kind: &str, text: &str| DeviceLogLine {
        id,
        at: at(ms),
        kind: kind.into(),
        text: text.into(),
    };
    let heard = [
        line(7, -5_000, "sip.register", "registered"),
        line(
            8,
            18_000,
            "session",
            "session k7m2x4qd, 1 action handed out",
        ),
    ];
    let view = device_log(&heard, &[lock()], &[], 6);
    let items = view.items();
    let told: Vec<(&str, Option<u64>)> = items
        .iter()
        .map(|m| (m["kind"].as_str().expect("a word"), m["id"].as_u64()))
        .collect();
    assert_eq!(
        told,
        [
            ("action.not-sent", None),
            ("action.sent", None),
            ("action.receipt", None),
            ("session", Some(8)),
            ("action.fetched", None),
            ("action.result", None),
        ]
    );
}
