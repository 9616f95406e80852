use std::time::Duration;

/// The base values of all transaction timers (RFC 3261 §17.1.1.1 and table 4).
///
/// A value, not a constant: tests and fast networks take others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timers {
    /// Estimate of the round trip, 500 ms.
    pub t1: Duration,
    /// Longest pause between copies of a request that is no INVITE, 4 s.
    pub t2: Duration,
    /// Longest life of a message in the network, 5 s.
    pub t4: Duration,
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            t1: Duration::from_millis(500),
            t2: Duration::from_secs(4),
            t4: Duration::from_secs(5),
        }
    }
}

impl Timers {
    /// 64 × T1: timers B, F, H, J, L and M.
    #[must_use]
    pub fn patience(&self) -> Duration {
        self.t1 * 64
    }

    /// Timer D: at least 32 s over UDP, nothing over a reliable transport.
    #[must_use]
    pub fn d(&self, reliable: bool) -> Duration {
        if reliable {
            Duration::ZERO
        } else {
            self.patience()
        }
    }

    /// Timers I and K: T4 over UDP, nothing over a reliable transport.
    #[must_use]
    pub fn linger(&self, reliable: bool) -> Duration {
        if reliable { Duration::ZERO } else { self.t4 }
    }

    /// Timer J: 64 × T1 over UDP, nothing over a reliable transport.
    #[must_use]
    pub fn j(&self, reliable: bool) -> Duration {
        self.d(reliable)
    }
}

/// The timers of the transaction machines, by their letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Timer {
    /// INVITE client: send again.
    A,
    /// INVITE client: give up.
    B,
    /// INVITE client: stop absorbing repeated answers.
    D,
    /// Client: send again.
    E,
    /// Client: give up.
    F,
    /// INVITE server: send the answer again.
    G,
    /// INVITE server: give up waiting for ACK.
    H,
    /// INVITE server: stop absorbing ACKs.
    I,
    /// Server: stop absorbing repeated requests.
    J,
    /// Client: stop absorbing repeated answers.
    K,
    /// INVITE server: end of Accepted (RFC 6026 §7.1).
    L,
    /// INVITE client: end of Accepted (RFC 6026 §7.2).
    M,
}
