//! The simulated device against a real endpoint: HTTPS, signatures, SQLite; only the radio is missing.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use callhome::agent::brain::Brain;
use callhome::agent::device::{
    Device, DeviceHandle, DeviceParts, DeviceSettings, Household, Newcomer, Progress, Snapshot,
};
use callhome::agent::fleet::{Fleet, FleetSettings};
use callhome::agent::phone::PinAnswer;
use callhome::agent::{EnrolError, NewPersona, begin_again, new_brain};
use callhome::api::{ActionView, BackupView, Invitation, Page, PinView};
use callhome::domain::ActionState;
use callhome::host::{OsEntropy, SystemClock};
use callhome::net::agent_http::AgentHttp;
use callhome::port::{AgentState, Door, DoorError};
use callhome::store::AgentStateFile;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::support::device::invite;
use crate::support::server::TestServer;

const IMEI: &str = "358931104120070";
const PATIENCE: Duration = Duration::from_secs(30);

/// What phones need of this process.
struct House {
    parts: Arc<DeviceParts>,
    http: Arc<AgentHttp>,
    system: callhome::domain::SystemId,
    url: String,
}

impl House {
    fn new(invitation: &Invitation, state: Option<Arc<dyn AgentState>>) -> Self {
        let (clock, entropy) = (Arc::new(SystemClock), Arc::new(OsEntropy));
        let http = AgentHttp::new(&invitation.ca_pem, 16, clock.clone(), entropy.clone())
            .expect("a certificate");
        Self {
            parts: Arc::new(DeviceParts {
                clock,
                entropy,
                sip: None,
                state,
                air: None,
                at_once: Arc::new(Semaphore::new(32)),
                progress: Arc::new(Progress::default()),
            }),
            http: Arc::new(http),
            system: invitation.system_id,
            url: invitation.server_url.clone(),
        }
    }

    fn door(&self, brain: &Brain) -> Arc<dyn Door> {
        let persona = brain.persona();
        let door = self
            .http
            .door(&self.url, self.system, persona.device_id, &persona.secret);
        Arc::new(door.expect("an address"))
    }

    /// A phone that is on.
    fn switch_on(&self, brain: Brain, newcomer: Option<Newcomer>) -> Phone {
        let settings = DeviceSettings {
            session_every: Duration::from_millis(300),
            ..DeviceSettings::default()
        };
        let door = self.door(&brain);
        let (device, handle) = Device::new("phone", brain, settings, door, Arc::clone(&self.parts));
        let stop = CancellationToken::new();
        let life = tokio::spawn(device.joining(newcomer, None).run(stop.clone()));
        Phone { handle, stop, life }
    }
}

struct Phone {
    handle: DeviceHandle,
    stop: CancellationToken,
    life: JoinHandle<Result<(), callhome::agent::EnrolError>>,
}

impl Phone {
    async fn look(&self) -> Snapshot {
        self.handle.look().await.expect("it is on")
    }

    async fn stop(self) {
        self.stop.cancel();
        self.life.await.expect("no panic").expect("a good life");
    }
}

fn newcomer(invitation: &Invitation) -> Newcomer {
    Newcomer {
        system_id: invitation.system_id,
        code: invitation.codes[0].clone(),
        url: invitation.server_url.clone(),
    }
}

fn fresh() -> Brain {
    let persona = NewPersona {
        identities: vec![format!("imei:{IMEI}").parse().expect("valid")],
        name: Some("Anna's phone".into()),
        ..NewPersona::default()
    };
    new_brain(persona, &OsEntropy).expect("random bytes")
}

