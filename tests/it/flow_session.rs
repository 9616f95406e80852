//! `flow::session`, `flow::result`, `flow::probe`: what a device takes and gives.

use callhome::api::SessionRequest;
use callhome::domain::{ActionState, Sequence, ShortId};
use callhome::flow::{self, Caller, Ports, probe::probe, reach, result, session, sign};
use callhome::port::{AgentKey, NewBackupItem, Recorded};
use callhome::sip::SipOutcome;
use callhome::sms::{
    ActionResult, Payload, Reply, ReplyStatus, ResultStatus, SignedMessage, SmsKeys, Version,
};

use crate::flow_world::{FakeGateway, ScriptedSip, World, binding, number, ok, order};

async fn open(ports: &Ports, key: &AgentKey, missing: &[u32]) -> Vec<SignedMessage> {
    let request = SessionRequest {
        missing: missing.iter().map(|n| Sequence::new(*n)).collect(),
        ..SessionRequest::default()
    };
    let answer = session::open(ports, key, request, "test")
        .await
        .expect("opened");
    let keys = SmsKeys::derive(&key.secret);
    let read = |text: &str| {
        let message = SignedMessage::parse(text.as_bytes()).expect("an action string");
        message.clone().verify(&keys, Version::V2).expect("genuine");
        message
    };
    answer.actions.iter().map(|a| read(&a.text)).collect()
}

fn told(messages: &[SignedMessage]) -> Vec<(u32, String)> {
    messages
        .iter()
        .map(|m| (m.sequence().value(), m.actions()[0].to_string()))
        .collect()
}

fn done(view: &callhome::api::ActionView, payload: Payload) -> String {
    ActionResult::new(
        view.sequence,
        &view.action,
        ResultStatus::Done,
        view.created_at,
    )
    .with_payload(payload)
    .to_xml()
}

#[tokio::test(start_paused = true)]
async fn a_session_hands_out_what_is_open_in_order_and_voids_what_was_given_up() {
    let world = World::new();
    let ports = world.ports();
    let key = world.enrolled(1);
    for action in ["loc(1)", "aud()", "rng(5)"] {
        flow::create(&ports, order(key.device, action))
            .await
            .expect("made");
    }
    world.shelf().actions[0].state = ActionState::Cancelled;
    let one = |n, a: &str| (n, a.to_owned());
    assert_eq!(
        told(&open(&ports, &key, &[]).await),
        [one(2, "aud()"), one(3, "rng(5)")]
    );
    assert_eq!(
        told(&open(&ports, &key, &[1]).await),
        [one(1, "nop()"), one(2, "aud()"), one(3, "rng(5)")]
    );
}

#[tokio::test(start_paused = true)]
async fn a_device_that_has_done_more_than_was_given_is_caught_up_with_and_its_log_says_so() {
    let world = World::new();
    let ports = world.ports();
    let key = world.enrolled(1);
    let request = SessionRequest {
        contiguous: Sequence::new(301),
        ..SessionRequest::default()
    };
    session::open(&ports, &key, request, "test")
        .await
        .expect("opened");
    let told: Vec<String> = world
        .shelf()
        .log
        .iter()
        .filter(|(_, line)| line.kind == "numbers")
        .map(|(_, line)| line.text.clone())
        .collect();
    assert_eq!(
        told,
        [
            "it has done number 0000012d, of which this server knows nothing: numbers go on at 0000016e, 0 open actions \
             got new ones"
        ]
    );
    let made = flow::create(&ports, order(key.device, "aud()")).await;
    assert_eq!(made.expect("made").sequence, Sequence::new(366));
}

