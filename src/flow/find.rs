//! Which server holds a device.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, timeout_at};

use crate::api::{FindRequest, FindResponse, Found, PeerAnswer, PeerOutcome};
use crate::domain::{Identity, Imei, Msisdn};
use crate::port::{DeviceFilter, PageOf, PeerError, Peers};

use super::{ActError, Ports};

/// For all peers together, unless told otherwise.
const DEADLINE: Duration = Duration::from_secs(5);
/// Nobody waits longer, whatever they ask for.
const LONGEST: Duration = Duration::from_secs(60);

/// Looks in the own registry; an IMEI that is not there is asked of all peers at once under one deadline.
///
/// A device that is here is not asked for elsewhere: no peer learns what is sought without need.
///
/// # Errors
/// [`ActError`] when the own registry failed; silent peers are named in the answer.
pub async fn find(ports: &Ports, request: FindRequest) -> Result<FindResponse, ActError> {
    let sought = Sought::read(&request.term);
    let page = PageOf {
        cursor: None,
        limit: 100,
    };
    let found: Vec<Found> = ports
        .devices
        .devices(sought.filter(), page)
        .await?
        .items
        .into_iter()
        .map(|device| Found {
            server: ports.home.name.clone(),
            local: true,
            device,
        })
        .collect();
    let imei = match sought {
        Sought::Imei(imei) if found.is_empty() && !request.local_only => imei,
        _ => return Ok(answer(found, Vec::new())),
    };
    let Some(peers) = &ports.peers else {
        return Ok(answer(found, Vec::new()));
    };
    let deadline = request
        .deadline_ms
        .map_or(DEADLINE, Duration::from_millis)
        .min(LONGEST);
    let (found, answers) = ask_all(peers, imei, deadline).await;
    Ok(answer(found, answers))
}

/// What a term names.
enum Sought {
    Imei(Imei),
    Identity(Identity),
    Number(Msisdn),
    Word(String),
}

impl Sought {
    /// The first reading that fits: an identity with its kind, an IMEI, a number, else a word.
    fn read(term: &str) -> Self {
        let term = term.trim();
        if let Ok(identity) = term.parse::<Identity>() {
            return match identity {
                Identity::Imei(imei) => Self::Imei(imei),
                other => Self::Identity(other),
            };
        }
        if let Ok(imei) = term.parse() {
            return Self::Imei(imei);
        }
        term.parse()
            .map_or_else(|_| Self::Word(term.to_owned()), Self::Number)
    }

    fn filter(&self) -> DeviceFilter {
        let mut filter = DeviceFilter::default();
        match self {
            Self::Imei(imei) => filter.identity = Some(Identity::Imei(*imei)),
            Self::Identity(identity) => filter.identity = Some(identity.clone()),
            Self::Number(number) => filter.number = Some(number.clone()),
            Self::Word(word) => filter.word = Some(word.clone()),
        }
        filter
    }
}

async fn ask_all(
    peers: &Arc<dyn Peers>,
    imei: Imei,
    deadline: Duration,
) -> (Vec<Found>, Vec<PeerAnswer>) {
    let end = Instant::now() + deadline;
    let names: Vec<String> = peers.peers().into_iter().map(|p| p.name).collect();
    let asked = names.into_iter().map(|name| async move {
        let started = Instant::now();
        let reply = match timeout_at(end, peers.find(&name, imei, deadline)).await {
            Ok(reply) => reply,
            Err(_) => Err(PeerError::Silent(format!(
                "no answer within {:.1} s",
                deadline.as_secs_f64()
            ))),
        };
        (name, reply, started.elapsed())
    });
    let mut found = Vec::new();
    let mut answers = Vec::new();
    for (server, reply, elapsed) in join_all(asked).await {
        let (outcome, detail) = match reply {
            // Whatever it calls itself, the answer is this peer's.
            Ok(Some(device)) => {
                found.push(Found {
                    server: server.clone(),
                    local: false,
                    device,
                });
                (PeerOutcome::Found, String::new())
            }
            Ok(None) => (PeerOutcome::NotHere, String::new()),
            Err(PeerError::Silent(why)) => (PeerOutcome::Silent, why),
            Err(PeerError::Refused(why)) => (PeerOutcome::Refused, why),
            Err(PeerError::Problem(problem)) => (PeerOutcome::Refused, problem.to_string()),
        };
        answers.push(PeerAnswer {
            server,
            outcome,
            detail,
            elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
        });
    }
    (found, answers)
}

/// Complete when every peer was heard, or when the device was found without them.
fn answer(found: Vec<Found>, peers: Vec<PeerAnswer>) -> FindResponse {
    let heard = |p: &PeerAnswer| matches!(p.outcome, PeerOutcome::Found | PeerOutcome::NotHere);
    FindResponse {
        complete: peers.iter().all(heard),
        found,
        peers,
    }
}
