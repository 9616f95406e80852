//! `flow::find`: who is asked, how long that takes, and what is said of those who were silent.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use callhome::api::{FindRequest, PeerOutcome};
use callhome::flow::find::find;
use callhome::port::PeerError;

use crate::flow_world::{FakePeers, World, bare_device, imei, number};

fn ask(term: &str) -> FindRequest {
    FindRequest {
        term: term.to_owned(),
        deadline_ms: Some(1_000),
        local_only: false,
    }
}

#[tokio::test(start_paused = true)]
async fn the_own_registry_is_searched_by_whatever_names_a_device() {
    let world = World::new();
    let key = world.enrolled(3);
    world.edit(key.device, |d| {
        d.numbers = vec![number("+14085550137", true)];
    });
    let with_kind = format!("imei:{}", imei(3));
    for term in [
        &imei(3).to_string(),
        &with_kind,
        "+1 408 555 0137",
        " phone 3 ",
    ] {
        let answer = find(&world.ports(), ask(term)).await.expect("searched");
        assert_eq!(answer.found.len(), 1, "{term}");
        assert!(answer.found[0].local && answer.complete, "{term}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_peer_learns_of_a_device_that_is_here_or_of_anything_but_an_imei() {
    let world = World::new();
    world.enrolled(3);
    let mut ports = world.ports();
    // Every answer would show up in `peers`.
    ports.peers = Some(Arc::new(FakePeers {
        peers: vec![("eu-south", 1, Ok(None))],
        ..FakePeers::default()
    }));
    for term in [imei(3).to_string().as_str(), "nobody", "+46701234567"] {
        let answer = find(&ports, ask(term)).await.expect("searched");
        assert!(answer.peers.is_empty(), "{term}");
    }
    let local = FindRequest {
        local_only: true,
        ..ask(&imei(9).to_string())
    };
    assert!(
        find(&ports, local)
            .await
            .expect("searched")
            .peers
            .is_empty()
    );
}

#[tokio::test(start_paused = true)]
async fn all_peers_are_asked_at_once_and_the_silent_ones_named() {
    let world = World::new();
    let there = bare_device(world.next_id(), 7);
    let mut ports = world.ports();
    ports.peers = Some(Arc::new(FakePeers {
        peers: vec![
            ("a", 300, Ok(None)),
            ("b", 400, Ok(Some(there.clone()))),
            ("c", 60_000, Ok(None)),
            (
                "d",
                5,
                Err(PeerError::Silent("connection refused".to_owned())),
            ),
            (
                "e",
                5,
                Err(PeerError::Refused("certificate expired".to_owned())),
            ),
        ],
        ..FakePeers::default()
    }));
    let started = Instant::now();
    let answer = find(&ports, ask(&imei(7).to_string()))
        .await
        .expect("searched");
    assert_eq!(
        started.elapsed(),
        Duration::from_secs(1),
        "the deadline, not one after the other"
    );
    assert_eq!(answer.found.len(), 1);
    assert_eq!(
        (answer.found[0].server.as_str(), answer.found[0].local),
        ("b", false)
    );
    assert!(!answer.complete);
    let told: Vec<_> = answer
        .peers
        .iter()
        .map(|p| {
            (
                p.server.as_str(),
                p.outcome,
                p.detail.as_str(),
                p.elapsed_ms,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("a", PeerOutcome::NotHere, "", 300),
            ("b", PeerOutcome::Found, "", 400),
            ("c", PeerOutcome::Silent, "no answer within 1.0 s", 1_000),
            ("d", PeerOutcome::Silent, "connection refused", 5),
            ("e", PeerOutcome::Refused, "certificate expired", 5),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn quick_peers_are_not_kept_waiting_for_the_deadline() {
    let world = World::new();
    let mut ports = world.ports();
    ports.peers = Some(Arc::new(FakePeers {
        peers: vec![("a", 30, Ok(None)), ("b", 40, Ok(None))],
        ..FakePeers::default()
    }));
    let started = Instant::now();
    let answer = find(&ports, ask(&imei(7).to_string()))
        .await
        .expect("searched");
    assert_eq!(started.elapsed(), Duration::from_millis(40));
    assert!(answer.complete && answer.found.is_empty());
}
