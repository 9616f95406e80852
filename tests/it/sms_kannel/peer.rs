use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::sms_smpp::peer::Centre;

/// How long a peer may take for anything: a Kannel that was throttled is silent for 15 s.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// Kannel with an SMPP centre behind it and a web server for what Kannel calls, all of them stopped at the end.
pub(super) struct Kannel {
    /// Where `sendsms` listens.
    pub(super) port: u16,
    /// Where Kannel's calls arrive.
    pub(super) web: Web,
    /// The centre behind it.
    pub(super) centre: Centre,
    _boxes: Vec<Stopped>,
    /// Last: the processes write into it until they are stopped.
    _folder: tempfile::TempDir,
}

/// A process that ends with its owner.
struct Stopped(Child);

impl Drop for Stopped {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A web server that takes any GET and tells its target.
pub(super) struct Web {
    port: u16,
    calls: Receiver<String>,
}

impl Web {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let port = listener.local_addr().expect("bound").port();
        let (told, calls) = mpsc::channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let mut request = String::new();
                let mut reader = BufReader::new(stream.try_clone().expect("a socket"));
                while reader.read_line(&mut request).is_ok_and(|n| n > 2) {}
                let target = request.split(' ').nth(1).unwrap_or_default().to_owned();
                // The caller may be gone; its call counts all the same.
                drop(stream.write_all(
                    b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                ));
                if told.send(target).is_err() {
                    return;
                }
            }
        });
        Self { port, calls }
    }

    /// The address of a path on it.
    pub(super) fn address(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The decoded parameters of the next call to `path`.
    pub(super) fn next(&self, path: &str) -> Vec<(String, String)> {
        let target = self.calls.recv_timeout(PATIENCE).expect("a call");
        let url = url::Url::parse(&format!("http://localhost{target}")).expect("a target");
        assert_eq!(url.path(), path, "{target}");
        url.query_pairs().into_owned().collect()
    }
}

impl Kannel {
    /// Starts everything; `None` when a program is missing, which is a failure under `CI=true`.
    pub(super) fn start() -> Option<Self> {
        Self::start_with(true)
    }

    /// Starts everything; a Kannel that does not `combine` hands on the parts of phones' long messages as they come.
    pub(super) fn start_with(combine: bool) -> Option<Self> {
        Self::start_through(combine, |centre| centre)
    }

    /// Starts everything; Kannel is told the port that `way` gives for that of the centre.
    pub(super) fn start_through(combine: bool, way: impl FnOnce(u16) -> u16) -> Option<Self> {
        let peers = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/kannel");
        let missing: Vec<&str> = ["bearerbox", "smsbox", "node"]
            .into_iter()
            .filter(|program| !is_installed(program))
            .collect();
        if !missing.is_empty() {
            let ci = std::env::var_os("CI").is_some_and(|v| v == "true");
            assert!(!ci, "missing: {missing:?}; tests/run installs them");
            #[expect(clippy::print_stderr, reason = "who runs the tests has to know")]
            {
                eprintln!("skipped: missing {missing:?}; tests/run installs them");
            }
            return None;
        }
        let mut centre = Centre::start()?;
        let web = Web::start();
        let folder = tempfile::tempdir().expect("a scratch folder");
        let [admin, smsbox, port] = free_ports();
        let mut config =
            std::fs::read_to_string(peers.join("kannel.conf.in")).expect("the template");
        for (name, value) in [
            ("@ADMIN@", admin.to_string()),
            ("@COMBINE@", combine.to_string()),
            ("@SMSBOX@", smsbox.to_string()),
            ("@SENDSMS@", port.to_string()),
            ("@SMSC@", way(centre.port).to_string()),
            ("@MO@", web.port.to_string()),
            ("@DIR@", folder.path().display().to_string()),
        ] {
            config = config.replace(name, &value);
        }
        let path = folder.path().join("kannel.conf");
        std::fs::write(&path, config).expect("a scratch file");
        let mut boxes = vec![start("bearerbox", &path)];
        wait_for(smsbox);
        boxes.push(start("smsbox", &path));
        wait_for(port);
        centre.next("bind");
        Some(Self {
            port,
            web,
            centre,
            _boxes: boxes,
            _folder: folder,
        })
    }

    /// The next message at the centre.
    pub(super) fn next_at_centre(&mut self) -> Value {
        self.centre.next("text")
    }

    /// Ends the centre; Kannel stays.
    pub(super) fn stop_centre(&mut self) {
        self.centre.stop();
    }

    /// Starts it again, at the same port.
    pub(super) fn start_centre(&mut self) {
        self.centre = Centre::start_at(self.centre.port, &[]).expect("as before");
        self.centre.next("bind");
    }

    /// Sends a message from a phone.
    pub(super) fn send_from_phone(&mut self, from: &str, to: &str, text: &str) {
        self.centre
            .order(&json!({ "from": from, "to": to, "text": text }));
    }
}

fn start(program: &str, config: &PathBuf) -> Stopped {
    Stopped(
        Command::new(program)
            .arg(config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program is there"),
    )
}

fn is_installed(program: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|folder| folder.join(program).is_file())
}

/// Ports that were free a moment ago: Kannel cannot choose its own.
fn free_ports() -> [u16; 3] {
    let listeners: Vec<TcpListener> = (0..3)
        .map(|_| TcpListener::bind("127.0.0.1:0").expect("loopback"))
        .collect();
    let port = |i: usize| listeners[i].local_addr().expect("bound").port();
    [port(0), port(1), port(2)]
}

fn wait_for(port: u16) {
    let started = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(started.elapsed() < PATIENCE, "nobody listens at {port}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
