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
        "callhome",
        "callhome",
        "check-sync",
        "registers again and opens a session",
        false,
        true,
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
        "Aastra",
        "Aastra",
        "check-sync",
        "fetches its configuration and restarts if it changed",
        false,
        true,
    ),
    row(
        "Linksys",
        "Linksys/SPA",
        "resync",
        "fetches its configuration",
        true,
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

/// What a vendor's phone is to do, whatever its vendor calls that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventEffect {
    /// Fetch its configuration, as gently as it can.
    Fetch,
    /// Restart.
    Restart,
    /// What *application-server-contact-me* asks for: call home.
    CallHome,
}

impl EventEffect {
    /// What an `Event` value of any vendor means; `None` for one that none of them knows.
    #[must_use]
    pub fn of(event: &str) -> Option<Self> {
        let event: String = event.split_whitespace().collect();
        let event = event.to_ascii_lowercase();
        match event.split(';').next().unwrap_or_default() {
            contact_me::EVENT => Some(Self::CallHome),
            "check-sync" if event.contains(";reboot=true") => Some(Self::Restart),
            "check-sync" | "resync" => Some(Self::Fetch),
            "reboot" => Some(Self::Restart),
            _ => None,
        }
    }
}

/// The row of the vendor whose phones name themselves so, for an effect: the gentlest where several have it. A vendor
/// whose phones restart by themselves when their configuration changed has no row of its own for that.
#[must_use]
pub fn event_for(user_agent: &str, effect: EventEffect) -> Option<&'static VendorEvent> {
    let starts = |row: &&VendorEvent| {
        user_agent
            .get(..row.user_agent.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(row.user_agent))
    };
    VENDOR_EVENTS
        .iter()
        .filter(starts)
        .find(|row| EventEffect::of(row.event) == Some(effect))
}

/// The same for a vendor by its name.
#[must_use]
pub fn event_of(vendor: &str, effect: EventEffect) -> Option<&'static VendorEvent> {
    VENDOR_EVENTS
        .iter()
        .filter(|row| row.vendor.eq_ignore_ascii_case(vendor.trim()))
        .find(|row| EventEffect::of(row.event) == Some(effect))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_gets_its_vendors_word_for_what_it_is_to_do() {
        let event = |agent, effect| event_for(agent, effect).map(|e| e.event);
        for (agent, fetch, restart) in [
            (
                "Yealink SIP-T46S 66.85.0.5",
                Some("check-sync;reboot=false"),
                Some("check-sync;reboot=true"),
            ),
            ("Cisco/SPA504G-7.6.2", Some("resync"), Some("reboot")),
            ("PolycomVVX-VVX_410-UA/5.9", Some("check-sync"), None),
            ("callhome-agent/0.1.0", Some("check-sync"), None),
            ("Linphone", None, None),
            ("é", None, None),
        ] {
            assert_eq!(event(agent, EventEffect::Fetch), fetch, "{agent}");
            assert_eq!(event(agent, EventEffect::Restart), restart, "{agent}");
        }
        let called = event("callhome/0.1.0", EventEffect::CallHome);
        assert_eq!(called, Some(contact_me::EVENT));
    }

    #[test]
    fn every_row_is_found_by_its_vendor_and_its_user_agent() {
        for row in VENDOR_EVENTS {
            let effect = EventEffect::of(row.event).expect("an effect");
            assert_eq!(event_of(row.vendor, effect), Some(row));
            assert_eq!(event_for(row.user_agent, effect), Some(row));
        }
        assert_eq!(event_of("nobody", EventEffect::Fetch), None);
    }
}
