//! The program itself, run in a world of its own: empty environment, own home, fixed width, no terminal.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A home folder in which commands run.
pub(crate) struct Home {
    folder: TempDir,
}

/// What one run of the program said.
#[must_use = "look at what the program said"]
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: i32,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a scratch folder"),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The data folder of the embedded server and of `serve`.
    pub(crate) fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    /// Writes a file into the home folder.
    pub(crate) fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, content).expect("written");
        path
    }

    /// The program with these arguments, ready to start.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_callhome"));
        command
            .args(args)
            .env_clear()
            .env("HOME", self.path())
            .env("COLUMNS", "80")
            .env("CALLHOME_DATA_DIR", self.data())
            .env("CALLHOME_LISTEN_HTTPS", "127.0.0.1:0")
            .env("CALLHOME_LISTEN_SIP", "127.0.0.1:0")
            .current_dir(self.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        Ran::of(&self.command(args).output().expect("the program starts"))
    }

    /// Runs the program; it must end well. Its data.
    pub(crate) fn ok(&self, args: &[&str]) -> String {
        let ran = self.run(args);
        assert_eq!(
            ran.code, 0,
            "callhome {args:?}\n{}{}",
            ran.stdout, ran.stderr
        );
        ran.stdout
    }

    /// Runs the program with `-o json`; it must end well. Its document.
    pub(crate) fn json(&self, args: &[&str]) -> serde_json::Value {
        let mut all = args.to_vec();
        all.extend(["-o", "json"]);
        serde_json::from_str(&self.ok(&all)).expect("a document")
    }

    /// Starts the program, and waits until its standard error holds `ready`.
    pub(crate) fn start(&self, name: &str, args: &[&str], ready: &str) -> Running {
        self.start_command(name, self.command(args), ready)
    }

    /// The same for a program that is made ready already.
    pub(crate) fn start_command(&self, name: &str, mut command: Command, ready: &str) -> Running {
        let log = self.path().join(format!("{name}.log"));
        let stderr = std::fs::File::create(&log).expect("a log");
        let stdout = std::fs::File::create(log.with_extension("out")).expect("a file");
        let child = command
            .stdout(stdout)
            .stderr(stderr)
            .spawn()
            .expect("the program starts");
        let mut running = Running { child, log };
        let deadline = Instant::now() + Duration::from_secs(60);
        while !running.log().contains(ready) {
            let ended = running.child.try_wait().expect("can be asked");
            assert!(ended.is_none(), "{name} ended: {}", running.log());
            assert!(
                Instant::now() < deadline,
                "{name} is late: {}",
                running.log()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        running
    }
}

impl Ran {
    pub(crate) fn of(output: &Output) -> Self {
        Self {
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            code: output.status.code().unwrap_or(-1),
        }
    }

    /// One text for a snapshot, with what differs from run to run replaced.
    pub(crate) fn shown(&self, home: &Home) -> String {
        let mut text = String::new();
        for (name, stream) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !stream.is_empty() {
                text.push_str(&format!("{name}:\n{stream}"));
                if !stream.ends_with('\n') {
                    text.push('\n');
                }
            }
        }
        text.push_str(&format!("exit: {}\n", self.code));
        redacted(&text, home)
    }
}

/// Replaces ids, times and paths of this run.
pub(crate) fn redacted(text: &str, home: &Home) -> String {
    let text = text.replace(&home.path().display().to_string(), "<home>");
    let mut shown = String::new();
    let mut word = String::new();
    for c in text.chars().chain(['\n']) {
        if c.is_ascii_alphanumeric() || matches!(c, '-' | ':' | '.') {
            word.push(c);
            continue;
        }
        shown.push_str(&placeholder(&word));
        word.clear();
        shown.push(c);
    }
    shown.pop();
    shown
}

fn placeholder(word: &str) -> String {
    const BASE32: &str = "0123456789abcdefghjkmnpqrstvwxyz";
    let is_date = word.len() >= 10
        && word.starts_with("20")
        && word.as_bytes()[4] == b'-'
        && word.as_bytes()[7] == b'-';
    let is_time = word.len() == 8 && word.as_bytes()[2] == b':' && word.as_bytes()[5] == b':';
    // An id may happen to have no digit; these words of ours look like one.
    const WORDS: [&str; 8] = [
        "answered", "attempts", "embedded", "messages", "reserved", "segments", "standard",
        "whatever",
    ];
    let is_id =
        word.len() == 8 && word.chars().all(|c| BASE32.contains(c)) && !WORDS.contains(&word);
    let is_key = word.starts_with("cli-") && word.len() == 20;
    let is_hash = word.len() == 64 && word.chars().all(|c| c.is_ascii_hexdigit());
    match () {
        () if is_date => "<time>".into(),
        () if is_time => "<time>".into(),
        () if is_id => "<id-----".into(),
        () if is_key => "<key>".into(),
        () if is_hash => "<hash>".into(),
        () => word.into(),
    }
}

/// A program that stays up; it is killed when this is dropped.
pub(crate) struct Running {
    pub(crate) child: Child,
    log: PathBuf,
}

impl Running {
    /// What it said on standard error so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The word after `ready: ` that begins so.
    pub(crate) fn address(&self, scheme: &str) -> String {
        self.log()
            .lines()
            .find_map(|l| l.strip_prefix("ready: "))
            .and_then(|l| l.split(' ').find(|w| w.starts_with(scheme)))
            .unwrap_or_default()
            .to_owned()
    }

    /// Ends it as an operator would, and waits; its exit code.
    pub(crate) fn stop(mut self) -> i32 {
        self.signal("INT");
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            if let Some(status) = self.child.try_wait().expect("can be asked") {
                return status.code().unwrap_or(-1);
            }
            assert!(
                Instant::now() < deadline,
                "it does not stop: {}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([format!("-{name}"), self.child.id().to_string()])
            .status();
        assert!(sent.is_ok_and(|s| s.success()), "kill -{name}");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Usually it ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
