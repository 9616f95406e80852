//! What nobody can say was sent, what came to an end, and what a device says of it afterwards, in virtual time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::sleep;

use callhome::api::{ActionView, SmsSignRequest};
use callhome::domain::{ActionState, Bearer};
use callhome::flow::{self, ActError, Caller, Ports, deliver::deliver, sign};
use callhome::port::{BearerError, Claimed, Lease, OutboundSms, SmsAccepted, SmsGateway};

use crate::flow_world::{FakeGateway, ScriptedSip, World, binding, number, ok, order};

/// Takes every message, and says so much too late.
#[derive(Default)]
struct Slow(Mutex<Vec<OutboundSms>>);

#[async_trait]
impl SmsGateway for Slow {
    fn name(&self) -> &str {
        "slow"
    }

    async fn send(&self, sms: OutboundSms) -> Result<SmsAccepted, BearerError> {
        self.0.lock().expect("never poisoned").push(sms);
        sleep(Duration::from_secs(20)).await;
        Ok(SmsAccepted {
            answer: "0: Accepted for delivery".to_owned(),
            reference: None,
        })
    }
}

fn anna() -> Caller {
    Caller {
        operator: "anna".to_owned(),
        correlation: String::new(),
    }
}

async fn try_once(ports: &Ports, view: &ActionView) -> ActionView {
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

#[tokio::test(start_paused = true)]
async fn a_gateway_that_does_not_answer_in_time_may_have_the_message() {
    let world = World::new();
    let key = world.enrolled(1);
    world.edit(key.device, |d| {
        d.numbers = vec![number("+14085550137", true)];
    });
    let (slow, other) = (Arc::new(Slow::default()), FakeGateway::new("other", true));
    let mut ports = world.ports();
    ports.gateways = vec![slow.clone(), other.clone()];
    let made = flow::create(&ports, order(key.device, "lck()"))
        .await
        .expect("made");
    let tried = try_once(&ports, &made).await;
    assert_eq!(tried.state, ActionState::Sent);
    let [attempt] = &tried.attempts[..] else {
        panic!("one attempt, over one gateway: {:?}", tried.attempts)
    };
    assert!(attempt.accepted);
    assert_eq!(
        attempt.outcome,
        "slow did not answer after 10.0 s: it may have it"
    );
    let said: Vec<&str> = attempt.messages.iter().map(|m| m.from.as_str()).collect();
    assert_eq!(said, ["callhome"], "nothing is shown that was not heard");
    assert!(other.texts().is_empty(), "nobody gets it twice");
    let wait = tried.next_try_at.expect("again").since(ports.clock.now());
    assert!(wait >= Duration::from_secs(60), "{wait:?}");
    let refused = flow::cancel(&ports, made.id, anna()).await;
    assert!(
        matches!(refused, Err(ActError::Conflict { .. })),
        "{refused:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_only_asked_a_device_to_call_can_be_withdrawn() {
    let world = World::new();
    let key = world.enrolled(1);
    world.edit(key.device, |d| {
        d.bindings = vec![binding("sip:phone@192.0.2.31")];
    });
    let mut ports = world.ports();
    ports.sip = Some(ScriptedSip::new([(ok(), 20)]));
    let made = flow::create(&ports, order(key.device, "wip()"))
        .await
        .expect("made");
    let tried = try_once(&ports, &made).await;
    assert_eq!(
        (tried.state, tried.attempts[0].bearer),
        (ActionState::Sent, Bearer::SipDirect)
    );
    let ended = flow::cancel(&ports, made.id, anna())
        .await
        .expect("its content never left");
    assert_eq!(ended.state, ActionState::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn what_was_signed_by_hand_is_neither_withdrawn_nor_tried_by_the_server() {
    let world = World::new();
    let key = world.enrolled(1);
    let ports = world.ports();
    let request = SmsSignRequest {
        device: key.device,
        text: "KME 2.00 00000000 aud()".to_owned(),
        accept_risk: Vec::new(),
        reason: None,
    };
    let signed = sign::sign(&ports, request, None, anna(), None)
        .await
        .expect("signed");
    let id = signed.actions[0];
    for refused in [
        flow::cancel(&ports, id, anna()).await,
        flow::retry(&ports, id, None, anna()).await,
    ] {
        let Err(ActError::Conflict { detail, next }) = refused else {
            panic!("{refused:?}")
        };
        assert!(detail.contains("signed by hand"), "{detail}");
        assert!(next.contains("send the signed text"), "{next}");
    }
    let got = ports
        .results
        .deliverable(key.device, &[], ports.clock.now());
    assert!(got.await.expect("read").is_empty());
}
