//! `flow::deliver`: one try after the other, in virtual time.

use std::time::Duration;

use tokio::time::sleep;

use callhome::api::{ActionView, SessionRequest};
use callhome::domain::{ActionState, Bearer};
use callhome::flow::{self, Ports, Tries, deliver::deliver};
use callhome::port::{Claimed, Lease};
use callhome::sip::SipOutcome;
use callhome::sip::contact_me::{CONTENT_TYPE, ContactMe};
use callhome::sms::{Meter, SignedMessage};

use crate::flow_world::{DAWN, FakeGateway, ScriptedSip, World, binding, number, ok, order};

pub(crate) async fn try_once(ports: &Ports, view: &ActionView) -> ActionView {
    let stored = ports.actions.action(view.id).await.expect("read");
    let claimed = Claimed {
        lease: Lease {
            action: view.id,
            fence: 1,
        },
        view: stored.expect("there"),
    };
    deliver(ports, claimed).await.expect("recorded")
}

pub(crate) fn attempts(view: &ActionView) -> Vec<(Bearer, bool, &str)> {
    view.attempts
        .iter()
        .map(|a| (a.bearer, a.accepted, a.outcome.as_str()))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_notify_taken_in_vain_is_followed_by_the_text_message_ten_seconds_later() {
    let world = World::new();
    let key = world.enrolled(1);
    world.edit(key.device, |d| {
        d.bindings = vec![binding("sip:phone@192.0.2.31")];
        d.numbers = vec![number("+14085550137", true)];
    });
    let gateway = FakeGateway::new("kannel-1", true);
    let mut ports = world.ports();
    ports.sip = Some(ScriptedSip::new([(ok(), 20)]));
    ports.gateways = vec![gateway.clone()];
    let made = flow::create(&ports, order(key.device, "lck()"))
        .await
        .expect("made");
    let first = try_once(&ports, &made).await;
    assert_eq!(
        attempts(&first),
        [(Bearer::SipDirect, true, "200 OK in 20 ms")]
    );
    assert_eq!(first.state, ActionState::Sent);
    let due = first.next_try_at.expect("tried again");
    assert_eq!(due.since(ports.clock.now()), Duration::from_secs(10));

    sleep(Duration::from_secs(10)).await;
    let second = try_once(&ports, &made).await;
    assert_eq!(second.attempts.len(), 2);
    assert_eq!(second.attempts[1].bearer, Bearer::Sms);
    let text = &gateway.texts()[0];
    let message = SignedMessage::parse(text.as_bytes()).expect("an action string");
    assert_eq!(message.sequence(), made.sequence);
    assert_eq!(message.actions(), [made.action]);
}

#[tokio::test(start_paused = true)]
async fn each_try_asks_under_a_request_id_of_its_own() {
    let world = World::new();
    let key = world.enrolled(1);
    world.edit(key.device, |d| {
        d.bindings = vec![binding("sip:phone@192.0.2.31")];
    });
    let sip = ScriptedSip::new([(ok(), 20), (ok(), 20)]);
    let mut ports = world.ports();
    ports.sip = Some(sip.clone());
    let made = flow::create(&ports, order(key.device, "loc(1)"))
        .await
        .expect("made");
    try_once(&ports, &made).await;
    try_once(&ports, &made).await;
    let ids: Vec<String> = sip
        .sent()
        .iter()
        .map(|notify| {
            ContactMe::parse(CONTENT_TYPE, &notify.body)
                .expect("readable")
                .request_id
                .expect("there")
        })
        .collect();
    assert_eq!(ids, [made.id.to_string(), format!("{}.1", made.id)]);
    let request = SessionRequest {
        request_id: Some(ids[1].clone()),
        ..SessionRequest::default()
    };
    flow::session::open(&ports, &key, request, "test")
        .await
        .expect("opened");
    let log = &world.shelf().log[0].1.text;
    assert!(log.contains(&format!("for request {}", made.id)), "{log}");
}

#[tokio::test(start_paused = true)]
async fn one_try_climbs_until_a_bearer_takes_it() {
    let world = World::new();
    let key = world.enrolled(1);
    world.edit(key.device, |d| {
        d.bindings = vec![binding("sip:phone@192.0.2.31")];
        d.proxy = Some("sip:gw.example.net".to_owned());
        d.numbers = vec![number("+14085550137", true)];
    });
    let mut ports = world.ports();
    ports.sip = Some(ScriptedSip::new([
        (SipOutcome::NoAnswer, 0),
        (SipOutcome::from_answer(489, "Bad Event"), 7),
    ]));
    ports.gateways = vec![FakeGateway::new("a", false), FakeGateway::new("b", true)];
    let made = flow::create(&ports, order(key.device, "loc(1)"))
        .await
        .expect("made");
    let tried = try_once(&ports, &made).await;
    assert_eq!(
        attempts(&tried),
        [
            (Bearer::SipDirect, false, "no answer after 4.0 s"),
            (
                Bearer::SipProxy,
                false,
                "489 Bad Event in 7 ms: it is there but does not know this"
            ),
            (Bearer::Sms, false, "refused by a: no credit"),
            (Bearer::Sms, true, "accepted by b in 50 ms"),
        ]
    );
    let wait = tried.next_try_at.expect("again").since(ports.clock.now());
    assert!(
        wait >= Duration::from_secs(60),
        "text messages cost: {wait:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_offline_device_is_tried_ever_more_seldom_but_never_given_up_before_its_end() {
    let world = World::new();
    let key = world.enrolled(1);
    let ports = world.ports();
    let mut wipe = order(key.device, "wip()");
    wipe.request.expires_in_s = Some(7_200);
    let made = flow::create(&ports, wipe).await.expect("queued");
    let mut tries = 0;
    loop {
        let view = try_once(&ports, &made).await;
        assert_eq!(
            view.state,
            ActionState::Pending,
            "nothing was sent, nothing is claimed"
        );
        assert!(view.attempts.is_empty());
        let next = view.next_try_at.expect("it stays due");
        let wait = next.since(ports.clock.now());
        if next == made.expires_at {
            break;
        }
        assert!(
            wait >= Duration::from_secs(10) && wait <= Duration::from_secs(900),
            "{wait:?}"
        );
        tries += 1;
        sleep(wait).await;
    }
    assert!((8..60).contains(&tries), "{tries} tries in two hours");
}

#[tokio::test(start_paused = true)]
async fn after_three_texts_in_vain_the_bearer_changes_and_the_story_says_why() {
    let world = World::new();
    let key = world.enrolled(1);
    world.edit(key.device, |d| {
        d.bindings = vec![binding("sip:phone@192.0.2.31")];
        d.bindings[0].expires_at = DAWN.after(Duration::from_secs(48 * 3600));
        d.numbers = vec![number("+14085550137", true)];
    });
    let mut ports = world.ports();
    ports.sip = Some(ScriptedSip::new([(ok(), 20), (ok(), 20)]));
    ports.gateways = vec![FakeGateway::new("a", true)];
    let made = flow::create(&ports, order(key.device, "loc(1)"))
        .await
        .expect("made");
    let mut view = made.clone();
    for _ in 0..5 {
        view = try_once(&ports, &made).await;
        let wait = view.next_try_at.expect("again").since(ports.clock.now());
        sleep(wait).await;
    }
    let over: Vec<Bearer> = view.attempts.iter().map(|a| a.bearer).collect();
    let (sip, sms) = (Bearer::SipDirect, Bearer::Sms);
    assert_eq!(over, [sip, sms, sms, sms, sip]);
    let why: Vec<(String, String)> = view
        .timeline()
        .into_iter()
        .filter(|m| m.kind == "changed")
        .map(|m| (m.bearer.expect("to which").to_string(), m.text))
        .collect();
    let expected = [
        (sms, "after 1 try by SIP without an answer"),
        (sip, "after 3 tries by text message without an answer"),
    ];
    assert_eq!(
        why,
        expected.map(|(bearer, text)| (bearer.to_string(), text.to_owned()))
    );
}

#[tokio::test(start_paused = true)]
async fn how_often_each_bearer_is_tried_can_be_set_and_a_dead_one_never_stops_the_others() {
    let world = World::new();
    let key = world.enrolled(1);
    world.edit(key.device, |d| {
        d.bindings = vec![binding("sip:phone@192.0.2.31")];
        d.bindings[0].expires_at = DAWN.after(Duration::from_secs(48 * 3600));
        d.numbers = vec![number("+14085550137", true)];
    });
    let mut ports = world.ports();
    let mut home = (*ports.home).clone();
    home.tries = Tries {
        sip: 1,
        push: 1,
        sms: 2,
    };
    ports.home = home.into();
    ports.sip = Some(ScriptedSip::new(std::iter::repeat_n(
        (SipOutcome::NoAnswer, 0),
        6,
    )));
    ports.gateways = vec![FakeGateway::new("a", true), FakeGateway::new("b", true)];
    let made = flow::create(&ports, order(key.device, "loc(1)"))
        .await
        .expect("made");
    let mut view = made.clone();
    for _ in 0..6 {
        view = try_once(&ports, &made).await;
        let wait = view.next_try_at.expect("again").since(ports.clock.now());
        sleep(wait).await;
    }
    let taken: Vec<&str> = view
        .attempts
        .iter()
        .filter(|a| a.accepted)
        .map(|a| a.outcome.as_str())
        .collect();
    let by = |name: &str| format!("accepted by {name} in 50 ms");
    assert_eq!(
        taken,
        [by("a"), by("a"), by("b"), by("b"), by("a"), by("a")]
    );
}

#[tokio::test(start_paused = true)]
async fn a_device_without_data_is_told_how_to_answer() {
    let world = World::new();
    let key = world.enrolled(1);
    world.edit(key.device, |d| {
        d.has_data = false;
        d.numbers = vec![number("+14085550137", true)];
    });
    let gateway = FakeGateway::new("a", true);
    let mut ports = world.ports();
    ports.gateways = vec![gateway.clone()];
    let made = flow::create(&ports, order(key.device, "lck()"))
        .await
        .expect("made");
    try_once(&ports, &made).await;
    sleep(Duration::from_secs(90)).await;
    try_once(&ports, &made).await;
    let texts = gateway.texts();
    let message = SignedMessage::parse(texts[0].as_bytes()).expect("an action string");
    assert!(message.reply_nonce().is_some(), "{}", texts[0]);
    assert_eq!(texts[0], texts[1], "sent again, the same octets");
}

#[tokio::test(start_paused = true)]
async fn a_text_that_is_too_long_is_replaced_by_a_link() {
    let world = World::new();
    let key = world.enrolled(1);
    world.edit(key.device, |d| {
        d.numbers = vec![number("+14085550137", true)];
    });
    let gateway = FakeGateway::new("a", true);
    let mut ports = world.ports();
    ports.gateways = vec![gateway.clone()];
    let long = format!("msg({})", "a".repeat(200));
    let made = flow::create(&ports, order(key.device, &long))
        .await
        .expect("made");
    try_once(&ports, &made).await;
    let text = gateway.texts().remove(0);
    assert_eq!(Meter::of(&text).expect("short").segments, 1);
    let message = SignedMessage::parse(text.as_bytes()).expect("an action string");
    assert_eq!(
        message.link(),
        Some("https://mgmt.example.net:8443/agent/v1/actions/00000001")
    );
    let fetched = flow::session::text_of(&ports, &key, made.sequence)
        .await
        .expect("read");
    let fetched = fetched.expect("it is open");
    let message = SignedMessage::parse(fetched.as_bytes()).expect("an action string");
    assert_eq!(message.actions(), [made.action]);
}

#[tokio::test(start_paused = true)]
async fn an_action_of_an_earlier_enrolment_is_never_sent() {
    let world = World::new();
    let key = world.enrolled(1);
    let gateway = FakeGateway::new("a", true);
    let mut ports = world.ports();
    ports.gateways = vec![gateway.clone()];
    world.edit(key.device, |d| {
        d.numbers = vec![number("+14085550137", true)];
    });
    let made = flow::create(&ports, order(key.device, "loc(1)"))
        .await
        .expect("made");
    world.shelf().keys[0].epoch = 2;
    let tried = try_once(&ports, &made).await;
    assert!(gateway.texts().is_empty());
    assert_eq!(tried.next_try_at, None);
}

#[tokio::test(start_paused = true)]
async fn a_device_that_appears_gets_at_once_what_waits_for_it() {
    let world = World::new();
    let key = world.enrolled(1);
    let ports = world.ports();
    let made = flow::create(&ports, order(key.device, "loc(1)"))
        .await
        .expect("made");
    try_once(&ports, &made).await;
    world.edit(key.device, |d| d.open_actions = 1);
    flow::deliver::device_appeared(&ports, key.device)
        .await
        .expect("woken");
    assert_eq!(
        world.shelf().actions[0].next_try_at,
        Some(ports.clock.now())
    );
}

async fn together(ports: &Ports, views: &[ActionView]) -> Vec<ActionView> {
    let mut claims = Vec::new();
    for view in views {
        let stored = ports.actions.action(view.id).await.expect("read");
        claims.push(Claimed {
            lease: Lease {
                action: view.id,
                fence: 1,
            },
            view: stored.expect("there"),
        });
    }
    flow::deliver::deliver_all(ports, claims)
        .await
        .expect("recorded")
}

#[tokio::test(start_paused = true)]
async fn actions_that_are_due_together_share_text_messages_as_far_as_they_fit() {
    let world = World::new();
    let key = world.enrolled(1);
    world.edit(key.device, |d| {
        d.numbers = vec![number("+14085550137", true)];
    });
    let gateway = FakeGateway::new("a", true);
    let mut ports = world.ports();
    ports.gateways = vec![gateway.clone()];
    let sixty = "a".repeat(60);
    let mut made = Vec::new();
    for action in [
        "loc(1)".to_owned(),
        "aud()".to_owned(),
        format!("msg({sixty})"),
        format!("msg({sixty}b)"),
        "lck()".to_owned(),
    ] {
        made.push(
            flow::create(&ports, order(key.device, &action))
                .await
                .expect("made"),
        );
    }
    // Handed over in any order, they go in the order of their numbers.
    made.reverse();
    let tried = together(&ports, &made).await;
    let sent: Vec<(u32, Vec<String>)> = gateway
        .texts()
        .iter()
        .map(|text| {
            assert_eq!(Meter::of(text).expect("a text").segments, 1, "{text}");
            let message = SignedMessage::parse(text.as_bytes()).expect("an action string");
            let names = message.actions().iter().map(|a| a.name());
            (message.sequence().value(), names.collect())
        })
        .collect();
    let words = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        sent,
        [
            (1, words(&["loc", "aud", "msg"])),
            (4, words(&["msg", "lck"])),
        ]
    );
    for view in &tried {
        assert_eq!(
            attempts(view),
            [(Bearer::Sms, true, "accepted by a in 50 ms")]
        );
        assert_eq!(view.state, ActionState::Sent);
    }
    // What went in one message comes back in one.
    assert_eq!(tried[0].next_try_at, tried[2].next_try_at);
    assert_eq!(tried[3].next_try_at, tried[4].next_try_at);
}

#[tokio::test(start_paused = true)]
async fn one_call_by_sip_serves_all_that_wait() {
    let world = World::new();
    let key = world.enrolled(1);
    world.edit(key.device, |d| {
        d.bindings = vec![binding("sip:phone@192.0.2.31")];
    });
    let sip = ScriptedSip::new([(ok(), 20)]);
    let mut ports = world.ports();
    ports.sip = Some(sip.clone());
    let mut made = Vec::new();
    for action in ["loc(1)", "aud()"] {
        made.push(
            flow::create(&ports, order(key.device, action))
                .await
                .expect("made"),
        );
    }
    let tried = together(&ports, &made).await;
    sip.finish();
    for view in tried {
        assert_eq!(
            attempts(&view),
            [(Bearer::SipDirect, true, "200 OK in 20 ms")]
        );
    }
}
