use serde::{Deserialize, Serialize};
use url::Url;

use crate::api::{AgentReport, ReportKind, SessionRequest, SessionResponse};
use crate::domain::{Sequence, Timestamp};
use crate::port::DoorError;
use crate::sip::contact_me::ContactMe;

use super::{Brain, Effect};

/// Request ids that are remembered, so that a repeated notification opens no second session.
const RECENT: usize = 16;
/// Between two reports of untrusted servers.
const REPORT_EVERY_S: i64 = 60;

/// Requests for a later time slot that are kept.
const MAX_PLANNED: usize = 16;
/// Where a session is opened at an endpoint, unless a path was named.
const SESSION_PATH: &str = "/agent/v1/session";

/// A request to call home that was understood, whatever it came over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Call {
    /// Request id.
    pub(super) request_id: Option<String>,
    /// Where to call, best first; the own endpoint when empty.
    pub(super) urls: Vec<String>,
    /// One-time token of a bootstrap.
    pub(super) bootstrap_token: Option<String>,
    /// Functional component that is meant.
    pub(super) component: Option<String>,
    /// What is to be spoken.
    pub(super) api: Option<String>,
}

/// A call for a later time slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Planned {
    pub(super) call: Call,
    pub(super) not_before: Timestamp,
    pub(super) not_after: Option<Timestamp>,
}

/// Where a session is opened at a base address; an address with a path of its own is used as it is.
pub(super) fn session_url(base: &str) -> String {
    match Url::parse(base) {
        Ok(mut url) if url.path() == "/" => {
            url.set_path(SESSION_PATH);
            url.to_string()
        }
        _ => base.to_owned(),
    }
}

impl Brain {
    /// Whether the host of an address is one that this device may be called back to (requirement B7).
    pub(super) fn trusts_url(&self, url: &str) -> bool {
        Url::parse(url)
            .ok()
            .filter(|u| matches!(u.scheme(), "https" | "http"))
            .and_then(|u| u.host_str().map(|h| self.trusts(h)))
            .unwrap_or(false)
    }

    pub(super) fn trusts(&self, host: &str) -> bool {
        let plain = |h: &str| h.trim_matches(['[', ']']).to_ascii_lowercase();
        let host = plain(host);
        self.trusted.iter().any(|t| plain(t) == host)
            || self.home.as_ref().is_some_and(|home| {
                let own = Url::parse(&home.url).ok();
                own.as_ref().and_then(Url::host_str).map(plain) == Some(host.clone())
                    || home.answer.trusted_servers.iter().any(|t| plain(t) == host)
            })
    }

    /// Where a *contact-me* body wants to be called, best first: its address (without one, the own endpoint;
    /// requirement B4), then those of its alternatives that this device may call.
    pub(super) fn urls_of(&self, wish: &ContactMe) -> Vec<String> {
        let protocol = wish
            .protocol
            .map_or_else(|| "https".to_owned(), |p| p.to_string());
        let path = wish.path.as_deref().unwrap_or(SESSION_PATH);
        let slash = if path.starts_with('/') { "" } else { "/" };
        let at = |host: &str| format!("{protocol}://{host}{slash}{path}");
        let port = wish.port.map_or_else(String::new, |p| format!(":{p}"));
        let home = self.home.as_ref().map(|h| h.url.trim_end_matches('/'));
        let own = home.map(|url| format!("{url}{slash}{path}"));
        let first = match &wish.address {
            Some(address) => Some(at(&format!("{address}{port}"))),
            None => own,
        };
        let others = wish.alternatives.iter().map(|host_port| at(host_port));
        let urls: Vec<String> = first
            .into_iter()
            .chain(others.filter(|url| self.trusts_url(url)))
            .collect();
        match &urls[..] {
            [only] if self.is_home(only) && path == SESSION_PATH => Vec::new(),
            _ => urls,
        }
    }

    /// Calls home in a later time slot. A request that is there already is not planned twice.
    pub(super) fn plan_call(&mut self, planned: Planned, now: Timestamp) {
        let known = self.planned.iter().any(|p| p.call == planned.call);
        if known {
            return;
        }
        if self.planned.len() == MAX_PLANNED {
            self.planned.remove(0);
        }
        let line = format!("asked to call home after {}", planned.not_before);
        self.phone.note(now, &line);
        self.planned.push(planned);
    }

