use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;

use crate::sip::digest::Challenge;

/// Proxies that are remembered; a run that meets more of them is challenged by the others each time.
const MOST: usize = 1_024;
/// Realms that are remembered of each.
const MOST_REALMS: usize = 4;
/// A nonce that held for fewer requests than this was not meant to be used again …
const FEW: u32 = 8;
/// … and after so many of them in a row its proxy is left alone.
const MOST_REFUSED: u32 = 3;
/// Refused nonces that are remembered: answers to them may still come in.
const MOST_DEAD: usize = 4;

/// A challenge that a request answers.
#[derive(Debug, Clone)]
pub(super) struct Answered {
    pub(super) challenge: Arc<Challenge>,
    /// How often its nonce was used, this time included.
    pub(super) count: u32,
    /// Another target was asked, this one not yet.
    pub(super) borrowed: bool,
}

/// What proxies asked for, by the address at which they were reached: the next request through them brings the answer
/// along instead of being challenged again (RFC 3261 §22.3, RFC 7616 §3.6).
///
/// Only what two targets were asked for with 407: what one device asks for holds for that device alone.
#[derive(Debug, Default)]
pub(super) struct Spaces(HashMap<SocketAddr, Space>);

#[derive(Debug, Default)]
struct Space {
    known: Vec<Known>,
    /// Realms that one target was asked for.
    met: Vec<String>,
    /// Nonces that were refused.
    dead: VecDeque<String>,
    refused: u32,
}

#[derive(Debug)]
struct Known {
    challenge: Arc<Challenge>,
    count: u32,
    /// Requests that brought the answer along and went through.
    held: u32,
}

impl Spaces {
    /// What to answer before it is asked; empty when nothing is known of the proxy.
    pub(super) fn ahead(&mut self, hop: SocketAddr) -> Vec<Answered> {
        let Some(space) = self.0.get_mut(&hop) else {
            return Vec::new();
        };
        let answer = |known: &mut Known| {
            known.count += 1;
            Answered {
                challenge: Arc::clone(&known.challenge),
                count: known.count,
                borrowed: true,
            }
        };
        space.known.iter_mut().map(answer).collect()
    }

    /// How often the nonce is used with this request, when it is a shared one.
    pub(super) fn next_count(&mut self, hop: SocketAddr, challenge: &Challenge) -> Option<u32> {
        let known = &mut self.0.get_mut(&hop)?.known;
        let known = known
            .iter_mut()
            .find(|k| same_nonce(&k.challenge, challenge))?;
        known.count += 1;
        Some(known.count)
    }

    /// A request with these answers went through.
    pub(super) fn accepted(&mut self, hop: SocketAddr, answered: &[Answered]) {
        // With -sess the client's nonce would have to stay the same as well.
        let usable = |a: &&Answered| a.challenge.proxy && !a.challenge.algorithm.is_session();
        for answer in answered.iter().filter(usable) {
            if self.0.len() >= MOST && !self.0.contains_key(&hop) {
                return;
            }
            self.0.entry(hop).or_default().accepted(answer);
        }
    }

    /// Requests that brought these answers along were challenged all the same.
    pub(super) fn refused(&mut self, hop: SocketAddr, answered: &[Answered]) {
        let Some(space) = self.0.get_mut(&hop) else {
            return;
        };
        for answer in answered {
            // Those that were under way with a nonce that is forgotten by now say nothing new.
            let mut shared = space
                .known
                .extract_if(.., |known| same_nonce(&known.challenge, &answer.challenge));
            if let Some(known) = shared.next() {
                drop(shared);
                space.refused = if known.held < FEW {
                    space.refused + 1
                } else {
                    0
                };
                space.dead.truncate(MOST_DEAD - 1);
                space.dead.push_front(known.challenge.nonce.clone());
            }
        }
    }
}

