use crate::sip::transport::Transport;

/// A NAPTR record (RFC 3403 §4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Naptr {
    /// Lower ones come first, and higher ones are not looked at once one fits.
    pub order: u16,
    /// Among records of one order, lower ones come first.
    pub preference: u16,
    /// `s`: the replacement has SRV records.
    pub flags: String,
    /// As in `SIP+D2U`.
    pub services: String,
    /// How to make a URI of the name that was asked for (ENUM, RFC 6116); empty for SIP.
    pub regexp: String,
    /// Name to go on with.
    pub replacement: String,
}

/// An SRV record (RFC 2782).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Srv {
    /// Lower ones come first.
    pub priority: u16,
    /// Share among records of one priority.
    pub weight: u16,
    /// Port of the service.
    pub port: u16,
    /// Host of the service; empty when it is not offered.
    pub target: String,
}

/// The records whose service we speak, of the lowest order that has any, in order of preference (RFC 3263 §4.1).
pub(super) fn usable(records: Vec<Naptr>, secure: bool) -> Vec<(Transport, Naptr)> {
    let mut fitting: Vec<(Transport, Naptr)> = records
        .into_iter()
        .filter(|r| r.flags.eq_ignore_ascii_case("s") && !r.replacement.is_empty())
        .filter_map(|r| {
            let transport = match r.services.to_ascii_uppercase().as_str() {
                "SIP+D2U" => Transport::Udp,
                "SIP+D2T" => Transport::Tcp,
                "SIPS+D2T" => Transport::Tls,
                "SIP+D2W" => Transport::Ws,
                "SIPS+D2W" => Transport::Wss,
                _ => return None,
            };
            (transport.is_secure() || !secure).then_some((transport, r))
        })
        .collect();
    fitting.sort_by_key(|(_, r)| (r.order, r.preference));
    let lowest = fitting.first().map(|(_, r)| r.order);
    fitting.retain(|(_, r)| Some(r.order) == lowest);
    fitting
}

/// The order of RFC 2782: by priority, and among equals drawn by weight.
pub(super) fn by_priority_and_weight(mut records: Vec<Srv>, random: &mut u64) -> Vec<Srv> {
    // Those without weight stand first, so that they have a small chance, too.
    records.sort_by_key(|r| (r.priority, r.weight));
    let mut ordered = Vec::with_capacity(records.len());
    while let Some(priority) = records.first().map(|r| r.priority) {
        let equals = records.iter().take_while(|r| r.priority == priority);
        let weights: Vec<u64> = equals.map(|r| u64::from(r.weight)).collect();
        let sum: u64 = weights.iter().sum();
        let mark = draw(random) % (sum + 1);
        let mut running = 0;
        let chosen = weights.iter().position(|weight| {
            running += weight;
            running >= mark
        });
        ordered.push(records.remove(chosen.unwrap_or(0)));
    }
    ordered
}

/// The next of the numbers that follow from the random bits handed in (xorshift64*).
fn draw(state: &mut u64) -> u64 {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
}
