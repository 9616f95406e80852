use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use super::context::Context;
use super::error::{CommandError, ErrorKind};
use super::output::date_time;
use crate::api::{ActionView, CallbackState, CallbackView, RungState};
use crate::domain::{ActionState, ShortId};
use crate::net::management::{Client, EventQuery, Watched};

/// How often an action at a peer is asked after: events do not cross servers.
const PEER_INTERVAL: Duration = Duration::from_millis(400);

/// Follows one action until it ends or the time is over; tells each change, the first view included.
///
/// `peer` names the server that holds the device when that is not the one asked.
///
/// # Errors
/// What the client says.
pub(super) async fn follow_action(
    client: &Client,
    action: ActionView,
    peer: Option<&str>,
    until: Instant,
    mut changed: impl FnMut(&ActionView),
) -> Result<ActionView, CommandError> {
    changed(&action);
    if action.state.is_final() {
        return Ok(action);
    }
    let id = action.id;
    let mut last = action;
    let mut watcher = client.watch(EventQuery {
        subject: Some(format!("action:{id}")),
        ..EventQuery::default()
    });
    loop {
        let seen = if let Some(peer) = peer {
            if timeout_at(until, sleep(PEER_INTERVAL)).await.is_err() {
                return Ok(last);
            }
            Some(client.action(id, Some(peer)).await?)
        } else {
            match timeout_at(until, watcher.next()).await {
                Err(_) => return Ok(last),
                Ok(Ok(Watched::Open)) => Some(client.action(id, None).await?),
                Ok(Ok(Watched::Event(event))) => serde_json::from_value(event.data).ok(),
                Ok(Err(error)) => return Err(error.into()),
            }
        };
        // Events from before the last look come after it; an end is an end whenever it was.
        if let Some(view) = seen
            && view != last
            && (view.updated_at >= last.updated_at || view.state.is_final())
        {
            last = view;
            changed(&last);
        }
        if last.state.is_final() {
            return Ok(last);
        }
    }
}

/// Follows a callback until it ends or the time is over; tells each change, the first view included.
///
/// `peer` names the server that reaches the device when that is not the one asked.
///
/// # Errors
/// What the client says.
pub(super) async fn follow_callback(
    client: &Client,
    callback: CallbackView,
    peer: Option<&str>,
    until: Instant,
    mut changed: impl FnMut(&CallbackView),
) -> Result<CallbackView, CommandError> {
    changed(&callback);
    let id = callback.id;
    let mut last = callback;
    let mut watcher = client.watch(EventQuery {
        subject: Some(format!("callback:{id}")),
        ..EventQuery::default()
    });
    while !has_ended(&last) {
        let seen = if peer.is_some() {
            if timeout_at(until, sleep(PEER_INTERVAL)).await.is_err() {
                return Ok(last);
            }
            Some(client.callback(id, peer).await?)
        } else {
            match timeout_at(until, watcher.next()).await {
                Err(_) => return Ok(last),
                Ok(Ok(Watched::Open)) => Some(client.callback(id, None).await?),
                Ok(Ok(Watched::Event(event))) => serde_json::from_value(event.data).ok(),
                Ok(Err(error)) => return Err(error.into()),
            }
        };
        // Events from before the last look come after it; an end is an end whenever it was.
        if let Some(view) = seen
            && view != last
            && (view.updated_at >= last.updated_at || has_ended(&view))
        {
            last = view;
            changed(&last);
        }
    }
    Ok(last)
}

/// Whether a callback has ended: a session that comes before the answer of the rung that caused it waits for that answer.
#[must_use]
pub(super) fn has_ended(callback: &CallbackView) -> bool {
    match callback.state {
        CallbackState::Expired => true,
        CallbackState::CalledBack => !callback
            .rungs
            .iter()
            .any(|rung| rung.state == RungState::Trying),
        _ => false,
    }
}

/// Which exit code the end of an action has; `None` for success.
#[must_use]
pub(super) fn ending(action: &ActionView) -> Option<ErrorKind> {
    match action.state {
        ActionState::Done => None,
        ActionState::Failed | ActionState::Refused | ActionState::Unsupported => {
            Some(ErrorKind::Rejected)
        }
        ActionState::Superseded | ActionState::Cancelled => Some(ErrorKind::Conflict),
        ActionState::Expired
        | ActionState::Pending
        | ActionState::Sent
        | ActionState::Delivered => Some(ErrorKind::Unconfirmed),
    }
}

/// The moment `after` from now.
#[must_use]
pub(super) fn from_now(after: Duration) -> Instant {
    Instant::now() + after
}

/// What to say when something stays unfinished.
///
/// # Errors
/// When standard error is closed.
pub(super) fn tell_unfinished(
    context: &Context,
    action: &ActionView,
    peer: Option<&str>,
) -> Result<(), CommandError> {
    let id = action.id;
    let until = date_time(action.expires_at);
    let what = match action.state {
        ActionState::Pending => match action.next_try_at {
            Some(_) if action.attempts.is_empty() => "asked for: it is about to be sent",
            Some(_) => "not sent yet: nothing reached the device so far",
            None => "not sent yet: it goes out when the device calls home",
        },
        _ => "sent, and not confirmed by the device yet; that is not a failure",
    };
    context.status(&format!("  … {what}"))?;
    if action.state == ActionState::Pending {
        context.status(&format!("  It stays queued until {until}."))?;
    }
    if context.is_embedded() {
        context.status("  To keep trying:   callhome serve")?;
    }
    let there = peer.map_or_else(String::new, |p| format!(" --server {p}"));
    context.status(&format!(
        "  To go on waiting: callhome action wait {id}{there}"
    ))?;
    if action.state == ActionState::Pending && peer.is_none() {
        context.status(&format!("  To withdraw it:   callhome action cancel {id}"))?;
    }
    Ok(())
}

/// Ctrl-C while an action is waited for ends the waiting, not the action.
#[must_use]
pub(super) fn stopped_waiting(
    context: &Context,
    action: ShortId,
    peer: Option<&str>,
) -> CommandError {
    let there = peer.map_or_else(String::new, |p| format!(" --server {p}"));
    let mut error = CommandError::new(
        ErrorKind::Interrupted,
        format!("stopped waiting: the action {action} goes on"),
    )
    .hint(format!(
        "How it goes on:   callhome action show {action}{there}"
    ));
    if peer.is_none() {
        error = error.hint(format!("To withdraw it:   callhome action cancel {action}"));
    }
    if context.is_embedded() {
        error = error.hint("To keep trying:   callhome serve");
    }
    error
}
