//! How often a device is bothered, and for how long, in virtual time.

use std::time::Duration;

use tokio::time::sleep;

use callhome::api::{ActionView, CallbackRequest, CallbackState, RungState};
use callhome::domain::ActionState;
use callhome::flow::{self, ActError, Caller, Ports, deliver, reach};
use callhome::port::{Claimed, Lease};
use callhome::sip::SipOutcome;

use crate::flow_world::{FakeGateway, ScriptedSip, World, binding, number, ok, order};

async fn view_of(ports: &Ports, view: &ActionView) -> ActionView {
    let stored = ports.actions.action(view.id).await.expect("read");
    stored.expect("there")
}

async fn try_once(ports: &Ports, view: &ActionView) -> ActionView {
    let claimed = Claimed {
        lease: Lease {
            action: view.id,
            fence: 1,
        },
        view: view_of(ports, view).await,
    };
    deliver::deliver(ports, claimed).await.expect("recorded")
}

#[tokio::test(start_paused = true)]
async fn a_registration_that_is_only_refreshed_does_not_set_the_pace() {
    let world = World::new();
    let key = world.enrolled(1);
    world.edit(key.device, |d| {
        d.bindings = vec![binding("sip:phone@192.0.2.31")];
        d.open_actions = 1;
    });
    let mut ports = world.ports();
    ports.sip = Some(ScriptedSip::new([(ok(), 20), (SipOutcome::NoAnswer, 0)]));
    let made = flow::create(&ports, order(key.device, "loc(1)"))
        .await
        .expect("made");
    let taken = try_once(&ports, &made).await;
    let due = taken.next_try_at;
    for _ in 0..20 {
        deliver::device_refreshed(&ports, key.device)
            .await
            .expect("heard");
        sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(view_of(&ports, &made).await.next_try_at, due);

    // What it did not answer is tried when it says that it is there, and not at each time that it does.
    let silent = try_once(&ports, &made).await;
    let last = silent.attempts.last().expect("tried").at;
    let due = silent.next_try_at.expect("again");
    deliver::device_refreshed(&ports, key.device)
        .await
        .expect("heard");
    assert_eq!(view_of(&ports, &made).await.next_try_at, Some(due));
    world.shelf().actions[0].next_try_at = Some(last.after(Duration::from_secs(900)));
    sleep(Duration::from_secs(60)).await;
    deliver::device_refreshed(&ports, key.device)
        .await
        .expect("heard");
    let hurried = view_of(&ports, &made).await.next_try_at;
    assert_eq!(hurried, Some(ports.clock.now()));
}

#[tokio::test(start_paused = true)]
async fn a_device_that_comes_and_goes_is_tried_every_few_seconds_at_most() {
    let world = World::new();
    let key = world.enrolled(1);
    world.edit(key.device, |d| {
        d.bindings = vec![binding("sip:phone@192.0.2.31")];
        d.open_actions = 1;
    });
    let mut ports = world.ports();
    ports.sip = Some(ScriptedSip::new([(ok(), 20)]));
    let made = flow::create(&ports, order(key.device, "loc(1)"))
        .await
        .expect("made");
    let tried = try_once(&ports, &made).await;
    let last = tried.attempts[0].at;
    for _ in 0..3 {
        deliver::device_appeared(&ports, key.device)
            .await
            .expect("heard");
        let due = view_of(&ports, &made).await.next_try_at;
        assert_eq!(due, Some(last.after(Duration::from_secs(5))));
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_kept_trying_is_tried_to_the_end_and_the_picture_stays_small() {
    let world = World::new();
    let key = world.enrolled(1);
    world.edit(key.device, |d| {
        d.bindings = vec![binding("sip:phone@192.0.2.31")];
        d.bindings[0].expires_at = d.bindings[0]
            .expires_at
            .after(Duration::from_secs(9 * 86_400));
    });
    let silence = (0..900).map(|_| (SipOutcome::from_answer(480, "Temporarily Unavailable"), 5));
    let sip = ScriptedSip::new(silence);
    let mut ports = world.ports();
    ports.sip = Some(sip.clone());
    let mut asked = CallbackRequest::of(key.device);
    asked.keep_trying = true;
    asked.deadline_ms = Some(7 * 86_400_000);
    let caller = Caller::default();
    let climb = reach::begin(&ports, asked, caller, None).await;
    let climb = climb.expect("stored");
    let ended = reach::climb(&ports, climb).await.expect("climbed");
    assert_eq!(ended.state, CallbackState::Expired);
    let tries = sip.sent().len();
    assert!((600..=800).contains(&tries), "{tries} tries in seven days");
    assert!(ended.rungs.len() <= 40, "{} rungs", ended.rungs.len());
    assert!(ended.rungs.iter().all(|r| r.state == RungState::Missed));
}

#[tokio::test(start_paused = true)]
async fn a_registration_nobody_else_looks_for_wakes_the_one_that_waits_for_it() {
    let world = World::new();
    let key = world.enrolled(1);
    let mut ports = world.ports();
    let sip = ScriptedSip::new([(ok(), 5)]);
    ports.sip = Some(sip.clone());
    let mut asked = CallbackRequest::of(key.device);
    asked.keep_trying = true;
    asked.deadline_ms = Some(40_000);
    let climb = reach::begin(&ports, asked, Caller::default(), None).await;
    let climb = climb.expect("stored");
    let others = async {
        // A storm of others is nothing to it.
        for n in 0..2_000_u16 {
            let [high, low] = n.to_be_bytes();
            let other = callhome::domain::ShortId::from_random([9, 9, 9, high, low]);
            deliver::device_appeared(&ports, other)
                .await
                .expect("heard");
            sleep(Duration::from_millis(5)).await;
        }
        assert!(sip.sent().is_empty());
        world.edit(key.device, |d| {
            d.bindings = vec![binding("sip:phone@192.0.2.31")];
        });
        deliver::device_appeared(&ports, key.device)
            .await
            .expect("heard");
    };
    let (climbed, ()) = tokio::join!(reach::climb(&ports, climb), others);
    let climbed = climbed.expect("climbed");
    assert_eq!(sip.sent().len(), 1);
    // The first climb told which ways are missing, once.
    let missed = climbed
        .rungs
        .iter()
        .filter(|r| r.state == RungState::Missed);
    assert_eq!(missed.count(), 3, "{:?}", climbed.rungs);
}

#[tokio::test(start_paused = true)]
async fn what_no_text_message_can_carry_is_refused_where_there_is_nothing_else() {
    let world = World::new();
    let key = world.enrolled(1);
    world.edit(key.device, |d| {
        d.numbers = vec![number("+14085550137", true)];
        d.has_data = false;
    });
    let mut ports = world.ports();
    ports.gateways = vec![FakeGateway::new("a", true)];
    let endless = format!("msg({})", "x".repeat(60_000));
    let refused = flow::create(&ports, order(key.device, &endless)).await;
    let Err(ActError::Unusable(why)) = refused else {
        panic!("{refused:?}")
    };
    assert!(why.contains("too long for phone 1"), "{why}");
    let long = format!("msg({})", "x".repeat(300));
    let made = flow::create(&ports, order(key.device, &long)).await;
    assert_eq!(made.expect("two segments").state, ActionState::Pending);
    // A device that can follow a link fetches it.
    world.edit(key.device, |d| d.has_data = true);
    flow::create(&ports, order(key.device, &endless))
        .await
        .expect("by a link");
}
