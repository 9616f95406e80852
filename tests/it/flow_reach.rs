//! `flow::reach`: the ladder, rung by rung, in virtual time.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use callhome::api::{CallbackRequest, CallbackState, CallbackView, RungState, SessionRequest};
use callhome::domain::{Bearer, ShortId};
use callhome::flow::{Caller, Ports, reach, session};
use callhome::oma::SignedNotification;
use callhome::port::{AgentKey, PageOf};
use callhome::sip::contact_me::{CONTENT_TYPE, ContactMe};
use callhome::sip::{Bootstrap, Method, SipOutcome};
use callhome::sms::{SignedMessage, SmsKeys, Version};

use crate::flow_world::{FakeGateway, ScriptedSip, World, binding, number, ok};

fn ask(device: ShortId) -> CallbackRequest {
    CallbackRequest::of(device)
}

async fn begun(ports: &Ports, request: CallbackRequest) -> reach::Climb {
    reach::begin(ports, request, Caller::default(), None)
        .await
        .expect("begun")
}

async fn call(ports: &Ports, request: CallbackRequest) -> CallbackView {
    let climb = begun(ports, request).await;
    reach::climb(ports, climb).await.expect("climbed")
}

/// Climbs while the device opens its session after `ms`, if it was asked to by then.
async fn call_and_answer(
    ports: &Ports,
    request: CallbackRequest,
    key: &AgentKey,
    ms: u64,
) -> CallbackView {
    let climb = begun(ports, request).await;
    let opens = SessionRequest {
        request_id: Some(climb.view.id.to_string()),
        ..SessionRequest::default()
    };
    let device = async {
        sleep(Duration::from_millis(ms)).await;
        session::open(ports, key, opens, "POST /agent/v1/session")
            .await
            .expect("opened")
    };
    let (view, _) = tokio::join!(reach::climb(ports, climb), device);
    view.expect("climbed")
}