#[tokio::test(start_paused = true)]
async fn a_number_that_may_still_be_given_to_a_lock_is_never_voided() {
    let world = World::new();
    let ports = world.ports();
    let key = world.enrolled(1);
    let mut late = order(key.device, "loc(1)");
    late.request.reason = None;
    flow::create(&ports, late).await.expect("made");
    // Numbers 2 to 4 were passed over; 5 was given, 6 may be next.
    world.shelf().next[0].1 = Sequence::new(5);
    flow::create(&ports, order(key.device, "aud()"))
        .await
        .expect("made");
    let got = told(&open(&ports, &key, &[3, 6]).await);
    let numbers: Vec<u32> = got.iter().map(|(n, _)| *n).collect();
    assert_eq!(numbers, [1, 3, 5]);
    assert_eq!(got[1].1, "nop()");
}

#[tokio::test(start_paused = true)]
async fn the_first_result_counts_and_a_repeat_changes_nothing() {
    let world = World::new();
    let ports = world.ports();
    let key = world.enrolled(1);
    let view = flow::create(&ports, order(key.device, "lck()"))
        .await
        .expect("made");
    let xml = done(&view, Payload::Lock { locked: true });
    let first = result::take(&ports, &key, None, xml.as_bytes())
        .await
        .expect("taken");
    let Recorded::First(ended) = first else {
        panic!("{first:?}")
    };
    assert_eq!(ended.state, ActionState::Done);
    assert_eq!(ended.result.expect("kept").fields["locked"], "true");
    let trail = world.shelf().audit.len();
    let again = result::take(&ports, &key, None, xml.as_bytes())
        .await
        .expect("fine");
    assert!(matches!(again, Recorded::Repeat(_)), "{again:?}");
    assert_eq!(world.shelf().audit.len(), trail);
    assert!(world.shelf().devices[0].lock.locked);
    let received = world
        .shelf()
        .events
        .iter()
        .filter(|e| e.kind == "message.received")
        .count();
    assert_eq!(received, 1, "told to third parties once");
    assert!(
        result::take(&ports, &key, None, b"<result/>")
            .await
            .is_err()
    );
}

#[tokio::test(start_paused = true)]
async fn a_finished_backup_action_completes_the_backup_it_made() {
    let world = World::new();
    let ports = world.ports();
    let key = world.enrolled(1);
    let item = || NewBackupItem {
        path: "contacts/work.vcf".to_owned(),
        entries: 3,
        content: Vec::new(),
    };
    let abandoned = world.next_id();
    let long_ago = callhome::domain::Timestamp::from_millis(1);
    ports
        .backups
        .put_item(key.device, abandoned, item(), long_ago)
        .await
        .expect("stored");
    let action = flow::backup::action("contacts", &["work".to_owned()]);
    assert_eq!(action.to_string(), "bak(contacts,work)");
    let view = flow::create(&ports, order(key.device, &action.to_string()))
        .await
        .expect("made");
    let fresh = world.next_id();
    let now = ports.clock.now();
    ports
        .backups
        .put_item(key.device, fresh, item(), now)
        .await
        .expect("stored");
    let xml = done(&view, Payload::Nothing);
    result::take(&ports, &key, None, xml.as_bytes())
        .await
        .expect("taken");
    let restore = |id: ShortId| order(key.device, &format!("res({id})"));
    let made = flow::create(&ports, restore(fresh)).await.expect("made");
    assert_eq!(
        made.action,
        flow::restore::action(fresh),
        "with the link that the device needs"
    );
    let (new_phone, stranger) = (world.enrolled(2), world.enrolled(3));
    let backup = world
        .shelf()
        .backups
        .iter()
        .find(|b| b.id == fresh)
        .cloned()
        .expect("there");
    let to = order(new_phone.device, &format!("res({fresh})"));
    flow::create(&ports, to).await.expect("to another phone");
    for (device, may) in [(&key, true), (&new_phone, true), (&stranger, false)] {
        let read = flow::restore::may_read(&ports, device.device, &backup).await;
        assert_eq!(read.expect("looked up"), may, "{:?}", device.device);
    }
    let refused = flow::create(&ports, restore(abandoned)).await;
    assert!(
        matches!(refused, Err(flow::ActError::Conflict { .. })),
        "not whole"
    );
    let refused = flow::create(&ports, restore(world.next_id())).await;
    assert!(
        matches!(refused, Err(flow::ActError::NotFound(_))),
        "nobody's"
    );
    let shelf = world.shelf();
    let state = |id: ShortId| {
        let backup = shelf.backups.iter().find(|b| b.id == id).expect("there");
        (backup.completed_at.is_some(), backup.kind.as_str())
    };
    assert_eq!(state(fresh), (true, "contacts"));
    assert_eq!(state(abandoned), (false, ""));
}

