use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A program nobody here wrote, on a port that the system chose; it ends with this value.
pub(crate) struct Peer {
    child: Child,
    folder: TempDir,
    pub(crate) port: u16,
}

fn peers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers")
}

/// Whether the programs are installed. If not, the test says so and is skipped; under `CI=true` it fails.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
pub(crate) fn installed(programs: &[&str]) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = |program: &str| {
        std::env::split_paths(&path)
            .chain([PathBuf::from("/usr/sbin")])
            .any(|folder| folder.join(program).is_file())
    };
    let missing: Vec<_> = programs.iter().filter(|p| !found(p)).collect();
    if missing.is_empty() {
        return true;
    }
    assert!(
        std::env::var_os("CI").is_none_or(|v| v != "true"),
        "not installed: {missing:?}"
    );
    eprintln!("skipped: {missing:?} not installed");
    false
}

/// A UDP port of loopback that nobody uses at this moment.
pub(crate) fn free_port() -> u16 {
    let both = || {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let port = socket.local_addr().expect("bound").port();
        // Programs that listen for TCP too must not meet a connection that has the port.
        TcpListener::bind(("127.0.0.1", port))
            .is_ok()
            .then_some(port)
    };
    (0..100).find_map(|_| both()).expect("a port")
}

/// Whether somebody has the port; for TCP, whether somebody listens.
fn is_bound(table: &str, port: u16) -> bool {
    let listens = table == "tcp";
    let table = fs::read_to_string(format!("/proc/net/{table}")).expect("the table of sockets");
    let wanted = format!(":{port:04X}");
    table
        .lines()
        .filter(|line| !listens || line.split_whitespace().nth(3) == Some("0A"))
        .filter_map(|line| line.split_whitespace().nth(1))
        .any(|local| local.ends_with(&wanted))
}

fn run(command: &mut Command, folder: TempDir, port: u16) -> Peer {
    run_at(command, folder, "udp", port)
}

fn run_at(command: &mut Command, folder: TempDir, table: &str, port: u16) -> Peer {
    let log = fs::File::create(folder.path().join("log")).expect("a scratch file");
    let child = command
        .current_dir(folder.path())
        .stdout(log.try_clone().expect("a handle"))
        .stderr(log)
        .spawn()
        .expect("an installed program");
    let peer = Peer {
        child,
        folder,
        port,
    };
    let end = Instant::now() + Duration::from_secs(20);
    while !is_bound(table, port) {
        assert!(Instant::now() < end, "no socket: {}", peer.log());
        std::thread::sleep(Duration::from_millis(20));
    }
    peer
}

