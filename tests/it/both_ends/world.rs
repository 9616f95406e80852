//! A server, a device, and what is on its way between them.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Notify;

use callhome::agent::brain::{Brain, Effect};
use callhome::agent::{NewPersona, new_brain};
use callhome::api::{ActionRequest, ActionView, EnrolResponse};
use callhome::domain::{Consent, Msisdn, Risk, Sequence, ShortId, Timestamp};
use callhome::flow::{self, ActError, ActOrder, Caller, Home, Ports, PublicAddress, deliver};
use callhome::port::{
    ActionFilter, AgentKey, BearerError, Clock, DoorError, EnrolmentDraft, Entropy, Housekeeping,
    MachineError, OutboundSms, PageOf, Sealer, SmsAccepted, SmsGateway, Stamp, StoreError,
};
use callhome::store::SqliteStore;

use super::schedule::{Fate, Sending, Step};
use crate::store_conformance as fixtures;

const SERVER: &str = "+1999";
const LEASE: Duration = Duration::from_secs(60);

/// Clock, dice and seals of the world.
struct Machine {
    now: Mutex<Timestamp>,
    drawn: Mutex<u64>,
}

impl Clock for Machine {
    fn now(&self) -> Timestamp {
        *self.now.lock().expect("never poisoned")
    }
}

impl Entropy for Machine {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), MachineError> {
        let mut state = self.drawn.lock().expect("never poisoned");
        for byte in bytes {
            *state ^= *state << 13;
            *state ^= *state >> 7;
            *state ^= *state << 17;
            *byte = (*state >> 32) as u8;
        }
        Ok(())
    }
}

impl Sealer for Machine {
    fn seal(&self, _context: &str, plain: &[u8]) -> Result<Vec<u8>, MachineError> {
        Ok(plain.to_vec())
    }

    fn open(&self, _context: &str, sealed: &[u8]) -> Result<Vec<u8>, MachineError> {
        Ok(sealed.to_vec())
    }
}

/// A gateway whose texts go into the air.
struct Gateway {
    air: Arc<Mutex<VecDeque<String>>>,
    how: Mutex<Sending>,
    hangs: Notify,
}

#[async_trait]
impl SmsGateway for Gateway {
    fn name(&self) -> &str {
        "air"
    }

    async fn send(&self, sms: OutboundSms) -> Result<SmsAccepted, BearerError> {
        let how = *self.how.lock().expect("never poisoned");
        if how == Sending::Refused {
            return Err(BearerError::Refused {
                target: "air".into(),
                reason: "no credit".into(),
            });
        }
        self.air.lock().expect("never poisoned").push_back(sms.text);
        if how == Sending::KilledAfter {
            self.hangs.notify_one();
            std::future::pending::<()>().await;
        }
        Ok(SmsAccepted {
            answer: "taken".into(),
            reference: None,
        })
    }
}

pub(super) struct World {
    machine: Arc<Machine>,
    store: Arc<SqliteStore>,
    ports: Ports,
    gateway: Arc<Gateway>,
    air: Arc<Mutex<VecDeque<String>>>,
    /// All that was ever in the air, for whoever listened.
    heard: Vec<String>,
    key: AgentKey,
    number: Msisdn,
    asked: u32,
    brain: Brain,
    /// What the device's disk holds.
    disk: Vec<u8>,
    /// What the device wants done and is under way.
    up: VecDeque<Effect>,
    /// Forged messages that the device was given, and how many it had discarded before anything was forged.
    forged: u64,
    believed: u64,
    /// Replies that the server took.
    taken: HashSet<String>,
    _folder: tempfile::TempDir,
}

impl World {
    pub(super) async fn new(no_data: bool) -> Self {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let machine = Arc::new(Machine {
            now: Mutex::new(fixtures::at(0)),
            drawn: Mutex::new(0x9e37_79b9_7f4a_7c15),
        });
        let store = SqliteStore::open(&folder.path().join("callhome.db"), machine.clone());
        let store = Arc::new(store.expect("a store"));
        let air = Arc::new(Mutex::new(VecDeque::new()));
        let gateway = Arc::new(Gateway {
            air: Arc::clone(&air),
            how: Mutex::new(Sending::Recorded),
            hangs: Notify::new(),
        });
        let ports = ports(&machine, &store, &gateway);
        let (brain, key, number) = enrolled(&*store, &machine, no_data).await;
        let disk = brain.to_bytes().expect("plain data");
        Self {
            machine,
            store,
            ports,
            gateway,
            air,
            heard: Vec::new(),
            key,
            number,
            asked: 0,
            brain,
            disk,
            up: VecDeque::new(),
            forged: 0,
            believed: 0,
            taken: HashSet::new(),
            _folder: folder,
        }
    }

