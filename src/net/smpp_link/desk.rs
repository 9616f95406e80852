use std::collections::HashMap;

use tokio::sync::oneshot;

use crate::port::SmsPart;
use crate::sms::smpp::{Status, Ticket};

/// What became of one segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// The centre has it, under this id.
    Taken(String),
    /// The centre would not take it.
    Refused(Status),
    /// Nobody over there has it; why the centre did not take it when it was tried.
    NotSent(Option<Status>),
    /// Sent, and not answered.
    Unknown,
}

impl Fate {
    pub(super) fn id(&self) -> Option<&str> {
        match self {
            Self::Taken(id) => Some(id),
            _ => None,
        }
    }
}

/// A segment that is being sent.
pub(super) struct Open {
    /// Which.
    pub(super) part: SmsPart,
    /// Who waits; nobody once it was told that nobody knows.
    pub(super) tell: Option<oneshot::Sender<Fate>>,
}

/// Which ticket is which segment.
#[derive(Default)]
pub(super) struct Desk {
    next: Ticket,
    open: HashMap<Ticket, Open>,
}

/// Unanswered segments that are still recognised when their answer comes.
const MAX_OPEN: usize = 50_000;

impl Desk {
    /// Gives a segment its ticket.
    pub(super) fn register(&mut self, part: SmsPart, tell: oneshot::Sender<Fate>) -> Ticket {
        self.next += 1;
        let open = Open {
            part,
            tell: Some(tell),
        };
        self.open.insert(self.next, open);
        self.next
    }

    /// It ended.
    pub(super) fn end(&mut self, ticket: Ticket) -> Option<Open> {
        self.open.remove(&ticket)
    }

    /// Nobody knows: its sender is told, and the segment is remembered for an answer that comes late.
    pub(super) fn unknown(&mut self, ticket: Ticket) {
        let Some(open) = self.open.get_mut(&ticket) else {
            return;
        };
        if let Some(tell) = open.tell.take() {
            // Whoever asked may be gone.
            drop(tell.send(Fate::Unknown));
        }
        if self.open.len() > MAX_OPEN {
            self.open.remove(&ticket);
        }
    }

    /// The session is over: who was told that nobody knows will not be told anything else.
    pub(super) fn forget(&mut self) {
        self.open.retain(|_, open| open.tell.is_some());
    }

    /// Other segments of the same sending that still wait for their turn or answer.
    pub(super) fn siblings(&self, part: &SmsPart) -> Vec<Ticket> {
        let same = |open: &Open| {
            open.tell.is_some()
                && (open.part.reference, open.part.send) == (part.reference, part.send)
        };
        let mut tickets: Vec<Ticket> = self
            .open
            .iter()
            .filter(|(_, open)| same(open))
            .map(|(ticket, _)| *ticket)
            .collect();
        tickets.sort_unstable();
        tickets
    }

    /// Segments whose sender has gone away.
    pub(super) fn abandoned(&self) -> Vec<Ticket> {
        let gone = |open: &Open| open.tell.as_ref().is_some_and(oneshot::Sender::is_closed);
        self.open
            .iter()
            .filter(|(_, open)| gone(open))
            .map(|(ticket, _)| *ticket)
            .collect()
    }
}
