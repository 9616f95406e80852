use std::fmt;
use std::str::FromStr;

/// What an operator may do; each role may all that the one before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Looks, changes nothing.
    Viewer,
    /// Calls, locks, unlocks, reveals PINs, backs up, invites new phones.
    Helpdesk,
    /// Also sends raw SIP and SMS, probes, tests federation, enrols devices.
    Engineer,
    /// Also wipes, resets, deletes, and manages operators.
    Admin,
}

/// One thing an operator may be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// See devices, actions, results and the audit trail.
    Read,
    /// Call, ring, message, locate, audit, lock, unlock, reveal a PIN, back up and restore, invite a new phone.
    Operate,
    /// Send raw SIP and SMS, sign messages, probe, add and change devices, invite many or one that was enrolled before.
    Engineer,
    /// Wipe, reset, delete, manage operators and tokens, back up the server.
    Administer,
}

/// Why a text is not a role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a role is viewer, helpdesk, engineer or admin, found {0:?}")]
pub struct InvalidRole(String);

impl Role {
    /// All roles, weakest first.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Helpdesk, Self::Engineer, Self::Admin];

    /// Whether this role may do it.
    #[must_use]
    pub fn may(self, permission: Permission) -> bool {
        self >= permission.least_role()
    }
}

impl Permission {
    /// The weakest role that may do it; named in a denial.
    #[must_use]
    pub const fn least_role(self) -> Role {
        match self {
            Self::Read => Role::Viewer,
            Self::Operate => Role::Helpdesk,
            Self::Engineer => Role::Engineer,
            Self::Administer => Role::Admin,
        }
    }
}

impl FromStr for Role {
    type Err = InvalidRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|r| r.to_string() == text)
            .ok_or_else(|| InvalidRole(text.chars().take(20).collect()))
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Viewer => "viewer",
            Self::Helpdesk => "helpdesk",
            Self::Engineer => "engineer",
            Self::Admin => "admin",
        })
    }
}

serde_text!(Role);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_what_the_weaker_ones_may() {
        assert!(Role::Helpdesk.may(Permission::Operate));
        assert!(!Role::Helpdesk.may(Permission::Engineer));
        assert!(!Role::Viewer.may(Permission::Operate));
        assert!(Role::Admin.may(Permission::Administer));
        assert_eq!("helpdesk".parse::<Role>(), Ok(Role::Helpdesk));
        assert!("root".parse::<Role>().is_err());
    }
}
