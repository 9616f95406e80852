use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::ledger::Ledger;
use crate::cli::error::CommandError;
use crate::net::management::{ActionQuery, Client, EventQuery, Watched};

/// How often actions at peers are asked after: events do not cross servers.
const PEER_INTERVAL: Duration = Duration::from_secs(1);
/// After so long without an end, the open actions are read anew: one may have ended before anybody listened.
const STALLED: Duration = Duration::from_secs(3);
/// Up to this many actions are asked after one by one; more are read from the list.
const ONE_BY_ONE: usize = 32;
/// How many of the newest actions are looked through for ours.
const LIST: usize = 100_000;

/// Follows the actions of a run through one event stream until it is aborted; faults go to the ledger.
pub(super) async fn follow(client: Client, ledger: Arc<Ledger>, name: Option<String>) {
    let mut watcher = client.watch(EventQuery {
        kind: Some("action.changed".into()),
        ..EventQuery::default()
    });
    let mut peers = interval(PEER_INTERVAL);
    peers.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut stalled = interval(STALLED);
    stalled.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut open_before = 0;
    loop {
        let told = tokio::select! {
            seen = watcher.next() => match seen {
                Ok(Watched::Open) => look(&client, &ledger, name.clone()).await,
                Ok(Watched::Event(event)) => match serde_json::from_value(event.data) {
                    Ok(view) => ledger.heard(view).await,
                    // An event of another form is none of ours.
                    Err(_) => Ok(()),
                },
                Err(error) => Err(error.into()),
            },
            _ = peers.tick() => look_at_peers(&client, &ledger).await,
            _ = stalled.tick() => {
                let open = ledger.open().await.len();
                let no_progress = open > 0 && open == open_before;
                open_before = open;
                if no_progress { look(&client, &ledger, name.clone()).await } else { Ok(()) }
            }
        };
        if let Err(error) = told {
            ledger.fail(error).await;
            return;
        }
    }
}

/// Reads how the open actions stand: what changed before the stream was open is not in it.
async fn look(client: &Client, ledger: &Ledger, name: Option<String>) -> Result<(), CommandError> {
    let mut open = ledger.open().await;
    open.retain(|(_, expected)| expected.peer.is_none());
    if open.len() <= ONE_BY_ONE {
        for (id, _) in open {
            ledger.heard(client.action(id, None).await?).await?;
        }
        return Ok(());
    }
    let query = ActionQuery {
        name,
        ..ActionQuery::default()
    };
    let ours: std::collections::HashSet<_> = open.into_iter().map(|(id, _)| id).collect();
    for view in client.actions(&query, LIST).await? {
        if ours.contains(&view.id) {
            ledger.heard(view).await?;
        }
    }
    Ok(())
}

async fn look_at_peers(client: &Client, ledger: &Ledger) -> Result<(), CommandError> {
    for (id, expected) in ledger.open().await {
        if let Some(peer) = &expected.peer {
            ledger.heard(client.action(id, Some(peer)).await?).await?;
        }
    }
    Ok(())
}
