//! What a person at a real terminal types before something harmful is done.

use std::io::{Read as _, Write as _};
use std::process::Stdio;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use crate::support::command::{Home, Running};

const IMEI: &str = "358931104120070";

/// A command on a terminal of its own, made by script(1).
struct Typed {
    child: std::process::Child,
    keyboard: std::process::ChildStdin,
    output: Receiver<Vec<u8>>,
    seen: String,
}

impl Typed {
    /// Starts the program on a new terminal; standard output goes into a file, so that only the terminal is looked at.
    fn start(home: &Home, args: &[&str]) -> Self {
        let plain = home.command(args);
        let mut line = format!("exec '{}'", env!("CARGO_BIN_EXE_callhome"));
        for arg in args {
            line.push_str(&format!(" '{arg}'"));
        }
        line.push_str(" > typed.out");
        let mut command = std::process::Command::new("script");
        command
            .args(["-qec", &line, "/dev/null"])
            .env_clear()
            .current_dir(home.path())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("TERM", "dumb");
        for (name, value) in plain.get_envs() {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("script(1) starts");
        let keyboard = child.stdin.take().expect("a keyboard");
        let mut screen = child.stdout.take().expect("a screen");
        let (tell, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = screen.read(&mut buffer) {
                if tell.send(buffer[..read].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            child,
            keyboard,
            output,
            seen: String::new(),
        }
    }

    /// Waits until the terminal shows this.
    fn shows(&mut self, text: &str) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !self.seen.contains(text) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.seen.push_str(&String::from_utf8_lossy(&bytes)),
                Err(_) => panic!("no {text:?} on the terminal:\n{}", self.seen),
            }
        }
    }

    fn types(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("typed");
        self.keyboard.flush().expect("typed");
    }

    /// The exit code, and what the terminal showed in all.
    fn ends(mut self) -> (i32, String) {
        let deadline = Instant::now() + Duration::from_secs(30);
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("can be asked") {
                break status;
            }
            assert!(Instant::now() < deadline, "it does not end:\n{}", self.seen);
            std::thread::sleep(Duration::from_millis(20));
        };
        for bytes in self.output.iter() {
            self.seen.push_str(&String::from_utf8_lossy(&bytes));
        }
        (status.code().unwrap_or(-1), self.seen)
    }
}

/// A server and one phone at it.
fn phone(home: &Home) -> (Running, Running) {
    let serve = home.start("serve", &["serve"], "ready: ");
    let args = ["agent", "run", "--imei", IMEI, "--name", "Nokia"];
    let phone = home.start("phone", &args, "ready: ");
    (serve, phone)
}

fn actions(home: &Home) -> Vec<serde_json::Value> {
    let list = home.json(&["action", "list"]);
    list["items"].as_array().expect("a list").clone()
}

#[test]
fn only_the_last_four_digits_typed_on_the_terminal_lock_and_unlock_a_phone() {
    let home = Home::new();
    let (serve, phone) = phone(&home);
    for (keys, code, words) in [
        ("0071\n", 8, "that is not the last four digits of the IMEI"),
        ("\n", 8, "that is not the last four digits of the IMEI"),
        ("yes\n", 8, "that is not the last four digits of the IMEI"),
        ("\u{4}", 8, "that is not the last four digits of the IMEI"),
        ("00\u{3}", 130, "stopped: nothing was done"),
    ] {
        let mut typed = Typed::start(&home, &["device", "lock", IMEI, "--wait"]);
        typed.shows("to lock it: ");
        typed.types(keys);
        typed.shows(words);
        let (ended, seen) = typed.ends();
        assert_eq!(ended, code, "{keys:?}\n{seen}");
        assert!(actions(&home).is_empty(), "{keys:?}");
    }
    for (verb, word) in [("lock", "locked"), ("unlock", "unlocked")] {
        let mut typed = Typed::start(&home, &["device", verb, IMEI, "--wait"]);
        typed.shows(&format!("to {verb} it: "));
        typed.types("0070\n");
        typed.shows(&format!("{word}, confirmed by the phone"));
        let (code, seen) = typed.ends();
        assert_eq!(code, 0, "{seen}");
    }
    assert_eq!(actions(&home).len(), 2);
    assert_eq!(phone.stop(), 0);
    assert_eq!(serve.stop(), 0);
}

#[test]
fn an_unlock_that_nobody_confirmed_is_not_sent_whoever_asks() {
    let home = Home::new();
    let (serve, phone) = phone(&home);
    let lock = ["--yes", "--accept-risk", "lock", "--reason", "stolen"];
    home.ok(&[&["device", "lock", IMEI, "--wait"][..], &lock].concat());
    for (args, code) in [
        (&["device", "unlock", IMEI, "--no-input"][..], 2),
        (&["device", "unlock", IMEI, "--yes"], 8),
    ] {
        let ran = home.run(args);
        assert_eq!(ran.code, code, "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains("--accept-risk lock"), "{}", ran.stderr);
    }
    assert_eq!(actions(&home).len(), 1);
    home.ok(&[&["device", "unlock", IMEI, "--wait"][..], &lock].concat());
    let again = home.run(&[&["device", "unlock", IMEI][..], &lock].concat());
    assert_eq!(again.code, 15, "{}", again.stderr);
    assert_eq!(phone.stop(), 0);
    assert_eq!(serve.stop(), 0);
}

#[test]
fn a_code_that_was_used_lets_no_second_phone_in_and_says_so() {
    let home = Home::new();
    let serve = home.start("serve", &["serve"], "ready: ");
    let made = home.ok(&["device", "invite", "-o", "json"]);
    let file = home.file("invitation.json", &made).display().to_string();
    let invited = |imei, state| {
        let mut all = vec!["agent", "run", "--invite", &file, "--imei"];
        all.extend([imei, "--state", state]);
        all
    };
    let phone = home.start("phone", &invited(IMEI, "first"), "ready: ");
    let ran = home.run(&invited("490154203237518", "second"));
    assert_eq!(ran.code, 11, "{}", ran.stderr);
    for words in [
        "the system id or the code is not right",
        "or the code was used",
        "callhome device invite",
    ] {
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    }
    assert!(!ran.stderr.contains("Is the server up"), "{}", ran.stderr);
    assert_eq!(phone.stop(), 0);
    assert_eq!(serve.stop(), 0);
}

#[test]
fn a_trace_that_would_show_nothing_is_refused() {
    let home = Home::new();
    for (args, hint) in [
        (&["device", "list", "--trace", "sip"][..], "--trace http"),
        (&["sms", "meter", "nop()", "--trace", "sms"], "Leave it out"),
        (
            &["sip", "options", "a@127.0.0.1", "--trace", "sms"],
            "--trace sip",
        ),
    ] {
        let ran = home.run(args);
        assert_eq!(ran.code, 2, "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains("shows nothing here"), "{}", ran.stderr);
        assert!(ran.stderr.contains(hint), "{}", ran.stderr);
    }
}
