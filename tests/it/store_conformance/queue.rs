use std::collections::BTreeSet;
use std::time::Duration;

use callhome::api::Attempt;
use callhome::domain::{ActionState, Bearer};
use callhome::port::{Claimed, Lease, Stamp, StoreError};

use super::Store;
use super::fixtures::{at, enrolled, order, stamp};
use super::work::answer;

const LEASE: Duration = Duration::from_secs(30);

fn attempt(seconds: i64, accepted: bool) -> Attempt {
    Attempt {
        at: at(seconds),
        bearer: Bearer::Sms,
        target: "kannel-1".into(),
        outcome: if accepted {
            "200 OK"
        } else {
            "no answer after 4.0 s"
        }
        .into(),
        accepted,
        because: None,
        elapsed_ms: 38,
        messages: Vec::new(),
    }
}

fn names(claimed: &[Claimed]) -> Vec<String> {
    claimed.iter().map(|c| c.view.action.name()).collect()
}

pub(crate) async fn two_claims_never_get_the_same_action(store: impl Store) {
    let phone = enrolled(&store, "Phone").await;
    for _ in 0..200 {
        store
            .create_action(order(&phone, "aud()"), Stamp::default())
            .await
            .expect("made");
    }
    let claims: Vec<_> = (0..20)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.claim(at(10), LEASE, 15).await.expect("claimed") })
        })
        .collect();
    let mut seen = BTreeSet::new();
    for claim in claims {
        for claimed in claim.await.expect("no panic") {
            assert!(seen.insert(claimed.lease.action), "claimed twice");
        }
    }
    assert_eq!(seen.len(), 200);
}

pub(crate) async fn destructive_actions_do_not_wait_behind_others(store: impl Store) {
    let phone = enrolled(&store, "Phone").await;
    for (action, due) in [("aud()", 1), ("rng(5)", 2), ("wip()", 9), ("lck()", 8)] {
        let mut new = order(&phone, action);
        new.due_at = Some(at(due));
        store
            .create_action(new, Stamp::default())
            .await
            .expect("made");
    }
    let mut undue = order(&phone, "loc()");
    undue.due_at = Some(at(11));
    store
        .create_action(undue, Stamp::default())
        .await
        .expect("made");
    let mut own = order(&phone, "log()");
    own.due_at = None;
    store
        .create_action(own, Stamp::default())
        .await
        .expect("made");
    let first = store.claim(at(10), LEASE, 3).await.expect("claimed");
    assert_eq!(names(&first), ["lck", "wip", "aud"]);
    let second = store.claim(at(10), LEASE, 3).await.expect("claimed");
    assert_eq!(names(&second), ["rng"]);
}

pub(crate) async fn a_claim_that_is_not_answered_comes_back(store: impl Store) {
    let phone = enrolled(&store, "Phone").await;
    store
        .create_action(order(&phone, "aud()"), Stamp::default())
        .await
        .expect("made");
    let first = store.claim(at(10), LEASE, 9).await.expect("claimed");
    assert!(
        store
            .claim(at(39), LEASE, 9)
            .await
            .expect("none")
            .is_empty()
    );
    let second = store.claim(at(40), LEASE, 9).await.expect("claimed");
    assert_eq!(second.len(), 1);
    assert!(second[0].lease.fence > first[0].lease.fence);
}

