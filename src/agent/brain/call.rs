use url::Url;

use crate::api::{AgentReport, ReportKind, SessionRequest, SessionResponse};
use crate::domain::{Sequence, Timestamp};
use crate::port::DoorError;

use super::{Brain, Effect};

/// Request ids that are remembered, so that a repeated notification opens no second session.
const RECENT: usize = 16;
/// Between two reports of untrusted servers.
const REPORT_EVERY_S: i64 = 60;

/// A request to call home that was understood, whatever it came over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Call {
    /// Request id.
    pub(super) request_id: Option<String>,
    /// Where to call, as in `https://192.0.2.7:8443`; the own endpoint when absent.
    pub(super) url: Option<String>,
    /// One-time token of a bootstrap.
    pub(super) bootstrap_token: Option<String>,
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
            },
            at: call.url.filter(|url| !self.is_home(url)),
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

    /// The endpoint opened a session: its actions are checked like any other message.
    pub fn session_opened(
        &mut self,
        response: SessionResponse,
        job: Option<Sequence>,
        now: Timestamp,
    ) -> Vec<Effect> {
        self.counters.sessions += 1;
        self.session = Some(response.session);
        let mut effects = Vec::new();
        if let Some(job) = job {
            self.called_home(job, Ok(()), now, &mut effects);
        }
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
