use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use callhome::host::SystemClock;
use callhome::net::tls::ServerIdentity;
use callhome::port::Clock as _;
use serde_json::Value;

/// How long the stand-in may take for anything.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// A push service of another make (Node), which checks what it gets as the real one does.
pub(super) struct StandIn {
    pub(super) port: u16,
    ca_pem: String,
    lines: Mutex<Receiver<Value>>,
    process: Child,
    folder: tempfile::TempDir,
}

impl StandIn {
    pub(super) fn start(kind: &str) -> Self {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let identity = ServerIdentity::open_or_create(folder.path(), kind, &[], SystemClock.now())
            .expect("a certificate");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/push/stand-in.js");
        let mut process = Command::new("node")
            .arg(script)
            .arg(kind)
            .arg(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node is there");
        let mut out = BufReader::new(process.stdout.take().expect("piped"));
        let mut first = String::new();
        out.read_line(&mut first).expect("its first line");
        let port = first.trim().strip_prefix("port ");
        let port = port.and_then(|p| p.parse().ok()).expect("its port");
        let (tell, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                let line = serde_json::from_str(&line).expect("a line of JSON");
                if tell.send(line).is_err() {
                    return;
                }
            }
        });
        Self {
            port,
            ca_pem: identity.ca_pem().to_owned(),
            lines: Mutex::new(lines),
            process,
            folder,
        }
    }

    /// What it took for right; a fault ends the test with its words.
    pub(super) fn saw(&self) -> Value {
        let line = self.lines().recv_timeout(PATIENCE).expect("a request");
        assert_eq!(line.get("fault"), None, "{line}");
        line
    }

    /// Nothing more has come.
    pub(super) fn saw_nothing(&self) {
        if let Ok(line) = self.lines().try_recv() {
            panic!("{line}");
        }
    }

    fn lines(&self) -> std::sync::MutexGuard<'_, Receiver<Value>> {
        self.lines.lock().expect("no test panics while it listens")
    }

    pub(super) fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    pub(super) fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// A file that it wrote: its credentials.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).expect("its credentials")
    }

    /// Ends it: nobody listens at its port any more.
    pub(super) fn stop(&mut self) {
        self.process.kill().expect("it runs");
        self.process.wait().expect("it ends");
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
