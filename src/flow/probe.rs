//! Why a device cannot be reached.

use std::time::Duration;

use crate::api::{ActionView, Device, ProbeCheck, ProbeGrade, ProbeReport};
use crate::domain::{ActionState, Bearer, ShortId, Timestamp};
use crate::port::{ActionFilter, PageOf};
use crate::sip::{OutboundRequest, SipOutcome};

use super::ways::{Destination, Way, ways, why_not};
use super::{ActError, Ports};

/// For the answer to OPTIONS.
const PATIENCE: Duration = Duration::from_secs(4);
/// A device that connects by itself does so more often than this.
const SILENCE: Duration = Duration::from_secs(24 * 3600);

/// Runs all checks side by side and draws the conclusion.
///
/// # Errors
/// [`ActError`] when there is no such device or the store failed.
pub async fn probe(ports: &Ports, device: ShortId) -> Result<ProbeReport, ActError> {
    let device = ports
        .devices
        .device(device)
        .await?
        .ok_or_else(|| ActError::no_device(device))?;
    let now = ports.now();
    let ways = ways(ports, &device, now);
    let way = |bearer: Bearer| ways.iter().find(|way| way.bearer == bearer);
    let (direct, proxy, waiting) = tokio::join!(
        options(ports, way(Bearer::SipDirect)),
        options(ports, way(Bearer::SipProxy)),
        open_actions(ports, device.id),
    );
    let waiting = waiting?;
    let evidence = Evidence {
        binding: binding(ports, &device, now),
        direct: direct.unwrap_or_else(|| {
            let why = why_not(ports, &device, Bearer::SipDirect, now);
            Finding::skipped(format!("not tried: {why}"))
        }),
        proxy: proxy.unwrap_or_else(|| {
            let why = why_not(ports, &device, Bearer::SipProxy, now);
            Finding::skipped(format!("not tried: {why}"))
        }),
        sms: sms(ports, &device, way(Bearer::Sms), now),
        session: session(&device, now),
        waiting: waiting_finding(&waiting),
    };
    let reachable = [&evidence.direct, &evidence.proxy, &evidence.sms]
        .iter()
        .any(|f| f.grade == ProbeGrade::Ok);
    Ok(ProbeReport {
        device: Some(device.id),
        target: device.name.clone(),
        at: now,
        reachable,
        verdict: evidence.verdict(&device),
        next: evidence.next(&device, &waiting),
        checks: evidence.into_checks(),
    })
}

/// What one check saw.
struct Finding {
    text: String,
    grade: ProbeGrade,
    elapsed_ms: Option<u64>,
}

impl Finding {
    fn new(grade: ProbeGrade, text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            grade,
            elapsed_ms: None,
        }
    }

    fn skipped(text: String) -> Self {
        Self::new(ProbeGrade::Skipped, text)
    }

    fn named(self, name: &str) -> ProbeCheck {
        ProbeCheck {
            name: name.to_owned(),
            finding: self.text,
            grade: self.grade,
            elapsed_ms: self.elapsed_ms,
        }
    }
}

/// All findings, in the order in which a message travels.
struct Evidence {
    binding: Finding,
    direct: Finding,
    proxy: Finding,
    sms: Finding,
    session: Finding,
    waiting: Finding,
}

impl Evidence {
    fn into_checks(self) -> Vec<ProbeCheck> {
        vec![
            self.binding.named("binding"),
            self.direct.named("options"),
            self.proxy.named("proxy"),
            self.sms.named("sms"),
            self.session.named("session"),
            self.waiting.named("waiting"),
        ]
    }

