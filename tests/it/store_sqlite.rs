//! What only a store in a file can get wrong: crashes, full disks, other keys, copies.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;

use callhome::api::{ActionView, Device};
use callhome::domain::{
    ActionState, Bearer, DeviceSecret, GENESIS, Sequence, Timestamp, verify_chain,
};
use callhome::host::MasterKey;
use callhome::port::{
    ActionQueue, ActionResults, Actions, AgentState, AuditTrail, DeviceFilter, Devices, Enrolments,
    EventDraft, EventFilter, Events, Housekeeping, PageOf, Pins, Stamp, StoreError,
};
use callhome::store::{AgentStateFile, SqliteStore, unpack};

use crate::store_conformance::{
    answer_to, at, attempt, device, enrolled, lock_order, order, stamp,
};

/// A store in a folder that lives as long as what is beside it.
pub(crate) fn fresh() -> (SqliteStore, tempfile::TempDir) {
    let dir = tempfile::tempdir().expect("temp dir");
    (open(&dir), dir)
}

fn open(dir: &tempfile::TempDir) -> SqliteStore {
    try_open(dir, 7).expect("opens")
}

fn try_open(dir: &tempfile::TempDir, key: u8) -> Result<SqliteStore, StoreError> {
    let key = Arc::new(MasterKey::from_bytes(&[key; 32]));
    SqliteStore::open(&dir.path().join("callhome.db"), key)
}

#[tokio::test]
async fn the_file_and_what_is_beside_it_are_private() {
    let (store, dir) = fresh();
    enrolled(&store, "Phone").await;
    let mut files = 0;
    for entry in std::fs::read_dir(dir.path()).expect("folder") {
        let entry = entry.expect("entry");
        let mode = entry.metadata().expect("metadata").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", entry.path());
        files += 1;
    }
    assert!(files >= 2, "the database and its log");
}

#[tokio::test]
async fn what_was_answered_is_there_after_a_crash() {
    let (store, dir) = fresh();
    let phone = enrolled(&store, "Phone").await;
    let lock = store
        .create_action(lock_order(&phone), stamp("action.create"))
        .await
        .expect("made");
    // The files as they are at this moment, as a killed process leaves them: nothing was closed.
    let crashed = tempfile::tempdir().expect("temp dir");
    for name in ["callhome.db", "callhome.db-wal"] {
        std::fs::copy(dir.path().join(name), crashed.path().join(name)).expect("copied");
    }
    let found = open(&crashed);
    assert_eq!(found.action(lock.id).await.expect("read"), Some(lock));
    let pins = found
        .pins(phone.id, stamp("pin.reveal"))
        .await
        .expect("read");
    assert_eq!(pins.len(), 1);
    let next = found
        .create_action(order(&phone, "aud()"), Stamp::default())
        .await
        .expect("made");
    assert_eq!(next.sequence.value(), 2);
}

#[tokio::test]
async fn half_a_transaction_is_no_transaction_after_a_crash() {
    let (store, dir) = fresh();
    store
        .save_device(device("Kept"), stamp("device.add"))
        .await
        .expect("saved");
    // Another writer is in the middle of one when the power goes.
    let conn = rusqlite::Connection::open(dir.path().join("callhome.db")).expect("opens");
    conn.execute_batch(
        "PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN IMMEDIATE;
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
         INSERT INTO meta SELECT 'half ' || i, zeroblob(100) FROM n;",
    )
    .expect("half done");
    let crashed = tempfile::tempdir().expect("temp dir");
    for name in ["callhome.db", "callhome.db-wal"] {
        std::fs::copy(dir.path().join(name), crashed.path().join(name)).expect("copied");
    }
    let log = std::fs::metadata(crashed.path().join("callhome.db-wal")).expect("there");
    assert!(
        log.len() > 400_000,
        "the half is on the disk: {}",
        log.len()
    );
    let found = open(&crashed);
    assert_eq!(found.meta("half 1").await.expect("read"), None);
    let all = found
        .devices(DeviceFilter::default(), PageOf::default())
        .await
        .expect("read");
    assert_eq!(all.items.len(), 1);
    let trail = found.entries(0, 10).await.expect("read");
    verify_chain(0, GENESIS, &trail).expect("one chain");
}

