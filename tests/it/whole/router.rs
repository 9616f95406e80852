//! A router, a customer's server and a phone as programs: the phone has a system id and a code, and finds its server.

use std::time::{Duration, Instant};

use callhome::host::SystemClock;
use callhome::port::Clock as _;
use serde_json::Value;

use crate::support::command::{Home, Ran, Running};

const PATIENCE: Duration = Duration::from_secs(90);

struct House {
    router: Home,
    customer: Home,
    /// System id and key of the customer.
    system_id: String,
    key: String,
}

impl House {
    fn new() -> Self {
        let (router, customer) = (Home::new(), Home::new());
        let status = customer.json(&["server", "status"]);
        let text = |name: &str| status[name].as_str().expect(name).to_owned();
        Self {
            system_id: text("system_id"),
            key: text("key"),
            router,
            customer,
        }
    }

    /// Starts the router at an address; port 0 lets the system choose.
    fn start_router(&self, listen: &str) -> Running {
        let settings = format!(
            "server:\n  name: router\n  customers:\n    - system_id: '{}'\n      key: {}\n",
            self.system_id, self.key
        );
        write_settings(&self.router, &settings);
        self.router
            .start("serve", &["serve", "--listen", listen], "ready: ")
    }

    fn start_customer(&self, router_url: &str) -> Running {
        let settings = format!(
            "server:\n  name: lund\n  router:\n    url: {router_url}\n    ca_file: {}\n",
            self.router.data().join("ca.pem").display()
        );
        write_settings(&self.customer, &settings);
        self.customer.start("serve", &["serve"], "ready: ")
    }

    fn code(&self) -> String {
        let invitation = self.customer.json(&["device", "invite"]);
        invitation["codes"][0].as_str().expect("a code").to_owned()
    }

    fn agent(&self, router_url: &str, code: &str, imei: &str) -> Vec<String> {
        let ca = self.router.data().join("ca.pem").display().to_string();
        [
            "agent",
            "run",
            "--router",
            router_url,
            "--ca-file",
            &ca,
            "--system-id",
            &self.system_id,
            "--code",
            code,
            "--imei",
            imei,
            "--state",
            imei,
        ]
        .map(str::to_owned)
        .to_vec()
    }

    /// A phone with nothing but what stands in its invitation, in a home of its own.
    fn start_phone(&self, home: &Home, router_url: &str, imei: &str) -> Running {
        let args = self.agent(router_url, &self.code(), imei);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        home.start(imei, &args, "ready: on and enrolled")
    }
}

fn write_settings(home: &Home, text: &str) {
    let folder = home.path().join(".config/callhome");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("config.yaml"), text).expect("written");
}

