//! Killed at every named step that a phone with a data path comes by, at either end: each action's effect comes about
//! once, and one result is stored. `kill_sms` does the same with text messages alone.

use std::net::TcpListener;
use std::process::Child;
use std::time::{Duration, Instant};

use callhome::agent::brain::Brain;
use callhome::port::{AgentState as _, Step};
use callhome::store::AgentStateFile;
use serde_json::Value;

use crate::support::command::{Home, Ran, Running};

const IMEI: &str = "358931104120070";
/// Long: the machine may be busy with other tests.
const PATIENCE: Duration = Duration::from_secs(60);

/// In which drill a process is killed at a step. A step without one does not compile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kills {
    /// A message for the screen of a phone with a data path.
    Data,
    /// The same, and one by text message alone.
    Both,
    /// A message by text message alone, while it is on its way to the phone.
    Sending,
    /// The same, while the phone's answer is on its way back.
    Answering,
    /// Letting the phone in, and showing that its number is its own.
    Entering,
    /// A text that is signed by hand.
    Signing,
}

pub(super) const fn kills(step: Step) -> Kills {
    match step {
        Step::SessionFilled | Step::PhoneAnswered => Kills::Data,
        Step::ActionStored
        | Step::ActionClaimed
        | Step::MessageSent
        | Step::AttemptStored
        | Step::ResultReceived
        | Step::ResultStored
        | Step::PhoneDecided
        | Step::PhoneStored => Kills::Both,
        Step::WayChanged
        | Step::ReplyWanted
        | Step::SegmentTaken
        | Step::SegmentStored
        | Step::ReceiptCame
        | Step::ReceiptStored => Kills::Sending,
        Step::PartStored
        | Step::TextCame
        | Step::ReplyTaken
        | Step::PartsTaken
        | Step::PhoneTook
        | Step::PhoneReplied => Kills::Answering,
        Step::NumberAsked | Step::NumberShown | Step::InvitationStored | Step::InvitationSent => {
            Kills::Entering
        }
        Step::TextSigned => Kills::Signing,
    }
}

/// The steps of some drills, in their order.
pub(super) fn steps_of(drills: &[Kills]) -> Vec<Step> {
    let all = Step::ALL.iter().copied();
    all.filter(|step| drills.contains(&kills(*step))).collect()
}

struct Drill {
    home: Home,
    https: String,
    sip: String,
}

impl Drill {
    fn new() -> Self {
        let ports = [0, 0].map(|any| TcpListener::bind(("127.0.0.1", any)).expect("a port"));
        let address = |i: usize| ports[i].local_addr().expect("bound").to_string();
        Self {
            https: address(0),
            sip: address(1),
            home: Home::new(),
        }
    }

    fn serve(&self, name: &str, fault: Option<Step>) -> Running {
        let mut args = vec!["serve", "--listen", &self.https, "--listen-sip", &self.sip];
        let fault = fault.map(|step| step.to_string());
        if let Some(step) = &fault {
            args.extend(["--fault", step]);
        }
        self.start(name, &args, "ready:")
    }

    fn phone(&self, name: &str, fault: Option<Step>) -> Running {
        let mut args = vec!["agent", "run", "--imei", IMEI];
        let fault = fault.map(|step| step.to_string());
        if let Some(step) = &fault {
            args.extend(["--fault", step]);
        }
        self.start(name, &args, "ready")
    }

    fn start(&self, name: &str, args: &[&str], ready: &str) -> Running {
        let mut command = self.home.command(args);
        command.env("CALLHOME_FAULTS", "1");
        self.home.start_command(name, command, ready)
    }

    /// Asks for a message on the screen; the same request again under the same key is one request.
    fn ask(&self, text: &str, wait: bool) -> Ran {
        let key = format!("key-{text}");
        let mut args = vec!["device", "message", IMEI, text, "--idempotency-key", &key];
        if wait {
            args.extend(["--wait", "--timeout", "60s"]);
        }
        self.home.run(&args)
    }

