//! What a durable queue costs: enqueue, claim and acknowledge through the store in batches of a hundred,
//! against one durable row at a time in the same file system and the same run; and how fast devices get in.
//!
//! `cargo bench --bench queue` prints both rates and their ratio. The ratio is what to watch: the rates
//! depend on the disk.

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use callhome::api::{Attempt, Device, LockState};
use callhome::domain::{Bearer, Binding, DeviceId, DeviceSecret, ShortId, Timestamp};
use callhome::host::MasterKey;
use callhome::port::{
    ActionQueue, Actions, Bindings, Devices, EnrolmentDraft, Enrolments, NewAction, Stamp,
};
use callhome::store::SqliteStore;

const BATCH: u64 = 100;

/// How much of everything.
#[derive(Clone, Copy)]
struct Size {
    devices: u64,
    actions: u64,
    rows: u64,
}

const FULL: Size = Size {
    devices: 100_000,
    actions: 5_000,
    rows: 500,
};
/// Enough to see that it still runs (`cargo test --benches`).
const SMALL: Size = Size {
    devices: 200,
    actions: 200,
    rows: 20,
};

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000 + millis)
}

fn id(n: u64) -> ShortId {
    let b = n.to_be_bytes();
    // Spread like random ids are, so that the trees see the pattern that they will have to bear.
    let n = n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
    ShortId::from_random([n[0], n[1], b[5], b[6], b[7]])
}

fn digest(n: u64) -> [u8; 32] {
    <sha2::Sha256 as sha2::Digest>::digest(n.to_be_bytes()).into()
}

fn draft(n: u64) -> EnrolmentDraft {
    let mut agent = [0; 16];
    agent.copy_from_slice(&digest(n)[..16]);
    EnrolmentDraft {
        code_digest: digest(n),
        agent_id: DeviceId::from_random(agent),
        secret: DeviceSecret::from_bytes(digest(n)),
        device: Device {
            id: id(n),
            server: "bench".into(),
            name: format!("Phone {n}"),
            owner: None,
            model: Some("Simulated".into()),
            identities: vec![format!("serial:SN{n:08}").parse().unwrap()],
            numbers: Vec::new(),
            agent_id: None,
            epoch: 0,
            enrolled_at: None,
            tag: None,
            proxy: None,
            push: Vec::new(),
            has_data: true,
            lock: LockState::default(),
            bindings: Vec::new(),
            last_heard: None,
            open_actions: 0,
            attributes: BTreeMap::new(),
            version: 0,
        },
        proven: false,
        at: at(0),
    }
}

/// Runs `work` for each of `numbers` with many in flight, as a server with many clients does.
async fn each<F>(numbers: std::ops::Range<u64>, in_flight: usize, work: impl Fn(u64) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut running = tokio::task::JoinSet::new();
    for n in numbers {
        if running.len() >= in_flight {
            running.join_next().await.unwrap().unwrap();
        }
        running.spawn(work(n));
    }
    running.join_all().await;
}

async fn devices(store: &Arc<SqliteStore>, count: u64) {
    let begun = Instant::now();
    let codes = (0..count).map(digest).collect();
    store
        .invite(codes, None, None, at(3_600_000), Stamp::default())
        .await
        .unwrap();
    each(0..count, 256, |n| {
        let store = Arc::clone(store);
        async move {
            let enrolled = store.enrol(draft(n), Stamp::default()).await.unwrap();
            enrolled.unwrap();
        }
    })
    .await;
    let enrolled = begun.elapsed();
    println!(
        "{count} devices invited and enrolled in {:.2} s",
        enrolled.as_secs_f64()
    );
    let begun = Instant::now();
    each(0..count, 256, |n| {
        let store = Arc::clone(store);
        async move {
            let aor = format!("sip:{}@bench", draft(n).agent_id);
            let key = store.agent(draft(n).agent_id).await.unwrap().unwrap();
            let binding = Binding {
                aor: aor.clone(),
                contact: "sip:127.0.0.1:5060".into(),
                instance: String::new(),
                path: Vec::new(),
                received: None,
                accept: Vec::new(),
                user_agent: None,
                call_id: "a".into(),
                cseq: 1,
                registered_at: at(0),
                expires_at: at(3_600_000),
                indirect: false,
            };
            store
                .save_bindings(key.device, &aor, vec![binding], at(1))
                .await
                .unwrap();
        }
    })
    .await;
    println!(
        "{count} devices registered in {:.2} s",
        begun.elapsed().as_secs_f64()
    );
    const LOOKED_UP: u64 = 1_000;
    let begun = Instant::now();
    for n in 0..LOOKED_UP {
        let found = store.device(id(n * 7919 % count)).await.unwrap().unwrap();
        assert_eq!(found.bindings.len(), 1);
    }
    let each = begun.elapsed() / u32::try_from(LOOKED_UP).unwrap();
    println!("one device found with its binding among {count} in {each:.0?}");
}