#[tokio::test]
async fn a_full_disk_is_told_and_leaves_nothing_half_written() {
    let (_, dir) = fresh();
    let conn = rusqlite::Connection::open(dir.path().join("callhome.db")).expect("opens");
    let pages: i64 = conn
        .query_row("PRAGMA page_count", [], |row| row.get(0))
        .expect("counted");
    drop(conn);
    let store = open(&dir);
    store.limit_pages(pages + 8).await.expect("limited");
    let mut kept = Vec::new();
    let mut full = None;
    for i in 0..2000 {
        let mut big = device(&format!("Phone {i}"));
        big.attributes.insert("note".into(), "x".repeat(2000));
        match store.save_device(big, stamp("device.add")).await {
            Ok(saved) => kept.push(saved.id),
            Err(error) => {
                full = Some(error);
                break;
            }
        }
    }
    assert!(
        matches!(full, Some(StoreError::Database(_))),
        "the disk never was full: {full:?}"
    );
    // Reading goes on; what was answered is there; the one that failed is not, nor is its entry in the trail.
    let page = PageOf {
        cursor: None,
        limit: 1000,
    };
    let all = store
        .devices(DeviceFilter::default(), page)
        .await
        .expect("read");
    assert_eq!(all.items.len(), kept.len());
    let trail = store.entries(0, 10_000).await.expect("read");
    assert_eq!(trail.len(), kept.len());
    // With room again it goes on.
    store.limit_pages(pages + 10_000).await.expect("limited");
    store
        .save_device(device("After"), stamp("device.add"))
        .await
        .expect("saved");
    let trail = store.entries(0, 10_000).await.expect("read");
    verify_chain(0, GENESIS, &trail).expect("one chain");
}

#[tokio::test]
async fn another_master_key_is_noticed_at_the_start() {
    let (store, dir) = fresh();
    drop(store);
    match try_open(&dir, 8) {
        Err(StoreError::Machine(error)) => assert!(error.to_string().contains("master key")),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was opened"),
    }
    open(&dir);
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_left_alone() {
    let (store, dir) = fresh();
    drop(store);
    let conn = rusqlite::Connection::open(dir.path().join("callhome.db")).expect("opens");
    conn.pragma_update(None, "user_version", 99).expect("set");
    match try_open(&dir, 7) {
        Err(StoreError::Database(text)) => assert!(text.contains("newer"), "{text}"),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was opened"),
    }
}

#[tokio::test]
async fn the_trail_cannot_be_changed_or_cut_by_ordinary_statements() {
    let (store, dir) = fresh();
    store
        .append(stamp("login").audit.expect("draft"))
        .await
        .expect("added");
    let conn = rusqlite::Connection::open(dir.path().join("callhome.db")).expect("opens");
    for sql in ["UPDATE audit SET event = 'x'", "DELETE FROM audit"] {
        let error = conn.execute(sql, []).expect_err("refused").to_string();
        assert!(error.contains("append-only"), "{error}");
    }
}

#[tokio::test]
async fn secrets_and_pins_do_not_stand_in_the_file() {
    let (store, dir) = fresh();
    let phone = enrolled(&store, "Phone").await;
    store
        .create_action(lock_order(&phone), Stamp::default())
        .await
        .expect("made");
    let agent = phone.agent_id.expect("enrolled");
    let key = callhome::port::Enrolments::agent(&store, agent)
        .await
        .expect("read")
        .expect("there");
    let mut bytes = std::fs::read(dir.path().join("callhome.db")).expect("read");
    bytes.extend(std::fs::read(dir.path().join("callhome.db-wal")).expect("read"));
    let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|w| w == needle);
    assert!(holds(agent.to_string().as_bytes()), "the right files");
    assert!(!holds(key.secret.expose()));
    assert!(!holds(key.secret.to_hex().as_bytes()));
    assert!(!holds(b"735001"));
}