    /// Waits until the server has all that the phone has to tell.
    fn all_told(&self) {
        let deadline = Instant::now() + PATIENCE;
        while !phone_on_disk(&self.home).waiting().is_empty() {
            assert!(Instant::now() < deadline, "results that nobody takes");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// What the one phone's disk says that it did.
pub(super) fn phone_on_disk(home: &Home) -> Brain {
    let file = home.data().join("agents/agents.db");
    let states = AgentStateFile::open(&file).expect("the phone's states");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let mut all = runtime.block_on(states.load()).expect("read");
    assert_eq!(all.len(), 1);
    Brain::from_bytes(&all.remove(0).1).expect("its own state")
}

pub(super) fn ended(child: &mut Child, step: Step) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().expect("can be asked") {
            assert_eq!(status.code(), None, "{step}: it was cut off: {status}");
            return;
        }
        assert!(Instant::now() < deadline, "{step} was never reached");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn whichever_end_is_killed_at_whichever_step_a_message_is_shown_once_and_has_one_result() {
    let drill = Drill::new();
    let mut server = drill.serve("server", None);
    let mut phone = drill.phone("phone", None);
    let steps = steps_of(&[Kills::Data, Kills::Both]);
    for (index, step) in steps.iter().copied().enumerate() {
        let text = step.to_string();
        let said = if step.is_of_device() {
            drill.all_told();
            drop(phone);
            phone = drill.phone("doomed-phone", Some(step));
            let asked = drill.ask(&text, false);
            assert_eq!(asked.code, 0, "{step}: {}{}", asked.stdout, asked.stderr);
            ended(&mut phone.child, step);
            phone = drill.phone("phone", None);
            drill.ask(&text, true)
        } else {
            assert_eq!(server.stop(), 0);
            server = drill.serve("doomed-server", Some(step));
            // It may be told, or the server may die before it could answer.
            let _told = drill.ask(&text, false);
            ended(&mut server.child, step);
            server = drill.serve("server", None);
            drill.ask(&text, true)
        };
        assert_eq!(said.code, 0, "{step}: {}{}", said.stdout, said.stderr);
        let brain = phone_on_disk(&drill.home);
        let messages: Vec<&str> = brain.phone().messages().collect();
        let shown = messages.iter().filter(|m| **m == text).count();
        assert_eq!(shown, 1, "{step}: {messages:?}");
        assert_eq!(brain.counters().executed["msg"], index as u64 + 1, "{step}");
    }
    let actions = drill.home.json(&["action", "list"]);
    let actions = actions["items"].as_array().expect("a list");
    assert_eq!(actions.len(), steps.len(), "no request became two");
    for action in actions {
        assert_eq!(action["state"], "done", "{action}");
    }
    let log = drill.home.json(&["device", "log", IMEI, "--limit", "1000"]);
    let log = log["items"].as_array().expect("a list");
    let of_kind = |kind: &str| log.iter().filter(|m| m["kind"] == kind).count();
    assert_eq!(of_kind("action.result"), steps.len(), "one result for each");
    let first_results = log.iter().filter(|m| {
        let text = m["text"].as_str().unwrap_or_default();
        m["kind"] == "result" && !text.contains("a repeat")
    });
    // The server that died right after storing a result never wrote its line; the phone's repeat did.
    assert!(first_results.count() >= steps.len() - 1, "{log:?}");
    assert_eq!(server.stop(), 0);
}

#[test]
fn a_drill_needs_the_environments_leave() {
    let home = Home::new();
    let ran = home.run(&["serve", "--fault", "action-stored"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("CALLHOME_FAULTS=1"), "{}", ran.stderr);
    let ran = home.run(&["serve", "--fault", "lunch"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("session-filled"), "{}", ran.stderr);
    let document: Value = serde_json::json!(home.ok(&["serve", "--help"]));
    assert!(!document.to_string().contains("--fault"), "hidden");
}