async fn queue(store: &Arc<SqliteStore>, size: Size) -> f64 {
    let begun = Instant::now();
    for batch in 0..size.actions / BATCH {
        each(batch * BATCH..(batch + 1) * BATCH, BATCH as usize, |n| {
            let store = Arc::clone(store);
            async move {
                let new = NewAction {
                    id: id(1_000_000 + n),
                    device: id(n % size.devices),
                    action: "aud()".parse().unwrap(),
                    sequence: None,
                    operator: "bench".into(),
                    reason: None,
                    ticket: None,
                    via: None,
                    at: at(2),
                    expires_at: at(3_600_000),
                    due_at: Some(at(2)),
                    by_hand: false,
                    preconditions: Vec::new(),
                    escrow: None,
                };
                store.create_action(new, Stamp::default()).await.unwrap();
            }
        })
        .await;
        let claimed = store
            .claim(at(3), Duration::from_secs(60), BATCH as u32)
            .await
            .unwrap();
        assert_eq!(claimed.len() as u64, BATCH);
        let claimed = Arc::new(claimed);
        each(0..BATCH, BATCH as usize, |n| {
            let (store, lease) = (Arc::clone(store), claimed[n as usize].lease);
            async move {
                let attempt = Attempt {
                    at: at(4),
                    bearer: Bearer::SipDirect,
                    target: "sip:127.0.0.1:5060".into(),
                    outcome: "200 OK".into(),
                    accepted: true,
                    because: None,
                    elapsed_ms: 1,
                    messages: Vec::new(),
                };
                store
                    .record_attempts(lease, vec![attempt], None)
                    .await
                    .unwrap();
            }
        })
        .await;
    }
    size.actions as f64 / begun.elapsed().as_secs_f64()
}

/// The yardstick: one durable row a transaction, in a file with the same settings.
fn single_rows(path: &Path, rows: u64) -> f64 {
    let conn = rusqlite::Connection::open(path).unwrap();
    conn.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         CREATE TABLE rows (id INTEGER PRIMARY KEY, data TEXT NOT NULL);",
    )
    .unwrap();
    let data = "x".repeat(500);
    let begun = Instant::now();
    for _ in 0..rows {
        conn.execute("INSERT INTO rows (data) VALUES (?1)", [&data])
            .unwrap();
    }
    rows as f64 / begun.elapsed().as_secs_f64()
}

fn main() {
    // `cargo bench` says so; `cargo test --benches` does not.
    let full = std::env::args().any(|a| a == "--bench");
    let size = if full { FULL } else { SMALL };
    // On the disk of the build folder: a folder for temporary files often is memory.
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let key = Arc::new(MasterKey::from_bytes(&[7; 32]));
        let store = SqliteStore::open(&dir.path().join("callhome.db"), key).unwrap();
        let store = Arc::new(store);
        devices(&store, size.devices).await;
        let rows = single_rows(&dir.path().join("rows.db"), size.rows);
        let actions = queue(&store, size).await;
        println!("one durable row at a time: {rows:.0}/s");
        println!(
            "actions enqueued, claimed and acknowledged in batches of {BATCH}: {actions:.0}/s"
        );
        println!("ratio: {:.1}", actions / rows);
    });
}
