//! Killed at every named step of the way by text message, with a phone that has nothing else, through an SMPP centre
//! that nobody here wrote: each action's effect comes about once, one result is stored, and nothing gets stuck.

use std::time::{Duration, Instant};

use callhome::port::Step;
use serde_json::Value;

use super::kill_steps::{Kills, ended, phone_on_disk, steps_of};
use crate::sms_smpp::peer::Centre;
use crate::support::command::{Home, Ran, Running};

const IMEI: &str = "358931104120070";
const NUMBER: &str = "+14085550137";
/// Long: the machine may be busy with other tests.
const PATIENCE: Duration = Duration::from_secs(90);
/// An answer that was not lost has come by then; else the action is sent again.
const PAUSE: Duration = Duration::from_secs(3);

struct World {
    home: Home,
    https: String,
    sip: String,
    line: String,
    _centre: Centre,
    _carrier: Running,
}

fn free_port() -> u16 {
    let held = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    held.local_addr().expect("bound").port()
}

fn private(home: &Home, name: &str, text: &str) -> String {
    let path = home.file(name, text);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&path, mode).expect("private");
    path.display().to_string()
}

impl World {
    /// A carrier behind a centre that hands what phones say on in small parts; `None` when a program is missing.
    fn new() -> Option<Self> {
        let [https, sip, http, line, nobody] = [0; 5].map(|_| free_port());
        let sms_url = format!("http://127.0.0.1:{http}/cgi-bin/sendsms");
        let variables = [("SMS_URL", sms_url.as_str()), ("PART_SIZE", "40")];
        let centre = Centre::start_at(0, &variables)?;
        let home = Home::new();
        let password = private(&home, "gateway.password", "bar\n");
        let phones = centre.phones.expect("it hands on");
        let mo = private(&home, "mo.url", &format!("http://127.0.0.1:{phones}/mo"));
        let config = home.path().join(".config/callhome");
        std::fs::create_dir_all(&config).expect("a folder");
        // Nobody is at the first gateway: each text goes over the second.
        let settings = format!(
            "server:\n  name: test\n  gateways:\n    - name: gone\n      kind: kannel\n      \
             url: http://127.0.0.1:{nobody}/cgi-bin/sendsms\n      username: foo\n      \
             password_file: {password}\n    - name: smsc-1\n      kind: smpp\n      \
             url: smpp://foo@127.0.0.1:{}\n      password_file: {password}\n      from: callhome\n",
            centre.port,
        );
        std::fs::write(config.join("config.yaml"), settings).expect("written");
        let at = |port: u16| format!("127.0.0.1:{port}");
        let (http, line) = (at(http), at(line));
        let carrier = [
            "agent",
            "carrier",
            "--http",
            &http,
            "--line",
            &line,
            "--mo-url-file",
            &mo,
        ];
        let carrier = home.start("carrier", &carrier, "ready");
        Some(Self {
            https: at(https),
            sip: at(sip),
            line,
            home,
            _centre: centre,
            _carrier: carrier,
        })
    }

    fn start(&self, name: &str, args: &[&str], fault: Option<Step>, ready: &str) -> Running {
        let fault = fault.map(|step| step.to_string());
        let mut args = args.to_vec();
        if let Some(step) = &fault {
            args.extend(["--fault", step]);
        }
        let mut command = self.home.command(&args);
        command.env("CALLHOME_FAULTS", "1");
        self.home.start_command(name, command, ready)
    }

    fn serve(&self, fault: Option<Step>) -> Running {
        let args = ["serve", "--listen", &self.https, "--listen-sip", &self.sip];
        self.start("server", &args, fault, "ready:")
    }

    fn phone(&self, fault: Option<Step>) -> Running {
        let args = [
            "agent",
            "run",
            "--imei",
            IMEI,
            "--number",
            NUMBER,
            "--no-data",
            "--carrier",
            &self.line,
            "--invited-by-sms",
        ];
        self.start("phone", &args, fault, "ready")
    }

    fn invite(&self) -> Ran {
        let by_sms = ["device", "invite", "--by", "sms", "--number", NUMBER];
        self.home.run(&by_sms)
    }

    fn is_verified(&self) -> bool {
        let shown = self.home.run(&["device", "show", NUMBER, "-o", "json"]);
        let shown: Value = serde_json::from_str(&shown.stdout).unwrap_or_default();
        shown["numbers"][0]["verified_at"].is_string()
    }

