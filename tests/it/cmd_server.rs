//! A copy of a server, and a server made of the copy: the same authority, keys, devices, PINs and trail.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use callhome::host::MasterKey;
use callhome::port::Housekeeping as _;
use callhome::store::SqliteStore;

use crate::support::command::{Home, Ran};

const IMEI: &str = "358931104120070";
const SURE: [&str; 5] = ["--yes", "--accept-risk", "lock", "--reason", "test"];

#[test]
fn a_restored_copy_is_the_server_that_its_devices_trust() {
    let first = Home::new();
    let serve = first.start("serve", &["serve"], "ready: ");
    let (https, sip) = (serve.address("https:"), serve.address("sip:"));
    let _phone = first.start("phone", &["agent", "run", "--imei", IMEI], "ready");
    let lock = ["device", "lock", IMEI, "--wait", "--timeout", "30s"];
    first.ok(&[&lock[..], &SURE[..]].concat());
    let pin = first.json(&["device", "pin", IMEI])["items"][0]["pin"].clone();
    let copy = first.path().join("copy.db").display().to_string();
    first.ok(&["server", "backup", &copy]);
    let mode = std::fs::metadata(&copy).expect("a copy").permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
    assert_eq!(first.run(&["server", "backup", &copy]).code, 15);
    let bytes = std::fs::read(&copy).expect("the copy");
    for name in ["ca.key", "server.key", "audit.key"] {
        let key = std::fs::read_to_string(first.data().join(name)).expect("a key");
        let line = key.lines().map(str::trim).find(|l| !l.starts_with("---"));
        let line = line.expect("a line of the key").as_bytes();
        let open = bytes.windows(line.len()).any(|w| w == line);
        assert!(!open, "{name} stands in the copy as it is");
    }
    // The phone does one thing more that the copy knows nothing of.
    let unlock = ["device", "unlock", IMEI, "--wait", "--timeout", "30s"];
    first.ok(&[&unlock[..], &SURE[..]].concat());
    let authority = std::fs::read(first.data().join("ca.pem")).expect("the authority");
    assert_eq!(serve.stop(), 0);

    let second = Home::new();
    let restore = |more: &[&str]| second.run(&[&["server", "restore", &copy], more].concat());
    let master = first.data().join("master.key").display().to_string();
    let ran = restore(&["--yes"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("--master-key FILE"), "{}", ran.stderr);
    let other = Home::new();
    other.ok(&["device", "list"]);
    let wrong = other.data().join("master.key").display().to_string();
    let ran = restore(&["--yes", "--master-key", &wrong]);
    assert_eq!(ran.code, 14, "{}", ran.stderr);
    let ran = restore(&["--master-key", &master, "--no-input"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("--yes"), "{}", ran.stderr);
    let left: Vec<String> = std::fs::read_dir(second.data())
        .expect("the folder")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name != "lock")
        .collect();
    assert_eq!(
        left,
        Vec::<String>::new(),
        "what was refused left something"
    );
    let ran = restore(&["--yes", "--master-key", &master]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let again = restore(&["--yes", "--master-key", &master]);
    assert_eq!(again.code, 15, "{}", again.stderr);
    let restored = std::fs::read(second.data().join("ca.pem")).expect("the authority");
    assert_eq!(restored, authority);
    for name in [
        "ca.key",
        "server.key",
        "audit.key",
        "master.key",
        "callhome.db",
    ] {
        let meta = std::fs::metadata(second.data().join(name)).expect(name);
        assert_eq!(meta.permissions().mode() & 0o777, 0o600, "{name}");
    }
    second.ok(&["audit", "verify"]);

    // In the place of the first, it is the server that the phone goes on with, and no number is given twice.
    let at = |url: &str, scheme: &str| url.trim_start_matches(scheme).to_owned();
    let (https, sip) = (at(&https, "https://"), at(&sip, "sip:"));
    let args = ["serve", "--listen", &https, "--listen-sip", &sip];
    let serve = second.start("serve", &args, "ready: ");
    assert_eq!(
        second.json(&["device", "pin", IMEI])["items"][0]["pin"],
        pin
    );
    let done = second.json(&[&unlock[..], &SURE[..]].concat());
    assert_eq!(done["state"], "done", "{done}");
    let number = done["sequence"].as_str().expect("a number");
    let number = u32::from_str_radix(number, 16).expect("hexadecimal");
    assert!(number > 256, "{done}");
    second.ok(&["audit", "verify"]);
    assert_eq!(serve.stop(), 0);
}

#[test]
fn a_copy_that_is_older_than_what_its_phone_has_done_gives_no_number_twice() {
    let first = Home::new();
    let serve = first.start("serve", &["serve"], "ready: ");
    let (https, sip) = (serve.address("https:"), serve.address("sip:"));
    let _phone = first.start("phone", &["agent", "run", "--imei", IMEI], "ready");
    let copy = first.path().join("copy.db").display().to_string();
    first.ok(&["server", "backup", &copy]);
    let wait = ["--wait", "--timeout", "30s"];
    let told = |home: &Home, verb: &str| {
        let line = [&["device", verb, IMEI][..], &wait[..], &SURE[..]].concat();
        home.json(&line)
    };
    told(&first, "lock");
    told(&first, "unlock");
    assert_eq!(serve.stop(), 0);

    let second = Home::new();
    let master = first.data().join("master.key").display().to_string();
    let folder = second.data().display().to_string();
    let restore = ["server", "restore", &copy, "--yes", "--master-key", &master];
    let ran = second.run(&[&["--data-dir", &folder], &restore[..]].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for next in ["serve", "audit verify"] {
        let named = format!("callhome --data-dir {folder} {next}");
        assert!(ran.stderr.contains(&named), "{}", ran.stderr);
    }
    // The numbers that are left free for what the copy does not know are too few.
    let database = rusqlite::Connection::open(second.data().join("callhome.db")).expect("opens");
    database
        .execute_batch(
            "UPDATE devices SET next_sequence = 1; UPDATE meta SET value = x'31' WHERE key LIKE 'restored:%';",
        )
        .expect("changed");
    drop(database);
    let at = |url: &str, scheme: &str| url.trim_start_matches(scheme).to_owned();
    let (https, sip) = (at(&https, "https://"), at(&sip, "sip:"));
    let args = ["serve", "--listen", &https, "--listen-sip", &sip];
    let serve = second.start("serve", &args, "ready: ");
    // Under its first number the phone would answer with what it did then, and lock nothing.
    let lock = told(&second, "lock");
    assert_eq!(lock["state"], "done", "{lock}");
    let number = lock["sequence"].as_str().expect("a number");
    assert!(number > "00000040", "{lock}");
    let log = second.ok(&["device", "log", IMEI, "-o", "csv"]);
    assert!(log.contains("numbers go on at"), "{log}");
    assert_eq!(serve.stop(), 0);
}

#[test]
fn what_is_no_copy_is_refused_and_copies_of_a_killed_server_are_swept() {
    let home = Home::new();
    home.ok(&["device", "list"]);
    let leftover = home.data().join("backup-4t9wz0kc.tmp");
    std::fs::write(&leftover, "half a copy").expect("written");
    home.ok(&["device", "list"]);
    assert!(!leftover.exists());

    let key = home.data().join("master.key").display().to_string();
    let private = |name: &str, content: &[u8]| {
        let path = home.path().join(name);
        std::fs::write(&path, content).expect("written");
        let mode = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(&path, mode).expect("private");
        path.display().to_string()
    };
    // The database alone, as older versions copied it.
    let bare = home.path().join("bare.db");
    let sealer = MasterKey::open(&home.data().join("master.key")).expect("readable");
    let database = home.data().join("callhome.db");
    let store = SqliteStore::open(&database, Arc::new(sealer.expect("a key"))).expect("a store");
    let copied = tokio::runtime::Runtime::new()
        .expect("a runtime")
        .block_on(store.copy_to(&bare, Vec::new()));
    copied.expect("copied");
    let bare = std::fs::read(bare).expect("the copy");
    let empty = home.path().join("empty").display().to_string();
    for (name, content, why) in [
        (
            "letter.txt",
            &b"Dear all, "[..],
            "no copy of a server's data",
        ),
        ("old.db", &bare[..], "does not hold the server's ca.pem"),
    ] {
        let file = private(name, content);
        let ran: Ran = home.run(&[
            "--data-dir",
            &empty,
            "server",
            "restore",
            &file,
            "--yes",
            "--master-key",
            &key,
        ]);
        assert_eq!(ran.code, 2, "{name}: {}", ran.stderr);
        assert!(ran.stderr.contains(why), "{name}: {}", ran.stderr);
        // The folder that was named is not that of the server to copy.
        assert!(!ran.stderr.contains(&empty), "{name}: {}", ran.stderr);
    }
}