/// Asks until the answer is as it should be.
fn until(what: &str, mut ask: impl FnMut() -> Result<(), String>) {
    let deadline = Instant::now() + PATIENCE;
    while let Err(seen) = ask() {
        assert!(Instant::now() < deadline, "{what}: {seen}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn said(ran: &Ran) -> String {
    format!("exit {}\n{}{}", ran.code, ran.stdout, ran.stderr)
}

#[test]
fn a_phone_with_a_system_id_and_a_code_finds_its_server_also_after_a_restart_of_the_router() {
    let house = House::new();
    let router = house.start_router("127.0.0.1:0");
    let url = router.address("https:");
    let customer = house.start_customer(&url);
    until("the customer's server registers", || {
        let listed = house.router.json(&["server", "customers"]);
        let found = listed["items"][1]["server_url"].as_str();
        (found == Some(&customer.address("https:")))
            .then_some(())
            .ok_or_else(|| format!("{listed}"))
    });
    let phones = Home::new();
    let first = house.start_phone(&phones, &url, "358931104120070");
    let shown = house.customer.json(&["device", "show", "358931104120070"]);
    assert!(shown["enrolled_at"].is_string(), "{shown}");
    // It is a phone of the customer's server; the router knows nothing of it.
    let there = house.router.json(&["device", "list"]);
    assert_eq!(there["items"], Value::Array(Vec::new()), "{there}");
    assert_eq!(first.stop(), 0);

    // The customer's server is away; the router, started anew, knows the way to it nevertheless.
    assert_eq!(customer.stop(), 0);
    let address = url.trim_start_matches("https://").to_owned();
    assert_eq!(router.stop(), 0);
    let router = house.start_router(&address);
    let args = house.agent(&url, "aaaaa-aaaaa", "490154203237518");
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let away = phones.run(&args);
    assert_eq!(away.code, 12, "{}", said(&away));

    // Both are there again: the next phone comes in.
    let customer = house.start_customer(&url);
    until("the customer's new address is known", || {
        let listed = house.router.json(&["server", "customers"]);
        let found = listed["items"][1]["server_url"].as_str();
        (found == Some(&customer.address("https:")))
            .then_some(())
            .ok_or_else(|| format!("{listed}"))
    });
    let second = house.start_phone(&phones, &url, "490154203237518");
    let shown = house.customer.json(&["device", "show", "490154203237518"]);
    assert!(shown["enrolled_at"].is_string(), "{shown}");
    assert_eq!(second.stop(), 0);

    // A slip in the system id is seen before anybody is asked; one of nobody's is told so.
    let mut wrong = house.agent(&url, "aaaaa-aaaaa", "352099001761481");
    let at = wrong
        .iter()
        .position(|w| *w == house.system_id)
        .expect("there");
    wrong[at] = "0306406152".into();
    let words: Vec<&str> = wrong.iter().map(String::as_str).collect();
    let nobody = phones.run(&words);
    assert_eq!(nobody.code, 11, "{}", said(&nobody));
    wrong[at] = "0306406151".into();
    let words: Vec<&str> = wrong.iter().map(String::as_str).collect();
    let slip = phones.run(&words);
    assert_eq!(slip.code, 2, "{}", said(&slip));
    assert_eq!(customer.stop(), 0);
    assert_eq!(router.stop(), 0);
}

#[test]
fn an_evaluation_set_at_the_router_ends_and_is_converted_there() {
    let house = House::new();
    let router = house.start_router("127.0.0.1:0");
    let url = router.address("https:");
    let day = house.router.run(&[
        "server",
        "evaluate",
        &house.system_id,
        "--until",
        "2020-01-31",
    ]);
    assert_eq!(day.code, 2, "{}", said(&day));
    let text = house.router.ok(&[
        "server",
        "evaluate",
        &house.system_id,
        "--until",
        "2099-01-31",
    ]);
    assert!(text.contains("in evaluation until 2099-01-31"), "{text}");
    let customer = house.start_customer(&url);
    let evaluation = |wanted: bool| {
        until("the customer's server hears of its evaluation", || {
            let status = house.customer.json(&["server", "status"]);
            let there = status["evaluation"]["by_router"] == true;
            (there == wanted)
                .then_some(())
                .ok_or_else(|| format!("{status}"))
        });
    };
    evaluation(true);
    let shown = house.customer.ok(&["server", "status"]);
    assert!(shown.contains("Evaluation until 2099-01-31"), "{shown}");
    let doctor = house.customer.ok(&["doctor"]);
    assert!(
        doctor.contains("evaluation     until 2099-01-31"),
        "{doctor}"
    );
    // It is not the customer's to end.
    let own = house.customer.run(&["server", "convert"]);
    assert_eq!(own.code, 15, "{}", said(&own));
    assert!(
        own.stderr.contains("callhome server convert"),
        "{}",
        own.stderr
    );
    assert_eq!(customer.stop(), 0);

    // It is over in a moment; then the router shows no phone the way.
    let soon = SystemClock.now().after(Duration::from_secs(2)).to_string();
    house
        .router
        .ok(&["server", "evaluate", &house.system_id, "--until", &soon]);
    let customer = house.start_customer(&url);
    until("its end comes", || {
        let doctor = house.customer.run(&["doctor"]);
        (doctor.code == 13 && doctor.stdout.contains("BAD evaluation"))
            .then_some(())
            .ok_or_else(|| said(&doctor))
    });
    let phones = Home::new();
    let args = house.agent(&url, "aaaaa-aaaaa", "358931104120070");
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let refused = phones.run(&args);
    assert_eq!(refused.code, 11, "{}", said(&refused));
    assert!(refused.stderr.contains("evaluation"), "{}", refused.stderr);
    let invite = house.customer.run(&["device", "invite"]);
    assert_eq!(invite.code, 8, "{}", said(&invite));
    assert!(
        invite.stderr.contains("who runs the router"),
        "{}",
        invite.stderr
    );
    assert_eq!(customer.stop(), 0);

    // Converted: its server hears of it as it registers, and phones come in.
    house.router.ok(&["server", "convert", &house.system_id]);
    let customer = house.start_customer(&url);
    evaluation(false);
    let phone = house.start_phone(&phones, &url, "358931104120070");
    assert_eq!(phone.stop(), 0);
    assert_eq!(customer.stop(), 0);
    assert_eq!(router.stop(), 0);
}
