//! `flow::deliver`: what waits until a number is known to be the device's.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::sleep;

use callhome::api::ActionView;
use callhome::domain::{ActionState, Bearer, ShortId};
use callhome::flow::{self, Ports};
use callhome::port::{BearerError, OutboundSms, SmsAccepted, SmsGateway};
use callhome::sms::{Reply, SignedMessage, SmsKeys};

use crate::flow_deliver::{attempts, try_once};
use crate::flow_world::{FakeGateway, World, number, order};

#[tokio::test(start_paused = true)]
async fn what_destroys_goes_only_to_numbers_that_are_known_to_be_the_devices() {
    let world = World::new();
    let key = world.enrolled(1);
    let gateway = FakeGateway::new("a", true);
    let mut ports = world.ports();
    ports.gateways = vec![gateway.clone()];
    // (numbers, action, sent)
    for (numbers, action, sent) in [
        (
            vec![number("+14085550137", false), number("+14085550138", false)],
            "lck()",
            false,
        ),
        (
            vec![number("+14085550137", false), number("+14085550138", false)],
            "loc(1)",
            true,
        ),
        (
            vec![number("+14085550137", false), number("+14085550138", true)],
            "wip()",
            true,
        ),
        // Even when the device told it itself, when it enrolled.
        (vec![number("+14085550137", false)], "rst()", false),
    ] {
        world.shelf().actions.clear();
        world.edit(key.device, |d| d.numbers = numbers);
        let before = gateway.texts().len();
        let made = flow::create(&ports, order(key.device, action))
            .await
            .expect("made");
        let tried = try_once(&ports, &made).await;
        let carries = |text: &&String| text.contains(&format!(" {action}"));
        let texts = gateway.texts();
        assert_eq!(
            texts[before..].iter().any(|t| carries(&t)),
            sent,
            "{action}"
        );
        assert_eq!(tried.attempts[0].accepted, sent, "{action}");
    }
}

/// A lock for a device whose only number nobody has shown to be its own, and the gateway to that number.
async fn unproved_lock(
    world: &Arc<World>,
    device: ShortId,
) -> (Arc<FakeGateway>, Ports, ActionView) {
    world.edit(device, |d| {
        d.numbers = vec![number("+14085550137", false)];
        d.open_actions = 1;
    });
    let gateway = FakeGateway::new("a", true);
    let mut ports = world.ports();
    ports.gateways = vec![gateway.clone()];
    let made = flow::create(&ports, order(device, "lck()"))
        .await
        .expect("made");
    (gateway, ports, made)
}

