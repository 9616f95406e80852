use std::time::Duration;

use callhome::api::{ActionView, Attempt, Device};
use callhome::domain::{ActionState, Bearer, Sequence, ShortId};
use callhome::port::{Claimed, Recorded, Stamp, StoreError};

use super::Store;
use super::fixtures::{at, device, digest, draft, enrolled, lock_order, order, stamp};
use super::work::{answer, answer_to};

const LEASE: Duration = Duration::from_secs(60);

pub(crate) fn attempt(seconds: i64, bearer: Bearer, accepted: bool) -> Attempt {
    Attempt {
        at: at(seconds),
        bearer,
        target: "there".into(),
        outcome: if accepted { "taken" } else { "no answer" }.into(),
        accepted,
        because: None,
        elapsed_ms: 10,
        messages: Vec::new(),
    }
}

async fn made(store: &impl Store, phone: &Device, action: &str) -> ShortId {
    let new = order(phone, action);
    let made = store.create_action(new, Stamp::default()).await;
    made.expect("made").id
}

async fn view(store: &impl Store, id: ShortId) -> ActionView {
    store.action(id).await.expect("read").expect("there")
}

async fn claim(store: &impl Store, seconds: i64) -> Vec<Claimed> {
    store.claim(at(seconds), LEASE, 9).await.expect("claimed")
}

async fn cancel(store: &impl Store, id: ShortId) -> Result<ActionView, StoreError> {
    let to = Some(ActionState::Cancelled);
    let stamp = stamp("action.cancel");
    store.change_action(id, to, None, None, stamp).await
}

/// What a session gets, as number and state.
async fn fetched(
    store: &impl Store,
    phone: &Device,
    missing: &[u32],
    seconds: i64,
) -> Vec<(u32, ActionState)> {
    let missing: Vec<Sequence> = missing.iter().copied().map(Sequence::new).collect();
    let got = store.deliverable(phone.id, &missing, at(seconds)).await;
    let got = got.expect("taken");
    got.iter().map(|a| (a.sequence.value(), a.state)).collect()
}

pub(crate) async fn what_only_asked_for_a_call_can_be_withdrawn_and_expires(store: impl Store) {
    let phone = enrolled(&store, "Phone").await;
    let bearers = [
        ("aud()", Bearer::SipDirect, true),
        ("rng(5)", Bearer::Push, true),
        ("loc(1)", Bearer::Sms, false),
    ];
    for (action, _, _) in bearers {
        made(&store, &phone, action).await;
        made(&store, &phone, action).await;
    }
    let claimed = claim(&store, 10).await;
    assert_eq!(claimed.len(), 6);
    for claimed in &claimed {
        let name = claimed.view.action.to_string();
        let (_, bearer, _) = bearers.iter().find(|(a, ..)| *a == name).expect("asked");
        let tried = vec![attempt(11, *bearer, true)];
        store
            .record_attempts(claimed.lease, tried, Some(at(990)))
            .await
            .expect("recorded");
    }
    for (index, claimed) in claimed.iter().enumerate() {
        let id = claimed.lease.action;
        let name = claimed.view.action.to_string();
        let (_, _, may) = bearers.iter().find(|(a, ..)| *a == name).expect("asked");
        assert_eq!(view(&store, id).await.state, ActionState::Sent);
        if index % 2 == 0 {
            let ended = cancel(&store, id).await;
            assert_eq!(ended.is_ok(), *may, "{name}: {ended:?}");
        }
    }
    assert!(claim(&store, 1001).await.is_empty());
    for (index, claimed) in claimed.iter().enumerate() {
        let name = claimed.view.action.to_string();
        let (_, _, may) = bearers.iter().find(|(a, ..)| *a == name).expect("asked");
        let seen = view(&store, claimed.lease.action).await;
        let expected = match (may, index % 2) {
            (true, 0) => ActionState::Cancelled,
            (true, _) => ActionState::Expired,
            (false, _) => ActionState::Sent,
        };
        assert_eq!((seen.state, seen.unconfirmed), (expected, !may), "{name}");
    }
}

pub(crate) async fn nothing_is_sent_or_handed_out_past_its_time(store: impl Store) {
    let phone = enrolled(&store, "Phone").await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(made(&store, &phone, "aud()").await);
    }
    let how = [
        None,
        Some(Bearer::SipProxy),
        Some(Bearer::Sms),
        Some(Bearer::Sms),
        None,
    ];
    for claimed in claim(&store, 10).await {
        let index = ids.iter().position(|id| *id == claimed.lease.action);
        let bearer = how[index.expect("one of ours")];
        let tried = bearer.map(|bearer| attempt(11, bearer, true));
        store
            .record_attempts(claimed.lease, tried.into_iter().collect(), Some(at(999)))
            .await
            .expect("recorded");
    }
    // Nobody has looked at the clock since: a session comes first.
    assert_eq!(
        fetched(&store, &phone, &[4], 1001).await,
        [(4, ActionState::Expired)],
        "what the device misses gets a nop() in its place"
    );
    let mut states = Vec::new();
    for id in &ids {
        states.push(view(&store, *id).await.state);
    }
    assert_eq!(
        states,
        [
            ActionState::Expired,
            ActionState::Expired,
            ActionState::Sent,
            ActionState::Expired,
            ActionState::Expired,
        ]
    );
    assert!(claim(&store, 1001).await.is_empty());
    assert_eq!(fetched(&store, &phone, &[], 1002).await, []);
    assert!(view(&store, ids[2]).await.unconfirmed);
    // It had it all the time.
    let ended = store
        .record_result(answer(&phone, 3, ActionState::Done), Stamp::default())
        .await;
    assert!(matches!(ended, Ok(Recorded::First(_))), "{ended:?}");
    assert_eq!(view(&store, ids[2]).await.state, ActionState::Done);
}