/// Waits until somebody has the port.
pub(super) fn until_bound(table: &str, port: u16) {
    let end = Instant::now() + Duration::from_secs(20);
    while !is_bound(table, port) {
        assert!(Instant::now() < end, "nobody took {table} port {port}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn scratch() -> TempDir {
    tempfile::tempdir().expect("a scratch folder")
}

impl Peer {
    /// SIPp with one of our scenarios.
    pub(crate) fn sipp(scenario: &str) -> Option<Self> {
        Self::sipp_over("udp", scenario)
    }

    /// SIPp over `udp` or `tcp`.
    pub(super) fn sipp_over(transport: &str, scenario: &str) -> Option<Self> {
        let mode = if transport == "tcp" { "t1" } else { "u1" };
        if !installed(&["sipp"]) {
            return None;
        }
        let (folder, port) = (scratch(), free_port());
        let mut command = Command::new("sipp");
        command
            .args([
                "-sf".as_ref(),
                peers().join("sipp").join(scenario).as_os_str(),
            ])
            .args(["-i", "127.0.0.1", "-p", &port.to_string(), "-nostdin"])
            .args(["-deadcall_wait", "0", "-t", mode])
            .stdin(Stdio::null());
        Some(run_at(&mut command, folder, transport, port))
    }

    /// A phone that answers by itself, at an address of its own.
    pub(super) fn baresip() -> Option<Self> {
        Self::baresip_as(
            "udp",
            "<sip:bare@127.0.0.1;transport=udp>;answermode=auto;regint=0",
        )
    }

    /// A phone with this account; it listens for the transport.
    pub(crate) fn baresip_as(transport: &str, account: &str) -> Option<Self> {
        if !installed(&["baresip"]) {
            return None;
        }
        let (folder, port) = (scratch(), free_port());
        let config = fs::read_to_string(peers().join("baresip/config.in")).expect("a file of ours");
        let config = config.replace("@PORT@", &port.to_string());
        fs::write(folder.path().join("config"), config).expect("a scratch file");
        fs::write(folder.path().join("accounts"), format!("{account}\n")).expect("a scratch file");
        let mut command = Command::new("baresip");
        // Its console reads standard input: an open pipe keeps it quiet.
        command
            .args(["-f".as_ref(), folder.path().as_os_str()])
            .arg("-s")
            .stdin(Stdio::piped());
        Some(run_at(&mut command, folder, transport, port))
    }

    /// A phone that listens for TLS with a certificate and key in PEM, at the port after its own.
    pub(super) fn baresip_over_tls(pem: &str) -> Option<Self> {
        if !installed(&["baresip"]) {
            return None;
        }
        // It takes the next port for TLS by itself.
        let port = std::iter::repeat_with(free_port)
            .find(|port| TcpListener::bind(("127.0.0.1", port + 1)).is_ok())?;
        let folder = scratch();
        let config = fs::read_to_string(peers().join("baresip/config.in")).expect("a file of ours");
        let config = config.replace("@PORT@", &port.to_string());
        let account = "<sip:bare@127.0.0.1;transport=tls>;answermode=auto;regint=0\n";
        let certificate = folder.path().join("own.pem");
        let config = format!("{config}sip_certificate\t{}\n", certificate.display());
        for (name, text) in [
            ("config", config.as_str()),
            ("accounts", account),
            ("own.pem", pem),
        ] {
            fs::write(folder.path().join(name), text).expect("a scratch file");
        }
        let mut command = Command::new("baresip");
        command
            .args(["-f".as_ref(), folder.path().as_os_str()])
            .arg("-s")
            .stdin(Stdio::piped());
        Some(run_at(&mut command, folder, "tcp", port + 1))
    }

    /// A phone on PJSUA2 that registers as dev1 at this registrar, if one is given, and answers by itself. It tells
    /// what it does, a line for each thing.
    pub(super) fn pjsua(
        transport: &str,
        registrar: Option<&str>,
        ca: Option<&str>,
    ) -> Option<Self> {
        let python = peers().join("pjsua2/venv/bin/python");
        if !installed(&["python3"]) || !has_pjsua(&python) {
            return None;
        }
        let folder = scratch();
        let mut command = Command::new(python);
        command
            .arg(peers().join("pjsua2/phone.py"))
            .arg(transport)
            .arg(registrar.unwrap_or("-"));
        if let Some(ca) = ca {
            fs::write(folder.path().join("ca.pem"), ca).expect("a scratch file");
            command.arg("ca.pem");
        }
        // It ends when its standard input does.
        command.stdin(Stdio::piped());
        let log = fs::File::create(folder.path().join("log")).expect("a scratch file");
        let child = command
            .current_dir(folder.path())
            .stdout(log.try_clone().expect("a handle"))
            .stderr(log)
            .spawn()
            .expect("an installed program");
        let mut peer = Self {
            child,
            folder,
            port: 0,
        };
        peer.wait_for("listens at port ");
        let log = peer.log();
        let port = log.split("listens at port ").nth(1);
        peer.port = port
            .and_then(|rest| rest.lines().next()?.trim().parse().ok())
            .unwrap_or_else(|| panic!("no port: {log}"));
        Some(peer)
    }

    /// A registrar and proxy that knows the user dev1.
    pub(super) fn kamailio() -> Option<Self> {
        Self::kamailio_with(None)
    }

    /// The same with parts of its configuration switched on.
    pub(super) fn kamailio_that(parts: &[&str]) -> Option<Self> {
        Self::kamailio_of(None, parts)
    }

    /// The same over TCP at its port and over TLS at another one, with a certificate and key in PEM.
    pub(super) fn kamailio_with(tls: Option<(u16, &str, &str)>) -> Option<Self> {
        Self::kamailio_of(tls, &[])
    }

    /// The same with both.
    pub(super) fn kamailio_of(tls: Option<(u16, &str, &str)>, parts: &[&str]) -> Option<Self> {
        const MODULES: &str = "/usr/lib/x86_64-linux-gnu/kamailio/modules/";
        if !installed(&["kamailio", "sqlite3"]) {
            return None;
        }
        let (folder, port) = (scratch(), free_port());
        let dir = folder.path().to_str().expect("text").to_owned();
        let made = Command::new("sqlite3")
            .arg(folder.path().join("kam.db"))
            .stdin(fs::File::open(peers().join("kamailio/subscribers.sql")).expect("ours"))
            .status()
            .expect("sqlite3 runs");
        assert!(made.success());
        let config = fs::read_to_string(peers().join("kamailio/kamailio.cfg.in")).expect("ours");
        let config = config
            .replace("@DIR@", &dir)
            .replace("@PORT@", &port.to_string())
            .replace("@MODULES@", MODULES);
        let (tls_port, cert, key) = tls.unwrap_or_default();
        let config = config.replace("@TLSPORT@", &tls_port.to_string());
        fs::write(folder.path().join("kamailio.cfg"), config).expect("a scratch file");
        let settings = fs::read_to_string(peers().join("kamailio/tls.cfg.in")).expect("ours");
        for (name, text) in [
            ("tls.cfg", settings.replace("@DIR@", &dir).as_str()),
            ("cert.pem", cert),
            ("key.pem", key),
        ] {
            fs::write(folder.path().join(name), text).expect("a scratch file");
        }
        if parts.contains(&"WITH_WS") && !has_module(MODULES, "websocket.so") {
            return None;
        }
        let mut command = Command::new("kamailio");
        if tls.is_some() {
            command.args(["-A", "WITH_TLS"]);
        }
        command
            .args(["-f", &format!("{dir}/kamailio.cfg"), "-Y", &dir])
            .args(["-DD", "-E", "-m", "64", "-M", "8"])
            .args(["-P", &format!("{dir}/kam.pid")])
            .args(parts.iter().flat_map(|part| ["-A", part]))
            .env("PATH", "/usr/sbin:/usr/bin:/bin")
            .stdin(Stdio::null());
        Some(run(&mut command, folder, port))
    }

    /// What it wrote so far.
    pub(crate) fn log(&self) -> String {
        let bytes = fs::read(self.folder.path().join("log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Waits until its log has this in it.
    pub(crate) fn wait_for(&self, words: &str) {
        let end = Instant::now() + Duration::from_secs(10);
        while !self.log().contains(words) {
            assert!(Instant::now() < end, "{words:?} is not in: {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Whether the phone's package was installed by `tests/run`; as [`installed`].
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn has_pjsua(python: &Path) -> bool {
    let has = python.is_file();
    if !has {
        assert!(
            std::env::var_os("CI").is_none_or(|v| v != "true"),
            "PJSUA2 is not installed: tests/run does it"
        );
        eprintln!("skipped: PJSUA2 is not installed; tests/run does it");
    }
    has
}

/// Whether a module of Kamailio is installed; as [`installed`].
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn has_module(folder: &str, module: &str) -> bool {
    let has = Path::new(folder).join(module).is_file();
    if !has {
        assert!(
            std::env::var_os("CI").is_none_or(|v| v != "true"),
            "Kamailio's {module} is not installed"
        );
        eprintln!("skipped: Kamailio's {module} is not installed");
    }
    has
}

impl Drop for Peer {
    fn drop(&mut self) {
        // TERM, so that a program with children of its own ends them, too.
        let id = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status();
        let end = Instant::now() + Duration::from_secs(3);
        while asked.is_ok() && Instant::now() < end {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
