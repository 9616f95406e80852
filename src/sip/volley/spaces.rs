use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::sip::digest::Challenge;

/// Proxies that are remembered; a run that meets more of them is challenged by the others each time.
const MOST: usize = 1_024;
/// A nonce that held for fewer requests than this was not meant to be used again …
const FEW: u32 = 8;
/// … and after so many of them in a row its proxy is left alone.
const MOST_REFUSED: u32 = 3;

/// A challenge, and how often its nonce was used.
pub(super) type Used = (Arc<Challenge>, u32);

/// What proxies asked for, by the address at which they were reached: the next request through them brings the answer
/// along instead of being challenged again (RFC 3261 §22.3, RFC 7616 §3.6).
///
/// Only proxies: what a device asks for holds for that device alone.
#[derive(Debug, Default)]
pub(super) struct Spaces(HashMap<SocketAddr, Space>);

#[derive(Debug, Default)]
struct Space {
    challenges: Vec<Used>,
    /// Requests that brought the answer along.
    ahead: u32,
    refused: u32,
}

impl Spaces {
    /// What to answer before it is asked; empty when nothing is known of the proxy.
    pub(super) fn ahead(&mut self, hop: SocketAddr) -> Vec<Used> {
        let Some(space) = self.0.get_mut(&hop) else {
            return Vec::new();
        };
        space.ahead = space.ahead.saturating_add(1);
        for (_, count) in &mut space.challenges {
            *count += 1;
        }
        space.challenges.clone()
    }

    /// How often the nonce is used with this request, when it is a shared one.
    pub(super) fn next_count(&mut self, hop: SocketAddr, challenge: &Challenge) -> Option<u32> {
        let known = &mut self.0.get_mut(&hop)?.challenges;
        let (_, count) = known.iter_mut().find(|(c, _)| same_nonce(c, challenge))?;
        *count += 1;
        Some(*count)
    }

    /// A request with these answers went through.
    pub(super) fn accepted(&mut self, hop: SocketAddr, answered: &[Used]) {
        // With -sess the client's nonce would have to stay the same as well.
        let usable = |c: &Challenge| c.proxy && !c.algorithm.is_session();
        if !answered.iter().any(|(c, _)| usable(c))
            || self.0.len() >= MOST && !self.0.contains_key(&hop)
        {
            return;
        }
        let space = self.0.entry(hop).or_default();
        if space.refused < MOST_REFUSED && space.challenges.is_empty() {
            let taken = answered.iter().filter(|(c, _)| usable(c)).cloned();
            space.challenges.extend(taken);
            space.ahead = 0;
        }
    }

    /// A request that brought these answers along was challenged all the same.
    pub(super) fn refused(&mut self, hop: SocketAddr, answered: &[Used]) {
        let Some(space) = self.0.get_mut(&hop) else {
            return;
        };
        let shared = |(known, _): &Used| answered.iter().any(|(c, _)| same_nonce(c, known));
        // Those that were under way with a nonce that is forgotten by now say nothing new.
        if space.challenges.iter().any(shared) {
            space.challenges.clear();
            space.refused = if space.ahead < FEW {
                space.refused + 1
            } else {
                0
            };
        }
    }
}

fn same_nonce(a: &Challenge, b: &Challenge) -> bool {
    a.proxy && b.proxy && a.realm == b.realm && a.nonce == b.nonce
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }

    fn asked(nonce: &str, proxy: bool) -> Vec<Used> {
        let value = format!("Digest realm=\"r\", nonce=\"{nonce}\", qop=\"auth\"");
        let challenge = Challenge::parse(&value, proxy).expect("a challenge");
        vec![(Arc::new(challenge), 1)]
    }

    #[test]
    fn what_a_proxy_accepted_is_brought_along_with_a_count_of_its_own() {
        let mut spaces = Spaces::default();
        assert!(spaces.ahead(hop(1)).is_empty());
        spaces.accepted(hop(1), &asked("n", true));
        let counts: Vec<u32> = (0..3).map(|_| spaces.ahead(hop(1))[0].1).collect();
        assert_eq!(counts, [2, 3, 4]);
        assert_eq!(spaces.next_count(hop(1), &asked("n", true)[0].0), Some(5));
        assert_eq!(spaces.next_count(hop(1), &asked("m", true)[0].0), None);
        assert!(spaces.ahead(hop(2)).is_empty());
    }

    #[test]
    fn what_a_device_asks_for_is_for_it_alone() {
        let mut spaces = Spaces::default();
        spaces.accepted(hop(1), &asked("n", false));
        assert!(spaces.ahead(hop(1)).is_empty());
    }

    #[test]
    fn a_proxy_whose_nonces_hold_once_is_left_alone() {
        let mut spaces = Spaces::default();
        for nonce in ["a", "b", "c", "d"] {
            spaces.accepted(hop(1), &asked(nonce, true));
            let brought = spaces.ahead(hop(1));
            spaces.refused(hop(1), &brought);
            spaces.refused(hop(1), &brought);
        }
        spaces.accepted(hop(1), &asked("e", true));
        assert!(spaces.ahead(hop(1)).is_empty());
    }

    #[test]
    fn a_nonce_that_was_good_for_long_is_followed_by_the_next() {
        let mut spaces = Spaces::default();
        for nonce in ["a", "b", "c", "d", "e"] {
            spaces.accepted(hop(1), &asked(nonce, true));
            let brought: Vec<_> = (0..20).map(|_| spaces.ahead(hop(1))).collect();
            spaces.refused(hop(1), &brought[19]);
            assert!(spaces.ahead(hop(1)).is_empty());
        }
        spaces.accepted(hop(1), &asked("f", true));
        assert_eq!(spaces.ahead(hop(1))[0].0.nonce, "f");
    }
}
