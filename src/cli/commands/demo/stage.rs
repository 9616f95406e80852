use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Output, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::Value;

use super::Fault;
use super::folder::Folder;
use crate::cli::ENDS_WITH_INPUT;
use crate::cli::commands::traceable_line;

/// How long a program may take until it says that it is ready.
const READY_WITHIN: Duration = Duration::from_secs(20);

/// The programs that play in the demo and the folder they play in.
///
/// Each is this very binary in a process of its own, with an empty environment: what
/// the demo shows is what a user gets.
pub(super) struct Stage {
    program: PathBuf,
    processes: Vec<Process>,
    /// Commands that have not ended.
    running: Mutex<Vec<Arc<Mutex<Child>>>>,
    /// Which parts of the traffic are to be shown.
    trace: Vec<String>,
    heard: Mutex<Vec<Heard>>,
    /// Dropped last: nobody writes into it any more then.
    folder: Folder,
}

/// What a command said of its traffic.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Heard {
    /// The command line.
    pub(super) command: String,
    /// Ladders and requests, as `--trace` prints them.
    pub(super) lines: Vec<String>,
}

struct Process {
    name: String,
    child: Child,
}

/// What a command of the demo did.
pub(super) struct Ran {
    /// The command line as a person would type it.
    pub(super) typed: String,
    /// Its exit code; -1 when a signal ended it.
    pub(super) code: i32,
    /// What it said on standard output.
    pub(super) stdout: String,
    /// What it said on standard error.
    pub(super) stderr: String,
}

impl Ran {
    /// The JSON document on standard output.
    pub(super) fn json(&self) -> Result<Value, Fault> {
        serde_json::from_str(&self.stdout).map_err(|_| {
            Fault::new(format!(
                "`{}` printed no JSON document (exit {}): {}",
                self.typed,
                self.code,
                self.said()
            ))
        })
    }

    /// The last words on standard error, else on standard output.
    pub(super) fn said(&self) -> String {
        let text = if self.stderr.trim().is_empty() {
            &self.stdout
        } else {
            &self.stderr
        };
        text.trim().lines().take(6).collect::<Vec<_>>().join(" / ")
    }

    /// The same, if the exit code is as it should be.
    pub(super) fn expect(self, code: i32) -> Result<Self, Fault> {
        if self.code == code {
            Ok(self)
        } else {
            Err(Fault::new(format!(
                "`{}` ended with exit {} instead of {code}: {}",
                self.typed,
                self.code,
                self.said()
            )))
        }
    }
}

impl Stage {
    /// An empty stage.
    pub(super) fn open(program: PathBuf, folder: Folder, trace: Vec<String>) -> Self {
        Self {
            program,
            processes: Vec::new(),
            running: Mutex::default(),
            trace,
            heard: Mutex::default(),
            folder,
        }
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Whether the folder stays when the demo ends.
    pub(super) fn is_kept(&self) -> bool {
        self.folder.is_kept()
    }

    /// A path in the scratch folder.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file for its owner only.
    pub(super) fn write(&self, name: &str, content: &str) -> Result<PathBuf, Fault> {
        use std::os::unix::fs::OpenOptionsExt;
        let path = self.path(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)
                .map_err(|e| Fault::new(format!("cannot make {}: {e}", folder.display())))?;
        }
        let written = fs::OpenOptions::new()
            .mode(0o600)
            .create(true)
            .truncate(true)
            .write(true)
            .open(&path)
            .and_then(|mut file| file.write_all(content.as_bytes()));
        written.map_err(|e| Fault::new(format!("cannot write {}: {e}", path.display())))?;
        Ok(path)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(args)
            .env_clear()
            .env("HOME", self.folder.path())
            .env("XDG_RUNTIME_DIR", self.folder.path())
            .env("NO_COLOR", "1")
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        command
    }