pub(crate) async fn a_claim_that_ends_past_the_time_is_the_last_one(store: impl Store) {
    let phone = enrolled(&store, "Phone").await;
    let id = made(&store, &phone, "aud()").await;
    let claimed = claim(&store, 990).await;
    assert_eq!(claimed.len(), 1);
    // While it is being sent it does not end, …
    assert!(claim(&store, 1001).await.is_empty());
    assert_eq!(fetched(&store, &phone, &[], 1001).await, []);
    assert_eq!(view(&store, id).await.state, ActionState::Pending);
    // … and when that was in vain it is not begun again.
    let tried = vec![attempt(1002, Bearer::SipDirect, false)];
    store
        .record_attempts(claimed[0].lease, tried, Some(at(1000)))
        .await
        .expect("recorded");
    assert!(claim(&store, 1003).await.is_empty());
    assert_eq!(view(&store, id).await.state, ActionState::Expired);
    assert_eq!(store.next_due().await.expect("read"), None);
}

pub(crate) async fn the_first_result_counts_for_what_was_given_up(store: impl Store) {
    let phone = enrolled(&store, "Phone").await;
    let locked = store
        .create_action(lock_order(&phone), Stamp::default())
        .await
        .expect("made");
    cancel(&store, locked.id).await.expect("withdrawn");
    let record = async |state| {
        store
            .record_result(answer_to("lck", &phone, 1, state), stamp("action.result"))
            .await
            .expect("recorded")
    };
    match record(ActionState::Done).await {
        Recorded::First(view) => assert_eq!(view.state, ActionState::Done),
        other => panic!("{other:?}"),
    }
    let seen = store.device(phone.id).await.expect("read").expect("there");
    assert!(seen.lock.locked, "it is locked, whatever was wished");
    let again = record(ActionState::Failed).await;
    assert!(matches!(again, Recorded::Repeat(_)), "{again:?}");
    assert_eq!(view(&store, locked.id).await.state, ActionState::Done);
}

pub(crate) async fn what_is_done_under_its_number_ends_an_action_only_if_it_is_that_action(
    store: impl Store,
) {
    let phone = enrolled(&store, "Phone").await;
    let lock = store
        .create_action(lock_order(&phone), Stamp::default())
        .await
        .expect("made");
    let late = made(&store, &phone, "aud()").await;
    for other in ["nop", "aud", "ulk"] {
        let draft = answer_to(other, &phone, 1, ActionState::Done);
        let taken = store.record_result(draft, Stamp::default()).await;
        assert!(
            matches!(taken, Ok(Recorded::Other(_))),
            "{other}: {taken:?}"
        );
        assert_eq!(view(&store, lock.id).await.state, ActionState::Pending);
    }
    let seen = store.device(phone.id).await.expect("read").expect("there");
    assert!(!seen.lock.locked);
    // Past its time a nop() stands in its place, and the device says that it did that.
    let mut draft = answer_to("nop", &phone, 2, ActionState::Done);
    draft.at = at(1001);
    let taken = store.record_result(draft, Stamp::default()).await;
    assert!(matches!(taken, Ok(Recorded::Other(_))), "{taken:?}");
    assert_eq!(view(&store, late).await.state, ActionState::Expired);
}

pub(crate) async fn what_was_signed_by_hand_is_carried_by_its_text_only(store: impl Store) {
    let phone = enrolled(&store, "Phone").await;
    let mut own = order(&phone, "aud()");
    (own.due_at, own.by_hand) = (None, true);
    let own = store
        .create_action(own, Stamp::default())
        .await
        .expect("made");
    assert!(own.by_hand);
    made(&store, &phone, "aud()").await;
    assert_eq!(
        claim(&store, 10).await.len(),
        1,
        "only what the server sends"
    );
    assert_eq!(
        fetched(&store, &phone, &[], 20).await,
        [(2, ActionState::Delivered)]
    );
    assert_eq!(view(&store, own.id).await.state, ActionState::Pending);
    // Nobody can say that it did not arrive: it does not expire.
    assert!(claim(&store, 1001).await.is_empty());
    let seen = view(&store, own.id).await;
    assert_eq!((seen.state, seen.unconfirmed), (ActionState::Pending, true));
    let ended = store
        .record_result(answer(&phone, 1, ActionState::Done), Stamp::default())
        .await;
    assert!(matches!(ended, Ok(Recorded::First(_))), "{ended:?}");

    // A device that misses its number gets it.
    let mut other = order(&phone, "rng(5)");
    (other.due_at, other.by_hand) = (None, true);
    let other = store
        .create_action(other, Stamp::default())
        .await
        .expect("made");
    assert_eq!(
        fetched(&store, &phone, &[3], 30).await,
        [(3, ActionState::Delivered)]
    );
    assert!(view(&store, other.id).await.next_try_at.is_none());
}

