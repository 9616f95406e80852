use callhome::api::{
    AuditCheckpoint, CustomerRecord, Evaluation, Operator, RouteRegistration, TokenView,
};
use callhome::domain::{AuditHash, GENESIS, Role, SystemId, verify_chain};
use callhome::port::{
    NewBackupItem, OperatorRecord, PageOf, PasswordUse, Stamp, StoreError, TokenRecord,
};

use super::Store;
use super::fixtures::{at, device, digest, enrolled, order, short_id, stamp};

fn item(path: &str, content: &str) -> NewBackupItem {
    NewBackupItem {
        path: path.into(),
        entries: 2,
        content: content.as_bytes().to_vec(),
    }
}

pub(crate) async fn a_backup_takes_items_until_it_is_complete(store: impl Store) {
    let phone = enrolled(&store, "Phone").await;
    let id = short_id();
    let put = |path: &str, content: &str| store.put_item(phone.id, id, item(path, content), at(10));
    put("contacts/work.vcf", "old").await.expect("stored");
    put("contacts/work.vcf", "new!").await.expect("replaced");
    let view = put("documents/Plan 2026.txt", "plan")
        .await
        .expect("stored");
    assert_eq!(view.items.len(), 2);
    assert_eq!(view.size_bytes, 8);
    assert_eq!(view.completed_at, None);
    // printf 'new!' | sha256sum
    assert_eq!(
        view.items[0].sha256,
        "bdd1e524e5c90bee91a4f1ac4a087ca0012e36235ab24b5136d2a6388e7ad58b"
    );
    let whole = store
        .complete(id, "all", at(20), stamp("backup.complete"))
        .await
        .expect("complete");
    assert_eq!(
        (whole.kind.as_str(), whole.completed_at),
        ("all", Some(at(20)))
    );
    let more = put("media/a.jpg", "x").await;
    assert!(matches!(more, Err(StoreError::Conflict(_))), "{more:?}");
    let content = store.item(id, "contacts/work.vcf").await.expect("read");
    assert_eq!(content.as_deref(), Some(&b"new!"[..]));
    assert_eq!(store.item(id, "media/a.jpg").await.expect("read"), None);
    let list = store
        .backups(Some(phone.id), None, PageOf::default())
        .await
        .expect("read");
    assert_eq!(list.items, [whole]);
}

pub(crate) async fn a_backup_of_another_device_is_not_touched(store: impl Store) {
    let (mine, other) = (
        enrolled(&store, "Mine").await,
        enrolled(&store, "Other").await,
    );
    let id = short_id();
    store
        .put_item(mine.id, id, item("contacts/a", "a"), at(10))
        .await
        .expect("stored");
    let refused = store
        .put_item(other.id, id, item("contacts/a", "evil"), at(11))
        .await;
    assert!(
        matches!(refused, Err(StoreError::NotFound(_))),
        "{refused:?}"
    );
    let content = store.item(id, "contacts/a").await.expect("read");
    assert_eq!(content.as_deref(), Some(&b"a"[..]));
    let none = store
        .complete(short_id(), "all", at(20), Stamp::default())
        .await;
    assert!(matches!(none, Err(StoreError::NotFound(_))), "{none:?}");
    let one = store
        .backups(None, Some(id), PageOf::default())
        .await
        .expect("read");
    assert_eq!(one.items.len(), 1);
}

