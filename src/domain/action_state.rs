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
    /// reported success), and it counts for what was given up, too: it says what really
    /// happened. Withdrawal and expiry are possible while only a call was asked for, which
    /// is for the one to judge who knows the attempts.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        match (self, next) {
            (Self::Pending, Self::Pending) => false,
            (Self::Pending, _) => true,
            (Self::Sent, Self::Pending) => false,
            (Self::Sent, _) => true,
            (
                Self::Delivered | Self::Expired | Self::Cancelled,
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
    fn only_a_result_leaves_a_final_state_and_only_what_was_given_up() {
        let given_up = [ActionState::Expired, ActionState::Cancelled];
        for from in ActionState::ALL.into_iter().filter(|s| s.is_final()) {
            for to in ActionState::ALL {
                let result = to.is_final() && !given_up.contains(&to);
                let may = given_up.contains(&from) && result;
                assert_eq!(from.may_become(to), may, "{from} to {to}");
            }
        }
    }

    #[test]
    fn what_the_device_has_can_no_longer_be_withdrawn() {
        for from in [ActionState::Pending, ActionState::Sent] {
            assert!(from.may_become(ActionState::Cancelled));
            assert!(from.may_become(ActionState::Done));
        }
        assert!(!ActionState::Delivered.may_become(ActionState::Cancelled));
        assert!(!ActionState::Delivered.may_become(ActionState::Expired));
    }
}
