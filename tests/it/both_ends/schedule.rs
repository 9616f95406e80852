//! What may happen, as proptest draws it.

use proptest::prelude::*;

/// What becomes of something on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It arrives.
    Arrives,
    /// It arrives, and comes again later.
    ArrivesTwice,
    /// It is lost.
    Lost,
    /// It arrives and is acted on; what the other side answers to that is lost.
    AnswerLost,
    /// Power fails when it arrives, before anything is stored.
    CutBefore,
    /// Power fails after it was stored, before anything is done.
    CutAfter,
}

/// How a server's try to send ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sending {
    /// As it should.
    Recorded,
    /// The gateway refuses.
    Refused,
    /// Killed after the claim, before anything is sent.
    KilledBefore,
    /// Killed after the gateway took it, before that is recorded.
    KilledAfter,
}

/// One thing that happens.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// An operator asks for something: which kind.
    Ask(u8),
    /// An operator withdraws the newest action.
    Withdraw,
    /// The server looks for what is due.
    Send(Sending),
    /// A text message in the air, counted from the oldest, meets its fate.
    Air(u8, Fate),
    /// Something that the device sends meets its fate.
    Up(u8, Fate),
    /// Time passes, in seconds.
    Wait(u16),
    /// The device opens a session of its own accord.
    Session,
    /// The device is switched off and on.
    Restart,
    /// An old message of the server is sent again by somebody.
    Replay(u8),
    /// Somebody alters an old message: which, and which octet.
    Forge(u8, u8),
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        5 => Just(Fate::Arrives),
        2 => Just(Fate::ArrivesTwice),
        2 => Just(Fate::Lost),
        1 => Just(Fate::AnswerLost),
        1 => Just(Fate::CutBefore),
        1 => Just(Fate::CutAfter),
    ]
}

fn sending() -> impl Strategy<Value = Sending> {
    prop_oneof![
        6 => Just(Sending::Recorded),
        1 => Just(Sending::Refused),
        1 => Just(Sending::KilledBefore),
        2 => Just(Sending::KilledAfter),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => any::<u8>().prop_map(Step::Ask),
        1 => Just(Step::Withdraw),
        4 => sending().prop_map(Step::Send),
        6 => (any::<u8>(), fate()).prop_map(|(n, f)| Step::Air(n, f)),
        5 => (any::<u8>(), fate()).prop_map(|(n, f)| Step::Up(n, f)),
        3 => (1_u16..400).prop_map(Step::Wait),
        1 => Just(Step::Session),
        1 => Just(Step::Restart),
        1 => any::<u8>().prop_map(Step::Replay),
        1 => (any::<u8>(), any::<u8>()).prop_map(|(n, o)| Step::Forge(n, o)),
    ]
}

/// A schedule.
pub(super) fn schedule() -> impl Strategy<Value = Vec<Step>> {
    proptest::collection::vec(step(), 1..60)
}