    pub(super) async fn take(&mut self, step: &Step) {
        match step {
            Step::Ask(kind) => self.ask(*kind).await,
            Step::Withdraw => self.withdraw().await,
            Step::Send(how) => self.send(*how).await,
            Step::Air(which, fate) => {
                let text = take_at(&mut self.air.lock().expect("never poisoned"), *which);
                if let Some(text) = text {
                    self.heard.push(text.clone());
                    self.arrive(text, *fate);
                }
            }
            Step::Up(which, fate) => {
                if let Some(effect) = take_at(&mut self.up, *which) {
                    self.carry(effect, *fate).await;
                }
            }
            Step::Wait(seconds) => self.wait(Duration::from_secs(u64::from(*seconds))),
            Step::Session => {
                let effects = self.brain.periodic();
                self.stored(effects);
            }
            Step::Restart => self.restart(),
            Step::Replay(which) => {
                if let Some(text) = self.old(*which) {
                    self.arrive(text, Fate::Arrives);
                }
            }
            Step::Forge(which, octet) => self.forge(*which, *octet),
        }
    }

    /// Text messages reach the device, and nothing comes back.
    pub(super) async fn one_way_round(&mut self) {
        self.wait(Duration::from_secs(61));
        self.send(Sending::Recorded).await;
        loop {
            let text = self.air.lock().expect("never poisoned").pop_front();
            let Some(text) = text else { break };
            self.arrive(text, Fate::Arrives);
            self.up.clear();
        }
    }

    /// Nothing goes wrong for a while.
    pub(super) async fn calm_round(&mut self) {
        let due = self.store_next_due().await;
        let now = self.machine.now();
        self.wait(due.map_or(Duration::ZERO, |due| due.since(now)) + Duration::from_secs(61));
        self.send(Sending::Recorded).await;
        loop {
            let text = self.air.lock().expect("never poisoned").pop_front();
            if let Some(text) = text {
                self.arrive(text, Fate::Arrives);
            } else if let Some(effect) = self.up.pop_front() {
                self.carry(effect, Fate::Arrives).await;
            } else {
                break;
            }
        }
        let waiting = self.brain.waiting();
        self.up.extend(waiting);
    }

    pub(super) async fn actions(&self) -> Vec<ActionView> {
        let filter = ActionFilter {
            device: Some(self.key.device),
            ..ActionFilter::default()
        };
        let page = PageOf {
            cursor: None,
            limit: 1_000,
        };
        let found = self.ports.actions.actions(filter, page).await;
        found.expect("read").items
    }

    /// How often the device ran each action, by what its disk says.
    pub(super) fn executed(&self) -> BTreeMap<String, u64> {
        let disk = Brain::from_bytes(&self.disk).expect("its own state");
        disk.counters().executed.clone()
    }

    pub(super) fn kept_forgeries(&self) -> u64 {
        self.believed
    }

    pub(super) fn device_log(&self) -> Vec<String> {
        self.brain.phone().log(60)
    }

    async fn store_next_due(&self) -> Option<Timestamp> {
        self.ports.queue.next_due().await.expect("read")
    }