pub(crate) async fn a_signed_lock_in_a_drawer_is_in_nobodys_way_for_ever(store: impl Store) {
    let phone = enrolled(&store, "Phone").await;
    let mut drawer = lock_order(&phone);
    (drawer.due_at, drawer.by_hand) = (None, true);
    store
        .create_action(drawer, Stamp::default())
        .await
        .expect("made");
    let second = |seconds: i64| {
        let mut new = lock_order(&phone);
        (new.at, new.expires_at) = (at(seconds), at(seconds + 1000));
        new
    };
    let refused = store.create_action(second(20), Stamp::default()).await;
    assert!(
        matches!(refused, Err(StoreError::Precondition(_))),
        "{refused:?}"
    );
    store
        .create_action(second(1001), Stamp::default())
        .await
        .expect("the other one's time is up");
}

pub(crate) async fn who_tries_again_past_the_time_gets_as_much_time_again(store: impl Store) {
    let phone = enrolled(&store, "Phone").await;
    let id = made(&store, &phone, "aud()").await;
    let claimed = claim(&store, 10).await;
    let tried = vec![attempt(11, Bearer::Sms, true)];
    store
        .record_attempts(claimed[0].lease, tried, Some(at(990)))
        .await
        .expect("recorded");
    assert!(claim(&store, 1001).await.is_empty());
    assert!(view(&store, id).await.unconfirmed);
    let again = store
        .change_action(id, None, Some(at(2000)), None, stamp("action.retry"))
        .await
        .expect("due again");
    assert_eq!((again.expires_at, again.unconfirmed), (at(2990), false));
    assert_eq!(claim(&store, 2000).await.len(), 1);
    assert_eq!(
        fetched(&store, &phone, &[], 2001).await,
        [(1, ActionState::Delivered)]
    );
}

pub(crate) async fn attempts_are_kept_within_bounds(store: impl Store) {
    let phone = enrolled(&store, "Phone").await;
    let id = made(&store, &phone, "aud()").await;
    let mut lease = claim(&store, 10).await[0].lease;
    for n in 0..300_i64 {
        let (bearer, accepted) = match n {
            50 => (Bearer::Sms, true),
            _ => (Bearer::SipDirect, n % 2 == 0),
        };
        let tried = vec![attempt(11 + n, bearer, accepted)];
        store
            .record_attempts(lease, tried, Some(at(12 + n)))
            .await
            .expect("recorded");
        lease = claim(&store, 12 + n).await[0].lease;
    }
    let seen = view(&store, id).await;
    assert_eq!(seen.attempts.len(), 100);
    assert_eq!(seen.attempts[0].at, at(11));
    assert_eq!(seen.attempts[99].at, at(310));
    assert!(seen.content_left(), "that it left is not forgotten");
}

pub(crate) async fn a_lock_ends_with_what_it_locked(store: impl Store) {
    let phone = enrolled(&store, "Phone").await;
    let locked = async || {
        let seen = store.device(phone.id).await.expect("read").expect("there");
        seen.lock.locked
    };
    let done = async |epoch: u32, action: &str, sequence: u32| {
        let mut draft = answer_to(action, &phone, sequence, ActionState::Done);
        draft.epoch = epoch;
        let taken = store.record_result(draft, Stamp::default()).await;
        assert!(matches!(taken, Ok(Recorded::First(_))), "{taken:?}");
    };
    made(&store, &phone, "lck()").await;
    done(1, "lck", 1).await;
    assert!(locked().await);
    made(&store, &phone, "rst()").await;
    done(1, "rst", 2).await;
    assert!(!locked().await, "a reset phone has no lock");
    made(&store, &phone, "lck()").await;
    done(1, "lck", 3).await;

    // Who proves itself with the old secret has the lock still; who comes anew has it not.
    for (code, proven, stays) in [("proof", true, true), ("anew", false, false)] {
        store
            .invite(
                vec![digest(code)],
                Some(phone.id),
                None,
                at(60),
                Stamp::default(),
            )
            .await
            .expect("invited");
        let mut same = device("Phone again");
        same.identities.clone_from(&phone.identities);
        let mut draft = draft(same, code);
        draft.proven = proven;
        let enrolled = store.enrol(draft, Stamp::default()).await;
        assert!(enrolled.expect("stored").expect("let in").again);
        assert_eq!(locked().await, stays, "{code}");
    }
    let trail = store.entries(0, 100).await.expect("read");
    let ended = trail.iter().filter(|e| e.draft.event == "lock.ended");
    assert_eq!(ended.count(), 1);
}
