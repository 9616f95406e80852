use serde::{Deserialize, Serialize};

use super::{ActionView, Attempt, CallbackView, DeviceLogLine, RungState};
use crate::domain::{ActionState, Bearer, ShortId, Timestamp};

/// How the outcome of an attempt begins that is a carrier's word on an earlier one.
pub const RECEIPT: &str = "receipt: ";

/// The outcome of an attempt that a crash or a lost claim cut off.
pub const CUT_OFF: &str = "cut off: it is not known whether it was sent";

/// Most attempts of an action that are kept: its first ones, the newest, and those that its content left with.
pub const MOST_ATTEMPTS: usize = 100;
/// How many of the first ones.
const FIRST_ATTEMPTS: usize = 10;

/// One moment in the story of an action or a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Moment {
    /// When.
    pub at: Timestamp,
    /// What kind: `asked`, `sent`, `not-sent`, `receipt`, `changed` (to another way), `fetched`, `result`, `next-try` of an action; `called`,
    /// `rung`, `rung-missed`, `called-back`, `call-ended` of a callback; of a device also the kinds of its log, as in `session`.
    pub kind: String,
    /// What happened, for people; no secrets.
    pub text: String,
    /// Over what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bearer: Option<Bearer>,
    /// Where to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The action or callback that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<ShortId>,
    /// The number of a line of the device's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
}

/// An action with its story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct ActionStory {
    /// The action.
    #[serde(flatten)]
    pub action: ActionView,
    /// Every send, receipt and result in order, and what comes next.
    #[serde(default)]
    pub timeline: Vec<Moment>,
}

impl Moment {
    fn new(at: Timestamp, kind: &str, text: impl Into<String>, of: Option<ShortId>) -> Self {
        Self {
            at,
            kind: kind.to_owned(),
            text: text.into(),
            bearer: None,
            target: None,
            of,
            id: None,
        }
    }

    fn over(self, bearer: Bearer, target: &str) -> Self {
        Self {
            bearer: Some(bearer),
            target: Some(target.to_owned()).filter(|t| !t.is_empty()),
            ..self
        }
    }
}

impl From<ActionView> for ActionStory {
    fn from(action: ActionView) -> Self {
        Self {
            timeline: action.timeline(),
            action,
        }
    }
}

impl From<&DeviceLogLine> for Moment {
    fn from(line: &DeviceLogLine) -> Self {
        Self {
            id: Some(line.id),
            ..Self::new(line.at, &line.kind, &line.text, None)
        }
    }
}

impl Attempt {
    /// Whether what the device is to do may have left with it.
    fn took_content(&self) -> bool {
        let carries = matches!(self.bearer, Bearer::Sms | Bearer::Session);
        carries && (self.accepted || self.outcome == CUT_OFF)
    }
}

impl ActionView {
    /// Whether its content may have left: in a text message, in a session, or nobody can say. A SIP request and a push
    /// message only ask the device to call; what it is to do stays here.
    #[must_use]
    pub fn content_left(&self) -> bool {
        self.state == ActionState::Delivered || self.attempts.iter().any(Attempt::took_content)
    }

    /// Adds attempts, and forgets the oldest of those that say the least when there are too many.
    pub fn add_attempts(&mut self, attempts: impl IntoIterator<Item = Attempt>) {
        self.attempts.extend(attempts);
        let mut surplus = self.attempts.len().saturating_sub(MOST_ATTEMPTS);
        let mut index = 0;
        self.attempts.retain(|attempt| {
            index += 1;
            let goes = surplus > 0 && index > FIRST_ATTEMPTS && !attempt.took_content();
            surplus -= usize::from(goes);
            !goes
        });
    }

    /// Whether it can be withdrawn or expire: it is open, and its content is here still.
    #[must_use]
    pub fn may_be_given_up(&self) -> bool {
        let open = matches!(self.state, ActionState::Pending | ActionState::Sent);
        open && !self.by_hand && !self.content_left()
    }

    /// Its story in order: asked, every send, every receipt, the result, and the next try.
    #[must_use]
    pub fn timeline(&self) -> Vec<Moment> {
        let of = Some(self.id);
        let mut moments = vec![Moment::new(
            self.created_at,
            "asked",
            format!("by {}, number {}", self.operator, self.sequence),
            of,
        )];
        for attempt in &self.attempts {
            let (kind, text) = match attempt.outcome.strip_prefix(RECEIPT) {
                Some(said) => ("receipt", said),
                None if attempt.bearer == Bearer::Session => ("fetched", &*attempt.outcome),
                None if attempt.accepted => ("sent", &*attempt.outcome),
                None => ("not-sent", &*attempt.outcome),
            };
            if let Some(why) = &attempt.because {
                moments.push(Moment {
                    bearer: Some(attempt.bearer),
                    ..Moment::new(attempt.at, "changed", why, of)
                });
            }
            moments.push(
                Moment::new(attempt.at, kind, text, of).over(attempt.bearer, &attempt.target),
            );
        }
        if let Some(result) = &self.result {
            // By the server's clock: the device's may be wrong, and would put it out of order.
            let text = format!("{} ({})", result.state, result.code);
            moments.push(Moment::new(self.updated_at, "result", text, of));
        } else if self.state.is_final() {
            let text = self.state.to_string();
            moments.push(Moment::new(self.updated_at, "result", text, of));
        }
        // A receipt may have been recorded before the try that it is of.
        moments.sort_by_key(|moment| moment.at);
        if let Some(at) = self.next_try_at.filter(|_| !self.state.is_final()) {
            moments.push(Moment::new(at, "next-try", "", of));
        }
        moments
    }
}

impl CallbackView {
    /// Its story in order: asked, the rungs that were tried, and the session.
    #[must_use]
    pub fn timeline(&self) -> Vec<Moment> {
        let of = Some(self.id);
        let asked = format!("to call home by {}", self.operator);
        let mut moments = vec![Moment::new(self.created_at, "called", asked, of)];
        // Rungs follow each other; what a rung took is known, not when it began.
        let mut at = self.created_at;
        for rung in &self.rungs {
            let kind = match rung.state {
                RungState::Accepted => "rung",
                _ => "rung-missed",
            };
            moments.push(Moment::new(at, kind, &rung.outcome, of).over(rung.bearer, &rung.target));
            at = at.after(std::time::Duration::from_millis(rung.elapsed_ms));
        }
        if let Some(session) = &self.session {
            let text = format!("{} after {} ms", session.entry, session.elapsed_ms);
            moments.push(Moment::new(session.at, "called-back", text, of));
        } else if !self.is_open() {
            let text = "its time ran out";
            moments.push(Moment::new(self.updated_at, "call-ended", text, of));
        }
        moments
    }
}