    async fn ask(&mut self, kind: u8) {
        self.asked += 1;
        let (a, b) = (self.asked / 26 % 26, self.asked % 26);
        let letter = |n: u32| char::from(b'a' + u8::try_from(n).expect("a letter"));
        let action = match kind % 12 {
            0 => "lck(call%20us)".to_owned(),
            1 => "ulk()".to_owned(),
            2 => "wip(contacts)".to_owned(),
            3 => "rst()".to_owned(),
            // Too long for one text message.
            4 => format!("msg({})", "a".repeat(150)),
            // Names that no other action has, so that it is known how often each ran.
            _ => format!("q{}{}(some%20words%20to%20fill)", letter(a), letter(b)),
        };
        let order = ActOrder {
            request: ActionRequest {
                device: self.key.device,
                action: action.parse().expect("an action"),
                server: None,
                reason: None,
                ticket: None,
                accept_risk: Vec::new(),
                via: None,
                expires_in_s: None,
            },
            operator: "anna".into(),
            consent: Some(Consent::given([Risk::Lock, Risk::DataLoss], None)),
            idempotency: None,
            correlation: String::new(),
        };
        match flow::create(&self.ports, order).await {
            // A second lock, an unlock of what is open: refused, and so it should be.
            Ok(_) | Err(ActError::AlreadyLocked { .. } | ActError::Conflict { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    }

    async fn withdraw(&mut self) {
        let open = self.actions().await;
        let Some(newest) = open.iter().find(|a| !a.state.is_final()) else {
            return;
        };
        match flow::cancel(&self.ports, newest.id, Caller::default()).await {
            Ok(_) | Err(ActError::Conflict { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    }

    async fn send(&mut self, how: Sending) {
        let now = self.machine.now();
        let claimed = self.ports.queue.claim(now, LEASE, 64).await;
        let claimed = claimed.expect("claimed");
        if how == Sending::KilledBefore || claimed.is_empty() {
            self.start_again(how).await;
            return;
        }
        *self.gateway.how.lock().expect("never poisoned") = how;
        let killed = tokio::select! {
            tried = deliver::deliver_all(&self.ports, claimed) => {
                tried.expect("recorded");
                false
            }
            () = self.gateway.hangs.notified() => true,
        };
        if killed {
            self.start_again(how).await;
        }
    }

    /// The server was killed and starts again.
    async fn start_again(&mut self, how: Sending) {
        if matches!(how, Sending::KilledBefore | Sending::KilledAfter) {
            let now = self.machine.now();
            self.store.release_claims(now).await.expect("released");
        }
    }

    /// A text message reaches the device.
    fn arrive(&mut self, text: String, fate: Fate) {
        let now = self.machine.now();
        match fate {
            Fate::Lost => {}
            Fate::CutBefore => {
                self.brain.receive_sms(SERVER, &text, now);
                self.restart();
            }
            Fate::CutAfter | Fate::AnswerLost => {
                self.brain.receive_sms(SERVER, &text, now);
                self.disk = self.brain.to_bytes().expect("plain data");
                self.restart();
            }
            Fate::Arrives | Fate::ArrivesTwice => {
                if fate == Fate::ArrivesTwice {
                    let mut air = self.air.lock().expect("never poisoned");
                    air.push_back(text.clone());
                }
                let effects = self.brain.receive_sms(SERVER, &text, now);
                self.stored(effects);
            }
        }
    }

    /// The state is on the disk before anything is done.
    fn stored(&mut self, effects: Vec<Effect>) {
        self.disk = self.brain.to_bytes().expect("plain data");
        self.up.extend(effects);
    }

    /// What was under way is lost; what is on the disk is not.
    fn restart(&mut self) {
        self.up.clear();
        self.brain = Brain::from_bytes(&self.disk).expect("its own state");
        let effects = self.brain.resume(self.machine.now());
        self.stored(effects);
    }

    /// Something that the device sends meets its fate.
    async fn carry(&mut self, effect: Effect, fate: Fate) {
        let arrives = !matches!(fate, Fate::Lost | Fate::CutBefore);
        let answered = matches!(fate, Fate::Arrives | Fate::ArrivesTwice);
        if fate == Fate::ArrivesTwice {
            self.up.push_back(effect.clone());
        }
        let now = self.machine.now();
        match effect {
            Effect::SendSms { text, .. } => {
                if arrives {
                    let taken =
                        flow::result::take_reply(&self.ports, &self.number, text.as_bytes()).await;
                    let first = self.taken.insert(text.clone());
                    match taken {
                        Ok(_) => assert!(first, "a reply was taken twice: {text}"),
                        Err(flow::result::ResultError::ReusedNonce { .. }) if !first => {}
                        Err(error) => panic!("{error}: {text}"),
                    }
                }
            }
            Effect::SendResult(result) => {
                if arrives {
                    let xml = result.to_xml();
                    let taken =
                        flow::result::take(&self.ports, &self.key, None, xml.as_bytes()).await;
                    taken.unwrap_or_else(|e| panic!("{e}: {xml}"));
                }
                if answered {
                    self.brain.result_sent(result.sequence());
                    self.stored(Vec::new());
                }
            }
            Effect::OpenSession { request, job, .. } => {
                let opened = if arrives {
                    Some(flow::session::open(&self.ports, &self.key, request, "test").await)
                } else {
                    None
                };
                let effects = match opened {
                    Some(opened) if answered => {
                        let answer = opened.expect("opened");
                        self.brain.session_opened(Some(answer), job, now)
                    }
                    _ => {
                        let silent = DoorError::Unreachable("lost".into());
                        self.brain.session_failed(silent, job, now).1
                    }
                };
                self.stored(effects);
            }
            Effect::FetchText { link } => {
                let number = link.rsplit('/').next().and_then(|n| n.parse().ok());
                let number: Sequence = number.expect("a link of ours");
                let text = match answered {
                    true => flow::session::text_of(&self.ports, &self.key, number)
                        .await
                        .expect("read"),
                    false => None,
                };
                let effects = self.brain.fetched(text.as_deref().map(str::as_bytes), now);
                self.stored(effects);
            }
            Effect::Report(report) => {
                if answered {
                    self.brain.report_sent(&report);
                    self.stored(Vec::new());
                }
            }
            other => panic!("nothing here asks for {other:?}"),
        }
    }

    fn wait(&mut self, time: Duration) {
        {
            let mut now = self.machine.now.lock().expect("never poisoned");
            *now = now.after(time);
        }
        let now = self.machine.now();
        if self.brain.poll_timeout().is_some_and(|at| at <= now) {
            let effects = self.brain.poll(now);
            self.stored(effects);
        }
    }

    fn old(&self, which: u8) -> Option<String> {
        let count = self.heard.len();
        self.heard.get(usize::from(which) % count.max(1)).cloned()
    }

    /// Somebody without the secret alters one octet of an old message and sends it.
    fn forge(&mut self, which: u8, octet: u8) {
        let Some(text) = self.old(which) else { return };
        let mut octets = text.into_bytes();
        let at = 4 + usize::from(octet) % (octets.len() - 4);
        octets[at] = match octets[at] {
            b'0'..=b'8' | b'a'..=b'y' => octets[at] + 1,
            b'9' => b'0',
            b'z' => b'a',
            // A blank or a bracket: the message falls apart.
            _ => b'-',
        };
        let text = String::from_utf8(octets).expect("plain ASCII");
        let before = self.brain.counters().clone();
        self.forged += 1;
        self.arrive(text, Fate::Arrives);
        let after = self.brain.counters();
        if after.executed != before.executed || after.discarded != before.discarded + 1 {
            self.believed += 1;
        }
    }
}

fn take_at<T>(queue: &mut VecDeque<T>, which: u8) -> Option<T> {
    let count = queue.len();
    queue.remove(usize::from(which) % count.max(1))
}

fn ports(machine: &Arc<Machine>, store: &Arc<SqliteStore>, gateway: &Arc<Gateway>) -> Ports {
    Ports {
        clock: machine.clone(),
        entropy: machine.clone(),
        sealer: machine.clone(),
        devices: store.clone(),
        enrolments: store.clone(),
        device_log: store.clone(),
        actions: store.clone(),
        queue: store.clone(),
        results: store.clone(),
        callbacks: store.clone(),
        events: store.clone(),
        backups: store.clone(),
        texts: store.clone(),
        audit: store.clone(),
        sip: None,
        surveyor: None,
        look_ups: callhome::port::LookUps::default(),
        gateways: vec![gateway.clone()],
        push: Vec::new(),
        peers: None,
        home: Arc::new(Home {
            name: "eu-north".into(),
            https: Some(PublicAddress {
                host: "mgmt.example.net".into(),
                port: 8443,
            }),
            certificate_pin: None,
            max_segments: 1,
            tries: callhome::flow::Tries::default(),
        }),
        arrivals: Arc::default(),
    }
}

async fn enrolled(
    store: &impl callhome::port::Enrolments,
    machine: &Machine,
    no_data: bool,
) -> (Brain, AgentKey, Msisdn) {
    let number: Msisdn = "+14085550137".parse().expect("a number");
    let persona = NewPersona {
        identities: vec!["imei:358931104120070".parse().expect("an identity")],
        numbers: vec![number.clone()],
        no_data,
        ..NewPersona::default()
    };
    let mut brain = new_brain(persona, machine).expect("random bytes");
    let now = machine.now();
    let mut device = fixtures::device("phone");
    device.identities = brain.persona().identities.clone();
    device.numbers = vec![callhome::api::DeviceNumber {
        verified_at: Some(now),
        ..callhome::api::DeviceNumber::new(number.clone())
    }];
    device.has_data = !no_data;
    let code = fixtures::digest("code");
    store
        .invite(vec![code], None, None, now.after(LEASE), Stamp::default())
        .await
        .expect("invited");
    let draft = EnrolmentDraft {
        code_digest: code,
        agent_id: brain.persona().device_id,
        secret: brain.persona().secret.clone(),
        device,
        proven: false,
        at: now,
    };
    let entered = store.enrol(draft, Stamp::default()).await;
    let entered: Result<_, StoreError> = entered;
    let enrolment = entered.expect("stored").expect("let in");
    let device: ShortId = enrolment.device.id;
    let answer = EnrolResponse {
        device,
        epoch: enrolment.device.epoch,
        server: "eu-north".into(),
        sip_registrar: None,
        sips_registrar: None,
        aor: None,
        trusted_servers: Vec::new(),
        sms_sender: Some(SERVER.into()),
    };
    brain.enrolled("https://mgmt.example.net:8443", answer, now);
    let key = AgentKey {
        device,
        agent_id: brain.persona().device_id,
        epoch: enrolment.device.epoch,
        secret: brain.persona().secret.clone(),
        next: Sequence::FIRST,
        restored: false,
    };
    (brain, key, number)
}