fn rungs(view: &CallbackView) -> Vec<(Bearer, RungState, &str)> {
    view.rungs
        .iter()
        .map(|r| (r.bearer, r.state, r.outcome.as_str()))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_silent_direct_rung_is_left_after_its_timeout_and_the_proxy_reaches_it() {
    let world = World::new();
    let key = world.enrolled(1);
    world.edit(key.device, |d| {
        d.bindings = vec![binding("sip:phone@192.0.2.31:5060")];
        d.proxy = Some("sip:gw-lund.example.net".to_owned());
    });
    let sip = ScriptedSip::new([(SipOutcome::NoAnswer, 0), (ok(), 38)]);
    let mut ports = world.ports();
    ports.sip = Some(sip.clone());
    let view = call_and_answer(&ports, ask(key.device), &key, 4_412).await;
    sip.finish();
    assert_eq!(view.state, CallbackState::CalledBack);
    assert_eq!(
        rungs(&view),
        [
            (
                Bearer::SipDirect,
                RungState::Missed,
                "no answer after 4.0 s"
            ),
            (Bearer::SipProxy, RungState::Accepted, "200 OK in 38 ms"),
        ]
    );
    let session = view.session.expect("tied");
    assert_eq!(session.elapsed_ms, 4_412);
    assert_eq!(session.entry, "POST /agent/v1/session");
    let sent = sip.sent();
    assert_eq!(sent[1].route[0].to_string(), "sip:gw-lund.example.net");
    assert_eq!(sent[1].uri.to_string(), "sip:phone@192.0.2.31:5060");
}

#[tokio::test(start_paused = true)]
async fn the_notify_says_whom_to_call_and_under_which_request() {
    let world = World::new();
    let key = world.enrolled(1);
    world.edit(key.device, |d| {
        d.bindings = vec![binding("sip:phone@192.0.2.31")];
    });
    let sip = ScriptedSip::new([(ok(), 5)]);
    let mut ports = world.ports();
    ports.sip = Some(sip.clone());
    let view = call_and_answer(&ports, ask(key.device), &key, 20).await;
    let notify = &sip.sent()[0];
    assert_eq!(notify.method, Method::NOTIFY);
    assert_eq!(
        notify.event.as_deref(),
        Some("application-server-contact-me")
    );
    assert_eq!(notify.content_type.as_deref(), Some(CONTENT_TYPE));
    let wish = ContactMe::parse(CONTENT_TYPE, &notify.body).expect("readable");
    assert_eq!(wish.address.as_deref(), Some("mgmt.example.net"));
    assert_eq!(wish.port, Some(8443));
    assert_eq!(wish.request_id, Some(view.id.to_string()));
    let answers = notify.credentials.as_ref().expect("for challenges");
    assert_eq!(answers.password(), key.secret.sip_password());
}

#[tokio::test(start_paused = true)]
async fn a_rung_that_was_taken_in_vain_is_passed_after_ten_seconds() {
    let world = World::new();
    let key = world.enrolled(1);
    world.edit(key.device, |d| {
        d.bindings = vec![binding("sip:phone@192.0.2.31")];
        d.numbers = vec![number("+14085550137", true)];
    });
    let sip = ScriptedSip::new([(ok(), 10)]);
    let gateway = FakeGateway::new("kannel-1", true);
    let mut ports = world.ports();
    ports.sip = Some(sip.clone());
    ports.gateways = vec![gateway.clone()];
    let view = call_and_answer(&ports, ask(key.device), &key, 12_000).await;
    assert_eq!(view.state, CallbackState::CalledBack);
    assert_eq!(
        rungs(&view),
        [
            (Bearer::SipDirect, RungState::Accepted, "200 OK in 10 ms"),
            (
                Bearer::Sms,
                RungState::Accepted,
                "accepted by kannel-1 in 50 ms"
            ),
        ]
    );
    assert_eq!(view.rungs[1].target, "+14…37 through kannel-1");
    let text = &gateway.texts()[0];
    let message = SignedMessage::parse(text.as_bytes()).expect("an action string");
    let cal = &message.actions()[0];
    assert_eq!(cal.name(), "cal");
    assert_eq!(cal.param(1), Some(view.id.to_string().as_str()));
    message
        .verify(&SmsKeys::derive(&key.secret), Version::V2)
        .expect("genuine");
    let shelf = world.shelf();
    assert_eq!(shelf.actions[0].attempts.len(), 1, "the send is recorded");
}

#[tokio::test(start_paused = true)]
async fn nobody_answers_and_the_callback_expires_at_once_with_every_reason() {
    let world = World::new();
    let key = world.enrolled(1);
    world.edit(key.device, |d| {
        d.bindings = vec![binding("sip:phone@192.0.2.31")];
        d.numbers = vec![number("+14085550137", true)];
    });
    let mut ports = world.ports();
    ports.sip = Some(ScriptedSip::new([(
        SipOutcome::from_answer(403, "Forbidden"),
        12,
    )]));
    ports.gateways = vec![FakeGateway::new("a", false), FakeGateway::new("b", false)];
    let started = Instant::now();
    let view = call(&ports, ask(key.device)).await;
    assert_eq!(view.state, CallbackState::Expired);
    assert_eq!(
        rungs(&view),
        [
            (
                Bearer::SipDirect,
                RungState::Missed,
                "403 Forbidden in 12 ms"
            ),
            (Bearer::Sms, RungState::Missed, "refused by a: no credit"),
            (Bearer::Sms, RungState::Missed, "refused by b: no credit"),
        ]
    );
    assert_eq!(started.elapsed(), Duration::from_millis(112));
    assert_eq!(
        world.shelf().actions.len(),
        1,
        "one action for both gateways"
    );
}

#[tokio::test(start_paused = true)]
async fn a_device_that_was_never_heard_of_gets_a_reason_for_each_bearer() {
    let world = World::new();
    let key = world.enrolled(1);
    let mut ports = world.ports();
    ports.sip = Some(ScriptedSip::new([]));
    let view = call(&ports, ask(key.device)).await;
    assert_eq!(view.state, CallbackState::Expired);
    assert_eq!(
        rungs(&view),
        [
            (
                Bearer::SipDirect,
                RungState::Missed,
                "not registered by SIP"
            ),
            (Bearer::SipProxy, RungState::Missed, "not registered by SIP"),
            (
                Bearer::Sms,
                RungState::Missed,
                "no text message gateway is configured"
            ),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn the_last_rung_may_take_all_the_time_and_no_more() {
    let world = World::new();
    let key = world.enrolled(1);
    world.edit(key.device, |d| {
        d.bindings = vec![binding("sip:phone@192.0.2.31")];
    });
    for (after, state) in [
        (29_000, CallbackState::CalledBack),
        (31_000, CallbackState::Expired),
    ] {
        let mut ports = world.ports();
        ports.sip = Some(ScriptedSip::new([(ok(), 10)]));
        let request = CallbackRequest {
            deadline_ms: Some(30_000),
            ..ask(key.device)
        };
        let view = call_and_answer(&ports, request, &key, after).await;
        assert_eq!(view.state, state, "after {after} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_that_comes_before_the_answer_ends_the_climb() {
    let world = World::new();
    let key = world.enrolled(1);
    world.edit(key.device, |d| {
        d.bindings = vec![binding("sip:phone@192.0.2.31")];
    });
    let mut ports = world.ports();
    ports.sip = Some(ScriptedSip::new([(SipOutcome::NoAnswer, 0)]));
    let started = Instant::now();
    let view = call_and_answer(&ports, ask(key.device), &key, 100).await;
    assert_eq!(view.state, CallbackState::CalledBack);
    assert_eq!(view.rungs[0].outcome, "called home before it answered");
    assert_eq!(started.elapsed(), Duration::from_millis(2_100));
}

#[tokio::test(start_paused = true)]
async fn the_ladder_asked_for_is_climbed_in_its_order_and_what_is_missing_is_said() {
    let world = World::new();
    let key = world.enrolled(1);
    world.edit(key.device, |d| {
        d.bindings = vec![binding("sip:phone@192.0.2.31")];
        d.numbers = vec![number("+14085550137", true)];
    });
    let sip = ScriptedSip::new([(SipOutcome::NoAnswer, 0)]);
    let mut ports = world.ports();
    ports.sip = Some(sip.clone());
    ports.gateways = vec![FakeGateway::new("a", false)];
    let request = CallbackRequest {
        ladder: Some(vec![Bearer::Sms, Bearer::SipProxy, Bearer::SipDirect]),
        rung_timeout_ms: Some(500),
        ..ask(key.device)
    };
    let view = call(&ports, request).await;
    assert_eq!(
        rungs(&view),
        [
            (Bearer::Sms, RungState::Missed, "refused by a: no credit"),
            (Bearer::SipProxy, RungState::Missed, "no proxy is known"),
            (
                Bearer::SipDirect,
                RungState::Missed,
                "no answer after 500 ms"
            ),
        ]
    );
}

/// Why bootstrap tokens were refused, as the device's log tells it.
async fn refusals(ports: &Ports, device: ShortId) -> Vec<String> {
    let log = ports.device_log.log(device, PageOf::default()).await;
    let lines = log.expect("read").items.into_iter();
    lines
        .filter(|line| line.kind == "refused")
        .map(|line| {
            let why = line.text.strip_prefix("a bootstrap token was refused: ");
            why.expect("told so").to_owned()
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn two_bootstraps_under_way_serve_once_each_and_die_with_a_new_enrolment() {
    let world = World::new();
    let key = world.enrolled(1);
    world.edit(key.device, |d| {
        d.bindings = vec![binding("sip:phone@192.0.2.31")];
    });
    let sip = ScriptedSip::new([(ok(), 10), (ok(), 10)]);
    let mut ports = world.ports();
    ports.sip = Some(sip.clone());
    let invite = CallbackRequest {
        invite: true,
        deadline_ms: Some(20_000),
        ..ask(key.device)
    };
    let climbs = [
        begun(&ports, invite.clone()).await,
        begun(&ports, invite).await,
    ];
    let device = async {
        sleep(Duration::from_millis(50)).await;
        let requests: Vec<SessionRequest> = sip
            .sent()
            .iter()
            .map(|invite| {
                let opened = Bootstrap::open(&invite.body, &key.secret, ports.clock.now());
                SessionRequest {
                    bootstrap_token: Some(opened.expect("for this device").token),
                    ..SessionRequest::default()
                }
            })
            .collect();
        assert_eq!(requests.len(), 2);
        assert_ne!(requests[0], requests[1]);
        let next_epoch = AgentKey {
            epoch: key.epoch + 1,
            ..key.clone()
        };
        for request in &requests {
            let stale = session::open(&ports, &next_epoch, request.clone(), "test").await;
            assert!(matches!(stale, Err(session::SessionError::Token)));
            let served = session::open(&ports, &key, request.clone(), "test").await;
            assert!(served.is_ok(), "{served:?}");
            let again = session::open(&ports, &key, request.clone(), "test").await;
            assert!(matches!(again, Err(session::SessionError::Token)));
        }
        assert_eq!(refusals(&ports, key.device).await.len(), 4);
    };
    let [one, other] = climbs.map(|climb| reach::climb(&ports, climb));
    let (one, other, ()) = tokio::join!(one, other, device);
    for view in [one, other] {
        assert_eq!(view.expect("climbed").state, CallbackState::CalledBack);
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_invite_bootstraps_once_and_later_ones_carry_no_credentials() {
    let world = World::new();
    let key = world.enrolled(1);
    world.edit(key.device, |d| {
        d.bindings = vec![binding("sip:phone@192.0.2.31")];
    });
    let sip = ScriptedSip::new([(ok(), 10), (ok(), 10)]);
    let mut ports = world.ports();
    ports.sip = Some(sip.clone());
    let invite = CallbackRequest {
        invite: true,
        deadline_ms: Some(20_000),
        ..ask(key.device)
    };

    let climb = begun(&ports, invite.clone()).await;
    let id = climb.view.id;
    let device = async {
        sleep(Duration::from_millis(50)).await;
        let now = ports.clock.now();
        let body = sip.sent()[0].body.clone();
        let bootstrap = Bootstrap::open(&body, &key.secret, now).expect("for this device");
        assert_eq!(bootstrap.server, "https://mgmt.example.net:8443");
        assert_eq!(bootstrap.session, id);
        let request = SessionRequest {
            bootstrap_token: Some(bootstrap.token),
            ..SessionRequest::default()
        };
        session::open(&ports, &key, request.clone(), "test")
            .await
            .expect("opened");
        let again = session::open(&ports, &key, request, "test").await;
        assert!(
            matches!(again, Err(session::SessionError::Token)),
            "used and gone"
        );
        let why = "its request has ended: it was used, or its time was up";
        assert_eq!(refusals(&ports, key.device).await, [why]);
    };
    let (view, ()) = tokio::join!(reach::climb(&ports, climb), device);
    assert_eq!(view.expect("climbed").state, CallbackState::CalledBack);
    assert_eq!(sip.sent()[0].method, Method::INVITE);
    assert!(sip.sent()[0].answer_mode_auto);

    let view = call(&ports, invite).await;
    let package_0 = SignedNotification::parse(&sip.sent()[1].body).expect("package 0");
    let password = callhome::flow::notification_password(&key.secret);
    assert!(package_0.is_genuine(&password, &callhome::flow::notification_nonce(key.epoch)));
    assert_eq!(package_0.notification().server_id(), "eu-north");
    assert_eq!(
        package_0.notification().vendor(),
        view.id.to_string().as_bytes()
    );
}

#[tokio::test(start_paused = true)]
async fn a_bootstrap_token_is_for_one_device_and_dies_with_its_callback() {
    let world = World::new();
    let (key, other) = (world.enrolled(1), world.enrolled(2));
    world.edit(key.device, |d| {
        d.bindings = vec![binding("sip:phone@192.0.2.31")];
    });
    let sip = ScriptedSip::new([(ok(), 10)]);
    let mut ports = world.ports();
    ports.sip = Some(sip.clone());
    let request = CallbackRequest {
        invite: true,
        deadline_ms: Some(5_000),
        ..ask(key.device)
    };
    let climb = begun(&ports, request).await;
    let thief = async {
        sleep(Duration::from_millis(50)).await;
        let body = sip.sent()[0].body.clone();
        assert!(Bootstrap::open(&body, &other.secret, ports.clock.now()).is_err());
        let token = Bootstrap::open(&body, &key.secret, ports.clock.now())
            .expect("its own")
            .token;
        let request = SessionRequest {
            bootstrap_token: Some(token),
            ..SessionRequest::default()
        };
        assert!(
            session::open(&ports, &other, request.clone(), "test")
                .await
                .is_err()
        );
        request
    };
    let (view, late) = tokio::join!(reach::climb(&ports, climb), thief);
    assert_eq!(view.expect("climbed").state, CallbackState::Expired);
    assert!(session::open(&ports, &key, late, "test").await.is_err());
    assert_eq!(refusals(&ports, key.device).await, ["its time was up"]);
    let foreign = "it is not of this device and enrolment";
    assert_eq!(refusals(&ports, other.device).await, [foreign]);
}

#[tokio::test(start_paused = true)]
async fn a_callback_of_an_earlier_run_is_watched_to_its_end() {
    let world = World::new();
    let key = world.enrolled(1);
    let ports = world.ports();
    let left = begun(&ports, ask(key.device)).await.view.id;
    let found = reach::unfinished(&ports).await.expect("listed");
    assert_eq!(found.len(), 1);
    assert!(found[0].view.id == left && !found[0].fresh, "only watched");
    let view = reach::watch(&ports, left).await.expect("watched");
    assert_eq!(view.state, CallbackState::Expired);
    assert_eq!(ports.clock.now(), view.expires_at);
    assert!(reach::unfinished(&ports).await.expect("listed").is_empty());
}

#[tokio::test(start_paused = true)]
async fn requests_of_other_devices_are_not_tied() {
    let world = World::new();
    let (key, other) = (world.enrolled(1), world.enrolled(2));
    let ports: Arc<Ports> = Arc::new(world.ports());
    let id = begun(&ports, ask(key.device)).await.view.id;
    let request = SessionRequest {
        request_id: Some(id.to_string()),
        ..SessionRequest::default()
    };
    session::open(&ports, &other, request, "test")
        .await
        .expect("opened");
    let view = ports
        .callbacks
        .callback(id)
        .await
        .expect("read")
        .expect("there");
    assert_eq!(view.state, CallbackState::Pending);
}
