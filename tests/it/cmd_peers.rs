//! A phone that another server manages: what goes through that server, and what is said where it does not.

use crate::support::command::{Home, Running};

const IMEI: &str = "358931104120070";
const SURE: [&str; 5] = ["--yes", "--accept-risk", "lock", "--reason", "stolen"];

/// One server of two, which is started twice: what the other one has to know of it shows at the first start.
struct Server {
    home: Home,
    name: &'static str,
    at: String,
    key: String,
}

impl Server {
    fn new(name: &'static str) -> Self {
        let home = Home::new();
        let serve = home.start("first", &["serve", "--name", name], "ready: ");
        let url = serve.address("https:");
        let key = home.json(&["server", "status"])["key"].clone();
        assert_eq!(serve.stop(), 0);
        Self {
            home,
            name,
            at: url.trim_start_matches("https://").to_owned(),
            key: key.as_str().expect("a key").to_owned(),
        }
    }

    fn serve(&self, other: &Self) -> Running {
        let folder = self.home.path().join(".config/callhome");
        std::fs::create_dir_all(&folder).expect("made");
        let settings = format!(
            "server:\n  peers:\n    - name: {}\n      url: https://{}\n      ca_file: {}\n      key: {}\n",
            other.name,
            other.at,
            other.home.data().join("ca.pem").display(),
            other.key
        );
        std::fs::write(folder.join("config.yaml"), settings).expect("written");
        let args = ["serve", "--name", self.name, "--listen", &self.at];
        self.home.start("serve", &args, "ready: ")
    }
}

#[test]
fn what_can_go_through_the_peer_does_and_the_rest_says_where_to_ask() {
    let (here, there) = (Server::new("lund"), Server::new("oslo"));
    let _serving = [here.serve(&there), there.serve(&here)];
    let _phone = there
        .home
        .start("phone", &["agent", "run", "--imei", IMEI], "ready");
    let ours = &here.home;

    // Its keeper's own lock is no business of ours.
    let lock = ["device", "lock", IMEI, "--wait", "--timeout", "60s"];
    let unlock = ["device", "unlock", IMEI, "--wait", "--timeout", "60s"];
    there.home.ok(&[&lock[..], &SURE[..]].concat());
    let ran = ours.run(&["device", "pin", IMEI]);
    assert_eq!(ran.code, 4, "{}", ran.stderr);
    assert!(ran.stderr.contains("oslo"), "{}", ran.stderr);
    there.home.ok(&[&unlock[..], &SURE[..]].concat());

    // Ours is: the PIN comes from there, and both trails tell of it.
    let locked = ours.json(&[&lock[..], &SURE[..]].concat());
    assert_eq!(locked["state"], "done", "{locked}");
    let why = ["--reason", "owner at the desk", "--ticket", "INC-4471"];
    let pins = ours.json(&[&["device", "pin", IMEI, "--all"][..], &why[..]].concat());
    let pins = pins["items"].as_array().expect("PINs");
    assert_eq!(pins.len(), 1, "only that of our own lock");
    let kept = there.home.json(&["device", "pin", IMEI]);
    assert_eq!(pins[0]["pin"], kept["items"][0]["pin"]);
    assert_eq!(pins[0]["action"], locked["id"]);
    let trail = there.home.ok(&["audit", "list", "-o", "csv"]);
    let told = trail
        .lines()
        .find(|l| l.contains("pin.reveal") && l.contains("peer:lund"));
    let told = told.expect("the reveal is in the keeper's trail");
    assert!(
        told.contains("owner at the desk") && told.contains("INC-4471"),
        "{told}"
    );
    let trail = ours.ok(&["audit", "list", "-o", "csv"]);
    assert!(trail.contains("pin.reveal"), "{trail}");

    // It is called through its server; it is probed only there.
    let called = ours.json(&["call", IMEI]);
    assert_eq!(called["state"], "called-back", "{called}");
    let ran = ours.run(&["probe", IMEI]);
    assert_eq!(ran.code, 4, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("only oslo can probe it"),
        "{}",
        ran.stderr
    );
    let id = locked["id"].as_str().expect("an id");
    let ran = ours.run(&["action", "show", id]);
    assert_eq!(ran.code, 4, "{}", ran.stderr);
    assert!(
        ran.stderr
            .contains(&format!("callhome action show {id} --server oslo")),
        "{}",
        ran.stderr
    );
    ours.ok(&["action", "show", id, "--server", "oslo"]);
    let ran = ours.run(&["action", "cancel", id]);
    assert_eq!(ran.code, 4, "{}", ran.stderr);
    assert!(ran.stderr.contains("only its keeper"), "{}", ran.stderr);
}

#[test]
fn who_breaks_off_the_waiting_is_told_that_the_action_goes_on() {
    let home = Home::new();
    let _server = home.start("server", &["serve"], "ready:");
    let phone = home.start("phone", &["agent", "run", "--imei", IMEI], "ready");
    assert_eq!(phone.stop(), 0);
    let waiting = home.start("waiting", &["device", "ring", IMEI, "--wait", "-v"], "✗");
    waiting.signal("INT");
    let log = home.path().join("waiting.log");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    let told = loop {
        let told = std::fs::read_to_string(&log).expect("a log");
        if told.contains("goes on") {
            break told;
        }
        assert!(std::time::Instant::now() < deadline, "{told}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    let list = home.json(&["action", "list"]);
    let id = list["items"][0]["id"].as_str().expect("an action");
    for next in ["show", "cancel"] {
        let line = format!("callhome action {next} {id}");
        assert!(told.contains(&line), "{told}");
    }
    assert_eq!(waiting.stop(), 130);
    // Whoever does not wait is told until when it is tried, and how to withdraw it.
    let ran = home.run(&["device", "ring", IMEI, "--wait", "--timeout", "1s"]);
    assert_eq!(ran.code, 10, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("It stays queued until"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains("callhome action cancel"),
        "{}",
        ran.stderr
    );
}
