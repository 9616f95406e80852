use callhome::api::{DeviceNumber, RegisterRequest, RouteTag};
use callhome::domain::{ActionState, Binding, Subscription};
use callhome::port::{DeviceFilter, EnrolmentRefusal, PageOf, Stamp, StoreError};

use super::Store;
use super::fixtures::{at, device, digest, draft, enrolled, lock_order, order, short_id, stamp};

pub(crate) async fn a_device_is_kept_as_it_was_saved(store: impl Store) {
    let mut told = device("Front desk");
    told.owner = Some("Anna Ek".into());
    told.model = Some("Nokia G42".into());
    told.attributes.insert("site".into(), "Älvsjö".into());
    let saved = store
        .save_device(told.clone(), stamp("device.add"))
        .await
        .expect("saved");
    assert_eq!(saved.version, 1);
    told.version = 1;
    assert_eq!(saved, told);
    assert_eq!(store.device(told.id).await.expect("read"), Some(told));
    assert_eq!(store.device(short_id()).await.expect("read"), None);
}

pub(crate) async fn an_identity_belongs_to_one_device(store: impl Store) {
    let first = device("First");
    let mut second = device("Second");
    second.identities.extend(first.identities.clone());
    store
        .save_device(first, Stamp::default())
        .await
        .expect("saved");
    let id = second.id;
    match store.save_device(second, stamp("device.add")).await {
        Err(StoreError::Conflict(text)) => assert!(text.contains("First"), "{text}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(store.device(id).await.expect("read"), None);
}

pub(crate) async fn an_edit_of_a_stale_version_is_refused(store: impl Store) {
    let first = store
        .save_device(device("Old"), Stamp::default())
        .await
        .expect("saved");
    let mut edit = first.clone();
    edit.name = "New".into();
    let second = store
        .save_device(edit, Stamp::default())
        .await
        .expect("saved");
    assert_eq!((second.version, second.name.as_str()), (2, "New"));
    let stale = store.save_device(first, Stamp::default()).await;
    assert!(
        matches!(stale, Err(StoreError::Version { found: 2 })),
        "{stale:?}"
    );
    let mut gone = device("Gone");
    gone.version = 3;
    let gone = store.save_device(gone, Stamp::default()).await;
    assert!(matches!(gone, Err(StoreError::NotFound(_))), "{gone:?}");
}

pub(crate) async fn devices_are_found_by_what_people_know(store: impl Store) {
    let mut desk = device("Front Desk");
    desk.owner = Some("Åsa Öberg".into());
    let desk = store
        .save_device(desk, Stamp::default())
        .await
        .expect("saved");
    let van = enrolled(&store, "Van 12").await;
    let serial = desk.identities[0].value();
    let by = |filter: DeviceFilter| {
        let store = store.clone();
        async move {
            let page = store
                .devices(filter, PageOf::default())
                .await
                .expect("read");
            page.items.into_iter().map(|d| d.name).collect::<Vec<_>>()
        }
    };
    let word = |w: &str| DeviceFilter {
        word: Some(w.into()),
        ..DeviceFilter::default()
    };
    assert_eq!(by(word("front desk")).await, ["Front Desk"]);
    assert_eq!(by(word("ÅSA öberg")).await, ["Front Desk"]);
    assert_eq!(by(word(&serial)).await, ["Front Desk"]);
    assert!(by(word("front")).await.is_empty());
    let filter = DeviceFilter {
        number: Some(van.numbers[0].number.clone()),
        ..DeviceFilter::default()
    };
    assert_eq!(by(filter).await, ["Van 12"]);
    let filter = DeviceFilter {
        identity: Some(van.identities[0].clone()),
        ..DeviceFilter::default()
    };
    assert_eq!(by(filter).await, ["Van 12"]);
    let contains = |c: &str| DeviceFilter {
        contains: Some(c.into()),
        ..DeviceFilter::default()
    };
    assert_eq!(by(contains("DESK")).await, ["Front Desk"]);
    assert!(by(contains("%")).await.is_empty());
    let filter = DeviceFilter {
        silent_since: Some(at(0)),
        ..DeviceFilter::default()
    };
    assert_eq!(by(filter).await, ["Front Desk"]);
    let filter = DeviceFilter {
        locked: Some(true),
        ..DeviceFilter::default()
    };
    assert!(by(filter).await.is_empty());
}

pub(crate) async fn lists_come_in_pages_without_gaps_or_repeats(store: impl Store) {
    for i in 0..25 {
        // Several of one name: the id decides among them.
        store
            .save_device(device(&format!("Phone {}", i / 5)), Stamp::default())
            .await
            .expect("saved");
    }
    let mut page = PageOf {
        cursor: None,
        limit: 7,
    };
    let mut seen = Vec::new();
    loop {
        let got = store
            .devices(DeviceFilter::default(), page.clone())
            .await
            .expect("read");
        assert!(got.items.len() <= 7);
        seen.extend(got.items.into_iter().map(|d| (d.name, d.id)));
        match got.next {
            Some(next) => page.cursor = Some(next),
            None => break,
        }
    }
    assert_eq!(seen.len(), 25);
    assert!(seen.windows(2).all(|w| w[0] < w[1]));
    let wrong = PageOf {
        cursor: Some("§".into()),
        limit: 0,
    };
    assert!(store.devices(DeviceFilter::default(), wrong).await.is_err());
}

pub(crate) async fn a_code_lets_one_device_in_however_many_try(store: impl Store) {
    store
        .invite(vec![digest("one")], None, None, at(60), stamp("invite"))
        .await
        .expect("invited");
    let tries = (0..50).map(|i| {
        let store = store.clone();
        tokio::spawn(async move {
            store
                .enrol(
                    draft(device(&format!("Phone {i}")), "one"),
                    Stamp::default(),
                )
                .await
                .expect("stored")
        })
    });
    let mut let_in = 0;
    for attempt in tries.collect::<Vec<_>>() {
        match attempt.await.expect("no panic") {
            Ok(_) => let_in += 1,
            Err(refusal) => assert_eq!(refusal, EnrolmentRefusal::Code),
        }
    }
    assert_eq!(let_in, 1);
    let all = store
        .devices(DeviceFilter::default(), PageOf::default())
        .await
        .expect("read");
    assert_eq!(all.items.len(), 1);
}

pub(crate) async fn codes_that_are_wrong_late_or_used_look_the_same(store: impl Store) {
    store
        .invite(
            vec![digest("late"), digest("used")],
            None,
            None,
            at(60),
            Stamp::default(),
        )
        .await
        .expect("invited");
    let mut late = draft(device("Late"), "late");
    late.at = at(61);
    assert!(
        store
            .enrol(draft(device("First"), "used"), Stamp::default())
            .await
            .expect("stored")
            .is_ok()
    );
    for draft in [
        late,
        draft(device("Second"), "used"),
        draft(device("Third"), "never"),
    ] {
        let refused = store
            .enrol(draft, stamp("enrol"))
            .await
            .expect("stored")
            .expect_err("refused");
        assert_eq!(refused, EnrolmentRefusal::Code);
    }
    assert_eq!(store.last_entry().await.expect("read"), None);
}

pub(crate) async fn enrolling_again_needs_proof_or_an_invitation_for_that_device(
    store: impl Store,
) {
    let first = enrolled(&store, "Phone").await;
    assert_eq!((first.epoch, first.version), (1, 1));
    store
        .invite(
            vec![digest("any 1"), digest("any 2")],
            None,
            None,
            at(60),
            Stamp::default(),
        )
        .await
        .expect("invited");
    let same = || {
        let mut same = device("Phone again");
        same.identities = first.identities.clone();
        same
    };
    let refused = store
        .enrol(draft(same(), "any 1"), Stamp::default())
        .await
        .expect("stored");
    assert_eq!(refused.expect_err("refused"), EnrolmentRefusal::Proof);
    // The code was not used up by the refusal.
    let mut proven = draft(same(), "any 1");
    proven.proven = true;
    let second = store
        .enrol(proven, Stamp::default())
        .await
        .expect("stored")
        .expect("let in");
    assert!(second.again);
    assert_eq!((second.device.id, second.device.epoch), (first.id, 2));
    assert_ne!(second.device.agent_id, first.agent_id);
    assert_eq!(second.device.name, "Phone");

    store
        .invite(
            vec![digest("own")],
            Some(first.id),
            None,
            at(60),
            Stamp::default(),
        )
        .await
        .expect("invited");
    let third = store
        .enrol(draft(same(), "own"), Stamp::default())
        .await
        .expect("stored")
        .expect("let in");
    assert_eq!((third.device.id, third.device.epoch), (first.id, 3));
}

pub(crate) async fn enrolling_again_voids_what_was_asked_of_the_old_epoch(store: impl Store) {
    let phone = enrolled(&store, "Phone").await;
    let create = |new| store.create_action(new, Stamp::default());
    let audit = create(order(&phone, "aud()")).await.expect("made");
    let lock = create(lock_order(&phone)).await.expect("made");
    store
        .deliverable(phone.id, &[], at(11))
        .await
        .expect("taken");
    let ring = create(order(&phone, "rng(5)")).await.expect("made");
    assert_eq!(ring.sequence.value(), 3);

    let mut again = draft(device("Phone"), "again");
    again.device.identities = phone.identities.clone();
    again.proven = true;
    store
        .invite(vec![digest("again")], None, None, at(60), Stamp::default())
        .await
        .expect("invited");
    store
        .enrol(again, Stamp::default())
        .await
        .expect("stored")
        .expect("let in");
    let state = async |id| store.action(id).await.expect("read").expect("there");
    assert_eq!(state(lock.id).await.state, ActionState::Cancelled);
    assert_eq!(state(audit.id).await.state, ActionState::Superseded);
    let ring = state(ring.id).await;
    assert_eq!(
        (ring.state, ring.epoch, ring.sequence.value()),
        (ActionState::Pending, 2, 1)
    );
    let next = create(order(&phone, "aud()")).await.expect("made");
    assert_eq!((next.epoch, next.sequence.value()), (2, 2));
}

pub(crate) async fn an_invitation_for_one_device_lets_no_other_in(store: impl Store) {
    let mine = store
        .save_device(device("Mine"), Stamp::default())
        .await
        .expect("saved");
    let other = enrolled(&store, "Other").await;
    store
        .invite(
            vec![digest("mine")],
            Some(mine.id),
            None,
            at(60),
            Stamp::default(),
        )
        .await
        .expect("invited");
    let mut thief = device("Thief");
    thief.identities = other.identities.clone();
    let stranger = device("Stranger");
    for device in [thief, stranger] {
        let refused = store
            .enrol(draft(device, "mine"), Stamp::default())
            .await
            .expect("stored")
            .expect_err("refused");
        assert_eq!(refused, EnrolmentRefusal::Identity);
    }
    let mut right = device("Phone");
    right.identities = mine.identities.clone();
    right
        .identities
        .push("imsi:240010000000001".parse().expect("imsi"));
    let let_in = store
        .enrol(draft(right, "mine"), Stamp::default())
        .await
        .expect("stored")
        .expect("let in");
    assert!(!let_in.again);
    assert_eq!(let_in.device.id, mine.id);
    assert_eq!(let_in.device.identities.len(), 2);
}

pub(crate) async fn secrets_are_found_by_agent_and_by_identity(store: impl Store) {
    store
        .invite(vec![digest("code")], None, None, at(60), Stamp::default())
        .await
        .expect("invited");
    let draft = draft(device("Phone"), "code");
    let phone = store
        .enrol(draft.clone(), Stamp::default())
        .await
        .expect("stored")
        .expect("let in")
        .device;
    let key = store
        .agent(draft.agent_id)
        .await
        .expect("read")
        .expect("there");
    assert_eq!((key.device, key.epoch), (phone.id, 1));
    assert_eq!(key.secret, draft.secret);
    for (device, identities) in [(Some(phone.id), vec![]), (None, phone.identities.clone())] {
        let key = store
            .agent_by_identity(device, identities)
            .await
            .expect("read")
            .expect("there");
        assert_eq!(key.agent_id, draft.agent_id);
    }
    let added = store
        .save_device(device("Not enrolled"), Stamp::default())
        .await
        .expect("saved");
    assert!(
        store
            .agent_by_identity(Some(added.id), added.identities)
            .await
            .expect("read")
            .is_none()
    );
}

fn binding(aor: &str, seconds: i64) -> Binding {
    Binding {
        aor: aor.into(),
        contact: "sip:phone@10.0.0.7:5060".into(),
        instance: "\"<urn:uuid:1>\"".into(),
        path: vec!["<sip:proxy.example;lr>".into()],
        received: Some("10.0.0.7:5060".parse().expect("address")),
        accept: vec!["application/application-server-contact-me".into()],
        user_agent: Some("callhome-agent".into()),
        call_id: "a84b4c76e66710".into(),
        cseq: 7,
        registered_at: at(seconds),
        expires_at: at(seconds + 60),
        indirect: true,
    }
}

pub(crate) async fn bindings_are_replaced_as_a_whole(store: impl Store) {
    let phone = enrolled(&store, "Phone").await;
    let aor = "sip:phone@west.example";
    let (first, second) = (binding(aor, 1), binding(aor, 2));
    let save = |bindings, seconds| store.save_bindings(phone.id, aor, bindings, at(seconds));
    save(vec![first.clone()], 1).await.expect("saved");
    save(vec![second.clone(), first.clone()], 2)
        .await
        .expect("saved");
    assert_eq!(
        store.bindings(aor).await.expect("read"),
        [second.clone(), first]
    );
    let seen = store.device(phone.id).await.expect("read").expect("there");
    assert_eq!(seen.bindings.len(), 2);
    assert_eq!(seen.last_heard, Some(at(2)));
    save(vec![], 3).await.expect("saved");
    assert!(store.bindings(aor).await.expect("read").is_empty());
    let unknown = store
        .save_bindings(short_id(), "sip:x@y", vec![second], at(4))
        .await;
    assert!(
        matches!(unknown, Err(StoreError::NotFound(_))),
        "{unknown:?}"
    );
}

pub(crate) async fn a_subscription_is_kept_by_its_dialog_and_goes_with_its_device(
    store: impl Store,
) {
    let phone = enrolled(&store, "Phone").await;
    let mut subscription = Subscription {
        event: "application-server-contact-me".into(),
        call_id: "c".into(),
        local_tag: "ours".into(),
        remote_tag: "theirs".into(),
        local: "sip:a@b".into(),
        remote: "sip:a@b".into(),
        target: "sip:a@10.0.0.7".into(),
        route: Vec::new(),
        received: None,
        sequence: 1,
        remote_sequence: 1,
        expires_at: at(600),
    };
    let save = |s: &Subscription| store.save_subscription(phone.id, s.clone());
    save(&subscription).await.expect("saved");
    subscription.sequence = 9;
    save(&subscription).await.expect("saved");
    let all = || async { store.subscriptions().await.expect("read") };
    assert_eq!(all().await, [(phone.id, subscription.clone())]);
    let key = subscription.key();
    store.delete_subscription(&key).await.expect("removed");
    store
        .delete_subscription(&key)
        .await
        .expect("none is there");
    assert!(all().await.is_empty());
    save(&subscription).await.expect("saved");
    store
        .delete_device(phone.id, stamp("device.delete"))
        .await
        .expect("deleted");
    assert!(all().await.is_empty());
}

pub(crate) async fn a_told_address_counts_until_it_is_told_otherwise(store: impl Store) {
    let mut phone = enrolled(&store, "Phone").await;
    phone.numbers[0].verified_at = Some(at(1));
    let phone = store
        .save_device(phone, Stamp::default())
        .await
        .expect("saved");
    let mut told = RegisterRequest {
        tag: Some(RouteTag::Direct),
        contact: Some("sip:10.0.0.9:5070".into()),
        proxy: None,
        numbers: vec!["+46850012345".parse().expect("number")],
        push: None,
        has_data: true,
    };
    let after = store
        .register(phone.id, told.clone(), at(20))
        .await
        .expect("registered");
    assert_eq!(after.bindings[0].contact, "sip:10.0.0.9:5070");
    assert_eq!(after.tag, Some(RouteTag::Direct));
    assert_eq!(after.last_heard, Some(at(20)));
    let numbers: Vec<DeviceNumber> = vec![
        DeviceNumber::new(told.numbers[0].clone()),
        phone.numbers[0].clone(),
    ];
    assert_eq!(after.numbers, numbers);
    assert_eq!(after.version, phone.version + 1);

    let same = store
        .register(phone.id, told.clone(), at(30))
        .await
        .expect("registered");
    assert_eq!(same.version, after.version);
    told.contact = None;
    told.has_data = false;
    let moved = store
        .register(phone.id, told, at(40))
        .await
        .expect("registered");
    assert!(moved.bindings.is_empty());
    assert!(!moved.has_data);
}

pub(crate) async fn a_deleted_device_leaves_nothing_but_its_trail(store: impl Store) {
    let phone = enrolled(&store, "Phone").await;
    store
        .create_action(lock_order(&phone), stamp("action.create"))
        .await
        .expect("made");
    store
        .save_bindings(phone.id, "sip:a@b", vec![binding("sip:a@b", 1)], at(1))
        .await
        .expect("saved");
    store
        .heard(phone.id, at(2), "session", "opened a session")
        .await
        .expect("logged");
    store
        .delete_device(phone.id, stamp("device.delete"))
        .await
        .expect("deleted");
    assert_eq!(store.device(phone.id).await.expect("read"), None);
    assert!(store.bindings("sip:a@b").await.expect("read").is_empty());
    assert_eq!(store.entries(0, 10).await.expect("read").len(), 2);
    let agent_id = phone.agent_id.expect("enrolled");
    assert!(store.agent(agent_id).await.expect("read").is_none());
    // Its identity is free again.
    let mut next = device("Next");
    next.identities = phone.identities;
    store
        .save_device(next, Stamp::default())
        .await
        .expect("saved");
    let gone = store.delete_device(phone.id, stamp("device.delete")).await;
    assert!(matches!(gone, Err(StoreError::NotFound(_))), "{gone:?}");
}

pub(crate) async fn the_log_of_a_device_is_newest_first(store: impl Store) {
    let phone = enrolled(&store, "Phone").await;
    for i in 1..=5 {
        store
            .heard(phone.id, at(i), "session", &format!("line {i}"))
            .await
            .expect("logged");
    }
    // Older news do not turn the clock back; no text, no line.
    store
        .heard(phone.id, at(3), "sip", "")
        .await
        .expect("noted");
    let seen = store.device(phone.id).await.expect("read").expect("there");
    assert_eq!(seen.last_heard, Some(at(5)));
    let page = |cursor| PageOf { cursor, limit: 3 };
    let first = store.log(phone.id, page(None)).await.expect("read");
    let second = store.log(phone.id, page(first.next)).await.expect("read");
    let texts: Vec<String> = first
        .items
        .into_iter()
        .chain(second.items)
        .map(|l| l.text)
        .collect();
    assert_eq!(texts, ["line 5", "line 4", "line 3", "line 2", "line 1"]);
    assert_eq!(second.next, None);
}