/// A device without data, with one action sent by text message, and what was sent.
async fn by_text(world: &std::sync::Arc<World>) -> (Ports, AgentKey, SignedMessage) {
    let key = world.enrolled(1);
    world.edit(key.device, |d| {
        d.has_data = false;
        d.numbers = vec![number("+14085550137", false)];
    });
    let gateway = FakeGateway::new("a", true);
    let mut ports = world.ports();
    ports.gateways = vec![gateway.clone()];
    let view = flow::create(&ports, order(key.device, "rng(5)"))
        .await
        .expect("made");
    let claimed = callhome::port::Claimed {
        lease: callhome::port::Lease {
            action: view.id,
            fence: 1,
        },
        view,
    };
    flow::deliver::deliver(&ports, claimed).await.expect("sent");
    let text = gateway.texts().remove(0);
    let message = SignedMessage::parse(text.as_bytes()).expect("an action string");
    (ports, key, message)
}

#[tokio::test(start_paused = true)]
async fn a_reply_by_text_message_ends_its_action_and_proves_the_number() {
    let world = World::new();
    let (ports, key, message) = by_text(&world).await;
    let nonce = message.reply_nonce().expect("asked for");
    let from = "+14085550137".parse().expect("a number");
    let rang = vec![ReplyStatus::Ok(Vec::new())];

    let forged = Reply::compose(
        nonce,
        rang.clone(),
        &SmsKeys::derive(&world.enrolled(2).secret),
    );
    let refused = result::take_reply(&ports, &from, forged.as_bytes()).await;
    assert!(matches!(
        refused,
        Err(result::ResultError::Unauthenticated(_))
    ));
    assert!(world.shelf().devices[0].numbers[0].verified_at.is_none());

    let reply = Reply::compose(nonce, rang, &SmsKeys::derive(&key.secret));
    let taken = result::take_reply(&ports, &from, reply.as_bytes())
        .await
        .expect("taken");
    assert!(matches!(taken[..], [Recorded::First(_)]), "{taken:?}");
    assert!(world.shelf().devices[0].numbers[0].verified_at.is_some());
    let log = |world: &World| world.shelf().log.len();
    let before = log(&world);
    let again = result::take_reply(&ports, &from, reply.as_bytes()).await;
    assert!(
        matches!(again, Err(result::ResultError::ReusedNonce { .. })),
        "a nonce serves once: {again:?}"
    );
    assert_eq!(log(&world), before, "it is no result");
}

#[tokio::test(start_paused = true)]
async fn a_reply_to_a_text_signed_by_hand_finds_its_actions() {
    let world = World::new();
    let ports = world.ports();
    let key = world.enrolled(1);
    world.edit(key.device, |d| {
        d.numbers = vec![number("+14085550137", true)];
    });
    let request = callhome::api::SmsSignRequest {
        device: key.device,
        text: "KME 2.00 00000000 aud() rng(3) num(00112233aabbccdd)".to_owned(),
        accept_risk: Vec::new(),
        reason: None,
    };
    sign::sign(&ports, request, None, Caller::default(), None)
        .await
        .expect("signed");
    let statuses = vec![
        ReplyStatus::Ok(Vec::new()),
        ReplyStatus::Err {
            code: "refused".to_owned(),
            text: "muted".to_owned(),
        },
    ];
    let from = "+14085550137".parse().expect("a number");
    let keys = SmsKeys::derive(&key.secret);
    let nonce = "00112233aabbccdd".parse().expect("a nonce");
    let reply = Reply::compose(nonce, statuses.clone(), &keys);
    let taken = result::take_reply(&ports, &from, reply.as_bytes())
        .await
        .expect("taken");
    assert_eq!(taken.len(), 2);
    let states: Vec<_> = world.shelf().actions.iter().map(|a| a.state).collect();
    assert_eq!(states, [ActionState::Done, ActionState::Refused]);
    let stranger = Reply::compose(
        "ff112233aabbccdd".parse().expect("a nonce"),
        statuses,
        &keys,
    );
    let refused = result::take_reply(&ports, &from, stranger.as_bytes()).await;
    assert!(matches!(refused, Err(result::ResultError::UnknownNonce(_))));
}

