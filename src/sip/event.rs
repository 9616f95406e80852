use super::contact_me;

/// What a NOTIFY of a package makes real phones do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VendorEvent {
    /// Who understands it.
    pub vendor: &'static str,
    /// The `Event` value to send.
    pub event: &'static str,
    /// What the phone does, in words.
    pub effect: &'static str,
    /// Whether the phone asks for a password by default.
    pub digest: bool,
    /// The final answer to expect.
    pub expect: u16,
    /// Whether the phone registers again afterwards.
    pub registers_again: bool,
    /// What its `User-Agent` begins with; empty when it says nothing of the sort.
    pub user_agent: &'static str,
}

const fn row(
    vendor: &'static str,
    user_agent: &'static str,
    event: &'static str,
    effect: &'static str,
    digest: bool,
    registers_again: bool,
) -> VendorEvent {
    VendorEvent {
        vendor,
        event,
        effect,
        digest,
        expect: 200,
        registers_again,
        user_agent,
    }
}

/// Event packages of desk phones, and our own.
pub const VENDOR_EVENTS: &[VendorEvent] = &[
    row(
        "callhome",
        "callhome",
        contact_me::EVENT,
        "calls the management server",
        false,
        false,
    ),
    row(
        "Yealink",
        "Yealink",
        "check-sync;reboot=false",
        "fetches its configuration",
        false,
        false,
    ),
    row(
        "Yealink",
        "Yealink",
        "check-sync;reboot=true",
        "restarts and fetches its configuration",
        false,
        true,
    ),
    row(
        "Snom",
        "snom",
        "check-sync;reboot=false",
        "fetches its configuration",
        true,
        false,
    ),
    row(
        "Snom",
        "snom",
        "check-sync;reboot=true",
        "restarts and fetches its configuration",
        true,
        true,
    ),
    row(
        "Polycom",
        "Polycom",
        "check-sync",
        "fetches its configuration and restarts if it changed",
        false,
        true,
    ),
    row(
        "Gigaset",
        "Gigaset",
        "check-sync;reboot=false",
        "fetches its configuration",
        false,
        false,
    ),
    row(
        "Cisco SPA",
        "Cisco/SPA",
        "resync",
        "fetches its configuration",
        true,
        false,
    ),
    row("Cisco SPA", "Cisco/SPA", "reboot", "restarts", true, true),
    row(
        "Grandstream",
        "Grandstream",
        "resync",
        "fetches its configuration",
        true,
        false,
    ),
    row(
        "Grandstream",
        "Grandstream",
        "reboot",
        "restarts",
        true,
        true,
    ),
];

/// The gentlest event that makes a phone with this `User-Agent` fetch its configuration, if its vendor is known.
#[must_use]
pub fn event_for_user_agent(user_agent: &str) -> Option<&'static VendorEvent> {
    let starts = |prefix: &str| {
        user_agent
            .get(..prefix.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(prefix))
    };
    VENDOR_EVENTS.iter().find(|row| starts(row.user_agent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_is_known_by_its_user_agent() {
        let event = |agent| event_for_user_agent(agent).map(|e| e.event);
        assert_eq!(
            event("Yealink SIP-T46S 66.85.0.5"),
            Some("check-sync;reboot=false")
        );
        assert_eq!(event("Cisco/SPA504G-7.6.2"), Some("resync"));
        assert_eq!(event("callhome/0.1.0"), Some(contact_me::EVENT));
        assert_eq!(event("Linphone"), None);
        assert_eq!(event("é"), None);
    }
}
