//! A device opened its session: tie it to what caused it, hand it what waits.

use data_encoding::BASE64URL_NOPAD;

use crate::api::{
    ActionView, AgentAction, CallbackState, SessionRequest, SessionResponse, SessionView,
};
use crate::domain::{InvalidShortId, Sequence, ShortId, Timestamp};
use crate::port::{ActionFilter, AgentKey, MachineError, PageOf, Step, StoreError};
use crate::sms::InvalidMessage;

use super::act::unlock_pin;
use super::rung::millis;
use super::{Ports, contact, message};

/// How many pages of a device's actions are searched for one number.
const PAGES: usize = 10;

/// Why a session is not opened.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The bootstrap token is wrong, used or too old. One word for all three.
    #[error("the bootstrap token is not valid")]
    Token,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No randomness.
    #[error(transparent)]
    Machine(#[from] MachineError),
    /// A stored action cannot be written as a message.
    #[error("action {sequence} cannot be signed")]
    Unsignable {
        /// Its number.
        sequence: Sequence,
        /// Why.
        #[source]
        source: InvalidMessage,
    },
}

/// Opens a session for an authenticated device. `entry` is how it came in, as in `POST /agent/v1/session`.
///
/// # Errors
/// [`SessionError`].
pub async fn open(
    ports: &Ports,
    key: &AgentKey,
    request: SessionRequest,
    entry: &str,
) -> Result<SessionResponse, SessionError> {
    let now = ports.now();
    let session = ports.new_id()?;
    let cause = match &request.bootstrap_token {
        Some(token) => {
            let callback = match token_callback(ports, key, token, now) {
                // The token is used up by the very write that ties the session: only one session can win it.
                Ok(id) if tie(ports, key.device, id, session, entry, now).await? => Ok(id),
                Ok(_) => Err("its request has ended: it was used, or its time was up"),
                Err(why) => Err(why),
            };
            let callback = match callback {
                Ok(callback) => callback,
                Err(why) => return Err(refused(ports, key, why, now).await?),
            };
            format!("for request {callback}, bootstrapped")
        }
        None => match request.request_id.as_deref() {
            Some(text) => tie_named(ports, key.device, text, session, entry, now).await?,
            None => "of its own accord".to_owned(),
        },
    };
    let component = request.component.as_deref().map_or_else(String::new, |c| {
        let plain: String = c.chars().filter(|c| !c.is_control()).take(60).collect();
        format!(", component {plain}")
    });
    catch_up(ports, key, request.contiguous, now).await?;
    let actions = waiting(ports, key, &request.missing, now).await?;
    if !actions.is_empty() {
        Step::SessionFilled.reached();
    }
    let line = format!(
        "session {session} {cause}{component}, {} actions handed out",
        actions.len()
    );
    ports
        .device_log
        .heard(key.device, now, "session", &line)
        .await?;
    Ok(SessionResponse { session, actions })
}

/// A server that was made of a copy does not know which numbers were given after that; the device does.
async fn catch_up(
    ports: &Ports,
    key: &AgentKey,
    taken: Sequence,
    now: Timestamp,
) -> Result<(), StoreError> {
    if !key.restored && taken < key.next {
        return Ok(());
    }
    let (results, device) = (&ports.results, key.device);
    let Some(caught) = results.catch_up(device, taken, unlock_pin, now).await? else {
        return Ok(());
    };
    let mut line = format!(
        "it has done number {taken}, of which this server knows nothing: numbers go on at {}, {} open actions got new ones",
        caught.first, caught.renumbered
    );
    if caught.kept > 0 {
        line.push_str(&format!(
            ", {} that it may have done keep theirs",
            caught.kept
        ));
    }
    ports.device_log.heard(device, now, "numbers", &line).await
}

/// Writes down that a bootstrap token was refused, and why; the device is not told.
async fn refused(
    ports: &Ports,
    key: &AgentKey,
    why: &str,
    now: Timestamp,
) -> Result<SessionError, StoreError> {
    let line = format!("a bootstrap token was refused: {why}");
    ports
        .device_log
        .heard(key.device, now, "refused", &line)
        .await?;
    Ok(SessionError::Token)
}

