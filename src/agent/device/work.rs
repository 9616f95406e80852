use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::Semaphore;

use crate::agent::brain::{Brain, Effect};
use crate::api::{AgentReport, BackupReceipt, SessionRequest, SessionResponse};
use crate::domain::{Sequence, Timestamp};
use crate::port::{Door, DoorError};

use super::subscription::{NotSubscribed, Standing};

/// What came of an effect.
pub(super) enum Outcome {
    Session {
        request: SessionRequest,
        at: Vec<String>,
        job: Option<Sequence>,
        answer: Result<Option<SessionResponse>, DoorError>,
    },
    Uploaded(Sequence, Result<BackupReceipt, DoorError>),
    Downloaded(Sequence, Result<Vec<u8>, DoorError>),
    Fetched(Result<Vec<u8>, DoorError>),
    Result(Sequence, Result<(), DoorError>),
    Reported(AgentReport, Result<(), DoorError>),
    /// The address at which it is reached now, towards its first hop; `None` when nothing leads there.
    Faced(Option<std::net::SocketAddr>),
    Registered(Result<std::time::Duration, String>),
    Subscribed(Result<Standing, NotSubscribed>),
    Told(Result<(), DoorError>),
}

/// The future of an effect that goes to the endpoint; `None` for those that do not.
pub(super) fn begin(
    effect: Effect,
    door: &Arc<dyn Door>,
    at_once: &Arc<Semaphore>,
) -> Option<BoxFuture<'static, Outcome>> {
    let door = Arc::clone(door);
    let at_once = Arc::clone(at_once);
    // The semaphore is never closed.
    Some(match effect {
        Effect::OpenSession { request, at, job } => Box::pin(async move {
            let _turn = at_once.acquire().await;
            let answer = open(door.as_ref(), &request, &at).await;
            Outcome::Session {
                request,
                at,
                job,
                answer,
            }
        }),
        Effect::Upload {
            job,
            backup,
            path,
            entries,
            content,
        } => Box::pin(async move {
            let _turn = at_once.acquire().await;
            Outcome::Uploaded(job, door.upload(backup, &path, entries, content).await)
        }),
        Effect::Download { job, link } => Box::pin(async move {
            let _turn = at_once.acquire().await;
            Outcome::Downloaded(job, door.download(&link).await)
        }),
        Effect::FetchText { link } => Box::pin(async move {
            let _turn = at_once.acquire().await;
            Outcome::Fetched(door.download(&link).await)
        }),
        Effect::SendResult(result) => Box::pin(async move {
            let _turn = at_once.acquire().await;
            let sequence = result.sequence();
            let session = result.session().copied();
            let sent = door.result(session, sequence, &result.to_xml()).await;
            Outcome::Result(sequence, sent)
        }),
        Effect::Report(report) => Box::pin(async move {
            let _turn = at_once.acquire().await;
            let sent = door.report(report.clone()).await;
            Outcome::Reported(report, sent)
        }),
        Effect::SendSms { .. } | Effect::Reregister | Effect::Resubscribe => return None,
    })
}

/// Opens a session at the first address that takes it; without one, at the endpoint.
async fn open(
    door: &dyn Door,
    request: &SessionRequest,
    at: &[String],
) -> Result<Option<SessionResponse>, DoorError> {
    let Some((first, others)) = at.split_first() else {
        return door.session(request.clone()).await.map(Some);
    };
    let mut answer = door.session_at(first, request.clone()).await;
    for url in others {
        if answer.is_ok() {
            break;
        }
        answer = door.session_at(url, request.clone()).await;
    }
    answer
}

/// What the loop has to do besides the effects.
#[derive(Default)]
pub(super) struct After {
    pub(super) effects: Vec<Effect>,
    /// The endpoint was not reached: what waits is tried again later.
    pub(super) unreached: bool,
    /// A session that is worth another try.
    pub(super) session_again: Option<Effect>,
    /// The brain changed and is to be stored.
    pub(super) changed: bool,
}

/// Feeds the brain what came of an effect.
pub(super) fn settle(brain: &mut Brain, outcome: Outcome, now: Timestamp) -> After {
    let mut after = After {
        changed: true,
        ..After::default()
    };
    let unreached = |e: &DoorError| matches!(e, DoorError::Unreachable(_) | DoorError::Refused(_));
    match outcome {
        Outcome::Session {
            answer: Ok(answer),
            job,
            ..
        } => after.effects = brain.session_opened(answer, job, now),
        Outcome::Session {
            request,
            at,
            job,
            answer: Err(error),
        } => {
            let (hope, effects) = brain.session_failed(error, job, now);
            after.effects = effects;
            after.session_again = hope.then_some(Effect::OpenSession { request, at, job });
        }
        Outcome::Uploaded(job, answer) => after.effects = brain.uploaded(job, answer, now),
        Outcome::Downloaded(job, answer) => after.effects = brain.downloaded(job, answer, now),
        Outcome::Fetched(answer) => after.effects = brain.fetched(answer.ok().as_deref(), now),
        Outcome::Result(sequence, sent) => match sent {
            // The server cannot use it: saying it again does not help.
            Ok(()) | Err(DoorError::Unusable(_)) => brain.result_sent(sequence),
            Err(_) => {
                after.changed = false;
                after.unreached = true;
            }
        },
        Outcome::Reported(report, sent) => match sent {
            Ok(()) | Err(DoorError::Unusable(_)) => brain.report_sent(&report),
            Err(error) => {
                after.changed = false;
                after.unreached = unreached(&error);
            }
        },
        Outcome::Faced(_) | Outcome::Registered(_) | Outcome::Subscribed(_) | Outcome::Told(_) => {
            after.changed = false;
        }
    }
    after
}