/// Asks until the answer is as wanted.
async fn until<T, F: Future<Output = T>>(
    what: &str,
    ask: impl Fn() -> F,
    wanted: impl Fn(&T) -> bool,
) -> T {
    let asked = async {
        loop {
            let answer = ask().await;
            if wanted(&answer) {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, asked)
        .await
        .unwrap_or_else(|_| panic!("{what} did not come about"))
}

async fn act(server: &TestServer, body: &Value) -> ActionView {
    server.post("/api/v1/actions", body, 201).await
}

/// Waits for the end of an action.
async fn ended(server: &TestServer, action: &ActionView) -> ActionView {
    let path = format!("/api/v1/actions/{}", action.id);
    until(
        "the end of an action",
        || server.get(&path),
        |a: &ActionView| a.state.is_final(),
    )
    .await
}

#[tokio::test]
async fn a_phone_enrols_is_locked_and_its_pin_opens_it() {
    let server = TestServer::start().await;
    let invitation = invite(&server, 1).await;
    let house = House::new(&invitation, None);
    let phone = house.switch_on(fresh(), Some(newcomer(&invitation)));
    let on = until("enrolment", || phone.look(), |s| s.device.is_some()).await;
    let id = on.device.expect("enrolled");

    let lock = json!({"device": id, "action": "lck(Call%20IT)", "reason": "stolen", "accept_risk": ["lock"]});
    let done = ended(&server, &act(&server, &lock).await).await;
    assert_eq!(done.state, ActionState::Done);
    assert!(phone.look().await.locked);

    let pins: Vec<PinView> = server
        .post(&format!("/api/v1/devices/{id}/pin"), &json!({}), 200)
        .await;
    assert_eq!(phone.handle.enter_pin("").await, Some(PinAnswer::Wrong));
    assert_eq!(
        phone.handle.enter_pin(&pins[0].pin).await,
        Some(PinAnswer::Unlocked)
    );
    phone.stop().await;
    server.stop().await;
}

#[tokio::test]
async fn a_backup_is_whole_on_the_server_and_comes_back_after_a_wipe() {
    let server = TestServer::start().await;
    let invitation = invite(&server, 1).await;
    let house = House::new(&invitation, None);
    let phone = house.switch_on(fresh(), Some(newcomer(&invitation)));
    let on = until("enrolment", || phone.look(), |s| s.device.is_some()).await;
    let id = on.device.expect("enrolled");

    let backup = act(&server, &json!({"device": id, "action": "bak(all)"})).await;
    assert_eq!(ended(&server, &backup).await.state, ActionState::Done);
    let page: Page<BackupView> = server.get(&format!("/api/v1/devices/{id}/backups")).await;
    let view = &page.items[0];
    assert!(view.completed_at.is_some());
    assert_eq!(view.items.len(), 8);

    let wipe =
        json!({"device": id, "action": "wip(all)", "reason": "test", "accept_risk": ["data-loss"]});
    assert_eq!(
        ended(&server, &act(&server, &wipe).await).await.state,
        ActionState::Done
    );
    assert_eq!(phone.look().await.content, (0, 0, 0));
    let back = format!("res({0},%2Fagent%2Fv1%2Fbackups%2F{0})", view.id);
    let restore = act(&server, &json!({"device": id, "action": back})).await;
    assert_eq!(ended(&server, &restore).await.state, ActionState::Done);
    assert_eq!(phone.look().await.content, (42, 3, 2));
    phone.stop().await;
    server.stop().await;
}

#[tokio::test]
async fn a_restart_in_the_middle_runs_nothing_twice_and_loses_nothing() {
    let server = TestServer::start().await;
    let invitation = invite(&server, 1).await;
    let folder = tempfile::tempdir().expect("a scratch folder");
    let file = folder.path().join("agents.db");
    let open = || Arc::new(AgentStateFile::open(&file).expect("a file"));
    let house = House::new(&invitation, Some(open()));
    let mut phone = house.switch_on(fresh(), Some(newcomer(&invitation)));
    let on = until("enrolment", || phone.look(), |s| s.device.is_some()).await;
    let id = on.device.expect("enrolled");

    let mut actions = Vec::new();
    for n in 0..12 {
        actions.push(
            act(
                &server,
                &json!({"device": id, "action": format!("msg(n{n})")}),
            )
            .await,
        );
        // Switched off hard, wherever it happens to be, and on again from what is stored.
        if n % 3 == 2 {
            phone.life.abort();
            drop(phone.life.await);
            let stored = open().load().await.expect("readable");
            let brain = Brain::from_bytes(&stored[0].1).expect("as written");
            phone = house.switch_on(brain, None);
        }
    }
    for action in &actions {
        assert_eq!(ended(&server, action).await.state, ActionState::Done);
    }
    let last = phone.look().await;
    assert_eq!(last.counters.executed.get("msg"), Some(&12));
    let shown: BTreeSet<_> = last.messages.iter().collect();
    assert_eq!(shown.len(), last.messages.len(), "none was shown twice");
    phone.stop().await;
    server.stop().await;
}

#[tokio::test]
async fn two_hundred_phones_are_locked_once_each_and_forgers_are_kept_out() {
    let server = TestServer::start().await;
    let invitation = invite(&server, 200).await;
    let house = House::new(&invitation, None);
    let household = Household::default();
    let settings = FleetSettings {
        count: 200,
        first: 0,
        device: DeviceSettings {
            session_every: Duration::from_secs(1),
            session_at_start: false,
            ..DeviceSettings::default()
        },
        offline_pct: 0,
        forge_pct: 10,
        seed: 3,
    };
    let doors = |id, secret: &_| {
        Ok(Arc::new(house.http.door(&house.url, house.system, id, secret)?) as Arc<dyn Door>)
    };
    let fleet = Fleet::start(
        &settings,
        &invitation,
        Arc::clone(&house.parts),
        &household,
        &doors,
    )
    .await
    .expect("a fleet");
    let progress = &house.parts.progress;
    tokio::time::timeout(PATIENCE, progress.until(|p| p.enrolled() == 200))
        .await
        .expect("all enrol");
    let before = fleet.look().await;
    let mut actions = Vec::new();
    for phone in &before {
        let lock = json!({"device": phone.device, "action": "lck()", "reason": "drill", "accept_risk": ["lock"]});
        actions.push(act(&server, &lock).await);
    }
    let locked = until(
        "the locks",
        || fleet.look(),
        |all| all.iter().filter(|s| s.locked).count() >= 160,
    )
    .await;
    for phone in &locked {
        assert!(phone.counters.executed.get("lck").is_none_or(|n| *n == 1));
    }
    let forgers = locked
        .iter()
        .filter(|s| s.counters.sessions == 0 && !s.locked)
        .count();
    assert!(forgers > 0, "forgers never get a session");
    fleet.stop().await;
    server.stop().await;
}

#[tokio::test]
async fn a_code_serves_once_and_the_refusal_says_what_to_do() {
    let server = TestServer::start().await;
    let invitation = invite(&server, 1).await;
    let house = House::new(&invitation, None);
    let first = house.switch_on(fresh(), Some(newcomer(&invitation)));
    until("enrolment", || first.look(), |s| s.device.is_some()).await;
    let second = house.switch_on(fresh(), Some(newcomer(&invitation)));
    let refusal = second
        .life
        .await
        .expect("no panic")
        .expect_err("the code is used");
    assert!(refusal.to_string().contains("refuses"), "{refusal}");
    first.stop().await;
    server.stop().await;
}

/// The state that a phone left behind.
async fn kept(file: &AgentStateFile) -> Brain {
    let states = file.load().await.expect("readable");
    Brain::from_bytes(&states[0].1).expect("a brain")
}

#[tokio::test]
async fn a_phone_that_enrols_again_proves_itself_and_its_lock_keeps_the_pin() {
    let server = TestServer::start().await;
    let folder = tempfile::tempdir().expect("a scratch folder");
    let file = Arc::new(AgentStateFile::open(&folder.path().join("agents.db")).expect("a file"));
    let first = invite(&server, 1).await;
    let house = House::new(&first, Some(Arc::clone(&file) as _));
    let phone = house.switch_on(fresh(), Some(newcomer(&first)));
    let on = until("enrolment", || phone.look(), |s| s.device.is_some()).await;
    let device = on.device.expect("enrolled");
    let lock = json!({"device": device, "action": "lck(Call%20IT)", "accept_risk": ["lock"], "reason": "lost"});
    let lock = act(&server, &lock).await;
    assert_eq!(ended(&server, &lock).await.state, ActionState::Done);
    phone.stop().await;

    // A code that is no good: it stays what it was.
    let mut brain = kept(&file).await;
    begin_again(&mut brain, &OsEntropy).expect("random bytes");
    let used = Some(newcomer(&first));
    let phone = house.switch_on(brain, used);
    let refused = phone.life.await.expect("no panic").expect_err("used up");
    assert!(
        matches!(refused, EnrolError::Door(DoorError::Refused(_))),
        "{refused:?}"
    );
    let mut brain = kept(&file).await;
    assert_eq!(brain.persona().device_id, on.agent_id);
    assert!(brain.enrolment().is_some());

    // Any other code will do, because the old secret speaks for it.
    begin_again(&mut brain, &OsEntropy).expect("random bytes");
    let second = invite(&server, 1).await;
    let phone = house.switch_on(brain, Some(newcomer(&second)));
    let on_again = until("enrolment", || phone.look(), |s| s.device.is_some()).await;
    assert_eq!(on_again.device, Some(device));
    assert_ne!(on_again.agent_id, on.agent_id);
    let seen: callhome::api::Device = server.get(&format!("/api/v1/devices/{device}")).await;
    assert_eq!(seen.epoch, 2);
    assert!(seen.lock.locked);

    // The PIN that was kept for the lock opens it still, and what is asked for now is signed anew.
    let pins: Vec<PinView> = server
        .post(&format!("/api/v1/devices/{device}/pin"), &json!({}), 200)
        .await;
    let said = phone.handle.enter_pin(&pins[0].pin).await;
    assert_eq!(said, Some(PinAnswer::Unlocked));
    let ring = act(&server, &json!({"device": device, "action": "rng(5)"})).await;
    assert_eq!(ended(&server, &ring).await.state, ActionState::Done);
    phone.stop().await;

    // The same phone set up from nothing has no secret to prove itself with.
    let third = invite(&server, 1).await;
    let wiped = house.switch_on(fresh(), Some(newcomer(&third)));
    let refused = wiped.life.await.expect("no panic").expect_err("no proof");
    assert!(
        refused.to_string().contains("enrolled already"),
        "{refused}"
    );
    let asked = json!({"count": 1, "device": device});
    let approved: Invitation = server.post("/api/v1/invitations", &asked, 201).await;
    let phone = house.switch_on(fresh(), Some(newcomer(&approved)));
    let on = until("enrolment", || phone.look(), |s| s.device.is_some()).await;
    assert_eq!(on.device, Some(device));
    phone.stop().await;
    server.stop().await;
}