    /// The answer in one sentence: the best bearer that works, else the first thing that is wrong.
    fn verdict(&self, device: &Device) -> String {
        let name = &device.name;
        let ok = |finding: &Finding| finding.grade == ProbeGrade::Ok;
        if ok(&self.direct) {
            return format!("{name} can be reached: it answers at its own address.");
        }
        if ok(&self.proxy) {
            return format!("{name} can be reached through its proxy, which answers.");
        }
        if ok(&self.sms) {
            let why = self.sip_trouble();
            return format!("{name} can be reached by text message only: {why}.");
        }
        if device.agent_id.is_none() {
            return format!("{name} cannot be reached because it never enrolled.");
        }
        format!(
            "{name} cannot be reached because {}; by text message: {}.",
            self.sip_trouble(),
            self.sms.text
        )
    }

    /// What is wrong with SIP, from the device's side outwards.
    fn sip_trouble(&self) -> String {
        if self.binding.grade == ProbeGrade::Bad {
            return self.binding.text.clone();
        }
        let tried: Vec<&str> = [
            ("its own address", &self.direct),
            ("its proxy", &self.proxy),
        ]
        .iter()
        .filter(|(_, f)| f.grade != ProbeGrade::Skipped)
        .map(|(place, _)| *place)
        .collect();
        match (tried.as_slice(), &self.direct, &self.proxy) {
            ([], direct, _) => direct.text.clone(),
            ([_, _], direct, proxy) => format!(
                "neither its own address ({}) nor its proxy ({}) answers as it should",
                direct.text, proxy.text
            ),
            (["its own address"], direct, _) => format!("its own address: {}", direct.text),
            (_, _, proxy) => format!("its proxy: {}", proxy.text),
        }
    }

    /// Commands to run next, best first.
    fn next(&self, device: &Device, waiting: &[ActionView]) -> Vec<String> {
        let id = device.id;
        let sip = self.direct.grade == ProbeGrade::Ok || self.proxy.grade == ProbeGrade::Ok;
        let sms = self.sms.grade == ProbeGrade::Ok;
        let mut next = Vec::new();
        if device.agent_id.is_none() {
            next.push(format!(
                "callhome device invite {id}    gives it a code to enrol with"
            ));
        }
        if let Some(stuck) = waiting.first() {
            let action = stuck.id;
            if !sip && sms {
                next.push(format!(
                    "callhome action retry {action} --via sms    reaches it without SIP"
                ));
            } else if sip {
                next.push(format!(
                    "callhome action retry {action}    sends what waits now"
                ));
            }
        }
        if sip || sms {
            next.push(format!("callhome call {id}    makes it call home now"));
        } else {
            if device.numbers.is_empty() {
                next.push(format!(
                    "callhome device edit {id} --number +…    adds a number for text messages"
                ));
            }
            next.push(format!(
                "callhome device log {id}    shows what was heard of it last"
            ));
        }
        next
    }
}

async fn options(ports: &Ports, way: Option<&Way>) -> Option<Finding> {
    let (way, sip) = (way?, ports.sip.as_ref()?);
    let Destination::Sip { uri, route } = &way.to else {
        return None;
    };
    let request = OutboundRequest::options(uri.clone()).via_route(route.clone());
    let finding = match sip.send(request, PATIENCE).await {
        Err(error) => Finding::new(ProbeGrade::Bad, format!("{}: {error}", way.target)),
        Ok(report) => {
            let elapsed = report.elapsed;
            let text = match &report.outcome {
                SipOutcome::NoAnswer => format!(
                    "{}: no answer after {}",
                    way.target,
                    super::rung::brief(elapsed)
                ),
                other => format!("{}: {other}", way.target),
            };
            Finding {
                elapsed_ms: Some(super::rung::millis(elapsed)),
                ..Finding::new(grade(&report.outcome), text)
            }
        }
    };
    Some(finding)
}

/// Any answer shows that somebody is there (405, 481, 489 too); one that refuses is worth a look.
fn grade(outcome: &SipOutcome) -> ProbeGrade {
    match outcome {
        SipOutcome::Delivered { .. } | SipOutcome::Alive { .. } => ProbeGrade::Ok,
        SipOutcome::Refused { .. } | SipOutcome::Ringing => ProbeGrade::Warning,
        SipOutcome::NoAnswer | SipOutcome::TransportError { .. } => ProbeGrade::Bad,
    }
}

