use std::fmt;

/// A `command_status` (SMPP 3.4 §5.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Status(pub u32);

/// What can be done about a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Nothing has to: it was taken.
    None,
    /// The centre is asked too much: all wait, then this one is sent again, as often as it takes.
    SlowDown,
    /// Something failed over there: sent again a few times.
    Again,
    /// Sending it again would not help.
    Final,
}

impl Status {
    /// No error.
    pub const OK: Self = Self(0);
    /// Invalid message length.
    pub const MESSAGE_LENGTH: Self = Self(0x01);
    /// Invalid command length.
    pub const COMMAND_LENGTH: Self = Self(0x02);
    /// Unknown command.
    pub const COMMAND_ID: Self = Self(0x03);
    /// Wrong bind state.
    pub const BIND_STATE: Self = Self(0x04);
    /// System error.
    pub const SYSTEM: Self = Self(0x08);
    /// Temporary error of the receiver: the centre tries again.
    pub const TRY_LATER: Self = Self(0x64);

    /// Whether it is no error.
    #[must_use]
    pub const fn is_ok(self) -> bool {
        self.0 == 0
    }

    /// What can be done about it.
    #[must_use]
    pub const fn remedy(self) -> Remedy {
        match self.0 {
            0 => Remedy::None,
            0x58 | 0x14 => Remedy::SlowDown,
            0x08 | 0x45 | 0x64 => Remedy::Again,
            _ => Remedy::Final,
        }
    }

    /// The name that the standard gives it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.0 {
            0x00 => "ESME_ROK",
            0x01 => "ESME_RINVMSGLEN",
            0x02 => "ESME_RINVCMDLEN",
            0x03 => "ESME_RINVCMDID",
            0x04 => "ESME_RINVBNDSTS",
            0x05 => "ESME_RALYBND",
            0x06 => "ESME_RINVPRTFLG",
            0x07 => "ESME_RINVREGDLVFLG",
            0x08 => "ESME_RSYSERR",
            0x0a => "ESME_RINVSRCADR",
            0x0b => "ESME_RINVDSTADR",
            0x0c => "ESME_RINVMSGID",
            0x0d => "ESME_RBINDFAIL",
            0x0e => "ESME_RINVPASWD",
            0x0f => "ESME_RINVSYSID",
            0x14 => "ESME_RMSGQFUL",
            0x15 => "ESME_RINVSERTYP",
            0x43 => "ESME_RINVESMCLASS",
            0x45 => "ESME_RSUBMITFAIL",
            0x48 => "ESME_RINVSRCTON",
            0x49 => "ESME_RINVSRCNPI",
            0x50 => "ESME_RINVDSTTON",
            0x51 => "ESME_RINVDSTNPI",
            0x53 => "ESME_RINVSYSTYP",
            0x54 => "ESME_RINVREPFLAG",
            0x58 => "ESME_RTHROTTLED",
            0x61 => "ESME_RINVSCHED",
            0x62 => "ESME_RINVEXPIRY",
            0x63 => "ESME_RINVDFTMSGID",
            0x64 => "ESME_RX_T_APPN",
            0x65 => "ESME_RX_P_APPN",
            0x66 => "ESME_RX_R_APPN",
            0x67 => "ESME_RQUERYFAIL",
            0xc0 => "ESME_RINVOPTPARSTREAM",
            0xc1 => "ESME_ROPTPARNOTALLWD",
            0xc2 => "ESME_RINVPARLEN",
            0xc3 => "ESME_RMISSINGOPTPARAM",
            0xc4 => "ESME_RINVOPTPARAMVAL",
            0xfe => "ESME_RDELIVERYFAILURE",
            0xff => "ESME_RUNKNOWNERR",
            0x400..=0x4ff => "an error of this vendor",
            _ => "a reserved status",
        }
    }

    /// The same for people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self.0 {
            0x00 => "no error",
            0x01 => "the message is too long or too short",
            0x02 => "the command's length is wrong",
            0x03 => "the command is not known there",
            0x04 => "not allowed in this state of the session",
            0x05 => "this account is bound already",
            0x08 => "an error inside the centre",
            0x0a => "the sender is not allowed",
            0x0b => "the receiver's number is not valid there",
            0x0d => "the bind failed",
            0x0e => "the password is wrong",
            0x0f => "the system id is wrong",
            0x14 => "the centre's queue is full",
            0x45 => "the centre could not take it",
            0x58 => "the account sends faster than it may",
            0x61 => "the delivery time is not valid",
            0x62 => "the validity is not valid",
            0x64 => "a temporary error of the receiver",
            0x65 => "a permanent error of the receiver",
            0x66 => "the receiver refused it",
            0xff => "an unknown error",
            _ => "refused",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, 0x{:02x})", self.words(), self.name(), self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_work_later_is_told_from_what_will_not() {
        for (codes, expected) in [
            (&[0x00][..], Remedy::None),
            (&[0x58, 0x14], Remedy::SlowDown),
            (&[0x08, 0x45, 0x64], Remedy::Again),
            (
                &[0x01, 0x0a, 0x0b, 0x04, 0x05, 0x0d, 0x0e, 0x423, 0xffff_ffff],
                Remedy::Final,
            ),
        ] {
            for code in codes {
                assert_eq!(Status(*code).remedy(), expected, "{code:x}");
            }
        }
        assert_eq!(
            Status(0x58).to_string(),
            "the account sends faster than it may (ESME_RTHROTTLED, 0x58)"
        );
    }
}
