//! Named steps at which a drill ends the process, as `kill -9` or a power cut would.
//!
//! Nothing happens at a step unless a program was armed for it, once, at its start. What has to hold is that an
//! action's effect comes about once and its result is stored once, whichever step it was.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// A place between two things that must not come apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// An action is in the store with its number; whoever asked for it has no answer yet.
    ActionStored,
    /// It is claimed; nothing is sent.
    ActionClaimed,
    /// A bearer took it; nothing is recorded.
    MessageSent,
    /// The send is recorded.
    AttemptStored,
    /// A session's actions are marked as handed out; the device does not have them yet.
    SessionFilled,
    /// A result has come in; it is not stored.
    ResultReceived,
    /// It is stored; the device does not know.
    ResultStored,
    /// The device has acted; that and its result are not stored.
    PhoneDecided,
    /// They are stored; nothing was told to the server.
    PhoneStored,
    /// The server has the result; the device has not stored that.
    PhoneAnswered,
}

/// When a drill ends the process: at a step, the first time it is reached or a later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drill {
    step: Step,
    time: u32,
}

/// Why a text is not a drill.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a drill is STEP or STEP:N; the steps are {}", Step::ALL.map(|s| s.to_string()).join(", "))]
pub struct InvalidDrill;

static ARMED: OnceLock<(Step, AtomicU32)> = OnceLock::new();

impl Step {
    /// All steps: those of a server, then those of a device.
    pub const ALL: [Self; 10] = [
        Self::ActionStored,
        Self::ActionClaimed,
        Self::MessageSent,
        Self::AttemptStored,
        Self::SessionFilled,
        Self::ResultReceived,
        Self::ResultStored,
        Self::PhoneDecided,
        Self::PhoneStored,
        Self::PhoneAnswered,
    ];

    /// Whether it is a device that comes by here.
    #[must_use]
    pub const fn is_of_device(self) -> bool {
        matches!(
            self,
            Self::PhoneDecided | Self::PhoneStored | Self::PhoneAnswered
        )
    }

    /// Comes by here. In a drill the process may end: nothing is flushed, no handler runs.
    pub fn reached(self) {
        if let Some((step, left)) = ARMED.get()
            && *step == self
            && left.fetch_sub(1, Ordering::Relaxed) == 1
        {
            std::process::abort();
        }
    }
}

impl Drill {
    /// Arms this process for the rest of its life; the first drill stays.
    pub fn arm(self) {
        ARMED.get_or_init(|| (self.step, AtomicU32::new(self.time)));
    }

    /// Whether this process is armed.
    #[must_use]
    pub fn is_on() -> bool {
        ARMED.get().is_some()
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ActionStored => "action-stored",
            Self::ActionClaimed => "action-claimed",
            Self::MessageSent => "message-sent",
            Self::AttemptStored => "attempt-stored",
            Self::SessionFilled => "session-filled",
            Self::ResultReceived => "result-received",
            Self::ResultStored => "result-stored",
            Self::PhoneDecided => "phone-decided",
            Self::PhoneStored => "phone-stored",
            Self::PhoneAnswered => "phone-answered",
        })
    }
}

impl FromStr for Drill {
    type Err = InvalidDrill;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, time) = match text.split_once(':') {
            Some((name, time)) => (name, time.parse().map_err(|_| InvalidDrill)?),
            None => (text, 1),
        };
        let step = Step::ALL.into_iter().find(|s| s.to_string() == name);
        match (step, time) {
            (Some(step), 1..) => Ok(Self { step, time }),
            _ => Err(InvalidDrill),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drill_is_a_step_and_how_often_it_is_passed() {
        for step in Step::ALL {
            let drill = Drill { step, time: 1 };
            assert_eq!(step.to_string().parse(), Ok(drill));
            assert_eq!(format!("{step}:3").parse(), Ok(Drill { step, time: 3 }));
        }
        for text in ["", "lunch", "action-stored:0", "action-stored:x"] {
            assert_eq!(text.parse::<Drill>(), Err(InvalidDrill), "{text}");
        }
    }
}
