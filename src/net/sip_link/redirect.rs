use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use crate::sip::{OutboundRequest, SipAnswer, SipReport, SipUri, Target};

/// Redirections of one request at most, however many contacts each of them names.
const MOST: usize = 5;

/// Where a redirected request goes next (RFC 3261 §8.1.3.4).
pub(super) struct Redirects {
    request: OutboundRequest,
    seen: HashSet<String>,
    waiting: VecDeque<SipUri>,
    followed: usize,
}

impl Redirects {
    pub(super) fn new(request: &OutboundRequest) -> Self {
        Self {
            request: request.clone(),
            seen: HashSet::from([request.uri.to_string()]),
            waiting: VecDeque::new(),
            followed: 0,
        }
    }

    /// The next request, when the last one was redirected, or was to a place of a redirection and failed.
    pub(super) fn follow(&mut self, report: &SipReport) -> Option<OutboundRequest> {
        let code = report.outcome.code();
        if report.outcome.is_delivered() || matches!(code, Some(600..700)) {
            return None;
        }
        if matches!(code, Some(300 | 301 | 302 | 305)) {
            let contacts = report.answer.iter().flat_map(SipAnswer::contacts);
            let new = contacts.filter(|uri| self.seen.insert(uri.to_string()));
            let new: Vec<SipUri> = new.collect();
            self.waiting.extend(new);
        }
        if self.followed >= MOST {
            return None;
        }
        let uri = loop {
            let uri = self.waiting.pop_front()?;
            // What was asked for under TLS is not to be had without (§8.1.3.4, §26.2.2).
            if uri.is_secure() || !self.request.uri.is_secure() {
                break uri;
            }
        };
        self.followed += 1;
        let mut next = self.request.clone();
        if uri.host() != next.uri.host() {
            // The password was given for the one who was asked first.
            next.credentials = None;
        }
        next.to = next.to.or_else(|| Some(next.uri.clone()));
        next.uri = uri;
        next.route.clear();
        next.target = Target::ByUri;
        Some(next)
    }
}

/// The report of both: the later outcome, all that crossed.
pub(super) fn joined(before: SipReport, mut after: SipReport, offset: Duration) -> SipReport {
    for step in &mut after.ladder {
        step.at += offset;
    }
    let mut attempts = before.attempts;
    if let Some(last) = attempts.last_mut() {
        last.failed
            .get_or_insert_with(|| before.outcome.to_string());
    }
    attempts.append(&mut after.attempts);
    let mut ladder = before.ladder;
    ladder.append(&mut after.ladder);
    SipReport {
        elapsed: offset + after.elapsed,
        ladder,
        attempts,
        ..after
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::SipOutcome;

    fn redirected(contact: &str) -> SipReport {
        let mut report = SipReport::new(SipOutcome::from_answer(302, "Moved"), Duration::ZERO);
        report.answer = Some(SipAnswer {
            code: 302,
            reason: "Moved".into(),
            headers: vec![("Contact".into(), contact.into())],
            body: Vec::new(),
        });
        report
    }

    fn request(uri: &str) -> OutboundRequest {
        OutboundRequest::options(uri.parse().expect("valid"))
    }

    #[test]
    fn the_best_contact_is_asked_first_and_none_twice() {
        let mut redirects = Redirects::new(&request("sip:a@192.0.2.1"));
        let to = "<sip:b@192.0.2.2>;q=0.2, \"x, y\" <sip:c@192.0.2.3>;q=0.9, <sip:a@192.0.2.1>";
        let mut asked = Vec::new();
        while let Some(next) = redirects.follow(&redirected(to)) {
            asked.push(next.uri.to_string());
        }
        assert_eq!(asked, ["sip:c@192.0.2.3", "sip:b@192.0.2.2"]);
    }

    #[test]
    fn an_endless_chain_ends() {
        let mut redirects = Redirects::new(&request("sip:0@192.0.2.1"));
        let mut hops = 0;
        while redirects
            .follow(&redirected(&format!("<sip:{}@192.0.2.1>", hops + 1)))
            .is_some()
        {
            hops += 1;
        }
        assert_eq!(hops, MOST);
    }

    #[test]
    fn a_secure_request_is_not_led_into_the_open() {
        let mut redirects = Redirects::new(&request("sips:a@192.0.2.1"));
        assert!(redirects.follow(&redirected("<sip:a@192.0.2.2>")).is_none());
        assert!(
            redirects
                .follow(&redirected("<sips:a@192.0.2.2>"))
                .is_some()
        );
    }
}