/// The callback or action that a request id names; a repeated try has its number behind a dot.
fn request_of(text: &str) -> Result<ShortId, InvalidShortId> {
    text.split_once('.').map_or(text, |(id, _)| id).parse()
}

/// The signed text of one action, for a device that followed a `url()` marker: `nop()` when it has ended meanwhile or its
/// time is up.
///
/// # Errors
/// [`SessionError`].
pub async fn text_of(
    ports: &Ports,
    key: &AgentKey,
    sequence: Sequence,
) -> Result<Option<String>, SessionError> {
    let view = by_sequence(ports, key, sequence).await?;
    let now = ports.now();
    let text = |view: ActionView| match view.expires_at <= now {
        true => message::void(&key.secret, sequence)
            .map_err(|source| SessionError::Unsignable { sequence, source }),
        false => text_for(key, &view),
    };
    view.map(text).transpose()
}

/// The action of the device's present epoch with this number.
pub(super) async fn by_sequence(
    ports: &Ports,
    key: &AgentKey,
    sequence: Sequence,
) -> Result<Option<ActionView>, StoreError> {
    let mut page = PageOf {
        cursor: None,
        limit: 1_000,
    };
    for _ in 0..PAGES {
        let filter = ActionFilter {
            device: Some(key.device),
            ..ActionFilter::default()
        };
        let actions = ports.actions.actions(filter, page.clone()).await?;
        let found = actions
            .items
            .into_iter()
            .find(|a| a.epoch == key.epoch && a.sequence == sequence);
        if found.is_some() || actions.next.is_none() {
            return Ok(found);
        }
        page.cursor = actions.next;
    }
    Ok(None)
}

/// Ties a session to the callback that a request id names, ours or the asker's; says so in words.
pub(super) async fn tie_named(
    ports: &Ports,
    device: ShortId,
    request: &str,
    session: ShortId,
    entry: &str,
    at: Timestamp,
) -> Result<String, StoreError> {
    let ours = request_of(request).ok();
    if let Some(id) = ours
        && tie(ports, device, id, session, entry, at).await?
    {
        return Ok(format!("for request {id}"));
    }
    match (contact::named(ports, device, request).await?, ours) {
        (Some(id), _) => {
            tie(ports, device, id, session, entry, at).await?;
            let plain: String = request.chars().filter(|c| !c.is_control()).collect();
            Ok(format!("for request {id} ({plain})"))
        }
        (None, Some(id)) => Ok(format!("for request {id}")),
        (None, None) => Ok("for a request that is not ours".to_owned()),
    }
}

/// Ties a session to the callback that caused it; false when there is none of this device, or it has ended.
pub(super) async fn tie(
    ports: &Ports,
    device: ShortId,
    callback: ShortId,
    session: ShortId,
    entry: &str,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let entry = entry.to_owned();
    let updated = ports
        .callbacks
        .update_callback(
            callback,
            Box::new(move |mut view| {
                let open = matches!(
                    view.state,
                    CallbackState::Pending | CallbackState::Delivered
                );
                if view.device != device || !open {
                    return None;
                }
                view.state = CallbackState::CalledBack;
                view.updated_at = at;
                let elapsed_ms = millis(at.since(view.created_at));
                // The rung that did it stays as it is: its climber completes the picture when the answer comes.
                view.session = Some(SessionView {
                    id: session,
                    at,
                    elapsed_ms,
                    entry,
                });
                Some(view)
            }),
        )
        .await;
    let stored = match updated {
        // The id of an action: what waits is handed out all the same.
        Err(StoreError::NotFound(_)) => None,
        other => other?,
    };
    let tied = stored
        .and_then(|view| view.session)
        .is_some_and(|s| s.id == session);
    if tied {
        ports.arrivals.announce(callback);
    }
    Ok(tied)
}