    /// Asks for a message on the screen; the same request again under the same key is one request.
    fn ask(&self, step: Step, text: &str) -> Ran {
        let key = format!("key-{step}");
        let ask = ["device", "message", NUMBER, text, "-o", "json"];
        let key = ["--idempotency-key", &key];
        self.home.run(&[&ask[..], &key].concat())
    }

    /// Waits until an action is done; where nothing more comes, it is sent again, as its clock would later.
    fn done(&self, id: &str, step: Step) -> Value {
        let began = Instant::now();
        let mut sent = Instant::now();
        loop {
            let view = self.home.json(&["action", "show", id]);
            if view["state"] == "done" {
                return view;
            }
            assert!(began.elapsed() < PATIENCE, "{step}: {view}");
            if sent.elapsed() > PAUSE {
                let again = self.home.run(&["action", "retry", id]);
                // It may have ended at this very moment.
                assert!(matches!(again.code, 0 | 15), "{step}: {}", again.stderr);
                sent = Instant::now();
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// A server with a phone whose number is its own.
    fn peopled(&self) -> (Running, Running) {
        let server = self.serve(None);
        let phone = self.phone(None);
        let invited = self.invite();
        assert_eq!(invited.code, 0, "{}", invited.stderr);
        self.until("the phone is let in", || self.is_verified());
        (server, phone)
    }

    fn until(&self, what: &str, holds: impl Fn() -> bool) {
        let began = Instant::now();
        while !holds() {
            assert!(began.elapsed() < PATIENCE, "{what}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Kills a server or the phone at each of these steps while a message is on its way.
    fn kill_at(&self, steps: &[Step]) {
        let (mut server, mut phone) = self.peopled();
        for (index, step) in steps.iter().copied().enumerate() {
            // More than one segment.
            let text = format!("{step} {}", "x".repeat(120));
            if step.is_of_device() {
                drop(phone);
                phone = self.phone(Some(step));
                let asked = self.ask(step, &text);
                assert_eq!(asked.code, 0, "{step}: {}", asked.stderr);
                ended(&mut phone.child, step);
                phone = self.phone(None);
            } else {
                assert_eq!(server.stop(), 0);
                server = self.serve(Some(step));
                // It may be told, or the server may die before it could answer.
                let _told = self.ask(step, &text);
                ended(&mut server.child, step);
                server = self.serve(None);
            }
            let asked = self.ask(step, &text);
            assert_eq!(asked.code, 0, "{step}: {}", asked.stderr);
            let asked: Value = serde_json::from_str(&asked.stdout).expect("a document");
            let view = self.done(asked["id"].as_str().expect("an id"), step);
            self.told_once(&view, step);
            let brain = phone_on_disk(&self.home);
            let messages: Vec<&str> = brain.phone().messages().collect();
            let shown = messages.iter().filter(|m| **m == text).count();
            assert_eq!(shown, 1, "{step}: {messages:?}");
            assert_eq!(brain.counters().executed["msg"], index as u64 + 1, "{step}");
        }
        self.all_is_well(steps.len());
        assert_eq!(server.stop(), 0);
        drop(phone);
    }

    /// No receipt of a send stands twice in an action's story, and none is missing where the phone was at its end.
    fn told_once(&self, view: &Value, step: Step) {
        let attempts = view["attempts"].as_array().expect("a timeline");
        let told = |a: &&Value| a["outcome"] == "receipt: delivered to the phone";
        let delivered = attempts.iter().filter(told).count();
        assert!(delivered <= 1, "{step}: {view}");
    }

    /// All that was asked for was done once, and has one result.
    fn all_is_well(&self, count: usize) {
        let actions = self.home.json(&["action", "list", "--limit", "1000"]);
        let actions = actions["items"].as_array().expect("a list");
        assert_eq!(actions.len(), count, "no request became two");
        for action in actions {
            assert_eq!(action["state"], "done", "{action}");
        }
        let log = self.home.json(&["device", "log", IMEI, "--limit", "1000"]);
        let log = log["items"].as_array().expect("a list");
        let results = log.iter().filter(|m| m["kind"] == "action.result");
        assert_eq!(results.count(), count, "one result for each: {log:?}");
    }
}

#[test]
fn whichever_end_is_killed_a_text_on_its_way_to_the_phone_is_shown_once() {
    let Some(world) = World::new() else { return };
    let steps = steps_of(&[Kills::Both, Kills::Sending]);
    let way_there = |step: &Step| !matches!(step, Step::ResultReceived | Step::ResultStored);
    let steps: Vec<Step> = steps.into_iter().filter(way_there).collect();
    world.kill_at(&steps);
}

#[test]
fn whichever_end_is_killed_the_phones_answer_counts_once() {
    let Some(world) = World::new() else { return };
    let mut steps = vec![Step::ResultReceived, Step::ResultStored];
    steps.extend(steps_of(&[Kills::Answering]));
    world.kill_at(&steps);
}

#[test]
fn a_phone_gets_in_and_its_number_is_its_own_whenever_the_server_is_killed() {
    let Some(world) = World::new() else { return };
    let mut phone = world.phone(None);
    let steps = [
        Step::InvitationStored,
        Step::InvitationSent,
        Step::NumberAsked,
        Step::NumberShown,
    ];
    for step in steps_of(&[Kills::Entering]) {
        assert!(steps.contains(&step), "{step} has no place here");
    }
    for step in steps {
        let mut server = world.serve(Some(step));
        let verify = ["device", "verify", NUMBER];
        match step {
            Step::InvitationStored | Step::InvitationSent => {
                let invited = world.invite();
                assert_ne!(invited.code, 0, "{step}: {}", invited.stdout);
            }
            _ => {
                // It may be told, or the server may die before it could answer.
                let _told = world.home.run(&[&verify[..], &["--no-wait"]].concat());
            }
        }
        ended(&mut server.child, step);
        server = world.serve(None);
        match step {
            // Nobody got the code, so nobody is there.
            Step::InvitationStored => {
                let all = world.home.json(&["device", "list"]);
                assert_eq!(all["items"], Value::Array(Vec::new()), "{step}");
            }
            // The phone has it: it comes in.
            Step::InvitationSent | Step::NumberShown => {
                world.until(&step.to_string(), || world.is_verified());
            }
            // Nobody asked the phone: whoever wanted that asks again.
            _ => {
                let asked = world.home.run(&verify);
                assert_eq!(asked.code, 0, "{step}: {}", asked.stderr);
                assert!(world.is_verified(), "{step}: {}", asked.stdout);
            }
        }
        if step == Step::NumberShown {
            let lock = ["device", "lock", NUMBER, "--wait", "--timeout", "60s"];
            let sure = ["--yes", "--accept-risk", "lock", "--reason", "drill"];
            world.home.ok(&[&lock[..], &sure].concat());
        }
        assert_eq!(server.stop(), 0);
    }
    let brain = phone_on_disk(&world.home);
    assert_eq!(brain.counters().executed["lck"], 1);
    assert!(phone.child.try_wait().expect("can be asked").is_none());
}

#[test]
fn a_text_that_is_signed_by_hand_has_its_answer_though_the_server_is_killed_meanwhile() {
    let Some(world) = World::new() else { return };
    let (mut server, _phone) = world.peopled();
    for step in steps_of(&[Kills::Signing]) {
        assert_eq!(server.stop(), 0);
        server = world.serve(Some(step));
        let text = "KME 2.00 ........ msg(signed) num(00112233aabbccdd)";
        // It asks again, under the same key, until somebody answers.
        let sign = world
            .home
            .command(&["sms", "sign", "--device", NUMBER, text]);
        let sign = std::thread::spawn(move || {
            let mut sign = sign;
            Ran::of(&sign.output().expect("the program starts"))
        });
        ended(&mut server.child, step);
        server = world.serve(None);
        let signed = sign.join().expect("no panic");
        assert_eq!(signed.code, 0, "{step}: {}", signed.stderr);
        let told = signed
            .stderr
            .contains("asked of this phone later waits for it");
        assert!(told, "{}", signed.stderr);
        let sent = ["sms", "send", "--to", NUMBER, signed.stdout.trim_end()];
        world.home.ok(&sent);
        world.until("the answer", || {
            let all = world.home.json(&["action", "list"]);
            all["items"][0]["state"] == "done"
        });
        let brain = phone_on_disk(&world.home);
        assert_eq!(brain.counters().executed["msg"], 1, "{step}");
    }
    world.all_is_well(1);
    assert_eq!(server.stop(), 0);
}
