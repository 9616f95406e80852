use std::time::Duration;

use clap::Args;
use tokio::time::Instant;

use crate::api::{ActionRequest, ActionView, Device, FindRequest, PeerOutcome, RECEIPT};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, ErrorKind, Exit, Outcome};
use crate::cli::flags::{WaitFlags, WriteFlags};
use crate::cli::output::{
    View, action_messages, bearer_words, device_title, done_words, elapsed, ladder, result_fields,
    state_words,
};
use crate::cli::prompt::ConsentFlags;
use crate::cli::target;
use crate::cli::waiting::{ending, follow_action, from_now, stopped_waiting, tell_unfinished};
use crate::domain::{Action, ActionKind, ActionState, Bearer, Consent, Imei, Risk};
use crate::net::management::Client;

/// How long a person at a terminal is shown progress without `--wait`.
const GLANCE: Duration = Duration::from_secs(15);
/// How long `--wait` waits without `--timeout`.
const WAIT: Duration = Duration::from_secs(300);

/// Flags of commands that may do harm.
#[derive(Debug, Args)]
pub(super) struct How {
    /// Only over this way: sip-direct, sip-proxy, push or sms
    #[arg(long, value_name = "BEARER")]
    pub(super) via: Option<Bearer>,
    #[command(flatten)]
    pub(super) consent: ConsentFlags,
    #[command(flatten)]
    pub(super) wait: WaitFlags,
    #[command(flatten)]
    pub(super) write: WriteFlags,
}

/// A device and the peer that manages it, when that is not the server we asked.
pub(super) struct Target {
    /// The device, as its server tells it.
    pub(super) device: Device,
    /// Name of the peer.
    pub(super) peer: Option<String>,
}

/// What to have a device do.
pub(super) struct Order<'a> {
    /// What.
    pub(super) action: Action,
    /// Only over this bearer.
    pub(super) via: Option<Bearer>,
    /// Accepted risks.
    pub(super) consent: Option<Consent>,
    /// Reason, ticket, key, dry run.
    pub(super) write: &'a WriteFlags,
    /// Waiting.
    pub(super) wait: &'a WaitFlags,
}

/// Whether a command with these flags waits for the device.
pub(super) fn waits(context: &Context, wait: &WaitFlags, write: &WriteFlags) -> bool {
    !write.dry_run && (wait.wait || context.environment.stderr_is_terminal)
}

/// The client for a command that may wait.
pub(super) async fn client_for(
    context: &Context,
    wait: &WaitFlags,
    write: &WriteFlags,
) -> Result<Client, CommandError> {
    let client = if waits(context, wait, write) {
        context.client_that_waits().await?
    } else {
        context.client().await?
    };
    Ok(client.clone().recording(write.dry_run))
}

/// The device that a text names: here, or (an IMEI) at a peer.
pub(super) async fn locate(client: &Client, name: &str) -> Result<Target, CommandError> {
    let not_here = match target::device(client, name).await {
        Ok(device) => return Ok(Target { device, peer: None }),
        Err(error) if error.kind() == ErrorKind::NotFound => error,
        Err(error) => return Err(error),
    };
    if name.parse::<Imei>().is_err() {
        return Err(not_here);
    }
    let request = FindRequest {
        term: name.to_owned(),
        deadline_ms: None,
        local_only: false,
    };
    let answer = client.clone().recording(false).find(&request).await?;
    let mut elsewhere: Vec<_> = answer.found.into_iter().filter(|f| !f.local).collect();
    match elsewhere.len() {
        1 => {
            let found = elsewhere.remove(0);
            Ok(Target {
                device: found.device,
                peer: Some(found.server),
            })
        }
        0 if answer.complete => Err(not_here),
        0 => {
            let silent: Vec<String> = answer
                .peers
                .iter()
                .filter(|p| matches!(p.outcome, PeerOutcome::Silent | PeerOutcome::Refused))
                .map(|p| p.server.clone())
                .collect();
            Err(CommandError::new(
                ErrorKind::FederationIncomplete,
                format!("{name} is not here, and {} did not say", silent.join(", ")),
            )
            .hint(format!("Try again:  callhome find {name}")))
        }
        _ => {
            let servers: Vec<String> = elsewhere.iter().map(|f| f.server.clone()).collect();
            Err(CommandError::new(
                ErrorKind::Ambiguous,
                format!("{name} is claimed by {}", servers.join(" and ")),
            )
            .hint("Let their keepers decide which of them has it."))
        }
    }
}

/// The request for a device and an order.
pub(super) fn request(target: &Target, order: &Order<'_>) -> ActionRequest {
    let risks: &[Risk] = order.consent.as_ref().map_or(&[], Consent::risks);
    let said = order.consent.as_ref().and_then(Consent::reason);
    ActionRequest {
        device: target.device.id,
        action: order.action.clone(),
        server: target.peer.clone(),
        reason: said
            .map(str::to_owned)
            .or_else(|| order.write.reason.clone()),
        ticket: order.write.ticket.clone(),
        accept_risk: risks.to_vec(),
        via: order.via,
        expires_in_s: order.wait.deadline.map(|d| d.as_secs()),
    }
}

/// Has a device do something, and watches how it goes on.
pub(super) async fn perform(
    context: &Context,
    client: &Client,
    target: &Target,
    order: Order<'_>,
) -> Outcome {
    let began = Instant::now();
    let write = context.write(order.write)?;
    let action = client.act(&request(target, &order), &write).await?;
    watch(
        context,
        client,
        action,
        target.peer.as_deref(),
        order.wait,
        began,
    )
    .await
}

