//! `flow::{create, cancel, retry}`, `flow::lock`, `flow::sign`: what may be asked of a device, and what must not.

use std::sync::Arc;

use callhome::api::{ActionsRequest, Problem, ProblemCode, SmsSignRequest, SmsVerifyRequest};
use callhome::domain::{ActionState, Bearer, Identity, Sequence};
use callhome::flow::{
    self, ActError, Caller, IdempotencyKey, TogetherOrder, lock::LockOrder, sign,
};
use callhome::port::PeerError;
use callhome::sms::UnlockPin;

use crate::flow_world::{FakeGateway, FakePeers, World, bare_device, consent, imei, order};

fn anna() -> Caller {
    Caller {
        operator: "anna".to_owned(),
        correlation: "c-1".to_owned(),
    }
}

fn code(error: ActError) -> ProblemCode {
    Problem::from(error).code
}

#[tokio::test(start_paused = true)]
async fn what_locks_or_destroys_needs_its_own_risk_accepted() {
    let world = World::new();
    let key = world.enrolled(1);
    for (action, risks, allowed) in [
        ("lck()", "", false),
        ("lck()", "data-loss", false),
        ("lck()", "lock", true),
        ("wip()", "lock", false),
        ("wip()", "data-loss", true),
        ("loc(1)", "", true),
    ] {
        let mut order = order(key.device, action);
        let risks = risks.split(',').filter_map(|r| r.parse().ok());
        order.consent = Some(callhome::domain::Consent::given(risks, None));
        let made = flow::create(&world.ports(), order).await;
        match (made, allowed) {
            (Ok(_), true) => {}
            (Err(error), false) => assert_eq!(code(error), ProblemCode::RiskNotAccepted),
            (other, _) => panic!("{action}: {other:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_lock_has_its_number_and_pin_stored_before_anything_is_sent() {
    let world = World::new();
    let key = world.enrolled(1);
    let view = flow::create(&world.ports(), order(key.device, "lck(call%20IT)"))
        .await
        .expect("made");
    assert_eq!(view.sequence, Sequence::FIRST);
    assert_eq!(view.state, ActionState::Pending);
    let pin = UnlockPin::derive(&key.secret, view.sequence);
    assert_eq!(world.shelf().pins, [(view.id, pin.expose().to_owned())]);
    let trail = &world.shelf().audit;
    assert_eq!(trail[0].draft.actor, "operator:anna");
    assert!(trail[0].draft.detail.contains("reason: stolen"));
    assert!(
        !trail[0].draft.detail.contains("call"),
        "parameters stay out of the trail"
    );
}

#[tokio::test(start_paused = true)]
async fn a_second_lock_is_refused_and_told_who_when_and_how_to_open() {
    let world = World::new();
    let ports = world.ports();
    let key = world.enrolled(1);
    let mut first = order(key.device, "lck()");
    first.request.ticket = Some("INC-4471".to_owned());
    flow::create(&ports, first).await.expect("made");
    let open = flow::create(&ports, order(key.device, "lck()")).await;
    let problem = Problem::from(open.expect_err("one is on its way"));
    assert_eq!(problem.code, ProblemCode::AlreadyLocked);
    assert!(
        problem.detail.contains("by anna, ticket INC-4471"),
        "{problem}"
    );

    world.edit(key.device, |d| {
        d.lock.locked = true;
        d.lock.by = Some("bo".to_owned());
    });
    world.shelf().actions.clear();
    let locked = flow::create(&ports, order(key.device, "lck()")).await;
    let problem = Problem::from(locked.expect_err("it is locked"));
    assert_eq!(problem.code, ProblemCode::AlreadyLocked);
    assert!(
        problem.detail.contains("already locked (by bo)"),
        "{problem}"
    );
    assert!(problem.next.contains("callhome device pin"), "{problem}");
}

#[tokio::test(start_paused = true)]
async fn an_open_device_is_not_unlocked_and_a_locked_one_is_wiped() {
    let world = World::new();
    let ports = world.ports();
    let key = world.enrolled(1);
    let refused = flow::create(&ports, order(key.device, "ulk()")).await;
    assert_eq!(
        code(refused.expect_err("not locked")),
        ProblemCode::Conflict
    );
    world.edit(key.device, |d| d.lock.locked = true);
    let wipe = flow::create(&ports, order(key.device, "wip()")).await;
    assert_eq!(wipe.expect("queued").state, ActionState::Pending);
    let again = flow::create(&ports, order(key.device, "rst()")).await;
    assert_eq!(
        code(again.expect_err("a wipe is open")),
        ProblemCode::Conflict
    );
}

#[tokio::test(start_paused = true)]
async fn the_same_key_gives_the_same_action_even_when_it_would_be_refused_now() {
    let world = World::new();
    let ports = world.ports();
    let key = world.enrolled(1);
    let mut lock = order(key.device, "lck()");
    lock.idempotency = Some(IdempotencyKey {
        key: "anna:k1".to_owned(),
        digest: [0; 32],
    });
    let first = flow::create(&ports, lock.clone()).await.expect("made");
    let second = flow::create(&ports, lock).await.expect("the same");
    assert_eq!(first.id, second.id);
    assert_eq!(world.shelf().actions.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_asked_of_strangers_or_over_what_is_not_there() {
    let world = World::new();
    let mut ports = world.ports();
    let bare = bare_device(world.next_id(), 9);
    world.shelf().devices.push(bare.clone());
    let refused = flow::create(&ports, order(bare.id, "loc(1)")).await;
    assert_eq!(
        code(refused.expect_err("not enrolled")),
        ProblemCode::NotEnrolled
    );
    let refused = flow::create(&ports, order(world.next_id(), "loc(1)")).await;
    assert_eq!(code(refused.expect_err("unknown")), ProblemCode::NotFound);

    let key = world.enrolled(1);
    let mut by_sms = order(key.device, "loc(1)");
    by_sms.request.via = Some(Bearer::Sms);
    let refused = flow::create(&ports, by_sms.clone()).await;
    assert_eq!(
        code(refused.expect_err("no gateway")),
        ProblemCode::NotConfigured
    );
    ports.gateways = vec![FakeGateway::new("k", true)];
    flow::create(&ports, by_sms).await.expect("made");
}

#[tokio::test(start_paused = true)]
async fn only_an_action_that_the_device_cannot_have_is_withdrawn() {
    let world = World::new();
    let ports = world.ports();
    let key = world.enrolled(1);
    let view = flow::create(&ports, order(key.device, "lck()"))
        .await
        .expect("made");
    world.shelf().actions[0].state = ActionState::Delivered;
    let refused = flow::cancel(&ports, view.id, anna()).await;
    assert_eq!(code(refused.expect_err("sent")), ProblemCode::Conflict);
    world.shelf().actions[0].state = ActionState::Pending;
    let gone = flow::cancel(&ports, view.id, anna())
        .await
        .expect("withdrawn");
    assert_eq!(gone.state, ActionState::Cancelled);
    let refused = flow::retry(&ports, view.id, None, anna()).await;
    assert_eq!(code(refused.expect_err("ended")), ProblemCode::Conflict);
}

#[tokio::test(start_paused = true)]
async fn a_device_elsewhere_is_locked_by_the_server_that_holds_it_and_the_trail_tells() {
    let world = World::new();
    let mut ports = world.ports();
    let key = world.enrolled(1);
    let there = bare_device(world.next_id(), 7);
    let view = flow::create(&ports, order(key.device, "loc(1)"))
        .await
        .expect("made");
    let peers = Arc::new(FakePeers {
        peers: vec![
            ("eu-south", 20, Ok(Some(there.clone()))),
            ("eu-west", 30, Ok(None)),
        ],
        answer: Some(view),
        ..FakePeers::default()
    });
    ports.peers = Some(peers.clone());
    let lock = LockOrder {
        identity: Identity::Imei(imei(7)),
        message: String::new(),
        reason: None,
        ticket: Some("INC-1".to_owned()),
        idempotency: None,
    };
    let before = world.shelf().audit.len();
    flow::lock::lock(&ports, lock, consent(), anna())
        .await
        .expect("taken");
    let acted = peers.acted.lock().expect("whole");
    let (peer, remote) = &acted[0];
    assert_eq!(
        (peer.as_str(), remote.request.device),
        ("eu-south", there.id)
    );
    assert_eq!(remote.operator, "anna");
    assert_eq!(remote.request.reason.as_deref(), Some("stolen"));
    assert!(
        remote
            .request
            .accept_risk
            .contains(&callhome::domain::Risk::Lock)
    );
    let shelf = world.shelf();
    let events: Vec<_> = shelf.audit[before..]
        .iter()
        .map(|e| e.draft.event.as_str())
        .collect();
    assert_eq!(events, ["action.remote", "action.remote-outcome"]);
}

#[tokio::test(start_paused = true)]
async fn a_device_that_nobody_holds_names_the_silent_peers() {
    let world = World::new();
    let mut ports = world.ports();
    ports.peers = Some(Arc::new(FakePeers {
        peers: vec![(
            "eu-south",
            20,
            Err(PeerError::Silent("refused to connect".to_owned())),
        )],
        ..FakePeers::default()
    }));
    let lock = LockOrder {
        identity: Identity::Imei(imei(7)),
        message: String::new(),
        reason: None,
        ticket: None,
        idempotency: None,
    };
    let refused = flow::lock::lock(&ports, lock, consent(), anna()).await;
    let problem = Problem::from(refused.expect_err("not found"));
    assert_eq!(problem.code, ProblemCode::NotFound);
    assert!(problem.detail.contains("eu-south"), "{problem}");
}

#[tokio::test(start_paused = true)]
async fn a_text_signed_by_hand_has_consecutive_numbers_and_proves_genuine() {
    let world = World::new();
    let ports = world.ports();
    let key = world.enrolled(1);
    let request = SmsSignRequest {
        device: key.device,
        text: "KME 2.00 00000000 aud() loc(1)".to_owned(),
        accept_risk: Vec::new(),
        reason: None,
    };
    let signed = sign::sign(&ports, request, None, anna(), None)
        .await
        .expect("signed");
    assert_eq!(signed.actions.len(), 2);
    assert!(
        signed.text.starts_with("KME 2.00 00000001 "),
        "{}",
        signed.text
    );
    assert!(
        world
            .shelf()
            .actions
            .iter()
            .all(|a| a.next_try_at.is_none())
    );
    for (text, genuine) in [
        (signed.text.clone(), true),
        (signed.text.replace("loc(1)", "loc(2)"), false),
    ] {
        let request = SmsVerifyRequest {
            device: key.device,
            text,
        };
        let verdict = sign::verify(&ports, request).await.expect("read");
        assert_eq!(verdict.genuine, genuine, "{}", verdict.detail);
    }
}

#[tokio::test(start_paused = true)]
async fn the_reply_to_a_text_signed_by_hand_is_known_though_its_first_request_was_cut_off() {
    let world = World::new();
    let ports = world.ports();
    let key = world.enrolled(1);
    let request = SmsSignRequest {
        device: key.device,
        text: "KME 2.00 00000000 aud() num(00112233aabbccdd)".to_owned(),
        accept_risk: Vec::new(),
        reason: None,
    };
    let again = IdempotencyKey {
        key: "anna:k".to_owned(),
        digest: [1; 32],
    };
    let sign = || sign::sign(&ports, request.clone(), None, anna(), Some(again.clone()));
    let first = sign().await.expect("signed");
    let asked = world.shelf().replies.clone();
    assert_eq!(asked.len(), 1);
    // Cut off where the number was stored and the nonce was not.
    world.shelf().replies.clear();
    let second = sign().await.expect("signed");
    assert_eq!(second.text, first.text);
    assert_eq!(world.shelf().replies, asked);
    // Nothing is made of it a third time, and nobody else gets the nonce.
    sign().await.expect("signed");
    assert_eq!(world.shelf().replies, asked);
    assert_eq!(world.shelf().actions.len(), 1);
    let taken = sign::sign(&ports, request.clone(), None, anna(), None).await;
    assert_eq!(code(taken.expect_err("used")), ProblemCode::Conflict);
}

#[tokio::test(start_paused = true)]
async fn what_no_text_can_carry_is_not_asked_of_a_phone_that_has_nothing_else_however_it_is_asked()
{
    let world = World::new();
    let key = world.enrolled(1);
    world.edit(key.device, |d| d.has_data = false);
    let ports = world.ports();
    let long = format!("msg({})", "%E2%82%AC".repeat(8_000));
    let actions = |all: &[&str]| TogetherOrder {
        request: ActionsRequest {
            device: key.device,
            actions: all.iter().map(|a| a.parse().expect("an action")).collect(),
            reason: None,
            ticket: None,
            accept_risk: Vec::new(),
            via: None,
            expires_in_s: None,
        },
        operator: "anna".to_owned(),
        consent: Some(consent()),
        idempotency: None,
        correlation: String::new(),
    };
    let one = flow::create(&ports, order(key.device, &long)).await;
    let several = flow::create_together(&ports, actions(&["rng(5)", &long])).await;
    let refused = [one.map(drop), several.map(drop)];
    for refused in refused {
        let problem = Problem::from(refused.expect_err("too long"));
        assert_eq!(problem.code, ProblemCode::Unprocessable);
        assert!(problem.detail.contains("too long for phone 1"), "{problem}");
    }
    assert!(world.shelf().actions.is_empty(), "all of it or nothing");
    flow::create_together(&ports, actions(&["rng(5)", "msg(hello)"]))
        .await
        .expect("made");
    // One with data fetches it.
    world.edit(key.device, |d| d.has_data = true);
    flow::create_together(&ports, actions(&["rng(5)", &long]))
        .await
        .expect("made");
    assert_eq!(world.shelf().actions.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_text_that_locks_is_not_signed_without_consent() {
    let world = World::new();
    let key = world.enrolled(1);
    let request = SmsSignRequest {
        device: key.device,
        text: "KME 2.00 00000000 lck()".to_owned(),
        accept_risk: Vec::new(),
        reason: None,
    };
    let refused = sign::sign(&world.ports(), request.clone(), None, anna(), None).await;
    assert_eq!(
        code(refused.expect_err("no consent")),
        ProblemCode::RiskNotAccepted
    );
    assert!(world.shelf().actions.is_empty());
    sign::sign(&world.ports(), request, Some(consent()), anna(), None)
        .await
        .expect("signed");
    assert_eq!(world.shelf().pins.len(), 1);
}
