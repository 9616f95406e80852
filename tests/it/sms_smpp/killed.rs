use std::time::{Duration, Instant};

use callhome::api::Invitation;
use callhome::domain::{DeviceId, DeviceSecret};
use callhome::port::Step;
use callhome::sms::{Reply, ReplyStatus, SignedMessage, SmsKeys};
use reqwest::Certificate;
use serde_json::{Value, json};

use super::peer::{Centre, PATIENCE};
use crate::support::command::{Home, Running};
use crate::support::device::{enrolment, random};

const NUMBER: &str = "+14085550137";

/// A server program whose only gateway is a centre.
struct World {
    home: Home,
    centre: Centre,
}

impl World {
    fn new(centre: Centre) -> Self {
        let home = Home::new();
        let password = home.file("smpp.password", "bar\n");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&password, mode).expect("private");
        let config = home.path().join(".config/callhome");
        std::fs::create_dir_all(&config).expect("a folder");
        let settings = format!(
            "server:\n  name: test\n  gateways:\n    - name: smsc-1\n      kind: smpp\n      \
             url: smpp://foo@127.0.0.1:{}\n      password_file: {}\n      from: '12345'\n",
            centre.port,
            password.display(),
        );
        std::fs::write(config.join("config.yaml"), settings).expect("written");
        Self { home, centre }
    }

    fn serve(&mut self) -> Running {
        let server = self.home.start("server", &["serve"], "ready:");
        self.centre.next("bind");
        server
    }

    /// One that is cut off at a step.
    fn doomed(&mut self, step: Step) -> Running {
        let fault = step.to_string();
        let mut command = self.home.command(&["serve", "--fault", &fault]);
        command.env("CALLHOME_FAULTS", "1");
        let server = self.home.start_command("server", command, "ready:");
        self.centre.next("bind");
        server
    }

    fn kill(&mut self, mut server: Running) {
        server.child.kill().expect("it runs");
        server.child.wait().expect("it ends");
    }

    /// A phone that has text messages only; the test holds its secret.
    async fn phone(&self) -> (DeviceId, DeviceSecret) {
        let invitation = self.home.json(&["device", "invite"]);
        let invitation: Invitation = serde_json::from_value(invitation).expect("an invitation");
        let (id, secret) = (
            DeviceId::from_random(random()),
            DeviceSecret::from_bytes(random()),
        );
        let mut body = enrolment(&invitation, id, &secret, "358931104120070");
        body["has_data"] = json!(false);
        let ca = Certificate::from_pem(invitation.ca_pem.as_bytes()).expect("a CA");
        // The first provider of the process stays; there is only this one.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([ca])
            .build()
            .expect("a client");
        let url = format!("{}/agent/v1/enrol", invitation.server_url);
        let told = client.post(url).json(&body).send().await.expect("told");
        assert_eq!(told.status(), 200);
        (id, secret)
    }

    fn ask(&self, text: &str) -> String {
        let made = self.home.json(&["device", "message", NUMBER, text]);
        made["id"].as_str().expect("an id").to_owned()
    }

    fn until(&self, id: &str, what: &str, found: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            let view = self.home.json(&["action", "show", id]);
            if found(&view) {
                return view;
            }
            assert!(began.elapsed() < PATIENCE, "{what} did not come: {view}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The next whole text at the centre.
    fn arrived(&mut self) -> String {
        let mut text = String::new();
        loop {
            let segment = self.centre.next_text();
            text.push_str(segment["text"].as_str().expect("text"));
            let udh = segment["udh"][0].as_str().unwrap_or("0101");
            let (total, number) = udh[udh.len() - 4..].split_at(2);
            if total == number {
                return text;
            }
        }
    }
}

fn state(view: &Value) -> &str {
    view["state"].as_str().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_that_come_after_the_server_was_killed_still_count() {
    let Some(centre) = Centre::start() else {
        return;
    };
    let mut world = World::new(centre);
    let server = world.serve();
    world.phone().await;
    world.centre.set(&json!({ "hold": true }));
    let long = world.ask(&"please call ".repeat(20));
    let first = world.arrived();
    assert!(first.len() > 160, "{first}");
    let short = world.ask("back at nine");
    world.arrived();
    for id in [&long, &short] {
        world.until(id, "the answer of the centre", |view| state(view) == "sent");
    }
    world.kill(server);

    // The one is delivered; then the centre gives the other up.
    let server = world.serve();
    for id in [&long, &short] {
        world.until(id, "the action", |view| state(view) == "sent");
    }
    world.centre.order(&json!({ "release": true }));
    world.centre.next("done");
    for id in [&long, &short] {
        let view = world.until(id, "the receipts", |view| state(view) == "delivered");
        let receipts = view["attempts"].as_array().expect("a timeline");
        let told = receipts
            .iter()
            .filter(|a| a["outcome"] == "receipt: delivered to the phone");
        assert_eq!(told.count(), 1, "{view}");
    }
    world
        .centre
        .set(&json!({ "hold": true, "state": "UNDELIV" }));
    let lost = world.ask("never arrives");
    world.arrived();
    world.until(&lost, "the answer of the centre", |v| state(v) == "sent");
    world.kill(server);
    let server = world.serve();
    world.centre.order(&json!({ "release": true }));
    world.centre.next("done");
    let view = world.until(&lost, "the bad news", |view| {
        view["attempts"]
            .to_string()
            .contains("receipt: not delivered")
    });
    assert_eq!(state(&view), "sent", "it is tried again: {view}");
    assert_eq!(
        world.centre.all_texts(),
        Vec::<Value>::new(),
        "nothing was sent twice"
    );
    assert_eq!(server.stop(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_receipt_decided_is_told_once_though_the_server_died_before_it_was() {
    let Some(centre) = Centre::start() else {
        return;
    };
    let mut world = World::new(centre);
    let server = world.serve();
    world.phone().await;
    // The question that a new number brings has its receipt.
    world.centre.next("text");
    world.centre.next("kept");
    assert_eq!(server.stop(), 0);
    for (state, told, then) in [
        ("DELIVRD", "receipt: delivered to the phone", "delivered"),
        ("UNDELIV", "receipt: not delivered", "sent"),
    ] {
        world.centre.set(&json!({ "state": state, "hold": true }));
        let mut server = world.doomed(Step::ReceiptStored);
        let id = world.ask("please call");
        world.arrived();
        world.until(&id, "the answer of the centre", |v| {
            self::state(v) == "sent"
        });
        world.centre.order(&json!({ "release": true }));
        world.centre.next("done");
        let status = server.child.wait().expect("it ends");
        assert_eq!(status.code(), None, "it was cut off: {status}");
        let server = world.serve();
        let has = |view: &Value| {
            let attempts = view["attempts"].as_array().expect("a timeline").iter();
            attempts.filter(|a| a["outcome"] == told).count()
        };
        let view = world.until(&id, told, |view| has(view) > 0);
        // The centre says it until it is heard; now it is.
        assert_eq!(world.centre.next("kept")["kept"], 0);
        assert_eq!((has(&view), self::state(&view)), (1, then), "{view}");
        assert_eq!(server.stop(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_answer_of_a_phone_survives_a_kill_between_its_parts() {
    let Some(centre) = Centre::start() else {
        return;
    };
    let mut world = World::new(centre);
    let server = world.serve();
    let (_, secret) = world.phone().await;
    let id = world.ask("please call");
    let message = SignedMessage::parse(world.arrived().as_bytes()).expect("an action string");
    let nonce = message.reply_nonce().expect("asked to reply");
    let words = ReplyStatus::Ok(vec!["x".repeat(300)]);
    let reply = Reply::compose(nonce, vec![words], &SmsKeys::derive(&secret));
    let mut order = json!({
        "from": &NUMBER[1..], "to": "12345", "text": reply, "parts": 3, "only": [3],
    });
    // Each is told to be kept before the server dies.
    let mut server = Some(server);
    for part in [3, 1] {
        order["only"] = json!([part]);
        world.centre.order(&order);
        assert_eq!(world.centre.next("kept")["kept"], 0);
        world.until(&id, "nothing", |view| state(view) != "done");
        world.kill(server.take().expect("it runs"));
        server = Some(world.serve());
    }
    // The last one is handed over twice: the centre did not hear that it was kept.
    order["only"] = json!([2]);
    world.centre.order(&order);
    world.centre.order(&order);
    for _ in 0..2 {
        assert_eq!(world.centre.next("kept")["kept"], 0);
    }
    world.until(&id, "the result", |view| state(view) == "done");
    let log = world
        .home
        .json(&["device", "log", NUMBER, "--limit", "100"]);
    let log = log["items"].as_array().expect("a list");
    let results = log.iter().filter(|line| line["kind"] == "action.result");
    assert_eq!(results.count(), 1, "{log:?}");
    assert!(
        log.iter().all(|line| line["kind"] != "sms.refused"),
        "{log:?}"
    );
    assert_eq!(server.expect("it runs").stop(), 0);
}
