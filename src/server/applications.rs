use futures_util::future::join_all;

use crate::flow::branch::Asked;
use crate::flow::trigger::{self, Pulse, Turn, Watched};

use super::endpoint::Endpoint;

/// Watches application servers until the endpoint stops; has devices call elsewhere while theirs is down (B9).
pub async fn watch_applications(endpoint: Endpoint, watched: Vec<Watched>) {
    join_all(watched.iter().map(|one| watch(&endpoint, one))).await;
}

async fn watch(endpoint: &Endpoint, watched: &Watched) {
    let name = &watched.name;
    let mut pulse = Pulse::default();
    loop {
        let health = tokio::select! {
            () = endpoint.stopping().cancelled() => return,
            health = watched.health.check() => health,
        };
        let why = health.as_ref().err().cloned();
        if let Some(turn) = pulse.beat(health.is_ok(), watched.failures) {
            let why = why.unwrap_or_else(|| "it answers again".to_owned());
            tracing::warn!(application_server = %name, ?turn, %why, "an application server changed");
            if let Err(error) = trigger::tell(endpoint.ports(), watched, turn, &why).await {
                tracing::error!(application_server = %name, %error, "its change could not be stored");
            }
            if turn == Turn::Down {
                stand_in(endpoint, watched).await;
            }
        }
        tokio::select! {
            () = endpoint.stopping().cancelled() => return,
            () = tokio::time::sleep(watched.every) => {}
        }
    }
}

async fn stand_in(endpoint: &Endpoint, watched: &Watched) {
    let since = endpoint.now();
    for device in &watched.devices {
        match trigger::stand_in(endpoint.ports(), watched, device, since).await {
            Ok(Asked::Here(climb)) => endpoint.reacher().climb(endpoint, *climb),
            Ok(Asked::There(_)) => {}
            Err(error) => {
                tracing::error!(application_server = %watched.name, device, %error, "a device cannot be asked to call elsewhere");
            }
        }
    }
}