impl Space {
    fn accepted(&mut self, answer: &Answered) {
        let challenge = &answer.challenge;
        if let Some(known) = self
            .known
            .iter_mut()
            .find(|k| k.challenge.realm == challenge.realm)
        {
            if answer.borrowed && same_nonce(&known.challenge, challenge) {
                known.held = known.held.saturating_add(1);
            }
        } else if answer.borrowed || self.dead.contains(&challenge.nonce) {
            // It says of a nonce that is forgotten that it was good once.
        } else if !self.met.contains(&challenge.realm) {
            self.met.truncate(MOST_REALMS - 1);
            self.met.insert(0, challenge.realm.clone());
        } else if self.refused < MOST_REFUSED && self.known.len() < MOST_REALMS {
            self.known.push(Known {
                challenge: Arc::clone(challenge),
                count: answer.count,
                held: 0,
            });
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

    fn asked(nonce: &str, proxy: bool) -> Vec<Answered> {
        let value = format!("Digest realm=\"r\", nonce=\"{nonce}\", qop=\"auth\"");
        let challenge = Challenge::parse(&value, proxy).expect("a challenge");
        vec![Answered {
            challenge: Arc::new(challenge),
            count: 1,
            borrowed: false,
        }]
    }

    /// A proxy that has asked one target.
    fn met() -> Spaces {
        let mut spaces = Spaces::default();
        spaces.accepted(hop(1), &asked("first", true));
        assert!(
            spaces.ahead(hop(1)).is_empty(),
            "one may be the device's own"
        );
        spaces
    }

    #[test]
    fn what_a_proxy_accepted_is_brought_along_with_a_count_of_its_own() {
        let mut spaces = met();
        spaces.accepted(hop(1), &asked("n", true));
        let counts: Vec<u32> = (0..3).map(|_| spaces.ahead(hop(1))[0].count).collect();
        assert_eq!(counts, [2, 3, 4]);
        let next = |spaces: &mut Spaces, nonce| {
            spaces.next_count(hop(1), &asked(nonce, true)[0].challenge)
        };
        assert_eq!(next(&mut spaces, "n"), Some(5));
        assert_eq!(next(&mut spaces, "m"), None);
        assert!(spaces.ahead(hop(2)).is_empty());
    }

    #[test]
    fn what_a_device_asks_for_is_for_it_alone() {
        let mut spaces = met();
        spaces.accepted(hop(1), &asked("n", false));
        spaces.accepted(hop(1), &asked("m", false));
        assert!(spaces.ahead(hop(1)).is_empty());
    }

    #[test]
    fn a_proxy_whose_nonces_hold_once_is_left_alone_also_when_many_are_under_way() {
        let mut spaces = met();
        for nonce in ["a", "b", "c"] {
            spaces.accepted(hop(1), &asked(nonce, true));
            let many: Vec<_> = (0..50).map(|_| spaces.ahead(hop(1))).collect();
            assert!(
                many.iter()
                    .all(|brought| brought[0].challenge.nonce == nonce)
            );
            many.iter()
                .for_each(|brought| spaces.refused(hop(1), brought));
        }
        spaces.accepted(hop(1), &asked("d", true));
        assert!(spaces.ahead(hop(1)).is_empty());
    }

    #[test]
    fn a_nonce_that_was_good_for_long_is_followed_by_the_next_and_never_comes_back() {
        let mut spaces = met();
        for nonce in ["a", "b", "c", "d", "e"] {
            spaces.accepted(hop(1), &asked(nonce, true));
            for _ in 0..20 {
                let brought = spaces.ahead(hop(1));
                spaces.accepted(hop(1), &brought);
            }
            let late = spaces.ahead(hop(1));
            spaces.refused(hop(1), &late);
            spaces.accepted(hop(1), &late);
            spaces.accepted(hop(1), &asked(nonce, true));
            assert!(spaces.ahead(hop(1)).is_empty(), "{nonce} came back");
        }
        spaces.accepted(hop(1), &asked("f", true));
        assert_eq!(spaces.ahead(hop(1))[0].challenge.nonce, "f");
    }
}
