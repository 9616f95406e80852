use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// How long a program may take until it is ready. Long: the machine may be busy with other tests.
const READY_WITHIN: Duration = Duration::from_secs(120);

/// A folder of its own for one test, short enough for a Unix socket's path.
pub(super) struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    pub(super) fn new() -> Self {
        Self {
            folder: tempfile::Builder::new()
                .prefix("ch-")
                .tempdir()
                .expect("a folder for the test"),
        }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program with this home and nothing else of the test's environment.
    pub(super) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_callhome"));
        command
            .args(args)
            .env_clear()
            .env("HOME", self.folder.path())
            .env("TMPDIR", self.folder.path())
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        command
    }

    pub(super) fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("the program starts")
    }

    /// Starts a program that stays up and waits for its line with `ready`.
    pub(super) fn start(&self, args: &[&str]) -> Running {
        let mut child = self
            .command(args)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let pipe = child.stderr.take().expect("piped");
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    // Nobody listens any more; go on reading, so that the program never blocks on a full pipe.
                }
            }
        });
        let mut running = Running { child };
        let started = Instant::now();
        let mut lines = Vec::new();
        while let Ok(line) = told.recv_timeout(READY_WITHIN.saturating_sub(started.elapsed())) {
            if line.contains("ready") {
                return running;
            }
            lines.push(line);
        }
        running.kill();
        panic!("{args:?} was not ready: {}", lines.join(" / "));
    }
}

/// A program that runs; ended when dropped.
pub(super) struct Running {
    child: Child,
}

impl Running {
    /// Ends it as a crash would (SIGKILL).
    pub(super) fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }

    /// Asks it to end (SIGTERM) and waits.
    pub(super) fn stop(&mut self) {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .expect("kill runs")
                .success()
        );
        self.child.wait().expect("it ends");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A text file, or nothing when it is not there.
pub(super) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// What a finished command said, for the message of an assertion.
pub(super) fn said(output: &Output) -> String {
    format!(
        "exit {:?}\nstdout: {}\nstderr: {}",
        output.status.code(),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
