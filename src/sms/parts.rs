use super::gateway::ReceiptOutcome;

/// What is known of the segments of one message that was sent once, in order; `None` of those not heard of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts(Vec<Option<ReceiptOutcome>>);

/// What that means for the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joined {
    /// Something is still to be heard.
    Pending,
    /// The phone has all of it.
    Delivered,
    /// Something of it will never arrive, so nothing of it can be read.
    Failed(ReceiptOutcome),
}

impl Parts {
    /// Of a message that took so many segments.
    #[must_use]
    pub fn of(total: u8) -> Self {
        Self(vec![None; usize::from(total.max(1))])
    }

    /// Notes a receipt of one segment, counted from 1, unless what was said before stands.
    pub fn note(&mut self, number: u8, outcome: ReceiptOutcome) {
        if let Some(place) = self.0.get_mut(usize::from(number.max(1)) - 1)
            && place.is_none_or(|said| said.gives_way_to(outcome))
        {
            *place = Some(outcome);
        }
    }

    /// What it means for the message: delivered when all are, failed when one is.
    #[must_use]
    pub fn joined(&self) -> Joined {
        let failed =
            self.0.iter().flatten().find(|outcome| {
                matches!(outcome, ReceiptOutcome::Failed | ReceiptOutcome::Refused)
            });
        if let Some(outcome) = failed {
            return Joined::Failed(*outcome);
        }
        let arrived = |o: &Option<ReceiptOutcome>| *o == Some(ReceiptOutcome::Delivered);
        match self.0.iter().all(arrived) {
            true => Joined::Delivered,
            false => Joined::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_delivered_when_all_of_it_is_and_failed_when_one_part_is() {
        let mut parts = Parts::of(3);
        assert_eq!(parts.joined(), Joined::Pending);
        parts.note(1, ReceiptOutcome::Delivered);
        parts.note(3, ReceiptOutcome::Delivered);
        parts.note(2, ReceiptOutcome::Buffered);
        assert_eq!(parts.joined(), Joined::Pending);
        let mut failed = parts.clone();
        parts.note(2, ReceiptOutcome::Delivered);
        assert_eq!(parts.joined(), Joined::Delivered);
        // A late word changes nothing any more.
        parts.note(2, ReceiptOutcome::Failed);
        assert_eq!(parts.joined(), Joined::Delivered);
        failed.note(2, ReceiptOutcome::Refused);
        assert_eq!(failed.joined(), Joined::Failed(ReceiptOutcome::Refused));
        failed.note(2, ReceiptOutcome::Failed);
        failed.note(9, ReceiptOutcome::Delivered);
        failed.note(0, ReceiptOutcome::Delivered);
        assert_eq!(failed.joined(), Joined::Failed(ReceiptOutcome::Refused));
        // The phone has it after all.
        failed.note(2, ReceiptOutcome::Delivered);
        assert_eq!(failed.joined(), Joined::Delivered);
    }
}
