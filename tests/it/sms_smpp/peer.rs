use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use callhome::net::smpp_link::{SmppGateway, SmppSettings};
use callhome::port::{ReceiptKey, SmsInbox, SmsPart, StoreError};
use callhome::sms::smpp::IdKeys;
use callhome::sms::{Fragment, Inbound, ReceiptOutcome};
use serde_json::{Value, json};

/// How long anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The SMPP centre of tests/peers/kannel, ended with its owner.
pub(crate) struct Centre {
    pub(crate) port: u16,
    /// Where the carrier that it hands on to tells what phones say.
    pub(crate) phones: Option<u16>,
    orders: ChildStdin,
    lines: Receiver<Value>,
    seen: VecDeque<Value>,
    process: Child,
}

impl Drop for Centre {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl Centre {
    /// Starts one; `None` when a program is missing, which is a failure under `CI=true`.
    pub(crate) fn start() -> Option<Self> {
        Self::start_at(0, &[])
    }

    /// Starts one on a port, with variables of its environment.
    pub(crate) fn start_at(port: u16, variables: &[(&str, &str)]) -> Option<Self> {
        let peers = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/kannel");
        if !peers.join("node_modules/smpp").is_dir() {
            let ci = std::env::var_os("CI").is_some_and(|v| v == "true");
            assert!(
                !ci,
                "the npm package smpp is missing; tests/run installs it"
            );
            #[expect(clippy::print_stderr, reason = "who runs the tests has to know")]
            {
                eprintln!("skipped: the npm package smpp is missing; tests/run installs it");
            }
            return None;
        }
        let mut process = Command::new("node")
            .arg(peers.join("smsc.js"))
            .env("PORT", port.to_string())
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node is there");
        let orders = process.stdin.take().expect("piped");
        let output = BufReader::new(process.stdout.take().expect("piped"));
        let (told, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let line = serde_json::from_str(&line).expect("lines of JSON");
                if told.send(line).is_err() {
                    return;
                }
            }
        });
        let mut centre = Self {
            port,
            phones: None,
            orders,
            lines,
            seen: VecDeque::new(),
            process,
        };
        let begun = centre.next("listening");
        let port = |name: &str| begun[name].as_u64().and_then(|p| u16::try_from(p).ok());
        centre.port = port("listening").expect("a port");
        centre.phones = port("phones");
        Some(centre)
    }

    /// Ends it as a crash would.
    pub(crate) fn stop(&mut self) {
        self.process.kill().expect("it runs");
        self.process.wait().expect("it ends");
    }

    /// The next line that has this field; others are kept for later.
    pub(crate) fn next(&mut self, field: &str) -> Value {
        if let Some(at) = self.seen.iter().position(|l| l.get(field).is_some()) {
            return self.seen.remove(at).expect("it is there");
        }
        loop {
            let line = self.lines.recv_timeout(PATIENCE).expect("a line in time");
            if line.get(field).is_some() {
                return line;
            }
            self.seen.push_back(line);
        }
    }

    /// The next text that is not the question whether a number is the phone's own: those go out by themselves.
    pub(crate) fn next_text(&mut self) -> Value {
        loop {
            let line = self.next("text");
            if !is_question(&line) {
                return line;
            }
        }
    }

    /// As [`Self::next_text`], every one that came so far.
    pub(crate) fn all_texts(&mut self) -> Vec<Value> {
        let mut texts = self.all("text");
        texts.retain(|line| !is_question(line));
        texts
    }

    /// Every line with this field that came so far.
    pub(crate) fn all(&mut self, field: &str) -> Vec<Value> {
        self.seen.extend(self.lines.try_iter());
        let (found, rest): (Vec<_>, Vec<_>) =
            self.seen.drain(..).partition(|l| l.get(field).is_some());
        self.seen = rest.into();
        found
    }

    pub(crate) fn order(&mut self, order: &Value) {
        writeln!(self.orders, "{order}").expect("the centre is there");
    }

    /// Changes its behaviour.
    pub(crate) fn set(&mut self, what: &Value) {
        self.order(&json!({ "set": what }));
        self.next("done");
    }

    /// Destroys every connection.
    pub(crate) fn cut(&mut self) {
        self.order(&json!({ "cut": true }));
        self.next("done");
    }

    /// A gateway to it.
    pub(crate) fn gateway(
        &self,
        inbox: &Arc<Noted>,
        change: impl FnOnce(&mut SmppSettings),
    ) -> SmppGateway {
        let mut settings = SmppSettings::new("127.0.0.1", self.port, "foo", "bar");
        settings.messages.from = "12345".to_owned();
        change(&mut settings);
        SmppGateway::start("smsc-1", settings, Vec::new(), Arc::clone(inbox) as _, true)
            .expect("set up")
    }
}

fn is_question(line: &Value) -> bool {
    let text = line["text"].as_str().unwrap_or_default();
    let mut actions = text.split(' ').filter(|word| word.contains('('));
    let only =
        actions.next().is_some_and(|one| one.starts_with("num(")) && actions.next().is_none();
    only && !line["udh"][0].is_string()
}

/// What a gateway told.
#[derive(Default)]
pub(crate) struct Noted {
    pub(crate) taken: Mutex<Vec<(SmsPart, IdKeys)>>,
    pub(crate) receipts: Mutex<Vec<(IdKeys, ReceiptOutcome)>>,
    pub(crate) messages: Mutex<Vec<Inbound>>,
    parts: Mutex<Vec<Fragment>>,
}

impl Noted {
    /// Waits until so many receipts came.
    pub(crate) async fn receipts(&self, count: usize) -> Vec<(IdKeys, ReceiptOutcome)> {
        wait_for("receipts", || {
            let receipts = self.receipts.lock().expect("never poisoned");
            (receipts.len() >= count).then(|| receipts.clone())
        })
        .await
    }

    pub(crate) fn ids(&self) -> Vec<String> {
        let taken = self.taken.lock().expect("never poisoned");
        taken.iter().map(|(_, keys)| keys.exact.clone()).collect()
    }
}

/// Waits for a condition.
pub(crate) async fn wait_for<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "{what} did not come");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[async_trait]
impl SmsInbox for Noted {
    async fn taken(
        &self,
        _gateway: &str,
        part: SmsPart,
        id: Option<IdKeys>,
    ) -> Result<(), StoreError> {
        let id = id.expect("SMPP has ids");
        self.taken.lock().expect("never poisoned").push((part, id));
        Ok(())
    }

    async fn receipt(
        &self,
        _gateway: &str,
        key: ReceiptKey,
        outcome: ReceiptOutcome,
        _words: &str,
    ) -> Result<(), StoreError> {
        let ReceiptKey::Id(keys) = key else {
            panic!("SMPP has ids");
        };
        let mut receipts = self.receipts.lock().expect("never poisoned");
        receipts.push((keys, outcome));
        Ok(())
    }

    async fn message(&self, _gateway: &str, message: Inbound) -> Result<(), StoreError> {
        let mut messages = self.messages.lock().expect("never poisoned");
        messages.push(message);
        Ok(())
    }

    async fn part(&self, _gateway: &str, part: Fragment) -> Result<(), StoreError> {
        let whole = {
            let mut parts = self.parts.lock().expect("never poisoned");
            parts.push(part);
            let whole = Fragment::join(&parts);
            if whole.is_some() {
                parts.clear();
            }
            whole
        };
        self.messages.lock().expect("never poisoned").extend(whole);
        Ok(())
    }
}