#[tokio::test]
async fn a_copy_is_whole_and_private_and_never_replaces_a_file() {
    let (store, dir) = fresh();
    let phone = enrolled(&store, "Phone").await;
    let copy = dir.path().join("copy.db");
    store.copy_to(&copy, Vec::new()).await.expect("copied");
    let mode = std::fs::metadata(&copy)
        .expect("there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let restored =
        SqliteStore::open(&copy, Arc::new(MasterKey::from_bytes(&[7; 32]))).expect("opens");
    let seen = restored.device(phone.id).await.expect("read");
    assert_eq!(seen.map(|d| d.name).as_deref(), Some("Phone"));
    assert!(store.copy_to(&copy, Vec::new()).await.is_err());
}

fn pin(_: &DeviceSecret, sequence: Sequence) -> String {
    format!("{:06}", 735_000 + sequence.value())
}

/// The store of a server that was restored from a copy of this one.
async fn made_of_a_copy(store: &SqliteStore, dir: &tempfile::TempDir) -> SqliteStore {
    let copy = dir.path().join("copy.db");
    store.copy_to(&copy, Vec::new()).await.expect("copied");
    let key = Arc::new(MasterKey::from_bytes(&[7; 32]));
    unpack(&copy, &*key).expect("unpacked");
    SqliteStore::open(&copy, key).expect("opens")
}

#[tokio::test]
async fn a_server_made_of_an_old_copy_gives_no_number_that_its_device_has_done() {
    let (store, dir) = fresh();
    let phone = enrolled(&store, "Phone").await;
    let old = store.create_action(order(&phone, "aud()"), Stamp::default());
    let old = old.await.expect("made");
    let store = made_of_a_copy(&store, &dir).await;
    let agent = async || {
        let found = store.agent(phone.agent_id.expect("enrolled")).await;
        found.expect("read").expect("there")
    };
    assert!(agent().await.restored);
    // Asked for by SMS, before the phone had a session.
    let lock = store.create_action(lock_order(&phone), Stamp::default());
    let lock = lock.await.expect("made");
    assert_eq!(lock.sequence, Sequence::new(2 + 256));
    // The server that was copied gave three hundred numbers more.
    let seen = store
        .catch_up(phone.id, Sequence::new(301), pin, at(20))
        .await;
    let seen = seen.expect("noted").expect("it was behind");
    assert_eq!((seen.first, seen.renumbered), (Sequence::new(366), 1));
    let lock = store.action(lock.id).await.expect("read").expect("there");
    assert_eq!(
        (lock.sequence, lock.state),
        (seen.first, ActionState::Pending)
    );
    let pins = store.pins(phone.id, Stamp::default()).await.expect("read");
    assert_eq!(pins[0].pin, "735366");
    let kept = store.action(old.id).await.expect("read").expect("there");
    assert_eq!(kept.sequence, old.sequence, "the copy knew its number");
    assert!(!agent().await.restored);
    assert_eq!(agent().await.next, Sequence::new(367));
    let claimed = store.claim(at(30), Duration::from_secs(60), 9).await;
    let sent: Vec<_> = claimed
        .expect("claimed")
        .iter()
        .map(|c| c.view.id)
        .collect();
    assert!(sent.contains(&lock.id), "it is sent under its new number");

    // What is known already, what nobody believes, and what was given here change nothing.
    for taken in [300, 366, 4_000_000_000] {
        let seen = store
            .catch_up(phone.id, Sequence::new(taken), pin, at(40))
            .await;
        assert_eq!(seen.expect("noted"), None, "{taken}");
    }
    assert_eq!(agent().await.next, Sequence::new(367));
    // A database that was put back without the command is behind as well.
    let seen = store
        .catch_up(phone.id, Sequence::new(900), pin, at(50))
        .await;
    assert_eq!(
        seen.expect("noted").expect("behind").first,
        Sequence::new(965)
    );
}

#[tokio::test]
async fn a_copy_that_is_young_enough_is_settled_by_the_first_session() {
    let (store, dir) = fresh();
    let phone = enrolled(&store, "Phone").await;
    let store = made_of_a_copy(&store, &dir).await;
    let made = store.create_action(order(&phone, "aud()"), Stamp::default());
    let made = made.await.expect("made");
    let seen = store
        .catch_up(phone.id, Sequence::new(200), pin, at(20))
        .await;
    assert_eq!(seen.expect("noted"), None);
    let kept = store.action(made.id).await.expect("read").expect("there");
    assert_eq!(kept.sequence, Sequence::new(257));
    // Later the gap is closed, and the phone comes to numbers that it got here.
    let seen = store
        .catch_up(phone.id, Sequence::new(257), pin, at(30))
        .await;
    assert_eq!(seen.expect("noted"), None);
}

/// A server that was made of a copy sends actions by text message before their phone had a session; then that tells of
/// the number that it is at, counted from the first of ours. For each action: its number, counted likewise, or `None`
/// when it has a new one.
async fn caught_up(actions: &[(&str, bool)], at_number: u32) -> (Vec<Option<u32>>, usize) {
    const FIRST: u32 = 257;
    let (store, dir) = fresh();
    let phone = enrolled(&store, "Phone").await;
    let store = made_of_a_copy(&store, &dir).await;
    let mut ids = Vec::new();
    for (action, is_sent) in actions {
        let new = match *action {
            "lck()" => lock_order(&phone),
            other => order(&phone, other),
        };
        let made = store.create_action(new, Stamp::default()).await;
        ids.push(made.expect("made").id);
        if *is_sent {
            let claimed = store.claim(at(10), Duration::from_secs(60), 9).await;
            let lease = claimed.expect("claimed")[0].lease;
            let tried = vec![attempt(11, Bearer::Sms, true)];
            store
                .record_attempts(lease, tried, Some(at(900)))
                .await
                .expect("recorded");
        }
    }
    let taken = Sequence::new(FIRST - 1 + at_number);
    let caught = store.catch_up(phone.id, taken, pin, at(20)).await;
    let caught = caught.expect("noted");
    let mut numbers = Vec::new();
    for id in ids {
        let view = store.action(id).await.expect("read").expect("there");
        let number = view.sequence.value();
        assert!(!view.state.is_final(), "{view:?}");
        let is_new = caught.is_some_and(|c| number >= c.first.value());
        assert_eq!(is_new, view.state == ActionState::Pending && at_number > 0);
        numbers.push((!is_new).then(|| number - FIRST + 1));
    }
    (numbers, caught.map_or(0, |c| c.kept))
}

#[tokio::test]
async fn what_went_out_by_text_before_the_first_session_is_done_once() {
    // Fewer than the free numbers were given since the copy: the phone is below the first of ours, and waits for them.
    assert_eq!(caught_up(&[("msg(a)", true)], 0).await, (vec![Some(1)], 0));
    // It is at ours, which followed what it had, or took that number for something else: its answer tells.
    assert_eq!(caught_up(&[("msg(a)", true)], 1).await, (vec![Some(1)], 1));
    let both = [("msg(a)", true), ("msg(b)", true)];
    assert_eq!(caught_up(&both, 1).await, (vec![Some(1), Some(2)], 1));
    assert_eq!(caught_up(&both, 2).await, (vec![Some(1), Some(2)], 2));
    // A lock must not be left undone, and is the same when it is done twice.
    assert_eq!(caught_up(&[("lck()", true)], 1).await, (vec![None], 0));
    // It is beyond all that was sent: somebody else gave it those numbers.
    assert_eq!(caught_up(&[("msg(a)", true)], 2).await, (vec![None], 0));
    assert_eq!(caught_up(&both, 3).await, (vec![None, None], 0));
    // The same when what stands there has not left.
    let second = [("msg(a)", true), ("msg(b)", false)];
    assert_eq!(caught_up(&second, 2).await, (vec![None, None], 0));
    assert_eq!(caught_up(&[("msg(a)", false)], 1).await, (vec![None], 0));
}

/// A server that was made of a copy and has sent a lock and then, when it is asked for, an unlock, by text messages.
async fn restored_and_texted(unlock: bool) -> (SqliteStore, tempfile::TempDir, ActionView, Device) {
    let (store, dir) = fresh();
    let phone = enrolled(&store, "Phone").await;
    let store = made_of_a_copy(&store, &dir).await;
    let lock = store.create_action(lock_order(&phone), Stamp::default());
    let lock = lock.await.expect("made");
    if unlock {
        let unlock = store.create_action(order(&phone, "ulk()"), Stamp::default());
        unlock.await.expect("made");
    }
    for _ in 0..=u8::from(unlock) {
        for claimed in store
            .claim(at(10), Duration::from_secs(60), 9)
            .await
            .expect("claimed")
        {
            let tried = vec![attempt(11, Bearer::Sms, true)];
            let recorded = store.record_attempts(claimed.lease, tried, Some(at(900)));
            recorded.await.expect("recorded");
        }
    }
    (store, dir, lock, phone)
}

#[tokio::test]
async fn a_lock_that_was_taken_back_does_not_return_after_a_restore() {
    let (store, _dir, lock, phone) = restored_and_texted(true).await;
    // The reply to the lock was lost, the one to the unlock came.
    let done = answer_to("ulk", &phone, 258, ActionState::Done);
    store
        .record_result(done, Stamp::default())
        .await
        .expect("recorded");
    let seen = store
        .catch_up(phone.id, Sequence::new(258), pin, at(60))
        .await;
    assert_eq!(seen.expect("noted").map(|seen| seen.renumbered), Some(0));
    let lock = store.action(lock.id).await.expect("read").expect("there");
    assert_eq!(
        (lock.sequence.value(), lock.state),
        (257, ActionState::Superseded)
    );
    let claimed = store.claim(at(5_000), Duration::from_secs(60), 9).await;
    assert!(claimed.expect("claimed").is_empty());
}

#[tokio::test]
async fn a_lock_whose_time_is_up_keeps_its_number_and_its_pin_after_a_restore() {
    let (store, _dir, lock, phone) = restored_and_texted(false).await;
    let later = Timestamp::from_millis(lock.expires_at.millis() + 1);
    let seen = store
        .catch_up(phone.id, Sequence::new(257), pin, later)
        .await;
    assert_eq!(seen.expect("noted").map(|seen| seen.renumbered), Some(0));
    let pins = store.pins(phone.id, Stamp::default()).await.expect("read");
    assert_eq!(pins[0].pin, "735257");
    // The phone's answer comes after all.
    let done = answer_to("lck", &phone, 257, ActionState::Done);
    store
        .record_result(done, Stamp::default())
        .await
        .expect("recorded");
    let lock = store.action(lock.id).await.expect("read").expect("there");
    assert_eq!(lock.state, ActionState::Done);
}

#[tokio::test]
async fn the_last_hundred_thousand_events_are_kept() {
    let (store, _dir) = fresh();
    let draft = EventDraft {
        at: at(1),
        kind: "message.received".into(),
        subject: String::new(),
        device: None,
        data: serde_json::Value::Null,
    };
    for _ in 0..3 {
        store
            .publish(vec![draft.clone(); 35_000])
            .await
            .expect("published");
    }
    assert_eq!(store.last_event().await.expect("read"), 105_000);
    let oldest = store.events(EventFilter::default(), 1).await.expect("read")[0].id;
    // What is too old goes in steps of about a thousand.
    assert!((3_900..=5_001).contains(&oldest), "{oldest}");
}

#[tokio::test]
async fn the_endpoints_own_values_and_counts() {
    let (store, _dir) = fresh();
    assert_eq!(store.meta("system-id").await.expect("read"), None);
    assert_eq!(
        store.remember_meta("system-id", "a").await.expect("set"),
        "a"
    );
    assert_eq!(
        store.remember_meta("system-id", "b").await.expect("kept"),
        "a"
    );
    assert_eq!(
        store.meta("system-id").await.expect("read").as_deref(),
        Some("a")
    );
    let phone = enrolled(&store, "Phone").await;
    store
        .create_action(lock_order(&phone), stamp("action.create"))
        .await
        .expect("made");
    let counts = store.totals(at(0)).await.expect("counted");
    assert_eq!((counts.devices, counts.registered), (1, 0));
    assert_eq!((counts.open_actions, counts.audit_entries), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn states_of_simulated_devices_survive_a_restart() {
    let dir = tempfile::tempdir().expect("temp dir");
    let path = dir.path().join("agents.db");
    let file = Arc::new(AgentStateFile::open(&path).expect("opens"));
    let saves: Vec<_> = (0..500u32)
        .map(|i| {
            let file = Arc::clone(&file);
            tokio::spawn(async move {
                let name = format!("phone-{:03}", i % 100);
                file.save(&name, i.to_be_bytes().to_vec()).await
            })
        })
        .collect();
    for save in saves {
        save.await.expect("no panic").expect("saved");
    }
    file.save("phone-000", b"last".to_vec())
        .await
        .expect("saved");
    drop(file);
    let found = AgentStateFile::open(&path)
        .expect("opens")
        .load()
        .await
        .expect("read");
    assert_eq!(found.len(), 100);
    assert_eq!(found[0], ("phone-000".to_owned(), b"last".to_vec()));
}
