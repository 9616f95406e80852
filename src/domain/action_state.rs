use std::fmt;
use std::str::FromStr;

/// How far an action has got on the server.
///
/// `pending → sent → delivered → done | failed | refused | superseded | unsupported |
/// expired | cancelled`. Not heard is never *failed*: a sent action without a result
/// past its deadline is *shown* as `unconfirmed` and a late result still ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ActionState {
    /// Stored with its sequence number; nothing has been sent.
    Pending,
    /// Handed to a bearer at least once.
    Sent,
    /// The device has it (it fetched it, or a receipt says so).
    Delivered,
    /// The device did it.
    Done,
    /// The device tried and could not.
    Failed,
    /// The device would not.
    Refused,
    /// A later action made it pointless.
    Superseded,
    /// The device does not know this action.
    Unsupported,
    /// Its time ran out before anything was sent.
    Expired,
    /// An operator withdrew it.
    Cancelled,
}

/// Why a text is not an action state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a state of an action")]
pub struct InvalidActionState(String);

impl ActionState {
    /// All states, in the order of an action's life.
    pub const ALL: [Self; 10] = [
        Self::Pending,
        Self::Sent,
        Self::Delivered,
        Self::Done,
        Self::Failed,
        Self::Refused,
        Self::Superseded,
        Self::Unsupported,
        Self::Expired,
        Self::Cancelled,
    ];

    /// Whether nothing more will happen.
    #[must_use]
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Pending | Self::Sent | Self::Delivered)
    }

    /// Whether an action in this state may go to `next`.
    ///
    /// A result may arrive at any moment before the end (even before the bearer
    /// reported success); withdrawal is possible only while nothing was sent.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        match (self, next) {
            (Self::Pending, Self::Pending) => false,
            (Self::Pending, _) => true,
            (Self::Sent, Self::Pending | Self::Expired | Self::Cancelled) => false,
            (Self::Sent, _) => true,
            (
                Self::Delivered,
                Self::Done | Self::Failed | Self::Refused | Self::Superseded | Self::Unsupported,
            ) => true,
            _ => false,
        }
    }
}

impl FromStr for ActionState {
    type Err = InvalidActionState;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|s| s.to_string() == text)
            .ok_or_else(|| InvalidActionState(text.chars().take(20).collect()))
    }
}

impl fmt::Display for ActionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pending => "pending",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Superseded => "superseded",
            Self::Unsupported => "unsupported",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        })
    }
}

serde_text!(ActionState);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_a_final_state() {
        for from in ActionState::ALL.into_iter().filter(|s| s.is_final()) {
            for to in ActionState::ALL {
                assert!(!from.may_become(to), "{from} to {to}");
            }
        }
    }

    #[test]
    fn what_was_sent_can_no_longer_be_withdrawn() {
        assert!(ActionState::Pending.may_become(ActionState::Cancelled));
        for from in [ActionState::Sent, ActionState::Delivered] {
            assert!(!from.may_become(ActionState::Cancelled));
            assert!(!from.may_become(ActionState::Expired));
            assert!(from.may_become(ActionState::Done));
        }
    }
}