pub(crate) async fn the_trail_is_one_chain_whoever_writes(store: impl Store) {
    let phone = enrolled(&store, "Phone").await;
    let writers: Vec<_> = (0..100)
        .map(|i| {
            let (store, order) = (store.clone(), order(&phone, "aud()"));
            tokio::spawn(async move {
                let stamp = stamp(&format!("action.create {i}"));
                if i % 3 == 0 {
                    store.append(stamp.audit.expect("draft")).await.map(drop)
                } else {
                    store.create_action(order, stamp).await.map(drop)
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.expect("no panic").expect("written");
    }
    let mut after = (0, GENESIS);
    loop {
        let page = store.entries(after.0, 30).await.expect("read");
        if page.is_empty() {
            break;
        }
        after = verify_chain(after.0, after.1, &page).expect("one chain");
    }
    assert_eq!(after.0, 100);
    let last = store.last_entry().await.expect("read").expect("there");
    assert_eq!((last.number, last.hash), after);
}

pub(crate) async fn a_failed_write_leaves_no_entry_in_the_trail(store: impl Store) {
    let unknown = device("Unknown");
    let refused = store
        .create_action(order(&unknown, "aud()"), stamp("action.create"))
        .await;
    assert!(refused.is_err());
    assert!(store.delete_device(unknown.id, stamp("x")).await.is_err());
    assert_eq!(store.last_entry().await.expect("read"), None);
}

fn operator(name: &str, role: Role) -> OperatorRecord {
    OperatorRecord {
        view: Operator {
            name: name.into(),
            role,
            created_at: at(0),
            last_login: None,
        },
        password_hash: "$argon2id$v=19$…".into(),
        one_time: true,
    }
}

fn token(by: &str, role: Role, session: bool) -> TokenRecord {
    let id = short_id();
    TokenRecord {
        view: TokenView {
            id,
            name: if session { "session" } else { "nightly" }.into(),
            role,
            created_by: by.into(),
            created_at: at(0),
            expires_at: at(100),
            last_used: None,
        },
        session,
        digest: digest(&id.to_string()),
        bound_to: Some("127.0.0.1".into()),
        made_with: None,
    }
}

pub(crate) async fn the_last_admin_stays(store: impl Store) {
    let save = |name, role| store.save_operator(operator(name, role), stamp("operator.save"));
    save("anna", Role::Admin).await.expect("saved");
    for refused in [
        save("anna", Role::Viewer).await,
        store.delete_operator("anna", stamp("x")).await,
    ] {
        assert!(
            matches!(refused, Err(StoreError::Conflict(_))),
            "{refused:?}"
        );
    }
    let anna = store.operator("anna").await.expect("read").expect("there");
    assert_eq!((anna.view.role, anna.one_time), (Role::Admin, true));
    save("bo", Role::Admin).await.expect("saved");
    store
        .delete_operator("anna", stamp("x"))
        .await
        .expect("deleted");
    assert!(store.operator("anna").await.expect("read").is_none());
    let names: Vec<_> = store.operators().await.expect("read");
    assert_eq!(names.len(), 1);
    let gone = store.delete_operator("anna", stamp("x")).await;
    assert!(matches!(gone, Err(StoreError::NotFound(_))), "{gone:?}");
}

pub(crate) async fn less_of_a_role_ends_what_was_held_under_more(store: impl Store) {
    for (name, role) in [("anna", Role::Admin), ("bo", Role::Admin)] {
        store
            .save_operator(operator(name, role), Stamp::default())
            .await
            .expect("saved");
    }
    let kept = token("anna", Role::Viewer, false);
    let held = [
        token("anna", Role::Admin, true),
        token("anna", Role::Admin, false),
        kept.clone(),
        token("bo", Role::Admin, true),
    ];
    for record in &held {
        store
            .save_token(record.clone(), Stamp::default())
            .await
            .expect("saved");
    }
    store
        .save_operator(operator("anna", Role::Helpdesk), Stamp::default())
        .await
        .expect("saved");
    let mut live = Vec::new();
    for record in &held {
        live.push(
            store
                .token(record.digest, at(1))
                .await
                .expect("read")
                .is_some(),
        );
    }
    assert_eq!(live, [false, false, true, true]);
    store
        .delete_operator("anna", Stamp::default())
        .await
        .expect("deleted");
    assert!(
        store
            .token(kept.digest, at(1))
            .await
            .expect("read")
            .is_none()
    );
}

pub(crate) async fn tokens_die_when_they_expire_or_are_revoked(store: impl Store) {
    let (session, service) = (
        token("anna", Role::Admin, true),
        token("anna", Role::Viewer, false),
    );
    for record in [&session, &service] {
        store
            .save_token(record.clone(), stamp("token.create"))
            .await
            .expect("saved");
    }
    let found = store
        .token(session.digest, at(99))
        .await
        .expect("read")
        .expect("live");
    assert!(found.session);
    assert_eq!(found.bound_to.as_deref(), Some("127.0.0.1"));
    assert!(
        store
            .token(session.digest, at(100))
            .await
            .expect("read")
            .is_none()
    );
    assert!(
        store
            .token(digest("other"), at(1))
            .await
            .expect("read")
            .is_none()
    );
    let listed = store.tokens(at(1)).await.expect("read");
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].id, service.view.id);
    let revoke = |id| store.revoke_token(id, stamp("token.revoke"));
    revoke(service.view.id).await.expect("revoked");
    assert!(matches!(
        revoke(service.view.id).await,
        Err(StoreError::NotFound(_))
    ));
    assert!(
        store
            .token(service.digest, at(1))
            .await
            .expect("read")
            .is_none()
    );
    // The use of the first was noted, some time soon.
    let again = store.token(session.digest, at(99)).await.expect("read");
    assert!(again.expect("live").view.last_used.is_some());
}

pub(crate) async fn checkpoints_are_kept_in_order(store: impl Store) {
    let checkpoint = |number: u64| AuditCheckpoint {
        server: "west".into(),
        number,
        hash: AuditHash::from_bytes(digest(&number.to_string())),
        at: at(1),
        key: "00".repeat(32),
        signature: "00".repeat(64),
    };
    assert!(store.checkpoints(None).await.expect("read").is_empty());
    for number in [3, 7] {
        store
            .checkpoints(Some(checkpoint(number)))
            .await
            .expect("added");
    }
    let numbers: Vec<u64> = store
        .checkpoints(None)
        .await
        .expect("read")
        .iter()
        .map(|c| c.number)
        .collect();
    assert_eq!(numbers, [3, 7]);
}

pub(crate) async fn customers_are_kept_by_their_system_ids(store: impl Store) {
    let (first, second) = (SystemId::from_number(7), SystemId::from_number(30_640_615));
    assert_eq!(store.customer(first).await.expect("read"), None);
    let route = |host: &str| RouteRegistration {
        server_url: format!("https://{host}:8443"),
        ca_pem: "PEM".into(),
    };
    let evaluation = Evaluation {
        until: at(500),
        by_router: true,
    };
    for host in ["old", "new"] {
        store
            .save_route(second, route(host), at(1), stamp("router.register"))
            .await
            .expect("kept");
    }
    let put = |evaluation| store.save_evaluation(first, evaluation, stamp("customer.evaluate"));
    put(Some(evaluation.clone())).await.expect("kept");
    // One fact of a customer does not touch the other.
    store
        .save_route(first, route("first"), at(2), Stamp::default())
        .await
        .expect("kept");
    let mut expected = CustomerRecord {
        system_id: first,
        route: Some((route("first"), at(2))),
        evaluation: Some(evaluation),
    };
    let other = CustomerRecord {
        route: Some((route("new"), at(1))),
        ..CustomerRecord::new(second)
    };
    assert_eq!(
        store.customers().await.expect("read"),
        [expected.clone(), other]
    );
    assert_eq!(
        store.customer(first).await.expect("read").as_ref(),
        Some(&expected)
    );
    put(None).await.expect("converted");
    expected.evaluation = None;
    assert_eq!(store.customer(first).await.expect("read"), Some(expected));
    let trail = store.entries(0, 10).await.expect("read");
    let events: Vec<&str> = trail.iter().map(|e| e.draft.event.as_str()).collect();
    assert_eq!(
        events,
        [
            "router.register",
            "router.register",
            "customer.evaluate",
            "customer.evaluate"
        ]
    );
}

fn used(hash: &str, replaced_by: Option<&str>, session: Option<TokenRecord>) -> PasswordUse {
    PasswordUse {
        name: "anna".into(),
        password_hash: hash.into(),
        replaced_by: replaced_by.map(str::to_owned),
        session,
        keeps: None,
    }
}

pub(crate) async fn a_login_changes_nothing_but_what_it_is_about(store: impl Store) {
    for (name, role) in [("anna", Role::Admin), ("bo", Role::Admin)] {
        store
            .save_operator(operator(name, role), Stamp::default())
            .await
            .expect("saved");
    }
    let looked_at = store.operator("anna").await.expect("read").expect("there");
    let hash = looked_at.password_hash.as_str();
    // While the password is looked at, the role changes.
    store
        .change_role("anna", Role::Helpdesk, stamp("operator.save"))
        .await
        .expect("changed");
    let session = token("anna", Role::Admin, true);
    let first = used(hash, None, Some(session.clone()));
    assert!(
        store
            .password_used(first, stamp("login"))
            .await
            .expect("noted")
    );
    let anna = store.operator("anna").await.expect("read").expect("there");
    assert_eq!(anna.view.role, Role::Helpdesk);
    assert_eq!(anna.view.last_login, Some(at(0)));
    let lives = async |token: &TokenRecord| {
        let found = store.token(token.digest, at(1)).await.expect("read");
        found.is_some()
    };
    assert!(lives(&session).await);

    // The password is replaced: the session ends, and the old password is worth nothing.
    let other = token("anna", Role::Helpdesk, true);
    let replaced = used(hash, Some("$new"), Some(other.clone()));
    assert!(
        store
            .password_used(replaced, stamp("login"))
            .await
            .expect("noted")
    );
    assert_eq!((lives(&session).await, lives(&other).await), (false, true));
    let late = token("anna", Role::Helpdesk, true);
    let stale = used(hash, Some("$other"), Some(late.clone()));
    assert!(
        !store
            .password_used(stale, stamp("login"))
            .await
            .expect("refused")
    );
    assert!(!lives(&late).await);
    let anna = store.operator("anna").await.expect("read").expect("there");
    assert_eq!(
        (anna.password_hash.as_str(), anna.one_time),
        ("$new", false)
    );

    // Removed while the password is looked at: a login does not bring anybody back.
    store
        .delete_operator("anna", Stamp::default())
        .await
        .expect("deleted");
    let gone = used("$new", None, Some(token("anna", Role::Admin, true)));
    assert!(
        !store
            .password_used(gone, stamp("login"))
            .await
            .expect("refused")
    );
    assert!(store.operator("anna").await.expect("read").is_none());
    let nobody = store.change_role("anna", Role::Admin, stamp("x")).await;
    assert!(matches!(nobody, Err(StoreError::NotFound(_))), "{nobody:?}");
    let last = store.change_role("bo", Role::Viewer, stamp("x")).await;
    assert!(matches!(last, Err(StoreError::Conflict(_))), "{last:?}");
}