    /// When the next planned call begins.
    pub(super) fn next_planned(&self) -> Option<Timestamp> {
        self.planned.iter().map(|p| p.not_before).min()
    }

    /// Makes the calls whose time slot has come; those whose slot is over are dropped.
    pub(super) fn make_planned(&mut self, now: Timestamp) -> Vec<Effect> {
        let (due, later): (Vec<_>, Vec<_>) = std::mem::take(&mut self.planned)
            .into_iter()
            .partition(|p| p.not_before <= now);
        self.planned = later;
        let mut effects = Vec::new();
        for planned in due {
            if planned.not_after.is_some_and(|end| now > end) {
                self.phone.note(now, "a time slot to call home was missed");
            } else {
                effects.extend(self.answer_call(planned.call, now));
            }
        }
        effects
    }

    /// Calls home for a request that may be obeyed.
    pub(super) fn answer_call(&mut self, call: Call, now: Timestamp) -> Vec<Effect> {
        if let Some(id) = &call.request_id {
            if self.recent_requests.contains(id) {
                return Vec::new();
            }
            if self.recent_requests.len() == RECENT {
                self.recent_requests.remove(0);
            }
            self.recent_requests.push(id.clone());
        }
        self.phone.note(now, "asked to call home");
        if !self.persona.has_data {
            return Vec::new();
        }
        vec![Effect::OpenSession {
            request: SessionRequest {
                request_id: call.request_id,
                bootstrap_token: call.bootstrap_token,
                contiguous: self.receiver.highest(),
                missing: Vec::new(),
                component: call.component,
                api: call.api,
            },
            at: call.urls,
            job: None,
        }]
    }

    /// Whether an address is that of the own endpoint.
    pub(super) fn is_home(&self, url: &str) -> bool {
        let origin = |text: &str| Url::parse(text).ok().map(|u| u.origin());
        self.home
            .as_ref()
            .is_some_and(|home| origin(&home.url).is_some() && origin(&home.url) == origin(url))
    }

    /// Refuses a request to call home, and reports it, though not every time.
    pub(super) fn refuse_call(
        &mut self,
        kind: ReportKind,
        bearer: &str,
        detail: &str,
        now: Timestamp,
    ) -> Vec<Effect> {
        self.counters.discarded += 1;
        self.phone
            .note(now, &format!("refused over {bearer}: {detail}"));
        self.refused.0 = self.refused.0.saturating_add(1);
        let recently = self
            .refused
            .1
            .is_some_and(|at| (0..REPORT_EVERY_S).contains(&(now.seconds() - at.seconds())));
        if recently {
            return Vec::new();
        }
        let count = std::mem::take(&mut self.refused.0);
        self.refused.1 = Some(now);
        let mut effects = Vec::new();
        let report = AgentReport {
            kind,
            at: now,
            count,
            bearer: bearer.to_owned(),
            detail: detail.to_owned(),
        };
        self.report(report, &mut effects);
        effects
    }

    /// The endpoint opened a session: its actions are checked like any other message. Another application server
    /// takes the call and hands out nothing.
    pub fn session_opened(
        &mut self,
        response: Option<SessionResponse>,
        job: Option<Sequence>,
        now: Timestamp,
    ) -> Vec<Effect> {
        self.counters.sessions += 1;
        let mut effects = Vec::new();
        if let Some(job) = job {
            self.called_home(job, Ok(()), now, &mut effects);
        }
        let Some(response) = response else {
            self.phone.note(now, "another server took the call");
            return effects;
        };
        self.session = Some(response.session);
        for action in response.actions {
            effects.extend(self.receive_signed(&action.text, "session", now));
        }
        effects
    }

    /// A session could not be opened. Gives true when it is worth another try.
    pub fn session_failed(
        &mut self,
        error: DoorError,
        job: Option<Sequence>,
        now: Timestamp,
    ) -> (bool, Vec<Effect>) {
        self.phone.note(now, &format!("no session: {error}"));
        let hope = matches!(error, DoorError::Unreachable(_));
        let mut effects = Vec::new();
        if let Some(job) = job {
            self.called_home(job, Err(error), now, &mut effects);
            return (false, effects);
        }
        (hope, effects)
    }

    /// Asks for a session of its own accord, as devices do from time to time.
    #[must_use]
    pub fn periodic(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.open_session(SessionRequest::default(), &mut effects);
        effects
    }
}
