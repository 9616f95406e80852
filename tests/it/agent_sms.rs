//! A phone that has text messages only: server, Kannel client, carrier, phone, and the reply all the way back.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use callhome::agent::carrier::{Carrier, CarrierSettings, FaultSettings};
use callhome::agent::device::{
    Air, Device, DeviceHandle, DeviceParts, DeviceSettings, Household, Newcomer, Progress,
};
use callhome::agent::{NewPersona, new_brain};
use callhome::api::{ActionView, Invitation, NumberCode};
use callhome::domain::{ActionState, Msisdn, ShortId};
use callhome::host::{OsEntropy, SystemClock};
use callhome::net::agent_http::AgentHttp;
use callhome::net::sms_http::{HttpGateway, KannelSettings};
use callhome::port::{DoorError, WebCaller};
use serde_json::json;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::support::device::invite;
use crate::support::server::{Setup, TestServer};

const PATIENCE: Duration = Duration::from_secs(60);
const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// The carrier is there before the server: it learns late where messages from phones go.
#[derive(Default)]
struct Late(OnceLock<(String, AgentHttp)>);

#[async_trait]
impl WebCaller for Late {
    async fn call(&self, url: &str) -> Result<u16, DoorError> {
        match self.0.get() {
            Some((server, http)) => http.call(&url.replace("https://late", server)).await,
            None => Err(DoorError::Unreachable("not yet".into())),
        }
    }
}

struct World {
    server: TestServer,
    carrier: Carrier,
    phone: DeviceHandle,
    device: ShortId,
    number: Msisdn,
    stop: CancellationToken,
    tasks: TaskTracker,
}

fn any() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

fn agent_http(invitation: &Invitation) -> AgentHttp {
    AgentHttp::new(
        &invitation.ca_pem,
        4,
        Arc::new(SystemClock),
        Arc::new(OsEntropy),
    )
    .expect("a certificate")
}

impl World {
    async fn with(faults: FaultSettings) -> Self {
        let late = Arc::new(Late::default());
        let settings = CarrierSettings {
            account: Some(("callhome".into(), "gateway-password".into())),
            mo_url: Some(format!("https://late/gateway/v1/sim/{SECRET}/mo")),
            faults,
        };
        let carrier = Carrier::start(any(), any(), settings, Arc::clone(&late) as _)
            .await
            .expect("loopback");
        let url = format!("kannel+http://callhome@{}/cgi-bin/sendsms", carrier.http());
        let kannel = KannelSettings::new(&url, None, "gateway-password").expect("an address");
        let gateway = HttpGateway::kannel("sim", kannel, None).expect("a gateway");
        let server = TestServer::with(Setup {
            gateways: vec![gateway.shared()],
            gateway_doors: vec![("sim".into(), SECRET.into())],
            ..Setup::default()
        })
        .await;
        let invitation = invite(&server, 1).await;
        drop(late.0.set((server.url.clone(), agent_http(&invitation))));

        let number: Msisdn = "+14085550137".parse().expect("valid");
        let persona = NewPersona {
            identities: vec!["imei:358931104120070".parse().expect("valid")],
            numbers: vec![number.clone()],
            no_data: true,
            ..NewPersona::default()
        };
        let brain = new_brain(persona, &OsEntropy).expect("random bytes");
        let (air, line) = Air::new(carrier.line());
        let parts = Arc::new(DeviceParts {
            clock: Arc::new(SystemClock),
            entropy: Arc::new(OsEntropy),
            sip: None,
            state: None,
            air: Some(air),
            at_once: Arc::new(Semaphore::new(4)),
            progress: Arc::new(Progress::default()),
        });
        let persona = brain.persona().clone();
        let door = Arc::new(agent_http(&invitation))
            .door(
                &invitation.server_url,
                invitation.system_id,
                persona.device_id,
                &persona.secret,
            )
            .expect("an address");
        let settings = DeviceSettings::default();
        let (device, phone) =
            Device::new("phone", brain, settings, Arc::new(door), Arc::clone(&parts));
        let household = Arc::new(Household::default());
        household.add(&device.sip_users(), &persona.numbers, &phone);
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        tasks.spawn(line.run(household, persona.numbers, stop.clone()));
        let newcomer = Newcomer {
            system_id: invitation.system_id,
            code: invitation.codes[0].clone(),
            url: invitation.server_url.clone(),
        };
        tasks.spawn(device.joining(Some(newcomer), None).run(stop.clone()));
        let progress = &parts.progress;
        tokio::time::timeout(PATIENCE, progress.until(|p| p.enrolled() == 1))
            .await
            .expect("it enrols");
        let on = phone.look().await.expect("on");
        Self {
            device: on.device.expect("enrolled"),
            server,
            carrier,
            phone,
            number,
            stop,
            tasks,
        }
    }

    async fn act(&self, action: &str) -> ActionView {
        let body = json!({"device": self.device, "action": action, "reason": "test", "accept_risk": ["lock"]});
        self.server.post("/api/v1/actions", &body, 201).await
    }

    async fn ended(&self, action: &ActionView) -> ActionView {
        let path = format!("/api/v1/actions/{}", action.id);
        let asked = async {
            loop {
                let view: ActionView = self.server.get(&path).await;
                if view.state.is_final() {
                    return view;
                }
                tokio::time::sleep(Duration::from_millis(30)).await;
            }
        };
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(view) => view,
            Err(_) => {
                let view: ActionView = self.server.get(&path).await;
                let log = self.phone.look().await.map(|s| s.log);
                panic!("not ended: {view:?}\n{log:?}\n{:?}", self.carrier.counts());
            }
        }
    }

    /// Sends a text message to the phone as anybody could.
    async fn inject(&self, text: &str) {
        let form = [
            ("username", "callhome"),
            ("password", "gateway-password"),
            ("from", "+1666"),
            ("to", &self.number.to_string()),
            ("text", text),
        ];
        let url = format!("http://{}/cgi-bin/sendsms", self.carrier.http());
        let sent = reqwest::Client::new().post(url).form(&form).send().await;
        assert_eq!(sent.expect("an answer").status(), 202);
    }

    async fn close(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.carrier.stop().await;
        self.server.stop().await;
    }
}