pub(crate) async fn a_late_acknowledgement_changes_nothing_but_the_attempts(store: impl Store) {
    let phone = enrolled(&store, "Phone").await;
    store
        .create_action(order(&phone, "aud()"), Stamp::default())
        .await
        .expect("made");
    let first = store.claim(at(10), LEASE, 9).await.expect("claimed")[0].lease;
    let second = store.claim(at(41), LEASE, 9).await.expect("claimed");
    // The first try was cut off: it may have been sent, so it can neither be withdrawn nor expire.
    assert_eq!(second[0].view.state, ActionState::Sent);
    let doubt = &second[0].view.attempts[0];
    assert!(
        doubt.outcome.starts_with("cut off") && !doubt.accepted,
        "{doubt:?}"
    );
    let withdrawn = Some(ActionState::Cancelled);
    let withdrawn = store
        .change_action(first.action, withdrawn, None, None, stamp("action.cancel"))
        .await;
    assert!(
        matches!(withdrawn, Err(StoreError::Conflict(_))),
        "{withdrawn:?}"
    );
    let second = second[0].lease;
    let late = store
        .record_attempts(first, vec![attempt(42, true)], Some(at(43)))
        .await;
    assert!(matches!(late, Err(StoreError::LeaseLost(_))), "{late:?}");
    let view = store
        .action(first.action)
        .await
        .expect("read")
        .expect("there");
    // It was sent, whoever says so; the claim is the second one's still.
    assert_eq!(view.state, ActionState::Sent);
    assert_eq!(view.attempts.len(), 2);
    assert!(
        store
            .claim(at(50), LEASE, 9)
            .await
            .expect("none")
            .is_empty()
    );

    let view = store
        .record_attempts(second, vec![attempt(51, false)], Some(at(60)))
        .await
        .expect("recorded");
    assert_eq!(view.next_try_at, Some(at(60)));
    assert_eq!(view.state, ActionState::Sent);
    let third = store.claim(at(60), LEASE, 9).await.expect("claimed")[0].lease;
    store
        .record_result(answer(&phone, 1, ActionState::Done), Stamp::default())
        .await
        .expect("recorded");
    let view = store
        .record_attempts(third, vec![attempt(61, true)], Some(at(62)))
        .await
        .expect("harmless");
    assert_eq!(view.state, ActionState::Done);
    assert_eq!((view.next_try_at, view.attempts.len()), (None, 4));
    assert!(
        store
            .claim(at(500), LEASE, 9)
            .await
            .expect("none")
            .is_empty()
    );
    let unknown = Lease {
        action: super::fixtures::short_id(),
        fence: 1,
    };
    let unknown = store.record_attempts(unknown, vec![], None).await;
    assert!(matches!(unknown, Err(StoreError::NotFound(_))));
}

pub(crate) async fn what_nobody_sent_expires_and_what_was_sent_is_unconfirmed(store: impl Store) {
    let phone = enrolled(&store, "Phone").await;
    let create = async |action: &str| {
        store
            .create_action(order(&phone, action), Stamp::default())
            .await
            .expect("made")
            .id
    };
    let (sent, missed) = (create("aud()").await, create("rng(5)").await);
    for claimed in store.claim(at(10), LEASE, 9).await.expect("claimed") {
        let accepted = claimed.lease.action == sent;
        store
            .record_attempts(claimed.lease, vec![attempt(11, accepted)], Some(at(999)))
            .await
            .expect("recorded");
    }
    assert!(
        store
            .claim(at(998), LEASE, 9)
            .await
            .expect("none")
            .is_empty()
    );
    assert!(
        store
            .claim(at(1000), LEASE, 9)
            .await
            .expect("none")
            .is_empty()
    );
    let view = async |id| store.action(id).await.expect("read").expect("there");
    assert_eq!(view(missed).await.state, ActionState::Expired);
    let seen = view(sent).await;
    assert_eq!((seen.state, seen.unconfirmed), (ActionState::Sent, true));
    assert_eq!(seen.next_try_at, None);
    store
        .record_result(answer(&phone, 1, ActionState::Done), Stamp::default())
        .await
        .expect("recorded");
    let seen = view(sent).await;
    assert_eq!((seen.state, seen.unconfirmed), (ActionState::Done, false));
}

pub(crate) async fn sleeping_until_the_next_due_time_misses_nothing(store: impl Store) {
    assert_eq!(store.next_due().await.expect("read"), None);
    let phone = enrolled(&store, "Phone").await;
    let mut own = order(&phone, "aud()");
    own.due_at = None;
    store
        .create_action(own, Stamp::default())
        .await
        .expect("made");
    // Not due, but somebody has to see that it expires.
    assert_eq!(store.next_due().await.expect("read"), Some(at(1000)));
    let mut later = order(&phone, "lck()");
    later.due_at = Some(at(90));
    store
        .create_action(later, Stamp::default())
        .await
        .expect("made");
    assert_eq!(store.next_due().await.expect("read"), Some(at(90)));
    store
        .create_action(order(&phone, "rng(5)"), Stamp::default())
        .await
        .expect("made");
    assert_eq!(store.next_due().await.expect("read"), Some(at(10)));
    store.claim(at(10), LEASE, 9).await.expect("claimed");
    assert_eq!(store.next_due().await.expect("read"), Some(at(40)));
}
