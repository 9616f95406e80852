use std::collections::BTreeMap;
use std::time::Duration;

use callhome::api::{ActionResult, ActionView, Device};
use callhome::domain::{ActionState, Bearer, Sequence, ShortId};
use callhome::port::{
    ActionFilter, IdempotencyClaim, PageOf, Precondition, Recorded, ResultDraft, Stamp, StoreError,
};

use super::Store;
use super::fixtures::{at, device, digest, enrolled, lock_order, order, short_id, stamp};

/// The answer to an `aud()`.
pub(super) fn answer(phone: &Device, sequence: u32, state: ActionState) -> ResultDraft {
    answer_to("aud", phone, sequence, state)
}

pub(crate) fn answer_to(
    action: &str,
    phone: &Device,
    sequence: u32,
    state: ActionState,
) -> ResultDraft {
    ResultDraft {
        device: phone.id,
        epoch: phone.epoch,
        sequence: Sequence::new(sequence),
        action: action.into(),
        result: ActionResult {
            state,
            code: "ok".into(),
            at: at(50),
            fields: BTreeMap::new(),
            xml: String::new(),
        },
        via: Bearer::Session,
        at: at(50),
    }
}

pub(super) fn key(key: &str, body: &str, outcome: &str) -> Stamp {
    Stamp {
        idempotency: Some(IdempotencyClaim {
            key: format!("anna {key}"),
            digest: digest(body),
            outcome: outcome.into(),
            at: at(0),
        }),
        ..Stamp::default()
    }
}

pub(crate) async fn numbers_are_given_in_order_and_once(store: impl Store) {
    let phone = enrolled(&store, "Phone").await;
    let tries: Vec<_> = (0..40)
        .map(|_| {
            let (store, order) = (store.clone(), order(&phone, "aud()"));
            tokio::spawn(async move {
                let view = store.create_action(order, Stamp::default()).await;
                view.expect("made").sequence.value()
            })
        })
        .collect();
    let mut numbers = Vec::new();
    for attempt in tries {
        numbers.push(attempt.await.expect("no panic"));
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=40).collect::<Vec<_>>());
    let page = PageOf {
        cursor: None,
        limit: 30,
    };
    let filter = ActionFilter {
        device: Some(phone.id),
        states: vec![ActionState::Pending],
        name: Some("aud".into()),
    };
    let first = store
        .actions(filter.clone(), page.clone())
        .await
        .expect("read");
    let second = store
        .actions(
            filter,
            PageOf {
                cursor: first.next,
                ..page
            },
        )
        .await
        .expect("read");
    assert_eq!((first.items.len(), second.items.len()), (30, 10));
    let seen = store.device(phone.id).await.expect("read").expect("there");
    assert_eq!(seen.open_actions, 40);
}

pub(crate) async fn a_given_number_closes_the_gap_below_it(store: impl Store) {
    let phone = enrolled(&store, "Phone").await;
    let mut new = order(&phone, "aud()");
    new.sequence = Some(Sequence::new(4));
    let made = store
        .create_action(new.clone(), Stamp::default())
        .await
        .expect("made");
    assert_eq!(made.sequence.value(), 4);
    new.id = short_id();
    let taken = store.create_action(new.clone(), Stamp::default()).await;
    assert!(matches!(taken, Err(StoreError::Conflict(_))), "{taken:?}");
    new.sequence = Some(Sequence::new(1_000_000));
    let far = store.create_action(new, Stamp::default()).await;
    assert!(matches!(far, Err(StoreError::Conflict(_))), "{far:?}");
    // A device that runs in order asks for those below and gets something to close them with.
    let missing: Vec<Sequence> = (1..4).map(Sequence::new).collect();
    let got = store
        .deliverable(phone.id, &missing, at(11))
        .await
        .expect("taken");
    let got: Vec<_> = got
        .iter()
        .map(|a| (a.sequence.value(), a.action.to_string()))
        .collect();
    let nop = "nop()".to_owned();
    assert_eq!(
        got,
        [
            (1, nop.clone()),
            (2, nop.clone()),
            (3, nop),
            (4, "aud()".into())
        ]
    );
    let next = store
        .create_action(order(&phone, "aud()"), Stamp::default())
        .await
        .expect("made");
    assert_eq!(next.sequence.value(), 5);
}

