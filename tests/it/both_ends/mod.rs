//! Both ends of the protocol against everything a network and a power cut can do (requirement C6).
//!
//! The server's end is the real one: flows over a SQLite file. The device's end is the agent's brain with its stored
//! state. Between them a schedule that proptest draws loses, repeats, reorders, forges, cuts off and restarts. Whatever
//! it was: in the end every action has ended, what is told of it is true, and nothing ran twice.

mod schedule;
mod world;

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use callhome::api::ActionView;
use callhome::domain::ActionState;

use schedule::{Step, schedule};
use world::World;

/// What has to hold at every moment.
fn check_so_far(world: &World, actions: &[ActionView]) -> Result<(), TestCaseError> {
    let counts = world.executed();
    let ran = |name: &str| counts.get(name).copied().unwrap_or(0);
    for action in actions {
        let name = action.action.name();
        if action.action.kind().is_none() {
            // Its name is its own: it is known by it how often it ran.
            prop_assert!(ran(&name) <= 1, "{name} ran {} times", ran(&name));
            if matches!(
                action.state,
                ActionState::Cancelled | ActionState::Expired | ActionState::Superseded
            ) {
                prop_assert_eq!(ran(&name), 0, "{} is {} and ran", name, action.state);
            }
            if action.state == ActionState::Unsupported {
                prop_assert_eq!(ran(&name), 1, "{} is answered and did not run", name);
            }
        }
    }
    for name in ["lck", "ulk", "wip", "rst", "msg"] {
        let of_kind = || actions.iter().filter(|a| a.action.name() == name);
        let told = of_kind().filter(|a| a.state == ActionState::Done).count() as u64;
        let may = of_kind()
            .filter(|a| !a.state.is_final() || a.state == ActionState::Done)
            .count() as u64;
        let ran = ran(name);
        prop_assert!(
            (told..=may).contains(&ran),
            "{} of {} ran, {told} are told to have, {may} may have",
            ran,
            name
        );
    }
    Ok(())
}

async fn play(no_data: bool, steps: &[Step]) -> Result<(), TestCaseError> {
    let mut world = World::new(no_data).await;
    for step in steps {
        world.take(step).await;
        let actions = world.actions().await;
        check_so_far(&world, &actions)?;
    }
    to_the_end(&mut world).await?;
    prop_assert_eq!(world.kept_forgeries(), 0, "a forged message was believed");
    Ok(())
}

/// Takes the world to its end, when nothing goes wrong any more.
async fn to_the_end(world: &mut World) -> Result<(), TestCaseError> {
    for round in 0.. {
        let actions = world.actions().await;
        check_so_far(world, &actions)?;
        if actions.iter().all(|a| a.state.is_final()) {
            break;
        }
        prop_assert!(
            round < 60,
            "never ended: {:#?}\nlog of the device: {:#?}",
            actions
                .iter()
                .filter(|a| !a.state.is_final())
                .collect::<Vec<_>>(),
            world.device_log()
        );
        world.calm_round().await;
    }
    Ok(())
}

#[tokio::test]
async fn more_results_than_a_phone_has_room_for_are_all_told_in_the_end() {
    const MANY: usize = 520;
    let mut world = World::new(false).await;
    for _ in 0..MANY {
        world.take(&Step::Ask(5)).await;
    }
    let ran = |actions: &[ActionView], world: &World| {
        let counts = world.executed();
        let names = actions.iter().map(|a| a.action.name());
        names.filter_map(|name| counts.get(&name)).sum::<u64>()
    };
    // For hours nothing that the phone says gets through.
    let mut rounds = 0;
    let actions = loop {
        world.one_way_round().await;
        let actions = world.actions().await;
        if actions.iter().all(|a| a.state != ActionState::Pending) {
            break actions;
        }
        rounds += 1;
        assert!(rounds < 100, "some were never sent");
    };
    assert_eq!(actions.len(), MANY);
    assert!(actions.iter().all(|a| !a.state.is_final()));
    let so_far = ran(&actions, &world);
    assert_eq!(so_far, 512, "more would be more than it has room for");
    to_the_end(&mut world).await.expect("as it has to be");
    let actions = world.actions().await;
    assert_eq!(ran(&actions, &world), MANY as u64);
    let told = |a: &ActionView| a.state == ActionState::Unsupported;
    assert!(actions.iter().all(told), "each has its own result");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, max_shrink_iters: 400, ..ProptestConfig::default() })]

    #[test]
    fn every_action_ends_and_none_runs_twice_whatever_the_network_and_the_power_do(
        no_data in any::<bool>(),
        steps in schedule(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(play(no_data, &steps))?;
    }
}
