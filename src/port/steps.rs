//! Named steps at which a drill ends the process, as `kill -9` or a power cut would.
//!
//! Nothing happens at a step unless a program was armed for it, once, at its start. What has to hold is that an
//! action's effect comes about once and its result is stored once, whichever step it was.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

macro_rules! steps {
    ($($(#[doc = $doc:literal])+ $step:ident $name:literal,)+) => {
        /// A place between two things that must not come apart.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Step {
            $($(#[doc = $doc])+ $step,)+
        }

        impl Step {
            /// All steps: those of a server, then those of a device.
            pub const ALL: &[Self] = &[$(Self::$step,)+];

            const fn name(self) -> &'static str {
                match self {
                    $(Self::$step => $name,)+
                }
            }
        }
    };
}

steps! {
    /// Actions are in the store with their numbers; whoever asked for them has no answer yet.
    ActionStored "action-stored",
    /// The actions of a text that is signed by hand are stored; what its reply will answer is not.
    TextSigned "text-signed",
    /// An action is claimed; nothing is sent.
    ActionClaimed "action-claimed",
    /// One way did not take it and another is about to; nothing is recorded.
    WayChanged "way-changed",
    /// It is written down that a number is being verified; the phone is not asked.
    NumberAsked "number-asked",
    /// It is stored what the reply to a text will answer; the text is not sent.
    ReplyWanted "reply-wanted",
    /// A gateway has a segment; that and its id are not stored.
    SegmentTaken "segment-taken",
    /// They are stored; whoever sent the text does not know.
    SegmentStored "segment-stored",
    /// A bearer took a message; nothing is recorded.
    MessageSent "message-sent",
    /// The send is recorded.
    AttemptStored "attempt-stored",
    /// A carrier told what became of a segment; it is not stored.
    ReceiptCame "receipt-came",
    /// It is stored; the action does not know, and the carrier is not told that it was heard.
    ReceiptStored "receipt-stored",
    /// A session's actions are marked as handed out; the device does not have them yet.
    SessionFilled "session-filled",
    /// A part of a phone's long text is stored; the carrier is not told so.
    PartStored "part-stored",
    /// A phone's text was told on; what it answers is not looked at.
    TextCame "text-came",
    /// A result has come in; it is not stored.
    ResultReceived "result-received",
    /// It is stored; the device does not know.
    ResultStored "result-stored",
    /// A number is known to be the device's; what waited for that is not due yet.
    NumberShown "number-shown",
    /// The nonce of a reply is used up; the carrier is not told that the reply was heard.
    ReplyTaken "reply-taken",
    /// A long text was taken as a whole; its parts are not known to be done with.
    PartsTaken "parts-taken",
    /// The code of an invitation is stored; nobody was told.
    InvitationStored "invitation-stored",
    /// It is on its way to the phone; who invites has no answer yet.
    InvitationSent "invitation-sent",
    /// The device has acted; that and its result are not stored.
    PhoneDecided "phone-decided",
    /// They are stored; nothing was told to the server.
    PhoneStored "phone-stored",
    /// The server has the result; the device has not stored that.
    PhoneAnswered "phone-answered",
    /// The carrier knows that the device has a text; what it has to say is not sent.
    PhoneTook "phone-took",
    /// The carrier has the device's text.
    PhoneReplied "phone-replied",
}

fn names() -> String {
    let names: Vec<&str> = Step::ALL.iter().map(|step| step.name()).collect();
    names.join(", ")
}

/// When a drill ends the process: at a step, the first time it is reached or a later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drill {
    step: Step,
    time: u32,
}

/// Why a text is not a drill.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a drill is STEP or STEP:N; the steps are {}", names())]
pub struct InvalidDrill;

static ARMED: OnceLock<(Step, AtomicU32)> = OnceLock::new();

impl Step {
    /// Whether it is a device that comes by here.
    #[must_use]
    pub const fn is_of_device(self) -> bool {
        matches!(
            self,
            Self::PhoneDecided
                | Self::PhoneStored
                | Self::PhoneAnswered
                | Self::PhoneTook
                | Self::PhoneReplied
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
        f.write_str(self.name())
    }
}

impl FromStr for Drill {
    type Err = InvalidDrill;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, time) = match text.split_once(':') {
            Some((name, time)) => (name, time.parse().map_err(|_| InvalidDrill)?),
            None => (text, 1),
        };
        let step = Step::ALL.iter().find(|s| s.name() == name);
        match (step, time) {
            (Some(step), 1..) => Ok(Self { step: *step, time }),
            _ => Err(InvalidDrill),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drill_is_a_step_and_how_often_it_is_passed() {
        for step in Step::ALL.iter().copied() {
            let drill = Drill { step, time: 1 };
            assert_eq!(step.to_string().parse(), Ok(drill));
            assert_eq!(format!("{step}:3").parse(), Ok(Drill { step, time: 3 }));
        }
        for text in ["", "lunch", "action-stored:0", "action-stored:x"] {
            assert_eq!(text.parse::<Drill>(), Err(InvalidDrill), "{text}");
        }
    }
}