#[tokio::test]
async fn a_lock_by_text_message_is_confirmed_by_text_message() {
    let world = World::with(FaultSettings::default()).await;
    let lock = world.ended(&world.act("lck(Call%20IT)").await).await;
    assert_eq!(lock.state, ActionState::Done);
    let phone = world.phone.look().await.expect("on");
    assert!(phone.locked);
    assert_eq!(phone.counters.sessions, 0, "it has no data path");

    // The same octets again do nothing, nor do altered ones.
    let forged = "KME 2.00 00000002 0123456789abcdef wip(all)";
    world.inject(forged).await;
    world
        .inject("KME 1.00 00000002 0123456789abcdef aud()")
        .await;
    let refused = async {
        loop {
            let phone = world.phone.look().await.expect("on");
            if phone.counters.discarded == 2 {
                return phone;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let phone = tokio::time::timeout(PATIENCE, refused)
        .await
        .expect("both are refused");
    assert_eq!(phone.content, (42, 3, 2));
    assert_eq!(phone.counters.executed.get("lck"), Some(&1));
    world.close().await;
}

#[tokio::test]
async fn a_number_is_verified_by_the_phone_or_by_its_user_each_time_anew() {
    let world = World::with(FaultSettings::default()).await;
    let device = format!("/api/v1/devices/{}", world.device);
    let number = || async {
        let device: callhome::api::Device = world.server.get(&device).await;
        device.numbers[0].clone()
    };
    let verified = || async {
        let asked = async {
            loop {
                let number = number().await;
                if number.verified_at.is_some() {
                    return number;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, asked)
            .await
            .expect("it answers")
    };
    assert!(number().await.verified_at.is_none());
    let path = format!("{device}/verify");

    // The phone answers num(nonce) by itself.
    let _asked: callhome::api::Device = world.server.post(&path, &json!({}), 202).await;
    let first = verified().await;
    assert!(first.asked_at.is_none());

    // Asked again, the old proof is worth nothing until the new one is there: now the user types a code.
    let by_user = json!({"by_user": true});
    let asked: callhome::api::Device = world.server.post(&path, &by_user, 202).await;
    assert!(asked.numbers[0].verified_at.is_none() && asked.numbers[0].asked_at.is_some());
    let shown = async {
        loop {
            let phone = world.phone.look().await.expect("on");
            if let Some(text) = phone.messages.last() {
                return text.clone();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let text = tokio::time::timeout(PATIENCE, shown)
        .await
        .expect("a message");
    let right: String = text.chars().take(6).collect();
    let code = |code: &str| NumberCode {
        number: world.number.clone(),
        code: code.to_owned(),
    };
    let wrong = if right == "000000" {
        "000001"
    } else {
        "000000"
    };
    for _ in 0..4 {
        let said = world.phone.type_code(code(wrong)).await.expect("on");
        assert_eq!(said, Ok(false));
    }
    assert_eq!(number().await.wrong_codes, 4);
    let stranger = NumberCode {
        number: "+46701234567".parse().expect("valid"),
        code: right.clone(),
    };
    assert_eq!(
        world.phone.type_code(stranger).await.expect("on"),
        Ok(false)
    );
    assert_eq!(
        world.phone.type_code(code(&right)).await.expect("on"),
        Ok(true)
    );
    assert!(number().await.verified_at.is_some());
    // It serves once.
    assert_eq!(
        world.phone.type_code(code(&right)).await.expect("on"),
        Ok(false)
    );

    // After five wrong ones even the right one is refused.
    let _asked: callhome::api::Device = world.server.post(&path, &by_user, 202).await;
    let second = async {
        loop {
            let phone = world.phone.look().await.expect("on");
            if phone.messages.len() > 1 {
                return phone
                    .messages
                    .last()
                    .expect("two")
                    .chars()
                    .take(6)
                    .collect::<String>();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let right = tokio::time::timeout(PATIENCE, second)
        .await
        .expect("a message");
    let wrong = if right == "000000" {
        "000001"
    } else {
        "000000"
    };
    for _ in 0..5 {
        assert_eq!(
            world.phone.type_code(code(wrong)).await.expect("on"),
            Ok(false)
        );
    }
    assert_eq!(
        world.phone.type_code(code(&right)).await.expect("on"),
        Ok(false)
    );
    assert!(number().await.verified_at.is_none());
    world.close().await;
}

#[tokio::test]
async fn a_carrier_that_repeats_delays_and_reorders_changes_nothing() {
    let world = World::with(FaultSettings {
        repeat_pct: 60,
        reorder_pct: 40,
        delay_max: Duration::from_millis(80),
        seed: 11,
        ..FaultSettings::default()
    })
    .await;
    let mut actions = Vec::new();
    for n in 0..6 {
        actions.push(world.act(&format!("msg(n{n})")).await);
    }
    for action in &actions {
        assert_eq!(world.ended(action).await.state, ActionState::Done);
    }
    let phone = world.phone.look().await.expect("on");
    assert_eq!(phone.messages, ["n0", "n1", "n2", "n3", "n4", "n5"]);
    assert_eq!(phone.counters.executed.get("msg"), Some(&6));
    world.close().await;
}