pub(crate) async fn an_action_needs_an_enrolled_device(store: impl Store) {
    let added = store
        .save_device(device("Added"), Stamp::default())
        .await
        .expect("saved");
    let refused = store
        .create_action(order(&added, "aud()"), Stamp::default())
        .await;
    assert!(
        matches!(refused, Err(StoreError::NotEnrolled)),
        "{refused:?}"
    );
    let unknown = store
        .create_action(order(&device("Unknown"), "aud()"), Stamp::default())
        .await;
    assert!(
        matches!(unknown, Err(StoreError::NotFound(_))),
        "{unknown:?}"
    );
    let mut silent = enrolled(&store, "Silent").await;
    silent.has_data = false;
    let mut silent = store
        .save_device(silent, Stamp::default())
        .await
        .expect("saved");
    let mut new = order(&silent, "aud()");
    new.preconditions = vec![Precondition::Addressable];
    let refused = store.create_action(new.clone(), Stamp::default()).await;
    assert!(
        matches!(
            refused,
            Err(StoreError::Precondition(Precondition::Addressable))
        ),
        "{refused:?}"
    );
    silent.numbers[0].verified_at = Some(at(1));
    store
        .save_device(silent, Stamp::default())
        .await
        .expect("saved");
    store
        .create_action(new, Stamp::default())
        .await
        .expect("made");
}

pub(crate) async fn the_pin_is_kept_before_anything_can_be_sent(store: impl Store) {
    let phone = enrolled(&store, "Phone").await;
    let lock = store
        .create_action(lock_order(&phone), stamp("action.create"))
        .await
        .expect("made");
    let pins = store
        .pins(phone.id, stamp("pin.reveal"))
        .await
        .expect("read");
    assert_eq!(pins.len(), 1);
    assert_eq!((pins[0].action, pins[0].pin.as_str()), (lock.id, "735001"));
    let trail = store.entries(0, 10).await.expect("read");
    assert_eq!(trail.last().expect("entry").draft.event, "pin.reveal");
    let none = store.pins(short_id(), stamp("pin.reveal")).await;
    assert!(matches!(none, Err(StoreError::NotFound(_))));
}

pub(crate) async fn a_second_lock_is_refused_while_one_is_open_or_done(store: impl Store) {
    let phone = enrolled(&store, "Phone").await;
    let lock = store
        .create_action(lock_order(&phone), Stamp::default())
        .await
        .expect("made");
    let open = store
        .create_action(lock_order(&phone), Stamp::default())
        .await;
    assert!(
        matches!(
            open,
            Err(StoreError::Precondition(Precondition::NoneOpen(_)))
        ),
        "{open:?}"
    );
    store
        .record_result(
            answer_to("lck", &phone, 1, ActionState::Done),
            Stamp::default(),
        )
        .await
        .expect("recorded");
    let seen = store.device(phone.id).await.expect("read").expect("there");
    assert!(seen.lock.locked);
    assert_eq!(seen.lock.action, Some(lock.id));
    assert_eq!(seen.lock.by.as_deref(), Some("anna"));
    assert_eq!(seen.lock.ticket.as_deref(), Some("T-1"));
    let locked = store
        .create_action(lock_order(&phone), Stamp::default())
        .await;
    assert!(
        matches!(
            locked,
            Err(StoreError::Precondition(Precondition::NotLocked))
        ),
        "{locked:?}"
    );
    let mut unlock = order(&phone, "ulk()");
    unlock.preconditions = vec![Precondition::Locked];
    let unlock = store
        .create_action(unlock, Stamp::default())
        .await
        .expect("made");
    // The refused ones used up no numbers.
    assert_eq!(unlock.sequence.value(), 2);
}