/// Watches an action as long as the flags say, and shows it.
pub(super) async fn watch(
    context: &Context,
    client: &Client,
    action: ActionView,
    peer: Option<&str>,
    wait: &WaitFlags,
    began: Instant,
) -> Outcome {
    let time = match (wait.wait, wait.timeout) {
        (_, Some(timeout)) => timeout,
        (true, None) => WAIT,
        (false, None) if context.environment.stderr_is_terminal => GLANCE,
        (false, None) => Duration::ZERO,
    };
    let mut steps = Steps::new(context, began);
    let last = if time.is_zero() {
        steps.tell(&action);
        action
    } else {
        let id = action.id;
        let interrupt = context.interrupt();
        tokio::select! {
            last = follow_action(client, action, peer, from_now(time), |a| steps.tell(a)) => last?,
            () = interrupt.cancelled() => return Err(stopped_waiting(context, id, peer)),
        }
    };
    show(context, &last, began)?;
    if last.state.is_final() {
        return Ok(ending(&last).map_or(Exit::Done, Exit::Ended));
    }
    tell_unfinished(context, &last, peer)?;
    // A command that is its own server takes the work with it when it ends.
    if wait.wait || wait.timeout.is_some() || context.is_embedded() {
        return Ok(Exit::Ended(ErrorKind::Unconfirmed));
    }
    Ok(Exit::Done)
}

fn show(context: &Context, action: &ActionView, began: Instant) -> Result<(), CommandError> {
    let name = &action.device_name;
    let id = action.id;
    let time = elapsed(began.elapsed());
    let words = match action.state {
        ActionState::Done => format!("{name}: {}, confirmed after {time}.", done_words(action)),
        state if state.is_final() => {
            let code = action.result.as_ref().map(|r| format!(" ({})", r.code));
            format!(
                "{name}: {} {state}{}.",
                super::super::output::action_words(action),
                code.unwrap_or_default()
            )
        }
        _ => format!(
            "{name}: {} {}.",
            super::super::output::action_words(action),
            state_words(action)
        ),
    };
    let shown = |bearer| context.flags.traces_bearer(bearer);
    let picture = ladder(&action_messages(action, shown));
    if !picture.is_empty() {
        context.screen.note(picture.trim_end())?;
    }
    let text = format!("{words}  Action {id}.\n{}", result_fields(action));
    context.show(&View::one("action", action).text(text))
}

/// Tells each step of an action once, with the time since the command began.
struct Steps<'a> {
    context: &'a Context,
    began: Instant,
    started: bool,
    attempts: usize,
    ended: bool,
}

impl<'a> Steps<'a> {
    fn new(context: &'a Context, began: Instant) -> Self {
        Self {
            context,
            began,
            started: false,
            attempts: 0,
            ended: false,
        }
    }

    fn line(&self, good: bool, text: &str) {
        let paint = self.context.screen.status_paint;
        let mark = if good {
            paint.good("✓")
        } else {
            paint.bad("✗")
        };
        let time = elapsed(self.began.elapsed());
        // A closed standard error does not stop what was asked for.
        drop(
            self.context
                .status(&format!("  {mark} {text:<50} {time:>8}")),
        );
    }

    fn tell(&mut self, action: &ActionView) {
        if !self.context.environment.stderr_is_terminal && !self.context.flags.verbose {
            return;
        }
        if !self.started {
            self.started = true;
            if action.action.kind() == Some(ActionKind::Lock) {
                self.line(
                    true,
                    &format!("PIN kept (callhome device pin {})", action.device),
                );
            }
        }
        for attempt in action.attempts.iter().skip(self.attempts) {
            if let Some(said) = attempt.outcome.strip_prefix(RECEIPT) {
                let text = format!("{}: {said}", attempt.target);
                self.line(attempt.accepted, &text);
                continue;
            }
            let over = bearer_words(attempt.bearer);
            if attempt.accepted {
                self.line(true, &format!("sent over {over}: {}", attempt.outcome));
            } else {
                self.line(false, &format!("{over}: {}", attempt.outcome));
            }
        }
        self.attempts = self.attempts.max(action.attempts.len());
        if action.state.is_final() && !self.ended {
            self.ended = true;
            match action.state {
                ActionState::Done => {
                    self.line(
                        true,
                        &format!("{}, confirmed by the phone", done_words(action)),
                    );
                }
                state => self.line(false, &state.to_string()),
            }
        }
    }
}

/// The words for a person that a harmful act is about.
pub(super) fn last_four(device: &Device) -> (String, String) {
    use crate::domain::Identity;
    let imei = device.identities.iter().find_map(|i| match i {
        Identity::Imei(imei) => Some(imei.last_four()),
        _ => None,
    });
    if let Some(expected) = imei {
        return ("IMEI".into(), expected);
    }
    let tail = |text: &str| {
        let chars: Vec<char> = text.chars().collect();
        chars[chars.len().saturating_sub(4)..].iter().collect()
    };
    match device.identities.first() {
        Some(identity) => (identity.kind().to_string(), tail(&identity.value())),
        None => ("id".into(), tail(&device.id.to_string())),
    }
}

/// `this phone is …` for messages.
pub(super) fn called(device: &Device) -> String {
    device_title(device)
}