#[tokio::test(start_paused = true)]
async fn a_device_without_data_calls_home_by_answering() {
    let world = World::new();
    let key = world.enrolled(1);
    world.edit(key.device, |d| {
        d.has_data = false;
        d.numbers = vec![number("+14085550137", true)];
    });
    let gateway = FakeGateway::new("a", true);
    let mut ports = world.ports();
    ports.gateways = vec![gateway.clone()];
    let request = callhome::api::CallbackRequest::of(key.device);
    let climb = reach::begin(&ports, request, Caller::default(), None)
        .await
        .expect("begun");
    let device = async {
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        let text = gateway.texts().remove(0);
        let message = SignedMessage::parse(text.as_bytes()).expect("an action string");
        let nonce = message.reply_nonce().expect("asked for");
        let keys = SmsKeys::derive(&key.secret);
        let reply = Reply::compose(nonce, vec![ReplyStatus::Ok(Vec::new())], &keys);
        let from = "+14085550137".parse().expect("a number");
        result::take_reply(&ports, &from, reply.as_bytes())
            .await
            .expect("taken");
    };
    let (view, ()) = tokio::join!(reach::climb(&ports, climb), device);
    let session = view.expect("climbed").session.expect("tied");
    assert_eq!(
        (session.entry.as_str(), session.elapsed_ms),
        ("SMS reply", 3_000)
    );
}

#[tokio::test(start_paused = true)]
async fn a_probe_says_why_and_what_to_do() {
    let world = World::new();
    let key = world.enrolled(1);
    world.edit(key.device, |d| {
        d.bindings = vec![binding("sip:phone@192.0.2.31")];
    });
    let mut ports = world.ports();

    ports.sip = Some(ScriptedSip::new([(ok(), 9)]));
    let report = probe(&ports, key.device).await.expect("probed");
    assert!(report.reachable, "{report:?}");
    assert_eq!(
        report.verdict,
        "phone 1 can be reached: it answers at its own address."
    );

    ports.sip = Some(ScriptedSip::new([(SipOutcome::NoAnswer, 0)]));
    let stuck = flow::create(&ports, order(key.device, "lck()"))
        .await
        .expect("made");
    let report = probe(&ports, key.device).await.expect("probed");
    assert!(!report.reachable);
    assert_eq!(
        report.verdict,
        "phone 1 cannot be reached because sip:phone@192.0.2.31 gives no answer within \
         4.0 s; by text message: no text message gateway is configured."
    );
    let waiting = report
        .checks
        .iter()
        .find(|c| c.name == "waiting")
        .expect("checked");
    assert!(
        waiting.finding.contains(&stuck.id.to_string()),
        "{}",
        waiting.finding
    );

    ports.sip = Some(ScriptedSip::new([(SipOutcome::NoAnswer, 0)]));
    ports.gateways = vec![FakeGateway::new("kannel-1", true)];
    world.edit(key.device, |d| {
        d.numbers = vec![number("+14085550137", true)];
    });
    let report = probe(&ports, key.device).await.expect("probed");
    assert!(report.reachable);
    let retry = format!("callhome action retry {} --via sms", stuck.id);
    assert!(report.next[0].starts_with(&retry), "{:?}", report.next);
}