#[tokio::test(start_paused = true)]
async fn a_lock_waits_until_its_number_is_verified_and_then_goes_at_once() {
    let world = World::new();
    let key = world.enrolled(1);
    let (gateway, ports, made) = unproved_lock(&world, key.device).await;
    let first = try_once(&ports, &made).await;
    assert_eq!(first.state, ActionState::Pending);
    assert_eq!(
        attempts(&first),
        [(
            Bearer::Sms,
            false,
            "not sent: first the device has to show that this number is its own; it is asked to"
        )]
    );
    // A moment later it is not asked again, two minutes later it is.
    sleep(Duration::from_secs(20)).await;
    try_once(&ports, &made).await;
    assert_eq!(gateway.texts().len(), 1);
    sleep(Duration::from_secs(120)).await;
    try_once(&ports, &made).await;
    let texts = gateway.texts();
    assert_eq!(texts.len(), 2);
    assert_eq!(texts[0], texts[1], "nobody answered: the same octets");
    let question = SignedMessage::parse(texts[0].as_bytes()).expect("an action string");
    assert_eq!(
        question
            .numbered_actions()
            .filter_map(|n| n.sequence)
            .count(),
        0
    );
    let nonce = question.reply_nonce().expect("asked for");
    let answer = Reply::compose(nonce, Vec::new(), &SmsKeys::derive(&key.secret));

    // From elsewhere it shows nothing about this number.
    world.edit(key.device, |d| {
        d.numbers.push(number("+14085550138", false));
    });
    let elsewhere = "+14085550138".parse().expect("a number");
    flow::result::take_reply(&ports, &elsewhere, answer.as_bytes())
        .await
        .expect("signed");
    let of = |world: &World, at: usize| world.shelf().devices[0].numbers[at].verified_at;
    assert_eq!((of(&world, 0), of(&world, 1)), (None, None));

    sleep(Duration::from_secs(120)).await;
    try_once(&ports, &made).await;
    let texts = gateway.texts();
    let question = SignedMessage::parse(texts[2].as_bytes()).expect("an action string");
    let fresh = question.reply_nonce().expect("asked for");
    assert_ne!(fresh, nonce, "a nonce serves once");
    let answer = Reply::compose(fresh, Vec::new(), &SmsKeys::derive(&key.secret));
    let own = "+14085550137".parse().expect("a number");
    flow::result::take_reply(&ports, &own, answer.as_bytes())
        .await
        .expect("signed");
    assert_eq!(of(&world, 0), Some(ports.clock.now()));
    let waiting = ports.actions.action(made.id).await.expect("read");
    let waiting = waiting.expect("there");
    assert_eq!(waiting.next_try_at, Some(ports.clock.now()), "due at once");
    let sent = try_once(&ports, &made).await;
    assert!(sent.attempts.last().expect("tried").accepted);
    assert!(gateway.texts()[3].contains(" lck()"));
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_was_cut_off_when_its_number_was_written_down_releases_the_lock_when_it_comes_again()
 {
    let world = World::new();
    let key = world.enrolled(1);
    let (gateway, ports, made) = unproved_lock(&world, key.device).await;
    try_once(&ports, &made).await;
    let question = SignedMessage::parse(gateway.texts()[0].as_bytes()).expect("an action string");
    let nonce = question.reply_nonce().expect("asked for");
    let answer = Reply::compose(nonce, Vec::new(), &SmsKeys::derive(&key.secret));
    let own = "+14085550137".parse().expect("a number");
    sleep(Duration::from_secs(2)).await;
    let shown = ports.clock.now();
    // The number is written down, and then the server is killed.
    world.edit(key.device, |d| d.numbers[0].verified_at = Some(shown));
    sleep(Duration::from_secs(2)).await;
    let due = async || {
        let waiting = ports.actions.action(made.id).await.expect("read");
        waiting.expect("there").next_try_at
    };
    assert!(due().await > Some(ports.clock.now()), "nobody woke it");
    flow::result::take_reply(&ports, &own, answer.as_bytes())
        .await
        .expect("the carrier hands it over again");
    assert_eq!(due().await, Some(ports.clock.now()), "due at once");
    assert_eq!(world.shelf().devices[0].numbers[0].verified_at, Some(shown));
}

/// A gateway whose phone answers before the gateway has told that it took the message.
struct Quick {
    ports: OnceLock<Ports>,
    keys: SmsKeys,
    texts: Mutex<Vec<String>>,
}

#[async_trait]
impl SmsGateway for Quick {
    fn name(&self) -> &str {
        "quick"
    }

    async fn send(&self, sms: OutboundSms) -> Result<SmsAccepted, BearerError> {
        let message = SignedMessage::parse(sms.text.as_bytes()).expect("an action string");
        let nonce = message.reply_nonce().expect("asked for");
        let answer = Reply::compose(nonce, Vec::new(), &self.keys);
        let ports = self.ports.get().expect("there");
        flow::result::take_reply(ports, &sms.to, answer.as_bytes())
            .await
            .expect("signed");
        self.texts.lock().expect("never poisoned").push(sms.text);
        Ok(SmsAccepted {
            answer: "taken".to_owned(),
            reference: None,
        })
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_quicker_than_the_one_who_asked_releases_the_lock_at_once() {
    let world = World::new();
    let key = world.enrolled(1);
    world.edit(key.device, |d| {
        d.numbers = vec![number("+14085550137", false)];
        d.open_actions = 1;
        d.has_data = false;
    });
    let gateway = Arc::new(Quick {
        ports: OnceLock::new(),
        keys: SmsKeys::derive(&key.secret),
        texts: Mutex::default(),
    });
    let mut ports = world.ports();
    ports.gateways = vec![gateway.clone()];
    assert!(gateway.ports.set(ports.clone()).is_ok());
    let made = flow::create(&ports, order(key.device, "lck()"))
        .await
        .expect("made");
    let first = try_once(&ports, &made).await;
    assert!(!first.attempts[0].accepted, "{:?}", attempts(&first));
    let waiting = ports.actions.action(made.id).await.expect("read");
    let waiting = waiting.expect("there");
    assert_eq!(waiting.next_try_at, Some(ports.clock.now()), "due at once");
    let sent = try_once(&ports, &made).await;
    assert!(sent.attempts.last().expect("tried").accepted);
    let texts = gateway.texts.lock().expect("never poisoned");
    assert!(texts[1].contains(" lck()"), "{texts:?}");
}

#[tokio::test(start_paused = true)]
async fn new_numbers_are_verified_without_being_asked_for_and_once() {
    let world = World::new();
    let key = world.enrolled(1);
    world.edit(key.device, |d| {
        d.numbers = vec![number("+14085550137", true), number("+14085550138", false)];
    });
    let gateway = FakeGateway::new("a", true);
    let mut ports = world.ports();
    flow::number::verify_new(&ports, key.device)
        .await
        .expect("nothing can be asked without a gateway");
    assert!(world.shelf().devices[0].numbers[1].asked_at.is_none());
    ports.gateways = vec![gateway.clone()];
    for _ in 0..2 {
        flow::number::verify_new(&ports, key.device)
            .await
            .expect("asked");
    }
    let sent = gateway.sent.lock().expect("never poisoned");
    let to: Vec<String> = sent.iter().map(|s| s.to.to_string()).collect();
    assert_eq!(to, ["+14085550138"]);
    let shelf = world.shelf();
    assert_eq!(shelf.audit[0].draft.event, "number.ask");
    assert_eq!(shelf.audit[0].draft.actor, "server:eu-north");
}

#[tokio::test(start_paused = true)]
async fn a_device_without_data_is_told_of_numbers_that_were_given_up() {
    let world = World::new();
    let key = world.enrolled(1);
    world.edit(key.device, |d| {
        d.has_data = false;
        d.numbers = vec![number("+14085550137", true)];
    });
    let gateway = FakeGateway::new("a", true);
    let mut ports = world.ports();
    ports.gateways = vec![gateway.clone()];
    let first = flow::create(&ports, order(key.device, "loc(1)"))
        .await
        .expect("made");
    flow::cancel(&ports, first.id, flow::Caller::default())
        .await
        .expect("withdrawn");
    let second = flow::create(&ports, order(key.device, "aud()"))
        .await
        .expect("made");
    try_once(&ports, &second).await;
    let text = &gateway.texts()[0];
    let message = SignedMessage::parse(text.as_bytes()).expect("an action string");
    let names: Vec<String> = message.actions().iter().map(|a| a.name()).collect();
    assert_eq!(message.sequence(), first.sequence);
    assert_eq!(names, ["nop", "aud", "num"], "{text}");
}