/// A one-time token that lets one device open one session for one callback until `expires_at`.
///
/// It is the callback's id and end, sealed for the device and its epoch; it is used up when the callback ends.
pub(super) fn bootstrap_token(
    ports: &Ports,
    key: &AgentKey,
    callback: ShortId,
    expires_at: Timestamp,
) -> Result<String, MachineError> {
    let mut plain = callback.to_string().into_bytes();
    plain.extend(expires_at.millis().to_be_bytes());
    let sealed = ports.sealer.seal(&token_context(key), &plain)?;
    Ok(BASE64URL_NOPAD.encode(&sealed))
}

fn token_context(key: &AgentKey) -> String {
    format!("bootstrap:{}:{}", key.device, key.epoch)
}

/// The callback that a token stands for; else why it is none, for the log.
fn token_callback(
    ports: &Ports,
    key: &AgentKey,
    token: &str,
    now: Timestamp,
) -> Result<ShortId, &'static str> {
    const FOREIGN: &str = "it is not of this device and enrolment";
    let sealed = BASE64URL_NOPAD
        .decode(token.as_bytes())
        .map_err(|_| FOREIGN)?;
    let plain = ports
        .sealer
        .open(&token_context(key), &sealed)
        .map_err(|_| FOREIGN)?;
    let (id, end) = plain.split_at_checked(8).ok_or(FOREIGN)?;
    let id = std::str::from_utf8(id)
        .ok()
        .and_then(|id| id.parse().ok())
        .ok_or(FOREIGN)?;
    let end = end.try_into().map_err(|_| FOREIGN)?;
    if Timestamp::from_millis(i64::from_be_bytes(end)) <= now {
        return Err("its time was up");
    }
    Ok(id)
}

/// The open actions in order, and `nop()` for numbers that the device misses and nobody will send any more.
async fn waiting(
    ports: &Ports,
    key: &AgentKey,
    missing: &[Sequence],
    now: Timestamp,
) -> Result<Vec<AgentAction>, SessionError> {
    let views = ports.results.deliverable(key.device, missing, now).await?;
    let mut texts: Vec<(Sequence, String)> = Vec::with_capacity(views.len());
    for view in views.iter().filter(|v| v.epoch == key.epoch) {
        texts.push((view.sequence, text_for(key, view)?));
    }
    for sequence in unknown(ports, key, missing, &texts).await? {
        let text = message::void(&key.secret, sequence)
            .map_err(|source| SessionError::Unsignable { sequence, source })?;
        texts.push((sequence, text));
    }
    texts.sort_by_key(|(sequence, _)| *sequence);
    texts.dedup_by_key(|(sequence, _)| *sequence);
    Ok(texts
        .into_iter()
        .map(|(_, text)| AgentAction { text })
        .collect())
}

/// Numbers that were passed over and never given to an action. One that may still be given is not among them:
/// a `nop()` there would take the place of the action that gets it.
async fn unknown(
    ports: &Ports,
    key: &AgentKey,
    missing: &[Sequence],
    known: &[(Sequence, String)],
) -> Result<Vec<Sequence>, StoreError> {
    let left: Vec<Sequence> = missing
        .iter()
        .copied()
        .filter(|m| known.iter().all(|(k, _)| k != m))
        .collect();
    if left.is_empty() {
        return Ok(left);
    }
    let filter = ActionFilter {
        device: Some(key.device),
        ..ActionFilter::default()
    };
    let newest = ports.actions.actions(filter, PageOf::default()).await?;
    let highest = newest
        .items
        .iter()
        .filter(|a| a.epoch == key.epoch)
        .map(|a| a.sequence)
        .max();
    Ok(left
        .into_iter()
        .filter(|m| highest.is_some_and(|h| *m < h))
        .collect())
}

fn text_for(key: &AgentKey, view: &ActionView) -> Result<String, SessionError> {
    let sequence = view.sequence;
    if view.state.is_final() {
        message::void(&key.secret, sequence)
    } else {
        message::signed(&key.secret, sequence, view.action.clone())
    }
    .map_err(|source| SessionError::Unsignable { sequence, source })
}
