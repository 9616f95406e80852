use std::sync::Arc;
use std::time::Duration;

use callhome::api::{ActionView, CallbackRequest, CallbackState, CallbackView, Device};
use callhome::domain::ActionState;
use callhome::port::{EventDraft, EventFilter, PageOf, Stamp, StoreError};

use super::Store;
use super::fixtures::{at, device, enrolled, order, short_id, stamp};
use super::work::answer;

fn callback(phone: &Device) -> CallbackView {
    CallbackView {
        id: short_id(),
        device: phone.id,
        device_name: phone.name.clone(),
        state: CallbackState::Pending,
        operator: "anna".into(),
        created_at: at(10),
        updated_at: at(10),
        expires_at: at(70),
        rungs: Vec::new(),
        session: None,
        server: "test".into(),
        request: None,
    }
}

pub(crate) async fn callbacks_are_found_by_the_id_that_their_asker_gave(store: impl Store) {
    let phone = enrolled(&store, "Phone").await;
    let mut made = Vec::new();
    for request_id in [Some("req 17"), None, Some("req 18"), Some("req 17")] {
        let view = CallbackView {
            request: Some(CallbackRequest {
                request_id: request_id.map(str::to_owned),
                ..CallbackRequest::of(phone.id)
            }),
            ..callback(&phone)
        };
        let stored = store.create_callback(view, Stamp::default()).await;
        made.push(stored.expect("made").id);
    }
    let found = store.callbacks_by_request("req 17").await.expect("read");
    let ids: Vec<_> = found.iter().map(|view| view.id).collect();
    assert_eq!(ids, [made[3], made[0]], "newest first");
    let none = store.callbacks_by_request("req").await.expect("read");
    assert!(none.is_empty());
}

pub(crate) async fn callbacks_change_atomically(store: impl Store) {
    let phone = enrolled(&store, "Phone").await;
    let call = store
        .create_callback(callback(&phone), stamp("callback.create"))
        .await
        .expect("made");
    let tries: Vec<_> = (0..20)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                let change = |mut view: CallbackView| {
                    view.operator.push('a');
                    Some(view)
                };
                store
                    .update_callback(call.id, Box::new(change))
                    .await
                    .expect("changed")
            })
        })
        .collect();
    for attempt in tries {
        attempt.await.expect("no panic");
    }
    let seen = store.callback(call.id).await.expect("read").expect("there");
    assert_eq!(seen.operator.len(), "anna".len() + 20);
    let back = |mut view: CallbackView| {
        view.updated_at = at(1);
        Some(view)
    };
    let late = store.update_callback(call.id, Box::new(back)).await;
    assert_eq!(late.expect("changed"), Some(seen.clone()));
    let left = store
        .update_callback(call.id, Box::new(|_| None))
        .await
        .expect("left");
    assert_eq!(left, None);
    let panicking = store
        .update_callback(call.id, Box::new(|_| panic!("of the test's making")))
        .await;
    assert!(matches!(panicking, Err(StoreError::Database(_))));
    let unknown = store.update_callback(short_id(), Box::new(Some)).await;
    assert!(matches!(unknown, Err(StoreError::NotFound(_))));
    let list = store
        .callbacks(Some(phone.id), PageOf::default())
        .await
        .expect("read");
    assert_eq!(list.items, [seen]);
}

pub(crate) async fn every_change_is_an_event(store: impl Store) {
    let phone = enrolled(&store, "Phone").await;
    let action = store
        .create_action(order(&phone, "aud()"), Stamp::default())
        .await
        .expect("made");
    store
        .deliverable(phone.id, &[], at(20))
        .await
        .expect("taken");
    store
        .record_result(answer(&phone, 1, ActionState::Done), Stamp::default())
        .await
        .expect("recorded");
    let call = store
        .create_callback(callback(&phone), Stamp::default())
        .await
        .expect("made");
    store
        .publish(vec![EventDraft {
            at: at(60),
            kind: "message.received".into(),
            subject: format!("device:{}", phone.id),
            device: Some(phone.id),
            data: serde_json::json!({"text": "KMR"}),
        }])
        .await
        .expect("published");
    let about = |filter: EventFilter| {
        let store = store.clone();
        async move { store.events(filter, 100).await.expect("read") }
    };
    let events = about(EventFilter {
        subject: Some(format!("action:{}", action.id)),
        ..EventFilter::default()
    })
    .await;
    let states: Vec<_> = events.iter().map(|e| e.data["state"].clone()).collect();
    assert_eq!(states, ["pending", "delivered", "done"]);
    let view: ActionView = serde_json::from_value(events[2].data.clone()).expect("a view");
    assert_eq!(Some(view), store.action(action.id).await.expect("read"));
    let events = about(EventFilter {
        device: Some(phone.id.to_string()),
        ..EventFilter::default()
    })
    .await;
    assert_eq!(events.len(), 5);
    assert!(events.windows(2).all(|w| w[0].id < w[1].id));
    assert_eq!(events[3].subject, format!("callback:{}", call.id));
    let last = store.last_event().await.expect("read");
    assert_eq!(last, events[4].id);
    let after = about(EventFilter {
        after: last - 1,
        kind: Some("message.received".into()),
        ..EventFilter::default()
    })
    .await;
    assert_eq!(after.len(), 1);
}

pub(crate) async fn waiting_for_an_event_ends_when_it_is_there(store: impl Store) {
    let phone = enrolled(&store, "Phone").await;
    let last = store.last_event().await.expect("read");
    let store = Arc::new(store);
    let waiting = tokio::spawn({
        let store = Arc::clone(&store);
        async move { store.wait_event(last).await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!waiting.is_finished());
    // A write that fails is no event.
    let refused = store
        .create_action(order(&device("Unknown"), "aud()"), Stamp::default())
        .await;
    assert!(refused.is_err());
    assert_eq!(store.last_event().await.expect("read"), last);
    store
        .create_action(order(&phone, "aud()"), Stamp::default())
        .await
        .expect("made");
    tokio::time::timeout(Duration::from_secs(5), waiting)
        .await
        .expect("in time")
        .expect("no panic")
        .expect("woken");
    assert!(store.last_event().await.expect("read") > last);
    store.wait_event(last).await.expect("already there");
}