    /// Starts a program that stays up, and waits for the line in which it says that it is ready.
    ///
    /// Its standard error goes to `NAME.log`; the answer is the line after `ready`.
    pub(super) fn start(
        &mut self,
        name: &str,
        args: &[&str],
        variables: &[(&str, &str)],
    ) -> Result<String, Fault> {
        let log = File::create(self.path(&format!("{name}.log")))
            .map_err(|e| Fault::new(e.to_string()))?;
        let mut child = self
            .command(args)
            .envs(variables.iter().copied())
            // Its other end is in our hands alone: when we are killed it closes, and the program ends.
            .env(ENDS_WITH_INPUT, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|e| Fault::new(format!("cannot start {name}: {e}")))?;
        let Some(pipe) = child.stderr.take() else {
            return Err(Fault::new(format!("{name} has no standard error")));
        };
        self.processes.push(Process {
            name: name.to_owned(),
            child,
        });
        let (tell, told) = mpsc::channel();
        // Ends with the program: the pipe closes. It is never joined because nothing waits for it.
        std::thread::spawn(move || copy_lines(pipe, log, &tell));
        let started = Instant::now();
        let mut last = String::new();
        loop {
            let left = READY_WITHIN.saturating_sub(started.elapsed());
            match told.recv_timeout(left) {
                Ok(line) => {
                    if let Some(rest) = line.split_once("ready").map(|(_, rest)| rest) {
                        return Ok(rest.trim_start_matches([':', ' ']).to_owned());
                    }
                    last = line;
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    return Err(Fault::new(format!(
                        "{name} was not ready after {READY_WITHIN:?}: {last}"
                    )));
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => {
                    return Err(Fault::new(format!(
                        "{name} ended before it was ready: {last}"
                    )));
                }
            }
        }
    }

    /// Ends a program at once, as a crash would.
    pub(super) fn kill(&mut self, name: &str) -> Result<(), Fault> {
        let at = self
            .processes
            .iter()
            .position(|p| p.name == name)
            .ok_or_else(|| Fault::new(format!("{name} does not run")))?;
        let mut process = self.processes.swap_remove(at);
        end(&mut process.child);
        Ok(())
    }

    /// What the commands said of their traffic since the last time.
    pub(super) fn heard(&self) -> Vec<Heard> {
        let mut heard = locked(&self.heard);
        std::mem::take(&mut heard)
    }

    /// The parts of its traffic that a command can show, of those that are wanted.
    fn shown_of(&self, args: &[&str]) -> Option<String> {
        if self.trace.is_empty() {
            return None;
        }
        let can = traceable_line(args);
        let wanted: Vec<&str> = self.trace.iter().map(String::as_str).collect();
        let shown: Vec<&str> = wanted.into_iter().filter(|w| can.contains(w)).collect();
        (!shown.is_empty()).then(|| shown.join(","))
    }

    fn hear(&self, command: &str, said: &str) {
        let mut heard = locked(&self.heard);
        // Of a command that is repeated until something has happened, the last time counts.
        if heard.last().is_some_and(|h| h.command == command) {
            heard.pop();
        }
        let lines: Vec<String> = said.lines().map(str::to_owned).collect();
        if !lines.is_empty() {
            heard.push(Heard {
                command: command.to_owned(),
                lines,
            });
        }
    }

    /// Runs a command to its end.
    pub(super) async fn run(&self, args: &[&str]) -> Result<Ran, Fault> {
        self.run_with(args, None).await
    }

    /// Runs a command to its end with a text on its standard input.
    pub(super) async fn run_with(&self, args: &[&str], input: Option<&str>) -> Result<Ran, Fault> {
        let traced = self.shown_of(args);
        let mut command = self.command(args);
        if let Some(shown) = &traced {
            command.args(["-q", "--trace", shown]);
        }
        if input.is_some() {
            command.stdin(Stdio::piped());
        }
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let typed = typed(args);
        let cannot = |e: std::io::Error| Fault::new(format!("cannot run `{typed}`: {e}"));
        let mut child = command.spawn().map_err(cannot)?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let child = Arc::new(Mutex::new(child));
        locked(&self.running).push(Arc::clone(&child));
        let (input, ending) = (input.map(str::to_owned), Arc::clone(&child));
        let waited = tokio::task::spawn_blocking(move || wait(&ending, pipes, input)).await;
        locked(&self.running).retain(|other| !Arc::ptr_eq(other, &child));
        let output = waited
            .map_err(|e| Fault::new(e.to_string()))?
            .map_err(cannot)?;
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        if traced.is_some() {
            self.hear(&typed, &stderr);
        }
        Ok(Ran {
            typed,
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr,
        })
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        for process in &mut self.processes {
            end(&mut process.child);
        }
        for command in locked(&self.running).drain(..) {
            end(&mut locked(&command));
        }
    }
}

fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    // Whoever panicked held a list or a program, which are whole at all times.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

type Pipes = (Option<ChildStdin>, Option<ChildStdout>, Option<ChildStderr>);

/// Hands a command its input and reads what it says, until it has ended by itself or was ended.
fn wait(
    child: &Mutex<Child>,
    (stdin, stdout, stderr): Pipes,
    input: Option<String>,
) -> std::io::Result<Output> {
    let said = std::thread::spawn(move || all_of(stderr));
    if let (Some(text), Some(mut pipe)) = (input, stdin) {
        pipe.write_all(text.as_bytes())?;
    }
    let stdout = all_of(stdout)?;
    let stderr = said.join().unwrap_or_else(|_| Ok(Vec::new()))?;
    // Both pipes are closed: it has ended, or is about to.
    let status = locked(child).wait()?;
    Ok(Output {
        status,
        stdout,
        stderr,
    })
}

fn all_of(pipe: Option<impl Read>) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        pipe.read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

fn end(child: &mut Child) {
    // Both fail only when the program has ended already, which is what we want.
    drop(child.kill());
    drop(child.wait());
}

fn copy_lines(pipe: impl std::io::Read, mut log: File, tell: &mpsc::Sender<String>) {
    for line in BufReader::new(pipe).lines() {
        let Ok(line) = line else { break };
        // The log is for people who look later, and nobody listens once the program is ready.
        drop(writeln!(log, "{line}"));
        drop(tell.send(line));
    }
}

fn typed(args: &[&str]) -> String {
    let mut line = String::from("callhome");
    for arg in args {
        line.push(' ');
        if arg.is_empty() || arg.contains(|c: char| c.is_whitespace() || "()'\"|&;<>".contains(c)) {
            line.push('\'');
            line.push_str(arg);
            line.push('\'');
        } else {
            line.push_str(arg);
        }
    }
    line
}

/// A TCP and UDP port on loopback that was free a moment ago.
///
/// The two servers must know each other's address before either runs, so they cannot
/// choose their ports by themselves.
pub(super) fn free_port() -> Result<u16, Fault> {
    let fault = |e: std::io::Error| Fault::new(format!("no free port on loopback: {e}"));
    for _ in 0..64 {
        let tcp = TcpListener::bind("127.0.0.1:0").map_err(fault)?;
        let address: SocketAddr = tcp.local_addr().map_err(fault)?;
        if UdpSocket::bind(address).is_ok() {
            return Ok(address.port());
        }
    }
    Err(Fault::new(
        "no port on loopback is free for both TCP and UDP".to_owned(),
    ))
}