pub(crate) async fn of_many_locks_at_once_one_is_made(store: impl Store) {
    let phone = enrolled(&store, "Phone").await;
    let tries: Vec<_> = (0..50)
        .map(|_| {
            let (store, order) = (store.clone(), lock_order(&phone));
            tokio::spawn(async move { store.create_action(order, Stamp::default()).await })
        })
        .collect();
    let mut made = 0;
    for attempt in tries {
        match attempt.await.expect("no panic") {
            Ok(_) => made += 1,
            Err(StoreError::Precondition(Precondition::NoneOpen(_))) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(made, 1);
}

pub(crate) async fn an_idempotency_key_replays_its_outcome(store: impl Store) {
    let phone = enrolled(&store, "Phone").await;
    let first = order(&phone, "aud()");
    let outcome = format!("action:{}", first.id);
    store
        .create_action(first, key("k1", "body", &outcome))
        .await
        .expect("made");
    let again = order(&phone, "aud()");
    match store
        .create_action(again.clone(), key("k1", "body", "action:other"))
        .await
    {
        Err(StoreError::AlreadyDone(done)) => assert_eq!(done, outcome),
        other => panic!("{other:?}"),
    }
    let reused = store
        .create_action(again.clone(), key("k1", "another body", "x"))
        .await;
    assert!(matches!(reused, Err(StoreError::KeyReused)), "{reused:?}");
    assert_eq!(store.action(again.id).await.expect("read"), None);
    // What failed did not use up its key.
    let mut failing = again.clone();
    failing.preconditions = vec![Precondition::Locked];
    let failed = store.create_action(failing, key("k2", "body", "x")).await;
    assert!(matches!(failed, Err(StoreError::Precondition(_))));
    store
        .create_action(again, key("k2", "body", "x"))
        .await
        .expect("made");
}

pub(crate) async fn a_session_takes_open_actions_in_order(store: impl Store) {
    let phone = enrolled(&store, "Phone").await;
    let other = enrolled(&store, "Other").await;
    for action in ["aud()", "lck()", "rng(5)"] {
        store
            .create_action(order(&phone, action), Stamp::default())
            .await
            .expect("made");
    }
    store
        .create_action(order(&other, "aud()"), Stamp::default())
        .await
        .expect("made");
    let got = store
        .deliverable(phone.id, &[], at(20))
        .await
        .expect("taken");
    let names: Vec<_> = got.iter().map(|a| a.action.to_string()).collect();
    assert_eq!(names, ["aud()", "lck()", "rng(5)"]);
    for view in &got {
        assert_eq!(view.state, ActionState::Delivered);
        assert_eq!(view.attempts.len(), 1);
        assert_eq!(view.attempts[0].bearer, Bearer::Session);
    }
    // Until it answers it gets them again: the answer to its session may have been lost.
    let again = store
        .deliverable(phone.id, &[], at(21))
        .await
        .expect("taken");
    assert_eq!(again, got);
}

pub(crate) async fn a_device_gets_ended_actions_only_when_it_misses_them(store: impl Store) {
    let phone = enrolled(&store, "Phone").await;
    let first = store
        .create_action(order(&phone, "aud()"), Stamp::default())
        .await
        .expect("made");
    store
        .change_action(
            first.id,
            Some(ActionState::Cancelled),
            None,
            None,
            stamp("action.cancel"),
        )
        .await
        .expect("cancelled");
    store
        .create_action(order(&phone, "rng(5)"), Stamp::default())
        .await
        .expect("made");
    let got = store
        .deliverable(phone.id, &[], at(20))
        .await
        .expect("taken");
    assert_eq!(got.len(), 1);
    let missing = [Sequence::new(1), Sequence::new(9), Sequence::new(1)];
    let got = store
        .deliverable(phone.id, &missing, at(20))
        .await
        .expect("taken");
    let got: Vec<_> = got.iter().map(|a| (a.sequence.value(), a.state)).collect();
    assert_eq!(
        got,
        [(1, ActionState::Cancelled), (2, ActionState::Delivered)]
    );
}

pub(crate) async fn a_result_ends_an_action_once(store: impl Store) {
    let phone = enrolled(&store, "Phone").await;
    let made = store
        .create_action(order(&phone, "aud()"), Stamp::default())
        .await
        .expect("made");
    let record = |draft| store.record_result(draft, stamp("action.result"));
    // Before the bearer reported anything: a result may overtake it.
    match record(answer(&phone, 1, ActionState::Failed))
        .await
        .expect("recorded")
    {
        Recorded::First(view) => {
            assert_eq!((view.id, view.state), (made.id, ActionState::Failed));
        }
        other => panic!("{other:?}"),
    }
    match record(answer(&phone, 1, ActionState::Done))
        .await
        .expect("recorded")
    {
        Recorded::Repeat(view) => assert_eq!(view.state, ActionState::Failed),
        other => panic!("{other:?}"),
    }
    let unknown = record(answer(&phone, 2, ActionState::Done)).await;
    assert!(matches!(unknown, Ok(Recorded::Unknown)), "{unknown:?}");
    let mut old = answer(&phone, 1, ActionState::Done);
    old.epoch = 9;
    assert!(matches!(record(old).await, Ok(Recorded::Unknown)));
    assert_eq!(store.entries(0, 10).await.expect("read").len(), 1);
}

pub(crate) async fn a_late_lock_result_does_not_undo_a_later_unlock(store: impl Store) {
    let phone = enrolled(&store, "Phone").await;
    for action in ["lck()", "ulk()"] {
        store
            .create_action(order(&phone, action), Stamp::default())
            .await
            .expect("made");
    }
    for (sequence, action) in [(2, "ulk"), (1, "lck")] {
        store
            .record_result(
                answer_to(action, &phone, sequence, ActionState::Done),
                Stamp::default(),
            )
            .await
            .expect("recorded");
    }
    let seen = store.device(phone.id).await.expect("read").expect("there");
    assert!(!seen.lock.locked);
    assert_eq!(seen.open_actions, 0);
}

pub(crate) async fn only_what_was_not_sent_can_be_withdrawn(store: impl Store) {
    let phone = enrolled(&store, "Phone").await;
    let create = async |action: &str| -> ActionView {
        store
            .create_action(order(&phone, action), Stamp::default())
            .await
            .expect("made")
    };
    let cancel = |id: ShortId| {
        store.change_action(
            id,
            Some(ActionState::Cancelled),
            None,
            None,
            stamp("action.cancel"),
        )
    };
    let fresh = create("aud()").await;
    assert_eq!(
        cancel(fresh.id).await.expect("cancelled").state,
        ActionState::Cancelled
    );
    assert!(matches!(
        cancel(fresh.id).await,
        Err(StoreError::Conflict(_))
    ));
    let claimed = create("aud()").await;
    // Its stamp's time is within the claim.
    store
        .claim(at(10), Duration::from_secs(600), 10)
        .await
        .expect("claimed");
    assert!(matches!(
        cancel(claimed.id).await,
        Err(StoreError::Conflict(_))
    ));
    store
        .deliverable(phone.id, &[], at(20))
        .await
        .expect("taken");
    assert!(matches!(
        cancel(claimed.id).await,
        Err(StoreError::Conflict(_))
    ));
    let retried = store
        .change_action(
            claimed.id,
            None,
            Some(at(30)),
            Some(Bearer::Sms),
            stamp("action.retry"),
        )
        .await
        .expect("due again");
    assert_eq!(retried.next_try_at, Some(at(30)));
    assert_eq!(retried.via, Some(Bearer::Sms));
    let due = store
        .claim(at(30), Duration::from_secs(60), 10)
        .await
        .expect("claimed");
    assert_eq!(due.len(), 1);
    assert!(matches!(
        cancel(short_id()).await,
        Err(StoreError::NotFound(_))
    ));
}