fn binding(ports: &Ports, device: &Device, now: Timestamp) -> Finding {
    if ports.sip.is_none() {
        return Finding::skipped("this endpoint does not listen for SIP".to_owned());
    }
    let Some(newest) = device.bindings.iter().max_by_key(|b| b.registered_at) else {
        return Finding::new(ProbeGrade::Bad, "it is not registered by SIP");
    };
    let age = ago(now.since(newest.registered_at));
    if newest.is_current(now) {
        let left = span(newest.expires_at.since(now));
        Finding::new(
            ProbeGrade::Ok,
            format!("registered {age}, expires in {left}"),
        )
    } else {
        let ended = ago(now.since(newest.expires_at));
        Finding::new(
            ProbeGrade::Bad,
            format!("its registration ended {ended} and was not renewed"),
        )
    }
}

fn sms(ports: &Ports, device: &Device, way: Option<&Way>, now: Timestamp) -> Finding {
    let Some(Way {
        target,
        to: Destination::Sms { trusted, .. },
        ..
    }) = way
    else {
        let why = why_not(ports, device, Bearer::Sms, now);
        return Finding::new(ProbeGrade::Warning, why);
    };
    if device.agent_id.is_none() {
        return Finding::new(
            ProbeGrade::Warning,
            format!("{target}: nothing can be signed before it enrols"),
        );
    }
    if *trusted {
        Finding::new(ProbeGrade::Ok, target.clone())
    } else {
        Finding::new(
            ProbeGrade::Ok,
            format!("{target}, not verified: nothing destructive goes there"),
        )
    }
}

fn session(device: &Device, now: Timestamp) -> Finding {
    match device.last_heard {
        None => Finding::new(ProbeGrade::Warning, "never heard from"),
        Some(at) => {
            let since = now.since(at);
            let grade = match since > SILENCE {
                true => ProbeGrade::Warning,
                false => ProbeGrade::Ok,
            };
            Finding::new(grade, format!("last heard {}", ago(since)))
        }
    }
}

async fn open_actions(ports: &Ports, device: ShortId) -> Result<Vec<ActionView>, ActError> {
    let filter = ActionFilter {
        device: Some(device),
        states: vec![
            ActionState::Pending,
            ActionState::Sent,
            ActionState::Delivered,
        ],
        name: None,
    };
    let mut open = ports
        .actions
        .actions(filter, PageOf::default())
        .await?
        .items;
    open.sort_by_key(|view| (!view.action.is_destructive(), view.sequence));
    Ok(open)
}

fn waiting_finding(open: &[ActionView]) -> Finding {
    let Some(first) = open.first() else {
        return Finding::new(ProbeGrade::Ok, "nothing waits for it");
    };
    let tried = match first.attempts.last() {
        Some(last) => format!("last tried over {}: {}", last.bearer, last.outcome),
        None if first.next_try_at.is_some() => "nothing could be sent yet".to_owned(),
        None => "not the server's to send".to_owned(),
    };
    let count = match open.len() {
        1 => "1 action".to_owned(),
        n => format!("{n} actions"),
    };
    Finding::new(
        ProbeGrade::Warning,
        format!(
            "{count} ({} {}, {}, {tried})",
            super::act::words(&first.action),
            first.id,
            first.state
        ),
    )
}

fn ago(since: Duration) -> String {
    format!("{} ago", span(since))
}

/// The largest unit that fits, as in `3 h`.
fn span(time: Duration) -> String {
    match time.as_secs() {
        s @ 0..=119 => format!("{s} s"),
        s @ 120..=7_199 => format!("{} min", s / 60),
        s @ 7_200..=172_799 => format!("{} h", s / 3_600),
        s => format!("{} days", s / 86_400),
    }
}
